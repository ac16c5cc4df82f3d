/** A set of refs: a bit for every unit of a page. Pages without a mark have none, so it takes at most 1/128 of the data. */
export class Marks {
  #pages: (Int32Array | undefined)[] = [];

  add(ref: number): void {
    const page = ref >>> 20;
    const unit = ref & 0xfffff;
    let bits = this.#pages[page];
    if (bits === undefined) bits = this.#pages[page] = new Int32Array(1 << 15);
    bits[unit >>> 5]! |= 1 << (unit & 31);
  }

  has(ref: number): boolean {
    const bits = this.#pages[ref >>> 20];
    const unit = ref & 0xfffff;
    return bits !== undefined && (bits[unit >>> 5]! & (1 << (unit & 31))) !== 0;
  }

  clear(): void {
    this.#pages = [];
  }
}
