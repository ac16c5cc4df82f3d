/** Unions, intersections and differences of sorted sets and sets: answered, counted, or kept under a key. */
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { TYPES } from "../../engine/entry.ts";
import type { SortedSetBuilder } from "../../engine/sorted-set/sorted-set-builder.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, type KeyEvent, keyAt, keysCountedAt } from "../call.ts";
import { docs, integer, key, multiple, oneOf, optional, word } from "../docs.ts";
import { keepResult } from "./access.ts";
import { replyRange } from "./ranges.ts";
import { readSource, type Source } from "./sources.ts";

const sources = keysCountedAt(1, "RO", "access");
const stored = [...keyAt(1, "OW", "update"), ...keysCountedAt(2, "RO", "access")];
const OF_UNION = "O(N)+O(M*log(M)), N being the number of members of all and M that of the result's";
const OF_INTER =
  "O(N*K)+O(M*log(M)) at worst, N being the number of members of the smallest, K the number of keys and M that of the result's members";
const OF_DIFF =
  "O(L+(N-K)*log(N)) at worst, L being the number of members of all, N that of the first's and K that of the result's";
const weights = optional(multiple(integer("weight", "WEIGHTS")));
const aggregate = optional({ ...oneOf("aggregate", word("SUM"), word("MIN"), word("MAX")), token: "AGGREGATE" });
const withScores = optional(word("WITHSCORES"));

// biome-ignore format: a table
export const sortedSetCombining = family("sorted-set", {
  ZUNION: {
    arity: -3, flags: ["readonly"], keys: sources, run: (call, args) => combine(call, args, "union"),
    docs: docs("6.2.0", OF_UNION, "Answers the members of several sorted sets.", integer("numkeys"), multiple(key()), weights, aggregate, withScores),
  },
  ZUNIONSTORE: {
    arity: -4, flags: ["write", "denyoom"], keys: stored, run: (call, args) => combineStore(call, args, "union"),
    docs: docs("2.0.0", OF_UNION, "Keeps the members of several sorted sets.", key("destination"), integer("numkeys"), multiple(key("key", 1)), weights, aggregate),
  },
  ZINTER: {
    arity: -3, flags: ["readonly"], keys: sources, run: (call, args) => combine(call, args, "inter"),
    docs: docs("6.2.0", OF_INTER, "Answers the members that several sorted sets have in common.", integer("numkeys"), multiple(key()), weights, aggregate,
      withScores),
  },
  ZINTERSTORE: {
    arity: -4, flags: ["write", "denyoom"], keys: stored, run: (call, args) => combineStore(call, args, "inter"),
    docs: docs("2.0.0", OF_INTER, "Keeps the members that several sorted sets have in common.", key("destination"), integer("numkeys"),
      multiple(key("key", 1)), weights, aggregate),
  },
  ZINTERCARD: {
    arity: -3, flags: ["readonly"], keys: sources, run: zintercard,
    docs: docs("7.0.0", "O(N*K) at worst, N being the number of members of the smallest and K the number of keys",
      "Counts the members that several sorted sets have in common.", integer("numkeys"), multiple(key()), optional(integer("limit", "LIMIT"))),
  },
  ZDIFF: {
    arity: -3, flags: ["readonly"], keys: sources, run: (call, args) => combine(call, args, "diff"),
    docs: docs("6.2.0", OF_DIFF, "Answers the members of a sorted set that the others do not have.", integer("numkeys"), multiple(key()), withScores),
  },
  ZDIFFSTORE: {
    arity: -4, flags: ["write", "denyoom"], keys: stored, run: (call, args) => combineStore(call, args, "diff"),
    docs: docs("6.2.0", OF_DIFF, "Keeps the members of a sorted set that the others do not have.", key("destination"), integer("numkeys"),
      multiple(key("key", 1))),
  },
});

type Operation = "union" | "inter" | "diff";

const kept: Readonly<Record<Operation, KeyEvent>> = {
  union: event("z", "zunionstore"),
  inter: event("z", "zinterstore"),
  diff: event("z", "zdiffstore"),
};

const noKeys = (command: string) => new ReplyError("ERR", `at least 1 input key is needed for '${command}' command`);
const weightNotFloat = new ReplyError("ERR", "weight value is not a float");
const negativeLimit = new ReplyError("ERR", "LIMIT can't be negative");

type Aggregate = (a: number, b: number) => number;

// Of two zeros the one that was there first stays, which Math.min and Math.max do not know.
const AGGREGATES: Readonly<Record<"SUM" | "MIN" | "MAX", Aggregate>> = {
  /** The sum of opposite infinities counts as zero. */
  SUM: (a, b) => orZero(a + b),
  // biome-ignore lint/complexity/useMathMinMax: see above
  MIN: (a, b) => (b < a ? b : a),
  // biome-ignore lint/complexity/useMathMinMax: see above
  MAX: (a, b) => (b > a ? b : a),
};

function orZero(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}

interface Query {
  /** Null for keys that are not there. */
  readonly sources: (Source | null)[];
  aggregate: Aggregate;
  withScores: boolean;
  /** 0 for none. */
  limit: number;
}

/**
 * Reads `numkeys` at word `at`, looks up the keys and then parses the options: the order in which Redis finds what is wrong.
 * @param options  those that the command takes
 */
function parse(call: Call, args: Args, at: number, options: readonly string[]): Query {
  const numkeys = parseInteger(args.at(at));
  if (Number.isNaN(numkeys)) throw errors.notInteger;
  if (numkeys < 1) throw noKeys(call.row.name);
  if (numkeys > args.count - at - 1) throw errors.syntax;
  const found: (Source | null)[] = [];
  for (let i = 0; i < numkeys; i++) found.push(readSource(call, args.at(at + 1 + i)));
  const query: Query = { sources: found, aggregate: AGGREGATES.SUM, withScores: false, limit: 0 };
  const takes = (word: string, words: number) => options.includes(word) && args.left > words && args.take(word);
  args.position = at + 1 + numkeys;
  while (args.more) {
    if (takes("WEIGHTS", numkeys)) parseWeights(args, query);
    else if (takes("AGGREGATE", 1)) query.aggregate = parseAggregate(args);
    else if (takes("WITHSCORES", 0)) query.withScores = true;
    else if (takes("LIMIT", 1)) query.limit = parseLimit(args.next());
    else throw errors.syntax;
  }
  return query;
}

function parseWeights(args: Args, { sources }: Query): void {
  for (const source of sources) {
    const weight = args.double(weightNotFloat);
    if (source !== null) source.weight = weight;
  }
}

function parseAggregate(args: Args): Aggregate {
  if (args.take("SUM")) return AGGREGATES.SUM;
  if (args.take("MIN")) return AGGREGATES.MIN;
  if (args.take("MAX")) return AGGREGATES.MAX;
  throw errors.syntax;
}

function parseLimit(text: Slice): number {
  const limit = parseInteger(text);
  if (!(limit >= 0)) throw negativeLimit;
  return limit;
}

const OPTIONS: Readonly<Record<Operation, readonly string[]>> = {
  union: ["WEIGHTS", "AGGREGATE"],
  inter: ["WEIGHTS", "AGGREGATE"],
  diff: [],
};

function combine(call: Call, args: Args, operation: Operation): void {
  const query = parse(call, args, 1, [...OPTIONS[operation], "WITHSCORES"]);
  const builder = call.engine.sortedSets.builder();
  build(builder, operation, query);
  const root = builder.finish();
  if (root === 0) {
    call.reply.array(0);
    return;
  }
  const value = call.engine.sortedSets.value().position(root);
  replyRange(call, value, 0, value.size, false, query.withScores);
  call.engine.dropContainer(TYPES.indexOf("zset"), root, false);
}

function combineStore(call: Call, args: Args, operation: Operation): void {
  const query = parse(call, args, 2, OPTIONS[operation]);
  const builder = call.engine.sortedSets.builder();
  build(builder, operation, query);
  const { size } = builder;
  keepResult(call, args.at(1), builder.finish(), size, kept[operation]);
}

function build(builder: SortedSetBuilder, operation: Operation, query: Query): void {
  if (operation === "union") unite(builder, query);
  else if (operation === "inter")
    intersect(query, (member, score, hash, expected) => {
      builder.add(member, score, hash);
      if (builder.size === MANY) builder.expect(expected(MANY));
      return true;
    });
  else subtract(builder, query);
}

/** The smallest first: the order in which Redis adds up. */
function bySize(query: Query): Source[] {
  return query.sources.filter((source) => source !== null).sort((a, b) => a.size - b.size);
}

/** A result of so many members gets its room at once. */
const MANY = 1024;

function unite(builder: SortedSetBuilder, query: Query): void {
  const sources = bySize(query);
  const largest = sources.at(-1)?.size ?? 0;
  if (largest > MANY) builder.expect(largest);
  for (const source of sources) {
    for (let there = source.first(); there; there = source.next())
      builder.combine(source.member, orZero(source.weight * source.score), source.hash, query.aggregate);
  }
}

type Visit = (member: Slice, score: number, hash: number, expected: (found: number) => number) => boolean;

/**
 * Shows `visit` what all sources have, with its score, until it returns false. From how many it has found by then `expected` guesses how
 * many there will be.
 */
function intersect(query: Query, visit: Visit): void {
  const [smallest, ...others] = bySize(query);
  if (smallest === undefined || others.length + 1 < query.sources.length) return;
  const { size } = smallest;
  let seen = 0;
  const expected = (found: number) => Math.ceil((found / seen) * size);
  for (let there = smallest.first(); there; there = smallest.next()) {
    seen++;
    const { member, score, hash } = smallest;
    const sum = scoreInAll(others, member, hash, orZero(score * smallest.weight), query.aggregate);
    if (!Number.isNaN(sum) && !visit(member, sum, hash, expected)) return;
  }
}

/** NaN if one of them does not have the member. */
function scoreInAll(
  others: readonly Source[],
  member: Slice,
  hash: number,
  score: number,
  aggregate: Aggregate,
): number {
  for (const other of others) {
    const found = other.scoreOf(member, hash);
    if (Number.isNaN(found)) return Number.NaN;
    score = aggregate(score, orZero(found * other.weight));
  }
  return score;
}

function subtract(builder: SortedSetBuilder, query: Query): void {
  const [first, ...rest] = query.sources;
  if (first === null || first === undefined) return;
  const others = rest.filter((source) => source !== null);
  for (let there = first.first(); there; there = first.next()) {
    const { member, hash } = first;
    if (!others.some((other) => !Number.isNaN(other.scoreOf(member, hash)))) builder.add(member, first.score, hash);
  }
}

function zintercard(call: Call, args: Args): void {
  const query = parse(call, args, 1, ["LIMIT"]);
  let count = 0;
  intersect(query, () => ++count !== query.limit);
  call.reply.integer(count);
}
