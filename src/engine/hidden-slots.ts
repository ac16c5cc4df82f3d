/**
 * Hash slots whose keys are here but are nobody's to see: those being taken in from another node, whose they still are, and those
 * that were given away and are being removed. Commands on such keys are sent elsewhere by the cluster's gate; this keeps them out of
 * what looks at all keys (SCAN, KEYS, RANDOMKEY, DBSIZE), and from being expired or evicted by a node that does not own them.
 */
import type { SlotIndex } from "./slot-index.ts";

export class HiddenSlots {
  /** Whether there are any: the only question that costs anything in the usual case. */
  any = false;
  /** How snapshots describe them; whoever sets them says so. */
  label = "";
  #slots = new Set<number>();
  /** In ascending order, neighbours joined; both ends belong to a range. */
  #ranges: [first: number, last: number][] = [];

  set(slots: Iterable<number>, label: string): void {
    this.label = label;
    this.#slots = new Set(slots);
    this.any = this.#slots.size > 0;
    this.#ranges = [];
    for (const slot of [...this.#slots].sort((a, b) => a - b)) {
      const last = this.#ranges.at(-1);
      if (last !== undefined && last[1] === slot - 1) last[1] = slot;
      else this.#ranges.push([slot, slot]);
    }
  }

  has(slot: number): boolean {
    return this.#slots.has(slot);
  }

  /** How many keys of this keyspace are hidden. */
  count(index: SlotIndex | null): number {
    if (!this.any || index === null) return 0;
    let count = 0;
    for (const [first, last] of this.#ranges) count += index.countBelow(last + 1) - index.countBelow(first);
    return count;
  }

  /** The entry at a place among those that are not hidden, in the order of the slots; there must be that many. */
  visibleAt(index: SlotIndex, rank: number): number {
    for (const [first, last] of this.#ranges) {
      const before = index.countBelow(first);
      if (rank < before) break;
      rank += index.countBelow(last + 1) - before;
    }
    return index.at(rank);
  }
}
