/**
 * The ziplist: how Redis before 7.0 kept small lists, hashes and sorted sets, in memory and so in its files. It is only read.
 *
 *   total bytes (4)   where the last entry begins (4)   entries (2; 65535: not known)   the entries   255
 *
 * An entry: the length of the one before (one byte, or 254 and four), then what it is:
 *
 *   00llllll            string of up to 63              11000000 + 2   16-bit integer, the lowest byte first, as all are
 *   01llllll + 1        string of up to 16383           11010000 + 4   32-bit        11110000 + 3   24-bit
 *   10______ + 4        longer string                   11100000 + 8   64-bit        11111110 + 1   8-bit
 *                       (lengths: the highest first)    1111xxxx       0 to 12 for 0001 to 1101
 */
import { Slice } from "../base/bytes.ts";

const HEADER_BYTES = 10;
const END = 0xff;
const LONG_PREVIOUS = 0xfe;
const UNCOUNTED = 0xffff;

/** A string, lent until the visitor returns, or an integer: a bigint where a double would not hold it. */
export type ZiplistVisitor = (value: Slice | number | bigint) => void;

/** What the last `measure` found: an entry's data, or the integer that its first byte is. */
const entry = { isString: false, isImmediate: false, start: 0, end: 0 };

/**
 * Whether bytes[start, end) are one sound ziplist.
 * @returns  how many entries it has; -1 if it is broken
 */
export function validateZiplist(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < HEADER_BYTES + 1 || bytes[end - 1] !== END || uint32(bytes, start) !== end - start) return -1;
  let count = 0;
  let previous = 0;
  let last = start + HEADER_BYTES;
  for (let at = last; at !== end - 1; count++) {
    const after = measure(bytes, at, end - 1, previous);
    if (after === 0) return -1;
    previous = after - at;
    last = at;
    at = after;
  }
  if (uint32(bytes, start + 4) !== last - start) return -1;
  const stored = bytes[start + 8]! | (bytes[start + 9]! << 8);
  return stored === UNCOUNTED || stored === count ? count : -1;
}

/** Shows `visit` each entry of a ziplist that `validateZiplist` has passed. */
export function visitZiplist(bytes: Uint8Array, start: number, end: number, visit: ZiplistVisitor): void {
  const text = new Slice();
  let previous = 0;
  for (let at = start + HEADER_BYTES; at < end - 1; ) {
    const after = measure(bytes, at, end - 1, previous);
    if (entry.isString) visit(text.set(bytes, entry.start, entry.end));
    else if (entry.isImmediate) visit((bytes[entry.start - 1]! & 0x0f) - 1);
    else visit(readInteger(bytes, entry.start, entry.end));
    previous = after - at;
    at = after;
  }
}

/**
 * Finds the data of the entry at `at`, which must end by `end` and say that the one before takes `previous` bytes.
 * @returns  where it ends; 0 if it is broken
 */
function measure(bytes: Uint8Array, at: number, end: number, previous: number): number {
  const isLong = bytes[at] === LONG_PREVIOUS;
  const header = at + (isLong ? 5 : 1);
  if (header >= end) return 0;
  if ((isLong ? uint32(bytes, at + 1) : bytes[at]!) !== previous) return 0;
  const first = bytes[header]!;
  entry.isString = first < 0xc0;
  if (!entry.isString) {
    const data = integerBytes(first);
    entry.isImmediate = data === 0;
    entry.start = header + 1;
    entry.end = header + 1 + data;
    return data < 0 || entry.end > end ? 0 : entry.end;
  }
  const lengthBytes = first < 0x40 ? 1 : first < 0x80 ? 2 : 5;
  if (header + lengthBytes > end) return 0;
  let length = first & 0x3f;
  if (lengthBytes === 2) length = (length << 8) | bytes[header + 1]!;
  else if (lengthBytes === 5) {
    const field = header + 1;
    length = ((bytes[field]! << 24) | (bytes[field + 1]! << 16) | (bytes[field + 2]! << 8) | bytes[field + 3]!) >>> 0;
  }
  entry.start = header + lengthBytes;
  entry.end = entry.start + length;
  return entry.end > end ? 0 : entry.end;
}

/** How many bytes follow; -1 for a byte that begins no integer. */
function integerBytes(first: number): number {
  switch (first) {
    case 0xc0:
      return 2;
    case 0xd0:
      return 4;
    case 0xe0:
      return 8;
    case 0xf0:
      return 3;
    case 0xfe:
      return 1;
    default:
      return first >= 0xf1 && first <= 0xfd ? 0 : -1;
  }
}

function readInteger(bytes: Uint8Array, start: number, end: number): number | bigint {
  const length = end - start;
  if (length === 8) {
    const value = (BigInt(uint32(bytes, start + 4) | 0) << 32n) | BigInt(uint32(bytes, start));
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  let value = 0;
  for (let i = 0; i < length; i++) value |= bytes[start + i]! << (8 * i);
  const unused = 32 - 8 * length;
  return (value << unused) >> unused;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
