/**
 * A run of bytes inside a larger buffer: how arguments, keys and values travel without being copied.
 * A slice borrows: it is valid only as long as the bytes below it are, which for a command's arguments
 * is until the handler returns. Keep `copy()` or `latin1()` to hold on to what it says.
 */
export class Slice {
  constructor(
    public bytes: Uint8Array = EMPTY,
    public start: number = 0,
    public end: number = bytes.length,
  ) {}

  static of(text: string): Slice {
    return new Slice(Buffer.from(text, "utf8"));
  }

  get length(): number {
    return this.end - this.start;
  }

  set(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return this;
  }

  /** The bytes one to one as characters 0 to 255: a lossless map key. */
  latin1(): string {
    return asBuffer(this.bytes).latin1Slice(this.start, this.end);
  }

  /**
   * As an error repeats it: as latin1, the way errors are written, and no further than the zero byte at which C ends a string. Nor
   * further than `limit`: a word may be longer than any string of JavaScript.
   */
  quotable(limit = MOST_QUOTED): string {
    const text = asBuffer(this.bytes).latin1Slice(this.start, Math.min(this.end, this.start + limit));
    const zero = text.indexOf("\0");
    return zero < 0 ? text : text.slice(0, zero);
  }

  utf8(): string {
    return asBuffer(this.bytes).utf8Slice(this.start, this.end);
  }

  copy(): Uint8Array {
    // Not `this.bytes.slice`: a Buffer's makes no copy.
    const copy = new Uint8Array(this.end - this.start);
    copyBytes(this.bytes, this.start, this.end, copy, 0);
    return copy;
  }

  /** A view, not a copy. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  copyTo(target: Uint8Array, at: number): void {
    copyBytes(this.bytes, this.start, this.end, target, at);
  }

  equals(other: Slice): boolean {
    return equalBytes(this.bytes, this.start, this.end, other.bytes, other.start, other.end);
  }

  /** Whether this is the option word `word` (given in upper case), in any case. */
  is(word: string): boolean {
    const length = this.end - this.start;
    if (length !== word.length) return false;
    for (let i = 0; i < length; i++) {
      let byte = this.bytes[this.start + i]!;
      if (byte >= 0x61 && byte <= 0x7a) byte -= 32;
      if (byte !== word.charCodeAt(i)) return false;
    }
    return true;
  }
}

const EMPTY = new Uint8Array(0);

/** No error repeats more of a word. */
const MOST_QUOTED = 64 * 1024;

/** The methods of Buffer that Node keeps off its types: decoding a range without making a view first. */
interface DecodingBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Buffer's decoding methods over any bytes; no copy, and no new view when they are a Buffer already. */
function asBuffer(bytes: Uint8Array): DecodingBuffer {
  return (
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ) as DecodingBuffer;
}

/** Below this a loop beats the call into the engine that `set` and `compare` are. */
const SHORT = 48;

export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  const length = end - start;
  if (length > SHORT) {
    // Not `subarray`: of a Buffer it takes a detour through its species.
    to.set(new Uint8Array(from.buffer, from.byteOffset + start, length), at);
    return;
  }
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    const source = start + i;
    const target = at + i;
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
    to[target + 4] = from[source + 4]!;
    to[target + 5] = from[source + 5]!;
    to[target + 6] = from[source + 6]!;
    to[target + 7] = from[source + 7]!;
  }
  for (; i < length; i++) to[at + i] = from[start + i]!;
}

export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart;
  if (length !== bEnd - bStart) return false;
  // From the end: names tend to begin alike.
  for (let i = length - 1; i >= 0; i--) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** memcmp's order, the shorter first among equals: negative, zero or positive. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

export function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
