/**
 * The ID of a stream's entry: two unsigned numbers of 64 bits, milliseconds and a sequence. A double does not hold them, and a
 * bigint is an object: they are kept as four words of 32 bits, as they lie in memory. IDs are changed in place and used
 * again; who keeps one copies it.
 */
import type { Slice } from "../../base/bytes.ts";
import { writeInteger } from "../../base/numbers.ts";

const TWO_32 = 0x100000000;
/** Half-words up to here are exact as doubles. */
const SAFE_HIGH = 0x200000;
const MINUS = 0x2d;

/** The longest text of an ID. */
export const ID_TEXT_BYTES = 41;

export class StreamId {
  // Signed words: small integers to the engine, whatever their highest bit.
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  set(msHigh: number, msLow: number, seqHigh: number, seqLow: number): this {
    this.msHigh = msHigh | 0;
    this.msLow = msLow | 0;
    this.seqHigh = seqHigh | 0;
    this.seqLow = seqLow | 0;
    return this;
  }

  copy(other: StreamId): this {
    this.msHigh = other.msHigh;
    this.msLow = other.msLow;
    this.seqHigh = other.seqHigh;
    this.seqLow = other.seqLow;
    return this;
  }

  /** @param ms  a whole number up to 2^53 */
  setTime(ms: number): this {
    return this.set(Math.floor(ms / TWO_32), ms >>> 0, 0, 0);
  }

  /** 0-0, the smallest; no entry has it. */
  setMin(): this {
    return this.set(0, 0, 0, 0);
  }

  setMax(): this {
    return this.set(-1, -1, -1, -1);
  }

  get isMin(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  get isMax(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  /** Reads it from four words of a page. */
  read(words: Int32Array, at: number): this {
    this.msHigh = words[at]!;
    this.msLow = words[at + 1]!;
    this.seqHigh = words[at + 2]!;
    this.seqLow = words[at + 3]!;
    return this;
  }

  write(words: Int32Array, at: number): void {
    words[at] = this.msHigh;
    words[at + 1] = this.msLow;
    words[at + 2] = this.seqHigh;
    words[at + 3] = this.seqLow;
  }

  /** Reads it from 16 bytes, the highest first: Redis' form in files. */
  readBytes(bytes: Uint8Array, at: number): this {
    return this.set(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12));
  }

  writeBytes(bytes: Uint8Array, at: number): void {
    putWord(this.msHigh, bytes, at);
    putWord(this.msLow, bytes, at + 4);
    putWord(this.seqHigh, bytes, at + 8);
    putWord(this.seqLow, bytes, at + 12);
  }

  /** Negative, zero or positive. */
  compare(other: StreamId): number {
    if (this.msHigh !== other.msHigh) return (this.msHigh >>> 0) - (other.msHigh >>> 0);
    if (this.msLow !== other.msLow) return (this.msLow >>> 0) - (other.msLow >>> 0);
    if (this.seqHigh !== other.seqHigh) return (this.seqHigh >>> 0) - (other.seqHigh >>> 0);
    return (this.seqLow >>> 0) - (other.seqLow >>> 0);
  }

  equals(other: StreamId): boolean {
    return (
      this.seqLow === other.seqLow &&
      this.msLow === other.msLow &&
      this.msHigh === other.msHigh &&
      this.seqHigh === other.seqHigh
    );
  }

  sameTime(other: StreamId): boolean {
    return this.msLow === other.msLow && this.msHigh === other.msHigh;
  }

  /** The next ID; false (and 0-0) behind the last one. */
  increment(): boolean {
    this.seqLow = (this.seqLow + 1) | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = (this.seqHigh + 1) | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = (this.msLow + 1) | 0;
    if (this.msLow !== 0) return true;
    this.msHigh = (this.msHigh + 1) | 0;
    return this.msHigh !== 0;
  }

  /** The ID before; false (and the last ID) before 0-0. */
  decrement(): boolean {
    this.seqLow = (this.seqLow - 1) | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = (this.seqHigh - 1) | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = (this.msLow - 1) | 0;
    if (this.msLow !== -1) return true;
    this.msHigh = (this.msHigh - 1) | 0;
    return this.msHigh !== -1;
  }

  /** Writes `ms-seq`; returns the position behind it. `bytes` has room for ID_TEXT_BYTES. */
  writeText(bytes: Uint8Array, at: number): number {
    at = writeTime(this.msHigh, this.msLow, bytes, at);
    bytes[at] = MINUS;
    return writeUint64(this.seqHigh, this.seqLow, bytes, at + 1);
  }

  toString(): string {
    return `${uint64(this.msHigh, this.msLow)}-${uint64(this.seqHigh, this.seqLow)}`;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function putWord(value: number, bytes: Uint8Array, at: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The number that two words make, the nearest double beyond 2^53. */
function approximate(high: number, low: number): number {
  return (high >>> 0) * TWO_32 + (low >>> 0);
}

function uint64(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function writeUint64(high: number, low: number, bytes: Uint8Array, at: number): number {
  if (high >>> 0 < SAFE_HIGH) return writeInteger(approximate(high, low), bytes, at);
  const text = uint64(high, low).toString();
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}

/** The milliseconds that were written last: IDs that are written one after the other often have the same. */
const timeText = new Uint8Array(20);
let timeHigh = 0;
let timeLow = 0;
let timeLength = 0;

function writeTime(high: number, low: number, bytes: Uint8Array, at: number): number {
  if (high !== timeHigh || low !== timeLow || timeLength === 0) {
    timeHigh = high;
    timeLow = low;
    timeLength = writeUint64(high, low, timeText, 0);
  }
  for (let i = 0; i < timeLength; i++) bytes[at + i] = timeText[i]!;
  return at + timeLength;
}

/** What a text said: what it left open is for the caller. */
export type ParsedId = "invalid" | "whole" | "no sequence" | "any sequence";

/** Digits that surely fit a double. */
const SHORT_DIGITS = 15;
/** Redis copies an ID into a buffer of this size, and its final zero. */
const MAX_TEXT = 127;

/**
 * Reads `ms-seq`, `ms` ("no sequence": it is 0 here) or `ms-*` ("any sequence", 0 too).
 * Redis takes anything that strtoull takes: blanks in front, signs, zeros.
 */
export function parseId(text: Slice, into: StreamId): ParsedId {
  const { bytes, start, end } = text;
  let at = start;
  let ms = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) break;
    ms = ms * 10 + digit;
  }
  if (at === start || at - start > SHORT_DIGITS) return parseUnusual(text, into);
  into.setTime(ms);
  if (at === end) return "no sequence";
  if (bytes[at] !== MINUS || ++at === end) return parseUnusual(text, into);
  const seqStart = at;
  let seq = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) break;
    seq = seq * 10 + digit;
  }
  if (at < end || at - seqStart > SHORT_DIGITS) return parseUnusual(text, into);
  into.seqHigh = (seq / TWO_32) | 0;
  into.seqLow = seq | 0;
  return "whole";
}

function parseUnusual(slice: Slice, into: StreamId): ParsedId {
  if (slice.length > MAX_TEXT) return "invalid";
  // To Redis a text ends at its first zero byte.
  const text = slice.latin1().replace(/\0.*$/s, "");
  const dash = text.indexOf("-");
  const ms = parseUint64(dash < 0 ? text : text.slice(0, dash));
  if (ms === null) return "invalid";
  into.set(Number(ms >> 32n), Number(ms & 0xffffffffn), 0, 0);
  if (dash < 0) return "no sequence";
  const rest = text.slice(dash + 1);
  if (rest === "*") return "any sequence";
  const seq = parseUint64(rest);
  if (seq === null) return "invalid";
  into.seqHigh = Number(seq >> 32n) | 0;
  into.seqLow = Number(seq & 0xffffffffn) | 0;
  return "whole";
}

const UINT64_MAX = 0xffffffffffffffffn;

/** As Redis' string2ull: a negative number in its canonical form is refused, in any other it wraps around as in C. */
function parseUint64(text: string): bigint | null {
  if (/^-[1-9]\d*$/.test(text) && BigInt(text) >= -0x8000000000000000n) return null;
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2]!);
  if (value > UINT64_MAX) return null;
  return match[1] === "-" ? (UINT64_MAX + 1n - value) & UINT64_MAX : value;
}
