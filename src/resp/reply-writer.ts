/**
 * Writes replies. Handlers state the RESP3 shape; only the writer knows what a RESP2 client gets instead. What is written
 * waits in chunks until the connection takes them at the end of the tick: one chunk is the usual case, and all go back
 * to the pool once they have been sent, so that a reply allocates nothing.
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { copyBytes, type Slice } from "../base/bytes.ts";
import { SHORT_DECIMAL, writeShortDecimal } from "../base/doubles.ts";
import { digits, formatDouble, writeInteger } from "../base/numbers.ts";
import type { ReplyError } from "../base/reply-error.ts";
import type { ChunkPool } from "./chunk-pool.ts";

export interface Chunk {
  bytes: Uint8Array;
  length: number;
}

/** The longest line that needs no look at its length: a number, a header. */
const LINE = 32;
/** Room for the header of an array whose length is told later: any of up to ten digits. */
const HEADER = 13;
const NO_BYTES = new Uint8Array(0);

export class ReplyWriter {
  version: 2 | 3 = 2;
  /** Chunks that are full, oldest first; the current one comes after them. */
  readonly full: Chunk[] = [];
  /** Whether all that is written goes nowhere. */
  discards = false;
  /** Bytes in `full`. */
  fullBytes = 0;
  /** Called when the first byte is written after the writer was empty. */
  #onDirty: () => void;
  #dirty = false;
  #bytes: Uint8Array = NO_BYTES;
  #at = 0;
  readonly #pool: ChunkPool;

  constructor(pool: ChunkPool, onDirty: () => void) {
    this.#pool = pool;
    this.#onDirty = onDirty;
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.fullBytes + this.#at;
  }

  /**
   * Hands what was written to `send`, oldest first, and starts afresh. `send` is told whether more follows. It returns true if the
   * chunk is free again; false if it keeps the chunk, and wants no more for now: the rest waits for the next `take`.
   */
  take(send: (bytes: Uint8Array, length: number, more: boolean) => boolean): void {
    this.#dirty = false;
    if (this.full.length > 0 && !this.#takeFull(send)) return;
    const bytes = this.#bytes;
    const length = this.#at;
    if (bytes.length === 0) return;
    this.#at = 0;
    // Given back even if all that was written was taken back: what comes next must find none, and say so.
    this.#bytes = NO_BYTES;
    if (length === 0 || send(bytes, length, false)) this.#pool.give(bytes);
  }

  /** False if `send` wants no more. */
  #takeFull(send: (bytes: Uint8Array, length: number, more: boolean) => boolean): boolean {
    const { full } = this;
    const last = full.length - 1;
    let count = 0;
    let goesOn = true;
    while (goesOn && count <= last) {
      const { bytes, length } = full[count]!;
      goesOn = send(bytes, length, count < last || this.#at > 0);
      if (goesOn) this.#pool.give(bytes);
      this.fullBytes -= length;
      count++;
    }
    full.splice(0, count);
    return goesOn;
  }

  /** Forgets what waits to be taken, and whatever is written from now on. */
  drop(): void {
    this.discards = true;
    for (const chunk of this.full) this.#pool.give(chunk.bytes);
    this.full.length = 0;
    this.fullBytes = 0;
    if (this.#bytes.length > 0) this.#pool.give(this.#bytes);
    this.#bytes = NO_BYTES;
    this.#at = 0;
  }

  /** Bytes of the chunk being written to, used or not. */
  get bufferBytes(): number {
    return this.#bytes.length;
  }

  /** Where the next byte goes: for `rewind`. */
  get mark(): number {
    return this.size;
  }

  /** Takes back what was written since `mark`. */
  rewind(mark: number): void {
    while (this.fullBytes > mark) {
      this.#pool.give(this.#bytes);
      const last = this.full.pop()!;
      this.fullBytes -= last.length;
      this.#bytes = last.bytes;
      this.#at = last.length;
    }
    this.#at = mark - this.fullBytes;
  }

  ok(): void {
    this.#literal(OK);
  }

  pong(): void {
    this.#literal(PONG);
  }

  queued(): void {
    this.#literal(QUEUED);
  }

  simple(text: string): void {
    this.#line(`+${text}\r\n`);
  }

  error(error: ReplyError): void {
    const text = error.message.replace(/[\r\n]/g, " ");
    // What an error repeats of a request came as bytes; the system's own words may be wider.
    const bytes = Buffer.from(`-${text}\r\n`, /[^\0-\xff]/.test(text) ? "utf8" : "latin1");
    this.raw(bytes, 0, bytes.length);
  }

  integer(value: number | bigint): void {
    if (typeof value === "bigint") {
      this.#line(`:${value}\r\n`);
      return;
    }
    this.#header(0x3a, value);
  }

  boolean(value: boolean): void {
    if (this.version === 3) this.#literal(value ? TRUE : FALSE);
    else this.integer(value ? 1 : 0);
  }

  nil(): void {
    this.#literal(this.version === 3 ? NULL : NULL_BULK);
  }

  /** The null that RESP2 clients expect where an array would have been. */
  nilArray(): void {
    this.#literal(this.version === 3 ? NULL : NULL_ARRAY);
  }

  bulk(value: Slice): void {
    this.bulkBytes(value.bytes, value.start, value.end);
  }

  bulkBytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length < 100 && this.#at + length + LINE <= this.#bytes.length) this.#shortBulk(bytes, start, length);
    else this.#longBulk(bytes, start, end);
  }

  /** A bulk of fewer than a hundred bytes, for which there is room: nearly every one. */
  #shortBulk(bytes: Uint8Array, start: number, length: number): void {
    const to = this.#bytes;
    let at = this.#at;
    to[at++] = 0x24;
    if (length >= 10) to[at++] = 48 + ((length / 10) | 0);
    to[at] = 48 + (length % 10);
    to[at + 1] = 13;
    to[at + 2] = 10;
    at += 3;
    copyBytes(bytes, start, start + length, to, at);
    at += length;
    to[at] = 13;
    to[at + 1] = 10;
    this.#at = at + 2;
  }

  #longBulk(bytes: Uint8Array, start: number, end: number): void {
    this.#header(0x24, end - start);
    this.raw(bytes, start, end);
    if (this.#at + 2 > this.#bytes.length) this.#makeRoom(2);
    const to = this.#bytes;
    const at = this.#at;
    to[at] = 13;
    to[at + 1] = 10;
    this.#at = at + 2;
  }

  bulkText(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    this.bulkBytes(bytes, 0, bytes.length);
  }

  bulkInteger(value: number | bigint): void {
    if (typeof value === "number" && Number.isSafeInteger(value)) this.#bulkNumber(value);
    else this.bulkText(String(value));
  }

  #bulkNumber(value: number): void {
    this.#header(0x24, digits(Math.abs(value)) + (value < 0 ? 1 : 0));
    if (this.#at + LINE > this.#bytes.length) this.#makeRoom(LINE);
    const to = this.#bytes;
    const at = writeInteger(value, to, this.#at);
    to[at] = 13;
    to[at + 1] = 10;
    this.#at = at + 2;
  }

  array(length: number): void {
    this.#header(0x2a, length);
  }

  set(length: number): void {
    this.#header(this.version === 3 ? 0x7e : 0x2a, length);
  }

  map(pairs: number): void {
    if (this.version === 3) this.#header(0x25, pairs);
    else this.#header(0x2a, pairs * 2);
  }

  /** An out-of-band message: RESP2 knows it from an array only by the client's mode. */
  push(length: number): void {
    this.#header(this.version === 3 ? 0x3e : 0x2a, length);
  }

  double(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (this.version === 3) this.#header(0x2c, value);
      else this.#bulkNumber(value);
      return;
    }
    if (this.#shortDecimal(value)) return;
    const text = formatDouble(value);
    if (this.version === 3) this.#line(`,${text}\r\n`);
    else this.bulkText(text);
  }

  /** Writes a double with few decimals, as most scores are, without making a string of it; false if it is none. */
  #shortDecimal(value: number): boolean {
    const length = writeShortDecimal(value, DECIMAL);
    if (length === 0) return false;
    if (this.version === 2) {
      this.bulkBytes(DECIMAL, 0, length);
      return true;
    }
    if (this.#at + LINE > this.#bytes.length) this.#makeRoom(LINE);
    const to = this.#bytes;
    let at = this.#at;
    to[at++] = 0x2c;
    for (let i = 0; i < length; i++) to[at++] = DECIMAL[i]!;
    to[at] = 13;
    to[at + 1] = 10;
    this.#at = at + 2;
    return true;
  }

  bigNumber(digits: string): void {
    if (this.version === 3) this.#line(`(${digits}\r\n`);
    else this.bulkText(digits);
  }

  /** @param format  three letters: "txt" or "mkd" */
  verbatim(text: string, format = "txt"): void {
    if (this.version === 2) {
      this.bulkText(text);
      return;
    }
    const bytes = Buffer.from(`${format}:${text}`, "utf8");
    this.#header(0x3d, bytes.length);
    this.raw(bytes, 0, bytes.length);
    this.#literal(CRLF);
  }

  /** Bytes that are protocol already. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length === 0) return;
    if (this.#at + length > this.#bytes.length) {
      this.#spread(bytes, start, end);
      return;
    }
    copyBytes(bytes, start, end, this.#bytes, this.#at);
    this.#at += length;
  }

  /** What goes on behind the end of the current chunk. */
  #spread(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; ) {
      if (this.#at === this.#bytes.length) {
        if (this.discards && this.#at > 0) return;
        this.#makeRoom(1);
      }
      const to = Math.min(end, from + this.#bytes.length - this.#at);
      copyBytes(bytes, from, to, this.#bytes, this.#at);
      this.#at += to - from;
      from = to;
    }
  }

  /**
   * An array or map whose length is not known yet: write its elements, then give `endArray`, `endSet` or `endMap` what this returned.
   * One inside another ends first.
   */
  begin(): number {
    return this.hold(HEADER);
  }

  endArray(begun: number, length: number): void {
    this.#end(begun, 0x2a, length);
  }

  endSet(begun: number, length: number): void {
    this.#end(begun, this.version === 3 ? 0x7e : 0x2a, length);
  }

  endMap(begun: number, pairs: number): void {
    if (this.version === 3) this.#end(begun, 0x25, pairs);
    else this.#end(begun, 0x2a, pairs * 2);
  }

  #end(begun: number, type: number, length: number): void {
    HELD[0] = type;
    const at = writeInteger(length, HELD, 1);
    HELD[at] = 13;
    HELD[at + 1] = 10;
    this.fill(begun, HEADER, HELD, at + 2);
  }

  /** Keeps `bytes` bytes free, for `fill`; returns where. */
  hold(bytes: number): number {
    if (this.#at + bytes > this.#bytes.length) this.#makeRoom(bytes);
    const at = this.size;
    this.#at += bytes;
    return at;
  }

  /** Puts from[0, length) where `held` bytes were kept; what is left of them closes up. */
  fill(at: number, held: number, from: Uint8Array, length: number): void {
    if (this.discards) return;
    const gap = held - length;
    if (at >= this.fullBytes) {
      closeUp(this.#bytes, at - this.fullBytes, this.#at, held, from, length);
      this.#at -= gap;
      return;
    }
    let index = this.full.length - 1;
    let base = this.fullBytes - this.full[index]!.length;
    while (at < base) base -= this.full[--index]!.length;
    const chunk = this.full[index]!;
    closeUp(chunk.bytes, at - base, chunk.length, held, from, length);
    chunk.length -= gap;
    this.fullBytes -= gap;
  }

  #header(type: number, value: number): void {
    if (this.#at + LINE > this.#bytes.length) this.#makeRoom(LINE);
    const to = this.#bytes;
    let at = this.#at;
    to[at++] = type;
    at = writeInteger(value, to, at);
    to[at] = 13;
    to[at + 1] = 10;
    this.#at = at + 2;
  }

  #literal(bytes: Uint8Array): void {
    const length = bytes.length;
    if (this.#at + length > this.#bytes.length) this.#makeRoom(length);
    const to = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < length; i++) to[at + i] = bytes[i]!;
    this.#at = at + length;
  }

  #line(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    this.raw(bytes, 0, bytes.length);
  }

  /** Puts the current chunk aside and begins one that holds at least `length` bytes, which are no more than a chunk has. */
  #makeRoom(length: number): void {
    if (this.discards) {
      this.#at = 0;
      if (this.#bytes.length >= length) return;
    }
    if (!this.#dirty) {
      this.#dirty = true;
      this.#onDirty();
    }
    const isMore = this.size > 0;
    if (this.#at > 0) {
      this.full.push({ bytes: this.#bytes, length: this.#at });
      this.fullBytes += this.#at;
    } else if (this.#bytes.length > 0) this.#pool.give(this.#bytes);
    this.#bytes = isMore ? this.#pool.takeBlock() : this.#pool.takeChunk();
    this.#at = 0;
  }
}

/** Puts from[0, length) at `at` in the place of `held` bytes. */
function closeUp(bytes: Uint8Array, at: number, end: number, held: number, from: Uint8Array, length: number): void {
  if (length < held) bytes.copyWithin(at + length, at + held, end);
  for (let i = 0; i < length; i++) bytes[at + i] = from[i]!;
}

const HELD = new Uint8Array(HEADER);
const DECIMAL = new Uint8Array(SHORT_DECIMAL);
const OK = Buffer.from("+OK\r\n");
const PONG = Buffer.from("+PONG\r\n");
const QUEUED = Buffer.from("+QUEUED\r\n");
const TRUE = Buffer.from("#t\r\n");
const FALSE = Buffer.from("#f\r\n");
const NULL = Buffer.from("_\r\n");
const NULL_BULK = Buffer.from("$-1\r\n");
const NULL_ARRAY = Buffer.from("*-1\r\n");
const CRLF = Buffer.from("\r\n");
