/** Connections to the nodes of a cluster, one each, made when needed and made anew when broken. */
import { ReplyError } from "../base/reply-error.ts";
import { RedisConnection, type Word } from "../client/connection.ts";
import { endpointName } from "../client/connection-error.ts";
import type { Io } from "../io/io.ts";
import type { Reply } from "../resp/reply-reader.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** How the nodes let us in. */
export interface Access {
  readonly username?: string;
  readonly password?: string;
}

const CONNECT_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 15_000;

/** What a node said to a request, with its name and the request: as an operator wants to read it. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly code: string;
  /** Whether the node itself answered with an error; else it could not be reached. */
  readonly refused: boolean;

  constructor(address: Address, words: readonly Word[], cause: Error) {
    const request = words.slice(0, 6).map(shown).join(" ") + (words.length > 6 ? " ..." : "");
    const refused = cause instanceof ReplyError;
    const text = refused ? `${endpointName(address)} answered ${request} with: ${cause.message}` : cause.message;
    super(text, { cause });
    this.refused = refused;
    this.code = refused ? cause.code : "";
  }
}

export class Links {
  readonly io: Io;
  readonly access: Access;
  readonly #connections = new Map<string, RedisConnection>();

  constructor(io: Io, access: Access = {}) {
    this.io = io;
    this.access = access;
  }

  /**
   * Asks a node. Bulk strings of the answer are buffers: keys are bytes.
   * @throws NodeError
   */
  async ask(address: Address, ...words: Word[]): Promise<Reply> {
    return this.askWithin(ANSWER_WITHIN_MS, address, ...words);
  }

  askWithin(timeoutMs: number, address: Address, ...words: Word[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#connection(address).request(
        words,
        (error, reply) => (error ? reject(new NodeError(address, words, error)) : resolve(reply)),
        timeoutMs,
      );
    });
  }

  async text(address: Address, ...words: Word[]): Promise<string> {
    return String(await this.ask(address, ...words));
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #connection(address: Address): RedisConnection {
    const name = endpointName(address);
    const known = this.#connections.get(name);
    if (known && known.error === null) return known;
    const connection = new RedisConnection(this.io, address, {
      ...this.access,
      strings: "buffer",
      name: "nines-cluster",
      connectTimeoutMs: CONNECT_WITHIN_MS,
    });
    this.#connections.set(name, connection);
    return connection;
  }
}

function shown(word: Word): string {
  if (typeof word === "object") return Buffer.from(word as Uint8Array).toString();
  return word === "" ? '""' : String(word);
}

/** `host:port`, `[::1]:port`, or a port alone, which is one of this machine. Undefined if it is neither. */
export function parseAddress(text: string): Address | undefined {
  const parts = /^(?:\[([^\]]+)\]|([^\s[\]]*)):(\d{1,5})$/.exec(/^\d+$/.test(text) ? `:${text}` : text);
  if (parts === null) return undefined;
  const port = Number(parts[3]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: parts[1] ?? (parts[2] || "127.0.0.1"), port };
}
