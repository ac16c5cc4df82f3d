/**
 * Numbers of 64 bits in two words of a page, the high one first: times and counters, whose values are nearly always small
 * enough for a double, but need not be.
 */
const TWO_32 = 0x100000000;

/** As a double: exact up to 2^53, negative ones too. */
export function readNumber(words: Int32Array, at: number): number {
  return words[at]! * TWO_32 + (words[at + 1]! >>> 0);
}

/** A whole number up to 2^53, or negative. */
export function writeNumber(words: Int32Array, at: number, value: number): void {
  words[at] = Math.floor(value / TWO_32);
  words[at + 1] = value >>> 0;
}

/** Exact, signed. */
export function readBigInt(words: Int32Array, at: number): bigint {
  return (BigInt(words[at]!) << 32n) | BigInt(words[at + 1]! >>> 0);
}

export function writeBigInt(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(BigInt.asIntN(32, value >> 32n));
  words[at + 1] = Number(BigInt.asIntN(32, value));
}

/** Adds one, wrapping around as in C. */
export function increment(words: Int32Array, at: number): void {
  const low = (words[at + 1]! + 1) | 0;
  words[at + 1] = low;
  if (low === 0) words[at] = (words[at]! + 1) | 0;
}
