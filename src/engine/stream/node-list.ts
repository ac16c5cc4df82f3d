/**
 * The nodes of a stream in the order of their IDs: a chain, and an index over it as soon as there are more than a few. Most
 * streams have few nodes, and most changes are made at either end.
 *
 * It takes LIST_WORDS words of the stream's root: first node, last node, how many, and the index's header.
 */
import type { Arena } from "../../memory/arena.ts";
import type { Order, Place } from "../../memory/index-order.ts";
import { HEADER_WORDS, OrderedIndex } from "../../memory/ordered-index.ts";
import { StreamId } from "./id.ts";
import { NEXT, PREVIOUS } from "./node.ts";

const FIRST = 0;
const LAST = 1;
const COUNT = 2;
const INDEX = 3;
export const LIST_WORDS: number = INDEX + HEADER_WORDS;

/** Up to so many nodes are looked through one by one. */
const UNINDEXED = 8;

/** Orders blocks that begin with an ID: the milliseconds are the index's own key, the sequence is compared. */
export class IdOrder implements Order {
  readonly #i32: Int32Array[];

  constructor(arena: Arena) {
    this.#i32 = arena.i32;
  }

  high(ref: number): number {
    return keyHigh(this.#i32[ref >>> 20]![(ref & 0xfffff) << 2]!);
  }

  low(ref: number): number {
    return this.#i32[ref >>> 20]![((ref & 0xfffff) << 2) + 1]!;
  }

  compare(a: number, b: number): number {
    const aWords = this.#i32[a >>> 20]!;
    const bWords = this.#i32[b >>> 20]!;
    const aAt = ((a & 0xfffff) << 2) + 2;
    const bAt = ((b & 0xfffff) << 2) + 2;
    const difference = (aWords[aAt]! >>> 0) - (bWords[bAt]! >>> 0);
    return difference !== 0 ? difference : (aWords[aAt + 1]! >>> 0) - (bWords[bAt + 1]! >>> 0);
  }
}

/** The index takes the high words of keys as signed, and those of IDs are not. */
export function keyHigh(msHigh: number): number {
  return msHigh ^ -0x80000000;
}

/** The place before the element of an ID, or behind it; among elements of the same milliseconds. */
export class IdPlace implements Place {
  readonly id = new StreamId();
  behind = false;
  readonly #i32: Int32Array[];

  constructor(arena: Arena) {
    this.#i32 = arena.i32;
  }

  isBefore(ref: number): boolean {
    const words = this.#i32[ref >>> 20]!;
    const at = ((ref & 0xfffff) << 2) + 2;
    const { id } = this;
    if (words[at] !== id.seqHigh) return words[at]! >>> 0 < id.seqHigh >>> 0;
    if (words[at + 1] !== id.seqLow) return words[at + 1]! >>> 0 < id.seqLow >>> 0;
    return this.behind;
  }
}

export class NodeList {
  readonly #i32: Int32Array[];
  readonly #index: OrderedIndex;
  readonly #place: IdPlace;
  readonly #id = new StreamId();
  #root = 0;
  #word = 0;

  constructor(arena: Arena) {
    this.#i32 = arena.i32;
    this.#index = new OrderedIndex(arena, new IdOrder(arena));
    this.#place = new IdPlace(arena);
  }

  /** On the list that begins at this word of this block. */
  position(root: number, word: number): this {
    this.#root = root;
    this.#word = word;
    return this;
  }

  /** Makes it an empty list. */
  initialize(): this {
    this.#set(FIRST, 0);
    this.#set(LAST, 0);
    this.#set(COUNT, 0);
    this.index.initialize();
    return this;
  }

  #get(field: number): number {
    return this.#i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + this.#word + field]!;
  }

  #set(field: number, value: number): void {
    this.#i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + this.#word + field] = value;
  }

  get first(): number {
    return this.#get(FIRST);
  }

  get last(): number {
    return this.#get(LAST);
  }

  get count(): number {
    return this.#get(COUNT);
  }

  /** The index, which is empty while there are few nodes. */
  get index(): OrderedIndex {
    return this.#index.position(this.#root, this.#word + INDEX);
  }

  next(node: number): number {
    return this.#i32[node >>> 20]![((node & 0xfffff) << 2) + NEXT]!;
  }

  #link(node: number, field: number, other: number): void {
    this.#i32[node >>> 20]![((node & 0xfffff) << 2) + field] = other;
  }

  /** The last node whose ID is not greater than this one, or 0. */
  lastUpTo(id: StreamId): number {
    const { last } = this;
    if (last === 0 || this.#compare(last, id) <= 0) return last;
    const { index } = this;
    if (index.size > 0) {
      this.#place.id.copy(id);
      this.#place.behind = true;
      return index.seekLastBefore(keyHigh(id.msHigh), id.msLow, this.#place);
    }
    let found = 0;
    for (let node = this.first; node !== 0 && this.#compare(node, id) <= 0; node = this.next(node)) found = node;
    return found;
  }

  #compare(node: number, id: StreamId): number {
    return this.#id.read(this.#i32[node >>> 20]!, (node & 0xfffff) << 2).compare(id);
  }

  /** Puts a node in its place; false if there is one of its ID. */
  insert(node: number, id: StreamId): boolean {
    const before = this.lastUpTo(id);
    if (before !== 0 && this.#compare(before, id) === 0) return false;
    const behind = before === 0 ? this.first : this.next(before);
    this.#link(node, PREVIOUS, before);
    this.#link(node, NEXT, behind);
    if (before === 0) this.#set(FIRST, node);
    else this.#link(before, NEXT, node);
    if (behind === 0) this.#set(LAST, node);
    else this.#link(behind, PREVIOUS, node);
    const count = this.count + 1;
    this.#set(COUNT, count);
    const { index } = this;
    if (index.size > 0) index.insert(node);
    else if (count > UNINDEXED) for (let each = this.first; each !== 0; each = this.next(each)) index.insert(each);
    return true;
  }

  /** Takes a node out; its blocks are the caller's. */
  remove(node: number): void {
    const { index } = this;
    if (index.size > 0) index.remove(node);
    const words = this.#i32[node >>> 20]!;
    const at = (node & 0xfffff) << 2;
    const before = words[at + PREVIOUS]!;
    const behind = words[at + NEXT]!;
    if (before === 0) this.#set(FIRST, behind);
    else this.#link(before, NEXT, behind);
    if (behind === 0) this.#set(LAST, before);
    else this.#link(behind, PREVIOUS, before);
    this.#set(COUNT, this.count - 1);
  }
}
