/**
 * Elements in order, each known by its place: a counted B+tree of refs in an arena. Insertion, removal, the rank of an
 * element and the element at a rank take O(log n), and nothing is allocated but nodes (index-nodes.ts).
 *
 * An element has a key of 64 bits, of which the nodes keep copies; among elements of the same key the owner decides
 * (`Order`, index-order.ts). The object is a flyweight: it is positioned on `HEADER_WORDS` words of a block of the owner's.
 */
import { IndexCopy } from "./index-copy.ts";
import { IndexDisposal } from "./index-disposal.ts";
import { COUNT, COUNTS, FIRSTS, HIGHS, LOWS, MAX, MERGE_MAX, NEXT, PREVIOUS, REFS } from "./index-nodes.ts";
import { HEIGHT, IndexReading, pathAt, pathNode, ROOT, SIZE } from "./index-reading.ts";

export { HEADER_WORDS } from "./index-reading.ts";

/** So many are to be fetched together. */
const AHEAD = 16;

/** Shows the elements refs[at, at + count), lent. */
export type VisitRefs = (refs: Int32Array, at: number, count: number) => void;

export class OrderedIndex extends IndexReading {
  /** Makes the header one of an empty index. */
  initialize(): this {
    this.setField(ROOT, 0);
    this.setField(HEIGHT, 0);
    this.setField(SIZE, 0);
    return this;
  }

  /** Adds an element, which must not be there. */
  insert(ref: number): void {
    const high = this.order.high(ref);
    const low = this.order.low(ref);
    const nodes = this.nodes;
    this.place.ref = ref;
    if (this.field(ROOT) === 0) this.setField(ROOT, nodes.create(0, 0));
    if (!this.descendToEnd(ref, high, low)) this.descend(high, low, true, this.place, true);
    this.setField(SIZE, this.field(SIZE) + 1);
    const height = this.field(HEIGHT);
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
    if (!this.descendTo(ref)) return false;
    this.#removeFound(1);
    return true;
  }

  /** Takes out the element at this place, which must be there, and returns it. */
  removeAt(rank: number): number {
    const ref = this.descendToRank(rank);
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
      this.descendToRank(rank);
      const leaf = pathNode[0]!;
      const at = pathAt[0]!;
      const words = this.i32[leaf >>> 20]!;
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
    if (!this.descendTo(ref)) throw new Error("not in the index");
    const leaf = pathNode[0]!;
    const from = pathAt[0]!;
    const to = this.#placeInLeaf(leaf, from, ref, high, low);
    if (to >= 0) this.nodes.moveElement(leaf, from, to, high, low);
    else this.#removeFound(1);
    return to >= 0;
  }

  /** Where in its leaf an element of this new key belongs; -1 if that is at an end of the leaf, or beyond, or it was the first. */
  #placeInLeaf(leaf: number, from: number, ref: number, high: number, low: number): number {
    const words = this.i32[leaf >>> 20]!;
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
      else isBefore = this.order.compare(words[base + REFS + middle]!, ref) < 0;
      if (isBefore) before = middle + 1;
      else end = middle;
    }
    const to = before > from ? before - 1 : before;
    return to > 0 && to < count - 1 ? to : -1;
  }

  /** Takes out so many elements of the path's leaf. */
  #removeFound(count: number): void {
    this.setField(SIZE, this.field(SIZE) - count);
    for (let level = this.field(HEIGHT); level > 0; level--) this.#addToCount(level, -count);
    this.#removeEntries(0, count);
  }

  /** Puts `to` where `from` is: a copy of it at another place in memory. */
  replace(from: number, to: number): void {
    if (!this.descendTo(from)) throw new Error("not in the index");
    const at = pathAt[0]!;
    const leaf = pathNode[0]!;
    this.nodes.set(leaf, REFS + at, to);
    if (at === 0) this.#setFirst(1, to, this.nodes.get(leaf, HIGHS), this.nodes.get(leaf, LOWS));
  }

  /** Takes on copies of all elements of another index, having none: `copyOf` makes one, of the same key, and is asked in order. */
  copy(from: OrderedIndex, copyOf: (ref: number) => number): void {
    const root = from.field(ROOT);
    if (root === 0) return;
    this.setField(ROOT, new IndexCopy(this.nodes, copyOf).copy(root, from.field(HEIGHT)));
    this.setField(HEIGHT, from.field(HEIGHT));
    this.setField(SIZE, from.field(SIZE));
  }

  /** Frees the nodes, in slices: about `count` a step, and none is left when a step answers false. The elements are the owner's. */
  disposal(): IndexDisposal {
    return new IndexDisposal(this.nodes, this.field(ROOT), this.field(HEIGHT));
  }

  /** Bytes of a node for each 63 elements, less than full as they usually are: an estimate. */
  get bytes(): number {
    return Math.round(this.size * BYTES_AN_ELEMENT);
  }

  #addToCount(level: number, change: number): void {
    const node = pathNode[level]!;
    const word = COUNTS + pathAt[level]!;
    this.nodes.set(node, word, this.nodes.get(node, word) + change);
  }

  /** The node below the path's entry at `level` begins with another element now: so do the nodes above whose first it is. */
  #setFirst(level: number, ref: number, high: number, low: number): void {
    const height = this.field(HEIGHT);
    for (; level <= height; level++) {
      const node = pathNode[level]!;
      const at = pathAt[level]!;
      this.nodes.set(node, HIGHS + at, high);
      this.nodes.set(node, LOWS + at, low);
      this.nodes.set(node, FIRSTS + at, ref);
      if (at > 0) return;
    }
  }

  /**
   * Where a full node is cut in two when an entry is to be put at `at`. At either end of the level all entries stay together, so
   * that nodes filled in order are full.
   */
  #cutOf(node: number, at: number): number {
    if (at === MAX && this.nodes.get(node, NEXT) === 0) return MAX;
    if (at === 0 && this.nodes.get(node, PREVIOUS) === 0) return 0;
    return (MAX + 1) >>> 1;
  }

  /** Tells the level above that `left`, where the path went, has given entries to a new node at its right. */
  #splitAbove(level: number, left: number, right: number): void {
    const nodes = this.nodes;
    if (level > this.field(HEIGHT)) {
      const root = nodes.create(level, 0);
      nodes.insertChild(root, 0, left, level - 1);
      nodes.insertChild(root, 1, right, level - 1);
      this.setField(ROOT, root);
      this.setField(HEIGHT, level);
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
    const nodes = this.nodes;
    const node = pathNode[level]!;
    const at = pathAt[level]!;
    const left = nodes.removeEntries(node, level, at, removed);
    const height = this.field(HEIGHT);
    if (left === 0) {
      nodes.drop(node);
      if (level < height) this.#removeEntries(level + 1, 1);
      else {
        this.setField(ROOT, 0);
        this.setField(HEIGHT, 0);
      }
      return;
    }
    if (at === 0) this.#setFirst(level + 1, nodes.firstOf(node, level), nodes.get(node, HIGHS), nodes.get(node, LOWS));
    if (level === height) this.#lowerRoot();
    else if (left <= MERGE_MAX >>> 1) this.#merge(level, node);
  }

  /** Joins the path's node at `level` with a neighbour of the same parent, if there is one with as few entries. */
  #merge(level: number, node: number): void {
    const nodes = this.nodes;
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
    const nodes = this.nodes;
    for (let height = this.field(HEIGHT); height > 0; height--) {
      const root = this.field(ROOT);
      if (nodes.get(root, COUNT) > 1) return;
      this.setField(ROOT, nodes.get(root, REFS));
      this.setField(HEIGHT, height - 1);
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
