/** Lists at their ends: pushed to, popped from, moved from one to another. */
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt, keysCountedAt } from "../call.ts";
import { deprecated, docs, integer, key, multiple, oneOf, optional, since, string, word } from "../docs.ts";
import { createList, moveElement, openList, parseEnd, popElement, popElements, pushEvent } from "./access.ts";

const A_MOVE = [...keyAt(1, "RW", "access", "delete"), ...keyAt(2, "RW", "insert")];
const PUSHED = "O(1) for each element, O(N) for N of them";
const POPPED = "O(N), N being the number of elements answered";

/** LEFT or RIGHT. */
export const end = (name: string) => oneOf(name, word("LEFT"), word("RIGHT"));

// biome-ignore format: a table
export const listEnds = family("list", {
  LPUSH: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: lpush,
    docs: docs("1.0.0", PUSHED, "Puts elements before a list, one after the other; makes the list if need be.", key(), multiple(string("element"))),
  },
  RPUSH: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: rpush,
    docs: docs("1.0.0", PUSHED, "Puts elements behind a list; makes the list if need be.", key(), multiple(string("element"))),
  },
  LPUSHX: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: lpushx,
    docs: docs("2.2.0", PUSHED, "Puts elements before a list that is there.", key(), multiple(string("element"))),
  },
  RPUSHX: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: rpushx,
    docs: docs("2.2.0", PUSHED, "Puts elements behind a list that is there.", key(), multiple(string("element"))),
  },
  LPOP: {
    arity: -2, flags: ["write", "fast"], keys: keyAt(1, "RW", "access", "delete"), run: lpop,
    docs: docs("1.0.0", POPPED, "Takes the first elements out of a list.", key(), since("6.2.0", optional(integer("count")))),
  },
  RPOP: {
    arity: -2, flags: ["write", "fast"], keys: keyAt(1, "RW", "access", "delete"), run: rpop,
    docs: docs("1.0.0", POPPED, "Takes the last elements out of a list.", key(), since("6.2.0", optional(integer("count")))),
  },
  LMPOP: {
    arity: -4, flags: ["write", "movablekeys"], keys: keysCountedAt(1, "RW", "access", "delete"), run: lmpop,
    docs: docs("7.0.0", "O(N+M), N being the number of keys and M that of elements answered",
      "Takes elements out of the first list that is there.", integer("numkeys"), multiple(key()), end("where"), optional(integer("count", "COUNT"))),
  },
  LMOVE: {
    arity: 5, flags: ["write", "denyoom"], keys: A_MOVE, run: lmove,
    docs: docs("6.2.0", "O(1)", "Moves an element from an end of one list to an end of another, and answers it.", key("source"), key("destination", 1),
      end("wherefrom"), end("whereto")),
  },
  RPOPLPUSH: {
    arity: 3, flags: ["write", "denyoom"], keys: A_MOVE, run: rpoplpush,
    docs: deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments",
      docs("1.2.0", "O(1)", "Moves the last element of a list to the front of another, and answers it.", key("source"), key("destination", 1))),
  },
});

const numkeysNotPositive = new ReplyError("ERR", "numkeys should be greater than 0");
const countNotPositive = new ReplyError("ERR", "count should be greater than 0");

// Pushing

function lpush(call: Call, args: Args): void {
  push(call, args, true, false);
}

function rpush(call: Call, args: Args): void {
  push(call, args, false, false);
}

function lpushx(call: Call, args: Args): void {
  push(call, args, true, true);
}

function rpushx(call: Call, args: Args): void {
  push(call, args, false, true);
}

function push(call: Call, args: Args, front: boolean, onlyIfThere: boolean): void {
  const name = args.at(1);
  let list = openList(call, name);
  if (list === null) {
    if (onlyIfThere) {
      call.reply.integer(0);
      return;
    }
    list = createList(call, name);
  }
  const { count } = args;
  let bytes = 0;
  for (let i = 2; i < count; i++) bytes += args.at(i).length;
  list.grow(bytes, count - 2);
  for (let i = 2; i < count; i++) list.push(args.at(i), front);
  call.changed(name, pushEvent(front), count - 2);
  call.reply.integer(list.length);
}

// Popping

function lpop(call: Call, args: Args): void {
  pop(call, args, true);
}

function rpop(call: Call, args: Args): void {
  pop(call, args, false);
}

function pop(call: Call, args: Args, front: boolean): void {
  const { reply } = call;
  if (args.count > 3) throw errors.wrongArgCount(call.row.name);
  const name = args.at(1);
  const count = args.count === 3 ? parseCount(args.at(2), 0, errors.notPositive) : -1;
  const list = openList(call, name);
  if (list === null) {
    if (count === -1) reply.nil();
    else reply.nilArray();
  } else if (count === -1) popElement(call, name, list, front);
  else if (count === 0) reply.array(0);
  else popElements(call, name, list, front, count);
}

/** A whole number of at least `least`. @throws error */
export function parseCount(text: Slice, least: number, error: ReplyError): number {
  const count = parseInteger(text);
  if (!(count >= least)) throw error;
  return count;
}

/** What LMPOP and BLMPOP say, from `numkeys` on. */
export interface MultiplePop {
  /** Which words are the keys. */
  firstKey: number;
  numkeys: number;
  front: boolean;
  count: number;
}

/** Reads `numkeys key [key ...] LEFT|RIGHT [COUNT count]`, to the end, from `args.position` on. */
export function parseMultiplePop(args: Args): MultiplePop {
  const numkeys = parseCount(args.next(), 1, numkeysNotPositive);
  const firstKey = args.position;
  if (numkeys >= args.left) throw errors.syntax;
  args.position += numkeys;
  const front = parseEnd(args.next());
  let count = 0;
  while (args.more) {
    if (count !== 0 || args.left < 2 || !args.take("COUNT")) throw errors.syntax;
    count = parseCount(args.next(), 1, countNotPositive);
  }
  return { firstKey, numkeys, front, count: Math.max(1, count) };
}

/** Pops from the first of the lists that is there; false, and nothing answered, if none is. */
export function popFirstFound(call: Call, args: Args, what: MultiplePop): boolean {
  const { firstKey, numkeys, front, count } = what;
  for (let i = 0; i < numkeys; i++) {
    const name = args.at(firstKey + i);
    const list = openList(call, name);
    if (list === null) continue;
    call.reply.array(2);
    call.reply.bulk(name);
    const taken = popElements(call, name, list, front, count);
    call.outcome([front ? "LPOP" : "RPOP", name, taken]);
    return true;
  }
  return false;
}

function lmpop(call: Call, args: Args): void {
  if (!popFirstFound(call, args, parseMultiplePop(args))) call.reply.nilArray();
}

// Moving

function lmove(call: Call, args: Args): void {
  const fromFront = parseEnd(args.at(3));
  const toFront = parseEnd(args.at(4));
  move(call, args, fromFront, toFront);
}

function rpoplpush(call: Call, args: Args): void {
  move(call, args, false, true);
}

function move(call: Call, args: Args, fromFront: boolean, toFront: boolean): void {
  const source = openList(call, args.at(1));
  if (source === null) call.reply.nil();
  else moveElement(call, source, args.at(1), args.at(2), fromFront, toFront);
}
