/**
 * From registers to a number: Ertl's improved estimator, which needs nothing but how often each value occurs.
 * @see https://arxiv.org/abs/1702.01284, algorithm 6
 */
import { MAX_RUN } from "./murmur.ts";

const REGISTERS = 16384;
/** 1 / (2 ln 2), to as many digits as Redis has: the estimates are to be the same. */
const ALPHA_INFINITY = 0.7213475204444817;

/** @param histogram  how many of the registers have the value that is the index */
export function estimate(histogram: Int32Array): number {
  let sum = REGISTERS * tau((REGISTERS - histogram[MAX_RUN]!) / REGISTERS);
  for (let value = MAX_RUN - 1; value >= 1; value--) sum = (sum + histogram[value]!) * 0.5;
  sum += REGISTERS * sigma(histogram[0]! / REGISTERS);
  return Math.round((ALPHA_INFINITY * REGISTERS * REGISTERS) / sum);
}

/** What registers that are still empty add. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let sum = x;
  let weight = 1;
  for (let before = Number.NaN; before !== sum; ) {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

/** What registers that are full already add. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let sum = 1 - x;
  let weight = 1;
  for (let before = Number.NaN; before !== sum; ) {
    x = Math.sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}
