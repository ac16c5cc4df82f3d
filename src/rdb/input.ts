/**
 * A cursor over the bytes of an RDB file that have arrived. Whoever reads an item that has not arrived whole gets `short`
 * thrown, and reads the item again from its beginning when more is there: so the code that reads is straight, and the
 * reader alone knows about chunks.
 */
import { Slice } from "../base/bytes.ts";
import { writeInteger } from "../base/numbers.ts";
import { DEFAULT_MAX_STRING_BYTES, Encoding, Length, LONG_32, LONG_64, RdbError } from "./format.ts";
import { decompress, MAX_EXPANSION } from "./lzf.ts";

/** Thrown, without a stack, when the bytes end inside an item; `input.wanted` says how many it takes to get further. */
export const short: unique symbol = Symbol("short");

/** Scratch space above this is given back after the string that needed it. */
const KEEP_SCRATCH_BYTES = 1 << 20;

/** A string as it was read: `slice` lies in the input, or in `scratch` if it stood there in another form. */
export class StringSlot {
  readonly slice = new Slice();
  #scratch = new Uint8Array(64);

  scratch(length: number): Uint8Array {
    if (this.#scratch.length < length || (this.#scratch.length > KEEP_SCRATCH_BYTES && length <= KEEP_SCRATCH_BYTES)) {
      this.#scratch = new Uint8Array(Math.max(64, length));
    }
    return this.#scratch;
  }
}

export class RdbInput {
  bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  end = 0;
  /** Where the item being read began. */
  itemStart = 0;
  /** With `short`: how many bytes from `itemStart` on are needed at least. */
  wanted = 0;
  /** What the last `length` was: a length proper, or the number of a special encoding. */
  encoded = false;
  /** The halves of the last length, unsigned. */
  high = 0;
  low = 0;
  /** How many bytes of the file lie before `bytes[0]`. */
  #base = 0;
  readonly #maxStringBytes: number;

  constructor(maxStringBytes = DEFAULT_MAX_STRING_BYTES) {
    this.#maxStringBytes = maxStringBytes;
  }

  /** Looks at bytes[start, end), of which the first is byte number `offset` of the file. */
  set(bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.bytes = bytes;
    this.position = start;
    this.itemStart = start;
    this.end = end;
    this.#base = offset - start;
  }

  /** The position in the whole file. */
  get offset(): number {
    return this.#base + this.position;
  }

  get left(): number {
    return this.end - this.position;
  }

  /** Makes sure that `count` more bytes are there. */
  need(count: number): void {
    if (this.position + count > this.end) {
      this.wanted = this.position + count - this.itemStart;
      throw short;
    }
  }

  corrupt(what: string): RdbError {
    return new RdbError("corrupt", `${what} at offset ${this.offset}`, this.offset);
  }

  byte(): number {
    this.need(1);
    return this.bytes[this.position++]!;
  }

  skip(count: number): void {
    this.need(count);
    this.position += count;
  }

  /** Four bytes, the lowest first, signed. */
  int32(): number {
    this.need(4);
    const { bytes, position: at } = this;
    this.position = at + 4;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  /** Eight bytes, the lowest first, signed; what a double cannot hold is brought to the nearest safe integer. */
  int64(): number {
    this.need(8);
    const low = this.int32() >>> 0;
    const value = this.int32() * 0x100000000 + low;
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  #uint32BigEndian(): number {
    this.need(4);
    const { bytes, position: at } = this;
    this.position = at + 4;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** A length or, with `encoded` true afterwards, the number of a special encoding. Beyond 2^53 it is inexact. */
  length(): number {
    const first = this.byte();
    const kind = first >> 6;
    this.encoded = kind === Length.encoded;
    this.high = 0;
    if (kind === Length.bits6 || kind === Length.encoded) this.low = first & 0x3f;
    else if (kind === Length.bits14) this.low = ((first & 0x3f) << 8) | this.byte();
    else if (first === LONG_32) this.low = this.#uint32BigEndian();
    else if (first === LONG_64) {
      this.high = this.#uint32BigEndian();
      this.low = this.#uint32BigEndian();
    } else throw this.corrupt(`unknown length encoding ${first}`);
    return this.high * 0x100000000 + this.low;
  }

  /** A length where no special encoding may stand. */
  plainLength(): number {
    const length = this.length();
    if (this.encoded) throw this.corrupt("a special encoding where a length is expected");
    return length;
  }

  /** A string in whatever form it stands there; it is valid until `slot` is used again or the input moves on. */
  string(slot: StringSlot): Slice {
    const length = this.length();
    if (this.encoded) return length === Encoding.lzf ? this.#compressed(slot) : this.#integer(length, slot);
    this.#checkLength(length);
    this.need(length);
    slot.slice.set(this.bytes, this.position, this.position + length);
    this.position += length;
    return slot.slice;
  }

  /** Steps over a string, in whatever form it stands there. */
  skipString(): void {
    const length = this.length();
    if (!this.encoded) {
      this.#checkLength(length);
      this.skip(length);
    } else if (length === Encoding.lzf) {
      const packed = this.plainLength();
      this.plainLength();
      this.#checkLength(packed);
      this.skip(packed);
    } else if (length <= Encoding.int32) this.skip(1 << length);
    else throw this.corrupt(`unknown string encoding ${length}`);
  }

  #integer(encoding: number, slot: StringSlot): Slice {
    let value: number;
    if (encoding === Encoding.int8) value = (this.byte() << 24) >> 24;
    else if (encoding === Encoding.int16) {
      this.need(2);
      value = ((this.byte() << 16) | (this.byte() << 24)) >> 16;
    } else if (encoding === Encoding.int32) value = this.int32();
    else throw this.corrupt(`unknown string encoding ${encoding}`);
    const scratch = slot.scratch(16);
    return slot.slice.set(scratch, 0, writeInteger(value, scratch, 0));
  }

  #compressed(slot: StringSlot): Slice {
    const packed = this.plainLength();
    const length = this.plainLength();
    this.#checkLength(packed);
    this.#checkLength(length);
    // Before any room is made for it: nothing that was compressed can expand to more than this.
    if (length > packed * MAX_EXPANSION) throw this.corrupt("compressed string with an impossible length");
    this.need(packed);
    const scratch = slot.scratch(length);
    if (!decompress(this.bytes, this.position, this.position + packed, scratch, 0, length)) {
      throw this.corrupt("invalid LZF compressed string");
    }
    this.position += packed;
    return slot.slice.set(scratch, 0, length);
  }

  #checkLength(length: number): void {
    if (length > this.#maxStringBytes) {
      throw this.corrupt(`string of ${length} bytes, more than the limit of ${this.#maxStringBytes},`);
    }
  }
}
