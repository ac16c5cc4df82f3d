/**
 * A hash table of blocks in an arena: chains whose links lie in the blocks themselves, so that an entry costs the table
 * nothing but its share of the heads. Word 0 of a block is the next ref of its chain, word 1 its hash; the rest is the
 * owner's, who also compares keys. Resizing goes bucket by bucket: no operation ever pays for the whole table.
 */
import type { Arena } from "./arena.ts";
import { reverseBits } from "./hash.ts";

const INITIAL_BUCKETS = 4;
const MAX_BUCKETS = 1 << 30;
/** A table is made smaller when fewer than one bucket in so many would be used. */
const SPARSE = 8;

export class Table {
  size = 0;
  heads: Int32Array = new Int32Array(INITIAL_BUCKETS);
  mask = INITIAL_BUCKETS - 1;
  /** While resizing: where the buckets of `heads` below `moved` have gone. Every entry is in exactly one of the two. */
  target: Int32Array | null = null;
  targetMask = 0;
  moved = 0;
  /** Above zero nothing moves: somebody is in the middle of a chain. */
  pauses = 0;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
    arena.tables += this.heads.byteLength;
  }

  dispose(): void {
    this.#arena.tables -= this.buckets * 4;
    this.heads = new Int32Array(0);
    this.target = null;
    this.size = 0;
  }

  get buckets(): number {
    return this.heads.length + (this.target === null ? 0 : this.target.length);
  }

  /** The first ref of the chain in which an entry of this hash is. */
  first(hash: number): number {
    const index = hash & this.mask;
    return this.target !== null && index < this.moved ? this.target[hash & this.targetMask]! : this.heads[index]!;
  }

  #setFirst(hash: number, ref: number): void {
    const index = hash & this.mask;
    if (this.target !== null && index < this.moved) this.target[hash & this.targetMask] = ref;
    else this.heads[index] = ref;
  }

  link(ref: number, hash: number): void {
    if (this.target !== null) this.step(1);
    const words = this.#arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at] = this.first(hash);
    words[at + 1] = hash;
    this.#setFirst(hash, ref);
    this.size++;
    if (this.size > this.heads.length && this.target === null) this.#resizeTo(this.heads.length * 2);
  }

  unlink(ref: number, hash: number): void {
    this.#relink(ref, hash, this.#next(ref));
    this.size--;
    if (this.size === 0 && this.pauses === 0) this.#clear();
    else if (this.target !== null) this.step(1);
    else if (this.size * SPARSE < this.heads.length && this.heads.length > INITIAL_BUCKETS) this.#fit();
  }

  /** Puts `to`, a copy of the block `from`, in its place. */
  replace(from: number, to: number, hash: number): void {
    this.#relink(from, hash, to);
  }

  /** Whether this very block is in the table. */
  contains(ref: number, hash: number): boolean {
    for (let at = this.first(hash); at !== 0; at = this.#next(at)) if (at === ref) return true;
    return false;
  }

  /** Makes what pointed to `ref` point to `to`. */
  #relink(ref: number, hash: number, to: number): void {
    let at = this.first(hash);
    if (at === ref) {
      this.#setFirst(hash, to);
      return;
    }
    for (;;) {
      const next = this.#next(at);
      if (next === ref) break;
      at = next;
    }
    this.#arena.i32[at >>> 20]![(at & 0xfffff) << 2] = to;
  }

  #next(ref: number): number {
    return this.#arena.i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
  }

  /** Room for `size` entries without growing on the way, for loading. */
  reserve(size: number): void {
    if (this.target === null && size > this.heads.length) this.#resizeTo(powerOfTwo(size));
  }

  /** Back to the start, as there is nothing to move. */
  #clear(): void {
    if (this.target === null && this.heads.length === INITIAL_BUCKETS) return;
    this.#arena.tables -= (this.buckets - INITIAL_BUCKETS) * 4;
    this.heads = new Int32Array(INITIAL_BUCKETS);
    this.mask = INITIAL_BUCKETS - 1;
    this.target = null;
  }

  #fit(): void {
    this.#resizeTo(powerOfTwo(Math.max(this.size, INITIAL_BUCKETS)));
  }

  #resizeTo(buckets: number): void {
    if (buckets > MAX_BUCKETS || buckets === this.heads.length || this.pauses > 0) return;
    this.#arena.tables += buckets * 4;
    if (this.size === 0) {
      this.#arena.tables -= this.heads.byteLength;
      this.heads = new Int32Array(buckets);
      this.mask = buckets - 1;
      return;
    }
    this.target = new Int32Array(buckets);
    this.targetMask = buckets - 1;
    this.moved = 0;
  }

  /** Moves `buckets` buckets (passing over at most ten times as many empty ones); false when nothing is left to move. */
  step(buckets: number): boolean {
    const target = this.target;
    if (target === null) return false;
    if (this.pauses > 0) return true;
    const heads = this.heads;
    let empty = buckets * 10;
    while (buckets > 0 && this.moved < heads.length) {
      let ref = heads[this.moved]!;
      if (ref === 0) {
        this.moved++;
        if (--empty === 0) break;
        continue;
      }
      heads[this.moved] = 0;
      while (ref !== 0) {
        const words = this.#arena.i32[ref >>> 20]!;
        const at = (ref & 0xfffff) << 2;
        const next = words[at]!;
        const index = words[at + 1]! & this.targetMask;
        words[at] = target[index]!;
        target[index] = ref;
        ref = next;
      }
      this.moved++;
      buckets--;
    }
    if (this.moved < heads.length) return true;
    this.#arena.tables -= heads.byteLength;
    this.heads = target;
    this.mask = this.targetMask;
    this.target = null;
    return false;
  }

  /**
   * Redis' SCAN: visits one bucket (and while resizing its relatives in the other array) and returns the next cursor, 0 at
   * the end. The cursor counts with its bits reversed, so a bucket that is split or joined between two calls keeps its place
   * in the order: what is there from the first call to the last is visited, though perhaps twice.
   */
  scan(cursor: number, visit: (ref: number) => void): number {
    if (this.size === 0) return 0;
    this.pauses++;
    try {
      let at = cursor | 0;
      const target = this.target;
      if (target === null) {
        this.#visitChain(this.heads[at & this.mask]!, visit);
        return after(at, this.mask);
      }
      const grows = target.length > this.heads.length;
      const small = grows ? this.heads : target;
      const large = grows ? target : this.heads;
      const smallMask = small.length - 1;
      const largeMask = large.length - 1;
      this.#visitChain(small[at & smallMask]!, visit);
      do {
        this.#visitChain(large[at & largeMask]!, visit);
        at = after(at, largeMask) | 0;
      } while ((at & (smallMask ^ largeMask)) !== 0);
      return at >>> 0;
    } finally {
      this.pauses--;
    }
  }

  #visitChain(ref: number, visit: (ref: number) => void): void {
    while (ref !== 0) {
      const next = this.#next(ref);
      visit(ref);
      ref = next;
    }
  }

  /** A bucket by number, over both arrays; numbers run from 0 to `buckets` - 1. */
  chain(bucket: number): number {
    return bucket < this.heads.length ? this.heads[bucket]! : this.target![bucket - this.heads.length]!;
  }

  /** Any entry, each with the same chance; 0 when there is none. */
  random(uint32: () => number): number {
    if (this.size === 0) return 0;
    // An entry is taken by bucket and place in the chain, so that a long chain's entries are as likely as a short one's. The
    // few beyond the depth are only found through the fallback, which is there for tables that are nearly empty.
    const depth = 8;
    for (let tries = 0; tries < 4096; tries++) {
      let place = uint32() & (depth - 1);
      let ref = this.chain(this.#randomBucket(uint32));
      while (ref !== 0 && place-- > 0) ref = this.#next(ref);
      if (ref !== 0) return ref;
    }
    const start = this.#randomBucket(uint32);
    for (let i = 0; ; i++) {
      const ref = this.chain((start + i) % this.buckets);
      if (ref !== 0) return ref;
    }
  }

  /** Visits about `count` entries that are neighbours at a random place: cheap, not fair. */
  sample(count: number, uint32: () => number, visit: (ref: number) => void): void {
    const { buckets } = this;
    let bucket = this.#randomBucket(uint32);
    for (let visited = 0, tries = count * 10; visited < count && tries > 0; tries--) {
      for (let ref = this.chain(bucket); ref !== 0; ref = this.#next(ref)) {
        visit(ref);
        visited++;
      }
      bucket = bucket + 1 === buckets ? 0 : bucket + 1;
    }
  }

  #randomBucket(uint32: () => number): number {
    if (this.target === null) return uint32() & this.mask;
    const settled = this.heads.length - this.moved;
    const pick = uint32() % (settled + this.target.length);
    return this.moved + pick;
  }
}

function after(cursor: number, mask: number): number {
  return reverseBits((reverseBits(cursor | ~mask) + 1) | 0);
}

function powerOfTwo(atLeast: number): number {
  let power = INITIAL_BUCKETS;
  while (power < atLeast) power *= 2;
  return power;
}
