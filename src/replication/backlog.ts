/**
 * The most recent bytes of the replication stream, in a ring: what a replica that was away for a while lacks.
 * Bytes are numbered from 1 along the stream, as PSYNC does: byte `n` is the one that made the offset `n`.
 */
import { copyBytes } from "../base/bytes.ts";

/** Redis accepts no smaller backlog. */
export const MIN_BACKLOG_BYTES = 16 * 1024;

/** Marks this close to each other are thinned out. */
const MARK_EVERY_BYTES = 16 * 1024;

/** A place where a command begins, and the database selected there (-1: the command is a SELECT). */
export interface Mark {
  readonly offset: number;
  readonly db: number;
}

export class Backlog {
  #ring: Uint8Array;
  /** Where the next byte goes. */
  #at = 0;
  #length = 0;
  #end: number;
  readonly #marks: Mark[] = [];

  /** @param end  the offset of the stream: the next byte is number end + 1 */
  constructor(size: number, end: number) {
    this.#ring = new Uint8Array(Math.max(size, MIN_BACKLOG_BYTES));
    this.#end = end;
  }

  get size(): number {
    return this.#ring.length;
  }

  /** How many bytes it holds: `repl_backlog_histlen`. */
  get length(): number {
    return this.#length;
  }

  /** The number of the oldest byte held, or of the next one to come: `repl_backlog_first_byte_offset`. */
  get first(): number {
    return this.#end - this.#length + 1;
  }

  get end(): number {
    return this.#end;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#end += end - start;
    const size = this.#ring.length;
    if (end - start > size) {
      start = end - size;
      this.#at = 0;
    }
    const length = end - start;
    const before = Math.min(length, size - this.#at);
    copyBytes(bytes, start, start + before, this.#ring, this.#at);
    if (before < length) copyBytes(bytes, start + before, end, this.#ring, 0);
    this.#at = (this.#at + length) % size;
    this.#length = Math.min(size, this.#length + length);
  }

  /** Notes that a command begins with the next byte, `db` being selected. */
  mark(db: number): void {
    const offset = this.#end + 1;
    const last = this.#marks.at(-1);
    if (last !== undefined && offset - last.offset < MARK_EVERY_BYTES) return;
    // The last mark before the oldest byte is of no use either: reading starts at a mark.
    while (this.#marks.length > 0 && this.#marks[0]!.offset < this.first) this.#marks.shift();
    this.#marks.push({ offset, db });
  }

  /** The last place at or before byte `offset` that is held and where a command begins; undefined if none is known. */
  markBefore(offset: number): Mark | undefined {
    return this.#marks.findLast((mark) => mark.offset <= offset && mark.offset >= this.first);
  }

  /** The first such place behind byte `offset`. */
  markAfter(offset: number): Mark | undefined {
    return this.#marks.find((mark) => mark.offset > offset && mark.offset >= this.first);
  }

  /** Whether everything from byte `offset` on is held; so it is for the byte that comes next. */
  reachesBackTo(offset: number): boolean {
    return offset >= this.first && offset <= this.#end + 1;
  }

  /** Hands out the bytes from number `offset` to the end, in one or two pieces. */
  read(offset: number, visit: (bytes: Uint8Array, start: number, end: number) => void): void {
    let left = this.#end - offset + 1;
    if (left <= 0) return;
    const size = this.#ring.length;
    let at = (this.#at - left + size) % size;
    while (left > 0) {
      const piece = Math.min(left, size - at);
      visit(this.#ring, at, at + piece);
      left -= piece;
      at = 0;
    }
  }

  /** The same as one copy. */
  copyFrom(offset: number): Uint8Array {
    const copy = new Uint8Array(Math.max(0, this.#end - offset + 1));
    let at = 0;
    this.read(offset, (bytes, start, end) => {
      copyBytes(bytes, start, end, copy, at);
      at += end - start;
    });
    return copy;
  }

  /** Keeps what fits, the newest. */
  resize(size: number): void {
    const wanted = Math.max(size, MIN_BACKLOG_BYTES);
    if (wanted === this.#ring.length) return;
    const kept = this.copyFrom(Math.max(this.first, this.#end - wanted + 1));
    this.#ring = new Uint8Array(wanted);
    this.#ring.set(kept);
    this.#length = kept.length;
    this.#at = kept.length % wanted;
  }
}
