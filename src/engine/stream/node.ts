/**
 * A node of a stream: some dozens of entries, packed into one listpack as Redis packs them, so that files and payloads hold a
 * node as it lies here. Its block says where the entries are and which nodes are its neighbours:
 *
 *     words 0-3  the master ID, from which entries' IDs are counted      4  the listpack      5  previous node   6  next node
 *
 * The listpack begins with the master entry, whose fields are those of the entry that made the node:
 *
 *     live entries | deleted entries | number of fields | field ... | 0
 *
 * Then come the entries. Those with the master's fields do not repeat them, and those deleted stay, marked, until the node
 * has no other:
 *
 *     flags | ms - master's | seq - master's | [number of fields] | [field] value ... | how many elements these were
 */
import type { Arena } from "../../memory/arena.ts";
import { HEADER_BYTES } from "../../memory/listpack.ts";
import { Element, entryLength, readInteger } from "../../memory/listpack-entry.ts";
import type { EntryWords } from "./entry-words.ts";
import type { StreamId } from "./id.ts";

export const LISTPACK = 4;
export const PREVIOUS = 5;
export const NEXT = 6;
export const NODE_BYTES = 28;

export const DELETED = 1;
export const SAME_FIELDS = 2;

/** The most bytes of a listpack, whatever the configuration says: its header counts in 32 bits. */
export const MAX_NODE_BYTES: number = 1 << 30;
/** A number of elements that the listpack's header cannot hold. */
const UNCOUNTED = 0xffff;
const END = 0xff;

/** What an entry consists of besides fields and values: flags, two parts of the ID, the count of its elements. */
const FIXED_ELEMENTS = 4;

/** Reads and changes nodes: positioned on one of them. Whatever allocates makes it stale: position it anew. */
export class StreamNode {
  ref = 0;
  /** The page in which the listpack lies, and where in it. */
  bytes: Uint8Array = NOTHING;
  base = 0;
  #words: Int32Array = NO_WORDS;
  #listpack = 0;
  readonly #arena: Arena;
  readonly #number = new Element();
  readonly #msDelta = new Element();
  readonly #seqDelta = new Element();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  at(ref: number): this {
    this.ref = ref;
    this.#locate();
    return this;
  }

  #locate(): void {
    const { i32, u8 } = this.#arena;
    const listpack = i32[this.ref >>> 20]![((this.ref & 0xfffff) << 2) + LISTPACK]!;
    this.#listpack = listpack;
    this.bytes = u8[listpack >>> 20]!;
    this.#words = i32[listpack >>> 20]!;
    this.base = (listpack & 0xfffff) << 4;
  }

  #word(word: number): number {
    return this.#arena.i32[this.ref >>> 20]![((this.ref & 0xfffff) << 2) + word]!;
  }

  #setWord(word: number, value: number): void {
    this.#arena.i32[this.ref >>> 20]![((this.ref & 0xfffff) << 2) + word] = value;
  }

  get next(): number {
    return this.#word(NEXT);
  }

  set next(ref: number) {
    this.#setWord(NEXT, ref);
  }

  get previous(): number {
    return this.#word(PREVIOUS);
  }

  set previous(ref: number) {
    this.#setWord(PREVIOUS, ref);
  }

  id(into: StreamId): StreamId {
    return into.read(this.#arena.i32[this.ref >>> 20]!, (this.ref & 0xfffff) << 2);
  }

  /** Bytes of the listpack. */
  get size(): number {
    return this.#words[this.base >>> 2]!;
  }

  /** Bytes of the blocks it takes. */
  get blockBytes(): number {
    return this.#arena.sizeOf(this.ref) + this.#arena.sizeOf(this.#listpack);
  }

  get live(): number {
    return readInteger(this.bytes, this.base + HEADER_BYTES);
  }

  get deleted(): number {
    const at = this.base + HEADER_BYTES;
    return readInteger(this.bytes, at + entryLength(this.bytes, at));
  }

  /** A node of this ID without a listpack yet, linked to nobody. */
  create(id: StreamId): this {
    const ref = this.#arena.alloc(NODE_BYTES);
    const words = this.#arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    id.write(words, at);
    words.fill(0, at + LISTPACK, at + NODE_BYTES / 4);
    this.ref = ref;
    return this;
  }

  /** Gives it a copy of this listpack, which must be sound. */
  load(bytes: Uint8Array, start: number, end: number): void {
    const listpack = this.#arena.alloc(end - start);
    this.#arena.u8[listpack >>> 20]!.set(
      new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start),
      (listpack & 0xfffff) << 4,
    );
    this.#setWord(LISTPACK, listpack);
    this.#locate();
  }

  /** Gives back its blocks; who knew it forgets it. */
  free(): void {
    this.#arena.free(this.#listpack);
    this.#arena.free(this.ref);
  }

  /** Begins the listpack, with these fields as the master's. */
  begin({ elements: pairs, count }: EntryWords, roomBytes: number): void {
    const fields = count >> 1;
    let size = HEADER_BYTES + 1;
    for (let i = 0; i < count; i += 2) size += pairs[i]!.length;
    size += 3 * SMALL_BYTES + this.#lengthOf(fields);
    const listpack = this.#arena.alloc(Math.max(size, Math.min(roomBytes, FIRST_BYTES)));
    this.#setWord(LISTPACK, listpack);
    this.#locate();
    const { bytes } = this;
    let at = this.#writeSmall(0, this.base + HEADER_BYTES);
    at = this.#writeSmall(0, at);
    at = this.#writeNumber(fields, at);
    for (let i = 0; i < count; i += 2) {
      pairs[i]!.write(bytes, at);
      at += pairs[i]!.length;
    }
    at = this.#writeSmall(0, at);
    bytes[at] = END;
    this.#setSize(at + 1 - this.base);
    this.#setCount(4 + fields);
  }

  /** Whether these fields are the master's. */
  hasFields({ elements: pairs, count }: EntryWords): boolean {
    const { bytes } = this;
    let at = this.base + HEADER_BYTES;
    at += entryLength(bytes, at);
    at += entryLength(bytes, at);
    if (readInteger(bytes, at) !== count >> 1) return false;
    for (let i = 0; i < count; i += 2) {
      at += entryLength(bytes, at);
      if (!pairs[i]!.equals(bytes, at)) return false;
    }
    return true;
  }

  /**
   * Adds an entry behind the others.
   * @param roomBytes  how large the listpack is likely to become
   */
  append(id: StreamId, master: StreamId, words: EntryWords, roomBytes: number): void {
    const { elements: pairs, count } = words;
    const same = this.hasFields(words);
    const msDelta = setDifference(this.#msDelta, id.msHigh, id.msLow, master.msHigh, master.msLow);
    const seqDelta = setDifference(this.#seqDelta, id.seqHigh, id.seqLow, master.seqHigh, master.seqLow);
    const fields = count >> 1;
    // Those before the last one, which says how many they are.
    const elements = FIXED_ELEMENTS - 1 + (same ? fields : count + 1);
    let bytes = SMALL_BYTES + msDelta.length + seqDelta.length + this.#lengthOf(elements);
    if (!same) bytes += this.#lengthOf(fields);
    const step = same ? 2 : 1;
    for (let i = step - 1; i < count; i += step) bytes += pairs[i]!.length;
    this.#countLive();
    this.#makeRoom(bytes, roomBytes);
    const page = this.bytes;
    let at = this.#writeSmall(same ? SAME_FIELDS : 0, this.base + this.size - 1);
    at = writeElement(msDelta, page, at);
    at = writeElement(seqDelta, page, at);
    if (!same) at = this.#writeNumber(fields, at);
    for (let i = step - 1; i < count; i += step) at = writeElement(pairs[i]!, page, at);
    at = this.#writeNumber(elements, at);
    page[at] = END;
    this.#setSize(at + 1 - this.base);
    this.#count(elements + 1);
  }

  /** One entry more; mostly that takes no other form. */
  #countLive(): void {
    const at = this.base + HEADER_BYTES;
    const live = this.bytes[at]!;
    if (live < SMALL_MAX) this.bytes[at] = live + 1;
    else this.#setLive(this.live + 1);
  }

  /** Bytes that a number takes which is not negative. */
  #lengthOf(value: number): number {
    return value <= SMALL_MAX ? SMALL_BYTES : this.#number.set(value).length;
  }

  #writeNumber(value: number, at: number): number {
    return value <= SMALL_MAX ? this.#writeSmall(value, at) : writeElement(this.#number.set(value), this.bytes, at);
  }

  /** Marks the entry that begins at this byte of the page as deleted. */
  markDeleted(flagsAt: number): void {
    this.#replace(flagsAt - this.base, readInteger(this.bytes, flagsAt) | DELETED);
  }

  /** Moves `count` entries from the live to the deleted ones, as the header counts them. */
  countDeleted(count: number): void {
    const { live, deleted } = this;
    this.#setLive(live - count);
    const at = HEADER_BYTES + entryLength(this.bytes, this.base + HEADER_BYTES);
    this.#replace(at, deleted + count);
  }

  #setLive(value: number): void {
    this.#replace(HEADER_BYTES, value);
  }

  /** Gives back what the listpack does not need: nothing is going to be added. */
  fit(): void {
    const { size } = this;
    if (this.#arena.blockSize(size) < this.#arena.sizeOf(this.#listpack)) this.#move(size, size);
  }

  /** Puts another number where an integer is: `at` counts from the listpack's beginning. */
  #replace(at: number, value: number): void {
    const number = this.#number.set(value);
    const old = entryLength(this.bytes, this.base + at);
    const grown = number.length - old;
    if (grown !== 0) {
      const size = this.size;
      if (grown > 0) this.#makeRoom(grown, 0);
      this.bytes.copyWithin(this.base + at + number.length, this.base + at + old, this.base + size);
      this.#setSize(size + grown);
    }
    number.write(this.bytes, this.base + at);
  }

  /** Makes the block large enough for so many bytes more: twice as large, within what the node is likely to need. */
  #makeRoom(bytes: number, likelyBytes: number): void {
    const { size } = this;
    const needed = size + bytes;
    if (needed <= this.#arena.sizeOf(this.#listpack)) return;
    this.#move(size, Math.max(needed, Math.min(needed * 2, likelyBytes)));
  }

  #move(size: number, room: number): void {
    const from = this.#listpack;
    const to = this.#arena.alloc(room);
    const { u8 } = this.#arena;
    const source = u8[from >>> 20]!;
    const start = (from & 0xfffff) << 4;
    u8[to >>> 20]!.set(new Uint8Array(source.buffer, source.byteOffset + start, size), (to & 0xfffff) << 4);
    this.#arena.free(from);
    this.#setWord(LISTPACK, to);
    this.#locate();
  }

  #writeSmall(value: number, at: number): number {
    this.bytes[at] = value;
    this.bytes[at + 1] = 1;
    return at + SMALL_BYTES;
  }

  #setSize(size: number): void {
    this.#words[this.base >>> 2] = size;
  }

  #setCount(count: number): void {
    this.bytes[this.base + 4] = count;
    this.bytes[this.base + 5] = count >>> 8;
  }

  /** The header counts so many elements more. */
  #count(added: number): void {
    const count = this.bytes[this.base + 4]! | (this.bytes[this.base + 5]! << 8);
    if (count !== UNCOUNTED) this.#setCount(Math.min(count + added, UNCOUNTED));
  }
}

/** The greatest integer that takes one byte besides its length, and what it takes with it. */
const SMALL_MAX = 127;
const SMALL_BYTES = 2;
/** What a node begins with, if it may become that large. */
const FIRST_BYTES = 128;
const NOTHING = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

function writeElement(element: Element, to: Uint8Array, at: number): number {
  element.write(to, at);
  return at + element.length;
}

/** Sets it to a - b, of two words each; 64 bits, signed. */
function setDifference(element: Element, aHigh: number, aLow: number, bHigh: number, bLow: number): Element {
  if (aHigh === bHigh && (aLow ^ bLow) >= 0) return element.set(aLow - bLow);
  const low = (aLow - bLow) | 0;
  const borrow = aLow >>> 0 < bLow >>> 0 ? 1 : 0;
  const high = (aHigh - bHigh - borrow) | 0;
  if (high === low >> 31) return element.set(low);
  return element.set((BigInt(high) << 32n) | BigInt(low >>> 0));
}
