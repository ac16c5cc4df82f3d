/** Writes an RDB file: header, keys, end. What it writes goes, in chunks, to whoever made its `RdbOutput`. */
import { Slice } from "../base/bytes.ts";
import type { SnapshotEntry } from "../engine/snapshot.ts";
import type { Store } from "../engine/store.ts";
import { DEFAULT_VERSION, MAGIC, Opcode, type WrittenVersion } from "./format.ts";
import { decimal, RdbOutput, type TakeChunk } from "./output.ts";
import { ValueWriters } from "./types.ts";
import type { PartsWriter } from "./value.ts";

/** What a file says of where it came from. */
export interface AuxFields {
  /** `redis-ver`. */
  readonly redisVersion: string;
  /** When it was made: Unix time in seconds. */
  readonly createdAt: number;
  readonly usedMemory: number;
  /** Where in the replication stream it was made. */
  readonly replication?: ReplicationPosition;
  /** Whether an append-only file goes on from here. */
  readonly aofBase?: boolean;
}

export interface ReplicationPosition {
  readonly replid: string;
  readonly offset: number;
  /** The database that the stream has selected; -1 if it begins with a SELECT. */
  readonly streamDb: number;
}

export interface RdbWriterOptions {
  readonly version?: WrittenVersion;
  /** `rdbcompression`, yes by default. */
  readonly compress?: boolean;
  /** `rdbchecksum`, yes by default. */
  readonly checksum?: boolean;
  /** Whether to write how long keys have been idle: under a policy of LRU. Frequencies are written where entries have one. */
  readonly idle?: boolean;
  /** For little that is written: how large the first chunk is. */
  readonly firstChunkBytes?: number;
}

export class RdbWriter {
  readonly output: RdbOutput;
  readonly #options: RdbWriterOptions;
  readonly #version: WrittenVersion;
  readonly #idle: boolean;
  readonly #writers: ValueWriters;
  #db = -1;

  /** `store` is where the values of the entries lie. */
  constructor(take: TakeChunk, store: Store | ValueWriters, options: RdbWriterOptions = {}) {
    const { compress = true, checksum = true, firstChunkBytes } = options;
    this.#writers = store instanceof ValueWriters ? store : new ValueWriters(store);
    this.output = new RdbOutput(take, { compress, checksum, firstChunkBytes });
    this.#options = options;
    this.#version = options.version ?? DEFAULT_VERSION;
    this.#idle = options.idle ?? false;
  }

  /** Another one for keys of the same file, whose bytes are to be added to `output` later. */
  aside(take: TakeChunk): RdbWriter {
    return new RdbWriter(take, this.#writers, { ...this.#options, checksum: false, firstChunkBytes: 1024 });
  }

  /** The bytes of one made by `aside` have been added to the output: its database is selected. */
  goOnBehind(aside: RdbWriter): void {
    this.#db = aside.#db;
  }

  header(fields: AuxFields): void {
    const magic = Slice.of(MAGIC + String(this.#version).padStart(4, "0"));
    this.output.raw(magic.bytes, magic.start, magic.end);
    this.aux("redis-ver", fields.redisVersion);
    this.aux("redis-bits", 64);
    this.aux("ctime", fields.createdAt);
    this.aux("used-mem", fields.usedMemory);
    if (fields.replication) {
      this.aux("repl-stream-db", fields.replication.streamDb);
      this.aux("repl-id", fields.replication.replid);
      this.aux("repl-offset", fields.replication.offset);
    }
    this.aux("aof-base", fields.aofBase ? 1 : 0);
  }

  aux(name: string, value: string | number): void {
    this.output.byte(Opcode.aux);
    this.output.text(name);
    this.output.string(typeof value === "number" ? decimal(value) : Slice.of(value));
  }

  functionLibrary(code: Slice): void {
    this.output.byte(Opcode.function2);
    this.output.string(code);
  }

  /** The keys that follow are of database `index`. */
  selectDb(index: number): void {
    this.output.byte(Opcode.selectDb);
    this.output.lengthOf(index);
    this.#db = index;
  }

  /** A hint for the reader: how many keys the selected database has, and how many of them expire. */
  resizeDb(size: number, expires: number): void {
    this.output.byte(Opcode.resizeDb);
    this.output.lengthOf(size);
    this.output.lengthOf(expires);
  }

  /** A key with its value and all that is known of it, behind the selection of its database if that changed. */
  entry(entry: SnapshotEntry): void {
    this.#head(entry);
    this.#writers.of(entry.type).write(this.output, entry, this.#version);
  }

  /** As `entry`, but only what comes before the parts of a large value, which the caller writes; null if it is not written so. */
  beginLarge(entry: SnapshotEntry, parts: number): PartsWriter | null {
    const writer = this.#writers.of(entry.type).inParts?.(entry, parts, this.#version) ?? null;
    if (writer === null) return null;
    this.#head(entry);
    writer.head(this.output);
    return writer;
  }

  /** All that stands before the value. */
  #head(entry: SnapshotEntry): void {
    const { output } = this;
    if (entry.db !== this.#db) this.selectDb(entry.db);
    if (entry.expireAt >= 0) {
      output.byte(Opcode.expireTimeMs);
      output.int64(entry.expireAt);
    }
    if (entry.frequency >= 0) {
      output.byte(Opcode.freq);
      output.byte(entry.frequency);
    } else if (this.#idle) {
      output.byte(Opcode.idle);
      output.lengthOf(entry.idleSeconds);
    }
    output.byte(this.#writers.of(entry.type).form(entry, this.#version));
    output.string(entry.key);
  }

  /** The end, the checksum, and the last chunk. */
  end(): void {
    this.output.byte(Opcode.eof);
    this.output.checksum();
    this.output.flush();
  }
}
