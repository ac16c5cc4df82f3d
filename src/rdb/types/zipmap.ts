/**
 * The zipmap, in which Redis before 2.6 kept small hashes: a byte that counts the pairs (254 for more than it can), then for
 * each a length and the field, a length, a byte that says how many bytes behind the value are free, the value, those
 * bytes; 255 at the end. A length is one byte below 254, or 254 and four bytes, the lowest first.
 */
const BIG = 254;
const END = 255;

export class ZipmapView {
  fieldStart = 0;
  fieldEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.#at = start + 1;
  }

  /** Goes to the next pair: true if there is one, false at the end, and null for bytes that are no zipmap. */
  next(): boolean | null {
    if (this.#at >= this.#end) return null;
    if (this.#bytes[this.#at] === END) return this.#at === this.#end - 1 ? false : null;
    const field = this.#length();
    this.fieldStart = this.#at;
    this.fieldEnd = this.#at = this.#at + field;
    const value = this.#length();
    if (this.#at >= this.#end) return null;
    const free = this.#bytes[this.#at++]!;
    this.valueStart = this.#at;
    this.valueEnd = this.#at + value;
    this.#at = this.valueEnd + free;
    return this.#at < this.#end ? true : null;
  }

  /** Beyond all that there is, if there is none. */
  #length(): number {
    if (this.#at >= this.#end) return Number.POSITIVE_INFINITY;
    const first = this.#bytes[this.#at++]!;
    if (first < BIG) return first;
    if (first === END || this.#at + 4 > this.#end) return Number.POSITIVE_INFINITY;
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at += 4;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }
}
