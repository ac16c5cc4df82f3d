/**
 * Where requests that came in two pieces are put together: buffers of a few sizes that all readers share. A client whose requests
 * do not fit in a read has one cut in every read.
 */

const SMALLEST = 1024;
/** Of one size so many bytes are kept when nobody needs them. */
const KEPT_BYTES = 256 * 1024;
/** By size: 1, 2, 4 ... 64 KiB. Larger ones are not kept. */
const free: Uint8Array[][] = [[], [], [], [], [], [], []];

/** A buffer of at least `bytes`, whatever they hold. */
export function takeBuffer(bytes: number): Uint8Array {
  const size = sizeOf(bytes);
  return free[size]?.pop() ?? Buffer.allocUnsafeSlow(size < free.length ? SMALLEST << size : bytes);
}

export function giveBuffer(buffer: Uint8Array): void {
  const size = sizeOf(buffer.length);
  const same = free[size];
  if (same !== undefined && buffer.length === SMALLEST << size && same.length < KEPT_BYTES >> (10 + size))
    same.push(buffer);
}

function sizeOf(bytes: number): number {
  return bytes <= SMALLEST ? 0 : 22 - Math.clz32(bytes - 1);
}
