/**
 * Scores: doubles but NaN. In an element a score takes two words; in the index it is a key of 64 bits whose order is that of
 * the numbers; in a listpack it is an integer where it is one, and text else.
 */

import { Slice } from "../../base/bytes.ts";
import { formatDouble, parseDouble } from "../../base/doubles.ts";
import type { EntryText, ListpackView } from "../../memory/listpack.ts";

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

const SIGN = 0x80000000 | 0;
const MAGNITUDE = 0x7fffffff;

export function writeScore(score: number, to: Int32Array, at: number): void {
  double[0] = score;
  to[at] = words[0]!;
  to[at + 1] = words[1]!;
}

export function readScore(from: Int32Array, at: number): number {
  words[0] = from[at]!;
  words[1] = from[at + 1]!;
  return double[0]!;
}

/** The high word of the key of a score that stands in two words. -0 and 0 have the same key, as they compare as equal. */
export function keyHigh(low: number, high: number): number {
  if (high >= 0) return high;
  return high === SIGN && low === 0 ? 0 : high ^ MAGNITUDE;
}

/** The low word of the key. */
export function keyLow(low: number, high: number): number {
  if (high >= 0) return low;
  return high === SIGN && low === 0 ? 0 : ~low;
}

/** The key of a score that stands nowhere: a place to look for. */
export class ScoreKey {
  high = 0;
  low = 0;

  of(score: number): this {
    double[0] = score;
    this.high = keyHigh(words[0]!, words[1]!);
    this.low = keyLow(words[0]!, words[1]!);
    return this;
  }
}

/** Whole numbers up to here are integers in a listpack, -0 among them. */
const INTEGER_MAX = 2 ** 62;
const text = new Slice();

/** What stands for a score in a listpack. The slice is valid until the next call. */
export function packedScore(score: number): number | bigint | Slice {
  if (Number.isSafeInteger(score)) return score + 0;
  if (Number.isInteger(score) && Math.abs(score) <= INTEGER_MAX) return BigInt(score);
  const bytes = Buffer.from(formatDouble(score), "latin1");
  return text.set(bytes, 0, bytes.length);
}

/** The score that an entry of a listpack stands for; NaN if it is none. */
export function unpackScore(list: ListpackView, at: number, scratch: EntryText): number {
  const integer = list.integer(at);
  return Number.isNaN(integer) ? parseDouble(list.text(at, scratch)) : integer;
}
