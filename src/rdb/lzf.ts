/**
 * LZF, the compression of strings in RDB files. A control byte below 32 announces that many literals and one more;
 * any other holds a length (3 bits; 7 means that another byte is to be added) and the top of a distance (5 bits, a byte
 * with the other 8 follows): repeat length + 2 bytes from distance + 1 bytes back.
 */

const HASH_BITS = 14;
const MAX_DISTANCE = 1 << 13;
const MAX_MATCH = 264;
const MAX_LITERALS = 32;
/** The most bytes that one byte of compressed data can stand for: three make 264. */
export const MAX_EXPANSION = 88;

/**
 * Where each hash of three bytes was seen last. Positions count on from one input to the next, so that what earlier
 * inputs left behind is recognized as out of reach and the table need not be cleared for each short string.
 */
const seen = new Int32Array(1 << HASH_BITS);
/** The position of the next input's first byte; at least MAX_DISTANCE behind all that the table holds. */
let nextPosition = MAX_DISTANCE + 1;

/**
 * Compresses from[start, end) to `to` at `at`.
 * @param limit  where the output must end at the latest
 * @returns  where the output ends, or 0 if it would pass `limit`
 */
export function compress(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): number {
  if (nextPosition + (end - start) > 0x7fff0000) {
    seen.fill(0);
    nextPosition = MAX_DISTANCE + 1;
  }
  const shift = nextPosition - start;
  nextPosition += end - start + MAX_DISTANCE + 1;

  let literals = start;
  let i = start;
  const last = end - 2;
  while (i < last) {
    const hash = Math.imul((from[i]! << 16) | (from[i + 1]! << 8) | from[i + 2]!, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = seen[hash]! - shift;
    seen[hash] = i + shift;
    const distance = i - candidate;
    if (
      distance > MAX_DISTANCE ||
      from[candidate] !== from[i] ||
      from[candidate + 1] !== from[i + 1] ||
      from[candidate + 2] !== from[i + 2]
    ) {
      // The longer nothing repeats, the larger the steps: what does not compress is soon given up.
      i += 1 + ((i - literals) >> 5);
      continue;
    }
    const most = Math.min(end, i + MAX_MATCH);
    let matched = i + 3;
    while (matched < most && from[matched] === from[matched - distance]) matched++;
    at = writeLiterals(from, literals, i, to, at, limit);
    if (at === 0 || at + 3 > limit) return 0;
    at = writeMatch(matched - i, distance, to, at);
    i = matched;
    literals = i;
  }
  return writeLiterals(from, literals, end, to, at, limit);
}

function writeMatch(length: number, distance: number, to: Uint8Array, at: number): number {
  const stored = length - 2;
  const offset = distance - 1;
  if (stored < 7) {
    to[at++] = (stored << 5) | (offset >> 8);
  } else {
    to[at++] = (7 << 5) | (offset >> 8);
    to[at++] = stored - 7;
  }
  to[at++] = offset;
  return at;
}

function writeLiterals(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): number {
  const runs = Math.ceil((end - start) / MAX_LITERALS);
  if (at + (end - start) + runs > limit) return 0;
  while (start < end) {
    const run = Math.min(MAX_LITERALS, end - start);
    to[at++] = run - 1;
    for (let i = 0; i < run; i++) to[at++] = from[start++]!;
  }
  return at;
}

/**
 * Expands from[start, end) into exactly `length` bytes of `to` at `at`.
 * @returns  whether the input was sound: nothing is read or written outside these bounds in any case
 */
export function decompress(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  length: number,
): boolean {
  const first = at;
  const limit = at + length;
  let i = start;
  while (i < end) {
    const control = from[i++]!;
    if (control < MAX_LITERALS) {
      const run = control + 1;
      if (i + run > end || at + run > limit) return false;
      for (let n = 0; n < run; n++) to[at++] = from[i++]!;
      continue;
    }
    let repeat = (control >> 5) + 2;
    if (repeat === 9) {
      if (i >= end) return false;
      repeat += from[i++]!;
    }
    if (i >= end) return false;
    let source = at - ((control & 31) << 8) - from[i++]! - 1;
    if (source < first || at + repeat > limit) return false;
    for (let n = 0; n < repeat; n++) to[at++] = to[source++]!;
  }
  return at === limit;
}
