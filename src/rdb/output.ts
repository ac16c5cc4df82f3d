/** The bytes of an RDB file as they come into being, in chunks, with the checksum of all of them. */
import { copyBytes, Slice } from "../base/bytes.ts";
import { Crc64 } from "../base/crc64.ts";
import { parseInteger, writeInteger } from "../base/numbers.ts";
import { Encoding, LONG_32, LONG_64 } from "./format.ts";
import { compress } from "./lzf.ts";

export const CHUNK_BYTES = 64 * 1024;

/** Takes a chunk that is full. It is the taker's from then on. */
export type TakeChunk = (chunk: Uint8Array) => void;

/** Shorter strings gain nothing from LZF. */
const COMPRESS_FROM_BYTES = 21;
/**
 * Longer ones are written as they are: the format allows it, and compressing is done between two commands, which must not
 * wait for it.
 */
const COMPRESS_UP_TO_BYTES = 128 * 1024;
/** How much shorter the compressed form must be. */
const COMPRESS_GAIN_BYTES = 4;
let packed = new Uint8Array(1024);

export class RdbOutput {
  readonly crc = new Crc64();
  /** Bytes that went in so far. */
  length = 0;
  readonly compressing: boolean;
  readonly #take: TakeChunk;
  readonly #summing: boolean;
  #chunk: Uint8Array;
  #at = 0;
  /** Up to where the chunk is in the sum. */
  #summed = 0;
  readonly #spare: Uint8Array[] = [];

  constructor(take: TakeChunk, options: { compress: boolean; checksum: boolean; firstChunkBytes?: number }) {
    this.#take = take;
    this.compressing = options.compress;
    this.#summing = options.checksum;
    this.#chunk = new Uint8Array(options.firstChunkBytes ?? CHUNK_BYTES);
  }

  /** Gives back a chunk that was taken and is not needed any longer. */
  recycle(chunk: Uint8Array): void {
    if (chunk.byteLength !== chunk.buffer.byteLength) chunk = new Uint8Array(chunk.buffer);
    if (chunk.length === CHUNK_BYTES && this.#spare.length < 4) this.#spare.push(chunk);
  }

  /** Hands out what there is, though the chunk is not full. */
  flush(): void {
    if (this.#at === 0) return;
    this.#sum();
    this.#take(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES);
    this.#at = 0;
    this.#summed = 0;
  }

  /** Eight bytes: the sum of all before them, or zeros if none was kept. */
  checksum(): void {
    this.#room(8);
    this.#sum();
    this.crc.writeTo(this.#chunk, this.#at);
    this.#advance(8);
    this.#summed = this.#at;
  }

  byte(value: number): void {
    this.#room(1);
    this.#chunk[this.#at] = value;
    this.#advance(1);
  }

  /** Eight bytes, the lowest first. */
  int64(value: number): void {
    this.#room(8);
    const high = Math.floor(value / 0x100000000);
    const low = value - high * 0x100000000;
    for (let i = 0; i < 4; i++) {
      this.#chunk[this.#at + i] = low >>> (8 * i);
      this.#chunk[this.#at + 4 + i] = high >>> (8 * i);
    }
    this.#advance(8);
  }

  lengthOf(value: number): void {
    this.#room(9);
    this.#advance(writeLength(value, this.#chunk, this.#at) - this.#at);
  }

  /** A length of 64 bits in two words, unsigned. */
  lengthOfWords(high: number, low: number): void {
    if (high === 0) {
      this.lengthOf(low >>> 0);
      return;
    }
    this.#room(9);
    this.#chunk[this.#at] = LONG_64;
    writeUint32(high, this.#chunk, this.#at + 1);
    writeUint32(low, this.#chunk, this.#at + 5);
    this.#advance(9);
  }

  /** A length of 64 bits; a negative number is written as what its bits are unsigned. */
  length64(value: bigint): void {
    this.lengthOfWords(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
  }

  /** A string in its shortest form. */
  string(value: Slice): void {
    const length = value.length;
    if (length <= 11 && this.#integer(value)) return;
    if (this.compressing && length >= COMPRESS_FROM_BYTES && length <= COMPRESS_UP_TO_BYTES) {
      if (this.#compressed(value)) return;
    }
    this.lengthOf(length);
    this.raw(value.bytes, value.start, value.end);
  }

  text(value: string): void {
    this.string(Slice.of(value));
  }

  /** Bytes as they are. Many of them become a chunk of their own. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    const fit = Math.min(end - start, this.#chunk.length - this.#at);
    copyBytes(bytes, start, start + fit, this.#chunk, this.#at);
    this.#advance(fit);
    start += fit;
    if (start === end) return;
    this.flush();
    if (end - start < CHUNK_BYTES) {
      copyBytes(bytes, start, end, this.#chunk, 0);
      this.#advance(end - start);
      return;
    }
    // Not `bytes.slice`: a Buffer's makes no copy.
    const own = new Uint8Array(end - start);
    copyBytes(bytes, start, end, own, 0);
    if (this.#summing) this.crc.update(own);
    this.length += own.length;
    this.#take(own);
  }

  #integer(value: Slice): boolean {
    const number = parseInteger(value);
    if (Number.isNaN(number) || number !== (number | 0)) return false;
    this.#room(5);
    const bytes = number === (number << 24) >> 24 ? 1 : number === (number << 16) >> 16 ? 2 : 4;
    this.#chunk[this.#at] = 0xc0 | (bytes === 1 ? Encoding.int8 : bytes === 2 ? Encoding.int16 : Encoding.int32);
    for (let i = 0; i < bytes; i++) this.#chunk[this.#at + 1 + i] = number >> (8 * i);
    this.#advance(1 + bytes);
    return true;
  }

  #compressed(value: Slice): boolean {
    const limit = value.length - COMPRESS_GAIN_BYTES;
    if (packed.length < limit) packed = new Uint8Array(COMPRESS_UP_TO_BYTES);
    const length = compress(value.bytes, value.start, value.end, packed, 0, limit);
    if (length === 0) return false;
    this.byte(0xc0 | Encoding.lzf);
    this.lengthOf(length);
    this.lengthOf(value.length);
    this.raw(packed, 0, length);
    return true;
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.flush();
  }

  #advance(bytes: number): void {
    this.#at += bytes;
    this.length += bytes;
  }

  #sum(): void {
    if (this.#summing) this.crc.update(this.#chunk, this.#summed, this.#at);
    this.#summed = this.#at;
  }
}

function writeLength(value: number, to: Uint8Array, at: number): number {
  if (value < 64) {
    to[at] = value;
    return at + 1;
  }
  if (value < 16384) {
    to[at] = 0x40 | (value >> 8);
    to[at + 1] = value;
    return at + 2;
  }
  if (value <= 0xffffffff) {
    to[at] = LONG_32;
    writeUint32(value, to, at + 1);
    return at + 5;
  }
  to[at] = LONG_64;
  writeUint32(Math.floor(value / 0x100000000), to, at + 1);
  writeUint32(value >>> 0, to, at + 5);
  return at + 9;
}

function writeUint32(value: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) to[at + i] = value >>> (24 - 8 * i);
}

/** The decimal form of a whole number, for aux fields. */
export function decimal(value: number): Slice {
  const bytes = new Uint8Array(24);
  return new Slice(bytes, 0, writeInteger(value, bytes, 0));
}
