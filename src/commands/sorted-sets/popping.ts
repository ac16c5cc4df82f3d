/** Taking members from the ends: ZPOPMIN, ZPOPMAX, ZMPOP. Their parts are for the commands that wait for members, too. */
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt, keysCountedAt } from "../call.ts";
import { docs, integer, key, multiple, oneOf, optional, word } from "../docs.ts";
import { removeMembers } from "./access.ts";

const popped = keyAt(1, "RW", "access", "delete");
const OF_POPPED = "O(log(N)*M), N being the number of members and M the number of those taken";

// biome-ignore format: a table
export const sortedSetPopping = family("sorted-set", {
  ZPOPMIN: {
    arity: -2, flags: ["write", "fast"], keys: popped, run: (call, args) => zpop(call, args, "min"),
    docs: docs("5.0.0", OF_POPPED, "Takes the members with the lowest scores.", key(), optional(integer("count"))),
  },
  ZPOPMAX: {
    arity: -2, flags: ["write", "fast"], keys: popped, run: (call, args) => zpop(call, args, "max"),
    docs: docs("5.0.0", OF_POPPED, "Takes the members with the highest scores.", key(), optional(integer("count"))),
  },
  ZMPOP: {
    arity: -4, flags: ["write"], keys: keysCountedAt(1, "RW", "access", "delete"), run: zmpop,
    docs: docs("7.0.0", "O(K) + O(M*log(N)), K being the number of keys, N that of members and M that of those taken",
      "Takes members from the first sorted set of several that has any.", integer("numkeys"), multiple(key()),
      oneOf("where", word("MIN"), word("MAX")), optional(integer("count", "COUNT"))),
  },
});

export type End = "min" | "max";

const poppedEvents = { min: event("z", "zpopmin"), max: event("z", "zpopmax") };

const numkeysNotPositive = new ReplyError("ERR", "numkeys should be greater than 0");
const countNotPositive = new ReplyError("ERR", "count should be greater than 0");

function zpop(call: Call, args: Args, end: End): void {
  if (args.count > 3) throw errors.syntax;
  const many = args.count === 3;
  let count = 1;
  if (many) {
    count = parseInteger(args.at(2));
    if (!(count >= 0)) throw errors.notPositive;
  }
  const { reply } = call;
  const key = args.at(1);
  const value = call.engine.sortedSets.open(call.db, key);
  if (value === null || count === 0) {
    reply.array(0);
    return;
  }
  const taken = Math.min(count, value.size);
  const pairs = many && reply.version === 3;
  reply.array(pairs ? taken : taken * 2);
  popMembers(call, key, value, end, taken, pairs);
}

/**
 * Takes `count` members, which must be there, from an end, and answers them one after the other: member and score, as a pair if
 * `pairs`. The header is the caller's.
 */
export function popMembers(
  call: Call,
  key: Slice,
  value: SortedSetValue,
  end: End,
  count: number,
  pairs: boolean,
): void {
  const { reply } = call;
  const { size } = value;
  let there = value.at(end === "min" ? 0 : size - 1);
  for (let left = count; left > 0 && there; ) {
    if (pairs) reply.array(2);
    reply.bulk(value.member);
    reply.double(value.score);
    if (--left > 0) there = end === "min" ? value.next() : value.previous();
  }
  removeMembers(call, key, value, end === "min" ? 0 : size - count, count, poppedEvents[end]);
}

/** What ZMPOP and BZMPOP ask for; there is one object for both. */
export class PopQuery {
  numkeys = 0;
  /** The word of the first key. */
  firstKey = 0;
  end: End = "min";
  count = 1;

  /** @param at  the word that says how many keys there are */
  parse(args: Args, at: number): this {
    this.numkeys = parseInteger(args.at(at));
    if (!(this.numkeys >= 1)) throw numkeysNotPositive;
    this.firstKey = at + 1;
    args.position = this.firstKey + this.numkeys;
    if (args.take("MIN")) this.end = "min";
    else if (args.take("MAX")) this.end = "max";
    else throw errors.syntax;
    this.count = 1;
    let counted = false;
    while (args.more) {
      if (counted || args.left < 2 || !args.take("COUNT")) throw errors.syntax;
      counted = true;
      this.count = parseInteger(args.next());
      if (!(this.count >= 1)) throw countNotPositive;
    }
    return this;
  }
}

/** The first of the keys that has members: which word it is, or 0; `value` is positioned on it. @throws errors.wrongType */
export function firstWithMembers(call: Call, args: Args, firstKey: number, numkeys: number): number {
  for (let at = firstKey; at < firstKey + numkeys; at++)
    if (call.engine.sortedSets.open(call.db, args.at(at)) !== null) return at;
  return 0;
}

/** Takes members as ZMPOP does and answers the key and them; to replicas it is a ZPOPMIN or ZPOPMAX. */
export function popWithKey(call: Call, key: Slice, end: End, count: number): void {
  const value = call.engine.sortedSets.open(call.db, key)!;
  const taken = Math.min(count, value.size);
  const { reply } = call;
  reply.array(2);
  reply.bulk(key);
  reply.array(taken);
  popMembers(call, key, value, end, taken, true);
  call.outcome([end === "min" ? "ZPOPMIN" : "ZPOPMAX", key, taken]);
}

const query = new PopQuery();

function zmpop(call: Call, args: Args): void {
  const { numkeys, firstKey, end, count } = query.parse(args, 1);
  const at = firstWithMembers(call, args, firstKey, numkeys);
  if (at === 0) call.reply.nilArray();
  else popWithKey(call, args.at(at), end, count);
}
