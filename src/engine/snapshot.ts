/**
 * The data as it was at one moment, read in slices while it goes on changing, without a copy. A walk goes through each
 * table in SCAN's order, which is the order of the hashes with their bits reversed, whatever the table's size: so one
 * number says exactly which entries are behind it. An entry that is still ahead and is about to change is emitted first
 * and its ref marked as done; so is the ref of every entry made since the start.
 *
 * A large value is handed out in slices too, by a walk through its elements that works in the same way (value-walk.ts). While
 * one is under way the keyspace waits; what is about to change elsewhere is emitted in between.
 */
import { Slice } from "../base/bytes.ts";
import { reverseBits } from "../memory/hash.ts";
import { Marks } from "../memory/marks.ts";
import type { ValueWatch } from "../memory/value-watch.ts";
import type { Ages } from "./ages.ts";
import { type Entries, INT, STRING, TYPE_SHIFT, TYPES, type TypeName, VOLATILE } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import { type LargeValueSink, LargeValues } from "./large-values.ts";
import type { Store } from "./store.ts";

/** A value as it lies in its store. */
export interface StoredValue {
  type: TypeName;
  /** The bytes of a string. */
  string: Slice;
  /** The container of what is no string; 0 of a string. */
  root: number;
}

/** What a snapshot tells of a key: one object, valid until the consumer returns. */
export interface SnapshotEntry extends StoredValue {
  db: number;
  key: Slice;
  /** Unix ms; -1 for none. */
  expireAt: number;
  idleSeconds: number;
  /** -1 unless the policy is one of LFU. */
  frequency: number;
  encodingInt: boolean;
}

export type SnapshotConsumer = (entry: SnapshotEntry) => void;

/** Takes a large value, of so many parts, in slices; null to be given it whole, by `SnapshotConsumer`. */
export type LargeValueConsumer = (entry: SnapshotEntry, parts: number) => LargeValueSink | null;

/** The walk through one keyspace. */
interface Walk {
  readonly keyspace: Keyspace;
  readonly db: number;
  cursor: number;
  /** Entries whose reversed hash is below this are behind the walk. */
  position: number;
}

/** The running snapshots: what the keyspaces ask before every change, and large values before every change of an element. */
export class Snapshots implements ValueWatch {
  active = false;
  /** Whether any of them has a large value open. */
  open = false;
  #running: RunningSnapshot[] = [];

  start(snapshot: RunningSnapshot): void {
    this.#running.push(snapshot);
    this.active = true;
  }

  end(snapshot: RunningSnapshot): void {
    this.#running = this.#running.filter((other) => other !== snapshot);
    this.active = this.#running.length > 0;
    this.countOpen();
  }

  /** A large value was opened, or is done. */
  countOpen(): void {
    this.open = this.#running.some((snapshot) => !snapshot.large.isEmpty);
  }

  /** A block was taken for an entry: whatever it holds, no running snapshot has to emit it (any more). */
  created(ref: number): void {
    for (const snapshot of this.#running) snapshot.marks.add(ref);
  }

  beforeChange(keyspace: Keyspace, ref: number): void {
    for (const snapshot of this.#running) snapshot.beforeChange(keyspace, ref);
  }

  /** Whether a container is still being read, so that it must not be freed yet. */
  holds(root: number): boolean {
    return this.#running.some((snapshot) => snapshot.large.has(root));
  }

  beforeElement(table: number, ref: number): void {
    for (const snapshot of this.#running) snapshot.large.ofTable(table)?.beforeChange(ref);
  }

  elementAdded(table: number, ref: number): void {
    for (const { large, marks } of this.#running) if (large.ofTable(table) !== undefined) marks.add(ref);
  }

  tableMoved(from: number, root: number, word: number): void {
    for (const snapshot of this.#running) snapshot.large.tableMoved(from, root, word);
  }

  beforeNode(list: number, node: number): void {
    for (const snapshot of this.#running) snapshot.large.ofRoot(list)?.beforeChange(node);
  }
}

/** What all snapshots have in common: how an entry is told of, once it is known that it is to be. */
export abstract class RunningSnapshot {
  /** Takes every entry that `step` is not given a consumer for, above all those that are emitted out of turn. */
  onEntry: SnapshotConsumer = () => {};
  onLargeValue: LargeValueConsumer = () => null;
  /** Refs of entries, and of elements of large values, that have been emitted or were not there. */
  readonly marks = new Marks();
  readonly large = new LargeValues();
  protected readonly store: Store;
  protected closed = false;
  readonly #entries: Entries;
  readonly #ages: Ages;
  readonly #lfu: boolean;
  readonly #entry: SnapshotEntry = {
    db: 0,
    key: new Slice(),
    type: "string",
    expireAt: -1,
    idleSeconds: 0,
    frequency: -1,
    string: new Slice(),
    encodingInt: false,
    root: 0,
  };

  protected constructor(store: Store, ages: Ages, lfu: boolean) {
    this.store = store;
    this.#entries = store.entries;
    this.#ages = ages;
    this.#lfu = lfu;
  }

  /** Emits about `keys` entries, or elements of large values; false when all have been emitted. */
  step(keys: number, emit: SnapshotConsumer = this.onEntry): boolean {
    let left = keys;
    while (!this.closed) {
      if (left <= 0) return true;
      if (!this.large.isEmpty) {
        if (!this.large.step(left / EFFORT)) return !this.closed;
        this.store.snapshots.countOpen();
        left--;
      } else {
        const work = this.stepKeys(left, emit);
        if (work < 0) this.close();
        else left -= work;
      }
    }
    return false;
  }

  /** Emits some entries; returns how much that was, in keys, or -1 when there are none left. */
  protected abstract stepKeys(left: number, emit: SnapshotConsumer): number;

  /** An entry is about to change, or to go. */
  abstract beforeChange(keyspace: Keyspace, ref: number): void;

  /** Ends it, whether finished or not. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.marks.clear();
    this.large.clear();
    this.unpin();
    this.store.snapshots.end(this);
  }

  protected abstract unpin(): void;

  /** Returns how much it was, in keys. */
  protected emit(db: number, ref: number, emit: SnapshotConsumer): number {
    const entries = this.#entries;
    const entry = this.#entry;
    const meta = entries.meta(ref);
    const bytes = entries.bytes(ref);
    const valueAt = entries.valueAt(ref);
    entry.db = db;
    entry.key.set(bytes, entries.keyAt(ref), valueAt);
    entry.type = TYPES[meta >>> TYPE_SHIFT]!;
    entry.expireAt = (meta & VOLATILE) === 0 ? -1 : entries.expireAt(ref);
    entry.idleSeconds = this.#lfu ? 0 : this.#ages.idleSeconds(meta);
    entry.frequency = this.#lfu ? this.#ages.frequency(meta) : -1;
    entry.string.set(bytes, valueAt, valueAt + entries.valueLength(ref));
    entry.encodingInt = (meta & INT) !== 0;
    entry.root = meta >>> TYPE_SHIFT === STRING ? 0 : entries.root(ref);
    if (entry.root !== 0) return this.#emitContainer(meta >>> TYPE_SHIFT, emit);
    emit(entry);
    return 1;
  }

  #emitContainer(type: number, emit: SnapshotConsumer): number {
    const entry = this.#entry;
    const container = this.store.containers.of(type);
    const walk = container.walk?.(entry.root, this.marks) ?? null;
    const sink = walk === null ? null : this.onLargeValue(entry, walk.parts);
    if (walk === null || sink === null) {
      emit(entry);
      return 1 + container.effort(entry.root) * EFFORT;
    }
    this.large.open(entry.root, walk, sink);
    this.store.snapshots.countOpen();
    return 1;
  }
}

/** All keys of all databases. */
export class Snapshot extends RunningSnapshot {
  readonly #walks: Walk[];
  readonly #entries: Entries;
  #current = 0;

  /** For `Engine.snapshot`. */
  constructor(store: Store, ages: Ages, lfu: boolean, keyspaces: [number, Keyspace][]) {
    super(store, ages, lfu);
    this.#entries = store.entries;
    this.#walks = keyspaces.map(([db, keyspace]) => ({ keyspace, db, cursor: 0, position: 0 }));
    for (const [, keyspace] of keyspaces) keyspace.pins++;
    store.snapshots.start(this);
  }

  protected stepKeys(_left: number, emit: SnapshotConsumer): number {
    return this.#current === this.#walks.length ? -1 : this.#stepKeyspace(this.#walks[this.#current]!, emit);
  }

  /** Emits the next bucket; returns how much that was, in keys. */
  #stepKeyspace(walk: Walk, emit: SnapshotConsumer): number {
    if (walk.position === END) {
      this.#current++;
      return 0;
    }
    // An empty bucket is work too, though less.
    let work = 0.1;
    walk.cursor = walk.keyspace.table.scan(walk.cursor, (ref) => {
      // A consumer that has had enough may close it in the middle of a bucket.
      if (this.closed || this.#isDone(walk, ref)) return;
      work += this.emit(walk.db, ref, emit);
    });
    walk.position = walk.cursor === 0 ? END : reverseBits(walk.cursor);
    return work;
  }

  protected unpin(): void {
    for (const walk of this.#walks) walk.keyspace.pins--;
  }

  beforeChange(keyspace: Keyspace, ref: number): void {
    for (let i = this.#current; i < this.#walks.length; i++) {
      const walk = this.#walks[i]!;
      if (walk.keyspace !== keyspace) continue;
      if (this.#isDone(walk, ref)) return;
      this.marks.add(ref);
      this.emit(walk.db, ref, this.onEntry);
      return;
    }
  }

  #isDone(walk: Walk, ref: number): boolean {
    return reverseBits(this.#entries.hash(ref)) < walk.position || this.marks.has(ref);
  }
}

/** What an element takes, in keys. */
const EFFORT = 1 / 2;

/** Past every reversed hash. */
const END = 0x100000000;
