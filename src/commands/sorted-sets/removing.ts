/** ZREM, and the removal of ranges. */
import type { Args } from "../args.ts";
import { type Call, event, family, type KeyEvent, keyAt } from "../call.ts";
import { docs, double, integer, key, multiple, string } from "../docs.ts";
import { deleteIfEmpty, removeMembers } from "./access.ts";
import { parseRange, type RangeKind } from "./range.ts";

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
  const range = parseRange(kind, args.at(2), args.at(3));
  const key = args.at(1);
  const value = call.engine.sortedSets.open(call.db, key);
  const count = value === null ? 0 : range.locate(value).count;
  if (value !== null && count > 0) removeMembers(call, key, value, range.first, count, rangeRemoved[kind]);
  call.reply.integer(count);
}
