/**
 * What a value type brings for files and payloads: a reader of its forms and a writer. `types/` has one file a type,
 * `types.ts` the list of them. Everybody who reads or writes values (the file's reader, RESTORE, DUMP, snapshots) goes
 * through here and knows no type by name.
 */
import { Slice } from "../base/bytes.ts";
import type { Database } from "../engine/database.ts";
import type { TypeName } from "../engine/entry.ts";
import type { StoredValue } from "../engine/snapshot.ts";
import type { Store } from "../engine/store.ts";
import type { WrittenVersion } from "./format.ts";
import type { RdbInput } from "./input.ts";
import type { RdbOutput } from "./output.ts";

/** A key and what the file says about it; one object, used again for every key. */
export class KeyHeader {
  db = 0;
  /** Lent, as all slices here: valid until the sink returns. */
  key = new Slice();
  /** Unix time in ms; -1 for none. */
  expireAt = -1;
  /** Seconds since the last access; -1 if the file does not say. */
  idleSeconds = -1;
  /** The LFU counter; -1 if the file does not say. */
  frequency = -1;
  /** The number of the value's form. */
  type = 0;
}

export interface ReadOptions {
  /**
   * `sanitize-dump-payload`: whether to look also for what takes time to find and does no harm below, such as a field that a
   * packed hash has twice. That bytes are well formed and in bounds is always checked.
   */
  readonly deep?: boolean;
}

/**
 * Reads the values of one type into a store, one after the other, outside of the databases: nobody sees a value before it is
 * whole and `store` gives it a key.
 */
export interface ValueReader {
  /**
   * Reads one part: a short value whole, a long one by its elements. It either reaches the part's end or is thrown out by
   * `short`, and is then called again for the same part: so it reads all of the part before it changes anything.
   * @param form  the number of the value's form, one of the row's
   * @param part  the parts read so far; at 0 a new value begins
   * @returns  whether that was the last one
   * @throws   RdbError; the caller then discards the value
   */
  read(input: RdbInput, form: number, part: number): boolean;
  /** Whether the value that was read is an empty one of a type that has none: no key is made of it. */
  readonly empty: boolean;
  /** Puts the value that was read under `key`, in the place of what was there. `expireAt`: unix ms, -1 for never. */
  store(db: Database, key: Slice, expireAt?: number): void;
  /** Forgets the value, be it whole or half. */
  discard(): void;
}

export interface ValueWriter {
  /** The number of the form in which `write` writes this value. */
  form(value: StoredValue, version: WrittenVersion): number;
  write(output: RdbOutput, value: StoredValue, version: WrittenVersion): void;
  /** For a type that has walks (`ContainerType.walk`): writes a value in parts while it changes; asked before it does. */
  inParts?(value: StoredValue, parts: number, version: WrittenVersion): PartsWriter;
}

/** Writes one large value as `write` would, but part by part, in whatever order they come. */
export interface PartsWriter {
  /** What comes before the parts. */
  head(output: RdbOutput): void;
  /** An element of a table, by its ref. */
  element?(output: RdbOutput, ref: number): void;
  /** A node of a list: the entries in bytes[begin, end), `count` of them. */
  node?(output: RdbOutput, bytes: Uint8Array, begin: number, end: number, count: number): void;
  /** Behind all parts: some of what stands there, until it answers false. For walks that ask for it. */
  tail?(output: RdbOutput): boolean;
}

export interface TypeRow {
  readonly type: TypeName;
  /** The numbers of the forms that its reader reads: see `TYPE_NAMES`. */
  readonly forms: readonly number[];
  /** One a load: it may keep what it needs between parts. */
  reader(store: Store, options: ReadOptions): ValueReader;
  writer(store: Store): ValueWriter;
}
