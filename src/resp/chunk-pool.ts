/**
 * The memory that replies wait in. What was sent, or will never be, comes back and serves again: were it left to the garbage
 * collector, every megabyte that somebody asks for would be a megabyte to be collected, while everybody waits.
 */

/** What most replies of a tick fit in. */
export const CHUNK_BYTES = 16 * 1024;
/** What follows for those who are owed more than that: fewer writes. */
export const BLOCK_BYTES = 64 * 1024;
/** So many free bytes of either size are kept for ever. */
const KEPT_BYTES = 1024 * 1024;
/** Beyond them a quarter of what was of no use is given up each time. */
const SHARE_GIVEN_UP = 4;
const TRIM_PERIOD_MS = 1000;

class FreeList {
  readonly bytes: number;
  readonly #free: Uint8Array[] = [];
  /** The fewest that were free since the last look: so many were of no use. */
  #unused = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  get count(): number {
    return this.#free.length;
  }

  take(): Uint8Array {
    const chunk = this.#free.pop();
    if (chunk === undefined) return Buffer.allocUnsafeSlow(this.bytes);
    if (this.#free.length < this.#unused) this.#unused = this.#free.length;
    return chunk;
  }

  give(chunk: Uint8Array): void {
    this.#free.push(chunk);
  }

  trim(): void {
    const excess = Math.min(this.#unused, this.#free.length - KEPT_BYTES / this.bytes);
    if (excess > 0) this.#free.length -= Math.ceil(excess / SHARE_GIVEN_UP);
    this.#unused = this.#free.length;
  }
}

/** Chunks that nobody writes to at the moment. */
export class ChunkPool {
  readonly #chunks = new FreeList(CHUNK_BYTES);
  readonly #blocks = new FreeList(BLOCK_BYTES);
  #trimmedAt = 0;

  /** Bytes of all that is free. */
  get freeBytes(): number {
    return this.#chunks.count * CHUNK_BYTES + this.#blocks.count * BLOCK_BYTES;
  }

  takeChunk(): Uint8Array {
    return this.#chunks.take();
  }

  takeBlock(): Uint8Array {
    return this.#blocks.take();
  }

  give(chunk: Uint8Array): void {
    if (chunk.length === CHUNK_BYTES) this.#chunks.give(chunk);
    else if (chunk.length === BLOCK_BYTES) this.#blocks.give(chunk);
  }

  /** To be called now and then: what was needed once, and is not any more, is given up little by little. */
  trim(now: number): void {
    if (now - this.#trimmedAt < TRIM_PERIOD_MS && now >= this.#trimmedAt) return;
    this.#trimmedAt = now;
    this.#chunks.trim();
    this.#blocks.trim();
  }
}
