/**
 * Redis' listpack in a block of the arena: how collections lie while they are small, and what RDB files hold of them, so that
 * both are one copy apart. Six bytes of header (total bytes, number of entries), the entries, 0xff.
 *
 * An entry is named by its offset from the listpack's first byte: 0 is none. Offsets hold until something before them
 * changes. A `Listpack` is a flyweight: one object, positioned anew on each.
 */
import type { Slice } from "../base/bytes.ts";
import type { Arena } from "./arena.ts";
import {
  bodyLength,
  checkEntry,
  Element,
  type EntryText,
  entryBefore,
  entryLength,
  isIntegerEntry,
  readBigInt,
  readInteger,
  readText,
} from "./listpack-entry.ts";

export { EntryText } from "./listpack-entry.ts";

export const HEADER_BYTES = 6;
const END = 0xff;
/** Bytes of a listpack without entries. */
export const EMPTY_BYTES: number = HEADER_BYTES + 1;
/** Text below this has a header of one byte. */
const SHORT_TEXT = 64;
/** This many entries or more: the header does not say how many. */
const UNCOUNTED = 0xffff;
/** Redis makes none larger. */
export const MAX_BYTES: number = 1 << 30;

/** Reads a listpack that lies anywhere, such as in a payload that `validateListpack` has passed. */
export class ListpackView {
  bytes: Uint8Array = NOTHING;
  /** Where in `bytes` it begins. */
  base = 0;
  protected readonly element = new Element();

  /** Looks at the listpack that begins at bytes[start]. */
  over(bytes: Uint8Array, start: number): this {
    this.bytes = bytes;
    this.base = start;
    return this;
  }

  /** Bytes of all of it, the header and the end included. */
  get size(): number {
    const { bytes, base } = this;
    return (bytes[base]! | (bytes[base + 1]! << 8) | (bytes[base + 2]! << 16) | (bytes[base + 3]! << 24)) >>> 0;
  }

  /** How many entries; beyond 65,534 they must be walked through. */
  get count(): number {
    const stored = this.storedCount;
    if (stored !== UNCOUNTED) return stored;
    let count = 0;
    for (let at = this.first(); at !== 0; at = this.next(at)) count++;
    return count;
  }

  protected get storedCount(): number {
    return this.bytes[this.base + 4]! | (this.bytes[this.base + 5]! << 8);
  }

  get isEmpty(): boolean {
    return this.bytes[this.base + HEADER_BYTES] === END;
  }

  first(): number {
    return this.isEmpty ? 0 : HEADER_BYTES;
  }

  last(): number {
    return this.isEmpty ? 0 : entryBefore(this.bytes, this.base + this.size - 1) - this.base;
  }

  next(at: number): number {
    const next = at + entryLength(this.bytes, this.base + at);
    return this.bytes[this.base + next] === END ? 0 : next;
  }

  previous(at: number): number {
    return at === HEADER_BYTES ? 0 : entryBefore(this.bytes, this.base + at) - this.base;
  }

  /** The entry of this index, counted from the end if negative; 0 if there is none. Walks from the nearer end. */
  seek(index: number): number {
    const count = this.storedCount;
    if (count !== UNCOUNTED) {
      if (index >= count || index < -count) return 0;
      if (index > count >>> 1) index -= count;
      else if (index < -(count >>> 1)) index += count;
    }
    if (index >= 0) {
      let at = this.first();
      while (index-- > 0 && at !== 0) at = this.next(at);
      return at;
    }
    let at = this.last();
    while (++index < 0 && at !== 0) at = this.previous(at);
    return at;
  }

  isInteger(at: number): boolean {
    return isIntegerEntry(this.bytes, this.base + at);
  }

  /** Beyond 2^53 the nearest double; NaN for a string, even one of digits. */
  integer(at: number): number {
    return readInteger(this.bytes, this.base + at);
  }

  /** Exact; null for a string. */
  bigint(at: number): bigint | null {
    return readBigInt(this.bytes, this.base + at);
  }

  /** As text, whatever it is kept as. Valid until the listpack changes or `into` is used again. */
  text(at: number, into: EntryText): EntryText {
    return readText(this.bytes, this.base + at, into);
  }

  /** Bytes of the entry as text would need, at least: without making it. */
  bodyLength(at: number): number {
    return bodyLength(this.bytes, this.base + at);
  }

  equals(at: number, value: Slice | number | bigint): boolean {
    return this.element.set(value).equals(this.bytes, this.base + at);
  }

  /**
   * The first entry that says `value`, from `at` on; 0 if there is none.
   * @param skip  so many entries are passed over between two that are looked at: 1 for the fields of a hash
   */
  find(value: Slice | number | bigint, at: number = this.first(), skip = 0): number {
    if (at === 0) return 0;
    const { bytes, base } = this;
    const element = this.element.set(value);
    if (element.isInteger) return this.#findInteger(element, base + at, skip);
    const text = value as Slice;
    if (text.end - text.start < SHORT_TEXT) return this.#findShortText(text, base + at, skip);
    let left = 0;
    for (let place = base + at; bytes[place] !== END; place += entryLength(bytes, place)) {
      if (left > 0) left--;
      else if (element.equals(bytes, place)) return place - base;
      else left = skip;
    }
    return 0;
  }

  /** As `find`, for text whose entry has a header of one byte: nearly all that is ever looked for. */
  #findShortText(text: Slice, place: number, skip: number): number {
    const { bytes, base } = this;
    const header = 0x80 | (text.end - text.start);
    let left = 0;
    for (;;) {
      const first = bytes[place]!;
      if (first === header && left === 0 && isTextAt(bytes, place + 1, text)) return place - base;
      const length = LENGTHS[first]!;
      if (length !== 0) place += length;
      else if (first === END) return 0;
      else {
        // Payloads may hold short text in longer forms.
        if (left === 0 && this.element.equals(bytes, place)) return place - base;
        place += entryLength(bytes, place);
      }
      left = left === 0 ? skip : left - 1;
    }
  }

  #findInteger(element: Element, place: number, skip: number): number {
    const { bytes, base } = this;
    let left = 0;
    for (;;) {
      const first = bytes[place]!;
      if (first === END) return 0;
      if (left === 0) {
        if (first < 0x80 ? first === element.integer : mayBeInteger(bytes, place) && element.equals(bytes, place))
          return place - base;
      }
      const length = LENGTHS[first]!;
      place += length !== 0 ? length : entryLength(bytes, place);
      left = left === 0 ? skip : left - 1;
    }
  }
}

/** Bytes of an entry by its first byte, where that tells; 0 where it does not. */
const LENGTHS = new Uint8Array(256);
for (let first = 0; first < 0xe0; first++) LENGTHS[first] = first < 0x80 ? 2 : first < 0xc0 ? 2 + (first & 0x3f) : 3;
LENGTHS.set([4, 5, 6, 10], 0xf1);

/** Whether an entry is a number, or text that begins like one: payloads may hold digits as text. */
function mayBeInteger(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  if (first >= 0xc0) return true;
  const character = bytes[at + 1]!;
  return character === 0x2d || (character >= 0x30 && character <= 0x39);
}

function isTextAt(bytes: Uint8Array, at: number, text: Slice): boolean {
  const { start } = text;
  const wanted = text.bytes;
  // From the end, as names tend to begin alike.
  for (let i = text.end - start - 1; i >= 0; i--) if (bytes[at + i] !== wanted[start + i]) return false;
  return true;
}

/**
 * A listpack in the arena. It grows and shrinks by moving to another block: `ref` is then another, so whoever owns it stores
 * `ref` again after every change. A value given may be an argument, a number, or lie elsewhere in the arena, but not in this listpack.
 * After anything else has allocated, `open` it again before reading on.
 */
export class Listpack extends ListpackView {
  ref = 0;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    super();
    this.#arena = arena;
  }

  /** Begins an empty one, with room for `bytes` of entries. */
  create(bytes = 0): number {
    this.ref = this.#arena.alloc(EMPTY_BYTES + bytes);
    this.#locate();
    this.#setSize(EMPTY_BYTES);
    this.#setCount(0);
    this.bytes[this.base + HEADER_BYTES] = END;
    return this.ref;
  }

  /** Begins one that is a copy of the listpack at bytes[start]. */
  load(bytes: Uint8Array, start: number): number {
    const size = new ListpackView().over(bytes, start).size;
    this.ref = this.#arena.alloc(size);
    this.#locate();
    this.bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, size), this.base);
    return this.ref;
  }

  open(ref: number): this {
    this.ref = ref;
    this.#locate();
    return this;
  }

  free(): void {
    this.#arena.free(this.ref);
    this.ref = 0;
  }

  /** The ref of a copy; this one stays where it is. */
  clone(): number {
    const { size } = this;
    const copy = this.#arena.alloc(size);
    this.#locate();
    const from = this.bytes.subarray(this.base, this.base + size);
    this.#arena.u8[copy >>> 20]!.set(from, (copy & 0xfffff) << 4);
    return copy;
  }

  /** Bytes of the block, the room to grow included. */
  get blockBytes(): number {
    return this.#arena.sizeOf(this.ref);
  }

  /** Bytes the entry for `value` would take. */
  entryBytes(value: Slice | number | bigint): number {
    return this.element.set(value).length;
  }

  // Each returns where the new entry is.

  append(value: Slice | number | bigint): number {
    this.#locate();
    return this.#insert(this.size - 1, 0, value);
  }

  prepend(value: Slice | number | bigint): number {
    return this.#insert(HEADER_BYTES, 0, value);
  }

  insertBefore(at: number, value: Slice | number | bigint): number {
    return this.#insert(at, 0, value);
  }

  insertAfter(at: number, value: Slice | number | bigint): number {
    this.#locate();
    return this.#insert(at + entryLength(this.bytes, this.base + at), 0, value);
  }

  replace(at: number, value: Slice | number | bigint): number {
    this.#locate();
    return this.#insert(at, entryLength(this.bytes, this.base + at), value);
  }

  /** Returns where the entry is that came behind it; 0 if it was the last. */
  remove(at: number): number {
    this.removeRange(at, 1);
    return this.bytes[this.base + at] === END ? 0 : at;
  }

  /** Removes up to `count` entries from `at` on, and returns how many. What came behind them is at `at` then. */
  removeRange(at: number, count: number): number {
    this.#locate();
    const { bytes, base } = this;
    let removed = 0;
    let end = base + at;
    while (removed < count && bytes[end] !== END) {
      end += entryLength(bytes, end);
      removed++;
    }
    this.#splice(at, end - base - at, 0, -removed);
    return removed;
  }

  /** Removes all of them. */
  clear(): void {
    this.#locate();
    this.#splice(HEADER_BYTES, this.size - EMPTY_BYTES, 0, 0);
    this.#setCount(0);
  }

  /** Adds whole entries, `count` of them, as they stand in bytes[start, end) of another listpack. */
  appendEntries(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#locate();
    const at = this.size - 1;
    this.#splice(at, 0, end - start, count);
    this.bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), this.base + at);
  }

  #insert(at: number, replaced: number, value: Slice | number | bigint): number {
    const element = this.element.set(value);
    this.#splice(at, replaced, element.length, replaced === 0 ? 1 : 0);
    element.write(this.bytes, this.base + at);
    return at;
  }

  /**
   * The one way in which its bytes change: `removed` bytes at `at` make place for `added` ones, which the caller fills in.
   * @param entries  how many more there are then
   */
  #splice(at: number, removed: number, added: number, entries: number): void {
    this.#locate();
    const size = this.size;
    const count = this.storedCount;
    const grown = size + added - removed;
    const block = this.#arena.sizeOf(this.ref);
    if (grown > block || (grown < block && this.#arena.blockSize(grown) <= block - (block >>> 2))) {
      this.#move(at, removed, added, size, grown);
    } else if (added !== removed) {
      this.bytes.copyWithin(this.base + at + added, this.base + at + removed, this.base + size);
    }
    this.#setSize(grown);
    if (entries !== 0 && count !== UNCOUNTED) this.#setCount(Math.min(count + entries, UNCOUNTED));
  }

  /** To a block of the right size, with the gap in its place. */
  #move(at: number, removed: number, added: number, size: number, grown: number): void {
    const old = this.ref;
    const next = this.#arena.alloc(grown);
    // After the allocation, which may have moved the old page.
    const from = this.#arena.u8[old >>> 20]!;
    const base = (old & 0xfffff) << 4;
    this.ref = next;
    this.#locate();
    copy(from, base, base + at, this.bytes, this.base);
    copy(from, base + at + removed, base + size, this.bytes, this.base + at + added);
    this.#arena.free(old);
  }

  #locate(): void {
    this.bytes = this.#arena.u8[this.ref >>> 20]!;
    this.base = (this.ref & 0xfffff) << 4;
  }

  #setSize(size: number): void {
    this.#arena.i32[this.ref >>> 20]![(this.ref & 0xfffff) << 2] = size;
  }

  #setCount(count: number): void {
    this.bytes[this.base + 4] = count;
    this.bytes[this.base + 5] = count >>> 8;
  }
}

/**
 * Whether bytes[start, end) are one sound listpack, so that nothing that is done with it can leave its bounds.
 * @param visit  is shown every entry; false refuses it all
 * @returns  how many entries there are; -1 if it is broken
 */
export function validateListpack(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit?: (at: number, index: number) => boolean,
): number {
  if (end - start < EMPTY_BYTES || bytes[end - 1] !== END) return -1;
  const view = new ListpackView().over(bytes, start);
  if (view.size !== end - start) return -1;
  let count = 0;
  for (let at = start + HEADER_BYTES; at !== end - 1; count++) {
    const next = checkEntry(bytes, at, end - 1);
    if (next === 0 || visit?.(at, count) === false) return -1;
    at = next;
  }
  const stored = bytes[start + 4]! | (bytes[start + 5]! << 8);
  return stored === UNCOUNTED || stored === count ? count : -1;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start < 48) while (start < end) to[at++] = from[start++]!;
  else to.set(new Uint8Array(from.buffer, from.byteOffset + start, end - start), at);
}

const NOTHING = new Uint8Array(0);
