/**
 * All elements of a table, some hundred at a time, in the order of the buckets: for whatever goes through millions. Elements lie
 * anywhere in memory, and each that is looked at by itself is waited for. Here the words that link those of many buckets are read in two short
 * loops in which no step needs the one before, so that the processor fetches many at once; who then looks at them finds them near.
 * The table must not change meanwhile.
 */
import type { ElementTable } from "./element-table.ts";

/** Buckets looked at together: few enough that what they lead to stays in the nearest cache. */
const BUCKETS = 128;

export class ElementWalk {
  /** The elements that `next` came to: the first `count`. */
  refs: Int32Array = new Int32Array(BUCKETS * 4);
  count = 0;
  #table: ElementTable | null = null;
  #bucket = 0;

  /** Before the first elements of a table, which is to stay positioned. */
  start(table: ElementTable): this {
    this.#table = table;
    this.#bucket = 0;
    this.count = 0;
    return this;
  }

  /** Goes on to further elements; false at the end. */
  next(): boolean {
    const table = this.#table!;
    const { buckets } = table;
    this.count = 0;
    while (this.count === 0 && this.#bucket < buckets) {
      const end = Math.min(this.#bucket + BUCKETS, buckets);
      this.#gather(table, this.#bucket, end);
      this.#bucket = end;
    }
    return this.count > 0;
  }

  #gather(table: ElementTable, from: number, end: number): void {
    const i32 = table.arena.i32;
    let { refs } = this;
    let count = 0;
    // Without a branch on what is there: half of the buckets are empty, and no processor guesses which.
    for (let bucket = from; bucket < end; bucket++) {
      const ref = table.chain(bucket);
      refs[count] = ref;
      count += (ref | -ref) >>> 31;
    }
    for (let i = 0; i < count; i++) {
      const ref = refs[i]!;
      const next = i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
      if (count === refs.length) refs = this.#grow();
      refs[count] = next;
      count += (next | -next) >>> 31;
    }
    this.count = count;
  }

  /** There is no limit to what a bucket may hold. */
  #grow(): Int32Array {
    const more = new Int32Array(this.refs.length * 2);
    more.set(this.refs);
    this.refs = more;
    return more;
  }
}
