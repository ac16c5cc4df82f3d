/** Who is connected: admission, limits and farewell. */
import type { Connection } from "./connection.ts";
import { ConnectionList } from "./connection-list.ts";

export type ClientClass = "normal" | "replica" | "pubsub";

export interface OutputLimit {
  hardBytes: number;
  softBytes: number;
  softSeconds: number;
}

export class Clients {
  readonly byId = new ConnectionList();
  #nextId = 1;
  readonly limits: Record<ClientClass, OutputLimit> = {
    normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
    replica: { hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60 },
    pubsub: { hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60 },
  };

  get count(): number {
    return this.byId.size;
  }

  takeId(): number {
    return this.#nextId++;
  }

  add(connection: Connection): void {
    this.byId.add(connection);
  }

  remove(connection: Connection): void {
    this.byId.delete(connection.id);
  }

  classOf(connection: Connection): ClientClass {
    if (connection.replica !== null) return "replica";
    return connection.subscriptions > 0 ? "pubsub" : "normal";
  }

  /**
   * Whether the connection is owed more than its class may be: at once beyond the hard limit, for too long beyond the soft.
   * Replicas are left to replication, which knows what it sends them.
   */
  overLimit(connection: Connection, now: number): boolean {
    if (connection.replica !== null) return false;
    const { hardBytes, softBytes, softSeconds } = this.limits[this.classOf(connection)];
    if (hardBytes === 0 && softBytes === 0) return false;
    const bytes = connection.outputBytes;
    if (hardBytes > 0 && bytes >= hardBytes) return true;
    if (softBytes === 0 || bytes < softBytes) {
      connection.overSoftLimitSince = 0;
      return false;
    }
    if (connection.overSoftLimitSince === 0) connection.overSoftLimitSince = now;
    return now - connection.overSoftLimitSince > softSeconds * 1000;
  }

  /** Idle clients to close, by `timeout` (seconds, 0 for never): not those that wait, listen, monitor or replicate. */
  *idle(now: number, timeoutSeconds: number): Generator<Connection> {
    if (timeoutSeconds === 0) return;
    for (const connection of this.byId.values()) {
      if (connection.replica !== null || connection.blocked !== null || connection.subscriptions > 0) continue;
      if (connection.fromPrimary || connection.paused || connection.monitor) continue;
      if (now - connection.lastActiveAt > timeoutSeconds * 1000) yield connection;
    }
  }
}
