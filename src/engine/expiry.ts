/**
 * The active expiry: finds keys whose time has come though nobody asks for them. It walks the vector of volatile keys of
 * each database, some at a time, and stays with a database as long as more than a few in a hundred of what it sees have
 * expired; whatever is left is then little enough to be left to the next cycle or to whoever asks for the key.
 */
import { Slice } from "../base/bytes.ts";
import type { Database } from "./database.ts";
import type { Engine } from "./engine.ts";

/** At effort 1; each step of `active-expire-effort` beyond looks at a quarter more and leaves one percent less. */
const KEYS_A_LOOP = 20;
const ACCEPTABLE_STALE_PERC = 10;
/** The fast cycle does not run again before twice this. */
const FAST_MICROS = 1000;

export class ActiveExpiry {
  readonly #engine: Engine;
  #nextDb = 0;
  #timedOut = false;
  #lastFast = Number.NEGATIVE_INFINITY;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** One cycle over the databases; returns how many keys were deleted. */
  run(budgetMicros: number, fast: boolean): number {
    const engine = this.#engine;
    if (engine.expiryMode !== "delete") return 0;
    const effort = engine.policy.activeExpireEffort - 1;
    const keysALoop = KEYS_A_LOOP + (KEYS_A_LOOP / 4) * effort;
    const acceptable = ACCEPTABLE_STALE_PERC - effort;
    const { stats, clock } = engine;
    const start = clock.monotonicMicros();
    if (fast) {
      if (!this.#timedOut && stats.expiredStalePerc < acceptable) return 0;
      if (start < this.#lastFast + FAST_MICROS * 2) return 0;
      this.#lastFast = start;
    }
    this.#timedOut = false;
    let sampled = 0;
    let expired = 0;
    for (let i = 0; i < engine.databases.length && !this.#timedOut; i++) {
      const db = engine.databases[this.#nextDb % engine.databases.length]!;
      this.#nextDb++;
      // Each key is looked at once a cycle at most.
      let left = db.volatileSize;
      while (left > 0) {
        const count = Math.min(left, keysALoop);
        const gone = this.#sample(db, count);
        left -= count;
        sampled += count;
        expired += gone;
        if (clock.monotonicMicros() - start > budgetMicros) {
          this.#timedOut = true;
          stats.expiredTimeCapReached++;
          break;
        }
        if ((gone * 100) / count <= acceptable) break;
      }
    }
    stats.expireCycleMicros += clock.monotonicMicros() - start;
    const stale = sampled === 0 ? 0 : (expired / sampled) * 100;
    stats.expiredStalePerc = stale * 0.05 + stats.expiredStalePerc * 0.95;
    return expired;
  }

  /**
   * Looks at the next `count` volatile keys of the database. It walks down: a removed key's place is taken by the last
   * one, which this round has seen already.
   */
  #sample(db: Database, count: number): number {
    const engine = this.#engine;
    const { entries } = engine.store;
    let expired = 0;
    let ttlSum = 0;
    for (let i = 0; i < count; i++) {
      // Taken anew every time: a hook may do anything.
      const { keyspace } = db;
      if (keyspace.volatile.length === 0) break;
      if (keyspace.expireCursor <= 0 || keyspace.expireCursor > keyspace.volatile.length) {
        keyspace.expireCursor = keyspace.volatile.length;
      }
      const ref = keyspace.volatile.at(--keyspace.expireCursor);
      const ttl = entries.expireAt(ref) - engine.now;
      if (ttl >= 0) {
        ttlSum += ttl;
        continue;
      }
      // Whose it is says when it goes.
      if (engine.hidden.any && engine.hidden.has(keyspace.slots!.slotOf(ref))) continue;
      const keyAt = entries.keyAt(ref);
      engine.expire(db, ref, new Slice(entries.bytes(ref).slice(keyAt, entries.valueAt(ref))));
      expired++;
    }
    if (count > expired) {
      const average = ttlSum / (count - expired);
      const { keyspace } = db;
      keyspace.averageTtl = keyspace.averageTtl === 0 ? average : (keyspace.averageTtl * 49 + average) / 50;
    }
    return expired;
  }
}
