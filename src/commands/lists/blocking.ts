/** Lists at their ends, for clients that wait until there is something to take. */
import type { Slice } from "../../base/bytes.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt, keysCountedAt, keysFrom } from "../call.ts";
import { deprecated, docs, double, integer, key, multiple, optional } from "../docs.ts";
import { parseTimeoutSeconds } from "../timeouts.ts";
import { moveElement, openList, parseEnd, popElement } from "./access.ts";
import { end, parseMultiplePop, popFirstFound } from "./ends.ts";

const allButLast = keysFrom(1, ["RW", "access", "delete"]).map((spec) => ({
  ...spec,
  find: { lastKey: -2, step: 1, limit: 0 },
}));
const A_MOVE = [...keyAt(1, "RW", "access", "delete"), ...keyAt(2, "RW", "insert")];
const timeout = double("timeout");
const POPPED = "O(N), N being the number of keys";

// biome-ignore format: a table
export const blockingLists = family("list", {
  BLPOP: {
    arity: -3, flags: ["write", "noscript", "blocking"], keys: allButLast, run: blpop,
    docs: docs("2.0.0", POPPED, "Takes the first element out of the first list that has one, or waits for one.", multiple(key()), timeout),
  },
  BRPOP: {
    arity: -3, flags: ["write", "noscript", "blocking"], keys: allButLast, run: brpop,
    docs: docs("2.0.0", POPPED, "Takes the last element out of the first list that has one, or waits for one.", multiple(key()), timeout),
  },
  BLMOVE: {
    arity: 6, flags: ["write", "denyoom", "noscript", "blocking"], keys: A_MOVE, run: blmove,
    docs: docs("6.2.0", "O(1)", "Moves an element from an end of one list to an end of another and answers it, or waits for one.",
      key("source"), key("destination", 1), end("wherefrom"), end("whereto"), timeout),
  },
  BRPOPLPUSH: {
    arity: 4, flags: ["write", "denyoom", "noscript", "blocking"], keys: A_MOVE, run: brpoplpush,
    docs: deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
      docs("2.2.0", "O(1)", "Moves the last element of a list to the front of another and answers it, or waits for one.",
        key("source"), key("destination", 1), timeout)),
  },
  BLMPOP: {
    arity: -5, flags: ["write", "blocking", "movablekeys"], keys: keysCountedAt(2, "RW", "access", "delete"), run: blmpop,
    docs: docs("7.0.0", "O(N+M), N being the number of keys and M that of elements answered",
      "Takes elements out of the first list that is there, or waits for one.",
      timeout, integer("numkeys"), multiple(key()), end("where"), optional(integer("count", "COUNT"))),
  },
});

function blpop(call: Call, args: Args): void {
  pop(call, args, true);
}

function brpop(call: Call, args: Args): void {
  pop(call, args, false);
}

function pop(call: Call, args: Args, front: boolean): void {
  const last = args.count - 1;
  const timeoutMs = parseTimeoutSeconds(call, args.at(last));
  for (let i = 1; i < last; i++) {
    const name = args.at(i);
    const list = openList(call, name);
    if (list === null) continue;
    call.reply.array(2);
    call.reply.bulk(name);
    popElement(call, name, list, front);
    call.outcome([front ? "LPOP" : "RPOP", name]);
    return;
  }
  if (call.session.denyBlocking) call.reply.nilArray();
  else call.block({ keys: keysOf(args, 1, last), type: "list", timeoutMs });
}

function blmpop(call: Call, args: Args): void {
  args.position = 2;
  const what = parseMultiplePop(args);
  const timeoutMs = parseTimeoutSeconds(call, args.at(1));
  if (popFirstFound(call, args, what)) return;
  const { firstKey, numkeys } = what;
  if (call.session.denyBlocking) call.reply.nilArray();
  else call.block({ keys: keysOf(args, firstKey, firstKey + numkeys), type: "list", timeoutMs });
}

function keysOf(args: Args, from: number, to: number): Slice[] {
  return args.slots.slice(from, to);
}

function blmove(call: Call, args: Args): void {
  const fromFront = parseEnd(args.at(3));
  const toFront = parseEnd(args.at(4));
  const timeoutMs = parseTimeoutSeconds(call, args.at(5));
  if (move(call, args, fromFront, toFront, timeoutMs))
    call.outcome(["LMOVE", args.at(1), args.at(2), args.at(3), args.at(4)]);
}

function brpoplpush(call: Call, args: Args): void {
  const timeoutMs = parseTimeoutSeconds(call, args.at(3));
  if (move(call, args, false, true, timeoutMs)) call.outcome(["RPOPLPUSH", args.at(1), args.at(2)]);
}

/** False if there is nothing to move. */
function move(call: Call, args: Args, fromFront: boolean, toFront: boolean, timeoutMs: number): boolean {
  const from = args.at(1);
  const source = openList(call, from);
  if (source !== null) {
    moveElement(call, source, from, args.at(2), fromFront, toFront);
    return true;
  }
  if (call.session.denyBlocking) call.reply.nil();
  else call.block({ keys: [from], type: "list", timeoutMs });
  return false;
}
