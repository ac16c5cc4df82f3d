/**
 * Runs a target on the inputs of a range of seeds. What an input is follows from the target, its seed, and what mutations start from:
 * the target's corpus and `corpus/<name>.txt`. So a seed speaks of one commit; what is to be kept for good goes into the corpus.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { splitWords } from "../src/base/words.ts";
import { SeededRandom } from "../src/io/random.ts";
import { Mutator } from "./mutate.ts";
import { Broken, type Outcome, type Target, type TargetRow } from "./target.ts";

export interface FuzzOptions {
  readonly inputs: number;
  /** The seed of the first input; default 1. */
  readonly seed?: number;
  /** Told after some thousand inputs. */
  readonly onProgress?: (done: number) => void;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly taken: number;
  readonly refused: number;
  readonly seconds: number;
  readonly heapGrownBytes: number;
}

/** Where inputs are kept. */
export const CORPUS = join(import.meta.dirname, "corpus");
/** Inputs between two checks, and between two turns of the event loop. */
const CHECK_EVERY = 1000;
/** What a target may keep beyond what it had after the first inputs. */
const MAX_GROWTH_BYTES = 192 * 1024 * 1024;
/** No input is worth more work than that. */
const MAX_INPUT_MS = 10_000;

/** @throws Broken  with the seed of the input that did it, or before which it was done */
export async function fuzz(name: string, row: TargetRow, options: FuzzOptions): Promise<FuzzResult> {
  const corpus = [...((await row.corpus?.()) ?? []), ...readCorpus(name)];
  const target = await row.start();
  const first = options.seed ?? 1;
  const startedAt = performance.now();
  const counts = { taken: 0, refused: 0 };
  let heapBefore = 0;
  try {
    // What has been found once is tried as it is, before anything is changed.
    for (const [i, input] of corpus.entries()) await runOne(name, target, `corpus ${i}`, input, new SeededRandom(i));
    for (let i = 0; i < options.inputs; i++) {
      const seed = first + i;
      const random = new SeededRandom(seed);
      counts[await runOne(name, target, seed, makeInput(row, target, corpus, random), random)]++;
      if (i % CHECK_EVERY !== CHECK_EVERY - 1) continue;
      check(name, target, seed);
      options.onProgress?.(i + 1);
      await new Promise((resolve) => setImmediate(resolve));
      const memory = used();
      if (heapBefore === 0) heapBefore = memory;
      else if (memory - heapBefore > MAX_GROWTH_BYTES && usedAfterCollection() - heapBefore > MAX_GROWTH_BYTES)
        throw new Broken(`${name}: memory has grown by ${memory - heapBefore} bytes at seed ${seed}`);
    }
    check(name, target, first + options.inputs - 1);
  } finally {
    await target.stop?.();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    inputs: options.inputs,
    ...counts,
    seconds,
    heapGrownBytes: heapBefore === 0 ? 0 : usedAfterCollection() - heapBefore,
  };
}

/** The input of a seed: for looking at it. */
export async function inputOf(name: string, row: TargetRow, seed: number): Promise<Buffer> {
  const corpus = [...((await row.corpus?.()) ?? []), ...readCorpus(name)];
  const target = await row.start();
  try {
    return makeInput(row, target, corpus, new SeededRandom(seed));
  } finally {
    await target.stop?.();
  }
}

function makeInput(row: TargetRow, target: Target, corpus: readonly Buffer[], random: SeededRandom): Buffer {
  if (target.make && (corpus.length === 0 || random.uint32() % 4 > 0)) return target.make(random);
  const mutator = new Mutator(random, corpus);
  const input = row.text === undefined ? mutator.bytes() : mutator.text(row.text);
  return row.mend === undefined ? input : row.mend(input, random);
}

async function runOne(
  name: string,
  target: Target,
  seed: number | string,
  input: Buffer,
  random: SeededRandom,
): Promise<Outcome> {
  const startedAt = performance.now();
  try {
    const outcome = await target.run(input, random);
    const ms = performance.now() - startedAt;
    if (ms > MAX_INPUT_MS) throw new Broken(`it took ${ms.toFixed()} ms`);
    return outcome;
  } catch (error) {
    throw new Broken(`${name}, seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

function check(name: string, target: Target, seed: number): void {
  try {
    target.check?.();
  } catch (error) {
    throw new Broken(`${name}, at or before seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  }
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function usedAfterCollection(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return used();
}

/**
 * Inputs kept in `<folder>/<name>.txt`: one a line, in quotes; `#` begins a comment. No file is no inputs.
 * @throws  if there is one that cannot be read
 */
export function readCorpus(name: string, folder = CORPUS): Buffer[] {
  const path = join(folder, `${name}.txt`);
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").flatMap((line, i) => {
    if (line === "" || line.startsWith("#")) return [];
    const words = splitWords(line);
    if (words?.length !== 1) throw new Error(`${path}:${i + 1}: one input in quotes is wanted`);
    return [Buffer.from(words[0]!, "latin1")];
  });
}
