/** Asks each server of a group for its role, over and over, as fast as a drill needs to know. */
import { RedisConnection } from "../../client/connection.ts";
import { infoFields } from "../../client/replies.ts";
import type { Io } from "../../io/io.ts";
import type { NodeFile } from "../group-file.ts";
import { type ServerStatus, serverStatus } from "../status.ts";
import { sleep } from "../world.ts";

const PERIOD_MS = 10;
const ANSWER_WITHIN_MS = 250;

export class RoleWatch {
  readonly #io: Io;
  readonly #onAnswer: (status: ServerStatus) => void;
  readonly #connections = new Map<string, RedisConnection>();
  #stopped = false;

  /** Each server is asked by a loop of its own, so that a stopped one delays no other. */
  constructor(io: Io, servers: readonly NodeFile[], onAnswer: (status: ServerStatus) => void) {
    this.#io = io;
    this.#onAnswer = onAnswer;
    for (const node of servers) this.#follow(node);
  }

  stop(): void {
    this.#stopped = true;
    for (const connection of this.#connections.values()) connection.close();
  }

  async #follow(node: NodeFile): Promise<void> {
    while (!this.#stopped) {
      const reply = await this.#connection(node)
        .call("INFO", "replication")
        .catch(() => undefined);
      if (reply !== undefined && !this.#stopped) this.#onAnswer(serverStatus(node, infoFields(reply)));
      await sleep(this.#io.clock, PERIOD_MS);
    }
  }

  #connection(node: NodeFile): RedisConnection {
    const known = this.#connections.get(node.name);
    if (known && known.error === null) return known;
    const { host, port } = node;
    const options = { connectTimeoutMs: ANSWER_WITHIN_MS, timeoutMs: ANSWER_WITHIN_MS };
    const connection = new RedisConnection(this.#io, { host, port }, options);
    this.#connections.set(node.name, connection);
    return connection;
  }
}
