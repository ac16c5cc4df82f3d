/** What is known of members and their number: ZCARD, ZSCORE, ZRANK, ZCOUNT and the like. */
import { errors } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, double, key, multiple, optional, since, string, word } from "../docs.ts";
import { readSortedSet } from "./access.ts";
import { parseRange, type RangeKind } from "./range.ts";

const read = keyAt(1, "RO", "access");

// biome-ignore format: a table
export const sortedSetReading = family("sorted-set", {
  ZCARD: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: zcard,
    docs: docs("1.2.0", "O(1)", "Answers how many members a sorted set has.", key()),
  },
  ZCOUNT: {
    arity: 4, flags: ["readonly", "fast"], keys: read, run: (call, args) => count(call, args, "score"),
    docs: docs("2.0.0", "O(log(N)), N being the number of members", "Counts the members of a range of scores.", key(), double("min"), double("max")),
  },
  ZLEXCOUNT: {
    arity: 4, flags: ["readonly", "fast"], keys: read, run: (call, args) => count(call, args, "lex"),
    docs: docs("2.8.9", "O(log(N)), N being the number of members", "Counts the members of a range in the order of bytes.",
      key(), string("min"), string("max")),
  },
  ZSCORE: {
    arity: 3, flags: ["readonly", "fast"], keys: read, run: zscore,
    docs: docs("1.2.0", "O(1)", "Answers the score of a member.", key(), string("member")),
  },
  ZMSCORE: {
    arity: -3, flags: ["readonly", "fast"], keys: read, run: zmscore,
    docs: docs("6.2.0", "O(N), N being the number of members asked for", "Answers the scores of several members.", key(), multiple(string("member"))),
  },
  ZRANK: {
    arity: -3, flags: ["readonly", "fast"], keys: read, run: (call, args) => rank(call, args, false),
    docs: docs("2.0.0", "O(log(N)), N being the number of members", "Answers which place a member has, from the lowest score on.",
      key(), string("member"), since("7.2.0", optional(word("WITHSCORE")))),
  },
  ZREVRANK: {
    arity: -3, flags: ["readonly", "fast"], keys: read, run: (call, args) => rank(call, args, true),
    docs: docs("2.0.0", "O(log(N)), N being the number of members", "Answers which place a member has, from the highest score on.",
      key(), string("member"), since("7.2.0", optional(word("WITHSCORE")))),
  },
});

function zcard(call: Call, args: Args): void {
  call.reply.integer(readSortedSet(call, args.at(1))?.size ?? 0);
}

function count(call: Call, args: Args, kind: RangeKind): void {
  const range = parseRange(kind, args.at(2), args.at(3));
  const value = readSortedSet(call, args.at(1));
  call.reply.integer(value === null ? 0 : range.locate(value).count);
}

function zscore(call: Call, args: Args): void {
  const value = readSortedSet(call, args.at(1));
  replyScore(call, value === null ? Number.NaN : value.scoreOf(args.at(2)));
}

function zmscore(call: Call, args: Args): void {
  const value = readSortedSet(call, args.at(1));
  call.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) replyScore(call, value === null ? Number.NaN : value.scoreOf(args.at(i)));
}

/** @param score  NaN where there is none */
function replyScore(call: Call, score: number): void {
  if (Number.isNaN(score)) call.reply.nil();
  else call.reply.double(score);
}

function rank(call: Call, args: Args, reverse: boolean): void {
  if (args.count > 4) throw errors.wrongArgCount(call.row.name);
  const withScore = args.count === 4;
  if (withScore && !args.at(3).is("WITHSCORE")) throw errors.syntax;
  const { reply } = call;
  const value = readSortedSet(call, args.at(1));
  const found = value === null ? -1 : value.rank(args.at(2));
  if (value === null || found < 0) {
    if (withScore) reply.nilArray();
    else reply.nil();
    return;
  }
  if (withScore) reply.array(2);
  reply.integer(reverse ? value.size - 1 - found : found);
  if (withScore) reply.double(value.score);
}
