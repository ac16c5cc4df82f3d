/**
 * Memory outside the JS heap: the garbage collector sees a few large buffers, however many blocks there are. A block is
 * named by a 32-bit ref: `i32[ref >>> 20]` at word `(ref & 0xfffff) << 2`, or `u8[ref >>> 20]` at byte
 * `(ref & 0xfffff) << 4`. Look the page up again after every `alloc`: the first page moves while it is small.
 *
 * Small blocks are cut from slabs (size-classes.ts), larger ones are spans of frames (spans.ts). A slab knows how many of
 * its blocks live; without any it is a span again, for any size.
 */
import { CLASS_BLOCKS, CLASS_BYTES, CLASS_FRAMES, classOf, FRAME, SMALL_MAX, UNIT } from "./size-classes.ts";
import {
  CLASS,
  FRAME_WORDS,
  FREE,
  FRESH,
  KIND,
  LENGTH,
  LIVE,
  NEXT,
  OWN_BUFFER,
  PAGE,
  PREVIOUS,
  SLAB,
  SPAN,
  Spans,
  START,
} from "./spans.ts";
import { UNWATCHED, type ValueWatch } from "./value-watch.ts";

export class Arena {
  readonly #spans = new Spans();
  readonly u8: Uint8Array[] = this.#spans.u8;
  readonly i32: Int32Array[] = this.#spans.i32;
  /** Bytes of live blocks, exactly. */
  used = 0;
  /** Bytes of the arrays that tables keep beside the blocks; they account for them here themselves. */
  tables = 0;
  /** Who is to know of changes in values: asked by all that lie here. */
  watch: ValueWatch = UNWATCHED;
  readonly #frames: Int32Array[] = this.#spans.frames;
  /** By class: the first slab that has room. */
  readonly #partial = new Int32Array(CLASS_BYTES.length);

  /** Bytes taken from the operating system, at most: pages are committed as they are written. */
  get reserved(): number {
    return this.#spans.reserved;
  }

  /** A block of at least `bytes` (1 or more); its contents are arbitrary. */
  alloc(bytes: number): number {
    if (bytes > SMALL_MAX) return this.#allocLarge(bytes);
    const sizeClass = classOf(bytes);
    let slab = this.#partial[sizeClass]!;
    if (slab === 0) slab = this.#newSlab(sizeClass);
    const meta = this.#frames[slab >>> 11]!;
    const at = (slab & 2047) * FRAME_WORDS;
    let ref = meta[at + FREE]!;
    if (ref !== 0) {
      meta[at + FREE] = this.i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
    } else {
      const fresh = meta[at + FRESH]!;
      meta[at + FRESH] = fresh + 1;
      ref = ((slab << 9) + fresh * (CLASS_BYTES[sizeClass]! / UNIT)) | 0;
    }
    const live = meta[at + LIVE]! + 1;
    meta[at + LIVE] = live;
    if (live === CLASS_BLOCKS[sizeClass]!) this.#unlist(slab, sizeClass);
    this.used += CLASS_BYTES[sizeClass]!;
    return ref;
  }

  free(ref: number): void {
    const meta = this.#frames[ref >>> 20]!;
    const frame = ((ref & 0xfffff) >>> 9) * FRAME_WORDS;
    if (meta[frame + KIND] !== SLAB) {
      this.#freeLarge(ref);
      return;
    }
    const at = meta[frame + START]! * FRAME_WORDS;
    const sizeClass = meta[at + CLASS]!;
    this.i32[ref >>> 20]![(ref & 0xfffff) << 2] = meta[at + FREE]!;
    meta[at + FREE] = ref;
    const live = meta[at + LIVE]! - 1;
    meta[at + LIVE] = live;
    this.used -= CLASS_BYTES[sizeClass]!;
    if (live === 0) {
      const slab = ((ref >>> 20) << 11) | meta[frame + START]!;
      this.#unlist(slab, sizeClass);
      this.#spans.release(slab, CLASS_FRAMES[sizeClass]!);
    } else if (live === CLASS_BLOCKS[sizeClass]! - 1) {
      this.#list(((ref >>> 20) << 11) | meta[frame + START]!, sizeClass);
    }
  }

  /** Bytes of the block. */
  sizeOf(ref: number): number {
    const meta = this.#frames[ref >>> 20]!;
    const frame = ((ref & 0xfffff) >>> 9) * FRAME_WORDS;
    const kind = meta[frame + KIND]!;
    if (kind === SLAB) return CLASS_BYTES[meta[meta[frame + START]! * FRAME_WORDS + CLASS]!]!;
    return kind === SPAN ? meta[frame + LENGTH]! * FRAME : meta[frame + LENGTH]!;
  }

  /** Bytes of the block that `alloc(bytes)` gives. */
  blockSize(bytes: number): number {
    if (bytes <= SMALL_MAX) return CLASS_BYTES[classOf(bytes)]!;
    const unit = bytes <= PAGE ? FRAME : UNIT;
    return Math.ceil(bytes / unit) * unit;
  }

  /** Gives what is not needed back to the operating system. */
  trim(): void {
    this.#spans.trim();
  }

  /** Forgets every block at once, however many there are, and the tables, which must not be used any more. */
  reset(): void {
    this.#spans.reset();
    this.#partial.fill(0);
    this.used = 0;
    this.tables = 0;
  }

  #newSlab(sizeClass: number): number {
    const count = CLASS_FRAMES[sizeClass]!;
    const slab = this.#spans.take(count);
    const meta = this.#frames[slab >>> 11]!;
    const start = slab & 2047;
    for (let frame = start; frame < start + count; frame++) {
      meta[frame * FRAME_WORDS + KIND] = SLAB;
      meta[frame * FRAME_WORDS + START] = start;
    }
    const at = start * FRAME_WORDS;
    meta[at + CLASS] = sizeClass;
    meta[at + LIVE] = 0;
    meta[at + FREE] = 0;
    meta[at + FRESH] = 0;
    this.#list(slab, sizeClass);
    return slab;
  }

  /** Puts a slab among those of its class that have room. */
  #list(slab: number, sizeClass: number): void {
    const next = this.#partial[sizeClass]!;
    this.#setWord(slab, NEXT, next);
    this.#setWord(slab, PREVIOUS, 0);
    if (next !== 0) this.#setWord(next, PREVIOUS, slab);
    this.#partial[sizeClass] = slab;
  }

  #unlist(slab: number, sizeClass: number): void {
    const meta = this.#frames[slab >>> 11]!;
    const at = (slab & 2047) * FRAME_WORDS;
    const next = meta[at + NEXT]!;
    const previous = meta[at + PREVIOUS]!;
    if (next !== 0) this.#setWord(next, PREVIOUS, previous);
    if (previous !== 0) this.#setWord(previous, NEXT, next);
    else this.#partial[sizeClass] = next;
  }

  #setWord(frame: number, word: number, value: number): void {
    this.#frames[frame >>> 11]![(frame & 2047) * FRAME_WORDS + word] = value;
  }

  /** Counts only after it has got the memory: there may be none. */
  #allocLarge(bytes: number): number {
    const size = this.blockSize(bytes);
    if (bytes > PAGE) {
      const page = this.#spans.takeBuffer(size);
      this.used += size;
      return (page << 20) | 0;
    }
    const length = size / FRAME;
    const frame = this.#spans.take(length);
    this.#setWord(frame, KIND, SPAN);
    this.#setWord(frame, LENGTH, length);
    this.used += size;
    return (frame << 9) | 0;
  }

  #freeLarge(ref: number): void {
    this.used -= this.sizeOf(ref);
    const frame = ref >>> 9;
    const meta = this.#frames[ref >>> 20]!;
    const at = (frame & 2047) * FRAME_WORDS;
    if (meta[at + KIND] === OWN_BUFFER) this.#spans.releasePage(ref >>> 20);
    else this.#spans.release(frame, meta[at + LENGTH]!);
  }
}
