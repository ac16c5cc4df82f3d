/** Numbers as they stand on the wire: parsed strictly, as Redis' string2ll and string2d do, and without making strings. */
import type { Slice } from "./bytes.ts";

export { formatDouble, parseDouble } from "./doubles.ts";

const MINUS = 0x2d;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/**
 * A signed 64-bit whole number in its canonical form (no "+", no leading zeros, no "-0"); NaN for anything else. Exact up
 * to 2^53; beyond, the nearest double: use `parseInt64` where every digit counts.
 */
export function parseInteger(text: Slice): number {
  const { bytes, start, end } = text;
  const length = end - start;
  if (length === 0 || length > 20) return Number.NaN;
  let i = start;
  const negative = bytes[i] === MINUS;
  if (negative && ++i === end) return Number.NaN;
  const first = bytes[i]! - 48;
  if (first === 0) return length === 1 ? 0 : Number.NaN;
  if (end - i > 15) {
    const value = parseInt64(text);
    return value === null ? Number.NaN : Number(value);
  }
  let value = 0;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** As `parseInteger`, exact over the whole range; null for what is not a signed 64-bit whole number. */
export function parseInt64(text: Slice): bigint | null {
  const { bytes, start, end } = text;
  const length = end - start;
  if (length === 0 || length > 20) return null;
  let i = start;
  if (bytes[i] === MINUS && ++i === end) return null;
  if (bytes[i] === 48 && length > 1) return null;
  for (let at = i; at < end; at++) if (bytes[at]! < 48 || bytes[at]! > 57) return null;
  const value = BigInt(text.latin1());
  return value > INT64_MAX || value < INT64_MIN ? null : value;
}

/** A whole number of at most 15 digits that is known to be in its canonical form. */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  let value = 0;
  for (let i = negative ? start + 1 : start; i < end; i++) value = value * 10 + bytes[i]! - 48;
  return negative ? -value : value;
}

/** Writes a whole number of at most 2^53 in decimal; returns the position behind it. */
export function writeInteger(value: number, to: Uint8Array, at: number): number {
  if (value < 0) {
    to[at++] = MINUS;
    value = -value;
  }
  if (value < 10) {
    to[at++] = 48 + value;
    return at;
  }
  let end = at + digits(value);
  const after = end;
  // Small numbers stay in 32-bit arithmetic, which is several times as fast.
  while (value > 0x7fffffff) {
    const quotient = Math.floor(value / 10);
    to[--end] = 48 + (value - quotient * 10);
    value = quotient;
  }
  let small = value | 0;
  while (end > at) {
    const quotient = (small / 10) | 0;
    to[--end] = 48 + (small - quotient * 10);
    small = quotient;
  }
  return after;
}

/** How many decimal digits a whole number >= 0 has. */
export function digits(value: number): number {
  if (value < 100000) {
    if (value < 100) return value < 10 ? 1 : 2;
    return value < 1000 ? 3 : value < 10000 ? 4 : 5;
  }
  let count = 5;
  for (let limit = 100000; value >= limit; limit *= 10) count++;
  return count;
}
