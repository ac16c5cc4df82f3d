/**
 * The entries of Redis' listpack, byte for byte, wherever they lie: listpack.ts and the nodes of lists are made of them.
 *
 *   0xxxxxxx                    0 to 127                     11110001 + 2 bytes   16-bit integer
 *   10xxxxxx + bytes            string of up to 63           11110010 + 3         24-bit
 *   110xxxxx + 1                13-bit integer               11110011 + 4         32-bit
 *   1110xxxx + 1 + bytes        string of up to 4095         11110100 + 8         64-bit
 *   11110000 + 4 + bytes        longer string                (integers signed, the lowest byte first, but 12 and 13 bits)
 *
 * Behind each stands its length so far, in seven bits a byte, the highest first, so that it can be read backwards.
 */
import { copyBytes, equalBytes, Slice } from "../base/bytes.ts";
import { parseInt64, writeInteger } from "../base/numbers.ts";

const STRING_32 = 0xf0;
const INT_16 = 0xf1;
const INT_24 = 0xf2;
const INT_32 = 0xf3;
const INT_64 = 0xf4;

/** A place for an entry's text: what `readText` gives is valid as long as the entry, or until this is used again. */
export class EntryText extends Slice {
  readonly scratch: Uint8Array = new Uint8Array(24);
}

/** Bytes of the entry at `at` without its back-length; 0 for a byte that begins none. */
export function bodyLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 2 + (((first & 0x0f) << 8) | bytes[at + 1]!);
  switch (first) {
    case STRING_32:
      return 5 + (word(bytes, at + 1) >>> 0);
    case INT_16:
      return 3;
    case INT_24:
      return 4;
    case INT_32:
      return 5;
    case INT_64:
      return 9;
    default:
      return 0;
  }
}

/** How many bytes the back-length of a body takes; the odd limits are Redis'. */
export function backLengthBytes(body: number): number {
  if (body <= 127) return 1;
  if (body < 16383) return 2;
  if (body < 2097151) return 3;
  return body < 268435455 ? 4 : 5;
}

/** Bytes of the whole entry. */
export function entryLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 2;
  if (first < 0xc0) return 2 + (first & 0x3f);
  const body = bodyLength(bytes, at);
  return body + backLengthBytes(body);
}

/** Where the entry begins that ends before `end`. */
export function entryBefore(bytes: Uint8Array, end: number): number {
  let last = end - 1;
  let byte = bytes[last]!;
  if (byte < 0x80) return last - byte;
  let body = byte & 0x7f;
  for (let scale = 128; (byte & 0x80) !== 0 && scale <= 268435456; scale *= 128) {
    byte = bytes[--last]!;
    body += (byte & 0x7f) * scale;
  }
  return last - body;
}

export function isIntegerEntry(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  return first < 0x80 || (first & 0xe0) === 0xc0 || first > STRING_32;
}

/** The integer at `at`, beyond 2^53 the nearest double; NaN for a string. */
export function readInteger(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return first;
  if (first < 0xc0) return Number.NaN;
  if (first < 0xe0) return (((first << 8) | bytes[at + 1]!) << 19) >> 19;
  switch (first) {
    case INT_16:
      return ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) >> 16;
    case INT_24:
      return ((bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >> 8;
    case INT_32:
      return word(bytes, at + 1);
    case INT_64:
      return word(bytes, at + 5) * 0x100000000 + (word(bytes, at + 1) >>> 0);
    default:
      return Number.NaN;
  }
}

/** As `readInteger`, exact; null for a string. */
export function readBigInt(bytes: Uint8Array, at: number): bigint | null {
  if (bytes[at] === INT_64) return (BigInt(word(bytes, at + 5)) << 32n) | BigInt(word(bytes, at + 1) >>> 0);
  const value = readInteger(bytes, at);
  return Number.isNaN(value) ? null : BigInt(value);
}

/** The entry as text: a string's bytes where they lie, an integer's digits in `into`'s own space. */
export function readText(bytes: Uint8Array, at: number, into: EntryText): EntryText {
  const first = bytes[at]!;
  if (first >= 0x80) {
    if (first < 0xc0) return into.set(bytes, at + 1, at + 1 + (first & 0x3f));
    if (first >= 0xe0 && first <= STRING_32) {
      const start = at + (first === STRING_32 ? 5 : 2);
      return into.set(bytes, start, at + bodyLength(bytes, at));
    }
  }
  const { scratch } = into;
  const value = readInteger(bytes, at);
  if (Number.isSafeInteger(value)) return into.set(scratch, 0, writeInteger(value, scratch, 0));
  const digits = String(readBigInt(bytes, at));
  for (let i = 0; i < digits.length; i++) scratch[i] = digits.charCodeAt(i);
  return into.set(scratch, 0, digits.length);
}

/**
 * What is to be put into a listpack, or looked for in one: made ready once, then written or compared any number of times.
 * It borrows the bytes of a Slice that it was given.
 */
export class Element {
  /** Bytes of the entry it makes. */
  length = 0;
  isInteger = false;
  /** Its value, beyond 2^53 the nearest double; only if it is one. */
  integer = 0;
  /** Only for an integer beyond 2^53. */
  #exact = 0n;
  #body = 0;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  /** A Slice that is the text of a 64-bit integer is that integer. */
  set(value: Slice | number | bigint): this {
    if (typeof value === "number") return this.#setInteger(value);
    return typeof value === "bigint" ? this.#setBigInt(value) : this.#setText(value);
  }

  #setText(value: Slice): this {
    const { bytes, start, end } = value;
    const length = end - start;
    // Most strings are told from integers by their first byte.
    const first = length > 0 ? bytes[start]! : 0;
    if (length <= 20 && ((first >= 48 && first <= 57) || first === 45)) {
      const integer = shortInteger(bytes, start, end);
      if (!Number.isNaN(integer)) return this.#setInteger(integer);
      if (length > 15) {
        const exact = parseInt64(value);
        if (exact !== null) return this.#setBigInt(exact);
      }
    }
    this.isInteger = false;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#body = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
    this.length = this.#body + backLengthBytes(this.#body);
    return this;
  }

  #setInteger(value: number): this {
    this.isInteger = true;
    this.integer = value;
    let body = 9;
    if (value === (value | 0)) {
      if (value >= 0 && value <= 127) body = 1;
      else if (value >= -4096 && value <= 4095) body = 2;
      else if (value >= -32768 && value <= 32767) body = 3;
      else body = value >= -8388608 && value <= 8388607 ? 4 : 5;
    } else this.#exact = BigInt(value);
    this.#body = body;
    this.length = body + 1;
    return this;
  }

  #setBigInt(value: bigint): this {
    if (value === BigInt.asIntN(32, value)) return this.#setInteger(Number(value));
    this.isInteger = true;
    this.integer = Number(value);
    this.#exact = value;
    this.#body = 9;
    this.length = 10;
    return this;
  }

  /** Writes the entry; there is room for `length` bytes. */
  write(to: Uint8Array, at: number): void {
    if (this.isInteger) this.#writeInteger(to, at);
    else this.#writeString(to, at);
  }

  #writeInteger(to: Uint8Array, at: number): void {
    const value = this.integer;
    switch (this.#body) {
      case 1:
        to[at] = value;
        to[at + 1] = 1;
        return;
      case 2:
        to[at] = 0xc0 | ((value >> 8) & 0x1f);
        to[at + 1] = value;
        to[at + 2] = 2;
        return;
      case 9:
        to[at] = INT_64;
        writeWord(Number(BigInt.asIntN(32, this.#exact)), to, at + 1);
        writeWord(Number(BigInt.asIntN(32, this.#exact >> 32n)), to, at + 5);
        to[at + 9] = 9;
        return;
      default:
        to[at] = INT_16 + this.#body - 3;
        for (let i = 1; i < this.#body; i++) to[at + i] = value >> (8 * (i - 1));
        to[at + this.#body] = this.#body;
    }
  }

  #writeString(to: Uint8Array, at: number): void {
    const length = this.#end - this.#start;
    let data = at;
    if (length < 64) to[data++] = 0x80 | length;
    else if (length < 4096) {
      to[data++] = 0xe0 | (length >> 8);
      to[data++] = length;
    } else {
      to[data] = STRING_32;
      writeWord(length, to, data + 1);
      data += 5;
    }
    copyBytes(this.#bytes, this.#start, this.#end, to, data);
    writeBackLength(this.#body, to, data + length);
  }

  /** Whether the entry at `at` says the same, in whatever form it lies there. */
  equals(bytes: Uint8Array, at: number): boolean {
    const first = bytes[at]!;
    if (first < 0x80) return this.isInteger && first === this.integer;
    if (isIntegerEntry(bytes, at)) {
      if (!this.isInteger) return false;
      if (first !== INT_64) return readInteger(bytes, at) === this.integer;
      return this.#body === 9 && readBigInt(bytes, at) === this.#exact;
    }
    const body = bodyLength(bytes, at);
    const start = at + (first < 0xc0 ? 1 : first < 0xf0 ? 2 : 5);
    if (!this.isInteger) return equalBytes(bytes, start, at + body, this.#bytes, this.#start, this.#end);
    // A string of digits: nobody writes such an entry, but a payload may hold one.
    const text = new Slice(bytes, start, at + body);
    return parseInt64(text) === (this.#body === 9 ? this.#exact : BigInt(this.integer));
  }
}

/** The value of at most 15 digits in canonical form; NaN for anything else. */
function shortInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 45;
  let i = negative ? start + 1 : start;
  const digits = end - i;
  if (digits === 0 || digits > 15 || (bytes[i] === 48 && (digits > 1 || negative))) return Number.NaN;
  let value = 0;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

function writeBackLength(body: number, to: Uint8Array, at: number): void {
  if (body <= 127) {
    to[at] = body;
    return;
  }
  for (let i = backLengthBytes(body) - 1; i > 0; i--) {
    to[at + i] = 0x80 | (body & 0x7f);
    body >>>= 7;
  }
  to[at] = body;
}

/**
 * Whether an entry lies at `at`, wholly before `end`, with a back-length that fits: what must be known of foreign bytes
 * before anything else here looks at them.
 * @returns  where it ends, or 0
 */
export function checkEntry(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const first = bytes[at]!;
  const header = first < 0xc0 ? 1 : first === STRING_32 ? 5 : 2;
  if (at + header > end) return 0;
  const body = bodyLength(bytes, at);
  const after = at + body + backLengthBytes(body);
  if (body === 0 || after > end) return 0;
  return entryBefore(bytes, after) === at ? after : 0;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeWord(value: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) to[at + i] = value >>> (8 * i);
}

const NOTHING = new Uint8Array(0);
