/**
 * The sizes of blocks. Up to 1 KiB every multiple of 16; up to 32 KiB eight sizes a doubling, so that at most an eighth is
 * lost to rounding; beyond that whole frames. Blocks of one class are cut from slabs: spans of frames, long enough that
 * what is left over at their end is little.
 */
export const UNIT = 16;
export const FRAME = 8192;

const FINE_MAX = 1024;
export const SMALL_MAX = 32768;
const PER_DOUBLING = 8;

/** By class: bytes of a block, frames of a slab, blocks in a slab. Class 0 is not used. */
export const CLASS_BYTES: Int32Array = classBytes();
export const CLASS_FRAMES: Int32Array = CLASS_BYTES.map(slabFrames);
export const CLASS_BLOCKS: Int32Array = CLASS_BYTES.map((bytes, index) =>
  bytes === 0 ? 0 : Math.floor((CLASS_FRAMES[index]! * FRAME) / bytes),
);

/** The class of a block of `bytes`, which are 1 to SMALL_MAX. */
export function classOf(bytes: number): number {
  if (bytes <= FINE_MAX) return (bytes + UNIT - 1) >>> 4;
  // The doubling is that of the highest bit; the next three bits, rounded up, say which of its eight sizes.
  const below = bytes - 1;
  const shift = 28 - Math.clz32(below);
  return FINE_MAX / UNIT + (shift - 7) * PER_DOUBLING + (below >>> shift) - 7;
}

function classBytes(): Int32Array {
  const sizes = [0];
  for (let bytes = UNIT; bytes <= FINE_MAX; bytes += UNIT) sizes.push(bytes);
  for (let doubling = FINE_MAX; doubling < SMALL_MAX; doubling *= 2) {
    for (let i = 1; i <= PER_DOUBLING; i++) sizes.push(doubling + (doubling / PER_DOUBLING) * i);
  }
  return Int32Array.from(sizes);
}

/** Small slabs for small blocks, so that a server with few keys of many sizes stays small. */
function slabFrames(bytes: number): number {
  if (bytes === 0) return 0;
  if (bytes <= 256) return 1;
  if (bytes <= 1024) return 2;
  return bytes <= 4096 ? 4 : 16;
}
