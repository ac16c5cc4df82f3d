/** Bytes that gather until they are sent: appended piece by piece, taken all at once, in parts that can be carried out one by one. */

/** A part is about that long, if it can be cut there. */
const PART_BYTES = 64 * 1024;

export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  /** Where parts end, in ascending order. */
  #cuts: number[] = [];
  #lastCut = 0;

  add(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(4096, length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  /** What came so far makes sense without what follows. */
  mayCut(): void {
    if (this.length - this.#lastCut < PART_BYTES) return;
    this.#lastCut = this.length;
    this.#cuts.push(this.length);
  }

  /** All of it, the caller's from then on. */
  take(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const cut of [...this.#cuts, this.length]) {
      if (cut > from) parts.push(this.#bytes.subarray(from, cut));
      from = cut;
    }
    this.#bytes = new Uint8Array(0);
    this.length = this.#lastCut = 0;
    this.#cuts = [];
    return parts;
  }
}
