/**
 * Elements in order, each known by its place: a counted B+tree of refs in an arena. Insertion, removal, the rank of an
 * element and the element at a rank take O(log n), and nothing is allocated but nodes (index-nodes.ts).
 *
 * An element has a key of 64 bits, of which the nodes keep copies; among elements of the same key the owner decides
 * (`Order`, index-order.ts). The object is a flyweight: it is positioned on `HEADER_WORDS` words of a block of the owner's.
 */
import type { Arena } from "./arena.ts";
import { IndexCopy } from "./index-copy.ts";
import { IndexDisposal } from "./index-disposal.ts";
import { COUNT, COUNTS, FIRSTS, HIGHS, IndexNodes, LOWS, MAX, MERGE_MAX, NEXT, PREVIOUS, REFS } from "./index-nodes.ts";
import { ElementPlace, type Order, type Place } from "./index-order.ts";

/** What the index keeps in the owner's block: root node (0 if there is none), levels above the leaves, elements. */
export const HEADER_WORDS = 3;
const ROOT = 0;
const HEIGHT = 1;
const SIZE = 2;

/** More levels than there can ever be: nodes other than the outermost are at least half full in pairs. */
const MAX_LEVELS = 16;
/** The way to the leaf that was looked for last, by level: which node, and which of its entries. One for all: no call nests. */
const pathNode = new Int32Array(MAX_LEVELS);
const pathAt = new Int32Array(MAX_LEVELS);

/** So many are to be fetched together. */
const AHEAD = 16;

/** Shows the elements refs[at, at + count), lent. */
export type VisitRefs = (refs: Int32Array, at: number, count: number) => void;

export class OrderedIndex {
  readonly #nodes: IndexNodes;
  readonly #i32: Int32Array[];
  readonly #order: Order;
  readonly #place: ElementPlace;
  #header = 0;
  #word = 0;
  /** The cursor: a place in a leaf, valid until the next change. */
  #leaf = 0;
  #at = 0;
  /** Whether the cursor has come from another leaf: it is on a long way, then, and the elements of the next one are fetched at once. */
  #walks = false;

  constructor(arena: Arena, order: Order) {
    this.#nodes = new IndexNodes(arena);
    this.#i32 = arena.i32;
    this.#order = order;
    this.#place = new ElementPlace(order);
  }

  /** On the header that begins at this word of this block. */
  position(block: number, word: number): this {
    this.#header = block;
    this.#word = word;
    return this;
  }

  /** Makes the header one of an empty index. */
  initialize(): this {
    this.#set(ROOT, 0);
    this.#set(HEIGHT, 0);
    this.#set(SIZE, 0);
    return this;
  }

  get size(): number {
    return this.#get(SIZE);
  }

  #get(field: number): number {
    return this.#nodes.get(this.#header, this.#word + field);
  }

  #set(field: number, value: number): void {
    this.#nodes.set(this.#header, this.#word + field, value);
  }

  // Finding

  /** The place of an element among the others: 0 for the first. -1 if it is not there. */
  rank(ref: number): number {
    return this.#descendTo(ref) ? this.#rankOfPath() : -1;
  }

  /** The element at this place, which must be there: 0 to `size` - 1. The cursor is on it. */
  at(rank: number): number {
    const ref = this.#descendToRank(rank);
    this.#goToPath();
    return ref;
  }

  /** How many elements come before the place. */
  countBefore(high: number, low: number, place: Place): number {
    if (!this.#descend(high, low, true, place, false)) return 0;
    return this.#rankOfPath();
  }

  /** As `countBefore`, where the place alone decides, whatever the keys. */
  countBeforePlace(place: Place): number {
    if (!this.#descend(0, 0, false, place, false)) return 0;
    return this.#rankOfPath();
  }

  /** The first element that does not come before the place, or 0; the cursor is on it. */
  seek(high: number, low: number, place: Place): number {
    if (!this.#descend(high, low, true, place, false)) return 0;
    return this.#settle();
  }

  /** The last element that comes before the place, or 0; the cursor is on it. */
  seekLastBefore(high: number, low: number, place: Place): number {
    if (!this.#descend(high, low, true, place, false)) return 0;
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
    if (!this.#descendTo(ref)) return false;
    this.#goToPath();
    return true;
  }

  /** Moves the cursor to the next element and returns it, or 0 at the end, where the cursor stays. */
  next(): number {
    const words = this.#i32[this.#leaf >>> 20]!;
    const base = (this.#leaf & 0xfffff) << 2;
    if (this.#at + 1 < words[base + COUNT]!) return words[base + REFS + ++this.#at]!;
    const next = words[base + NEXT]!;
    if (next === 0) return 0;
    if (this.#walks) this.#nodes.touch(next);
    this.#walks = true;
    this.#leaf = next;
    this.#at = 0;
    return this.#nodes.get(next, REFS);
  }

  /** Moves the cursor to the element before and returns it, or 0 at the start, where the cursor stays. */
  previous(): number {
    const words = this.#i32[this.#leaf >>> 20]!;
    const base = (this.#leaf & 0xfffff) << 2;
    if (this.#at > 0) return words[base + REFS + --this.#at]!;
    const previous = words[base + PREVIOUS]!;
    if (previous === 0) return 0;
    if (this.#walks) this.#nodes.touch(previous);
    this.#walks = true;
    this.#leaf = previous;
    this.#at = this.#nodes.get(previous, COUNT) - 1;
    return this.#nodes.get(previous, REFS + this.#at);
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
    for (let level = this.#get(HEIGHT); level > 0; level--)
      rank += this.#nodes.totalBefore(pathNode[level]!, pathAt[level]!);
    return rank;
  }

  /** The path to an element; false if it is not there. */
  #descendTo(ref: number): boolean {
    this.#place.ref = ref;
    if (!this.#descend(this.#order.high(ref), this.#order.low(ref), true, this.#place, true)) return false;
    const leaf = pathNode[0]!;
    const at = pathAt[0]!;
    return at < this.#nodes.get(leaf, COUNT) && this.#nodes.get(leaf, REFS + at) === ref;
  }

  /** The path to the element at a rank, and the element. */
  #descendToRank(rank: number): number {
    const i32 = this.#i32;
    let node = this.#get(ROOT);
    for (let level = this.#get(HEIGHT); level > 0; level--) {
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
    return this.#nodes.get(node, REFS + rank);
  }

  /** The path to the end, if that is where the element belongs: elements often come in order. There are nodes. */
  #descendToEnd(ref: number, high: number, low: number): boolean {
    const i32 = this.#i32;
    let node = this.#get(ROOT);
    for (let level = this.#get(HEIGHT); level > 0; level--) {
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
    return this.#order.compare(words[last + REFS]!, ref) < 0;
  }

  /**
   * The path to where the place is: in the leaf, before the first entry that does not come before it. False if there are no nodes.
   * @param keyed  whether the keys count
   * @param exact  the place is an element's: of children the last one that does not begin behind it is taken, and else the last one
   *               that begins before it. (What begins at the place may then lie at the start of the next leaf.)
   */
  #descend(high: number, low: number, keyed: boolean, place: Place, exact: boolean): boolean {
    let node = this.#get(ROOT);
    if (node === 0) return false;
    const i32 = this.#i32;
    for (let level = this.#get(HEIGHT); level >= 0; level--) {
      const words = i32[node >>> 20]!;
      const base = (node & 0xfffff) << 2;
      const refs = base + (level === 0 ? REFS : FIRSTS);
      if (exact) this.#place.takesEqual = level > 0;
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

  // Changing

  /** Adds an element, which must not be there. */
  insert(ref: number): void {
    const high = this.#order.high(ref);
    const low = this.#order.low(ref);
    const nodes = this.#nodes;
    this.#place.ref = ref;
    if (this.#get(ROOT) === 0) this.#set(ROOT, nodes.create(0, 0));
    if (!this.#descendToEnd(ref, high, low)) this.#descend(high, low, true, this.#place, true);
    this.#set(SIZE, this.#get(SIZE) + 1);
    const height = this.#get(HEIGHT);
    for (let level = height; level > 0; level--) this.#addToCount(level, 1);
    const leaf = pathNode[0]!;
    const at = pathAt[0]!;
    // What comes first in a leaf is the first of all, and what is said of a first child is not looked at.
    if (nodes.get(leaf, COUNT) < MAX) nodes.insertElement(leaf, at, ref, high, low);
    else {
      const cut = this.#cutOf(leaf, at);
      const right = nodes.create(0, leaf);
      nodes.moveTail(leaf, cut, right, 0);
      if (goesLeft(at, cut)) nodes.insertElement(leaf, at, ref, high, low);
      else nodes.insertElement(right, at - cut, ref, high, low);
      this.#splitAbove(1, leaf, right);
    }
  }

  /** Takes an element out; false if it was not there. */
  remove(ref: number): boolean {
    if (!this.#descendTo(ref)) return false;
    this.#removeFound(1);
    return true;
  }

  /** Takes out the element at this place, which must be there, and returns it. */
  removeAt(rank: number): number {
    const ref = this.#descendToRank(rank);
    this.#removeFound(1);
    return ref;
  }

  /**
   * Takes out so many elements, which must be there, from a place on, and shows them to `visit`, which must not look at the index: some
   * at a time, those of refs[at, at + found). Whoever takes the first or the last goes on with those beside it, as a queue: every
   * AHEAD times `expect` is shown those that come next.
   */
  removeRange(rank: number, count: number, visit: VisitRefs, expect?: VisitRefs): void {
    while (count > 0) {
      this.#descendToRank(rank);
      const leaf = pathNode[0]!;
      const at = pathAt[0]!;
      const words = this.#i32[leaf >>> 20]!;
      const refs = ((leaf & 0xfffff) << 2) + REFS;
      const there = words[refs - REFS + COUNT]!;
      const inLeaf = Math.min(count, there - at);
      if (expect !== undefined && inLeaf < AHEAD && (there & (AHEAD - 1)) === 0) {
        if (at === 0) expect(words, refs, AHEAD);
        else if (at + inLeaf === there) expect(words, refs + there - AHEAD, AHEAD);
      }
      visit(words, refs + at, inLeaf);
      this.#removeFound(inLeaf);
      count -= inLeaf;
    }
  }

  /**
   * An element is about to get another key. If it then belongs somewhere in the leaf where it is, it is moved there, which is all
   * that most small changes take. Otherwise it is taken out.
   * @returns  whether it was moved; if not, it is to be inserted once it has its key
   */
  moveOrRemove(ref: number, high: number, low: number): boolean {
    if (!this.#descendTo(ref)) throw new Error("not in the index");
    const leaf = pathNode[0]!;
    const from = pathAt[0]!;
    const to = this.#placeInLeaf(leaf, from, ref, high, low);
    if (to >= 0) this.#nodes.moveElement(leaf, from, to, high, low);
    else this.#removeFound(1);
    return to >= 0;
  }

  /** Where in its leaf an element of this new key belongs; -1 if that is at an end of the leaf, or beyond, or it was the first. */
  #placeInLeaf(leaf: number, from: number, ref: number, high: number, low: number): number {
    const words = this.#i32[leaf >>> 20]!;
    const base = (leaf & 0xfffff) << 2;
    const count = words[base + COUNT]!;
    if (from === 0) return -1;
    let before = 0;
    for (let end = count; before < end; ) {
      const middle = (before + end) >>> 1;
      const otherHigh = words[base + HIGHS + middle]!;
      const otherLow = words[base + LOWS + middle]!;
      let isBefore: boolean;
      // Its own entry still has the old key, but is in order among the others, on the side from which it goes away.
      if (otherHigh !== high) isBefore = otherHigh < high;
      else if (otherLow !== low) isBefore = otherLow >>> 0 < low >>> 0;
      else isBefore = this.#order.compare(words[base + REFS + middle]!, ref) < 0;
      if (isBefore) before = middle + 1;
      else end = middle;
    }
    const to = before > from ? before - 1 : before;
    return to > 0 && to < count - 1 ? to : -1;
  }

  /** Takes out so many elements of the path's leaf. */
  #removeFound(count: number): void {
    this.#set(SIZE, this.#get(SIZE) - count);
    for (let level = this.#get(HEIGHT); level > 0; level--) this.#addToCount(level, -count);
    this.#removeEntries(0, count);
  }

  /** Puts `to` where `from` is: a copy of it at another place in memory. */
  replace(from: number, to: number): void {
    if (!this.#descendTo(from)) throw new Error("not in the index");
    const at = pathAt[0]!;
    const leaf = pathNode[0]!;
    this.#nodes.set(leaf, REFS + at, to);
    if (at === 0) this.#setFirst(1, to, this.#nodes.get(leaf, HIGHS), this.#nodes.get(leaf, LOWS));
  }

  /** Takes on copies of all elements of another index, having none: `copyOf` makes one, of the same key, and is asked in order. */
  copy(from: OrderedIndex, copyOf: (ref: number) => number): void {
    const root = from.#get(ROOT);
    if (root === 0) return;
    this.#set(ROOT, new IndexCopy(this.#nodes, copyOf).copy(root, from.#get(HEIGHT)));
    this.#set(HEIGHT, from.#get(HEIGHT));
    this.#set(SIZE, from.#get(SIZE));
  }

  /** Frees the nodes, in slices: about `count` a step, and none is left when a step answers false. The elements are the owner's. */
  disposal(): IndexDisposal {
    return new IndexDisposal(this.#nodes, this.#get(ROOT), this.#get(HEIGHT));
  }

  /** Bytes of a node for each 63 elements, less than full as they usually are: an estimate. */
  get bytes(): number {
    return Math.round(this.size * BYTES_AN_ELEMENT);
  }

  #addToCount(level: number, change: number): void {
    const node = pathNode[level]!;
    const word = COUNTS + pathAt[level]!;
    this.#nodes.set(node, word, this.#nodes.get(node, word) + change);
  }

  /** The node below the path's entry at `level` begins with another element now: so do the nodes above whose first it is. */
  #setFirst(level: number, ref: number, high: number, low: number): void {
    const height = this.#get(HEIGHT);
    for (; level <= height; level++) {
      const node = pathNode[level]!;
      const at = pathAt[level]!;
      this.#nodes.set(node, HIGHS + at, high);
      this.#nodes.set(node, LOWS + at, low);
      this.#nodes.set(node, FIRSTS + at, ref);
      if (at > 0) return;
    }
  }

  /**
   * Where a full node is cut in two when an entry is to be put at `at`. At either end of the level all entries stay together, so
   * that nodes filled in order are full.
   */
  #cutOf(node: number, at: number): number {
    if (at === MAX && this.#nodes.get(node, NEXT) === 0) return MAX;
    if (at === 0 && this.#nodes.get(node, PREVIOUS) === 0) return 0;
    return (MAX + 1) >>> 1;
  }

  /** Tells the level above that `left`, where the path went, has given entries to a new node at its right. */
  #splitAbove(level: number, left: number, right: number): void {
    const nodes = this.#nodes;
    if (level > this.#get(HEIGHT)) {
      const root = nodes.create(level, 0);
      nodes.insertChild(root, 0, left, level - 1);
      nodes.insertChild(root, 1, right, level - 1);
      this.#set(ROOT, root);
      this.#set(HEIGHT, level);
      return;
    }
    const node = pathNode[level]!;
    const at = pathAt[level]! + 1;
    nodes.set(node, COUNTS + at - 1, nodes.total(left, level - 1));
    if (nodes.get(node, COUNT) < MAX) {
      nodes.insertChild(node, at, right, level - 1);
      return;
    }
    const cut = this.#cutOf(node, at);
    const beside = nodes.create(level, node);
    nodes.moveTail(node, cut, beside, level);
    if (goesLeft(at, cut)) nodes.insertChild(node, at, right, level - 1);
    else nodes.insertChild(beside, at - cut, right, level - 1);
    this.#splitAbove(level + 1, node, beside);
  }

  /** Takes entries out of the path's node, from the path's on, and the node with them if no other is left. */
  #removeEntries(level: number, removed: number): void {
    const nodes = this.#nodes;
    const node = pathNode[level]!;
    const at = pathAt[level]!;
    const left = nodes.removeEntries(node, level, at, removed);
    const height = this.#get(HEIGHT);
    if (left === 0) {
      nodes.drop(node);
      if (level < height) this.#removeEntries(level + 1, 1);
      else {
        this.#set(ROOT, 0);
        this.#set(HEIGHT, 0);
      }
      return;
    }
    if (at === 0) this.#setFirst(level + 1, nodes.firstOf(node, level), nodes.get(node, HIGHS), nodes.get(node, LOWS));
    if (level === height) this.#lowerRoot();
    else if (left <= MERGE_MAX >>> 1) this.#merge(level, node);
  }

  /** Joins the path's node at `level` with a neighbour of the same parent, if there is one with as few entries. */
  #merge(level: number, node: number): void {
    const nodes = this.#nodes;
    const parent = pathNode[level + 1]!;
    const at = pathAt[level + 1]!;
    const room = MERGE_MAX - nodes.get(node, COUNT);
    const fits = (neighbour: number) => nodes.get(nodes.get(parent, REFS + neighbour), COUNT) <= room;
    let right: number;
    if (at > 0 && fits(at - 1)) right = at;
    else if (at + 1 < nodes.get(parent, COUNT) && fits(at + 1)) right = at + 1;
    else return;
    const from = nodes.get(parent, REFS + right);
    nodes.moveTail(from, 0, nodes.get(parent, REFS + right - 1), level);
    const moved = nodes.get(parent, COUNTS + right);
    nodes.set(parent, COUNTS + right - 1, nodes.get(parent, COUNTS + right - 1) + moved);
    nodes.drop(from);
    pathAt[level + 1] = right;
    this.#removeEntries(level + 1, 1);
  }

  /** A root with a single child is not needed. */
  #lowerRoot(): void {
    const nodes = this.#nodes;
    for (let height = this.#get(HEIGHT); height > 0; height--) {
      const root = this.#get(ROOT);
      if (nodes.get(root, COUNT) > 1) return;
      this.#set(ROOT, nodes.get(root, REFS));
      this.#set(HEIGHT, height - 1);
      nodes.drop(root);
    }
  }
}

/** A node of 768 bytes, two thirds full, and its share of those above. */
const BYTES_AN_ELEMENT = 18.5;

/** Whether an entry that was to be put at `at` of a node cut at `cut` belongs to the left half. */
function goesLeft(at: number, cut: number): boolean {
  return at <= cut && cut < MAX;
}
