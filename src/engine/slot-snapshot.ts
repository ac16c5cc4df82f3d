/**
 * The keys of some hash slots as they were at one moment, read in slices while they change: as `Snapshot` does it for all keys
 * (snapshot.ts), without a look at any other key. It goes through the slots in their order, and through each by the index of slots.
 */
import type { Ages } from "./ages.ts";
import type { Keyspace } from "./keyspace.ts";
import { RunningSnapshot, type SnapshotConsumer } from "./snapshot.ts";
import type { Store } from "./store.ts";

/** Keys between two looks at whether it is enough. */
const KEYS_A_STEP = 16;

export class SlotSnapshot extends RunningSnapshot {
  readonly #keyspace: Keyspace;
  readonly #slots: readonly number[];
  /** By slot, where it stands in `#slots`. */
  readonly #places = new Map<number, number>();
  #current = 0;
  /** The entry of the current slot that was emitted last: those before it, in the order of the index, are behind. */
  #last = 0;

  /** For `Engine.slotSnapshot`. */
  constructor(store: Store, ages: Ages, lfu: boolean, keyspace: Keyspace, slots: readonly number[]) {
    super(store, ages, lfu);
    this.#keyspace = keyspace;
    this.#slots = slots;
    for (const [place, slot] of slots.entries()) this.#places.set(slot, place);
    keyspace.pins++;
    store.snapshots.start(this);
  }

  protected stepKeys(left: number, emit: SnapshotConsumer): number {
    if (this.#current === this.#slots.length) return -1;
    const index = this.#keyspace.slots!;
    const limit = Math.max(1, Math.min(KEYS_A_STEP, Math.ceil(left)));
    // Gathered first: who is told of an entry may not be in the midst of the index.
    const refs: number[] = [];
    index.visitBehind(this.#slots[this.#current]!, this.#last, limit, (ref) => refs.push(ref));
    if (refs.length === 0) {
      this.#current++;
      this.#last = 0;
      return 0.1;
    }
    let work = 0;
    for (const ref of refs) {
      this.#last = ref;
      if (this.marks.has(ref)) work += 0.1;
      else work += this.emit(0, ref, emit);
      if (this.closed || !this.large.isEmpty) break;
    }
    return work;
  }

  beforeChange(keyspace: Keyspace, ref: number): void {
    if (keyspace !== this.#keyspace || this.marks.has(ref)) return;
    const place = this.#places.get(keyspace.slots!.slotOf(ref));
    if (place === undefined || place < this.#current) return;
    if (place === this.#current && ref >>> 0 <= this.#last >>> 0) return;
    this.marks.add(ref);
    this.emit(0, ref, this.onEntry);
  }

  protected unpin(): void {
    this.#keyspace.pins--;
  }
}
