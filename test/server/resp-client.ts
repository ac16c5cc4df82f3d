/**
 * A client for tests that sees the wire as it is: raw bytes go out, each reply comes back as one line of text that keeps
 * its type: `+OK`, `-ERR no`, `:1`, `"bulk"`, `[a, b]`, `~[set]`, `%{k: v}`, `>[push]`, `,1.5`, `#t`, `=txt:verbatim`,
 * `(big`, and `$-1`, `*-1`, `_` for the three nulls.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export class RespClient {
  readonly socket: Socket;
  #input = Buffer.alloc(0);
  #waiting: (() => void)[] = [];
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#input = Buffer.concat([this.#input, chunk]);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async connect(to: number | string, protocol: 2 | 3 = 2): Promise<RespClient> {
    const socket = typeof to === "number" ? connect(to, "127.0.0.1") : connect(to);
    await once(socket, "connect");
    socket.setNoDelay(true);
    const client = new RespClient(socket);
    if (protocol === 3) await client.do("HELLO", "3");
    return client;
  }

  /** Sends a request and waits for one reply. */
  async do(...words: (string | number | Buffer)[]): Promise<string> {
    this.send(...words);
    return this.reply();
  }

  /** As `do`, the words in one line. */
  line(text: string): Promise<string> {
    return this.do(...text.split(" "));
  }

  send(...words: (string | number | Buffer)[]): void {
    this.raw(encode(...words));
  }

  raw(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** @throws  when the connection ends before a whole reply has come, or none comes in time */
  async reply(timeoutMs = 5000): Promise<string> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const parsed = parse(this.#input, 0);
      if (parsed !== null) {
        this.#input = this.#input.subarray(parsed.end);
        return parsed.text;
      }
      if (this.closed) throw new Error(`connection closed; left: ${JSON.stringify(this.#input.toString("latin1"))}`);
      if (Date.now() > until) throw new Error(`no reply; so far: ${JSON.stringify(this.#input.toString("latin1"))}`);
      await this.#more(until - Date.now());
    }
  }

  async replies(count: number): Promise<string[]> {
    const all: string[] = [];
    for (let i = 0; i < count; i++) all.push(await this.reply());
    return all;
  }

  /** Bytes that have come and are no whole reply yet, or were not asked for. */
  get unread(): string {
    return this.#input.toString("latin1");
  }

  /** Resolves when something has come that was not read yet, or the connection has ended. */
  async arrival(timeoutMs = 5000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (this.unread === "" && !this.closed) {
      if (Date.now() > until) throw new Error("nothing comes");
      await this.#more(until - Date.now());
    }
  }

  /** Resolves when the other side has closed the connection. */
  async ended(timeoutMs = 5000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (!this.closed) {
      if (Date.now() > until) throw new Error("the connection is still open");
      await this.#more(until - Date.now());
    }
  }

  async quit(): Promise<void> {
    if (this.closed) return;
    this.socket.destroy();
    await this.ended();
  }

  #more(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, timeoutMs));
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

export function encode(...words: (string | number | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word), "latin1");
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

interface Parsed {
  text: string;
  end: number;
}

function parse(bytes: Buffer, at: number): Parsed | null {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const type = String.fromCharCode(bytes[at]!);
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (type) {
    case "$":
    case "=": {
      const length = Number(line);
      if (length < 0) return { text: "$-1", end: next };
      if (bytes.length < next + length + 2) return null;
      const text = bytes.toString("latin1", next, next + length);
      return { text: type === "$" ? JSON.stringify(text) : `=${text}`, end: next + length + 2 };
    }
    case "*":
      return Number(line) < 0 ? { text: "*-1", end: next } : parseItems(bytes, next, Number(line), "[", "]");
    case "~":
    case ">":
      return parseItems(bytes, next, Number(line), `${type}[`, "]");
    case "%":
      return parsePairs(bytes, next, Number(line));
    default:
      return { text: `${type}${line}`, end: next };
  }
}

function parseItems(bytes: Buffer, at: number, count: number, open: string, close: string): Parsed | null {
  const items: string[] = [];
  for (let i = 0; i < count; i++) {
    const item = parse(bytes, at);
    if (item === null) return null;
    items.push(item.text);
    at = item.end;
  }
  return { text: `${open}${items.join(", ")}${close}`, end: at };
}

function parsePairs(bytes: Buffer, at: number, pairs: number): Parsed | null {
  const items: string[] = [];
  for (let i = 0; i < pairs; i++) {
    const key = parse(bytes, at);
    const value = key && parse(bytes, key.end);
    if (!key || !value) return null;
    items.push(`${key.text}: ${value.text}`);
    at = value.end;
  }
  return { text: `%{${items.join(", ")}}`, end: at };
}
