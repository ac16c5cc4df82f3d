/**
 * A snapshot of an engine as the bytes of an RDB file, made piece by piece between commands: BGSAVE and the full sync of a
 * replica pull it at their own pace. It shows the data as they were when it began: a key that changes before its turn is
 * written at once, so what waits to be pulled grows with the writes that go on, never with the size of the data.
 */
import type { Slice } from "../base/bytes.ts";
import type { Engine } from "../engine/engine.ts";
import type { Snapshot, SnapshotEntry } from "../engine/snapshot.ts";
import { type AuxFields, RdbWriter, type RdbWriterOptions } from "./writer.ts";

export interface RdbStreamOptions extends Omit<RdbWriterOptions, "idle"> {
  /** Sources of the libraries of functions, written ahead of the keys. */
  readonly functionLibraries?: Iterable<Slice>;
}

const NOTHING = new Uint8Array(0);
/** About a chunk of small keys: some tenths of a millisecond. */
const KEYS_A_SLICE = 512;
const KEYS_A_STEP = 16;

export class RdbStream {
  /** Keys written so far. */
  keys = 0;
  /** Bytes that are ready and were not pulled yet. */
  queuedBytes = 0;
  readonly #snapshot: Snapshot;
  readonly #writer: RdbWriter;
  #queue: Uint8Array[] = [];
  #queueHead = 0;
  #state: "walking" | "ended" | "closed" = "walking";
  /** Per database: the sizes at the start, until they have been written. */
  readonly #sizes = new Map<number, { size: number; expires: number }>();
  readonly #emit: (entry: SnapshotEntry) => void;

  constructor(engine: Engine, fields: AuxFields, options: RdbStreamOptions = {}) {
    const take = (chunk: Uint8Array) => {
      this.#queue.push(chunk);
      this.queuedBytes += chunk.length;
    };
    // As in Redis: what the policy does not use is not worth the bytes.
    const idle = engine.policy.maxmemoryPolicy.endsWith("-lru");
    this.#writer = new RdbWriter(take, engine.store, { ...options, idle });
    for (const db of engine.databases) {
      if (db.size > 0) this.#sizes.set(db.index, { size: db.size, expires: db.volatileSize });
    }
    this.#emit = (entry) => this.#write(entry);
    this.#snapshot = engine.snapshot();
    this.#snapshot.onEntry = this.#emit;
    this.#writer.header(fields);
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
  }

  /** In small steps, so that one slice of large values does not make many chunks at once. */
  #walk(keys: number): void {
    for (let left = keys; left > 0 && this.#queue.length === 0; left -= KEYS_A_STEP) {
      if (this.#snapshot.step(Math.min(left, KEYS_A_STEP), this.#emit)) continue;
      this.#snapshot.close();
      this.#state = "ended";
      this.#writer.end();
      return;
    }
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
    const sizes = this.#sizes.get(entry.db);
    if (sizes) {
      this.#sizes.delete(entry.db);
      this.#writer.selectDb(entry.db);
      this.#writer.resizeDb(sizes.size, sizes.expires);
    }
    this.#writer.entry(entry);
    this.keys++;
  }
}
