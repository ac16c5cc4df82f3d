/**
 * CRC-64 as RDB files and DUMP payloads carry it (Jones' polynomial, reflected, starting from 0): eight bytes a turn, the
 * sum in two 32-bit halves, because 64-bit integers in JavaScript would cost an allocation each.
 */

const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;

/** LOW[256 * n + b] and HIGH[...]: what byte b adds to the sum when n more bytes follow it in the same turn. */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd !== 0) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let i = 256; i < 8 * 256; i++) {
  const low = LOW[i - 256]!;
  const high = HIGH[i - 256]!;
  LOW[i] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
  HIGH[i] = (high >>> 8) ^ HIGH[low & 255]!;
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Below this the words are not worth finding. */
const FEW_BYTES = 64;

/** A running sum. */
export class Crc64 {
  /** The halves, as signed 32-bit integers. */
  low = 0;
  high = 0;

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  update(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (end - start < FEW_BYTES || !LITTLE_ENDIAN) {
      this.#byBytes(bytes, start, end);
      return;
    }
    // Words, for one load in the place of four; from where they are aligned.
    const aligned = start + (-(bytes.byteOffset + start) & 3);
    const words = (end - aligned) >>> 3;
    this.#byBytes(bytes, start, aligned);
    this.#byWords(new Int32Array(bytes.buffer, bytes.byteOffset + aligned, words * 2));
    this.#byBytes(bytes, aligned + words * 8, end);
  }

  #byWords(words: Int32Array): void {
    let low = this.low;
    let high = this.high;
    for (let i = 0; i < words.length; i += 2) {
      const a = low ^ words[i]!;
      const b = high ^ words[i + 1]!;
      const i7 = 1792 + (a & 255);
      const i6 = 1536 + ((a >>> 8) & 255);
      const i5 = 1280 + ((a >>> 16) & 255);
      const i4 = 1024 + (a >>> 24);
      const i3 = 768 + (b & 255);
      const i2 = 512 + ((b >>> 8) & 255);
      const i1 = 256 + ((b >>> 16) & 255);
      const i0 = b >>> 24;
      low = LOW[i7]! ^ LOW[i6]! ^ LOW[i5]! ^ LOW[i4]! ^ LOW[i3]! ^ LOW[i2]! ^ LOW[i1]! ^ LOW[i0]!;
      high = HIGH[i7]! ^ HIGH[i6]! ^ HIGH[i5]! ^ HIGH[i4]! ^ HIGH[i3]! ^ HIGH[i2]! ^ HIGH[i1]! ^ HIGH[i0]!;
    }
    this.low = low;
    this.high = high;
  }

  #byBytes(bytes: Uint8Array, start: number, end: number): void {
    let low = this.low;
    let high = this.high;
    for (let i = start; i < end; i++) {
      const index = (low ^ bytes[i]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index]!;
      high = (high >>> 8) ^ HIGH[index]!;
    }
    this.low = low;
    this.high = high;
  }

  /** Puts the sum at `at` as RDB has it: eight bytes, the lowest first. */
  writeTo(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      bytes[at + i] = this.low >>> (8 * i);
      bytes[at + 4 + i] = this.high >>> (8 * i);
    }
  }

  /** Takes over the sum that `writeTo` put at `at`. */
  readFrom(bytes: Uint8Array, at: number): void {
    this.low = readInt32(bytes, at);
    this.high = readInt32(bytes, at + 4);
  }

  /** Whether the eight bytes at `at` are this sum. */
  matches(bytes: Uint8Array, at: number): boolean {
    return readInt32(bytes, at) === this.low && readInt32(bytes, at + 4) === this.high;
  }

  /** 16 hex digits. */
  toString(): string {
    return hex32(this.high) + hex32(this.low);
  }
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
