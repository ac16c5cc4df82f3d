import type { Arena } from "./arena.ts";

/** Up to here a loop over bytes is the fastest. */
const SHORT = 16;
/** Up to here one over words beats the call that `set` is, with the view it needs. */
const MEDIUM = 112;

/**
 * Copies bytes from anywhere into a page, given as bytes and as words: a word at a time where the place is aligned, which keys
 * always are and values behind most keys.
 */
export function copyIn(
  from: Uint8Array,
  start: number,
  end: number,
  page: Uint8Array,
  words: Int32Array,
  at: number,
): void {
  const length = end - start;
  if (length <= SHORT) {
    for (let i = 0; i < length; i++) page[at + i] = from[start + i]!;
  } else if (length <= MEDIUM && (at & 3) === 0) {
    let word = at >>> 2;
    for (; start + 3 < end; start += 4) {
      words[word++] = from[start]! | (from[start + 1]! << 8) | (from[start + 2]! << 16) | (from[start + 3]! << 24);
    }
    for (at = word << 2; start < end; start++) page[at++] = from[start]!;
  } else {
    page.set(new Uint8Array(from.buffer, from.byteOffset + start, length), at);
  }
}

/** Whether the same bytes lie in a page, given as bytes and as words, from `at` on, which is the first of a word. */
export function isIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  page: Uint8Array,
  words: Int32Array,
  at: number,
): boolean {
  let word = at >>> 2;
  for (; start + 3 < end; start += 4) {
    const four = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
    if (words[word++] !== four) return false;
  }
  for (at = word << 2; start < end; start++) if (page[at++] !== bytes[start]) return false;
  return true;
}

/** Up to so many words a loop beats the call that `set` is. */
const SHORT_BLOCK = 64;

/** A block of the same bytes as this one. */
export function copyBlock(arena: Arena, ref: number): number {
  const count = arena.sizeOf(ref) >>> 2;
  const copy = arena.alloc(count << 2);
  const words = arena.i32[ref >>> 20]!;
  const at = (ref & 0xfffff) << 2;
  const copied = arena.i32[copy >>> 20]!;
  const copyAt = (copy & 0xfffff) << 2;
  if (count <= SHORT_BLOCK) for (let i = 0; i < count; i++) copied[copyAt + i] = words[at + i]!;
  else copied.set(words.subarray(at, at + count), copyAt);
  return copy;
}
