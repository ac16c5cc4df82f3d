/** What a fuzzer is made of: inputs by seed, and something that takes them. */
import type { SeededRandom } from "../src/io/random.ts";

/** "taken" if the input was understood, "refused" if it was turned down with an error. */
export type Outcome = "taken" | "refused";

export interface Target {
  /** Anything thrown is a bug. */
  run(input: Buffer, random: SeededRandom): Outcome | Promise<Outcome>;
  /** Makes the input of a seed; by default one of `corpus`, mutated. */
  make?(random: SeededRandom): Buffer;
  /** Every so many inputs, and at the end: is all as it should be? Throws if not. */
  check?(): void;
  stop?(): Promise<void> | void;
}

export interface TargetRow {
  readonly about: string;
  /** Inputs that are right: what mutations start from. Those of `corpus/<name>.txt` come on top. */
  readonly corpus?: () => Promise<Buffer[]> | Buffer[];
  /** Puts right what a mutation has broken on the surface (checksums, lengths), so that it reaches further down. */
  readonly mend?: (input: Buffer, random: SeededRandom) => Buffer;
  /** Mutated by lines and words instead of bytes. */
  readonly text?: readonly string[];
  start(): Promise<Target> | Target;
}

/** A bug: what a target did that it must not. */
export class Broken extends Error {}
