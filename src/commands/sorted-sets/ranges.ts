/** ZRANGE in all its forms, old and new, and ZRANGESTORE. */
import type { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { block, deprecated, docs, double, integer, key, oneOf, optional, since, string, word } from "../docs.ts";
import { keepResult, readSortedSet } from "./access.ts";
import { parseRange, type Range, type RangeKind } from "./range.ts";

const read = keyAt(1, "RO", "access");
const OF_RANGE = "O(log(N)+M), N being the number of members and M the number of those in the range";
const limit = optional(block("limit", "LIMIT", integer("offset"), integer("count")));
const withScores = optional(word("WITHSCORES"));
const sortBy = optional(oneOf("sortby", word("BYSCORE"), word("BYLEX")));

// biome-ignore format: a table
export const sortedSetRanges = family("sorted-set", {
  ZRANGE: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, null, null),
    docs: docs("1.2.0", OF_RANGE, "Answers the members of a range of ranks, of scores, or in the order of bytes.", key(), string("start"), string("stop"),
      since("6.2.0", sortBy), since("6.2.0", optional(word("REV"))), since("6.2.0", limit), withScores),
  },
  ZRANGESTORE: {
    arity: -5, flags: ["write", "denyoom"], keys: [...keyAt(1, "OW", "update"), ...keyAt(2, "RO", "access")], run: rangeStore,
    docs: docs("6.2.0", OF_RANGE, "Keeps the members of a range under another key.", key("dst"), key("src", 1), string("min"), string("max"),
      sortBy, optional(word("REV")), limit),
  },
  ZRANGEBYSCORE: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, "score", false),
    docs: deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument",
      docs("1.0.5", OF_RANGE, "Answers the members of a range of scores.", key(), double("min"), double("max"), since("2.0.0", withScores), limit)),
  },
  ZREVRANGEBYSCORE: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, "score", true),
    docs: deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments",
      docs("2.2.0", OF_RANGE, "Answers the members of a range of scores, the highest first.", key(), double("max"), double("min"), withScores, limit)),
  },
  ZRANGEBYLEX: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, "lex", false),
    docs: deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument",
      docs("2.8.9", OF_RANGE, "Answers the members of a range in the order of bytes.", key(), string("min"), string("max"), limit)),
  },
  ZREVRANGEBYLEX: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, "lex", true),
    docs: deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments",
      docs("2.8.9", OF_RANGE, "Answers the members of a range in the order of bytes, the last first.", key(), string("max"), string("min"), limit)),
  },
  ZREVRANGE: {
    arity: -4, flags: ["readonly"], keys: read, run: (call, args) => range(call, args, "rank", true),
    docs: deprecated("6.2.0", "`ZRANGE` with the `REV` argument",
      docs("1.2.0", OF_RANGE, "Answers the members of a range of ranks, the highest first.", key(), integer("start"), integer("stop"), withScores)),
  },
});

const rangeKept = event("z", "zrangestore");

const limitByRank = new ReplyError(
  "ERR",
  "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const scoresByLex = new ReplyError("ERR", "syntax error, WITHSCORES not supported in combination with BYLEX");

/** What a command asks for; there is one object for all. */
class Query {
  range!: Range;
  reverse = false;
  withScores = false;
  offset = 0;
  limit = -1;

  /**
   * @param first  the word of the first end of the range
   * @param kind  null if an option says it
   * @param reverse  null if an option says it
   */
  parse(args: Args, first: number, kind: RangeKind | null, reverse: boolean | null, scoresAllowed: boolean): this {
    let chosen = kind;
    let turned = reverse;
    this.withScores = false;
    this.offset = 0;
    this.limit = -1;
    args.position = first + 2;
    while (args.more) {
      if (scoresAllowed && args.take("WITHSCORES")) this.withScores = true;
      else if (args.left > 2 && args.take("LIMIT")) {
        this.offset = args.integer();
        this.limit = args.integer();
      } else if (turned === null && args.take("REV")) turned = true;
      else if (chosen === null && args.take("BYLEX")) chosen = "lex";
      else if (chosen === null && args.take("BYSCORE")) chosen = "score";
      else throw errors.syntax;
    }
    chosen ??= "rank";
    this.reverse = turned ?? false;
    if (this.limit !== -1 && chosen === "rank") throw limitByRank;
    if (this.withScores && chosen === "lex") throw scoresByLex;
    const turns = this.reverse && chosen !== "rank";
    this.range = parseRange(chosen, args.at(turns ? first + 1 : first), args.at(turns ? first : first + 1));
    return this;
  }

  /** Finds what is asked for: the range is then that which is to be walked through, from its end if `reverse`. */
  locate(value: SortedSetValue): Range {
    const { range, reverse } = this;
    range.locate(value);
    if (range.kind !== "rank") range.limit(this.offset, this.limit, reverse);
    else if (reverse) range.first = value.size - range.first - range.count;
    return range;
  }
}

const query = new Query();

function range(call: Call, args: Args, kind: RangeKind | null, reverse: boolean | null): void {
  query.parse(args, 2, kind, reverse, true);
  const { reply } = call;
  const value = readSortedSet(call, args.at(1));
  if (value === null) {
    reply.array(0);
    return;
  }
  const { first, count } = query.locate(value);
  replyRange(call, value, first, count, query.reverse, query.withScores);
}

/** Members by rank, and their scores: side by side for RESP2, as pairs for RESP3. */
export function replyRange(
  { reply }: Call,
  value: SortedSetValue,
  first: number,
  count: number,
  reverse: boolean,
  withScores: boolean,
): void {
  const pairs = withScores && reply.version === 3;
  reply.array(withScores && !pairs ? count * 2 : count);
  let there = count > 0 && value.at(reverse ? first + count - 1 : first);
  for (let left = count; left > 0 && there; ) {
    if (pairs) reply.array(2);
    reply.bulk(value.member);
    if (withScores) reply.double(value.score);
    if (--left > 0) there = reverse ? value.previous() : value.next();
  }
}

/** A result of so many members gets its room at once. */
const MANY = 1024;

function rangeStore(call: Call, args: Args): void {
  query.parse(args, 3, null, null, false);
  const source = readSortedSet(call, args.at(2));
  const builder = call.engine.sortedSets.builder();
  if (source !== null) {
    const { first, count } = query.locate(source);
    if (count > MANY) builder.expect(count);
    let there = count > 0 && source.at(first);
    for (let left = count; left > 0 && there; left--, there = source.next())
      builder.add(source.member, source.score, source.hash);
  }
  keep(call, args.at(1), builder);
}

function keep(call: Call, key: Slice, builder: ReturnType<Call["engine"]["sortedSets"]["builder"]>): void {
  const { size } = builder;
  keepResult(call, key, builder.finish(), size, rangeKept);
}
