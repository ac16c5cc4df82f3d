/**
 * The keys of one database: the table, and the vector of those that have an expiry. It knows blocks and chains but not
 * time; `Database` gives it its meaning. FLUSHDB and SWAPDB exchange whole keyspaces, which is why they cost nothing.
 */
import { digits, readInteger, writeInteger } from "../base/numbers.ts";
import { copyIn, isIn } from "../memory/copy.ts";
import { hashBytes } from "../memory/hash.ts";
import { RefVector } from "../memory/ref-vector.ts";
import { Table } from "../memory/table.ts";
import type { Ages } from "./ages.ts";
import {
  AGE_MASK,
  type Entries,
  HEADER,
  headerBytes,
  INT,
  LONG,
  RAW,
  SHORT_VALUE,
  STRING,
  TYPE_SHIFT,
  VOLATILE,
} from "./entry.ts";
import { disposeExpiringHashes } from "./hash/expiring-hashes.ts";
import { SlotIndex } from "./slot-index.ts";
import type { Store } from "./store.ts";

/** Numbers of so many digits are exact as doubles, their sums too. */
const MAX_DIGITS = 15;

export class Keyspace {
  readonly store: Store;
  readonly table: Table;
  readonly volatile: RefVector;
  /** In a node of a cluster. */
  readonly slots: SlotIndex | null;
  /** Where the active expiry goes on in `volatile`. */
  expireCursor = 0;
  /** The average time to live in ms that the active expiry has seen, for INFO. */
  averageTtl = 0;
  /** The block of the index of hashes whose fields expire (hash/expiring-hashes.ts); 0 as long as there was none. */
  expiringHashes = 0;
  /** How many snapshots still read it: a keyspace that was flushed away is freed after them. */
  pins = 0;
  readonly #entries: Entries;
  // What every lookup needs, at one step's distance.
  readonly #u8: Uint8Array[];
  readonly #i32: Int32Array[];
  readonly #k0: number;
  readonly #k1: number;

  constructor(store: Store) {
    this.store = store;
    this.#entries = store.entries;
    this.#u8 = store.arena.u8;
    this.#i32 = store.arena.i32;
    this.#k0 = store.k0;
    this.#k1 = store.k1;
    this.table = new Table(store.arena);
    this.volatile = new RefVector(store.arena);
    this.slots = store.policy.clusterEnabled ? new SlotIndex(store) : null;
  }

  /** Gives back the table's own memory, after the entries have been freed. */
  dispose(): void {
    if (this.expiringHashes !== 0) disposeExpiringHashes(this.store.arena, this.expiringHashes);
    this.expiringHashes = 0;
    this.table.dispose();
    this.volatile.dispose();
    this.slots?.dispose();
  }

  hash(bytes: Uint8Array, start: number, end: number): number {
    return hashBytes(bytes, start, end, this.#k0, this.#k1);
  }

  /** The entry of this key, or 0. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const table = this.table;
    if (table.target !== null) table.step(1);
    const i32 = this.#i32;
    const length = end - start;
    for (let ref = table.first(hash); ref !== 0; ) {
      const words = i32[ref >>> 20]!;
      const at = (ref & 0xfffff) << 2;
      if (words[at + 1] === hash) {
        const meta = words[at + 2]!;
        const keyLength = (meta & LONG) === 0 ? words[at + 3]! >>> 24 : this.#entries.keyLength(ref);
        if (keyLength === length) {
          if (isIn(bytes, start, end, this.#u8[ref >>> 20]!, words, (at << 2) + headerBytes(meta))) return ref;
        }
      }
      ref = words[at]!;
    }
    return 0;
  }

  /** The entry of a container, which is here; `hash` is that of its key. */
  entryOf(hash: number, root: number): number {
    const entries = this.#entries;
    let ref = this.table.first(hash);
    while (entries.type(ref) === STRING || entries.root(ref) !== root)
      ref = this.#i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
    return ref;
  }

  /** A new entry for a key that is not there; the value's bytes are whatever the block held. */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
    meta: number,
    valueLength: number,
    room: number,
  ): number {
    const ref = this.#entries.create(bytes, start, end, meta, valueLength, room);
    if (this.store.snapshots.active) this.store.snapshots.created(ref);
    this.table.link(ref, hash);
    if (this.slots !== null) this.slots.add(ref);
    if ((meta & VOLATILE) !== 0) this.#entries.setVolatileIndex(ref, this.volatile.push(ref));
    return ref;
  }

  /** Takes the entry out and frees its block; what a container holds is the caller's business. */
  remove(ref: number): void {
    const entries = this.#entries;
    if (entries.isVolatile(ref)) this.#forgetVolatile(entries.volatileIndex(ref));
    this.table.unlink(ref, entries.hash(ref));
    if (this.slots !== null) this.slots.remove(ref);
    this.store.arena.free(ref);
  }

  #forgetVolatile(index: number): void {
    const last = this.volatile.pop();
    if (index === this.volatile.length) return;
    this.volatile.set(index, last);
    this.#entries.setVolatileIndex(last, index);
  }

  /**
   * Writes another string of the same length over one without an expiry: the usual SET, in one look at the entry.
   * @param flags  INT or 0
   * @param ages  null to leave its age alone
   * @returns  whether it was one
   */
  replaceInPlace(
    ref: number,
    value: Uint8Array,
    start: number,
    end: number,
    flags: number,
    ages: Ages | null,
  ): boolean {
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const meta = words[at + 2]!;
    const lengths = words[at + 3]!;
    const isPlain = (meta & (VOLATILE | LONG | RAW)) === 0 && meta >>> TYPE_SHIFT === STRING;
    if (!isPlain || (lengths & SHORT_VALUE) !== end - start || this.store.snapshots.active) return false;
    words[at + 2] = ((ages === null ? meta : ages.touched(meta)) & ~INT) | flags;
    copyIn(value, start, end, this.#u8[ref >>> 20]!, words, (at << 2) + HEADER + (lengths >>> 24));
    return true;
  }

  /**
   * Adds to a whole number where it lies, if that takes no more and no fewer bytes than before: the usual INCR.
   * @returns  the sum, or NaN if that cannot be done (no such number, another length, more than 15 digits, a snapshot runs)
   */
  addInPlace(ref: number, increment: number, ages: Ages | null): number {
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const meta = words[at + 2]!;
    const lengths = words[at + 3]!;
    const length = lengths & SHORT_VALUE;
    const isNumber = (meta & (LONG | INT)) === INT && meta >>> TYPE_SHIFT === STRING && length <= MAX_DIGITS;
    if (!isNumber || this.store.snapshots.active) return Number.NaN;
    const page = this.#u8[ref >>> 20]!;
    const start = (at << 2) + headerBytes(meta) + (lengths >>> 24);
    const sum = readInteger(page, start, start + length) + increment;
    if (digits(Math.abs(sum)) + (sum < 0 ? 1 : 0) !== length) return Number.NaN;
    writeInteger(sum, page, start);
    if (ages !== null) words[at + 2] = ages.touched(meta);
    return sum;
  }

  /** Before anything about an entry changes, so that a snapshot can write it as it was. */
  beforeChange(ref: number): void {
    if (this.store.snapshots.active) this.store.snapshots.beforeChange(this, ref);
  }

  /**
   * Gives the entry another shape: flags and type from `meta`, `valueLength` bytes of value with `room` to grow, expiry
   * or none. Key, age and as much of the value as fits are kept. Returns where the entry is now.
   */
  reshape(ref: number, meta: number, valueLength: number, room: number): number {
    const entries = this.#entries;
    const hash = entries.hash(ref);
    const old = entries.meta(ref);
    const keyAt = entries.keyAt(ref);
    const keep = Math.min(entries.valueLength(ref), valueLength);
    const valueAt = entries.valueAt(ref);
    const next = entries.create(entries.bytes(ref), keyAt, valueAt, meta, valueLength, room);
    if (this.store.snapshots.active) this.store.snapshots.created(next);
    entries.arena.i32[next >>> 20]![((next & 0xfffff) << 2) + 1] = hash;
    entries.arena.i32[next >>> 20]![(next & 0xfffff) << 2] = entries.arena.i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
    entries.write(next, 0, entries.bytes(ref), valueAt, valueAt + keep);
    this.table.replace(ref, next, hash);
    if ((old & VOLATILE) !== 0 && (meta & VOLATILE) !== 0) {
      entries.setExpireAt(next, entries.expireAt(ref));
      entries.setVolatileIndex(next, entries.volatileIndex(ref));
      this.volatile.set(entries.volatileIndex(ref), next);
    } else if ((old & VOLATILE) !== 0) {
      this.#forgetVolatile(entries.volatileIndex(ref));
    } else if ((meta & VOLATILE) !== 0) {
      entries.setVolatileIndex(next, this.volatile.push(next));
    }
    if (this.slots !== null) {
      this.slots.remove(ref);
      this.slots.add(next);
    }
    this.store.arena.free(ref);
    return next;
  }

  /** Sets the expiry; returns where the entry is now. */
  setExpire(ref: number, at: number): number {
    const entries = this.#entries;
    const meta = entries.meta(ref);
    if ((meta & VOLATILE) === 0) {
      const length = entries.valueLength(ref);
      ref = this.reshape(ref, meta | VOLATILE, length, length);
    }
    entries.setExpireAt(ref, at);
    return ref;
  }

  /** Drops the expiry; returns where the entry is now. */
  clearExpire(ref: number): number {
    const length = this.#entries.valueLength(ref);
    return this.reshape(ref, this.#entries.meta(ref) & ~VOLATILE, length, length);
  }

  /**
   * Makes `value` the whole value of a string entry, in place where the block is of the right size. The `flags` are set
   * anew: with VOLATILE the entry has an expiry, which is the old one until the caller sets it. Returns where the entry is now.
   */
  overwrite(ref: number, value: Uint8Array, start: number, end: number, flags: number): number {
    const entries = this.#entries;
    const { arena } = this.store;
    const length = end - start;
    const old = entries.meta(ref);
    const meta = (old & (AGE_MASK | LONG)) | flags | (STRING << TYPE_SHIFT);
    const sameShape = ((meta ^ old) & VOLATILE) === 0 && (length <= SHORT_VALUE || (meta & LONG) !== 0);
    if (sameShape && arena.blockSize(headerBytes(meta) + entries.keyLength(ref) + length) === arena.sizeOf(ref)) {
      if (meta !== old) entries.setMeta(ref, meta);
      entries.setValueLength(ref, length);
    } else {
      ref = this.reshape(ref, meta, length, length);
    }
    entries.write(ref, 0, value, start, end);
    return ref;
  }

  /** Makes the value `length` bytes long; what is new is not zeroed. The string becomes raw. Returns where it is now. */
  resize(ref: number, length: number): number {
    const entries = this.#entries;
    const meta = (entries.meta(ref) & ~INT) | RAW;
    if (length > entries.room(ref)) return this.reshape(ref, meta, length, withSlack(length));
    entries.setMeta(ref, meta);
    entries.setValueLength(ref, length);
    return ref;
  }
}

/** Room for a string that grows: twice the length while small, a quarter more when that would be much. */
function withSlack(length: number): number {
  return length < 1 << 20 ? length * 2 : length + (length >>> 2);
}
