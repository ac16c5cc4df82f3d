/**
 * A sorted array of whole numbers in one block, byte for byte as Redis keeps it and writes it into RDB files: the width of a
 * number (2, 4 or 8 bytes), how many there are, the numbers, all lowest byte first. A number that does not fit widens all.
 *
 * One object is positioned on a block at a time. Adding and removing may move the block: keep `ref` after each change.
 */
import type { Int64 } from "../base/int64.ts";
import type { Arena } from "./arena.ts";

const HEADER = 8;
/** From here on a block that grows is given an eighth more, as growing means copying. */
const LARGE = 32 * 1024;

export class Intset {
  ref = 0;
  readonly #arena: Arena;
  /** Where `#search` ended: the place of the number, or the one where it belongs. */
  #place = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  at(ref: number): this {
    this.ref = ref;
    return this;
  }

  /** Moves on to a new block without numbers, with room for some. */
  create(count = 0, width = 2): this {
    this.ref = this.#arena.alloc(HEADER + count * width);
    this.#setHeader(2, 0);
    return this;
  }

  /** Moves on to a new block with these bytes, which `isIntset` has approved. */
  load(bytes: Uint8Array, start: number, end: number): this {
    this.ref = this.#arena.alloc(end - start);
    this.#arena.u8[this.ref >>> 20]!.set(bytes.subarray(start, end), this.start);
    return this;
  }

  /** How many numbers there are. */
  get size(): number {
    return this.#arena.i32[this.ref >>> 20]![((this.ref & 0xfffff) << 2) + 1]!;
  }

  /** Bytes of a number. */
  get width(): number {
    return this.#arena.i32[this.ref >>> 20]![(this.ref & 0xfffff) << 2]!;
  }

  /** The page of the block: its bytes are those from `start` to `end`. */
  get bytes(): Uint8Array {
    return this.#arena.u8[this.ref >>> 20]!;
  }

  get start(): number {
    return (this.ref & 0xfffff) << 4;
  }

  get end(): number {
    return this.start + HEADER + this.size * this.width;
  }

  /** The number at `index`, the smallest being at 0. */
  read(index: number, into: Int64): Int64 {
    const words = this.#arena.i32[this.ref >>> 20]!;
    const at = (this.ref & 0xfffff) << 2;
    const width = words[at]!;
    if (width === 8) return into.set(words[at + 3 + index * 2]!, words[at + 2 + index * 2]!);
    const value = width === 4 ? words[at + 2 + index]! : int16(words, at, index);
    return into.set(value >> 31, value);
  }

  has(value: Int64): boolean {
    return widthOf(value) <= this.width && this.#search(value);
  }

  /** False if it was there. */
  add(value: Int64): boolean {
    const width = widthOf(value);
    const { size } = this;
    if (width > this.width) {
      // Wider than all: so it comes before them or after them.
      const before = value.hi < 0 ? 1 : 0;
      this.#widen(width, before);
      this.#write(before === 1 ? 0 : size, value);
      return true;
    }
    if (this.#search(value)) return false;
    const place = this.#place;
    this.#resize(size + 1, this.width);
    if (place < size) this.#move(place, place + 1, size);
    this.#setHeader(this.width, size + 1);
    this.#write(place, value);
    return true;
  }

  /** False if it was not there. */
  delete(value: Int64): boolean {
    if (!this.has(value)) return false;
    this.deleteAt(this.#place);
    return true;
  }

  deleteAt(index: number): void {
    const { size, width } = this;
    this.#move(index + 1, index, size);
    this.#setHeader(width, size - 1);
    this.#resize(size - 1, width);
  }

  free(): void {
    this.#arena.free(this.ref);
    this.ref = 0;
  }

  #setHeader(width: number, size: number): void {
    const words = this.#arena.i32[this.ref >>> 20]!;
    const at = (this.ref & 0xfffff) << 2;
    words[at] = width;
    words[at + 1] = size;
  }

  /** Whether the number is there; sets `#place`. */
  #search(value: Int64): boolean {
    const words = this.#arena.i32[this.ref >>> 20]!;
    const at = (this.ref & 0xfffff) << 2;
    const width = words[at]!;
    let low = 0;
    let high = words[at + 1]!;
    // Numbers often come in order: the last one is asked first.
    if (high > 0 && compareAt(words, at, width, high - 1, value) < 0) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareAt(words, at, width, middle, value);
      if (order === 0) {
        this.#place = middle;
        return true;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    this.#place = low;
    return false;
  }

  #write(index: number, value: Int64): void {
    const words = this.#arena.i32[this.ref >>> 20]!;
    const at = (this.ref & 0xfffff) << 2;
    const width = words[at]!;
    if (width === 8) {
      words[at + 2 + index * 2] = value.lo;
      words[at + 3 + index * 2] = value.hi;
    } else if (width === 4) words[at + 2 + index] = value.lo;
    else {
      const bytes = this.bytes;
      const to = this.start + HEADER + index * 2;
      bytes[to] = value.lo;
      bytes[to + 1] = value.lo >> 8;
    }
  }

  /** Moves the numbers from index `from` on to index `to`; there are `size`. */
  #move(from: number, to: number, size: number): void {
    const { width } = this;
    const first = this.start + HEADER;
    this.bytes.copyWithin(first + to * width, first + from * width, first + size * width);
  }

  /** Makes every number `width` bytes wide and leaves a place, `before` them (1) or behind (0). */
  #widen(width: number, before: number): void {
    const old = this.width;
    const { size } = this;
    this.#resize(size + 1, width);
    const words = this.#arena.i32[this.ref >>> 20]!;
    const at = (this.ref & 0xfffff) << 2;
    this.#setHeader(width, size + 1);
    // From the end, so that none is overwritten before it has been read.
    for (let i = size - 1; i >= 0; i--) {
      const value = old === 4 ? words[at + 2 + i]! : int16(words, at, i);
      const to = i + before;
      if (width === 4) words[at + 2 + to] = value;
      else {
        words[at + 3 + to * 2] = value >> 31;
        words[at + 2 + to * 2] = value;
      }
    }
  }

  /** Sees to a block that suits so many numbers of this width: it has room, and is not much too large. */
  #resize(size: number, width: number): void {
    const arena = this.#arena;
    const need = HEADER + size * width;
    const room = arena.sizeOf(this.ref);
    if (need <= room && (room < 64 || need * 2 > room)) return;
    const next = arena.alloc(need > room && need > LARGE ? need + (need >>> 3) : need);
    const from = this.start;
    const used = Math.min(this.end, from + need);
    const to = (next & 0xfffff) << 4;
    arena.u8[next >>> 20]!.set(this.bytes.subarray(from, used), to);
    arena.free(this.ref);
    this.ref = next;
  }
}

function widthOf(value: Int64): number {
  if (value.hi !== value.lo >> 31) return 8;
  return value.lo === (value.lo << 16) >> 16 ? 2 : 4;
}

function int16(words: Int32Array, at: number, index: number): number {
  const pair = words[at + 2 + (index >>> 1)]!;
  return (index & 1) === 0 ? (pair << 16) >> 16 : pair >> 16;
}

/** The order of the number at `index` and `value`, which is not wider: negative if it is the smaller one. */
function compareAt(words: Int32Array, at: number, width: number, index: number, value: Int64): number {
  if (width === 2) return int16(words, at, index) - value.lo;
  if (width === 4) {
    const number = words[at + 2 + index]!;
    return number < value.lo ? -1 : number > value.lo ? 1 : 0;
  }
  const hi = words[at + 3 + index * 2]!;
  if (hi !== value.hi) return hi < value.hi ? -1 : 1;
  const lo = words[at + 2 + index * 2]! >>> 0;
  const other = value.lo >>> 0;
  return lo < other ? -1 : lo > other ? 1 : 0;
}

/**
 * Whether bytes from outside are an intset with at least one number.
 * @param deep  whether to look at every number too: they must be in order, and each there once
 */
export function isIntset(bytes: Uint8Array, start: number, end: number, deep: boolean): boolean {
  if (end - start < HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const width = view.getUint32(0, true);
  const size = view.getUint32(4, true);
  if ((width !== 2 && width !== 4 && width !== 8) || size === 0 || HEADER + size * width !== end - start) return false;
  if (!deep) return true;
  for (let i = 1; i < size; i++) if (!inOrder(view, width, HEADER + i * width)) return false;
  return true;
}

/** Whether the number at `at` is greater than the one before. */
function inOrder(view: DataView, width: number, at: number): boolean {
  if (width === 2) return view.getInt16(at - 2, true) < view.getInt16(at, true);
  if (width === 4) return view.getInt32(at - 4, true) < view.getInt32(at, true);
  const before = view.getInt32(at - 4, true);
  const hi = view.getInt32(at + 4, true);
  return before < hi || (before === hi && view.getUint32(at - 8, true) < view.getUint32(at, true));
}
