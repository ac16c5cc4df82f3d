/**
 * `maxmemory-clients`: what all clients together may cost. Each is weighed after every read of it and every write to it; when the
 * sum is over the limit at the end of a tick, those who cost the most are closed first, until the others fit. Replicas, our primary and who said
 * CLIENT NO-EVICT ON are left alone. While there is no limit nothing is weighed.
 */
import { clientLine, clientMemory } from "./client-list.ts";
import type { Connection } from "./connection.ts";
import type { Server } from "./server.ts";

/** A limit below that would leave no room for anybody. */
const LEAST_BYTES = 128 * 1024;

/** How many are logged a minute. */
const LOGGED = 10;

export class ClientEviction {
  /** How many were closed: INFO's `evicted_clients`. */
  evicted = 0;
  /** In bytes; Infinity for none. */
  #limit = Number.POSITIVE_INFINITY;
  /** What the clients cost when they were last weighed, and the sum of it. */
  readonly #weights = new Map<Connection, number>();
  #sum = 0;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The directives have changed. */
  configure(maxmemoryClients: number, maxmemory: number): void {
    const bytes = maxmemoryClients < 0 ? (-maxmemoryClients / 100) * maxmemory : maxmemoryClients;
    this.#limit = bytes === 0 ? Number.POSITIVE_INFINITY : Math.max(bytes, LEAST_BYTES);
    this.weighAll();
  }

  /** What came of a connection, or was written to it, has changed what it costs. */
  weigh(connection: Connection): void {
    if (this.#limit === Number.POSITIVE_INFINITY || connection.closed || isExempt(connection)) return;
    const weight = clientMemory(connection).total;
    this.#sum += weight - (this.#weights.get(connection) ?? 0);
    this.#weights.set(connection, weight);
    // Not at once: what it is owed may leave at the end of this tick.
    if (this.#sum > this.#limit) this.#server.tick.schedule();
  }

  /** Some grow or shrink without a read or a write: what is left unweighed is found at each turn of the cron. */
  weighAll(): void {
    this.#weights.clear();
    this.#sum = 0;
    if (this.#limit === Number.POSITIVE_INFINITY) return;
    for (const connection of [...this.#server.clients.byId.values()]) this.weigh(connection);
  }

  forget(connection: Connection): void {
    this.#sum -= this.#weights.get(connection) ?? 0;
    this.#weights.delete(connection);
  }

  /** The tick's replies have left as far as they could. */
  endOfTick(): void {
    if (this.#sum <= this.#limit) return;
    const heaviest = [...this.#weights].sort(([, a], [, b]) => b - a);
    for (const [connection] of heaviest) {
      if (this.#sum <= this.#limit) return;
      if (connection.noEvict || isExempt(connection)) continue;
      this.evicted++;
      const { rareLog, now } = this.#server;
      rareLog.warning("maxmemory-clients", LOGGED, `Evicting client: ${clientLine(connection, now)}`);
      connection.close("evicted to save memory");
    }
  }
}

function isExempt(connection: Connection): boolean {
  return connection.replica !== null || connection.fromPrimary;
}
