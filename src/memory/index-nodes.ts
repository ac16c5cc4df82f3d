/**
 * The nodes of an ordered index (ordered-index.ts), blocks in an arena:
 *
 *     word 0  entries        1  next node of the level        2  previous node of the level
 *          3  63 refs: elements in a leaf, children above
 *         66  63 high words of keys    129  63 low words of keys
 *        192  above leaves: 63 refs, the first element below each child; 255: 63 counts of elements below each child
 *
 * Keys lie side by side, so that a search within a node touches a few cache lines and no element. The key of a child is
 * that of the first element below it.
 */
import type { Arena } from "./arena.ts";
import { near } from "./near.ts";

/** Entries of a node at most. */
export const MAX = 63;
/** Two neighbours with no more entries than this together become one. */
export const MERGE_MAX = 48;

export const COUNT = 0;
export const NEXT = 1;
export const PREVIOUS = 2;
export const REFS = 3;
export const HIGHS = REFS + MAX;
export const LOWS = HIGHS + MAX;
export const FIRSTS = LOWS + MAX;
export const COUNTS = FIRSTS + MAX;

const LEAF_COLUMNS = 3;
const INNER_COLUMNS = 5;
const LEAF_BYTES = (REFS + LEAF_COLUMNS * MAX) * 4;
const INNER_BYTES = (REFS + INNER_COLUMNS * MAX) * 4;

export class IndexNodes {
  readonly arena: Arena;
  readonly #i32: Int32Array[];

  constructor(arena: Arena) {
    this.arena = arena;
    this.#i32 = arena.i32;
  }

  get(node: number, word: number): number {
    return this.#i32[node >>> 20]![((node & 0xfffff) << 2) + word]!;
  }

  set(node: number, word: number, value: number): void {
    this.#i32[node >>> 20]![((node & 0xfffff) << 2) + word] = value;
  }

  /** An empty node, behind `previous` in its level unless that is 0. */
  create(level: number, previous: number): number {
    const node = this.arena.alloc(level === 0 ? LEAF_BYTES : INNER_BYTES);
    const next = previous === 0 ? 0 : this.get(previous, NEXT);
    this.set(node, COUNT, 0);
    this.set(node, NEXT, next);
    this.set(node, PREVIOUS, previous);
    if (previous !== 0) this.set(previous, NEXT, node);
    if (next !== 0) this.set(next, PREVIOUS, node);
    return node;
  }

  /** Takes the node out of its level and frees it. */
  drop(node: number): void {
    const next = this.get(node, NEXT);
    const previous = this.get(node, PREVIOUS);
    if (previous !== 0) this.set(previous, NEXT, next);
    if (next !== 0) this.set(next, PREVIOUS, previous);
    this.arena.free(node);
  }

  /** Copies the first `count` words of a column, which begins at word `column`, to another node. */
  copyColumn(from: number, to: number, column: number, count: number): void {
    const source = this.#i32[from >>> 20]!;
    const target = this.#i32[to >>> 20]!;
    const at = ((from & 0xfffff) << 2) + column;
    const targetAt = ((to & 0xfffff) << 2) + column;
    for (let i = 0; i < count; i++) target[targetAt + i] = source[at + i]!;
  }

  /**
   * Reads a word of each element of a leaf, so that they are near for whoever looks at them one by one.
   */
  touch(leaf: number): void {
    const i32 = this.#i32;
    const words = i32[leaf >>> 20]!;
    const base = (leaf & 0xfffff) << 2;
    let seen = 0;
    for (let at = base + REFS, end = at + words[base + COUNT]!; at < end; at++) {
      const ref = words[at]!;
      seen ^= i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
    }
    near.seen = seen;
  }

  /** The first element at or below the node. */
  firstOf(node: number, level: number): number {
    return this.get(node, level === 0 ? REFS : FIRSTS);
  }

  /** How many elements there are at or below the node. */
  total(node: number, level: number): number {
    const words = this.#i32[node >>> 20]!;
    const base = (node & 0xfffff) << 2;
    const count = words[base + COUNT]!;
    return level === 0 ? count : sum(words, base + COUNTS, count);
  }

  /** How many elements there are below the children before `at`. */
  totalBefore(node: number, at: number): number {
    return sum(this.#i32[node >>> 20]!, ((node & 0xfffff) << 2) + COUNTS, at);
  }

  /** Puts an element into a leaf that has room. */
  insertElement(leaf: number, at: number, ref: number, high: number, low: number): void {
    const words = this.#i32[leaf >>> 20]!;
    const base = (leaf & 0xfffff) << 2;
    const count = words[base + COUNT]!;
    openGap(words, base + at, count - at, LEAF_COLUMNS);
    words[base + REFS + at] = ref;
    words[base + HIGHS + at] = high;
    words[base + LOWS + at] = low;
    words[base + COUNT] = count + 1;
  }

  /** Moves an element within its leaf, to where its new key belongs. */
  moveElement(leaf: number, from: number, to: number, high: number, low: number): void {
    const words = this.#i32[leaf >>> 20]!;
    const base = (leaf & 0xfffff) << 2;
    const ref = words[base + REFS + from]!;
    const step = from < to ? 1 : -1;
    for (let at = from; at !== to; at += step) {
      words[base + REFS + at] = words[base + REFS + at + step]!;
      words[base + HIGHS + at] = words[base + HIGHS + at + step]!;
      words[base + LOWS + at] = words[base + LOWS + at + step]!;
    }
    words[base + REFS + to] = ref;
    words[base + HIGHS + to] = high;
    words[base + LOWS + to] = low;
  }

  /** Puts a child of the level below into a node that has room. */
  insertChild(node: number, at: number, child: number, childLevel: number): void {
    const words = this.#i32[node >>> 20]!;
    const base = (node & 0xfffff) << 2;
    const count = words[base + COUNT]!;
    openGap(words, base + at, count - at, INNER_COLUMNS);
    words[base + REFS + at] = child;
    words[base + HIGHS + at] = this.get(child, HIGHS);
    words[base + LOWS + at] = this.get(child, LOWS);
    words[base + FIRSTS + at] = this.firstOf(child, childLevel);
    words[base + COUNTS + at] = this.total(child, childLevel);
    words[base + COUNT] = count + 1;
  }

  /** Takes entries out, without freeing what they name; returns how many are left. */
  removeEntries(node: number, level: number, at: number, removed: number): number {
    const words = this.#i32[node >>> 20]!;
    const base = (node & 0xfffff) << 2;
    const count = words[base + COUNT]! - removed;
    const columns = level === 0 ? LEAF_COLUMNS : INNER_COLUMNS;
    for (let column = 0, to = base + REFS + at; column < columns; column++, to += MAX) {
      for (let i = 0; i < count - at; i++) words[to + i] = words[to + i + removed]!;
    }
    words[base + COUNT] = count;
    return count;
  }

  /** Moves the entries of `from` from `at` on to the end of `to`. */
  moveTail(from: number, at: number, to: number, level: number): void {
    const source = this.#i32[from >>> 20]!;
    const target = this.#i32[to >>> 20]!;
    const sourceBase = (from & 0xfffff) << 2;
    const targetBase = (to & 0xfffff) << 2;
    const moved = source[sourceBase + COUNT]! - at;
    const behind = target[targetBase + COUNT]!;
    const columns = level === 0 ? LEAF_COLUMNS : INNER_COLUMNS;
    for (let column = 0; column < columns; column++) {
      const first = sourceBase + REFS + column * MAX + at;
      const place = targetBase + REFS + column * MAX + behind;
      for (let i = 0; i < moved; i++) target[place + i] = source[first + i]!;
    }
    source[sourceBase + COUNT] = at;
    target[targetBase + COUNT] = behind + moved;
  }
}

/** Moves `count` entries one up, in so many columns; `at` is where they are, without the words before the columns. */
function openGap(words: Int32Array, at: number, count: number, columns: number): void {
  for (let column = 0, from = at + REFS; column < columns; column++, from += MAX) {
    for (let i = count; i > 0; i--) words[from + i] = words[from + i - 1]!;
  }
}

function sum(words: Int32Array, at: number, count: number): number {
  let total = 0;
  for (const end = at + count; at < end; at++) total += words[at]!;
  return total;
}
