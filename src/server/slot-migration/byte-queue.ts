/** Bytes that gather until they are sent: appended piece by piece, taken all at once. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  length = 0;

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

  /** All of it, the caller's from then on. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = new Uint8Array(0);
    this.length = 0;
    return taken;
  }
}
