/**
 * The 80-bit long double of x86, in which INCRBYFLOAT and HINCRBYFLOAT reckon: 64 bits of significand, a sign and 15 bits
 * of exponent. Its digits show: 3 + 1000.6 is 1003.59999999999999998 there, and a replica, a client or an older AOF may have
 * seen that. So it is emulated bit for bit: exact arithmetic on BigInt, rounded to nearest, ties to even.
 */

/** `significand` times 2 to the `exponent`; the sign of a zero is not kept, for it never shows. */
export interface Finite {
  readonly significand: bigint;
  readonly exponent: number;
}

export type LongDouble = Finite | "inf" | "-inf";

const BITS = 64;
/** The exponent of the last bit of a denormal, and the first power of two that is too large. */
const MIN_EXPONENT = -16445;
const OVERFLOW_EXPONENT = 16384;
/** Decimal exponents beyond this are out of range however many digits (at most `MAX_CHARACTERS`) stand before them. */
const FAR_EXPONENT = 20_000;
const MAX_CHARACTERS = 5 * 1024 - 1;
const ZERO: Finite = { significand: 0n, exponent: 0 };

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const HEX = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/**
 * Reads a number as strtold does, hexadecimal ones and infinities included.
 * @returns  null for what is no number, for "nan", and for what is too large, or too small to be more than zero
 */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length === 0 || text.length > MAX_CHARACTERS) return null;
  const decimal = DECIMAL.exec(text);
  if (decimal) return parseDigits(decimal, 10, 1);
  const hex = HEX.exec(text);
  if (hex) return parseDigits(hex, 16, 4);
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === "-" ? "-inf" : "inf";
  return null;
}

/** @param digitWeight  how many steps of the exponent one digit after the point is worth */
function parseDigits(match: RegExpExecArray, base: 10 | 16, digitWeight: number): LongDouble | null {
  const [, sign, whole = "", fraction = "", exponentText = "0"] = match;
  const digits = whole + fraction;
  if (digits === "") return null;
  const magnitude = BigInt(base === 16 ? `0x${digits}` : digits);
  if (magnitude === 0n) return ZERO;
  const exponent = Number(exponentText) - fraction.length * digitWeight;
  if (Math.abs(exponent) > FAR_EXPONENT + 4 * MAX_CHARACTERS) return null;
  const power = (base === 16 ? 2n : 10n) ** BigInt(Math.abs(exponent));
  const value = exponent < 0 ? round(magnitude, power, 0) : round(magnitude * power, 1n, 0);
  if (value === "inf" || value === "-inf" || value.significand === 0n) return null;
  return sign === "-" ? { significand: -value.significand, exponent: value.exponent } : value;
}

/** @returns  null for the sum of opposite infinities, which is not a number */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | null {
  if (typeof a === "string") return typeof b === "string" && a !== b ? null : a;
  if (typeof b === "string") return b;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.significand << BigInt(a.exponent - exponent)) + (b.significand << BigInt(b.exponent - exponent));
  if (sum >= 0n) return round(sum, 1n, exponent);
  const magnitude = round(-sum, 1n, exponent);
  if (typeof magnitude === "string") return "-inf";
  return { significand: -magnitude.significand, exponent: magnitude.exponent };
}

/** The long double nearest to numerator / denominator * 2^exponent, for a numerator >= 0. */
function round(numerator: bigint, denominator: bigint, exponent: number): LongDouble {
  if (numerator === 0n) return ZERO;
  // The quotient has this many bits, or one fewer: aim at 64, and take the shorter step if that is one too many.
  let shift = bitLength(numerator) - bitLength(denominator) - BITS;
  if (quotient(numerator, denominator, shift) >> BigInt(BITS) !== 0n) shift++;
  shift = Math.max(shift, MIN_EXPONENT - exponent);
  const scaledDenominator = shift > 0 ? denominator << BigInt(shift) : denominator;
  const scaledNumerator = shift < 0 ? numerator << BigInt(-shift) : numerator;
  const significand = divideToEven(scaledNumerator, scaledDenominator);
  const value = { significand, exponent: exponent + shift };
  return bitLength(significand) + value.exponent > OVERFLOW_EXPONENT ? "inf" : value;
}

function quotient(numerator: bigint, denominator: bigint, shift: number): bigint {
  return shift < 0 ? (numerator << BigInt(-shift)) / denominator : numerator / (denominator << BigInt(shift));
}

function divideToEven(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const twice = (numerator - whole * denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (whole & 1n) === 1n);
  return up ? whole + 1n : whole;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28;
}

/** How Redis shows one to people: 17 places after the point, rounded to even, without the zeros at the end. */
const PLACES = 17;

export function formatLongDouble(value: Finite): string {
  const negative = value.significand < 0n;
  const magnitude = negative ? -value.significand : value.significand;
  const text =
    value.exponent >= 0
      ? String(magnitude << BigInt(value.exponent))
      : withPoint(divideToEven(magnitude * 10n ** BigInt(PLACES), 1n << BigInt(-value.exponent)));
  return negative && text !== "0" ? `-${text}` : text;
}

function withPoint(scaled: bigint): string {
  const digits = String(scaled).padStart(PLACES + 1, "0");
  return trimZeros(digits.slice(0, -PLACES), digits.slice(-PLACES));
}

function trimZeros(whole: string, fraction: string): string {
  let length = fraction.length;
  while (length > 0 && fraction.charCodeAt(length - 1) === 48) length--;
  return length === 0 ? whole : `${whole}.${fraction.slice(0, length)}`;
}

/** Whole numbers of so many digits, and decimals of so many places below `SHORT_LIMIT`, go the short way. */
const SHORT_DIGITS = 15;
const SHORT_PLACES = 12;
const SHORT_LIMIT = 32;
const SHORT_SCALE = 10 ** SHORT_PLACES;
const SCALES = Array.from({ length: SHORT_PLACES + 1 }, (_, places) => 10 ** (SHORT_PLACES - places));

/**
 * The sum of two numbers as it would come out of long doubles, for those cases where plain arithmetic proves it; else
 * null. Whole numbers below 2^53 are exact in either. Below 32 with at most 12 places, what reading both and adding can go
 * wrong by is at most 2^-60 + 2^-60 + 2^-59, which is less than half of the 17th place: the decimal sum comes out.
 */
export function addShort(a: string, b: string): string | null {
  const whole = shortWhole(a) + shortWhole(b);
  if (!Number.isNaN(whole)) return String(whole);
  const sum = shortDecimal(a) + shortDecimal(b);
  if (Number.isNaN(sum)) return null;
  const magnitude = Math.abs(sum);
  const units = Math.floor(magnitude / SHORT_SCALE);
  const fraction = String(magnitude - units * SHORT_SCALE).padStart(SHORT_PLACES, "0");
  const text = trimZeros(String(units), fraction);
  return sum < 0 ? `-${text}` : text;
}

/** A whole number; NaN for any other text. */
function shortWhole(text: string): number {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  const length = text.length - start;
  if (length < 1 || length > SHORT_DIGITS) return Number.NaN;
  let value = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return start === 1 ? -value : value;
}

/** A decimal below 32 as a whole number of the 12th place; NaN for any other text. */
function shortDecimal(text: string): number {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let value = 0;
  let places = -1;
  let i = start;
  for (; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (places >= 0) places++;
      else if (value >= SHORT_LIMIT) return Number.NaN;
      if (places > SHORT_PLACES) return Number.NaN;
    } else if (digit === POINT && places < 0 && i > start) places = 0;
    else return Number.NaN;
  }
  if (i === start || places === 0) return Number.NaN;
  const scaled = value * SCALES[Math.max(0, places)]!;
  return start === 1 ? -scaled : scaled;
}

const MINUS = 0x2d;
/** As a digit. */
const POINT = 0x2e - 48;
