/**
 * A hash table of the elements of one value (fields, members), which grows and shrinks by linear hashing: every insertion
 * splits at most one bucket, every removal joins a few, so that no operation ever pays for the whole table. All of it
 * lies in the arena, heads included: `ElementTable` is a flyweight, positioned on the table's header, which are
 * HEADER_WORDS words of the value's root block.
 *
 * An element is a block: word 0 the next of its chain, word 1 its hash, word 2 the length of its name; the name's bytes
 * begin at word `nameWord`, and whatever else is the owner's.
 *
 * With 2^L <= buckets < 2^(L+1) an element is in the bucket of its hash's low L+1 bits or, if there is none yet, L bits. A
 * bucket so covers a range of the reversed hashes, whatever the size: the order in which cursors walk, as in `table.ts`.
 *
 * Up to SEGMENT heads are one block; beyond, a directory block names segments of that many.
 */
import type { Arena } from "./arena.ts";
import { isIn } from "./copy.ts";
import { reverseBits } from "./hash.ts";
import { near } from "./near.ts";

/** What the header takes of the owner's root block: how many elements, how many buckets, the ref of heads or directory. */
export const HEADER_WORDS = 3;

/** Words of a page. */
const PAGE_WORDS = 1 << 22;
const MIN_BUCKETS = 4;
const SEGMENT_SHIFT = 10;
const SEGMENT = 1 << SEGMENT_SHIFT;
const SEGMENT_MASK = SEGMENT - 1;
const MIN_DIRECTORY = 16;
/** Buckets are joined while fewer than one in so many has an element of its own. */
const SPARSE = 4;
/** How many a removal joins: enough to keep up with removals. */
const JOINS = SPARSE + 1;
/** How many standard deviations above the mean a bucket's number of elements may be for `random` to be fair to them. */
const TAIL = 3.5;
const TO_FRACTION = 1 / 0x100000000;

export class ElementTable {
  readonly arena: Arena;
  /** The word of an element at which its name begins. */
  readonly nameWord: number;
  readonly #i32: Int32Array[];
  readonly #u8: Uint8Array[];
  #page = 0;
  /** Where in its page, in words, the header begins. */
  #at = 0;

  constructor(arena: Arena, nameWord: number) {
    this.arena = arena;
    this.nameWord = nameWord;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
  }

  /** Speaks from now on of the table whose header begins at word `word` of the block `root`. */
  position(root: number, word: number): this {
    this.#page = root >>> 20;
    this.#at = ((root & 0xfffff) << 2) + word;
    return this;
  }

  /** As `position`, making an empty table of what is there. */
  create(root: number, word: number): this {
    const heads = this.arena.alloc(MIN_BUCKETS * 4);
    this.position(root, word);
    const at = (heads & 0xfffff) << 2;
    this.#i32[heads >>> 20]!.fill(0, at, at + MIN_BUCKETS);
    const header = this.#i32[this.#page]!;
    header[this.#at] = 0;
    header[this.#at + 1] = MIN_BUCKETS;
    header[this.#at + 2] = heads;
    return this;
  }

  /** Makes so many buckets at once: best while the table is empty, or small. It will not have to split them while so many elements come. */
  reserve(buckets: number): void {
    if (buckets <= MIN_BUCKETS) return;
    if (this.size > 0) {
      while (this.buckets < buckets) this.#split();
      return;
    }
    this.dispose();
    const heads =
      buckets <= SEGMENT ? this.#zeroed(powerFrom(buckets)) : this.#directoryOf(Math.ceil(buckets / SEGMENT));
    const header = this.#i32[this.#page]!;
    header[this.#at + 1] = buckets;
    header[this.#at + 2] = heads;
  }

  #zeroed(heads: number): number {
    const block = this.arena.alloc(heads * 4);
    const at = (block & 0xfffff) << 2;
    this.#i32[block >>> 20]!.fill(0, at, at + heads);
    return block;
  }

  #directoryOf(segments: number): number {
    const directory = this.arena.alloc(Math.max(MIN_DIRECTORY, powerFrom(segments)) * 4);
    for (let i = 0; i < segments; i++) {
      const segment = this.#zeroed(SEGMENT);
      this.#i32[directory >>> 20]![((directory & 0xfffff) << 2) + i] = segment;
    }
    return directory;
  }

  /** Where its header lies: by this those know the table who read it in slices (`ValueWatch`). */
  get address(): number {
    return this.#page * PAGE_WORDS + this.#at;
  }

  get size(): number {
    return this.#i32[this.#page]![this.#at]!;
  }

  /** How many chains there are; `chain` takes their numbers. */
  get buckets(): number {
    return this.#i32[this.#page]![this.#at + 1]!;
  }

  /** Bytes that the table takes beside header and elements. */
  get bytes(): number {
    const { arena } = this;
    const header = this.#i32[this.#page]!;
    const buckets = header[this.#at + 1]!;
    const heads = arena.sizeOf(header[this.#at + 2]!);
    return buckets <= SEGMENT ? heads : heads + Math.ceil(buckets / SEGMENT) * arena.blockSize(SEGMENT * 4);
  }

  // Finding

  /** The element of this name, or 0. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const i32 = this.#i32;
    const header = i32[this.#page]!;
    const buckets = header[this.#at + 1]!;
    const index = bucketOf(hash, buckets);
    let segment = header[this.#at + 2]!;
    if (buckets > SEGMENT) segment = i32[segment >>> 20]![((segment & 0xfffff) << 2) + (index >>> SEGMENT_SHIFT)]!;
    let ref = i32[segment >>> 20]![((segment & 0xfffff) << 2) + (index & SEGMENT_MASK)]!;
    const length = end - start;
    const name = this.nameWord << 2;
    while (ref !== 0) {
      const words = i32[ref >>> 20]!;
      const at = (ref & 0xfffff) << 2;
      if (words[at + 1] === hash && words[at + 2] === length) {
        if (isIn(bytes, start, end, this.#u8[ref >>> 20]!, words, (at << 2) + name)) return ref;
      }
      ref = words[at]!;
    }
    return 0;
  }

  /** The first of the chain in which an element of this hash is, or 0. */
  first(hash: number): number {
    return this.chain(bucketOf(hash, this.buckets));
  }

  /** The next of its chain, or 0. */
  next(ref: number): number {
    return this.#i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
  }

  /** The first element of a bucket, or 0. */
  chain(bucket: number): number {
    const segment = this.#segment(bucket);
    return this.#i32[segment >>> 20]![((segment & 0xfffff) << 2) + (bucket & SEGMENT_MASK)]!;
  }

  /** The block in which a bucket's head is. */
  #segment(bucket: number): number {
    const header = this.#i32[this.#page]!;
    const heads = header[this.#at + 2]!;
    if (header[this.#at + 1]! <= SEGMENT) return heads;
    return this.#i32[heads >>> 20]![((heads & 0xfffff) << 2) + (bucket >>> SEGMENT_SHIFT)]!;
  }

  #setChain(bucket: number, ref: number): void {
    const segment = this.#segment(bucket);
    this.#i32[segment >>> 20]![((segment & 0xfffff) << 2) + (bucket & SEGMENT_MASK)] = ref;
  }

  // What an element says of itself

  hashOf(ref: number): number {
    return this.#i32[ref >>> 20]![((ref & 0xfffff) << 2) + 1]!;
  }

  nameLength(ref: number): number {
    return this.#i32[ref >>> 20]![((ref & 0xfffff) << 2) + 2]!;
  }

  /** Where in `arena.u8[ref >>> 20]` the name begins. */
  nameAt(ref: number): number {
    return (((ref & 0xfffff) << 2) + this.nameWord) << 2;
  }

  // Changing

  /** Adds an element that is not there, whose name the owner has written; words 0 and 1 are set here. */
  link(ref: number, hash: number): void {
    const header = this.#i32[this.#page]!;
    const bucket = bucketOf(hash, header[this.#at + 1]!);
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at] = this.chain(bucket);
    words[at + 1] = hash;
    this.#setChain(bucket, ref);
    const size = header[this.#at]! + 1;
    header[this.#at] = size;
    if (size > header[this.#at + 1]!) this.#split();
    if (this.arena.watch.open) this.arena.watch.elementAdded(this.address, ref);
  }

  /** To be called before the owner changes anything about an element where it lies; `unlink` and `replace` do it themselves. */
  beforeChange(ref: number): void {
    if (this.arena.watch.open) this.arena.watch.beforeElement(this.address, ref);
  }

  /** Fewer came than `reserve` was told: gives back what is too much. */
  settle(): void {
    const most = Math.max(this.size * SPARSE, MIN_BUCKETS);
    while (this.buckets > most) this.#join();
  }

  /**
   * Reads what `unlink` will look at of the elements words[at, at + count): none of these reads waits for another, so that together
   * they take little longer than one.
   */
  touchAll(refs: Int32Array, at: number, count: number): void {
    const i32 = this.#i32;
    const { buckets } = this;
    let seen = 0;
    for (let i = at; i < at + count; i++) seen ^= i32[refs[i]! >>> 20]![((refs[i]! & 0xfffff) << 2) + 1]!;
    for (let i = at; i < at + count; i++) {
      const head = this.chain(bucketOf(i32[refs[i]! >>> 20]![((refs[i]! & 0xfffff) << 2) + 1]!, buckets));
      seen ^= i32[head >>> 20]![(head & 0xfffff) << 2]!;
    }
    near.seen = seen;
  }

  /** Takes an element out; its block is the owner's to free. */
  unlink(ref: number): void {
    this.beforeChange(ref);
    this.#relink(ref, this.next(ref));
    const header = this.#i32[this.#page]!;
    const size = header[this.#at]! - 1;
    header[this.#at] = size;
    let joins = JOINS;
    while (joins-- > 0 && this.buckets > Math.max(size * SPARSE, MIN_BUCKETS)) this.#join();
  }

  /** Puts `to`, a copy of the block `from` (words 0 and 1 are copied here), in its place. */
  replace(from: number, to: number): void {
    this.beforeChange(from);
    const source = this.#i32[from >>> 20]!;
    const sourceAt = (from & 0xfffff) << 2;
    const target = this.#i32[to >>> 20]!;
    const targetAt = (to & 0xfffff) << 2;
    target[targetAt] = source[sourceAt]!;
    target[targetAt + 1] = source[sourceAt + 1]!;
    this.#relink(from, to);
    if (this.arena.watch.open) this.arena.watch.elementAdded(this.address, to);
  }

  /** Makes what pointed to `ref` point to `to`. */
  #relink(ref: number, to: number): void {
    const bucket = bucketOf(this.hashOf(ref), this.buckets);
    let at = this.chain(bucket);
    if (at === ref) {
      this.#setChain(bucket, to);
      return;
    }
    for (;;) {
      const next = this.next(at);
      if (next === ref) break;
      at = next;
    }
    this.#i32[at >>> 20]![(at & 0xfffff) << 2] = to;
  }

  // Growing and shrinking

  /** One bucket more: it takes its share of the one whose range it halves. */
  #split(): void {
    const bucket = this.buckets;
    this.#makeRoom(bucket);
    this.#i32[this.#page]![this.#at + 1] = bucket + 1;
    const bit = powerBelow(bucket);
    let ref = this.chain(bucket - bit);
    let stays = 0;
    let goes = 0;
    while (ref !== 0) {
      const words = this.#i32[ref >>> 20]!;
      const at = (ref & 0xfffff) << 2;
      const next = words[at]!;
      if ((words[at + 1]! & bit) === 0) {
        words[at] = stays;
        stays = ref;
      } else {
        words[at] = goes;
        goes = ref;
      }
      ref = next;
    }
    this.#setChain(bucket - bit, stays);
    this.#setChain(bucket, goes);
  }

  /** One bucket less: the last goes back to the one that it was split from. */
  #join(): void {
    const bucket = this.buckets - 1;
    const target = bucket - powerBelow(bucket);
    const first = this.chain(bucket);
    if (first !== 0) {
      const behind = this.chain(target);
      // A sparse table, and only such a one shrinks, has mostly nothing there: then nothing need be looked at.
      if (behind !== 0) {
        let last = first;
        for (let next = this.next(last); next !== 0; next = this.next(last)) last = next;
        this.#i32[last >>> 20]![(last & 0xfffff) << 2] = behind;
      }
      this.#setChain(target, first);
    }
    this.#giveRoomBack(bucket);
    this.#i32[this.#page]![this.#at + 1] = bucket;
  }

  /** Room for the head of a bucket beyond the last. */
  #makeRoom(bucket: number): void {
    if (bucket < SEGMENT) {
      if (isPower(bucket)) this.#moveHeads(bucket, bucket * 2);
      return;
    }
    if ((bucket & SEGMENT_MASK) !== 0) return;
    const segments = bucket >>> SEGMENT_SHIFT;
    const segment = this.arena.alloc(SEGMENT * 4);
    if (segments === 1) {
      const directory = this.arena.alloc(MIN_DIRECTORY * 4);
      const header = this.#i32[this.#page]!;
      this.#i32[directory >>> 20]![(directory & 0xfffff) << 2] = header[this.#at + 2]!;
      header[this.#at + 2] = directory;
    } else if (segments >= MIN_DIRECTORY && isPower(segments)) {
      this.#moveHeads(segments, segments * 2);
    }
    const directory = this.#i32[this.#page]![this.#at + 2]!;
    this.#i32[directory >>> 20]![((directory & 0xfffff) << 2) + segments] = segment;
  }

  /** The head of this bucket, the last, is not needed any more. */
  #giveRoomBack(bucket: number): void {
    if (bucket < SEGMENT) {
      if (isPower(bucket)) this.#moveHeads(bucket, bucket);
      return;
    }
    if ((bucket & SEGMENT_MASK) !== 0) return;
    const { arena } = this;
    const segments = bucket >>> SEGMENT_SHIFT;
    const header = this.#i32[this.#page]!;
    const directory = header[this.#at + 2]!;
    const words = this.#i32[directory >>> 20]!;
    const at = (directory & 0xfffff) << 2;
    arena.free(words[at + segments]!);
    if (segments === 1) {
      header[this.#at + 2] = words[at]!;
      arena.free(directory);
    } else if (segments >= MIN_DIRECTORY && isPower(segments)) {
      this.#moveHeads(segments, segments);
    }
  }

  /** Gives the block of heads, or the directory, room for `room` words; `count` are kept. */
  #moveHeads(count: number, room: number): void {
    const to = this.arena.alloc(room * 4);
    const header = this.#i32[this.#page]!;
    const from = header[this.#at + 2]!;
    const source = this.#i32[from >>> 20]!;
    const sourceAt = (from & 0xfffff) << 2;
    const target = this.#i32[to >>> 20]!;
    const targetAt = (to & 0xfffff) << 2;
    for (let i = 0; i < count; i++) target[targetAt + i] = source[sourceAt + i]!;
    header[this.#at + 2] = to;
    this.arena.free(from);
  }

  /** Gives back what the table itself takes: the elements must have been freed, or belong to another by now. */
  dispose(): void {
    const header = this.#i32[this.#page]!;
    const heads = header[this.#at + 2]!;
    const segments = Math.ceil(header[this.#at + 1]! / SEGMENT);
    if (segments > 1) {
      const words = this.#i32[heads >>> 20]!;
      const at = (heads & 0xfffff) << 2;
      for (let i = 0; i < segments; i++) this.arena.free(words[at + i]!);
    }
    this.arena.free(heads);
    header[this.#at] = 0;
    header[this.#at + 1] = 0;
    header[this.#at + 2] = 0;
  }

  // Walking

  /**
   * Redis' SCAN: visits one bucket and returns the next cursor, 0 at the end. What is there from the first call to the last
   * is visited, though perhaps twice, however the table grows and shrinks between calls. The visitor must not change it.
   */
  scan(cursor: number, visit: (ref: number) => void): number {
    if (this.size === 0) return 0;
    const { buckets } = this;
    const bucket = bucketOf(cursor | 0, buckets);
    for (let ref = this.chain(bucket); ref !== 0; ) {
      const next = this.next(ref);
      visit(ref);
      ref = next;
    }
    // A bucket that has been split, and one split off, are told apart by one bit more than the others.
    const bit = powerBelow(buckets);
    const isHalf = bucket >= bit || bucket + bit < buckets;
    const mask = isHalf ? bit * 2 - 1 : bit - 1;
    return reverseBits((reverseBits(cursor | ~mask) + 1) | 0);
  }

  /** Any element, each with the same chance (in chains that are far too long, a little less); 0 when there is none. */
  random(uint32: () => number): number {
    const { size, buckets } = this;
    if (size === 0) return 0;
    // Of the buckets some have been split already. Both halves of such a one are taken as the one they were, since then all
    // hold the same number of elements on average: what is drawn is one of them, and a place that it may or may not have.
    const bit = powerBelow(buckets);
    const mean = size / bit;
    const places = Math.ceil(mean + TAIL * Math.sqrt(mean));
    for (;;) {
      // Not `%`: of what may be beyond 2^31 that is a division of doubles, which takes longer than a place in memory.
      const place = Math.floor(uint32() * TO_FRACTION * places);
      const ref = this.#elementAt(uint32() & (bit - 1), bit, place, places, uint32);
      if (ref !== 0) return ref;
    }
  }

  /** The element at a place of a bucket as it was before it was split, or 0; those beyond the last place share that. */
  #elementAt(bucket: number, bit: number, place: number, places: number, uint32: () => number): number {
    let left = place;
    let ref = this.chain(bucket);
    for (; ref !== 0 && left > 0; left--) ref = this.next(ref);
    let isWhole = bucket + bit >= this.buckets;
    if (ref === 0 && !isWhole) {
      isWhole = true;
      ref = this.chain(bucket + bit);
      for (; ref !== 0 && left > 0; left--) ref = this.next(ref);
    }
    if (ref === 0 || place < places - 1) return ref;
    let any = ref;
    let count = 1;
    for (ref = this.next(ref); ref !== 0; ref = this.next(ref)) if (uint32() % ++count === 0) any = ref;
    if (!isWhole) {
      for (ref = this.chain(bucket + bit); ref !== 0; ref = this.next(ref)) if (uint32() % ++count === 0) any = ref;
    }
    return any;
  }
}

/** The bucket, of so many, in which elements of this hash are. */
function bucketOf(hash: number, buckets: number): number {
  const bit = 1 << (31 - Math.clz32(buckets));
  const index = hash & (bit * 2 - 1);
  return index < buckets ? index : index & (bit - 1);
}

/** The greatest power of two that is not above a number above zero. */
function powerBelow(value: number): number {
  return 1 << (31 - Math.clz32(value));
}

/** The least power of two that is not below a number above zero. */
function powerFrom(value: number): number {
  return value === 1 ? 1 : powerBelow(value - 1) * 2;
}

function isPower(value: number): boolean {
  return (value & (value - 1)) === 0;
}
