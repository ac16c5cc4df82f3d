/** A raw connection: requests go out in batches, replies come back as the bytes that they were. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export class Wire {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #missing = 0;
  #mark = "";
  #replies: Buffer[] = [];
  #wake: (() => void) | null = null;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Wire(socket);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends all, waits for as many replies; fewer come if the connection ends or falls silent. */
  async ask(requests: readonly (readonly string[])[], timeoutMs = 5000): Promise<Buffer[]> {
    this.#missing = requests.length;
    this.#replies = [];
    this.#socket.write(Buffer.from(requests.map(encode).join(""), "latin1"));
    await this.#arrival(timeoutMs);
    return this.#replies;
  }

  async one(...words: string[]): Promise<Buffer> {
    return (await this.ask([words]))[0] ?? Buffer.from("");
  }

  /** All messages that come unasked, up to the first in which `mark` stands. */
  async until(mark: string, timeoutMs = 5000): Promise<Buffer[]> {
    this.#mark = mark;
    this.#missing = Number.POSITIVE_INFINITY;
    this.#replies = [];
    this.#received(Buffer.alloc(0));
    await this.#arrival(timeoutMs);
    this.#mark = "";
    return this.#replies;
  }

  close(): void {
    this.#socket.destroy();
  }

  #arrival(timeoutMs: number): Promise<void> | undefined {
    if (this.#missing === 0 || this.#ended) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }

  #received(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    let at = 0;
    while (this.#missing > 0) {
      const end = replyEnd(this.#input, at);
      if (end < 0) break;
      const reply = this.#input.subarray(at, end);
      this.#replies.push(reply);
      this.#missing = this.#mark !== "" && reply.includes(this.#mark) ? 0 : this.#missing - 1;
      at = end;
    }
    this.#input = this.#input.subarray(at);
    if (this.#missing === 0) this.#wake?.();
  }
}

function encode(words: readonly string[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}

const CR = 13;

/** Where the reply that starts at `at` ends, or -1 if it is not whole. */
function replyEnd(bytes: Buffer, at: number): number {
  for (let elements = 1; elements > 0; elements--) {
    const lineEnd = bytes.indexOf(CR, at);
    if (lineEnd < 0 || lineEnd + 1 >= bytes.length) return -1;
    const type = String.fromCharCode(bytes[at]!);
    if ("$=!".includes(type)) {
      const length = Number(bytes.toString("latin1", at + 1, lineEnd));
      at = lineEnd + 2 + (length < 0 ? 0 : length + 2);
      if (at > bytes.length) return -1;
      continue;
    }
    if ("*~>%|".includes(type)) {
      const count = Math.max(0, Number(bytes.toString("latin1", at + 1, lineEnd)));
      elements += type === "%" ? count * 2 : type === "|" ? count * 2 + 1 : count;
    }
    at = lineEnd + 2;
  }
  return at;
}
