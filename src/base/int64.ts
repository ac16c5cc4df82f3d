/**
 * A signed whole number of 64 bits as two words, for where every digit counts and nothing may be allocated: members of sets,
 * entries of listpacks. One object is used again and again.
 */
import { writeInteger } from "./numbers.ts";

const TWO_32 = 0x100000000;
const BILLION = 1e9;
/** Up to so many digits a double counts exactly. */
const SHORT = 15;
const MAX_DIGITS = 19;

export class Int64 {
  /** The upper word, signed. */
  hi = 0;
  /** The lower word as bits: also "signed", so that it stays a small number for the engine. */
  lo = 0;

  set(hi: number, lo: number): this {
    this.hi = hi;
    this.lo = lo;
    return this;
  }

  /** A whole number of at most 2^53. */
  setNumber(value: number): this {
    this.hi = Math.floor(value / TWO_32);
    this.lo = value | 0;
    return this;
  }

  /** Whether it has the same value as a word with its sign. */
  get isInt32(): boolean {
    return this.hi === this.lo >> 31;
  }

  /** Exact up to 2^53, the nearest double beyond. */
  get number(): number {
    return this.hi * TWO_32 + (this.lo >>> 0);
  }

  get bigint(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** Reads the canonical text of a number: no "+", no zeros in front, no "-0". False, and nothing set, for anything else. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    const first = bytes[start]!;
    const negative = first === 0x2d;
    const from = negative ? start + 1 : start;
    const digits = end - from;
    if (digits < 1 || digits > MAX_DIGITS) return false;
    if (bytes[from] === 48) {
      if (negative || digits > 1) return false;
      this.hi = this.lo = 0;
      return true;
    }
    const split = digits > SHORT ? end - 9 : end;
    const upper = readDigits(bytes, from, split);
    if (upper < 0) return false;
    if (split === end) {
      this.setNumber(negative ? -upper : upper);
      return true;
    }
    const lower = readDigits(bytes, split, end);
    return lower >= 0 && this.#compose(upper, lower, negative);
  }

  /** `upper` billions and `lower`; false if that is beyond 64 bits. */
  #compose(upper: number, lower: number, negative: boolean): boolean {
    // In steps of 16 bits, so that no product leaves what a double holds exactly.
    const product = Math.floor(upper / 0x10000) * BILLION;
    const low = (product % 0x10000) * 0x10000 + (upper % 0x10000) * BILLION + lower;
    const hi = Math.floor(product / 0x10000) + Math.floor(low / TWO_32);
    const lo = low | 0;
    if (hi >= 0x80000000) {
      if (!negative || hi > 0x80000000 || lo !== 0) return false;
      this.set(-0x80000000, 0);
    } else if (negative) this.set(lo === 0 ? -hi : ~hi, -lo | 0);
    else this.set(hi, lo);
    return true;
  }

  /** Writes it in decimal, at most 20 bytes; returns the position behind it. */
  write(to: Uint8Array, at: number): number {
    const value = this.hi * TWO_32 + (this.lo >>> 0);
    if (Number.isSafeInteger(value)) return writeInteger(value, to, at);
    let { hi } = this;
    let lo = this.lo >>> 0;
    if (hi < 0) {
      to[at++] = 0x2d;
      hi = lo === 0 ? -hi : -hi - 1;
      lo = lo === 0 ? 0 : TWO_32 - lo;
    }
    // Long division by a billion, 16 bits a step.
    const middle = (hi % BILLION) * 0x10000 + Math.floor(lo / 0x10000);
    const low = (middle % BILLION) * 0x10000 + (lo % 0x10000);
    const upper =
      Math.floor(hi / BILLION) * TWO_32 + Math.floor(middle / BILLION) * 0x10000 + Math.floor(low / BILLION);
    at = writeInteger(upper, to, at);
    let rest = low % BILLION;
    for (let i = at + 8; i >= at; i--) {
      to[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return at + 9;
  }
}

/** At most 15 digits; -1 if there is anything else among them. */
function readDigits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
