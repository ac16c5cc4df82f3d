/**
 * Hashes: what keys have to do with them, and what time does. `hash-value.ts` is one hash, `layout.ts` tells how it lies.
 *
 * A field whose time has come is removed when a command asks for it (`isThere`), or by the active expiry (`expire`), which
 * goes to the hashes in the order in which they need it. Only a primary does either; on a replica such a field is hidden.
 */
import { Slice } from "../../base/bytes.ts";
import type { Marks } from "../../memory/marks.ts";
import type { ContainerType } from "../containers.ts";
import type { Database } from "../database.ts";
import type { Engine } from "../engine.ts";
import type { Keyspace } from "../keyspace.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { LARGE, TableWalk, type ValueWalk } from "../value-walk.ts";
import { ExpiringHashes } from "./expiring-hashes.ts";
import { freeHash } from "./freeing.ts";
import { HashValue } from "./hash-value.ts";
import { ENCODING_NAMES } from "./layout.ts";

/** How many fields are removed at once, and how many between two looks at the clock. */
const BATCH = 32;

export class Hashes implements ContainerType {
  readonly #store: Store;
  readonly #reading: HashValue;
  readonly #writing: HashValue;
  /** For what is done to a hash as a whole. */
  readonly #whole: HashValue;
  /** For the active expiry. */
  readonly #active: HashValue;
  readonly #expiring: ExpiringHashes;

  constructor(store: Store) {
    this.#store = store;
    this.#reading = new HashValue(store);
    this.#writing = new HashValue(store);
    this.#whole = new HashValue(store);
    this.#active = new HashValue(store);
    this.#expiring = new ExpiringHashes(store.arena);
  }

  // Looking up

  /** For reading: counts a hit or miss. @throws errors.wrongType */
  read(db: Database, key: Slice, into: HashValue = this.#reading): HashValue | null {
    const root = db.getRoot(key, "hash");
    return root === 0 ? null : into.position(root);
  }

  /** The one with this root, for reading. */
  at(root: number): HashValue {
    return this.#reading.position(root);
  }

  /** For changing it. @throws errors.wrongType */
  open(db: Database, key: Slice): HashValue | null {
    const root = db.openRoot(key, "hash");
    return root === 0 ? null : this.#writing.position(root);
  }

  /** An empty one under a key that is not there; the caller gives it fields. */
  create(db: Database, key: Slice): HashValue {
    const hash = this.#writing.create();
    db.setRoot(key, "hash", hash.root);
    return hash;
  }

  // Fields that expire

  /** How many hashes of a database have fields that expire. */
  expiringCount(db: Database): number {
    return this.#expiring.count(db.keyspace);
  }

  /** Lets fields of this hash expire. */
  makeExpiring(db: Database, key: Slice, hash: HashValue): void {
    if (hash.isExpiring) return;
    hash.makeExpiring();
    this.#expiring.setKeyHash(hash.root, db.keyspace.hash(key.bytes, key.start, key.end));
  }

  /** To be called when an expiring hash may have another first expiry than before. */
  settle(db: Database, hash: HashValue): void {
    if (hash.isExpiring) this.#expiring.set(db.keyspace, hash.root, hash.nextExpiry());
  }

  /**
   * Whether the current field of an expiring hash counts as there. One whose time has come is removed, where that is our
   * business; if it was the last, the key is gone as well and the hash's `root` is 0.
   */
  isThere(engine: Engine, db: Database, key: Slice, hash: HashValue): boolean {
    const time = hash.expireAt();
    if (time === 0 || time >= engine.now || engine.expiryMode === "keep") return true;
    if (engine.expiryMode === "delete") {
      const field = new Slice(hash.field().copy());
      // For a snapshot, which comes first: it was only read so far.
      db.openRoot(key, "hash");
      hash.remove();
      this.#expired(engine, db, key, hash, [field]);
    }
    return false;
  }

  /** Removes all fields whose time has come; false if nothing is left of the hash. */
  removeExpired(engine: Engine, db: Database, key: Slice, hash: HashValue): boolean {
    if (engine.expiryMode !== "delete" || !hash.soonest() || hash.expireAt() >= engine.now) return true;
    db.openRoot(key, "hash");
    while (hash.root !== 0 && this.#removeSome(engine, db, key, hash) === BATCH);
    return hash.root !== 0;
  }

  /** Removes some fields whose time has come, and returns how many. */
  #removeSome(engine: Engine, db: Database, key: Slice, hash: HashValue): number {
    const fields: Slice[] = [];
    while (fields.length < BATCH && hash.soonest() && hash.expireAt() < engine.now) {
      fields.push(new Slice(hash.field().copy()));
      hash.remove();
    }
    if (fields.length > 0) this.#expired(engine, db, key, hash, fields);
    return fields.length;
  }

  /** These fields have been removed. */
  #expired(engine: Engine, db: Database, key: Slice, hash: HashValue, fields: readonly Slice[]): void {
    engine.stats.expiredFields += fields.length;
    const isEmpty = hash.size === 0;
    if (isEmpty) {
      db.delete(key);
      hash.root = 0;
    } else this.settle(db, hash);
    engine.hooks.onFieldsExpired?.(db, key, fields, isEmpty);
  }

  /** Removes fields of a database whose time has come, until `timeIsUp` says so; returns how many. */
  expire(engine: Engine, db: Database, timeIsUp: () => boolean): number {
    const { entries } = this.#store;
    let removed = 0;
    for (;;) {
      // Taken anew every time: a hook may do anything.
      const { keyspace } = db;
      const root = this.#expiring.first(keyspace);
      if (root === 0 || this.#expiring.next(root) >= engine.now) return removed;
      const ref = keyspace.entryOf(this.#expiring.keyHash(root), root);
      const key = new Slice(entries.bytes(ref).slice(entries.keyAt(ref), entries.valueAt(ref)));
      keyspace.beforeChange(ref);
      const count = this.#removeSome(engine, db, key, this.#active.position(root));
      // Nothing that is due: the field that was has been removed by a command.
      if (count === 0) this.settle(db, this.#active);
      removed += count;
      if (timeIsUp()) return removed;
    }
  }

  // A container among others

  attached(root: number, keyspace: Keyspace, hash: number): void {
    const value = this.#whole.position(root);
    if (!value.isExpiring) return;
    this.#expiring.setKeyHash(root, hash);
    this.#expiring.set(keyspace, root, value.nextExpiry());
  }

  detached(root: number, keyspace: Keyspace): void {
    if (this.#whole.position(root).isExpiring) this.#expiring.set(keyspace, root, 0);
  }

  effort(root: number): number {
    const hash = this.#whole.position(root);
    return hash.isTable ? hash.size : 1;
  }

  freeing(root: number): FreeJob {
    return freeHash(this.#store, this.#whole.position(root));
  }

  walk(root: number, marks: Marks): ValueWalk | null {
    const hash = this.#whole.position(root);
    if (!hash.isTable || hash.size < LARGE) return null;
    const { table } = new HashValue(this.#store).position(root).table;
    return new TableWalk(table, marks);
  }

  clone(root: number): number {
    const source = new HashValue(this.#store).position(root);
    const copy = new HashValue(this.#store);
    if (!source.isTable) {
      const list = source.packed.list.clone();
      return copy.adopt(list, source.isExpiring).root;
    }
    copy.create().convert();
    if (source.isExpiring) copy.makeExpiring();
    copy.table.copy(source.table);
    return copy.root;
  }

  bytes(root: number, samples: number): number {
    const { arena } = this.#store;
    const hash = this.#whole.position(root);
    const block = hash.expiryBlock;
    const own = arena.sizeOf(root) + (block === 0 ? 0 : arena.sizeOf(block));
    if (!hash.isTable) return own + hash.packed.list.blockBytes;
    const { table, index } = hash.table;
    let seen = 0;
    let bytes = 0;
    for (let more = hash.first(); more && (samples === 0 || seen < samples); more = hash.next()) {
      bytes += arena.sizeOf(hash.place);
      seen++;
    }
    const elements = seen === 0 ? 0 : Math.round((bytes / seen) * table.size);
    return own + table.bytes + elements + (block === 0 ? 0 : index.bytes);
  }

  encoding(root: number): string {
    return ENCODING_NAMES[this.#whole.position(root).encoding]!;
  }
}
