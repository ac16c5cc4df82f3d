/** Where in a list of refs each of them is, by hashing with open addressing: two or three words a ref, whatever refs they are. */
export class RefPlaces {
  readonly #refs: Int32Array;
  /** The place of a ref, plus one. */
  readonly #slots: Int32Array;
  readonly #shift: number;

  /** @param refs  each of them once */
  constructor(refs: Int32Array) {
    this.#refs = refs;
    const bits = 33 - Math.clz32(Math.max(1, refs.length));
    this.#slots = new Int32Array(1 << bits);
    this.#shift = 32 - bits;
    for (let place = 0; place < refs.length; place++) this.#slots[this.#find(refs[place]!)] = place + 1;
  }

  /** -1 if the ref is none of them. */
  of(ref: number): number {
    return this.#slots[this.#find(ref)]! - 1;
  }

  /** The slot in which the ref is, or would be. */
  #find(ref: number): number {
    const mask = this.#slots.length - 1;
    let slot = Math.imul(ref, 0x9e3779b1) >>> this.#shift;
    for (;;) {
      const place = this.#slots[slot]!;
      if (place === 0 || this.#refs[place - 1] === ref) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
