/**
 * Redis' hash for HyperLogLog: MurmurHash64A with the seed that all Redis servers share, in words of 32 bits. An element
 * becomes the number of a register, by the low bits, and the length of the run of zeros in the bits above, plus one.
 */
import type { Slice } from "../../base/bytes.ts";

/** How many bits of the hash name the register. */
const INDEX_BITS = 14;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
/** The longest run: all 50 bits above are zero. */
export const MAX_RUN = 64 - INDEX_BITS + 1;

const SEED = 0xadc83b19;
const M_HIGH = 0xc6a4a793;
const M_LOW = 0x5bd1e995;
const SHIFT = 47 - 32;

/** The product that `multiply` made last, and so a hash under way: two results that cost no object. */
let high = 0;
let low = 0;

/** The product of a word of 64 bits and Murmur's constant. */
function multiply(hi: number, lo: number): void {
  const low0 = lo & 0xffff;
  const low1 = lo >>> 16;
  const first = low0 * (M_LOW & 0xffff);
  const middle = low0 * (M_LOW >>> 16) + low1 * (M_LOW & 0xffff) + Math.floor(first / 0x10000);
  const upper = low1 * (M_LOW >>> 16) + Math.floor(middle / 0x10000);
  high = (upper + Math.imul(hi, M_LOW) + Math.imul(lo, M_HIGH)) | 0;
  low = (middle << 16) | (first & 0xffff);
}

function hash(bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  multiply(0, length);
  let hi = high;
  let lo = low ^ SEED;
  const lastWord = end - (length & 7);
  let at = start;
  for (; at < lastWord; at += 8) {
    const wordLow = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const wordHigh = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    multiply(wordHigh, wordLow);
    multiply(high, low ^ (high >>> SHIFT));
    multiply(hi ^ high, lo ^ low);
    hi = high;
    lo = low;
  }
  if (at < end) {
    for (let i = 0; at + i < end; i++) {
      if (i < 4) lo ^= bytes[at + i]! << (8 * i);
      else hi ^= bytes[at + i]! << (8 * (i - 4));
    }
    multiply(hi, lo);
    hi = high;
    lo = low;
  }
  multiply(hi, lo ^ (hi >>> SHIFT));
  low ^= high >>> SHIFT;
}

/** Where an element counts, and for how much: set by `locate`. */
export const place = { register: 0, run: 0 };

/** Sets `place`. */
export function locate({ bytes, start, end }: Slice): void {
  hash(bytes, start, end);
  place.register = low & INDEX_MASK;
  const above = low >>> INDEX_BITS;
  if (above !== 0) place.run = 1 + trailingZeros(above);
  else place.run = high === 0 ? MAX_RUN : 1 + (32 - INDEX_BITS) + trailingZeros(high);
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
