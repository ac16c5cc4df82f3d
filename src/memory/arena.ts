/** Memory outside the JS heap: blocks in pages, named by 32-bit refs. */
export class Arena {
  readonly u8: Uint8Array[] = [];
  readonly i32: Int32Array[] = [];
  /** Bytes in live blocks. */
  used = 0;
  #top = 1;
  #limit = 0;
  readonly #sizes = new Map<number, number>();
  readonly #free = new Map<number, number[]>();

  alloc(bytes: number): number {
    const units = (bytes + 15) >>> 4;
    this.used += units * 16;
    const list = this.#free.get(units);
    let ref = list?.pop();
    if (ref === undefined) {
      if (this.u8.length === 0 || this.#top + units > this.#limit) {
        const memory = new ArrayBuffer(Math.max(1 << 24, (units + 1) * 16));
        this.u8.push(new Uint8Array(memory));
        this.i32.push(new Int32Array(memory));
        this.#top = 1;
        this.#limit = memory.byteLength >>> 4;
      }
      ref = ((this.u8.length - 1) << 20) | this.#top;
      this.#top += units;
    }
    this.#sizes.set(ref, units);
    return ref;
  }

  free(ref: number): void {
    const units = this.#sizes.get(ref)!;
    this.#sizes.delete(ref);
    this.used -= units * 16;
    const list = this.#free.get(units);
    if (list) list.push(ref);
    else this.#free.set(units, [ref]);
  }

  /** Bytes of the block at `ref`. */
  sizeOf(ref: number): number {
    return this.#sizes.get(ref)! * 16;
  }

  /** Bytes of the block that `alloc(bytes)` would give. */
  blockSize(bytes: number): number {
    return ((bytes + 15) >>> 4) * 16;
  }
}
