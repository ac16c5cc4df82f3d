/**
 * Hashes: field by field, or as the bytes of a listpack; zipmaps and ziplists of old are read. Where fields expire, the forms of
 * Redis 7.4 say when: those of its release, in which times count from the first one, and those of its candidates.
 */
import { Slice } from "../../base/bytes.ts";
import { HashValue } from "../../engine/hash/hash-value.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";
import { EntryText, Listpack, ListpackView, validateListpack } from "../../memory/listpack.ts";
import { ValueType, type WrittenVersion } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import type { RdbOutput } from "../output.ts";
import { RootReader } from "../root-reader.ts";
import type { PartsWriter, ReadOptions, TypeRow, ValueWriter } from "../value.ts";
import { validateZiplist, visitZiplist } from "../ziplist.ts";
import { ZipmapView } from "./zipmap.ts";

export const hash: TypeRow = {
  type: "hash",
  forms: [
    ValueType.hash,
    ValueType.hashZipmap,
    ValueType.hashZiplist,
    ValueType.hashListpack,
    ValueType.hashMetadataPreRelease,
    ValueType.hashListpackExPreRelease,
    ValueType.hashMetadata,
    ValueType.hashListpackEx,
  ],
  reader: (store, options) => new HashReader(store, options),
  writer: (store) => new HashWriter(store),
};

/** Times have 48 bits in Redis. */
const MAX_TIME = 0xffffffffffff;

class HashReader extends RootReader {
  readonly #fieldSlot = new StringSlot();
  readonly #valueSlot = new StringSlot();
  readonly #field = new Slice();
  readonly #value = new Slice();
  readonly #deep: boolean;
  readonly #hash: HashValue;
  readonly #list: Listpack;
  /** Fields still to come. */
  #left = 0;
  /** What the times of the fields count from. */
  #base = 0;

  constructor(store: Store, options: ReadOptions) {
    super("hash", store);
    this.#deep = options.deep ?? false;
    this.#hash = new HashValue(store);
    this.#list = new Listpack(store.arena);
  }

  read(input: RdbInput, form: number, part: number): boolean {
    switch (form) {
      case ValueType.hash:
        return part === 0 ? this.#begin(input) : this.#readField(input);
      case ValueType.hashMetadata:
      case ValueType.hashMetadataPreRelease:
        return part === 0 ? this.#beginExpiring(input, form) : this.#readExpiringField(input);
      case ValueType.hashZipmap:
        this.#readZipmap(input);
        return true;
      case ValueType.hashZiplist:
        this.#readZiplist(input);
        return true;
      case ValueType.hashListpack:
        this.#readListpack(input);
        return true;
      default:
        // What the first field's time is says the listpack itself.
        if (form === ValueType.hashListpackEx) input.skip(8);
        this.#readExpiringListpack(input);
        return true;
    }
  }

  // Field by field

  #begin(input: RdbInput): boolean {
    this.#left = input.plainLength();
    return this.#left === 0;
  }

  #beginExpiring(input: RdbInput, form: number): boolean {
    // The first field has the time 1 then, as 0 is never.
    this.#base = form === ValueType.hashMetadata ? input.int64() - 1 : 0;
    return this.#begin(input);
  }

  #readField(input: RdbInput): boolean {
    const field = input.string(this.#fieldSlot);
    const value = input.string(this.#valueSlot);
    this.#set(input, field, value);
    return --this.#left === 0;
  }

  #readExpiringField(input: RdbInput): boolean {
    const time = input.plainLength();
    const field = input.string(this.#fieldSlot);
    const value = input.string(this.#valueSlot);
    const expireAt = time === 0 ? 0 : this.#base + time;
    if (expireAt < 0 || expireAt > MAX_TIME) throw input.corrupt("a time that is none");
    const hash = this.#set(input, field, value);
    if (expireAt !== 0) {
      hash.makeExpiring();
      hash.find(field);
      hash.setExpireAt(expireAt);
    }
    return --this.#left === 0;
  }

  #set(input: RdbInput, field: Slice, value: Slice): HashValue {
    const hash = this.#hash;
    if (this.root !== 0) hash.position(this.root);
    else {
      this.root = hash.create().root;
      if (this.#left > this.values.policy.hashMaxListpackEntries) hash.convert();
    }
    if (!hash.set(field, value)) throw input.corrupt("a field that a hash has twice");
    return hash;
  }

  #readZipmap(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#fieldSlot);
    const zipmap = new ZipmapView(bytes, start, end);
    let more = zipmap.next();
    for (; more; more = zipmap.next()) {
      this.#field.set(bytes, zipmap.fieldStart, zipmap.fieldEnd);
      this.#value.set(bytes, zipmap.valueStart, zipmap.valueEnd);
      this.#set(input, this.#field, this.#value);
    }
    if (more === null) throw input.corrupt("a zipmap that is none");
  }

  #readZiplist(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#fieldSlot);
    const count = validateZiplist(bytes, start, end);
    if (count < 0 || count % 2 !== 0) throw input.corrupt("a ziplist that is none of a hash");
    let field: Slice | null = null;
    visitZiplist(bytes, start, end, (entry) => {
      const text = entry instanceof Slice ? entry : Slice.of(String(entry));
      if (field === null) field = this.#field.set(text.bytes, text.start, text.end);
      else {
        this.#set(input, field, text);
        field = null;
      }
    });
  }

  // Packed

  #readListpack(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#fieldSlot);
    const count = validateListpack(bytes, start, end);
    if (count < 0 || count % 2 !== 0) throw input.corrupt("a listpack that is none of a hash");
    this.#adopt(input, bytes, start, count / 2, 2);
  }

  #readExpiringListpack(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#fieldSlot);
    const count = validateListpack(bytes, start, end);
    if (count < 0 || count % 3 !== 0) throw input.corrupt("a listpack that is none of a hash");
    if (!hasSoundTimes(bytes, start)) throw input.corrupt("times of fields that are none");
    this.#adopt(input, bytes, start, count / 3, 3);
  }

  #adopt(input: RdbInput, bytes: Uint8Array, start: number, fields: number, stride: number): void {
    if (this.#deep && hasTwice(bytes, start, stride)) throw input.corrupt("a field that a hash has twice");
    if (fields === 0) return;
    const hash = this.#hash.adopt(this.#list.load(bytes, start), stride === 3);
    this.root = hash.root;
    if (fields > this.values.policy.hashMaxListpackEntries) hash.convert();
  }
}

/** Whether the third of each three is a time, and no earlier than those before. */
function hasSoundTimes(bytes: Uint8Array, start: number): boolean {
  const list = new ListpackView().over(bytes, start);
  let before = 0;
  for (let at = list.first(); at !== 0; ) {
    at = list.next(list.next(at));
    const time = list.integer(at);
    if (!(time >= 0 && time <= MAX_TIME)) return false;
    const place = time === 0 ? Number.POSITIVE_INFINITY : time;
    if (place < before) return false;
    before = place;
    at = list.next(at);
  }
  return true;
}

/** Whether a field is there twice, whatever forms the two stand in. */
function hasTwice(bytes: Uint8Array, start: number, stride: number): boolean {
  const list = new ListpackView().over(bytes, start);
  const seen = new Set<string>();
  const text = new EntryText();
  for (let at = list.first(); at !== 0; ) {
    const field = list.text(at, text).latin1();
    if (seen.has(field)) return true;
    seen.add(field);
    for (let i = 0; i < stride; i++) at = list.next(at);
  }
  return false;
}

class HashWriter implements ValueWriter {
  readonly #hash: HashValue;
  readonly #packed = new Slice();

  constructor(store: Store) {
    this.#hash = new HashValue(store);
  }

  /** A hash none of whose fields expires has a form that every version reads. */
  form({ root }: StoredValue, _version: WrittenVersion): number {
    const hash = this.#hash.position(root);
    if (hash.nextExpiry() !== 0) return hash.isTable ? ValueType.hashMetadata : ValueType.hashListpackEx;
    return hash.isTable || hash.isExpiring ? ValueType.hash : ValueType.hashListpack;
  }

  write(output: RdbOutput, value: StoredValue, version: WrittenVersion): void {
    const form = this.form(value, version);
    const hash = this.#hash;
    const soonest = hash.nextExpiry();
    if (soonest !== 0) output.int64(soonest);
    if (form === ValueType.hashListpack || form === ValueType.hashListpackEx) {
      const { bytes, base, size } = hash.packed.list;
      output.string(this.#packed.set(bytes, base, base + size));
      return;
    }
    output.lengthOf(hash.size);
    for (let more = hash.first(); more; more = hash.next()) {
      if (soonest !== 0) {
        const time = hash.expireAt();
        output.lengthOf(time === 0 ? 0 : time - soonest + 1);
      }
      output.string(hash.field());
      output.string(hash.value());
    }
  }

  inParts({ root }: StoredValue, parts: number): PartsWriter {
    const soonest = this.#hash.position(root).nextExpiry();
    const fields = this.#hash.table;
    const text = this.#packed;
    return {
      head(output) {
        if (soonest !== 0) output.int64(soonest);
        output.lengthOf(parts);
      },
      element(output, ref) {
        if (soonest !== 0) {
          const time = fields.expireAt(ref);
          output.lengthOf(time === 0 ? 0 : time - soonest + 1);
        }
        output.string(fields.field(ref, text));
        output.string(fields.value(ref, text));
      },
    };
  }
}
