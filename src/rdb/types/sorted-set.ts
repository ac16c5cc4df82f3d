/**
 * Sorted sets: member by member with scores of eight bytes, or as the bytes of a listpack. Ziplists and scores as text, as Redis
 * wrote them before 7.0 and 4.0, are read.
 */
import { Slice } from "../../base/bytes.ts";
import { parseDouble } from "../../base/doubles.ts";
import { writeInteger } from "../../base/numbers.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import { unpackScore } from "../../engine/sorted-set/score.ts";
import { Added, type SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import { TableMembers } from "../../engine/sorted-set/table-members.ts";
import type { Store } from "../../engine/store.ts";
import { EntryText, ListpackView, validateListpack } from "../../memory/listpack.ts";
import { ValueType } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import type { RdbOutput } from "../output.ts";
import { RootReader } from "../root-reader.ts";
import type { PartsWriter, ReadOptions, TypeRow, ValueWriter } from "../value.ts";
import { validateZiplist, visitZiplist } from "../ziplist.ts";

export const sortedSet: TypeRow = {
  type: "zset",
  forms: [ValueType.zset, ValueType.zset2, ValueType.zsetZiplist, ValueType.zsetListpack],
  reader: (store, options) => new SortedSetReader(store, options),
  writer: (store) => new SortedSetWriter(store),
};

/** The eight bytes of a double, the lowest first. */
const double = new DataView(new ArrayBuffer(8));
const doubleBytes = new Uint8Array(double.buffer);

/** Lengths of scores as text that are scores themselves. */
const NOT_A_NUMBER = 253;
const INFINITE = 254;
const MINUS_INFINITE = 255;

class SortedSetReader extends RootReader {
  readonly #slot = new StringSlot();
  readonly #scoreText = new Slice();
  readonly #deep: boolean;
  readonly #value: SortedSetValue;
  /** Members still to come. */
  #left = 0;

  constructor(store: Store, options: ReadOptions) {
    super("zset", store);
    this.#deep = options.deep ?? false;
    this.#value = store.sortedSets.value();
  }

  read(input: RdbInput, form: number, part: number): boolean {
    if (form === ValueType.zsetListpack) this.#readListpack(input);
    else if (form === ValueType.zsetZiplist) this.#readZiplist(input);
    else if (part === 0) return (this.#left = input.plainLength()) === 0;
    else return this.#readMember(input, form);
    return true;
  }

  #readMember(input: RdbInput, form: number): boolean {
    const member = input.string(this.#slot);
    const score = form === ValueType.zset2 ? this.#score(input) : this.#textScore(input);
    this.#add(input, member, score, this.#left);
    return --this.#left === 0;
  }

  /** @param expected  how many members there will be, this one included, if it is the first */
  #add(input: RdbInput, member: Slice, score: number, expected: number): void {
    if (Number.isNaN(score)) throw input.corrupt("a score that is no number");
    if (this.root === 0) {
      this.root = this.values.sortedSets.create(expected);
      this.#value.position(this.root);
    }
    if (this.#value.add(member, score) !== Added.added) throw input.corrupt("a member that a sorted set has twice");
  }

  #score(input: RdbInput): number {
    input.need(8);
    const at = input.position;
    for (let i = 0; i < 8; i++) doubleBytes[i] = input.bytes[at + i]!;
    input.skip(8);
    return double.getFloat64(0, true);
  }

  #textScore(input: RdbInput): number {
    const length = input.byte();
    if (length === NOT_A_NUMBER) return Number.NaN;
    if (length === INFINITE) return Number.POSITIVE_INFINITY;
    if (length === MINUS_INFINITE) return Number.NEGATIVE_INFINITY;
    const at = input.position;
    input.skip(length);
    return parseDouble(this.#scoreText.set(input.bytes, at, at + length));
  }

  #readListpack(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#slot);
    const count = validateListpack(bytes, start, end);
    if (count < 0 || count % 2 !== 0) throw input.corrupt("a listpack that is none of a sorted set");
    if (count === 0) return;
    const { policy, sortedSets } = this.values;
    const isLarge = count / 2 > policy.zsetMaxListpackEntries;
    const seen = this.#deep && !isLarge ? new Set<string>() : null;
    const list = new ListpackView().over(bytes, start);
    const memberText = new EntryText();
    const scoreText = new EntryText();
    for (let at = list.first(); at !== 0; ) {
      const member = list.text(at, memberText);
      at = list.next(at);
      const score = unpackScore(list, at, scoreText);
      if (Number.isNaN(score)) throw input.corrupt("a score that is no number");
      if (seen?.has(member.latin1())) throw input.corrupt("a member that a sorted set has twice");
      seen?.add(member.latin1());
      if (isLarge) this.#add(input, member, score, count / 2);
      at = list.next(at);
    }
    if (!isLarge) this.root = sortedSets.load(bytes, start);
  }

  #readZiplist(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#slot);
    const count = validateZiplist(bytes, start, end);
    if (count < 0 || count % 2 !== 0) throw input.corrupt("a ziplist that is none of a sorted set");
    const digits = new Uint8Array(24);
    const member = new Slice();
    let isMember = true;
    visitZiplist(bytes, start, end, (entry) => {
      if (isMember) {
        if (entry instanceof Slice) member.set(entry.bytes, entry.start, entry.end);
        else if (typeof entry === "number") member.set(digits, 0, writeInteger(entry, digits, 0));
        else member.set(Buffer.from(String(entry), "latin1"), 0, String(entry).length);
      } else this.#add(input, member, entry instanceof Slice ? parseDouble(entry) : Number(entry), count / 2);
      isMember = !isMember;
    });
  }
}

class SortedSetWriter implements ValueWriter {
  readonly #value: SortedSetValue;
  readonly #members: TableMembers;
  readonly #packed = new Slice();

  constructor(store: Store) {
    this.#value = store.sortedSets.value();
    this.#members = new TableMembers(store);
  }

  form({ root }: StoredValue): number {
    return this.#value.position(root).listpack === null ? ValueType.zset2 : ValueType.zsetListpack;
  }

  write(output: RdbOutput, { root }: StoredValue): void {
    const value = this.#value.position(root);
    const { listpack } = value;
    if (listpack !== null) {
      const { bytes, base, size } = listpack;
      output.string(this.#packed.set(bytes, base, base + size));
      return;
    }
    output.lengthOf(value.size);
    // The last one first, as Redis does: whoever reads it puts each at the start of what it has.
    for (let more = value.at(value.size - 1); more; more = value.previous()) {
      output.string(value.member);
      writeScore(output, value.score);
    }
  }

  inParts(_value: StoredValue, parts: number): PartsWriter {
    const members = this.#members;
    const text = this.#packed;
    return {
      head: (output) => output.lengthOf(parts),
      element(output, ref) {
        output.string(members.member(ref, text));
        writeScore(output, members.score(ref));
      },
    };
  }
}

function writeScore(output: RdbOutput, score: number): void {
  double.setFloat64(0, score, true);
  output.raw(doubleBytes, 0, 8);
}
