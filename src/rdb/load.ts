/**
 * The sink that fills an engine from an RDB file. If reading fails midway the engine holds a part: throw it away. It sets the
 * engine's `expiryMode` to "keep"; who loads sets it to what its role asks for when all is there.
 */
import type { Slice } from "../base/bytes.ts";
import { quoteWord } from "../base/words.ts";
import type { Database } from "../engine/database.ts";
import type { Engine } from "../engine/engine.ts";
import { HIDDEN, RdbError } from "./format.ts";
import type { RdbSink } from "./reader.ts";
import { SkippingReader } from "./skip.ts";
import { ValueReaders } from "./types.ts";
import type { KeyHeader, ReadOptions, ValueReader } from "./value.ts";
import type { ReplicationPosition } from "./writer.ts";

export interface EngineLoaderOptions extends ReadOptions {
  /** Unix time in ms. */
  readonly now: number;
  /** Whether keys whose time has come are left out: on a primary. A replica keeps them until its primary deletes them. */
  readonly dropExpired: boolean;
  /** Takes the libraries of functions; without it a file that has some is refused, so that nothing gets lost. */
  readonly functionLibrary?: (code: Slice) => void;
  /** A key that is there already is replaced, instead of refused as a sign of a broken file (DEBUG RELOAD NOFLUSH MERGE). */
  readonly replaceKeys?: boolean;
}

export class EngineLoader implements RdbSink {
  keysLoaded = 0;
  keysExpired = 0;
  /** Keys whose values had no elements, which were left out as Redis does. */
  keysEmpty = 0;
  /** The aux fields by name, as text. */
  readonly fields = new Map<string, string>();
  /** Modules that had saved data of their own, which was left out. */
  readonly skippedModules: string[] = [];
  readonly #engine: Engine;
  readonly #options: EngineLoaderOptions;
  #db: Database;
  readonly #readers: ValueReaders;
  readonly #skipping = new SkippingReader();
  /** For how many more keys room is made ahead of them. */
  #roomLeft = 1 << 22;

  constructor(engine: Engine, options: EngineLoaderOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#db = engine.databases[0]!;
    this.#readers = new ValueReaders(engine.store, options);
    engine.expiryMode = "keep";
  }

  /** Where in a replication stream the file was made, if it says so in full. */
  get replication(): ReplicationPosition | undefined {
    const replid = this.fields.get("repl-id");
    const offset = Number(this.fields.get("repl-offset") ?? Number.NaN);
    const streamDb = Number(this.fields.get("repl-stream-db") ?? Number.NaN);
    if (replid?.length !== 40 || !Number.isSafeInteger(offset) || !Number.isSafeInteger(streamDb)) return undefined;
    return { replid, offset, streamDb };
  }

  aux(name: Slice, value: Slice): void {
    // A file may hold any number of fields; those we do not know are no reason to grow.
    if (name.latin1() === HIDDEN) this.#engine.hidden.label = value.latin1();
    if (this.fields.size < 64 && value.length <= 1024) this.fields.set(name.latin1(), value.latin1());
  }

  selectDb(index: number): void {
    const databases = this.#engine.databases;
    const db = databases[index];
    if (db === undefined) {
      const text = `FATAL: Data file was created with a Redis server configured to handle more than ${databases.length} databases. Exiting`;
      throw new RdbError("unsupported", text);
    }
    this.#db = db;
  }

  resizeDb(size: number): void {
    // A file may claim what it likes; beyond this room the tables grow in steps, as always.
    const believed = Math.min(size, this.#roomLeft);
    this.#roomLeft -= believed;
    this.#db.reserve(believed);
  }

  functionLibrary(code: Slice): void {
    if (this.#options.functionLibrary === undefined) {
      throw new RdbError("unsupported", "a library of functions is not supported yet");
    }
    this.#options.functionLibrary(code);
  }

  moduleAux(module: string): void {
    if (this.skippedModules.length < 64) this.skippedModules.push(module);
  }

  value(header: KeyHeader): ValueReader | undefined {
    const reader = this.#readers.of(header.type);
    return reader !== undefined && this.#isExpired(header) ? this.#skipping.of(header.type, reader) : reader;
  }

  key(header: KeyHeader, value: ValueReader): void {
    if (value === this.#skipping) {
      value.discard();
      this.keysExpired++;
    } else if (value.empty) {
      value.discard();
      this.keysEmpty++;
    } else this.#store(header, value);
  }

  #store(header: KeyHeader, value: ValueReader): void {
    const sizeBefore = this.#db.size;
    // A time before 1970 is as past as any.
    const expireAt = header.expireAt === -1 ? -1 : Math.max(0, header.expireAt);
    value.store(this.#db, header.key, expireAt);
    this.#finish(header, sizeBefore);
  }

  #isExpired(header: KeyHeader): boolean {
    const { dropExpired, now } = this.#options;
    return dropExpired && header.expireAt !== -1 && header.expireAt < now;
  }

  /** What all types have in common, behind the value. */
  #finish(header: KeyHeader, sizeBefore: number): void {
    const db = this.#db;
    const { key } = header;
    if (db.size === sizeBefore && !this.#options.replaceKeys) {
      throw new RdbError("corrupt", `RDB has duplicated key ${quoteWord(key.latin1())} in DB ${db.index}`);
    }
    // As in Redis: what the policy does not use is not taken over.
    if (this.#engine.policy.lfu) {
      if (header.frequency >= 0) db.setFrequency(key, header.frequency);
    } else if (header.idleSeconds >= 0) {
      db.setIdle(key, header.idleSeconds);
    }
    this.keysLoaded++;
  }
}
