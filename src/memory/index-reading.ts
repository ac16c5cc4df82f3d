/**
 * An ordered index as far as it is read: ordered-index.ts changes it, and has the picture. Every search goes down from the root and leaves
 * its way in `pathNode` and `pathAt`, on which changes then go back up.
 */
import type { Arena } from "./arena.ts";
import { COUNT, COUNTS, FIRSTS, HIGHS, IndexNodes, LOWS, NEXT, PREVIOUS, REFS } from "./index-nodes.ts";
import { ElementPlace, type Order, type Place } from "./index-order.ts";

/** What the index keeps in the owner's block: root node (0 if there is none), levels above the leaves, elements. */
export const HEADER_WORDS = 3;
export const ROOT = 0;
export const HEIGHT = 1;
export const SIZE = 2;

/** More levels than there can ever be: nodes other than the outermost are at least half full in pairs. */
const MAX_LEVELS = 16;
/** The way to the leaf that was looked for last, by level: which node, and which of its entries. One for all: no call nests. */
export const pathNode: Int32Array = new Int32Array(MAX_LEVELS);
export const pathAt: Int32Array = new Int32Array(MAX_LEVELS);

export abstract class IndexReading {
  protected readonly nodes: IndexNodes;
  protected readonly i32: Int32Array[];
  protected readonly order: Order;
  protected readonly place: ElementPlace;
  #header = 0;
  #word = 0;
  /** The cursor: a place in a leaf, valid until the next change. */
  #leaf = 0;
  #at = 0;
  /** Whether the cursor has come from another leaf: it is on a long way, then, and the elements of the next one are fetched at once. */
  #walks = false;

  constructor(arena: Arena, order: Order) {
    this.nodes = new IndexNodes(arena);
    this.i32 = arena.i32;
    this.order = order;
    this.place = new ElementPlace(order);
  }

  /** On the header that begins at this word of this block. */
  position(block: number, word: number): this {
    this.#header = block;
    this.#word = word;
    return this;
  }

  get size(): number {
    return this.field(SIZE);
  }

  protected field(field: number): number {
    return this.nodes.get(this.#header, this.#word + field);
  }

  protected setField(field: number, value: number): void {
    this.nodes.set(this.#header, this.#word + field, value);
  }

  // Finding

  /** The place of an element among the others: 0 for the first. -1 if it is not there. */
  rank(ref: number): number {
    return this.descendTo(ref) ? this.#rankOfPath() : -1;
  }

  /** The element at this place, which must be there: 0 to `size` - 1. The cursor is on it. */
  at(rank: number): number {
    const ref = this.descendToRank(rank);
    this.#goToPath();
    return ref;
  }

  /** How many elements come before the place. */
  countBefore(high: number, low: number, place: Place): number {
    if (!this.descend(high, low, true, place, false)) return 0;
    return this.#rankOfPath();
  }

  /** As `countBefore`, where the place alone decides, whatever the keys. */
  countBeforePlace(place: Place): number {
    if (!this.descend(0, 0, false, place, false)) return 0;
    return this.#rankOfPath();
  }

  /** The first element that does not come before the place, or 0; the cursor is on it. */
  seek(high: number, low: number, place: Place): number {
    if (!this.descend(high, low, true, place, false)) return 0;
    return this.#settle();
  }

  /** The last element that comes before the place, or 0; the cursor is on it. */
  seekLastBefore(high: number, low: number, place: Place): number {
    if (!this.descend(high, low, true, place, false)) return 0;
    this.#goToPath();
    return this.previous();
  }

  /** The first element, or 0; the cursor is on it. */
  first(): number {
    return this.size === 0 ? 0 : this.at(0);
  }

  /** The last element, or 0; the cursor is on it. */
  last(): number {
    const { size } = this;
    return size === 0 ? 0 : this.at(size - 1);
  }

  /** Sets the cursor on an element; false if it is not there. */
  find(ref: number): boolean {
    if (!this.descendTo(ref)) return false;
    this.#goToPath();
    return true;
  }

  /** Moves the cursor to the next element and returns it, or 0 at the end, where the cursor stays. */
  next(): number {
    const words = this.i32[this.#leaf >>> 20]!;
    const base = (this.#leaf & 0xfffff) << 2;
    if (this.#at + 1 < words[base + COUNT]!) return words[base + REFS + ++this.#at]!;
    const next = words[base + NEXT]!;
    if (next === 0) return 0;
    if (this.#walks) this.nodes.touch(next);
    this.#walks = true;
    this.#leaf = next;
    this.#at = 0;
    return this.nodes.get(next, REFS);
  }

  /** Moves the cursor to the element before and returns it, or 0 at the start, where the cursor stays. */
  previous(): number {
    const words = this.i32[this.#leaf >>> 20]!;
    const base = (this.#leaf & 0xfffff) << 2;
    if (this.#at > 0) return words[base + REFS + --this.#at]!;
    const previous = words[base + PREVIOUS]!;
    if (previous === 0) return 0;
    if (this.#walks) this.nodes.touch(previous);
    this.#walks = true;
    this.#leaf = previous;
    this.#at = this.nodes.get(previous, COUNT) - 1;
    return this.nodes.get(previous, REFS + this.#at);
  }

  #goToPath(): void {
    this.#leaf = pathNode[0]!;
    this.#at = pathAt[0]!;
    this.#walks = false;
  }

  /** The cursor to the end of the path, or to the first entry behind it. */
  #settle(): number {
    this.#goToPath();
    this.#at--;
    return this.next();
  }

  #rankOfPath(): number {
    let rank = pathAt[0]!;
    for (let level = this.field(HEIGHT); level > 0; level--)
      rank += this.nodes.totalBefore(pathNode[level]!, pathAt[level]!);
    return rank;
  }

  /** The path to an element; false if it is not there. */
  protected descendTo(ref: number): boolean {
    this.place.ref = ref;
    if (!this.descend(this.order.high(ref), this.order.low(ref), true, this.place, true)) return false;
    const leaf = pathNode[0]!;
    const at = pathAt[0]!;
    return at < this.nodes.get(leaf, COUNT) && this.nodes.get(leaf, REFS + at) === ref;
  }

  /** The path to the element at a rank, and the element. */
  protected descendToRank(rank: number): number {
    const i32 = this.i32;
    let node = this.field(ROOT);
    for (let level = this.field(HEIGHT); level > 0; level--) {
      const words = i32[node >>> 20]!;
      const base = (node & 0xfffff) << 2;
      let at = 0;
      for (let count = words[base + COUNTS]!; rank >= count; count = words[base + COUNTS + at]!) {
        rank -= count;
        at++;
      }
      pathNode[level] = node;
      pathAt[level] = at;
      node = words[base + REFS + at]!;
    }
    pathNode[0] = node;
    pathAt[0] = rank;
    return this.nodes.get(node, REFS + rank);
  }

  /** The path to the end, if that is where the element belongs: elements often come in order. There are nodes. */
  protected descendToEnd(ref: number, high: number, low: number): boolean {
    const i32 = this.i32;
    let node = this.field(ROOT);
    for (let level = this.field(HEIGHT); level > 0; level--) {
      const words = i32[node >>> 20]!;
      const base = (node & 0xfffff) << 2;
      const at = words[base + COUNT]! - 1;
      pathNode[level] = node;
      pathAt[level] = at;
      node = words[base + REFS + at]!;
    }
    const words = i32[node >>> 20]!;
    const base = (node & 0xfffff) << 2;
    const count = words[base + COUNT]!;
    pathNode[0] = node;
    pathAt[0] = count;
    if (count === 0) return true;
    const last = base + count - 1;
    if (words[last + HIGHS] !== high) return words[last + HIGHS]! < high;
    if (words[last + LOWS] !== low) return words[last + LOWS]! >>> 0 < low >>> 0;
    return this.order.compare(words[last + REFS]!, ref) < 0;
  }

  /**
   * The path to where the place is: in the leaf, before the first entry that does not come before it. False if there are no nodes.
   * @param keyed  whether the keys count
   * @param exact  the place is an element's: of children the last one that does not begin behind it is taken, and else the last one
   *               that begins before it. (What begins at the place may then lie at the start of the next leaf.)
   */
  protected descend(high: number, low: number, keyed: boolean, place: Place, exact: boolean): boolean {
    let node = this.field(ROOT);
    if (node === 0) return false;
    const i32 = this.i32;
    for (let level = this.field(HEIGHT); level >= 0; level--) {
      const words = i32[node >>> 20]!;
      const base = (node & 0xfffff) << 2;
      const refs = base + (level === 0 ? REFS : FIRSTS);
      if (exact) this.place.takesEqual = level > 0;
      // The first child is taken if nothing speaks for another, so what it begins with need not be known.
      let before = level === 0 ? 0 : 1;
      for (let end = words[base + COUNT]!; before < end; ) {
        const middle = (before + end) >>> 1;
        const otherHigh = words[base + HIGHS + middle]!;
        const otherLow = words[base + LOWS + middle]!;
        let isBefore: boolean;
        if (!keyed) isBefore = place.isBefore(words[refs + middle]!);
        else if (otherHigh !== high) isBefore = otherHigh < high;
        else if (otherLow !== low) isBefore = otherLow >>> 0 < low >>> 0;
        else isBefore = place.isBefore(words[refs + middle]!);
        if (isBefore) before = middle + 1;
        else end = middle;
      }
      if (level > 0) before--;
      pathNode[level] = node;
      pathAt[level] = before;
      node = words[base + REFS + before]!;
    }
    return true;
  }
}
