/**
 * The nodes of a large list, in order: chunks of slots, linked both ways, with the number of elements in each. A place in the
 * middle of ten million elements is some hundred numbers away, whichever end one begins at.
 *
 *   chunk: word 0 previous   1 next   2 elements   3 first slot (16 bits) | slots (16 bits)   slots: node, its elements
 *
 * The list's root (word 1 first chunk, 2 elements, 3 last chunk) is the directory's own. One object, positioned on a root;
 * `chunk` and `slot` name the node that is being looked at.
 */
import type { Arena } from "../../memory/arena.ts";

const FIRST_CHUNK = 1;
const ELEMENTS = 2;
const LAST_CHUNK = 3;

const PREVIOUS = 0;
const NEXT = 1;
const TOTAL = 2;
const SPAN = 3;
const SLOTS = 4;
const HEADER = 16;
const SLOT = 8;
const FEWEST = 4;
/** A chunk of 1 KiB. */
const MOST = 126;

export class Directory {
  /** The chunk of the current node; 0 if there is none. */
  chunk = 0;
  /** Its slot, counted from the chunk's first. */
  slot = 0;
  readonly #arena: Arena;
  #root = 0;
  /** The word of its page where the current slot is. */
  #at = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  at(root: number): this {
    this.#root = root;
    return this;
  }

  /** Makes the root that of a list without nodes. */
  initialize(): void {
    this.#setRoot(FIRST_CHUNK, 0);
    this.#setRoot(ELEMENTS, 0);
    this.#setRoot(LAST_CHUNK, 0);
  }

  /** Elements of all nodes. */
  get elements(): number {
    return this.#word(this.#root, ELEMENTS);
  }

  get node(): number {
    return this.#arena.i32[this.chunk >>> 20]![this.#at]!;
  }

  set node(ref: number) {
    this.#arena.i32[this.chunk >>> 20]![this.#at] = ref;
  }

  /** Elements of the current node. */
  get count(): number {
    return this.#arena.i32[this.chunk >>> 20]![this.#at + 1]!;
  }

  /** The current node has so many more elements. */
  add(elements: number): void {
    const words = this.#arena.i32[this.chunk >>> 20]!;
    words[this.#at + 1]! += elements;
    words[((this.chunk & 0xfffff) << 2) + TOTAL]! += elements;
    this.#arena.i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + ELEMENTS]! += elements;
  }

  // Going there

  first(): boolean {
    return this.#enter(this.#word(this.#root, FIRST_CHUNK), false);
  }

  last(): boolean {
    return this.#enter(this.#word(this.#root, LAST_CHUNK), true);
  }

  next(): boolean {
    if (++this.slot < this.#length(this.chunk)) {
      this.#at += 2;
      return true;
    }
    return this.#enter(this.#word(this.chunk, NEXT), false);
  }

  previous(): boolean {
    if (--this.slot >= 0) {
      this.#at -= 2;
      return true;
    }
    return this.#enter(this.#word(this.chunk, PREVIOUS), true);
  }

  /** Goes to the first or last slot of a chunk; false if it is none. */
  #enter(chunk: number, atEnd: boolean): boolean {
    this.chunk = chunk;
    if (chunk === 0) return false;
    const words = this.#arena.i32[chunk >>> 20]!;
    const base = (chunk & 0xfffff) << 2;
    const span = words[base + SPAN]!;
    this.slot = atEnd ? (span & 0xffff) - 1 : 0;
    this.#at = base + SLOTS + ((span >>> 16) + this.slot) * 2;
    return true;
  }

  /** Goes to the node of the element `index`, which must be there; returns its index within the node. */
  seek(index: number): number {
    return index <= this.elements >>> 1 ? this.#seekForwards(index) : this.#seekBackwards(index);
  }

  #seekForwards(index: number): number {
    let chunk = this.#word(this.#root, FIRST_CHUNK);
    for (let total = this.#word(chunk, TOTAL); index >= total; total = this.#word(chunk, TOTAL)) {
      index -= total;
      chunk = this.#word(chunk, NEXT);
    }
    this.#enter(chunk, false);
    const words = this.#arena.i32[chunk >>> 20]!;
    let at = this.#at;
    for (; index >= words[at + 1]!; at += 2) index -= words[at + 1]!;
    this.slot = (at - this.#at) >>> 1;
    this.#at = at;
    return index;
  }

  #seekBackwards(index: number): number {
    // How many elements come behind the one that is looked for, itself included.
    let behind = this.elements - index;
    let chunk = this.#word(this.#root, LAST_CHUNK);
    for (let total = this.#word(chunk, TOTAL); behind > total; total = this.#word(chunk, TOTAL)) {
      behind -= total;
      chunk = this.#word(chunk, PREVIOUS);
    }
    this.#enter(chunk, true);
    const words = this.#arena.i32[chunk >>> 20]!;
    let at = this.#at;
    for (; behind > words[at + 1]!; at -= 2) behind -= words[at + 1]!;
    this.slot -= (this.#at - at) >>> 1;
    this.#at = at;
    return words[at + 1]! - behind;
  }

  // Changing

  /** A node before all others; it is current then. */
  unshift(node: number, elements: number): void {
    if (this.first()) this.insertBefore(node, elements);
    else this.#begin(node, elements);
  }

  /** A node behind all others; it is current then. */
  push(node: number, elements: number): void {
    if (this.last()) this.insertAfter(node, elements);
    else this.#begin(node, elements);
  }

  #begin(node: number, elements: number): void {
    this.chunk = this.#newChunk(FEWEST, 0, 0);
    this.#put(0, node, elements);
  }

  insertBefore(node: number, elements: number): void {
    // At the front of a full chunk the next one is begun, so that pushing there does not split again and again.
    if (this.slot === 0 && this.#length(this.chunk) === MOST) {
      this.chunk = this.#newChunk(MOST, this.#word(this.chunk, PREVIOUS), this.chunk);
      this.#put(0, node, elements);
    } else this.#put(this.slot, node, elements);
  }

  insertAfter(node: number, elements: number): void {
    if (this.slot === MOST - 1) {
      this.chunk = this.#newChunk(MOST, this.chunk, this.#word(this.chunk, NEXT));
      this.#put(0, node, elements);
    } else this.#put(this.slot + 1, node, elements);
  }

  /** Takes the current node out; the one behind it is current then. False if there is none. */
  remove(): boolean {
    const { chunk, slot } = this;
    this.add(-this.count);
    const length = this.#length(chunk);
    if (length === 1) {
      const next = this.#word(chunk, NEXT);
      this.#dropChunk(chunk);
      return this.#enter(next, false);
    }
    const words = this.#arena.i32[chunk >>> 20]!;
    const first = this.#firstSlot(chunk);
    const start = ((chunk & 0xfffff) << 2) + SLOTS + first * 2;
    if (slot < length >>> 1) {
      if (slot > 0) words.copyWithin(start + 2, start, start + slot * 2);
      this.#setSpan(chunk, first + 1, length - 1);
      this.#at += 2;
    } else {
      words.copyWithin(start + slot * 2, start + slot * 2 + 2, start + length * 2);
      this.#setSpan(chunk, first, length - 1);
    }
    return slot < length - 1 || this.#enter(this.#word(chunk, NEXT), false);
  }

  /**
   * Takes out and frees nodes from the current one to the end of its chunk, as many as have at most so many elements together. The
   * one behind them is current then.
   * @returns  how many nodes
   */
  freeRun(elements: number, nodes: number): number {
    const { chunk, slot } = this;
    const words = this.#arena.i32[chunk >>> 20]!;
    const length = this.#length(chunk);
    const most = Math.min(nodes, length - slot);
    let freed = 0;
    let gone = 0;
    let at = this.#at;
    const { watch } = this.#arena;
    while (freed < most && gone + words[at + 1]! <= elements) {
      if (watch.open) watch.beforeNode(this.#root, words[at]!);
      this.#arena.free(words[at]!);
      gone += words[at + 1]!;
      freed++;
      at += 2;
    }
    if (freed === 0) return 0;
    words[((chunk & 0xfffff) << 2) + TOTAL]! -= gone;
    this.#setRoot(ELEMENTS, this.elements - gone);
    const next = this.#word(chunk, NEXT);
    const left = length - freed;
    if (left === 0) {
      this.#dropChunk(chunk);
      this.#enter(next, false);
      return freed;
    }
    if (slot === 0) {
      this.#setSpan(chunk, this.#firstSlot(chunk) + freed, left);
      this.#at = at;
    } else {
      words.copyWithin(this.#at, at, at + (left - slot) * 2);
      this.#setSpan(chunk, this.#firstSlot(chunk), left);
      if (slot === left) this.#enter(next, false);
    }
    return freed;
  }

  /**
   * Gives the current chunk with all its nodes to another directory, if the place is at its beginning and it has at most so many
   * elements. What is behind it is current then.
   */
  giveChunk(elements: number, to: Directory): boolean {
    const { chunk } = this;
    const total = this.#word(chunk, TOTAL);
    if (this.slot !== 0 || total > elements) return false;
    const next = this.#word(chunk, NEXT);
    this.#unlinkChunk(chunk);
    this.#setRoot(ELEMENTS, this.elements - total);
    to.#takeChunk(chunk, total);
    this.#enter(next, false);
    return true;
  }

  #takeChunk(chunk: number, elements: number): void {
    const last = this.#word(this.#root, LAST_CHUNK);
    this.#set(chunk, PREVIOUS, last);
    this.#set(chunk, NEXT, 0);
    this.#linkNeighbours(last, 0, chunk, chunk);
    this.#setRoot(ELEMENTS, this.elements + elements);
  }

  /** Frees all chunks, not the nodes. */
  dispose(): void {
    let chunk = this.#word(this.#root, FIRST_CHUNK);
    while (chunk !== 0) {
      const next = this.#word(chunk, NEXT);
      this.#arena.free(chunk);
      chunk = next;
    }
    this.initialize();
  }

  /** Whether there is exactly one node. */
  get isSingle(): boolean {
    const chunk = this.#word(this.#root, FIRST_CHUNK);
    return chunk !== 0 && this.#length(chunk) === 1 && this.#word(chunk, NEXT) === 0;
  }

  /** Number of nodes; stops counting beyond `enough`. */
  nodes(enough: number = Number.POSITIVE_INFINITY): number {
    let nodes = 0;
    for (let chunk = this.#word(this.#root, FIRST_CHUNK); chunk !== 0 && nodes <= enough; ) {
      nodes += this.#length(chunk);
      chunk = this.#word(chunk, NEXT);
    }
    return nodes;
  }

  /** Bytes of the chunks' blocks. */
  bytes(): number {
    let bytes = 0;
    for (let chunk = this.#word(this.#root, FIRST_CHUNK); chunk !== 0; chunk = this.#word(chunk, NEXT)) {
      bytes += this.#arena.sizeOf(chunk);
    }
    return bytes;
  }

  // Within a chunk

  /** Puts a node in before the one that is at `slot` now. */
  #put(slot: number, node: number, elements: number): void {
    this.slot = slot;
    let length = this.#length(this.chunk);
    if (length === this.#capacity(this.chunk)) {
      if (length === MOST) this.#split();
      else this.#enlarge();
      length = this.#length(this.chunk);
    }
    const { chunk } = this;
    const words = this.#arena.i32[chunk >>> 20]!;
    let first = this.#firstSlot(chunk);
    const slots = ((chunk & 0xfffff) << 2) + SLOTS;
    const toFront = this.slot < length >>> 1;
    if (toFront ? first === 0 : first + length === this.#capacity(chunk)) first = this.#recenter(toFront);
    const start = slots + first * 2;
    if (toFront) {
      words.copyWithin(start - 2, start, start + this.slot * 2);
      first--;
    } else {
      words.copyWithin(start + this.slot * 2 + 2, start + this.slot * 2, start + length * 2);
    }
    this.#setSpan(chunk, first, length + 1);
    const at = slots + (first + this.slot) * 2;
    words[at] = node;
    words[at + 1] = 0;
    this.#at = at;
    this.add(elements);
  }

  /** Gives the free slots to the side that needs one; returns the first slot. */
  #recenter(toFront: boolean): number {
    const { chunk } = this;
    const length = this.#length(chunk);
    const free = this.#capacity(chunk) - length;
    const from = ((chunk & 0xfffff) << 2) + SLOTS + this.#firstSlot(chunk) * 2;
    const first = toFront ? free - (free >>> 3) : free >>> 3;
    const to = ((chunk & 0xfffff) << 2) + SLOTS + first * 2;
    this.#arena.i32[chunk >>> 20]!.copyWithin(to, from, from + length * 2);
    this.#setSpan(chunk, first, length);
    return first;
  }

  #enlarge(): void {
    const old = this.chunk;
    const length = this.#length(old);
    const chunk = this.#newChunk(Math.min(MOST, length * 2), this.#word(old, PREVIOUS), this.#word(old, NEXT));
    this.#copySlots(old, 0, chunk, length);
    this.#set(chunk, TOTAL, this.#word(old, TOTAL));
    this.#arena.free(old);
    this.chunk = chunk;
  }

  /** Moves the second half of the current chunk to a new one; the current slot stays the same node's, or the place before it. */
  #split(): void {
    const old = this.chunk;
    const length = this.#length(old);
    const half = length >>> 1;
    const chunk = this.#newChunk(MOST, old, this.#word(old, NEXT));
    this.#copySlots(old, half, chunk, length - half);
    this.#setSpan(old, this.#firstSlot(old), half);
    let moved = 0;
    for (let slot = 0; slot < length - half; slot++) moved += this.#word(chunk, SLOTS + slot * 2 + 1);
    this.#set(chunk, TOTAL, moved);
    this.#set(old, TOTAL, this.#word(old, TOTAL) - moved);
    if (this.slot > half) {
      this.chunk = chunk;
      this.slot -= half;
    }
  }

  #copySlots(from: number, slot: number, to: number, slots: number): void {
    const source = this.#arena.i32[from >>> 20]!;
    const start = ((from & 0xfffff) << 2) + SLOTS + (this.#firstSlot(from) + slot) * 2;
    const target = this.#arena.i32[to >>> 20]!;
    const at = ((to & 0xfffff) << 2) + SLOTS;
    for (let i = 0; i < slots * 2; i++) target[at + i] = source[start + i]!;
    this.#setSpan(to, 0, slots);
  }

  /** A chunk between two others (0: at the end), in the place of whatever was between them. */
  #newChunk(slots: number, previous: number, next: number): number {
    const chunk = this.#arena.alloc(HEADER + slots * SLOT);
    this.#set(chunk, PREVIOUS, previous);
    this.#set(chunk, NEXT, next);
    this.#set(chunk, TOTAL, 0);
    this.#set(chunk, SPAN, 0);
    this.#linkNeighbours(previous, next, chunk, chunk);
    return chunk;
  }

  #dropChunk(chunk: number): void {
    this.#unlinkChunk(chunk);
    this.#arena.free(chunk);
  }

  #unlinkChunk(chunk: number): void {
    const previous = this.#word(chunk, PREVIOUS);
    const next = this.#word(chunk, NEXT);
    this.#linkNeighbours(previous, next, next, previous);
  }

  #linkNeighbours(previous: number, next: number, afterPrevious: number, beforeNext: number): void {
    if (previous === 0) this.#setRoot(FIRST_CHUNK, afterPrevious);
    else this.#set(previous, NEXT, afterPrevious);
    if (next === 0) this.#setRoot(LAST_CHUNK, beforeNext);
    else this.#set(next, PREVIOUS, beforeNext);
  }

  // Words

  #word(ref: number, word: number): number {
    return this.#arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + word]!;
  }

  #set(ref: number, word: number, value: number): void {
    this.#arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + word] = value;
  }

  #setRoot(word: number, value: number): void {
    this.#set(this.#root, word, value);
  }

  #firstSlot(chunk: number): number {
    return this.#word(chunk, SPAN) >>> 16;
  }

  #length(chunk: number): number {
    return this.#word(chunk, SPAN) & 0xffff;
  }

  #setSpan(chunk: number, first: number, length: number): void {
    this.#set(chunk, SPAN, (first << 16) | length);
  }

  #capacity(chunk: number): number {
    return Math.min(MOST, (this.#arena.sizeOf(chunk) - HEADER) >>> 3);
  }
}
