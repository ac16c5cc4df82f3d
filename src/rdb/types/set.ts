/**
 * Sets: member by member, or as the bytes of an intset or a listpack. Files of version 10 know no listpacks of sets: there
 * such a set goes member by member.
 */
import { Slice } from "../../base/bytes.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { Encoding, SetValue } from "../../engine/set/set-value.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";
import { isIntset } from "../../memory/intset.ts";
import { EntryText, ListpackView, validateListpack } from "../../memory/listpack.ts";
import { ValueType, type WrittenVersion } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import type { RdbOutput } from "../output.ts";
import { RootReader } from "../root-reader.ts";
import type { PartsWriter, ReadOptions, TypeRow, ValueWriter } from "../value.ts";

export const set: TypeRow = {
  type: "set",
  forms: [ValueType.set, ValueType.setIntset, ValueType.setListpack],
  reader: (store, options) => new SetReader(store, options),
  writer: (store) => new SetWriter(store),
};

class SetReader extends RootReader {
  readonly #slot = new StringSlot();
  readonly #deep: boolean;
  readonly #set: SetValue;
  #left = 0;

  constructor(store: Store, options: ReadOptions) {
    super("set", store);
    this.#deep = options.deep ?? false;
    this.#set = new SetValue(store);
  }

  read(input: RdbInput, form: number, part: number): boolean {
    if (form === ValueType.setIntset) this.#readIntset(input);
    else if (form === ValueType.setListpack) this.#readListpack(input);
    else return this.#readMember(input, part);
    return true;
  }

  #readMember(input: RdbInput, part: number): boolean {
    if (part === 0) {
      this.#left = input.plainLength();
      return this.#left === 0;
    }
    const member = input.string(this.#slot);
    const { sets, policy } = this.values;
    if (this.root === 0) {
      const isLarge = this.#left > policy.setMaxIntsetEntries;
      this.root = sets.create(isLarge ? Encoding.table : Encoding.intset, this.#set).root;
    }
    if (!this.#set.add(member)) throw input.corrupt("a member that a set has twice");
    return --this.#left === 0;
  }

  #readIntset(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#slot);
    if (!isIntset(bytes, start, end, this.#deep)) throw input.corrupt("an intset that is none");
    const { sets, policy } = this.values;
    this.root = sets.create(Encoding.intset, this.#set).loadIntset(bytes, start, end).root;
    if (this.#set.size > policy.setMaxIntsetEntries) this.#set.toTable();
  }

  #readListpack(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#slot);
    const count = validateListpack(bytes, start, end);
    if (count < 0) throw input.corrupt("a listpack that is none");
    if (this.#deep && hasTwice(bytes, start)) throw input.corrupt("a member that a set has twice");
    if (count === 0) return;
    const { sets, policy } = this.values;
    this.root = sets.create(Encoding.listpack, this.#set).loadListpack(bytes, start).root;
    if (count > policy.setMaxListpackEntries) this.#set.toTable();
  }
}

/** Whether a listpack has an entry twice, whatever forms the two stand in. */
function hasTwice(bytes: Uint8Array, start: number): boolean {
  const listpack = new ListpackView().over(bytes, start);
  const seen = new Set<string>();
  const text = new EntryText();
  for (let at = listpack.first(); at !== 0; at = listpack.next(at)) {
    const member = listpack.text(at, text).latin1();
    if (seen.has(member)) return true;
    seen.add(member);
  }
  return false;
}

class SetWriter implements ValueWriter {
  readonly #set: SetValue;
  readonly #cursor = new SetCursor();
  readonly #packed = new Slice();

  constructor(store: Store) {
    this.#set = new SetValue(store);
  }

  form({ root }: StoredValue, version: WrittenVersion): number {
    const { encoding } = this.#set.position(root);
    if (encoding === Encoding.intset) return ValueType.setIntset;
    return encoding === Encoding.listpack && version >= 11 ? ValueType.setListpack : ValueType.set;
  }

  write(output: RdbOutput, value: StoredValue, version: WrittenVersion): void {
    const form = this.form(value, version);
    const set = this.#set;
    if (form === ValueType.setIntset) {
      const { bytes, start, end } = set.openIntset();
      output.string(this.#packed.set(bytes, start, end));
    } else if (form === ValueType.setListpack) {
      const { bytes, base, size } = set.openListpack();
      output.string(this.#packed.set(bytes, base, base + size));
    } else {
      output.lengthOf(set.size);
      this.#cursor.start(set);
      while (this.#cursor.next()) output.string(this.#cursor.member);
    }
  }

  inParts(_value: StoredValue, parts: number): PartsWriter {
    const { arena, table } = this.#set;
    const member = new Slice();
    return {
      head: (output) => output.lengthOf(parts),
      element(output, ref) {
        const start = table.nameAt(ref);
        output.string(member.set(arena.u8[ref >>> 20]!, start, start + table.nameLength(ref)));
      },
    };
  }
}
