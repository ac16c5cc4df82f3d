/** Members by chance, and walking through all of them in steps: ZRANDMEMBER, ZSCAN. */
import { formatDouble, formatDouble17 } from "../../base/doubles.ts";
import { matchGlob } from "../../base/glob.ts";
import { parseInt64, parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { block, docs, integer, key, optional, pattern, word } from "../docs.ts";
import { PATIENCE, parseCursor, parseScanOptions } from "../scan-parts.ts";
import { readSortedSet } from "./access.ts";
import { replyRange } from "./ranges.ts";

const read = keyAt(1, "RO", "access");

// biome-ignore format: a table
export const sortedSetSampling = family("sorted-set", {
  ZRANDMEMBER: {
    arity: -2, flags: ["readonly"], keys: read, tips: ["nondeterministic_output"], run: zrandmember,
    docs: docs("6.2.0", "O(N*log(M)), N being the number of members answered and M that of all", "Answers members by chance.", key(),
      optional(block("options", null, integer("count"), optional(word("WITHSCORES"))))),
  },
  ZSCAN: {
    arity: -3, flags: ["readonly"], keys: read, tips: ["nondeterministic_output"], run: zscan,
    docs: docs("2.8.0", "O(1) a call, O(N) for the whole walk", "Walks through members and their scores.", key(), integer("cursor"),
      optional(pattern("pattern", "MATCH")), optional(integer("count", "COUNT"))),
  },
});

const countTooSmall = new ReplyError(
  "ERR",
  "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const INT64_MIN = -(2n ** 63n);
/** With scores the reply has twice as many entries, and their number too has to fit 64 bits. */
const MAX_WITH_SCORES = 2n ** 62n - 1n;

function zrandmember(call: Call, args: Args): void {
  if (args.count === 2) {
    const value = readSortedSet(call, args.at(1));
    if (value === null) call.reply.nil();
    else {
      value.at(below(call, value.size));
      call.reply.bulk(value.member);
    }
    return;
  }
  const count = parseInteger(args.at(2));
  if (Number.isNaN(count)) throw errors.notInteger;
  const exact = Number.isSafeInteger(count) ? BigInt(count) : parseInt64(args.at(2))!;
  if (exact === INT64_MIN) throw countTooSmall;
  if (args.count > 4 || (args.count === 4 && !args.at(3).is("WITHSCORES"))) throw errors.syntax;
  const withScores = args.count === 4;
  if (withScores && (exact > MAX_WITH_SCORES || exact < -MAX_WITH_SCORES)) throw errors.outOfRange;
  const value = readSortedSet(call, args.at(1));
  if (value === null || count === 0) call.reply.array(0);
  else if (count < 0) replyAny(call, value, -count, withScores);
  else if (count >= value.size) replyRange(call, value, 0, value.size, false, withScores);
  else replyDifferent(call, value, count, withScores);
}

/** 0 to `size` - 1, each with the same chance. */
function below(call: Call, size: number): number {
  return Math.floor((call.engine.store.random() / 0x100000000) * size);
}

function replyHeader({ reply }: Call, count: number, withScores: boolean): void {
  reply.array(withScores && reply.version === 2 ? count * 2 : count);
}

function replyCurrent({ reply }: Call, value: SortedSetValue, withScores: boolean): void {
  if (withScores && reply.version === 3) reply.array(2);
  reply.bulk(value.member);
  if (withScores) reply.double(value.score);
}

/** So many members, each of them any. */
function replyAny(call: Call, value: SortedSetValue, count: number, withScores: boolean): void {
  const { size } = value;
  replyHeader(call, count, withScores);
  for (; count > 0; count--) {
    value.at(below(call, size));
    replyCurrent(call, value, withScores);
  }
}

/** Beyond this part of all members, walking past them is cheaper than picking and remembering. */
const SPARSE = 3;

/** So many different members, fewer than there are, each such choice with the same chance. */
function replyDifferent(call: Call, value: SortedSetValue, count: number, withScores: boolean): void {
  const { size } = value;
  replyHeader(call, count, withScores);
  if (count * SPARSE < size) {
    const picked = new Set<number>();
    while (picked.size < count) {
      const rank = below(call, size);
      if (picked.has(rank)) continue;
      picked.add(rank);
      value.at(rank);
      replyCurrent(call, value, withScores);
    }
    return;
  }
  value.at(0);
  for (let left = size; count > 0; left--) {
    // Of the members that are left, so many are still to be taken: this one with that chance.
    if (below(call, left) < count) {
      replyCurrent(call, value, withScores);
      count--;
    }
    if (count > 0) value.next();
  }
}

function zscan(call: Call, args: Args): void {
  let cursor = parseCursor(args.at(2));
  // The options of a key that is not there are not looked at, as in Redis.
  const value = readSortedSet(call, args.at(1));
  const { reply } = call;
  if (value === null) {
    reply.array(2);
    reply.bulkText("0");
    reply.array(0);
    return;
  }
  const { match, count } = parseScanOptions(args, 3);
  // Redis writes the scores of a large sorted set with 17 digits here, and those of a small one as they lie in memory.
  const text = value.listpack === null ? formatDouble17 : formatDouble;
  const found: [member: Uint8Array, score: string][] = [];
  let seen = 0;
  let steps = count * PATIENCE;
  do {
    cursor = value.scan(cursor, (member, score) => {
      seen++;
      if (match === null || matchGlob(match, member)) found.push([member.copy(), text(score)]);
    });
  } while (cursor !== 0 && steps-- > 0 && seen < count);
  reply.array(2);
  reply.bulkInteger(cursor);
  reply.array(found.length * 2);
  for (const [member, score] of found) {
    reply.bulkBytes(member);
    reply.bulkText(score);
  }
}
