/** Chance with a seed, in the forms that a generator asks for. */
import { SeededRandom } from "../../../src/io/random.ts";

export class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** True once in `1 / probability` times. */
  chance(probability: number): boolean {
    return this.#random.float() < probability;
  }

  /** A whole number of `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.#random.float() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!;
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
