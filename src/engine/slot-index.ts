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
    const order: Order = { high: (ref) => this.#slotOf(ref), low: (ref) => ref | 0, compare: (a, b) => a - b };
    this.#index = new OrderedIndex(store.arena, order);
  }

  #slotOf(ref: number): number {
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

  /** Gives everything back, in slices or at once. */
  dispose(): void {
    if (this.#block === 0) return;
    const disposal = this.#index.disposal();
    while (disposal.step(1 << 20));
    this.#store.arena.free(this.#block);
    this.#block = 0;
  }
}
