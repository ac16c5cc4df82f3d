/** What is asked of `npm run fuzz`, and of the tests by NINES_FUZZ and NINES_FUZZ_SEED. */
import { parseArgs } from "node:util";
import { targets } from "./targets.ts";

export interface Options {
  readonly names: readonly string[];
  readonly inputs: number;
  /** Of the first input. */
  readonly seed: number;
  /** Print the input instead of trying it. */
  readonly show: boolean;
}

/** @throws  with a line for whoever typed it */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      target: { type: "string", multiple: true },
      inputs: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      show: { type: "boolean", default: false },
    },
  });
  const names = values.target ?? Object.keys(targets);
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0)
    throw new Error(`no such target: ${unknown.join(", ")}; there are ${Object.keys(targets).join(", ")}`);
  const inputs = wholeNumber("--inputs", values.inputs);
  const seed = wholeNumber("--seed", values.seed);
  if (!Number.isSafeInteger(seed + inputs)) throw new Error("--seed and --inputs lead beyond the last seed");
  return { names, inputs, seed, show: values.show };
}

/** @throws  if `text` is no whole number from 1 on */
export function wholeNumber(what: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || !Number.isSafeInteger(value))
    throw new Error(`${what} takes a whole number from 1 on, not "${text}"`);
  return value;
}
