/**
 * The keyed hash of the tables: HalfSipHash-1-3 over the bytes where they lie. A client that chooses its keys cannot
 * choose their buckets without the engine's two secret words, and on keys of a few words it costs about 15 ns.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, k0: number, k1: number): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const length = end - start;
  const lastWord = start + (length & ~3);
  let at = start;
  // Every whole word, then one word of what is left and the length, then three rounds to finish: one loop, so that the
  // round stands here once.
  for (let finishing = 0; finishing < 4; ) {
    let word = 0;
    if (at < lastWord) {
      word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      at += 4;
    } else {
      if (finishing === 0) {
        word = length << 24;
        for (let i = end - 1; i >= lastWord; i--) word |= bytes[i]! << ((i - lastWord) << 3);
      } else if (finishing === 1) {
        v2 ^= 0xff;
      }
      finishing++;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}

/** The bits of a 32-bit word in reverse order, unsigned: the order in which cursors walk a table. */
export function reverseBits(word: number): number {
  word = ((word >>> 1) & 0x55555555) | ((word & 0x55555555) << 1);
  word = ((word >>> 2) & 0x33333333) | ((word & 0x33333333) << 2);
  word = ((word >>> 4) & 0x0f0f0f0f) | ((word & 0x0f0f0f0f) << 4);
  word = ((word >>> 8) & 0x00ff00ff) | ((word & 0x00ff00ff) << 8);
  return ((word >>> 16) | (word << 16)) >>> 0;
}
