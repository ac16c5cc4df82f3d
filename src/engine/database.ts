/**
 * One database: what commands read and write. It gives the keyspace's blocks their meaning in time: expiry, age, hits and
 * misses, and the order of things around a change (a running snapshot first). Arguments are borrowed, results too: a
 * `StringValue` or a key handed to a visitor is valid until the next call that writes.
 */
import { Slice } from "../base/bytes.ts";
import { errors } from "../base/reply-error.ts";
import type { Ages } from "./ages.ts";
import type { Engine } from "./engine.ts";
import { type Entries, INT, RAW, ROOT_BYTES, STRING, TYPE_SHIFT, TYPES, type TypeName, VOLATILE } from "./entry.ts";
import { isIntegerText } from "./integer-text.ts";
import { KeyFacts } from "./key-facts.ts";
import { Keyspace } from "./keyspace.ts";
import type { StoredValue } from "./snapshot.ts";
import type { Store } from "./store.ts";
import { StringValue } from "./string-value.ts";
import { type TableStats, tableStats } from "./table-stats.ts";

export class Database extends KeyFacts {
  readonly index: number;
  /** For the engine: exchanged by SWAPDB and the flushes. */
  keyspace: Keyspace;
  readonly #engine: Engine;
  #entries: Entries;
  readonly #reading = new StringValue();
  readonly #writing = new StringValue();
  /** Of the key that was looked up last: its hash, and its entry even if that has expired and is only being hidden. */
  #hash = 0;
  #physical = 0;

  constructor(engine: Engine, index: number) {
    super(engine);
    this.index = index;
    this.#engine = engine;
    this.#entries = engine.store.entries;
    this.keyspace = new Keyspace(engine.store);
  }

  get size(): number {
    return this.keyspace.table.size;
  }

  /** How many keys there are to be seen: all but those of slots that are hidden (hidden-slots.ts). */
  get visibleSize(): number {
    const { hidden } = this.#engine;
    return hidden.any ? this.size - hidden.count(this.keyspace.slots) : this.size;
  }

  #isHidden(ref: number): boolean {
    const { hidden } = this.#engine;
    const { slots } = this.keyspace;
    return hidden.any && slots !== null && hidden.has(slots.slotOf(ref));
  }

  /** For `Engine.adopt`. */
  adopt(other: Database, store: Store): void {
    this.keyspace = other.keyspace;
    this.#entries = store.entries;
  }

  /** How many keys have an expiry. */
  get volatileSize(): number {
    return this.keyspace.volatile.length;
  }

  /** The average time to live that the active expiry has seen, in ms: INFO's avg_ttl. */
  get averageTtl(): number {
    return Math.round(this.keyspace.averageTtl);
  }

  // Looking up

  /** The entry of a key that counts as there, or 0. */
  protected find(key: Slice): number {
    const hash = this.keyspace.hash(key.bytes, key.start, key.end);
    const ref = this.keyspace.find(key.bytes, key.start, key.end, hash);
    this.#hash = hash;
    this.#physical = ref;
    if (ref === 0 || !this.#entries.isVolatile(ref) || !this.#isExpired(ref)) return ref;
    if (this.#engine.expiryMode === "delete") {
      this.#engine.expire(this, ref, key);
      // After the hook, which may have looked up other keys.
      this.#hash = hash;
      this.#physical = 0;
    }
    return 0;
  }

  #isExpired(ref: number): boolean {
    return this.#engine.expiryMode !== "keep" && this.#engine.now > this.#entries.expireAt(ref);
  }

  /** As `find`, counting the hit or miss. */
  #lookup(key: Slice): number {
    const ref = this.find(key);
    if (ref === 0) this.#engine.stats.keyspaceMisses++;
    else this.#engine.stats.keyspaceHits++;
    return ref;
  }

  /** The ages to keep, or null where nothing counts as use (CLIENT NO-TOUCH). */
  #agesInUse(): Ages | null {
    return this.#engine.noTouch ? null : this.#engine.ages;
  }

  /** The key is being used; returns its type. */
  #touch(ref: number): number {
    const meta = this.#entries.meta(ref);
    if (!this.#engine.noTouch) {
      const touched = this.#engine.ages.touched(meta);
      if (touched !== meta) this.#entries.setMeta(ref, touched);
    }
    return meta >>> TYPE_SHIFT;
  }

  // Reading

  /** Whether the key is there; counts nothing and touches nothing. */
  has(key: Slice): boolean {
    return this.find(key) !== 0;
  }

  /** As `has`, counted as a hit or a miss (EXISTS). */
  exists(key: Slice): boolean {
    return this.#lookup(key) !== 0;
  }

  /** As `exists`, and the key counts as used (TOUCH). */
  touch(key: Slice): boolean {
    const ref = this.#lookup(key);
    if (ref !== 0) this.#touch(ref);
    return ref !== 0;
  }

  /** Counts a hit or miss, but the key does not count as used (TYPE). */
  type(key: Slice): TypeName | null {
    const ref = this.#lookup(key);
    return ref === 0 ? null : TYPES[this.#entries.type(ref)]!;
  }

  /** @throws errors.wrongType */
  getString(key: Slice): StringValue | null {
    const ref = this.#lookup(key);
    if (ref === 0) return null;
    if (this.#touch(ref) !== STRING) throw errors.wrongType;
    return this.#reading.position(this.keyspace, ref);
  }

  readonly #value: StoredValue = { type: "string", string: new Slice(), root: 0 };

  /** Whatever lies under the key, for reading: one object, valid until the next call that writes. */
  get(key: Slice): StoredValue | null {
    const ref = this.#lookup(key);
    if (ref === 0) return null;
    const value = this.#value;
    value.type = TYPES[this.#touch(ref)]!;
    value.root = 0;
    if (value.type !== "string") value.root = this.#entries.root(ref);
    else {
      const { bytes, start, end } = this.#reading.position(this.keyspace, ref);
      value.string.set(bytes, start, end);
    }
    return value;
  }

  // Writing strings

  /**
   * Makes the key this string, whatever it was. An expiry is dropped unless `keepTtl`, or set to `expireAt` (unix ms).
   * @returns  whether there was no such key before
   */
  setString(key: Slice, value: Slice, keepTtl = false, expireAt = -1): boolean {
    const created = this.find(key) === 0;
    const { keyspace } = this;
    let ref = this.#physical;
    const { bytes, start, end } = value;
    let flags = isIntegerText(bytes, start, end) ? INT : 0;
    if (expireAt !== -1) flags |= VOLATILE;
    if (ref === 0) {
      const meta = flags | this.#engine.ages.initial() | (STRING << TYPE_SHIFT);
      ref = keyspace.add(key.bytes, key.start, key.end, this.#hash, meta, end - start, end - start);
      this.#entries.write(ref, 0, bytes, start, end);
    } else if (expireAt !== -1 || !keyspace.replaceInPlace(ref, bytes, start, end, flags, this.#agesInUse())) {
      keyspace.beforeChange(ref);
      if (this.#touch(ref) !== STRING) this.#dropContainer(ref, this.#engine.policy.lazyfreeLazyServerDel);
      // What has expired is a new key, whose predecessor's expiry is not its own.
      if (keepTtl && this.#entries.isVolatile(ref) && !this.#isExpired(ref)) flags |= VOLATILE;
      ref = keyspace.overwrite(ref, bytes, start, end, flags);
    }
    if (expireAt !== -1) this.#entries.setExpireAt(ref, expireAt);
    return created;
  }

  /** The string, to be changed in place; null when there is no such key. @throws errors.wrongType */
  openString(key: Slice): StringValue | null {
    const ref = this.find(key);
    if (ref === 0) return null;
    if (this.#touch(ref) !== STRING) throw errors.wrongType;
    this.keyspace.beforeChange(ref);
    return this.#writing.position(this.keyspace, ref);
  }

  /** Adds to the whole number at `key` where it lies; NaN, and nothing done, if it takes more than that. */
  addInPlace(key: Slice, increment: number): number {
    const ref = this.find(key);
    return ref === 0 ? Number.NaN : this.keyspace.addInPlace(ref, increment, this.#agesInUse());
  }

  /** A string of `length` zero bytes under a key that was not there (or that is replaced). */
  createString(key: Slice, length: number): StringValue {
    this.find(key);
    this.#removePhysical();
    const meta = RAW | this.#engine.ages.initial() | (STRING << TYPE_SHIFT);
    const ref = this.keyspace.add(key.bytes, key.start, key.end, this.#hash, meta, length, length);
    const value = this.#writing.position(this.keyspace, ref);
    value.bytes.fill(0, value.start, value.end);
    return value;
  }

  // Containers

  /** The root of the container under the key, for reading; 0 when there is no such key. @throws errors.wrongType */
  getRoot(key: Slice, type: TypeName): number {
    const ref = this.#lookup(key);
    if (ref === 0) return 0;
    if (TYPES[this.#touch(ref)] !== type) throw errors.wrongType;
    return this.#entries.root(ref);
  }

  /** As `getRoot`, for changing what it holds. */
  openRoot(key: Slice, type: TypeName): number {
    const ref = this.find(key);
    if (ref === 0) return 0;
    if (TYPES[this.#touch(ref)] !== type) throw errors.wrongType;
    this.keyspace.beforeChange(ref);
    return this.#entries.root(ref);
  }

  /** A container under a key, in the place of what was there. `expireAt`: unix ms, -1 for never. */
  setRoot(key: Slice, type: TypeName, root: number, expireAt = -1): void {
    this.find(key);
    this.#removePhysical();
    let meta = this.#engine.ages.initial() | (TYPES.indexOf(type) << TYPE_SHIFT);
    if (expireAt !== -1) meta |= VOLATILE;
    const ref = this.keyspace.add(key.bytes, key.start, key.end, this.#hash, meta, ROOT_BYTES, ROOT_BYTES);
    this.#entries.setRoot(ref, root);
    if (expireAt !== -1) this.#entries.setExpireAt(ref, expireAt);
    this.#attached(ref);
  }

  // Keys

  /** False when there is no such key; one that has expired is deleted as expired. */
  delete(key: Slice): boolean {
    return this.#delete(key, this.#engine.policy.lazyfreeLazyUserDel);
  }

  /** As `delete`; a large container is freed later. */
  unlink(key: Slice): boolean {
    return this.#delete(key, true);
  }

  #delete(key: Slice, lazy: boolean): boolean {
    const ref = this.find(key);
    if (ref !== 0) this.removeEntry(ref, lazy);
    return ref !== 0;
  }

  /** For the engine and within: takes an entry out for good. A snapshot first, then what it holds, then itself. */
  removeEntry(ref: number, lazy: boolean): void {
    this.keyspace.beforeChange(ref);
    if (this.#entries.type(ref) !== STRING) this.#dropContainer(ref, lazy);
    this.keyspace.remove(ref);
  }

  /** For types that keep account of where their values are. */
  #attached(ref: number): void {
    const entries = this.#entries;
    const container = this.#engine.store.containers.of(entries.type(ref));
    container.attached?.(entries.root(ref), this.keyspace, entries.hash(ref));
  }

  #detached(ref: number): void {
    this.#engine.store.containers.of(this.#entries.type(ref)).detached?.(this.#entries.root(ref), this.keyspace);
  }

  #dropContainer(ref: number, lazy: boolean): void {
    this.#detached(ref);
    this.#engine.dropContainer(this.#entries.type(ref), this.#entries.root(ref), lazy);
  }

  /** Whatever the last lookup found, seen or hidden, makes place for another value. */
  #removePhysical(): void {
    if (this.#physical !== 0) this.removeEntry(this.#physical, this.#engine.policy.lazyfreeLazyServerDel);
  }

  /** Gives the value of `from` the name `to`, in the place of what had it. The expiry travels. @throws errors.noSuchKey */
  rename(from: Slice, to: Slice): void {
    if (this.find(from) === 0) throw errors.noSuchKey;
    if (from.equals(to)) return;
    this.#transfer(from, this, to);
  }

  /** Moves the key to another database; false when it is not here, or there already. */
  move(key: Slice, target: Database): boolean {
    if (this.find(key) === 0 || target.has(key)) return false;
    this.#transfer(key, target, key);
    return true;
  }

  #transfer(from: Slice, target: Database, to: Slice): void {
    target.find(to);
    target.#removePhysical();
    const ref = this.find(from);
    this.keyspace.beforeChange(ref);
    const moved = target.#addLike(to, ref);
    if (this.#entries.type(ref) !== STRING) {
      this.#detached(ref);
      this.#entries.setRoot(moved, this.#entries.root(ref));
      target.#attached(moved);
    }
    this.keyspace.remove(ref);
  }

  /** Copies value and expiry to `newKey` of `target`, replacing what is there; false when there is nothing to copy. */
  copy(key: Slice, target: Database, newKey: Slice): boolean {
    if (this.find(key) === 0) return false;
    target.find(newKey);
    target.#removePhysical();
    const ref = this.find(key);
    const type = this.#entries.type(ref);
    if (type === STRING) target.#addLike(newKey, ref);
    else {
      const root = this.#engine.store.containers.of(type).clone(this.#entries.root(ref));
      const copied = target.#addLike(newKey, ref);
      this.#entries.setRoot(copied, root);
      target.#attached(copied);
    }
    return true;
  }

  /** Adds `key`, which must not be here, with type, expiry, age and string of the entry `source`; the caller sets a root. */
  #addLike(key: Slice, source: number): number {
    const entries = this.#entries;
    this.find(key);
    const length = entries.valueLength(source);
    const ref = this.keyspace.add(key.bytes, key.start, key.end, this.#hash, entries.meta(source), length, length);
    if (entries.isVolatile(source)) entries.setExpireAt(ref, entries.expireAt(source));
    const at = entries.valueAt(source);
    entries.write(ref, 0, entries.bytes(source), at, at + length);
    return ref;
  }

  /** Deletes every key; returns how many there were. With `lazy` they are freed later. */
  clear(lazy = false): number {
    const { size } = this;
    if (size > 0) this.#engine.flush(this, lazy);
    return size;
  }

  // Expiry

  /** Unix time in ms; -1 for none, -2 for no such key. */
  expireAt(key: Slice): number {
    const ref = this.find(key);
    if (ref === 0) return -2;
    return this.#entries.isVolatile(ref) ? this.#entries.expireAt(ref) : -1;
  }

  /** False when there is no such key. */
  setExpire(key: Slice, atMs: number): boolean {
    const ref = this.find(key);
    if (ref === 0) return false;
    this.keyspace.beforeChange(ref);
    this.keyspace.setExpire(ref, atMs);
    return true;
  }

  /** False when there is no such key, or it has no expiry. */
  persist(key: Slice): boolean {
    const ref = this.find(key);
    if (ref === 0 || !this.#entries.isVolatile(ref)) return false;
    this.keyspace.beforeChange(ref);
    this.keyspace.clearExpire(ref);
    return true;
  }

  // Walking

  /** Any key, each with the same chance, copied to a buffer of its own; false when there is none. */
  randomKey(into: Slice): boolean {
    // Where expired keys are only hidden there may be nothing else: then one of them has to do, as in Redis.
    for (let tries = 0; ; tries++) {
      const ref = this.#anyEntry();
      if (ref === 0) return false;
      const key = this.#key(ref).copy();
      into.set(key, 0, key.length);
      if (!this.#entries.isVolatile(ref) || !this.#isExpired(ref)) return true;
      if (this.#engine.expiryMode === "delete") this.#engine.expire(this, ref, into);
      else if (tries > 100) return true;
    }
  }

  #anyEntry(): number {
    const { keyspace } = this;
    const { hidden, store } = this.#engine;
    if (!hidden.any || keyspace.slots === null) return keyspace.table.random(store.random);
    const visible = this.visibleSize;
    return visible === 0 ? 0 : hidden.visibleAt(keyspace.slots, store.random() % visible);
  }

  readonly #visited = new Slice();

  #key(ref: number): Slice {
    const at = this.#entries.keyAt(ref);
    return this.#visited.set(this.#entries.bytes(ref), at, at + this.#entries.keyLength(ref));
  }

  /**
   * One step of SCAN: visits a bucket or a few, returns the next cursor, 0 at the end. The visitor must not write. Keys of
   * another type than `only` are passed over; what has expired is deleted on the way, as Redis does.
   */
  scan(cursor: number, visit: (key: Slice, type: TypeName) => void, only?: TypeName): number {
    let expired: number[] | null = null;
    const next = this.keyspace.table.scan(cursor, (ref) => {
      const type = TYPES[this.#entries.type(ref)]!;
      if ((only !== undefined && type !== only) || this.#isHidden(ref)) return;
      if (!this.#entries.isVolatile(ref) || !this.#isExpired(ref)) visit(this.#key(ref), type);
      else if (expired === null) expired = [ref];
      else expired.push(ref);
    });
    if (expired !== null) this.#expireAll(expired);
    return next;
  }

  #expireAll(refs: readonly number[]): void {
    if (this.#engine.expiryMode !== "delete" || this.keyspace.table.pauses > 0) return;
    for (const ref of refs) {
      const key = this.#key(ref).copy();
      this.#engine.expire(this, ref, new Slice(key));
    }
  }

  /** Visits every key. The visitor must not write. */
  keys(visit: (key: Slice) => void): void {
    let cursor = 0;
    const { table } = this.keyspace;
    table.pauses++;
    try {
      do cursor = this.scan(cursor, visit);
      while (cursor !== 0);
    } finally {
      table.pauses--;
    }
  }

  /** How many keys the hash slot has, hidden or not; asked of a node of a cluster only. */
  countInSlot(slot: number): number {
    return this.keyspace.slots!.count(slot);
  }

  /** Visits at most `limit` keys of the hash slot. The visitor must not write. */
  visitSlot(slot: number, limit: number, visit: (key: Slice) => void): void {
    this.keyspace.slots!.visit(slot, limit, (ref) => visit(this.#key(ref)));
  }

  /** Room for this many keys, before loading them. */
  reserve(keys: number): void {
    this.keyspace.table.reserve(keys);
  }

  /** For DEBUG HTSTATS: a table for the keys, as in Redis; the vector of volatile keys is none. */
  tableStats(): TableStats {
    return tableStats(this.keyspace.table, this.#engine.store.arena);
  }
}
