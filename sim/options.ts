/** The command line of `npm run sim`: numbers are numbers, or nothing runs. A search that looked at no seed must not end well. */
import { availableParallelism } from "node:os";
import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What is said to people. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
}

/** Seeds, or one of them. */
export type Search =
  | { readonly kind: "one"; readonly seed: number; readonly trace: boolean }
  | { readonly kind: "many"; readonly from: number; readonly seeds: number };

export type WorldOptions =
  | (Search & { readonly kind: "one" })
  | (Search & {
      readonly kind: "many";
      readonly jobs: number /** 0: all of them, by processes of our own. */;
      readonly stride: number;
    });

export type ClusterOptions =
  | Search
  | {
      readonly kind: "measure";
      readonly nodes: readonly number[];
      readonly seed: number;
      readonly nodeTimeoutMs: number;
      readonly warmUpMs: number;
      readonly watchMs: number;
      readonly replicas: number;
      /** Of so many stopped primaries, and nothing else; 0 for all that there is to measure. */
      readonly stops: number;
    };

const SEARCH = {
  seeds: { type: "string" },
  from: { type: "string", default: "1" },
  seed: { type: "string" },
  trace: { type: "boolean", default: false },
} as const;

/** Three primaries: with two, one that fails leaves no majority. */
const LEAST_PRIMARIES = 3;

/** @throws OptionsError */
export function worldOptions(words: readonly string[]): WorldOptions {
  const given = parse(words, {
    ...SEARCH,
    jobs: { type: "string", default: String(availableParallelism()) },
    /** For the processes that we start: every so many seeds, and reports go to the parent. */
    stride: { type: "string" },
  });
  const search = searchOf(given, 100);
  if (search.kind === "one") return search;
  const stride = given.stride === undefined ? 0 : wholeNumber("--stride", given.stride, 1);
  return { ...search, jobs: wholeNumber("--jobs", given.jobs, 1), stride };
}

/** @throws OptionsError */
export function clusterOptions(words: readonly string[]): ClusterOptions {
  const given = parse(words, {
    ...SEARCH,
    nodes: { type: "string" },
    replicas: { type: "string", default: "1" },
    "node-timeout": { type: "string", default: "15000" },
    "warm-up": { type: "string", default: "20000" },
    watch: { type: "string", default: "10000" },
    stops: { type: "string" },
  });
  if (given.nodes === undefined) return searchOf(given, 50);
  const replicas = wholeNumber("--replicas", given.replicas, 1);
  return {
    kind: "measure",
    nodes: given.nodes.split(",").map((count) => wholeNumber("--nodes", count, LEAST_PRIMARIES * (1 + replicas))),
    seed: wholeNumber("--seed", given.seed ?? "1", 0),
    nodeTimeoutMs: wholeNumber("--node-timeout", given["node-timeout"], 100),
    warmUpMs: wholeNumber("--warm-up", given["warm-up"], 0),
    watchMs: wholeNumber("--watch", given.watch, 1),
    replicas,
    stops: given.stops === undefined ? 0 : wholeNumber("--stops", given.stops, 1),
  };
}

function searchOf(given: { seed?: string; seeds?: string; from: string; trace: boolean }, seeds: number): Search {
  if (given.seed !== undefined) return { kind: "one", seed: wholeNumber("--seed", given.seed, 0), trace: given.trace };
  const count = given.seeds === undefined ? seeds : wholeNumber("--seeds", given.seeds, 1);
  return { kind: "many", from: wholeNumber("--from", given.from, 0), seeds: count };
}

function parse<T extends Options>(words: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new OptionsError((error as Error).message);
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new OptionsError(`${name} wants a whole number from ${least} on, not "${text}"`);
  return value;
}
