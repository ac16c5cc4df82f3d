/** ZREM, and the removal of ranges. */
import type { Slice } from "../../base/bytes.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, type KeyEvent, keyAt } from "../call.ts";
import { docs, double, integer, key, multiple, string } from "../docs.ts";
import { deleteIfEmpty } from "./access.ts";
import { parseRange, type Range, type RangeKind } from "./range.ts";

const removed = keyAt(1, "RW", "delete");
const OF_RANGE = "O(log(N)+M), N being the number of members and M the number of those removed";

// biome-ignore format: a table
export const sortedSetRemoving = family("sorted-set", {
  ZREM: {
    arity: -3, flags: ["write", "fast"], keys: removed, run: zrem,
    docs: docs("1.2.0", "O(M*log(N)), N being the number of members and M the number of those removed", "Removes members from a sorted set.",
      key(), multiple(string("member"))),
  },
  ZREMRANGEBYRANK: {
    arity: 4, flags: ["write"], keys: removed, run: (call, args) => removeRange(call, args, "rank"),
    docs: docs("2.0.0", OF_RANGE, "Removes the members of a range of ranks.", key(), integer("start"), integer("stop")),
  },
  ZREMRANGEBYSCORE: {
    arity: 4, flags: ["write"], keys: removed, run: (call, args) => removeRange(call, args, "score"),
    docs: docs("1.2.0", OF_RANGE, "Removes the members of a range of scores.", key(), double("min"), double("max")),
  },
  ZREMRANGEBYLEX: {
    arity: 4, flags: ["write"], keys: removed, run: (call, args) => removeRange(call, args, "lex"),
    docs: docs("2.8.9", OF_RANGE, "Removes the members of a range in the order of bytes.", key(), string("min"), string("max")),
  },
});

const memberRemoved = event("z", "zrem");
const rangeRemoved: Readonly<Record<RangeKind, KeyEvent>> = {
  rank: event("z", "zremrangebyrank"),
  score: event("z", "zremrangebyscore"),
  lex: event("z", "zremrangebylex"),
};

function zrem(call: Call, args: Args): void {
  const key = args.at(1);
  const value = call.engine.sortedSets.open(call.db, key);
  let count = 0;
  if (value !== null) {
    // The last member may be named first: the key is gone only behind them all.
    for (let i = 2; i < args.count && value.size > 0; i++) if (value.remove(args.at(i))) count++;
    call.changed(key, memberRemoved, count);
    if (count > 0) deleteIfEmpty(call, key, value);
  }
  call.reply.integer(count);
}

function removeRange(call: Call, args: Args, kind: RangeKind): void {
  call.reply.integer(removeMembers(call, args.at(1), parseRange(kind, args.at(2), args.at(3)), rangeRemoved[kind]));
}

function removeMembers(call: Call, key: Slice, range: Range, happened: KeyEvent): number {
  const value = call.engine.sortedSets.open(call.db, key);
  if (value === null) return 0;
  const { first, count } = range.locate(value);
  if (count === 0) return 0;
  value.removeRange(first, count);
  call.changed(key, happened, count);
  deleteIfEmpty(call, key, value);
  return count;
}
