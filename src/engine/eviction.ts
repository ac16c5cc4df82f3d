/**
 * `maxmemory`: which key goes when there is no room. Nothing is kept in order of use; a few keys are sampled each time and
 * the best candidates of this and former samples wait in a small pool, which comes close to the true order (Redis' way).
 */
import type { Database } from "./database.ts";
import type { Engine } from "./engine.ts";
import type { MaxmemoryPolicy } from "./policy.ts";

const POOL = 16;
/** Keys evicted between two looks at the clock. */
const TIME_CHECK = 16;
/** Keys of hidden slots that are met before it counts as though there were no others. */
const HIDDEN_TRIES = 1000;

/** A key that was seen in a sample. The ref may be stale by the time it is wanted: ask the table. */
interface Candidate {
  readonly db: number;
  readonly ref: number;
  readonly hash: number;
  /** The more, the sooner it goes. */
  readonly score: number;
}

export class Eviction {
  readonly #engine: Engine;
  /** By score, the best last. */
  #pool: Candidate[] = [];
  #poolPolicy: MaxmemoryPolicy = "noeviction";
  #nextDb = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  run(limitBytes: number): "ok" | "running" | "fail" {
    const engine = this.#engine;
    if (engine.usedMemory() <= limitBytes) return "ok";
    const { clock, policy } = engine;
    const until = clock.monotonicMicros() + budgetMicros(policy.maxmemoryEvictionTenacity);
    // What was dropped but is not free yet comes before any key that lives.
    const dropped = engine.lazyfree.idle ? "fail" : this.#freePending(limitBytes, until);
    if (dropped !== "fail" || policy.maxmemoryPolicy === "noeviction") return dropped;
    for (let evicted = 1; engine.usedMemory() > limitBytes; evicted++) {
      if (!this.#evictOne()) return this.#freePending(limitBytes, until);
      // A large value makes room bit by bit: no other key goes for it meanwhile.
      const freed = engine.lazyfree.idle ? "fail" : this.#freePending(limitBytes, until);
      if (freed !== "fail") return freed;
      if (evicted % TIME_CHECK === 0 && clock.monotonicMicros() >= until) {
        return engine.usedMemory() <= limitBytes ? "ok" : "running";
      }
    }
    return "ok";
  }

  /** Frees what was dropped before, as far as needed. */
  #freePending(limitBytes: number, until: number): "ok" | "running" | "fail" {
    const engine = this.#engine;
    const more = engine.lazyfree.step(
      () => engine.clock.monotonicMicros() >= until || engine.usedMemory() <= limitBytes,
    );
    if (engine.usedMemory() <= limitBytes) return "ok";
    return more ? "running" : "fail";
  }

  #evictOne(): boolean {
    const { policy } = this.#engine;
    const name = policy.maxmemoryPolicy;
    const onlyVolatile = name.startsWith("volatile");
    return name.endsWith("random") ? this.#evictRandom(onlyVolatile) : this.#evictBest(name, onlyVolatile);
  }

  #evictRandom(onlyVolatile: boolean): boolean {
    const { databases, store } = this.#engine;
    for (let i = 0; i < databases.length; i++) {
      const db = databases[this.#nextDb++ % databases.length]!;
      const { table, volatile } = db.keyspace;
      let ref = 0;
      if (!onlyVolatile) ref = table.random(store.random);
      else if (volatile.length > 0) ref = volatile.at(store.random() % volatile.length);
      if (ref === 0) continue;
      // What another node still serves is not ours to give up. Where that is nearly all, there is little to be had.
      for (let tries = 0; this.#isHidden(db, ref); tries++) {
        if (tries === HIDDEN_TRIES) return false;
        ref = onlyVolatile ? volatile.at(store.random() % volatile.length) : table.random(store.random);
      }
      this.#engine.evictEntry(db, ref);
      return true;
    }
    return false;
  }

  #isHidden(db: Database, ref: number): boolean {
    const { hidden } = this.#engine;
    return hidden.any && hidden.has(db.keyspace.slots!.slotOf(ref));
  }

  #evictBest(name: MaxmemoryPolicy, onlyVolatile: boolean): boolean {
    const { databases, store } = this.#engine;
    if (name !== this.#poolPolicy) {
      this.#pool = [];
      this.#poolPolicy = name;
    }
    let hidden = 0;
    for (;;) {
      let total = 0;
      for (const db of databases) {
        const keys = onlyVolatile ? db.volatileSize : db.size;
        total += keys;
        if (keys > 0) this.#sample(db.index, onlyVolatile);
      }
      if (total === 0) return false;
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        const db = databases[best.db]!;
        if (!db.keyspace.table.contains(best.ref, best.hash)) continue;
        if (onlyVolatile && !store.entries.isVolatile(best.ref)) continue;
        if (this.#isHidden(db, best.ref)) {
          if (++hidden > HIDDEN_TRIES) return false;
          continue;
        }
        this.#engine.evictEntry(db, best.ref);
        return true;
      }
    }
  }

  #sample(dbIndex: number, onlyVolatile: boolean): void {
    const { databases, store, policy } = this.#engine;
    const { table, volatile } = databases[dbIndex]!.keyspace;
    const count = policy.maxmemorySamples;
    if (!onlyVolatile) {
      table.sample(count, store.random, (ref) => this.#offer(dbIndex, ref));
      return;
    }
    for (let i = 0; i < count; i++) this.#offer(dbIndex, volatile.at(store.random() % volatile.length));
  }

  /** Puts a key into the pool if it is a better candidate than the worst there, or there is room. */
  #offer(db: number, ref: number): void {
    const score = this.#score(ref);
    const pool = this.#pool;
    if (pool.length === POOL && score <= pool[0]!.score) return;
    let at = pool.length;
    while (at > 0 && pool[at - 1]!.score > score) at--;
    for (let i = at - 1; i >= 0 && pool[i]!.score === score; i--) if (pool[i]!.ref === ref) return;
    pool.splice(at, 0, { db, ref, hash: this.#engine.store.entries.hash(ref), score });
    if (pool.length > POOL) pool.shift();
  }

  #score(ref: number): number {
    const { ages, store } = this.#engine;
    const { entries } = store;
    if (this.#poolPolicy === "volatile-ttl") return -entries.expireAt(ref);
    const meta = entries.meta(ref);
    return this.#engine.policy.lfu ? 255 - ages.frequency(meta) : ages.idleSeconds(meta);
  }
}

/** `maxmemory-eviction-tenacity`: 50 us a step up to 10, then 15 % more each, no limit at 100. */
function budgetMicros(tenacity: number): number {
  if (tenacity >= 100) return Number.POSITIVE_INFINITY;
  return tenacity <= 10 ? 50 * tenacity : 500 * 1.15 ** (tenacity - 10);
}
