/**
 * Pages and the runs of frames in them. A page is an ArrayBuffer of 16 MiB; the first one starts small and is replaced by
 * bigger copies, so that a server with little data is little. A run of free frames is kept in a bin by its length and
 * joined with its free neighbours at once. What is larger than a page has a page number and a buffer of its own.
 *
 * A ref is a page number (12 bits) and a unit of 16 bytes in it (20 bits); 0 is none. A frame's number is `ref >>> 9`.
 */
import { FRAME } from "./size-classes.ts";

export const PAGE = 1 << 24;
const PAGE_FRAMES = PAGE / FRAME;
const MAX_PAGES = 4096;
const FIRST_PAGE_FRAMES = 8;
/** How many times larger the first page's next copy is: 64 KiB, 1 MiB, 16 MiB. What is not written yet costs nothing. */
const GROWTH = 16;

/** What is known of a frame: so many words in `frames[page]`, by these names. */
export const FRAME_WORDS = 8;
export const KIND = 0;
/** Of every frame of a slab: the first, counted in the page. */
export const START = 1;
/** Of a slab's first frame: its size class. Of a span, free or not, and of a buffer of its own: its length. */
export const CLASS = 2;
export const LENGTH = 2;
export const LIVE = 3;
export const FREE = 4;
export const FRESH = 5;
export const NEXT = 6;
export const PREVIOUS = 7;

/** Kinds. Only the first and last frames of a free span are marked as such. */
export const NONE = 0;
export const FREE_SPAN = 1;
export const SLAB = 2;
export const SPAN = 3;
export const OWN_BUFFER = 4;

/** Lengths up to 16 have a bin each, longer ones share one a doubling. */
const EXACT_BINS = 16;
const BINS = EXACT_BINS + 8;
/** How many spans of a shared bin are tried before a longer one is cut. */
const TRIES = 16;

export class Spans {
  /** The pages' bytes and words. Buffers, as what comes from sockets, so that code that reads both sees one kind. */
  readonly u8: Uint8Array[] = [];
  readonly i32: Int32Array[] = [];
  readonly frames: Int32Array[] = [];
  /** Bytes of all pages. */
  reserved = 0;
  readonly #bins = new Int32Array(BINS);
  readonly #unusedPages: number[] = [];
  /** A page without anything in it that is kept for the next need; -1 for none. */
  #emptyPage = -1;

  constructor() {
    this.reset();
  }

  /** As new: nothing is taken. */
  reset(): void {
    this.u8.length = this.i32.length = this.frames.length = 0;
    this.reserved = 0;
    this.#bins.fill(0);
    this.#unusedPages.length = 0;
    this.#emptyPage = -1;
    this.#setPage(0, FIRST_PAGE_FRAMES * FRAME, FIRST_PAGE_FRAMES);
    // Frame 0 is never given out, so that 0 can mean none in refs and lists.
    this.frames[0]![KIND] = SPAN;
    this.frames[0]![LENGTH] = 1;
    this.#addFree(0, 1, FIRST_PAGE_FRAMES - 1);
  }

  /** The number of the first of `length` frames in a row; the caller says in `frames` what they are. */
  take(length: number): number {
    for (;;) {
      const found = this.#find(length);
      if (found !== 0) {
        this.#cut(found, length);
        return found;
      }
      this.#grow();
    }
  }

  /** Gives back a span that was taken, of any kind. */
  release(frame: number, length: number): void {
    const page = frame >>> 11;
    const meta = this.frames[page]!;
    let first = frame & (PAGE_FRAMES - 1);
    const end = first + length;
    for (let i = first; i < end; i++) meta[i * FRAME_WORDS] = NONE;
    let last = end;
    if (first > 0 && meta[(first - 1) * FRAME_WORDS] === FREE_SPAN) {
      const before = meta[(first - 1) * FRAME_WORDS + LENGTH]!;
      this.#removeFree(page, first - before);
      first -= before;
    }
    if (end * FRAME_WORDS < meta.length && meta[end * FRAME_WORDS] === FREE_SPAN) {
      last += meta[end * FRAME_WORDS + LENGTH]!;
      this.#removeFree(page, end);
    }
    this.#addFree(page, first, last - first);
    if (last - first === PAGE_FRAMES) this.#becameEmpty(page);
  }

  /** A buffer of its own for what no page holds: returns its page's number. */
  takeBuffer(bytes: number): number {
    const page = this.#newPage(bytes, 1);
    this.frames[page]![KIND] = OWN_BUFFER;
    this.frames[page]![LENGTH] = bytes;
    return page;
  }

  releasePage(page: number): void {
    this.reserved -= this.u8[page]!.length;
    this.u8[page] = Buffer.alloc(0);
    this.i32[page] = NO_WORDS;
    this.frames[page] = NO_WORDS;
    this.#unusedPages.push(page);
  }

  /** Gives empty pages back to the operating system. */
  trim(): void {
    if (this.#emptyPage > 0) this.#drop(this.#emptyPage);
    const meta = this.frames[0]!;
    const pageFrames = meta.length / FRAME_WORDS;
    const free = meta[FRAME_WORDS] === FREE_SPAN && meta[FRAME_WORDS + LENGTH] === pageFrames - 1;
    if (!free || pageFrames === FIRST_PAGE_FRAMES) return;
    this.#removeFree(0, 1);
    this.reserved -= this.u8[0]!.length;
    const first = meta.slice(0, FRAME_WORDS);
    this.#setPage(0, FIRST_PAGE_FRAMES * FRAME, FIRST_PAGE_FRAMES);
    this.frames[0]!.set(first);
    this.#addFree(0, 1, FIRST_PAGE_FRAMES - 1);
  }

  #find(length: number): number {
    const own = binOf(length);
    let frame = this.#bins[own]!;
    for (let tries = 0; frame !== 0 && tries < TRIES; tries++) {
      const meta = this.frames[frame >>> 11]!;
      const at = (frame & (PAGE_FRAMES - 1)) * FRAME_WORDS;
      if (meta[at + LENGTH]! >= length) return frame;
      frame = meta[at + NEXT]!;
    }
    for (let bin = own + 1; bin < BINS; bin++) if (this.#bins[bin] !== 0) return this.#bins[bin]!;
    return 0;
  }

  /** Takes the first `length` frames of a free span; the rest stays free. */
  #cut(frame: number, length: number): void {
    const page = frame >>> 11;
    const first = frame & (PAGE_FRAMES - 1);
    const had = this.frames[page]![first * FRAME_WORDS + LENGTH]!;
    this.#removeFree(page, first);
    if (had > length) this.#addFree(page, first + length, had - length);
    if (page === this.#emptyPage) this.#emptyPage = -1;
  }

  #addFree(page: number, first: number, length: number): void {
    const meta = this.frames[page]!;
    const at = first * FRAME_WORDS;
    const last = (first + length - 1) * FRAME_WORDS;
    meta[at] = FREE_SPAN;
    meta[at + LENGTH] = length;
    meta[last] = FREE_SPAN;
    meta[last + LENGTH] = length;
    const bin = binOf(length);
    const frame = (page << 11) | first;
    const next = this.#bins[bin]!;
    meta[at + NEXT] = next;
    meta[at + PREVIOUS] = 0;
    if (next !== 0) this.#link(next, PREVIOUS, frame);
    this.#bins[bin] = frame;
  }

  #removeFree(page: number, first: number): void {
    const meta = this.frames[page]!;
    const at = first * FRAME_WORDS;
    const length = meta[at + LENGTH]!;
    const next = meta[at + NEXT]!;
    const previous = meta[at + PREVIOUS]!;
    if (next !== 0) this.#link(next, PREVIOUS, previous);
    if (previous !== 0) this.#link(previous, NEXT, next);
    else this.#bins[binOf(length)] = next;
    meta[at] = NONE;
    meta[(first + length - 1) * FRAME_WORDS] = NONE;
  }

  #link(frame: number, word: number, to: number): void {
    this.frames[frame >>> 11]![(frame & (PAGE_FRAMES - 1)) * FRAME_WORDS + word] = to;
  }

  /** The first page while it can grow, then one page more. */
  #grow(): void {
    const had = this.frames[0]!.length / FRAME_WORDS;
    if (had === PAGE_FRAMES) {
      this.#addFree(this.#newPage(PAGE, PAGE_FRAMES), 0, PAGE_FRAMES);
      return;
    }
    const count = Math.min(had * GROWTH, PAGE_FRAMES);
    const bytes = this.u8[0]!;
    const frames = this.frames[0]!;
    this.#setPage(0, count * FRAME, count);
    this.reserved -= bytes.length;
    this.u8[0]!.set(bytes);
    this.frames[0]!.set(frames);
    // As if the new frames had been taken before: they join a free span at the old end.
    this.release(had, count - had);
  }

  #newPage(bytes: number, frames: number): number {
    const page = this.#unusedPages.at(-1) ?? this.u8.length;
    if (page === MAX_PAGES) throw new RangeError(`out of pages: ${MAX_PAGES} of ${PAGE} bytes are in use`);
    this.#setPage(page, bytes, frames);
    this.#unusedPages.pop();
    return page;
  }

  #setPage(page: number, bytes: number, frames: number): void {
    // Allocated zeroed, the pages of a buffer are only taken from the operating system when they are first written.
    const memory = new ArrayBuffer(bytes);
    this.u8[page] = Buffer.from(memory);
    this.i32[page] = new Int32Array(memory);
    this.frames[page] = new Int32Array(frames * FRAME_WORDS);
    this.reserved += bytes;
  }

  /** One empty page is kept, so that a need that comes and goes does not take and drop a page each time. */
  #becameEmpty(page: number): void {
    if (page === this.#emptyPage || page === 0) return;
    if (this.#emptyPage > 0) this.#drop(page);
    else this.#emptyPage = page;
  }

  #drop(page: number): void {
    this.#removeFree(page, 0);
    this.releasePage(page);
    if (page === this.#emptyPage) this.#emptyPage = -1;
  }
}

const NO_WORDS = new Int32Array(0);

function binOf(length: number): number {
  return length <= EXACT_BINS ? length - 1 : EXACT_BINS + 27 - Math.clz32(length - 1);
}
