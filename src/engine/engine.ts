/**
 * The data: databases, their memory, and what happens to keys with time. Read `database.ts` for what commands do with
 * keys, `entry.ts` and docs/memory.md for how they lie in memory, `snapshot.ts` for how they are saved.
 *
 * Nothing in this room knows the wall clock: whoever runs the engine sets `now` before commands and calls `cron`'s parts
 * (`activeExpire`, `resizeStep`) when there is time.
 */
import { Slice } from "../base/bytes.ts";
import { Ages } from "./ages.ts";
import { GREAT_EFFORT } from "./containers.ts";
import { Database } from "./database.ts";
import { Eviction } from "./eviction.ts";
import { ActiveExpiry } from "./expiry.ts";
import type { Hashes } from "./hash/hashes.ts";
import { HeldFreeing } from "./held-freeing.ts";
import { HiddenSlots } from "./hidden-slots.ts";
import { Keyspace } from "./keyspace.ts";
import { KeyspaceFreeing } from "./keyspace-freeing.ts";
import { Lazyfree } from "./lazyfree.ts";
import type { Lists } from "./list/lists.ts";
import { Policy } from "./policy.ts";
import type { Sets } from "./set/sets.ts";
import { SlotSnapshot } from "./slot-snapshot.ts";
import { Snapshot } from "./snapshot.ts";
import type { SortedSets } from "./sorted-set/sorted-sets.ts";
import { Store } from "./store.ts";
import type { Streams } from "./stream/streams.ts";

export interface EngineOptions {
  databases: number;
  clock: { now(): number; monotonicMicros(): number };
  random: { uint32(): number };
  /** The directives to obey, if others obey the same. */
  policy?: Policy;
}

export interface EngineHooks {
  /** The key's time came, and it has been deleted (lazily or by the active cycle). `key` is valid during the call. */
  onExpired(db: Database, key: Slice): void;
  /**
   * The time of these fields of a hash came, and they have been removed; with the last of them, `emptied`, the key as well.
   * Key and fields are valid during the call.
   */
  onFieldsExpired?(db: Database, key: Slice, fields: readonly Slice[], emptied: boolean): void;
  /** The key was deleted to make room. */
  onEvicted(db: Database, key: Slice): void;
}

export class EngineStats {
  keyspaceHits = 0;
  keyspaceMisses = 0;
  expiredKeys = 0;
  /** Fields of hashes: INFO's expired_subkeys. */
  expiredFields = 0;
  evictedKeys = 0;
  /** An estimate of how much of the data has expired but is still there, in percent. */
  expiredStalePerc = 0;
  expiredTimeCapReached = 0;
  /** Microseconds the active cycle has taken. */
  expireCycleMicros = 0;
  /** Packed values from outside that were looked through for duplicates as well. */
  payloadSanitizations = 0;
}

export class Engine {
  readonly databases: Database[];
  readonly policy: Policy;
  /**
   * Who deletes a key whose time has come: "delete": this engine (a primary); "hide": its primary will (a replica: readers do
   * not see the key any more); "keep": nobody, it is as if it had no expiry (commands from the primary, loading).
   */
  expiryMode: "delete" | "hide" | "keep" = "delete";
  /** Reads do not count as use while set (CLIENT NO-TOUCH). */
  noTouch = false;
  hooks: EngineHooks = { onExpired() {}, onEvicted() {} };
  stats = new EngineStats();
  readonly clock: EngineOptions["clock"];
  store: Store;
  readonly ages: Ages;
  readonly lazyfree = new Lazyfree();
  /** Of a node of a cluster. */
  readonly hidden = new HiddenSlots();
  readonly #activeExpiry = new ActiveExpiry(this);
  readonly #eviction = new Eviction(this);
  readonly #random: EngineOptions["random"];
  #now = 0;
  #nextToExpireFields = 0;

  constructor(options: EngineOptions) {
    this.clock = options.clock;
    this.#random = options.random;
    const uint32 = drawFrom(options.random);
    this.policy = options.policy ?? new Policy();
    this.store = new Store(uint32, this.policy);
    this.ages = new Ages(this.policy, uint32);
    this.now = options.clock.now();
    this.databases = Array.from({ length: options.databases }, (_, index) => new Database(this, index));
  }

  get hashes(): Hashes {
    return this.store.hashes;
  }

  get lists(): Lists {
    return this.store.lists;
  }

  get sets(): Sets {
    return this.store.sets;
  }

  get sortedSets(): SortedSets {
    return this.store.sortedSets;
  }

  get streams(): Streams {
    return this.store.streams;
  }

  /** Unix time in ms as commands see it: set at the start of a tick, the same for all of a command. */
  get now(): number {
    return this.#now;
  }

  set now(ms: number) {
    this.#now = ms;
    this.ages.setNow(ms);
    this.store.now = ms;
  }

  /** Bytes in use: live blocks, tables, what waits to be freed. */
  usedMemory(): number {
    return this.store.arena.used + this.store.arena.tables;
  }

  /** Exchanges the contents of two databases. */
  swap(a: number, b: number): void {
    const first = this.databases[a]!;
    const second = this.databases[b]!;
    const keyspace = first.keyspace;
    first.keyspace = second.keyspace;
    second.keyspace = keyspace;
  }

  /** Deletes everything; returns how many keys there were. With `lazy` they are freed later. */
  flushAll(lazy = false): number {
    let keys = 0;
    for (const db of this.databases) keys += db.size;
    if (!this.#reset()) for (const db of this.databases) db.clear(lazy);
    return keys;
  }

  /** For `Database`: deletes all its keys. */
  flush(db: Database, lazy: boolean): void {
    const alone = this.databases.every((other) => other === db || other.size === 0);
    if (alone && this.#reset()) return;
    const freeing = new KeyspaceFreeing(db.keyspace);
    db.keyspace = new Keyspace(this.store);
    // What takes long is left for later in any case.
    for (let freed = 0; !lazy && freeing.ready && freeing.pending > 0 && freed < GREAT_EFFORT; )
      freed += Math.max(1, freeing.step(GREAT_EFFORT - freed));
    if (freeing.pending > 0) this.lazyfree.add(freeing);
  }

  /** An empty engine that obeys the same directives: to fill it from a file, say, and then adopt it. */
  fresh(): Engine {
    const { clock, policy } = this;
    return new Engine({ databases: this.databases.length, clock, random: this.#random, policy });
  }

  /** Takes over all that `other` holds, in the place of what it held; `other` is of no use any more. Snapshots go on. */
  adopt(other: Engine): void {
    this.store = other.store;
    this.store.now = this.#now;
    // What waits to be freed goes with the old store as a whole.
    this.lazyfree.replace(other.lazyfree);
    for (const db of this.databases) db.adopt(other.databases[db.index]!, other.store);
  }

  /** Forgets all data at once, however much it is: only if no snapshot reads it. */
  #reset(): boolean {
    if (this.store.snapshots.active) return false;
    this.lazyfree.clear();
    this.store.arena.reset();
    for (const db of this.databases) db.keyspace = new Keyspace(this.store);
    return true;
  }

  /** Deletes keys whose time has come, for at most so long; returns how many. `fast` is the short cycle between commands. */
  activeExpire(budgetMicros: number, fast: boolean): number {
    return this.#activeExpiry.run(budgetMicros, fast);
  }

  /** Removes fields of hashes whose time has come, for at most so long; returns how many. */
  expireFields(budgetMicros: number): number {
    // Those of hidden keys are not ours to remove, and it can wait: nobody sees a field whose time has come.
    if (this.expiryMode !== "delete" || this.hidden.any) return 0;
    const until = this.clock.monotonicMicros() + budgetMicros;
    const timeIsUp = () => this.clock.monotonicMicros() >= until;
    let removed = 0;
    // Each time another database goes first: none waits for ever when time is short.
    const start = this.#nextToExpireFields++;
    for (let i = 0; i < this.databases.length && !(i > 0 && timeIsUp()); i++) {
      removed += this.hashes.expire(this, this.databases[(start + i) % this.databases.length]!, timeIsUp);
    }
    return removed;
  }

  /** Deletes keys by the policy until `usedMemory()` is at most `limitBytes`: "running" when the time was up before that. */
  evict(limitBytes: number): "ok" | "running" | "fail" {
    return this.#eviction.run(limitBytes);
  }

  /** Work left over by commands: moving tables, freeing what was dropped. True when there is more. */
  resizeStep(budgetMicros: number): boolean {
    const until = this.clock.monotonicMicros() + budgetMicros;
    const timeIsUp = () => this.clock.monotonicMicros() >= until;
    for (const { keyspace } of this.databases) {
      while (keyspace.table.step(64)) if (timeIsUp()) return true;
    }
    return this.lazyfree.step(timeIsUp);
  }

  /** The data as it is now, to be read in slices while it changes. Any number can run at once. */
  snapshot(): Snapshot {
    const keyspaces: [number, Keyspace][] = [];
    for (const db of this.databases) if (db.size > 0) keyspaces.push([db.index, db.keyspace]);
    return new Snapshot(this.store, this.ages, this.policy.lfu, keyspaces);
  }

  /** As `snapshot`, of the keys of these slots only, by their order here; of a node of a cluster. */
  slotSnapshot(slots: readonly number[]): SlotSnapshot {
    return new SlotSnapshot(this.store, this.ages, this.policy.lfu, this.databases[0]!.keyspace, slots);
  }

  /** For `Database`: the key's time has come. */
  expire(db: Database, ref: number, key: Slice): void {
    db.removeEntry(ref, this.policy.lazyfreeLazyExpire);
    this.stats.expiredKeys++;
    this.hooks.onExpired(db, key);
  }

  /** For the eviction: the key has to make room. */
  evictEntry(db: Database, ref: number): void {
    const { entries } = this.store;
    const key = new Slice(entries.bytes(ref).slice(entries.keyAt(ref), entries.valueAt(ref)));
    db.removeEntry(ref, this.policy.lazyfreeLazyEviction);
    this.stats.evictedKeys++;
    this.hooks.onEvicted(db, key);
  }

  /** Gives memory that is not used back to the operating system (MEMORY PURGE). */
  purge(): void {
    this.store.arena.trim();
  }

  /** For `Database`: what a key that is no string holds is not needed any more. */
  dropContainer(type: number, root: number, lazy: boolean): void {
    const { containers, snapshots } = this.store;
    if (snapshots.open && snapshots.holds(root))
      this.lazyfree.add(new HeldFreeing(containers.of(type), root, snapshots));
    else containers.drop(type, root, lazy, this.lazyfree);
  }
}

/** Out here it holds on to nothing else: an engine, and with it all data that were in it, would live as long as the last store made after it. */
function drawFrom(random: EngineOptions["random"]): () => number {
  return () => random.uint32();
}
