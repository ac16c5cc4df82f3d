import type { ElementTable } from "./element-table.ts";

/**
 * Frees all elements of a table, bucket by bucket, then the table; it fits the engine's `FreeJob`. The root block stays, for
 * the owner. A table that is being freed must not be used otherwise.
 */
export class ElementTableFreeing {
  readonly #table: ElementTable;
  #bucket: number;
  pending: number;

  /** @param table  positioned, and this job's own */
  constructor(table: ElementTable) {
    this.#table = table;
    this.#bucket = table.buckets;
    this.pending = table.size;
    if (this.pending === 0) table.dispose();
  }

  /** Frees about `count` elements, whole buckets at a time, and returns how many. */
  step(count: number): number {
    const { arena } = this.#table;
    let freed = 0;
    // An empty bucket is work too, though less.
    let visits = count * 10;
    while (this.pending > 0 && freed < count && visits-- > 0) {
      for (let ref = this.#table.chain(--this.#bucket); ref !== 0; ) {
        const next = this.#table.next(ref);
        arena.free(ref);
        this.pending--;
        freed++;
        ref = next;
      }
    }
    if (freed > 0 && this.pending === 0) this.#table.dispose();
    return freed;
  }
}
