/**
 * Doubles as text: read as C's strtod does, written as Redis does. Redis 7.2 answers the shortest digits that read back as the
 * same number; digests, and what Redis wrote before, have 17 digits.
 */
import type { Slice } from "./bytes.ts";

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const HEX = /^[+-]?0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
/** Of so many digits a decimal is a whole number that a double holds, over a power of ten that it holds too. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);
/** The longest text that Redis looks at. */
const MAX_CHARACTERS = 256;

/**
 * A double as Redis takes it for a score or a number of seconds, infinities included. NaN for anything else, for "nan", for
 * surrounding blanks, and for what is beyond the greatest double or too small to be more than zero.
 */
export function parseDouble(text: Slice): number {
  const value = plainDecimal(text.bytes, text.start, text.end);
  if (!Number.isNaN(value)) return value;
  if (text.length === 0 || text.length > MAX_CHARACTERS) return Number.NaN;
  const word = text.latin1();
  if (INFINITE.test(word)) return word[0] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const number = finite(word);
  if (!Number.isFinite(number)) return Number.NaN;
  return number === 0 && isMoreThanZero(word) ? Number.NaN : number;
}

/**
 * A double as Redis takes it for the end of a range of scores: leading blanks may be there, nothing at all is 0, what is too
 * great is infinite, and whatever follows a zero byte does not count. NaN for anything else.
 */
export function parseDoubleLoosely(text: Slice): number {
  const value = plainDecimal(text.bytes, text.start, text.end);
  if (!Number.isNaN(value)) return value;
  let word = text.latin1();
  const zero = word.indexOf("\0");
  if (zero >= 0) word = word.slice(0, zero);
  if (word === "") return 0;
  word = word.replace(/^[ \t\n\v\f\r]+/, "");
  if (INFINITE.test(word)) return word[0] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return finite(word);
}

/** The usual number: a sign, some digits, a point among them. NaN for any other, which may be one too. */
function plainDecimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 0x2d;
  let at = negative ? start + 1 : start;
  if (at === end || end - at > EXACT_DIGITS + 1) return Number.NaN;
  let value = 0;
  let behindPoint = -1;
  let digits = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits++;
    } else if (digit === -2 && behindPoint < 0) behindPoint = end - at - 1;
    else return Number.NaN;
  }
  if (digits === 0 || digits > EXACT_DIGITS) return Number.NaN;
  if (behindPoint > 0) value /= POWERS[behindPoint]!;
  return negative ? -value : value;
}

/** Infinity for what is too large. */
function finite(word: string): number {
  if (DECIMAL.test(word)) return Number(word);
  const hex = HEX.exec(word);
  if (hex === null) return Number.NaN;
  const [, whole = "", fraction = "", power = "0"] = hex;
  if (whole + fraction === "") return Number.NaN;
  // In two steps, as the power alone may be out of range where the product is not.
  const exponent = Math.max(-5000, Math.min(5000, Number(power))) - 4 * fraction.length;
  const half = Math.trunc(exponent / 2);
  const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** half * 2 ** (exponent - half);
  return word[0] === "-" ? -value : value;
}

function isMoreThanZero(word: string): boolean {
  const hex = HEX.exec(word);
  const digits = hex === null ? word.replace(/e.*/i, "") : `${hex[1]}${hex[2]}`;
  return /[1-9a-f]/i.test(digits);
}

/** Whole numbers up to here are written with all their digits. */
const PLAIN_MAX = 2 ** 62;

/** A double as Redis 7.2 answers it: the shortest digits that read back as the same, "1e+20" for what would be long. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  if (!Number.isFinite(value)) return special(value);
  if (Number.isInteger(value) && Math.abs(value) <= PLAIN_MAX) return String(BigInt(value));
  const [digits, exponent] = digitsOf(Math.abs(value).toExponential());
  const last = exponent - digits.length + 1;
  const sign = value < 0 ? "-" : "";
  if (last >= 0 && exponent < digits.length + 7) return sign + digits + "0".repeat(last);
  if (last < 0 && (last > -7 || Math.abs(exponent) < 4)) return sign + withPoint(digits, exponent);
  return sign + scientific(digits, exponent, 1);
}

/** Room for what `writeShortDecimal` writes: a sign, up to 15 digits and a point. */
export const SHORT_DECIMAL = 17;
const MOST_DECIMALS = 5;

/**
 * Writes a number with one to five decimals, such as 0.5 or 1234.25, as `formatDouble` does, from to[0] on.
 * @returns  how many bytes; 0 if it is no such number, or has more than 15 digits
 */
export function writeShortDecimal(value: number, to: Uint8Array): number {
  const size = Math.abs(value);
  // Of the decimals of up to 15 digits only one reads back as this double.
  if (!(size < 1e9) || Number.isInteger(size)) return 0;
  for (let decimals = 1; decimals <= MOST_DECIMALS; decimals++) {
    const power = POWERS[decimals]!;
    const all = Math.round(size * power);
    if (all / power === size) return writeDecimal(value < 0, all, decimals, to);
  }
  return 0;
}

/** Writes a whole number with a point before its last `decimals` digits. */
function writeDecimal(negative: boolean, all: number, decimals: number, to: Uint8Array): number {
  let end = (negative ? 3 : 2) + decimals;
  for (let limit = POWERS[decimals + 1]!; all >= limit; limit *= 10) end++;
  let rest = all;
  for (let at = end - 1; at > end - 1 - decimals; at--) {
    const higher = Math.floor(rest / 10);
    to[at] = 48 + rest - higher * 10;
    rest = higher;
  }
  let at = end - 1 - decimals;
  to[at] = 0x2e;
  do {
    const higher = Math.floor(rest / 10);
    to[--at] = 48 + rest - higher * 10;
    rest = higher;
  } while (rest > 0);
  if (negative) to[0] = 0x2d;
  return end;
}

/** As printf's "%.17g". */
export function formatDouble17(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  if (!Number.isFinite(value)) return special(value);
  const [all, exponent] = rounded17(Math.abs(value));
  const digits = all.replace(/0+$/, "");
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 17) return sign + scientific(digits, exponent, 2);
  return sign + (exponent >= digits.length - 1 ? digits.padEnd(exponent + 1, "0") : withPoint(digits, exponent));
}

/** Seventeen digits; one half is rounded to the even digit as C does, where JavaScript rounds it up. */
function rounded17(value: number): [digits: string, exponent: number] {
  const [more, exponent] = digitsOf(value.toExponential(50));
  if (/^5?0*$/.test(more.slice(17)) && Number(more[16]) % 2 === 0) return [more.slice(0, 17), exponent];
  return digitsOf(value.toExponential(16));
}

function special(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

/** The digits of "d.ddde+x", and x. */
function digitsOf(exponential: string): [digits: string, exponent: number] {
  const [mantissa, exponent] = exponential.split("e") as [string, string];
  return [mantissa.replace(".", ""), Number(exponent)];
}

/** @param exponent  of the first digit */
function withPoint(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function scientific(digits: string, exponent: number, exponentDigits: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(exponentDigits, "0")}`;
}
