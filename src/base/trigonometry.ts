/**
 * Sine, cosine and arc sine rounded as well as C's library rounds them. `Math.sin` is off by one in the last place once in
 * thirty times, which nobody sees in four places of a distance, but in a distance that is stored as a score: then two
 * servers would disagree. So these reckon with pairs of doubles, a sum whose second part is what the first cannot hold.
 */

/** A number as an unevaluated sum; the functions below leave their result here. */
let high = 0;
let low = 0;

/** The sum of two doubles, exactly. */
function twoSum(a: number, b: number): void {
  const sum = a + b;
  const part = sum - a;
  low = a - (sum - part) + (b - part);
  high = sum;
}

const SPLIT = 134217729;

/** The product of two doubles, exactly. */
function twoProduct(a: number, b: number): void {
  const product = a * b;
  const aScaled = a * SPLIT;
  const aTop = aScaled - (aScaled - a);
  const aRest = a - aTop;
  const bScaled = b * SPLIT;
  const bTop = bScaled - (bScaled - b);
  const bRest = b - bTop;
  low = aTop * bTop - product + aTop * bRest + aRest * bTop + aRest * bRest;
  high = product;
}

function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  twoProduct(aHigh, bHigh);
  twoSum(high, low + (aHigh * bLow + aLow * bHigh));
}

function add(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  twoSum(aHigh, bHigh);
  twoSum(high, low + aLow + bLow);
}

/** 1/n! for the terms of the series, as pairs: sine's from 3 on, cosine's from 2 on. */
const SINE_TERMS: [number, number][] = [];
const COSINE_TERMS: [number, number][] = [];
const TERMS = 9;
for (let n = 2, factorial = 1n; n < 2 + 2 * TERMS; n++) {
  factorial *= BigInt(n);
  const whole = Number(factorial);
  const inverse = 1 / whole;
  // What the quotient lacks: all factorials up to 19! are exact in a double.
  twoProduct(inverse, whole);
  const rest = (1 - high - low) / whole;
  (n % 2 === 0 ? COSINE_TERMS : SINE_TERMS).push([n % 4 < 2 ? inverse : -inverse, n % 4 < 2 ? rest : -rest]);
}

/** The results of `sineAndCosine`. */
let sineHigh = 0;
let sineLow = 0;
let cosineHigh = 0;

const HALVINGS = 6;

/** Of an angle of at most a few radians: by their series at a 64th of it, then six times those of the double angle. */
function sineAndCosine(angle: number): void {
  const small = angle / (1 << HALVINGS);
  twoProduct(small, small);
  const squareHigh = high;
  const squareLow = low;
  series(SINE_TERMS, squareHigh, squareLow);
  multiply(high, low, squareHigh, squareLow);
  multiply(high, low, small, 0);
  add(small, 0, high, low);
  sineHigh = high;
  sineLow = low;
  series(COSINE_TERMS, squareHigh, squareLow);
  multiply(high, low, squareHigh, squareLow);
  // One less than the cosine: near zero it keeps more digits than the cosine itself.
  let lessHigh = high;
  let lessLow = low;
  for (let i = 0; i < HALVINGS; i++) {
    // sin 2x = 2 sin x + 2 sin x (cos x - 1); cos 2x - 1 = -2 sin^2 x.
    multiply(sineHigh, sineLow, lessHigh, lessLow);
    const productHigh = high;
    const productLow = low;
    multiply(sineHigh, sineLow, sineHigh, sineLow);
    lessHigh = -2 * high;
    lessLow = -2 * low;
    add(2 * sineHigh, 2 * sineLow, 2 * productHigh, 2 * productLow);
    sineHigh = high;
    sineLow = low;
  }
  add(1, 0, lessHigh, lessLow);
  cosineHigh = high;
}

function series(terms: readonly [number, number][], squareHigh: number, squareLow: number): void {
  high = 0;
  low = 0;
  for (let i = terms.length - 1; i >= 0; i--) {
    multiply(high, low, squareHigh, squareLow);
    add(high, low, terms[i]![0], terms[i]![1]);
  }
}

export function sine(angle: number): number {
  sineAndCosine(angle);
  return sineHigh;
}

export function cosine(angle: number): number {
  sineAndCosine(angle);
  return cosineHigh;
}

/** NaN beyond -1 and 1. */
export function arcSine(value: number): number {
  const near = Math.asin(value);
  if (Number.isNaN(near) || value === 1 || value === -1) return near;
  // One step of Newton's, with the term of second order since the cosine may be small.
  sineAndCosine(near);
  const missing = value - sineHigh - sineLow;
  const step = missing / cosineHigh;
  return near + (step + (sineHigh / (2 * cosineHigh)) * step * step);
}
