/** Puts many elements into values, as fast as they are taken: so many commands on their way that nobody waits. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Reply, ReplyReader } from "../src/resp/reply-reader.ts";

/** More than enough that the server never waits for us, and little enough that its buffers stay small. */
const COMMANDS_A_WRITE = 200;

export class Filler {
  readonly #socket: Socket;
  readonly #reader: ReplyReader;
  #missing = 0;
  #last: Reply = null;
  #answered: (() => void) | null = null;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new ReplyReader({ onReply: (reply) => this.#received(reply), onPush: () => {} });
    socket.on("data", (bytes: Buffer) => this.#reader.feed(bytes));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
    socket.on("error", (error) => this.#fail(error));
  }

  static async open(port: number): Promise<Filler> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new Filler(socket);
  }

  /** Sends command after command and waits for the last answer; the first error ends it. */
  async all(commands: Iterable<readonly string[]>): Promise<void> {
    let batch: string[] = [];
    for (const words of commands) {
      batch.push(encode(words));
      if (batch.length < COMMANDS_A_WRITE) continue;
      await this.#send(batch);
      batch = [];
    }
    if (batch.length > 0) await this.#send(batch);
  }

  /** The answer to one command. */
  async call(...words: string[]): Promise<Reply> {
    await this.#send([encode(words)]);
    return this.#last;
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  async #send(batch: readonly string[]): Promise<void> {
    this.#missing += batch.length;
    const answered = new Promise<void>((resolve) => (this.#answered = resolve));
    this.#socket.write(batch.join(""));
    await answered;
    if (this.#failure) throw this.#failure;
  }

  #received(reply: Reply): void {
    this.#last = reply;
    if (reply instanceof Error) this.#failure ??= reply;
    if (--this.#missing === 0) this.#answered?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#answered?.();
  }
}

function encode(words: readonly string[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
  return text;
}

/** How many elements one command carries. */
const ELEMENTS_A_COMMAND = 50;

export type ValueType = "hash" | "set" | "list" | "zset" | "stream";
export const VALUE_TYPES: readonly ValueType[] = ["hash", "set", "list", "zset", "stream"];

const digits = (number: number, length: number) => `${number}`.padStart(length, "0");
/** Elements are of 16 bytes, values of fields and entries too. */
export const element = (number: number) => `element:${digits(number, 8)}`;
const payload = (number: number) => `value:${digits(number, 10)}`;

const WRITERS: Readonly<Record<ValueType, { command: string; words: (i: number) => string[]; most?: number }>> = {
  hash: { command: "HSET", words: (i) => [element(i), payload(i)] },
  set: { command: "SADD", words: (i) => [element(i)] },
  list: { command: "RPUSH", words: (i) => [element(i)] },
  // Scores as they are in life: not all the same, not in order.
  zset: { command: "ZADD", words: (i) => [`${(i * 7919) % 1_000_003}.5`, element(i)] },
  stream: { command: "XADD", words: (i) => ["*", "field", payload(i)], most: 1 },
};

/** The commands that put `count` elements into values of `perKey` elements each; of one value the key is the name of the type. */
export function* fillCommands(type: ValueType, count: number, perKey = count): Iterable<string[]> {
  const { command, words, most = ELEMENTS_A_COMMAND } = WRITERS[type];
  for (let i = 0; i < count; ) {
    const key = perKey === count ? type : `${type}:${Math.floor(i / perKey)}`;
    const until = Math.min(i + most, count, (Math.floor(i / perKey) + 1) * perKey);
    const request = [command, key];
    for (; i < until; i++) request.push(...words(i));
    yield request;
  }
}
