/**
 * The data as it was at one moment, read in slices while it goes on changing, without a copy. A walk goes through each
 * table in SCAN's order, which is the order of the hashes with their bits reversed, whatever the table's size: so one
 * number says exactly which entries are behind it. An entry that is still ahead and is about to change is emitted first
 * and its ref marked as done; so is the ref of every entry made since the start.
 */
import { Slice } from "../base/bytes.ts";
import { reverseBits } from "../memory/hash.ts";
import type { Ages } from "./ages.ts";
import { type Entries, INT, STRING, TYPE_SHIFT, TYPES, type TypeName, VOLATILE } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";

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

/** The walk through one keyspace. */
interface Walk {
  readonly keyspace: Keyspace;
  readonly db: number;
  cursor: number;
  /** Entries whose reversed hash is below this are behind the walk. */
  position: number;
}

/** The running snapshots: what the keyspaces ask before every change. */
export class Snapshots {
  active = false;
  #running: Snapshot[] = [];

  start(snapshot: Snapshot): void {
    this.#running.push(snapshot);
    this.active = true;
  }

  end(snapshot: Snapshot): void {
    this.#running = this.#running.filter((other) => other !== snapshot);
    this.active = this.#running.length > 0;
  }

  /** A block was taken for an entry: whatever it holds, no running snapshot has to emit it (any more). */
  created(ref: number): void {
    for (const snapshot of this.#running) snapshot.mark(ref);
  }

  beforeChange(keyspace: Keyspace, ref: number): void {
    for (const snapshot of this.#running) snapshot.beforeChange(keyspace, ref);
  }
}

export class Snapshot {
  /** Takes every entry that `step` is not given a consumer for, above all those that are emitted out of turn. */
  onEntry: SnapshotConsumer = () => {};
  readonly #entries: Entries;
  readonly #ages: Ages;
  readonly #lfu: boolean;
  readonly #snapshots: Snapshots;
  readonly #walks: Walk[];
  #current = 0;
  #closed = false;
  /** A bit for every unit of a page; pages without a mark have none. */
  #marks: (Int32Array | undefined)[] = [];
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

  /** For `Engine.snapshot`. */
  constructor(snapshots: Snapshots, entries: Entries, ages: Ages, lfu: boolean, keyspaces: [number, Keyspace][]) {
    this.#snapshots = snapshots;
    this.#entries = entries;
    this.#ages = ages;
    this.#lfu = lfu;
    this.#walks = keyspaces.map(([db, keyspace]) => ({ keyspace, db, cursor: 0, position: 0 }));
    for (const [, keyspace] of keyspaces) keyspace.pins++;
    snapshots.start(this);
  }

  /** Emits about `keys` entries, whole buckets at a time; false when all have been emitted. */
  step(keys: number, emit: SnapshotConsumer = this.onEntry): boolean {
    let left = keys;
    while (!this.#closed && this.#current < this.#walks.length) {
      if (left <= 0) return true;
      const walk = this.#walks[this.#current]!;
      if (walk.position === END) {
        this.#current++;
        continue;
      }
      // A walk over empty buckets is work too, though less.
      left -= 0.1;
      walk.cursor = walk.keyspace.table.scan(walk.cursor, (ref) => {
        // A consumer that has had enough may close it in the middle of a bucket.
        if (this.#closed || this.#isDone(walk, ref)) return;
        left--;
        this.#emit(walk, ref, emit);
      });
      walk.position = walk.cursor === 0 ? END : reverseBits(walk.cursor);
    }
    this.close();
    return false;
  }

  /** Ends it, whether finished or not. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#marks = [];
    for (const walk of this.#walks) walk.keyspace.pins--;
    this.#snapshots.end(this);
  }

  beforeChange(keyspace: Keyspace, ref: number): void {
    for (let i = this.#current; i < this.#walks.length; i++) {
      const walk = this.#walks[i]!;
      if (walk.keyspace !== keyspace) continue;
      if (this.#isDone(walk, ref)) return;
      this.mark(ref);
      this.#emit(walk, ref, this.onEntry);
      return;
    }
  }

  mark(ref: number): void {
    const page = ref >>> 20;
    const unit = ref & 0xfffff;
    let bits = this.#marks[page];
    if (bits === undefined) bits = this.#marks[page] = new Int32Array(1 << 15);
    bits[unit >>> 5]! |= 1 << (unit & 31);
  }

  #isDone(walk: Walk, ref: number): boolean {
    if (reverseBits(this.#entries.hash(ref)) < walk.position) return true;
    const bits = this.#marks[ref >>> 20];
    const unit = ref & 0xfffff;
    return bits !== undefined && (bits[unit >>> 5]! & (1 << (unit & 31))) !== 0;
  }

  #emit(walk: Walk, ref: number, emit: SnapshotConsumer): void {
    const entries = this.#entries;
    const entry = this.#entry;
    const meta = entries.meta(ref);
    const bytes = entries.bytes(ref);
    const valueAt = entries.valueAt(ref);
    entry.db = walk.db;
    entry.key.set(bytes, entries.keyAt(ref), valueAt);
    entry.type = TYPES[meta >>> TYPE_SHIFT]!;
    entry.expireAt = (meta & VOLATILE) === 0 ? -1 : entries.expireAt(ref);
    entry.idleSeconds = this.#lfu ? 0 : this.#ages.idleSeconds(meta);
    entry.frequency = this.#lfu ? this.#ages.frequency(meta) : -1;
    entry.string.set(bytes, valueAt, valueAt + entries.valueLength(ref));
    entry.encodingInt = (meta & INT) !== 0;
    entry.root = meta >>> TYPE_SHIFT === STRING ? 0 : entries.root(ref);
    emit(entry);
  }
}

/** Past every reversed hash. */
const END = 0x100000000;
