/** The keys of a keyspace by their hash slot, where a cluster asks for that: counted and listed without a look at the others. */
import { Slice } from "../base/bytes.ts";
import { hashSlot } from "../base/hash-slot.ts";
import { FRONT, type Order } from "../memory/index-order.ts";
import { HEADER_WORDS, OrderedIndex } from "../memory/ordered-index.ts";
import type { Store } from "./store.ts";

export class SlotIndex {
  readonly #store: Store;
  readonly #index: OrderedIndex;
  /** The block of the index' header; 0 before the first key. */
  #block = 0;
  readonly #key = new Slice();

  constructor(store: Store) {
    this.#store = store;
    // Entries of one slot stand in the order of their refs: no two are alike.
    const order: Order = { high: (ref) => this.slotOf(ref), low: (ref) => ref | 0, compare: (a, b) => a - b };
    this.#index = new OrderedIndex(store.arena, order);
  }

  slotOf(ref: number): number {
    const { entries } = this.#store;
    const at = entries.keyAt(ref);
    return hashSlot(this.#key.set(entries.bytes(ref), at, at + entries.keyLength(ref)));
  }

  #opened(): OrderedIndex {
    if (this.#block !== 0) return this.#index;
    this.#block = this.#store.arena.alloc(HEADER_WORDS * 4);
    return this.#index.position(this.#block, 0).initialize();
  }

  add(ref: number): void {
    this.#opened().insert(ref);
  }

  remove(ref: number): void {
    this.#index.remove(ref);
  }

  /** How many keys the slot has. */
  count(slot: number): number {
    if (this.#block === 0) return 0;
    return this.#index.countBefore(slot + 1, 0, FRONT) - this.#index.countBefore(slot, 0, FRONT);
  }

  /** Visits the entries of at most `limit` keys of the slot; the visitor must not write. */
  visit(slot: number, limit: number, visitor: (ref: number) => void): void {
    let left = Math.min(limit, this.count(slot));
    if (left === 0) return;
    for (let ref = this.#index.seek(slot, 0, FRONT); left > 0; ref = this.#index.next(), left--) visitor(ref);
  }

  /** As `visit`, but only those that stand behind the entry `last` (0: all): a walk goes on there, whatever changed meanwhile. */
  visitBehind(slot: number, last: number, limit: number, visitor: (ref: number) => void): void {
    if (this.#block === 0) return;
    const index = this.#index;
    // Behind the last ref that there can be stands none of this slot.
    let ref = last >>> 0 === 0xffffffff ? 0 : index.seek(slot, (last + 1) | 0, FRONT);
    for (let left = limit; left > 0 && ref !== 0 && this.slotOf(ref) === slot; left--) {
      visitor(ref);
      ref = index.next();
    }
  }

  /** How many keys there are in all. */
  get size(): number {
    return this.#block === 0 ? 0 : this.#index.size;
  }

  /** The entry at this place in the order of the slots, which must be there. */
  at(rank: number): number {
    return this.#index.at(rank);
  }

  /** How many keys the slots below this one have. */
  countBelow(slot: number): number {
    return this.#block === 0 ? 0 : this.#index.countBefore(slot, 0, FRONT);
  }

  /** Gives everything back, in slices or at once. */
  dispose(): void {
    if (this.#block === 0) return;
    const disposal = this.#index.disposal();
    while (disposal.step(1 << 20));
    this.#store.arena.free(this.#block);
    this.#block = 0;
  }
}
