/**
 * A snapshot of an engine as the bytes of an RDB file, made piece by piece between commands: BGSAVE and the full sync of a
 * replica pull it at their own pace. It shows the data as they were when it began: a key that changes before its turn is
 * written at once, so what waits to be pulled grows with the writes that go on, never with the size of the data.
 *
 * A large value is written in slices. In a file it is one piece, so what else is to be written before it is done waits aside:
 * entries that change, and of other large values the elements that do.
 */
import type { Slice } from "../base/bytes.ts";
import type { Engine } from "../engine/engine.ts";
import type { LargeValueSink } from "../engine/large-values.ts";
import type { RunningSnapshot, SnapshotEntry } from "../engine/snapshot.ts";
import { Aside } from "./aside.ts";
import { HIDDEN } from "./format.ts";
import type { PartsWriter } from "./value.ts";
import { type AuxFields, RdbWriter, type RdbWriterOptions } from "./writer.ts";

export interface RdbStreamOptions extends Omit<RdbWriterOptions, "idle"> {
  /** Sources of the libraries of functions, written ahead of the keys. */
  readonly functionLibraries?: Iterable<Slice>;
  /** What is written in the place of all keys. */
  readonly snapshot?: RunningSnapshot;
}

const NOTHING = new Uint8Array(0);
/** About a chunk of small keys: some tenths of a millisecond. */
const KEYS_A_SLICE = 512;
const KEYS_A_STEP = 16;
/** Of a large value more is done in a step: there is less to be known before. */
const LARGE_STEP = 128;
/** Chunks of 64 KiB that are added in a slice. */
const CHUNKS_A_SLICE = 4;

export class RdbStream {
  /** Keys written so far. */
  keys = 0;
  /** Bytes that are ready and were not pulled yet. */
  queuedBytes = 0;
  readonly #snapshot: RunningSnapshot;
  readonly #writer: RdbWriter;
  #queue: Uint8Array[] = [];
  #queueHead = 0;
  #state: "walking" | "ended" | "closed" = "walking";
  /** Per database: the sizes at the start, until they have been written. */
  readonly #sizes = new Map<number, { size: number; expires: number }>();
  readonly #emit: (entry: SnapshotEntry) => void;
  /** Large values that were begun, in the order in which they stand in the file: the first is being written there. */
  readonly #large: LargeValue[] = [];
  /** Entries that wait for the end of that one. */
  #entries: Aside | null = null;
  /** What waited and is being added to the file: nothing else is written there until then. */
  readonly #adding: Aside[] = [];
  /** The snapshot has told all. */
  #told = false;

  constructor(engine: Engine, fields: AuxFields, options: RdbStreamOptions = {}) {
    const take = (chunk: Uint8Array) => {
      this.#queue.push(chunk);
      this.queuedBytes += chunk.length;
    };
    // As in Redis: what the policy does not use is not worth the bytes.
    const idle = engine.policy.maxmemoryPolicy.endsWith("-lru");
    this.#writer = new RdbWriter(take, engine.store, { ...options, idle });
    for (const db of options.snapshot === undefined ? engine.databases : []) {
      if (db.size > 0) this.#sizes.set(db.index, { size: db.size, expires: db.volatileSize });
    }
    this.#emit = (entry) => this.#write(entry);
    this.#snapshot = options.snapshot ?? engine.snapshot();
    this.#snapshot.onEntry = this.#emit;
    this.#snapshot.onLargeValue = (entry, parts) => this.#beginLarge(entry, parts);
    this.#writer.header(fields);
    if (options.snapshot === undefined && engine.hidden.label !== "") this.#writer.aux(HIDDEN, engine.hidden.label);
    for (const code of options.functionLibraries ?? []) this.#writer.functionLibrary(code);
  }

  /** Bytes written so far, those included that were not pulled yet. */
  get bytes(): number {
    return this.#writer.output.length;
  }

  /**
   * Goes on for about `keys` keys, or until a chunk is full.
   * @returns  the next bytes of the file, the caller's own from then on (see `recycle`); none for the time being, as an
   *   empty array: call again; null at the end
   */
  next(keys = KEYS_A_SLICE): Uint8Array | null {
    if (this.#state === "walking" && this.#queueHead === this.#queue.length) this.#walk(keys);
    if (this.#queueHead < this.#queue.length) return this.#shift();
    return this.#state === "walking" ? NOTHING : null;
  }

  /** Gives back a chunk that `next` gave, for use again. No need to, but it spares the garbage collector. */
  recycle(chunk: Uint8Array): void {
    this.#writer.output.recycle(chunk);
  }

  /** Ends it early; the snapshot costs nothing from then on. */
  close(): void {
    if (this.#state === "walking") this.#snapshot.close();
    this.#state = "closed";
    this.#queue = [];
    this.#queueHead = 0;
    this.queuedBytes = 0;
    this.#large.length = 0;
    this.#adding.length = 0;
    this.#entries = null;
  }

  /** In small steps, so that one slice of large values does not make many chunks at once. */
  #walk(keys: number): void {
    for (let left = keys; left > 0 && this.#queue.length === 0; ) {
      if (this.#adding.length > 0) {
        this.#add();
        return;
      }
      if (this.#told) {
        this.#state = "ended";
        this.#writer.end();
        return;
      }
      const step = Math.min(left, this.#large.length > 0 ? LARGE_STEP : KEYS_A_STEP);
      left -= step;
      this.#told = !this.#snapshot.step(step, this.#emit);
    }
  }

  /** Goes on adding what waited. */
  #add(): void {
    const first = this.#adding[0]!;
    if (!first.addTo(this.#writer, CHUNKS_A_SLICE)) return;
    this.#adding.shift();
    const next = this.#large[0];
    if (next?.aside === first) next.moveTo(this.#writer);
    // Entries that came while others were added.
    if (this.#adding.length === 0 && this.#large.length === 0) this.#addEntries();
  }

  #addEntries(): void {
    if (this.#entries !== null) this.#adding.push(this.#entries);
    this.#entries = null;
  }

  #shift(): Uint8Array {
    const chunk = this.#queue[this.#queueHead]!;
    this.#queue[this.#queueHead++] = NOTHING;
    if (this.#queueHead === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueHead = 0;
    }
    this.queuedBytes -= chunk.length;
    return chunk;
  }

  #write(entry: SnapshotEntry): void {
    let writer = this.#writer;
    if (this.#isBusy) writer = (this.#entries ??= new Aside(this.#writer)).writer;
    this.#writeSizes(writer, entry.db);
    writer.entry(entry);
    this.keys++;
  }

  /** Whether the file is in the midst of something else. */
  get #isBusy(): boolean {
    return this.#large.length > 0 || this.#adding.length > 0;
  }

  #writeSizes(writer: RdbWriter, db: number): void {
    const sizes = this.#sizes.get(db);
    if (sizes === undefined) return;
    this.#sizes.delete(db);
    writer.selectDb(db);
    writer.resizeDb(sizes.size, sizes.expires);
  }

  #beginLarge(entry: SnapshotEntry, parts: number): LargeValueSink | null {
    const aside = this.#isBusy ? new Aside(this.#writer) : null;
    const writer = aside?.writer ?? this.#writer;
    this.#writeSizes(writer, entry.db);
    const written = writer.beginLarge(entry, parts);
    if (written === null) return null;
    this.keys++;
    const value = new LargeValue(written, writer, aside, () => this.#endLarge());
    // It is its turn as soon as what is being added now is in the file.
    if (aside !== null && this.#large.length === 0) this.#adding.push(aside);
    this.#large.push(value);
    return value;
  }

  /** The first of the large values is whole: what waited for that follows, then the next one. */
  #endLarge(): void {
    this.#large.shift();
    this.#addEntries();
    const next = this.#large[0];
    if (next !== undefined) this.#adding.push(next.aside!);
  }
}

/** A large value on its way into the file. */
class LargeValue implements LargeValueSink {
  readonly end: () => void;
  readonly #parts: PartsWriter;
  #writer: RdbWriter;
  /** What was written before its turn; null for one that was begun in its turn. */
  readonly aside: Aside | null;

  constructor(parts: PartsWriter, writer: RdbWriter, aside: Aside | null, end: () => void) {
    this.#parts = parts;
    this.#writer = writer;
    this.aside = aside;
    this.end = end;
  }

  element(ref: number): void {
    this.#parts.element!(this.#writer.output, ref);
  }

  node(bytes: Uint8Array, begin: number, end: number, count: number): void {
    this.#parts.node!(this.#writer.output, bytes, begin, end, count);
  }

  tail(): boolean {
    return this.#parts.tail!(this.#writer.output);
  }

  /** It is its turn. */
  moveTo(writer: RdbWriter): void {
    this.#writer = writer;
  }
}
