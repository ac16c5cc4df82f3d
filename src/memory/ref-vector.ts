import type { Arena } from "./arena.ts";

/** A growing vector of refs in chunks: it never moves, so that growing costs no pause, and costs four bytes an entry. */
const CHUNK = 1024;

export class RefVector {
  length = 0;
  readonly #chunks: Int32Array[] = [];

  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  dispose(): void {
    this.#arena.tables -= this.#chunks.length * CHUNK * 4;
    this.#chunks.length = 0;
    this.length = 0;
  }

  at(index: number): number {
    return this.#chunks[index >>> 10]![index & 1023]!;
  }

  set(index: number, ref: number): void {
    this.#chunks[index >>> 10]![index & 1023] = ref;
  }

  /** Returns the index given. */
  push(ref: number): number {
    const index = this.length++;
    if (index >>> 10 === this.#chunks.length) {
      this.#chunks.push(new Int32Array(CHUNK));
      this.#arena.tables += CHUNK * 4;
    }
    this.set(index, ref);
    return index;
  }

  pop(): number {
    const ref = this.at(--this.length);
    // One empty chunk is kept, so that a vector around a boundary does not allocate again and again.
    if (((this.length + CHUNK - 1) >>> 10) + 1 < this.#chunks.length) {
      this.#chunks.pop();
      this.#arena.tables -= CHUNK * 4;
    }
    return ref;
  }
}
