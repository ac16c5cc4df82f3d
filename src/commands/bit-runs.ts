/** Counting and finding bits in a run of bytes. Positions are those of bits; ranges include both ends. */
import type { Slice } from "../base/bytes.ts";

const COUNTS = new Uint8Array(256);
for (let byte = 1; byte < 256; byte++) COUNTS[byte] = COUNTS[byte >> 1]! + (byte & 1);

/** Below this a view of the bytes costs more than it saves. */
const SHORT = 64;

export function countBits(value: Slice, first: number, last: number): number {
  const { bytes } = value;
  const from = value.start + Math.floor(first / 8);
  const to = value.start + Math.floor(last / 8);
  const head = 0xff >> (first & 7);
  const tail = (0xff00 >> ((last & 7) + 1)) & 0xff;
  if (from === to) return COUNTS[bytes[from]! & head & tail]!;
  return COUNTS[bytes[from]! & head]! + countBytes(bytes, from + 1, to) + COUNTS[bytes[to]! & tail]!;
}

function countBytes(bytes: Uint8Array, at: number, end: number): number {
  let count = 0;
  if (end - at >= SHORT) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + 4 <= end; at += 4) count += countWord(view.getInt32(at));
  }
  for (; at < end; at++) count += COUNTS[bytes[at]!]!;
  return count;
}

/** Adds neighbours: bits to pairs, pairs to nibbles, nibbles to bytes, and all bytes by one multiplication. */
function countWord(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The first bit of that value, or -1. */
export function findBit(value: Slice, first: number, last: number, bit: 0 | 1): number {
  const { bytes, start } = value;
  const to = Math.floor(last / 8);
  // Looking for a clear bit is looking for a set one in the complement.
  const flip = bit === 1 ? 0 : 0xff;
  let at = Math.floor(first / 8);
  let byte = (bytes[start + at]! ^ flip) & (0xff >> (first & 7));
  while (byte === 0 && at < to) byte = bytes[start + ++at]! ^ flip;
  if (byte === 0) return -1;
  const position = at * 8 + Math.clz32(byte) - 24;
  return position > last ? -1 : position;
}
