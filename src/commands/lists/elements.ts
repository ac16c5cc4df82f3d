/** Lists between their ends: elements read, found, replaced, inserted and removed. */
import type { Slice } from "../../base/bytes.ts";
import { parseInt64, parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { ListValue } from "../../engine/list/list-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { docs, integer, key, oneOf, optional, string, word } from "../docs.ts";
import { finishRemoval, openList, readList } from "./access.ts";
import { parseCount } from "./ends.ts";

const FROM_NEARER_END = "O(N), N being the distance from the nearer end in nodes of some hundred elements";

// biome-ignore format: a table
export const listElements = family("list", {
  LLEN: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: llen,
    docs: docs("1.0.0", "O(1)", "Answers the length of a list.", key()),
  },
  LINDEX: {
    arity: 3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), run: lindex,
    docs: docs("1.0.0", FROM_NEARER_END, "Answers the element of an index.", key(), integer("index")),
  },
  LRANGE: {
    arity: 4, flags: ["readonly"], keys: keyAt(1, "RO", "access"), run: lrange,
    docs: docs("1.0.0", "O(S+N), S being the distance of start from the nearer end in nodes and N the number of elements answered",
      "Answers the elements from one index to another.", key(), integer("start"), integer("stop")),
  },
  LPOS: {
    arity: -3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), run: lpos,
    docs: docs("6.0.6", "O(N), N being the number of elements that are looked at", "Answers at which indexes an element is.", key(), string("element"),
      optional(integer("rank", "RANK")), optional(integer("num-matches", "COUNT")), optional(integer("len", "MAXLEN"))),
  },
  LSET: {
    arity: 4, flags: ["write", "denyoom"], keys: keyAt(1, "RW", "update"), run: lset,
    docs: docs("1.0.0", FROM_NEARER_END, "Replaces the element of an index.", key(), integer("index"), string("element")),
  },
  LINSERT: {
    arity: 5, flags: ["write", "denyoom"], keys: keyAt(1, "RW", "insert"), run: linsert,
    docs: docs("2.2.0", "O(N), N being the number of elements before the pivot", "Puts an element before or behind another one.", key(),
      oneOf("where", word("BEFORE"), word("AFTER")), string("pivot"), string("element")),
  },
  LREM: {
    arity: 4, flags: ["write"], keys: keyAt(1, "RW", "delete"), run: lrem,
    docs: docs("1.0.0", "O(N), N being the length of the list", "Takes out elements that say the same.", key(), integer("count"), string("element")),
  },
  LTRIM: {
    arity: 4, flags: ["write"], keys: keyAt(1, "RW", "delete"), run: ltrim,
    docs: docs("1.0.0", "O(N), N being the number of elements that go", "Keeps the elements from one index to another, and no others.", key(),
      integer("start"), integer("stop")),
  },
});

const replaced = event("l", "lset");
const inserted = event("l", "linsert");
const removed = event("l", "lrem");
const trimmed = event("l", "ltrim");

const rankZero = new ReplyError(
  "ERR",
  "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const countNegative = new ReplyError("ERR", "COUNT can't be negative");
const maxlenNegative = new ReplyError("ERR", "MAXLEN can't be negative");
const notNegatable = new ReplyError(
  "ERR",
  "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const INT64_MIN = -(2n ** 63n);

// Reading

function llen(call: Call, args: Args): void {
  call.reply.integer(readList(call, args.at(1))?.length ?? 0);
}

function lindex(call: Call, args: Args): void {
  const list = readList(call, args.at(1));
  if (list === null) {
    call.reply.nil();
    return;
  }
  args.position = 2;
  if (list.seek(args.integer())) call.reply.bulk(list.text());
  else call.reply.nil();
}

/** The elements from `start` up to but not with `end`; both are in the list or `end` is not above `start`. */
const range = { start: 0, end: 0 };

/** What the words for start and stop mean for a list of this length. */
function setRange(start: number, stop: number, length: number): void {
  range.start = Math.max(0, start < 0 ? start + length : start);
  range.end = Math.min(length, (stop < 0 ? stop + length : stop) + 1);
}

function lrange(call: Call, args: Args): void {
  args.position = 2;
  const start = args.integer();
  const stop = args.integer();
  const list = readList(call, args.at(1));
  const { reply } = call;
  setRange(start, stop, list?.length ?? 0);
  const count = range.end - range.start;
  if (list === null || count <= 0) {
    reply.array(0);
    return;
  }
  reply.array(count);
  list.show(range.start, count, reply);
}

interface Search {
  /** The first match that counts; negative from the end. */
  rank: number;
  /** How many matches are answered, 0 for all; -1 for one that is no array. */
  count: number;
  /** How many elements are looked at, 0 for all. */
  maxlen: number;
}

function lpos(call: Call, args: Args): void {
  const { reply } = call;
  const search = parseSearch(args);
  const list = readList(call, args.at(1));
  if (list === null) {
    if (search.count === -1) reply.nil();
    else reply.array(0);
    return;
  }
  list.lookFor(args.at(2));
  if (search.count === -1) {
    const index = nextMatch(list, search, true);
    if (index === -1) reply.nil();
    else reply.integer(index);
    return;
  }
  const begun = reply.begin();
  let found = 0;
  for (let index = nextMatch(list, search, true); index !== -1; index = nextMatch(list, search, false)) {
    reply.integer(index);
    if (++found === search.count) break;
  }
  reply.endArray(begun, found);
}

/** How far `nextMatch` has come: elements looked at, matches passed over. */
const progress = { looked: 0, more: false };

/** The index of the first match, or of the next one; -1 if there is none. */
function nextMatch(list: ListValue, search: Search, isFirst: boolean): number {
  const fromEnd = search.rank < 0;
  const most = search.maxlen === 0 ? list.length : Math.min(search.maxlen, list.length);
  let skip = isFirst ? Math.abs(search.rank) - 1 : 0;
  if (isFirst) {
    progress.looked = 0;
    progress.more = list.seek(fromEnd ? -1 : 0);
  }
  while (progress.more && progress.looked < most) {
    const index = progress.looked++;
    const matches = list.matches();
    progress.more = fromEnd ? list.back() : list.forward();
    if (matches && skip-- === 0) return fromEnd ? list.length - 1 - index : index;
  }
  return -1;
}

function parseSearch(args: Args): Search {
  const search: Search = { rank: 1, count: -1, maxlen: 0 };
  args.position = 3;
  while (args.more) {
    if (args.left >= 2 && args.take("RANK")) {
      search.rank = parseNegatable(args.next());
      if (search.rank === 0) throw rankZero;
    } else if (args.left >= 2 && args.take("COUNT")) search.count = parseCount(args.next(), 0, countNegative);
    else if (args.left >= 2 && args.take("MAXLEN")) search.maxlen = parseCount(args.next(), 0, maxlenNegative);
    else throw errors.syntax;
  }
  return search;
}

/** A whole number whose negative is one too. */
function parseNegatable(word: Slice): number {
  const value = parseInteger(word);
  if (Number.isNaN(value)) throw errors.notInteger;
  if (value <= Number(INT64_MIN) && parseInt64(word) === INT64_MIN) throw notNegatable;
  return value;
}

// Changing

function lset(call: Call, args: Args): void {
  const name = args.at(1);
  const value = args.at(3);
  const list = openList(call, name);
  if (list === null) throw errors.noSuchKey;
  args.position = 2;
  const index = args.integer();
  list.grow(value.length, 1);
  if (!list.seek(index)) throw errors.indexOutOfRange;
  list.replace(value);
  list.shrink();
  call.changed(name, replaced);
  call.reply.ok();
}

function linsert(call: Call, args: Args): void {
  const name = args.at(1);
  const behind = args.at(2).is("AFTER");
  if (!behind && !args.at(2).is("BEFORE")) throw errors.syntax;
  const list = openList(call, name);
  if (list === null) {
    call.reply.integer(0);
    return;
  }
  const value = args.at(4);
  list.grow(value.length, 1);
  list.lookFor(args.at(3));
  if (!list.seek(0) || !list.findForward()) {
    call.reply.integer(-1);
    return;
  }
  list.insert(value, behind);
  call.changed(name, inserted);
  call.reply.integer(list.length);
}

function lrem(call: Call, args: Args): void {
  const name = args.at(1);
  const count = parseNegatable(args.at(2));
  const list = openList(call, name);
  if (list === null) {
    call.reply.integer(0);
    return;
  }
  const most = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
  const gone = list.remove(args.at(3), most, count < 0);
  if (gone > 0) {
    call.changed(name, removed, gone);
    finishRemoval(call, name, list);
  }
  call.reply.integer(gone);
}

function ltrim(call: Call, args: Args): void {
  const name = args.at(1);
  args.position = 2;
  const start = args.integer();
  const stop = args.integer();
  const list = openList(call, name);
  call.reply.ok();
  if (list === null) return;
  const { length } = list;
  setRange(start, stop, length);
  const { lists, lazyfree } = call.engine;
  const kept = Math.max(0, range.end - range.start);
  if (kept === 0) lists.removeRange(list, 0, length, lazyfree);
  else {
    lists.removeRange(list, range.end, length - range.end, lazyfree);
    lists.removeRange(list, 0, range.start, lazyfree);
  }
  // The event comes even if nothing went, as in Redis.
  if (kept === length) call.notify(name, trimmed);
  else call.changed(name, trimmed, length - kept);
  finishRemoval(call, name, list);
}
