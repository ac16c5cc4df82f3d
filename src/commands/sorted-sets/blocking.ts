/** Taking members from the ends, for clients that wait until there are any: BZPOPMIN, BZPOPMAX, BZMPOP. */
import type { Args } from "../args.ts";
import { type Call, family, keysCountedAt, keysFrom } from "../call.ts";
import { docs, double, integer, key, multiple, oneOf, optional, word } from "../docs.ts";
import { parseTimeoutSeconds } from "../timeouts.ts";
import { type End, firstWithMembers, PopQuery, popMembers, popWithKey } from "./popping.ts";

const allButLast = keysFrom(1, ["RW", "access", "delete"]).map((spec) => ({
  ...spec,
  find: { lastKey: -2, step: 1, limit: 0 },
}));
const timeout = double("timeout");

// biome-ignore format: a table
export const blockingSortedSets = family("sorted-set", {
  BZPOPMIN: {
    arity: -3, flags: ["write", "noscript", "blocking", "fast"], keys: allButLast, run: (call, args) => pop(call, args, "min"),
    docs: docs("5.0.0", "O(log(N)), N being the number of members", "Takes the member with the lowest score from the first sorted set that has any, or waits for one.",
      multiple(key()), timeout),
  },
  BZPOPMAX: {
    arity: -3, flags: ["write", "noscript", "blocking", "fast"], keys: allButLast, run: (call, args) => pop(call, args, "max"),
    docs: docs("5.0.0", "O(log(N)), N being the number of members", "Takes the member with the highest score from the first sorted set that has any, or waits for one.",
      multiple(key()), timeout),
  },
  BZMPOP: {
    arity: -5, flags: ["write", "blocking", "movablekeys"], keys: keysCountedAt(2, "RW", "access", "delete"), run: bzmpop,
    docs: docs("7.0.0", "O(K) + O(M*log(N)), K being the number of keys, N that of members and M that of those taken",
      "Takes members from the first sorted set of several that has any, or waits for one.",
      timeout, integer("numkeys"), multiple(key()), oneOf("where", word("MIN"), word("MAX")), optional(integer("count", "COUNT"))),
  },
});

function pop(call: Call, args: Args, end: End): void {
  const last = args.count - 1;
  const timeoutMs = parseTimeoutSeconds(call, args.at(last));
  const at = firstWithMembers(call, args, 1, last - 1);
  if (at === 0) {
    wait(call, args, 1, last, timeoutMs);
    return;
  }
  const name = args.at(at);
  call.reply.array(3);
  call.reply.bulk(name);
  popMembers(call, name, call.engine.sortedSets.open(call.db, name)!, end, 1, false);
  call.outcome([end === "min" ? "ZPOPMIN" : "ZPOPMAX", name]);
}

const query = new PopQuery();

function bzmpop(call: Call, args: Args): void {
  const { numkeys, firstKey, end, count } = query.parse(args, 2);
  const timeoutMs = parseTimeoutSeconds(call, args.at(1));
  const at = firstWithMembers(call, args, firstKey, numkeys);
  if (at === 0) wait(call, args, firstKey, firstKey + numkeys, timeoutMs);
  else popWithKey(call, args.at(at), end, count);
}

function wait(call: Call, args: Args, from: number, to: number, timeoutMs: number): void {
  if (call.session.denyBlocking) call.reply.nilArray();
  else call.block({ keys: args.slots.slice(from, to), type: "zset", timeoutMs });
}
