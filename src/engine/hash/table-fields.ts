/**
 * The fields of a large hash: blocks in a hash table (memory/element-table.ts), and those that expire in an index as well, the
 * soonest first. A field is named by its ref.
 *
 *   word 0  1   next of its chain, hash
 *        2      length of the field
 *        3      length of the value | EXPIRES
 *   then        field, value; if it expires, at the next word: when, unix ms (two words, the lower first)
 */
import { compareBytes, type Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { copyBlock, copyIn } from "../../memory/copy.ts";
import { ElementTable } from "../../memory/element-table.ts";
import { ElementWalk } from "../../memory/element-walk.ts";
import { hashBytes } from "../../memory/hash.ts";
import type { Order } from "../../memory/index-order.ts";
import { OrderedIndex } from "../../memory/ordered-index.ts";
import type { Store } from "../store.ts";
import { type BulkSink, readTime, timeHigh } from "./layout.ts";

const FIELD_WORD = 4;
const HEADER = FIELD_WORD * 4;
const EXPIRES = 1 << 31;
const LENGTH = 0x7fffffff;

export class TableFields {
  readonly table: ElementTable;
  readonly index: OrderedIndex;
  readonly #arena: Arena;
  readonly #i32: Int32Array[];
  readonly #u8: Uint8Array[];
  readonly #k0: number;
  readonly #k1: number;
  readonly #walk = new ElementWalk();
  /** The hash of the field that was looked for last. */
  #lastHash = 0;

  constructor(store: Store) {
    const { arena } = store;
    this.table = new ElementTable(arena, FIELD_WORD);
    this.index = new OrderedIndex(arena, new ByTime(arena));
    this.#arena = arena;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
    this.#k0 = store.k0;
    this.#k1 = store.k1;
  }

  // Reading

  #hash(field: Slice): number {
    return hashBytes(field.bytes, field.start, field.end, this.#k0, this.#k1);
  }

  find(field: Slice): number {
    this.#lastHash = this.#hash(field);
    return this.table.find(field.bytes, field.start, field.end, this.#lastHash);
  }

  field(ref: number, into: Slice): Slice {
    const start = ((ref & 0xfffff) << 4) + HEADER;
    const words = this.#i32[ref >>> 20]!;
    return into.set(this.#u8[ref >>> 20]!, start, start + words[((ref & 0xfffff) << 2) + 2]!);
  }

  value(ref: number, into: Slice): Slice {
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const start = (at << 2) + HEADER + words[at + 2]!;
    return into.set(this.#u8[ref >>> 20]!, start, start + (words[at + 3]! & LENGTH));
  }

  /** Unix ms; 0 for never. */
  expireAt(ref: number): number {
    return timeOf(this.#i32, ref);
  }

  /** Shows all fields, values, or one after the other. */
  show(fields: boolean, values: boolean, to: BulkSink): void {
    const i32 = this.#i32;
    const walk = this.#walk.start(this.table);
    while (walk.next()) {
      const { refs, count } = walk;
      for (let i = 0; i < count; i++) {
        const ref = refs[i]!;
        const words = i32[ref >>> 20]!;
        const page = this.#u8[ref >>> 20]!;
        const at = (ref & 0xfffff) << 2;
        const field = (at << 2) + HEADER;
        const value = field + words[at + 2]!;
        if (fields) to.bulkBytes(page, field, value);
        if (values) to.bulkBytes(page, value, value + (words[at + 3]! & LENGTH));
      }
    }
  }

  // Changing. Only those of a table that has an index may be asked to expire.

  /** Adds the field that was looked for last, and not found. `expireAt`: 0 for never. */
  addMissing(field: Slice, value: Slice, expireAt: number): void {
    this.#add(field, value, expireAt, this.#lastHash);
  }

  /** Adds a field that is not there; 0 for never. */
  add(field: Slice, value: Slice, expireAt: number): void {
    this.#add(field, value, expireAt, this.#hash(field));
  }

  #add(field: Slice, value: Slice, expireAt: number, hash: number): void {
    const ref = this.#create(field.bytes, field.start, field.end, value.bytes, value.start, value.end, expireAt);
    this.table.link(ref, hash);
    if (expireAt !== 0) this.index.insert(ref);
  }

  #create(
    field: Uint8Array,
    fieldStart: number,
    fieldEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    expireAt: number,
  ): number {
    const fieldLength = fieldEnd - fieldStart;
    const valueLength = valueEnd - valueStart;
    const ref = this.#arena.alloc(elementBytes(fieldLength, valueLength, expireAt !== 0));
    const words = this.#i32[ref >>> 20]!;
    const page = this.#u8[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at + 2] = fieldLength;
    words[at + 3] = valueLength;
    const fieldAt = (at << 2) + HEADER;
    copyIn(field, fieldStart, fieldEnd, page, words, fieldAt);
    copyIn(value, valueStart, valueEnd, page, words, fieldAt + fieldLength);
    if (expireAt !== 0) {
      words[at + 3] = valueLength | EXPIRES;
      const time = timeWord(at, fieldLength, valueLength);
      words[time] = expireAt >>> 0;
      words[time + 1] = timeHigh(expireAt);
    }
    return ref;
  }

  /** Takes on copies of all fields of another table, having none. */
  copy(from: TableFields): void {
    this.table.reserve(from.table.buckets);
    const walk = new ElementWalk().start(from.table);
    while (walk.next()) {
      for (let i = 0; i < walk.count; i++) {
        const ref = copyBlock(this.#arena, walk.refs[i]!);
        this.table.link(ref, this.table.hashOf(ref));
        if (this.expireAt(ref) !== 0) this.index.insert(ref);
      }
    }
  }

  /** Another value, the same expiry; returns where the field is then. The value must not lie in this very field. */
  setValue(ref: number, value: Slice): number {
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const fieldLength = words[at + 2]!;
    const { length } = value;
    const old = words[at + 3]!;
    const bytes = elementBytes(fieldLength, length, false);
    if (old < 0 || this.#arena.blockSize(bytes) !== this.#arena.blockSize(HEADER + fieldLength + old)) {
      const start = (at << 2) + HEADER;
      const page = this.#u8[ref >>> 20]!;
      const time = this.expireAt(ref);
      return this.#replace(
        ref,
        this.#create(page, start, start + fieldLength, value.bytes, value.start, value.end, time),
      );
    }
    this.table.beforeChange(ref);
    words[at + 3] = length;
    copyIn(value.bytes, value.start, value.end, this.#u8[ref >>> 20]!, words, (at << 2) + HEADER + fieldLength);
    return ref;
  }

  /** Another time, 0 for never; returns where the field is then. */
  setExpireAt(ref: number, expireAt: number): number {
    const before = this.expireAt(ref);
    if (before === expireAt) return ref;
    this.table.beforeChange(ref);
    if (before !== 0) this.index.remove(ref);
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const fieldLength = words[at + 2]!;
    const valueLength = words[at + 3]! & LENGTH;
    let to = ref;
    if (before !== 0 && expireAt !== 0) {
      const time = timeWord(at, fieldLength, valueLength);
      words[time] = expireAt >>> 0;
      words[time + 1] = timeHigh(expireAt);
    } else {
      const field = (at << 2) + HEADER;
      const value = field + fieldLength;
      const page = this.#u8[ref >>> 20]!;
      to = this.#create(page, field, value, page, value, value + valueLength, expireAt);
      this.table.replace(ref, to);
      this.#arena.free(ref);
    }
    if (expireAt !== 0) this.index.insert(to);
    return to;
  }

  #replace(from: number, to: number): number {
    this.table.replace(from, to);
    if (this.expireAt(from) !== 0) this.index.replace(from, to);
    this.#arena.free(from);
    return to;
  }

  remove(ref: number): void {
    if (this.expireAt(ref) !== 0) this.index.remove(ref);
    this.table.unlink(ref);
    this.#arena.free(ref);
  }
}

function elementBytes(fieldLength: number, valueLength: number, expires: boolean): number {
  const bytes = HEADER + fieldLength + valueLength;
  return expires ? ((bytes + 3) & ~3) + 8 : bytes;
}

/** The word at which the time stands of an element that begins at word `at`. */
function timeWord(at: number, fieldLength: number, valueLength: number): number {
  return at + ((HEADER + fieldLength + valueLength + 3) >>> 2);
}

function timeOf(i32: Int32Array[], ref: number): number {
  const words = i32[ref >>> 20]!;
  const at = (ref & 0xfffff) << 2;
  const value = words[at + 3]!;
  if (value >= 0) return 0;
  const time = timeWord(at, words[at + 2]!, value & LENGTH);
  return readTime(words[time]!, words[time + 1]!);
}

/** Fields by the time at which they expire, then by name. */
class ByTime implements Order {
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  high(ref: number): number {
    return timeHigh(timeOf(this.#arena.i32, ref));
  }

  low(ref: number): number {
    return timeOf(this.#arena.i32, ref) | 0;
  }

  compare(a: number, b: number): number {
    const { u8, i32 } = this.#arena;
    const aAt = ((a & 0xfffff) << 4) + HEADER;
    const bAt = ((b & 0xfffff) << 4) + HEADER;
    const aEnd = aAt + i32[a >>> 20]![((a & 0xfffff) << 2) + 2]!;
    const bEnd = bAt + i32[b >>> 20]![((b & 0xfffff) << 2) + 2]!;
    return compareBytes(u8[a >>> 20]!, aAt, aEnd, u8[b >>> 20]!, bAt, bEnd);
  }
}
