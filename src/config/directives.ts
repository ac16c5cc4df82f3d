/**
 * The directive table: one row a directive of redis.conf, by topic in `directives/`. To add one: write its row there with a
 * kind of `kinds.ts`, `numeric.ts`, `texts.ts` or `special.ts`, read it as `config.values["its-name"]`, and list it in
 * docs/configuration.md (a test says when that is missing).
 */
import { cluster } from "./directives/cluster.ts";
import { memoryDirectives } from "./directives/memory.ts";
import { network } from "./directives/network.ts";
import { observing } from "./directives/observing.ts";
import { persistence } from "./directives/persistence.ts";
import { processDirectives } from "./directives/process.ts";
import { replication } from "./directives/replication.ts";
import { tls } from "./directives/tls.ts";
import { types } from "./directives/types.ts";
import type { Directive } from "./kinds.ts";

/** The rows by topic, in the order of the documentation. */
export const topics = {
  Network: network,
  Process: processDirectives,
  Replication: replication,
  Memory: memoryDirectives,
  Persistence: persistence,
  Observing: observing,
  "Encodings of types": types,
  TLS: tls,
  Cluster: cluster,
};

export const directives = {
  ...network,
  ...processDirectives,
  ...replication,
  ...memoryDirectives,
  ...persistence,
  ...observing,
  ...types,
  ...tls,
  ...cluster,
};

export type DirectiveName = keyof typeof directives;

/** The value of each directive, typed by its kind. */
export type Settings = {
  [Name in DirectiveName]: (typeof directives)[Name] extends Directive<infer Value> ? Value : never;
};

/** A row found by one of its names, in any case. */
export interface Known {
  readonly name: DirectiveName;
  readonly row: Directive<unknown>;
}

const known = new Map<string, Known>();
for (const [name, row] of Object.entries(directives) as [DirectiveName, Directive<unknown>][]) {
  for (const spelling of [name, ...(row.traits.aliases ?? [])]) known.set(spelling, { name, row });
}

/** Every name a directive goes by, each name's aliases behind it. */
export const allNames: ReadonlyMap<string, Known> = known;

export function findDirective(name: string): Known | undefined {
  return known.get(name.toLowerCase());
}

/**
 * Directives of older Redis without a meaning today: read over in a file, as Redis does, and unknown to CONFIG. Each takes
 * one word.
 */
export const retired: ReadonlySet<string> = new Set([
  "list-max-ziplist-entries",
  "list-max-ziplist-value",
  "lua-replicate-commands",
]);
