/** Sets member by member: added, removed, moved, asked for, listed. */
import { matchGlob } from "../../base/glob.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { Encoding, EntryText, type SetValue } from "../../engine/set/set-value.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, integer, key, multiple, optional, pattern, string } from "../docs.ts";
import { Gathering, PATIENCE, parseCursor, parseScanOptions, type ScanOptions } from "../scan-parts.ts";
import { createSet, deleteEmpty, memberAdded, memberRemoved, readSet } from "./access.ts";

// biome-ignore format: a table
export const setMembers = family("set", {
  SADD: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: sadd,
    docs: docs("1.0.0", "O(1) for each member", "Adds members to a set.", key(), multiple(string("member"))),
  },
  SREM: {
    arity: -3, flags: ["write", "fast"], keys: keyAt(1, "RW", "delete"), run: srem,
    docs: docs("1.0.0", "O(N), N being the number of members to remove", "Removes members from a set.", key(), multiple(string("member"))),
  },
  SMOVE: {
    arity: 4, flags: ["write", "fast"], keys: [...keyAt(1, "RW", "access", "delete"), ...keyAt(2, "RW", "insert")], run: smove,
    docs: docs("1.0.0", "O(1)", "Moves a member from one set to another.", key("source"), key("destination", 1), string("member")),
  },
  SISMEMBER: {
    arity: 3, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: sismember,
    docs: docs("1.0.0", "O(1)", "Tells whether something is a member of a set.", key(), string("member")),
  },
  SMISMEMBER: {
    arity: -3, flags: ["readonly", "fast"], keys: keyAt(1, "RO", "access"), run: smismember,
    docs: docs("6.2.0", "O(N), N being the number of members asked for", "Tells of each of several whether it is a member of a set.",
      key(), multiple(string("member"))),
  },
  SCARD: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: scard,
    docs: docs("1.0.0", "O(1)", "Counts the members of a set.", key()),
  },
  SMEMBERS: {
    arity: 2, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output_order"], run: smembers,
    docs: docs("1.0.0", "O(N), N being the number of members", "Answers all members of a set.", key()),
  },
  SSCAN: {
    arity: -3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: sscan,
    docs: docs("2.8.0", "O(1) a call, O(N) for the whole walk", "Walks through the members of a set.", key(), integer("cursor"),
      optional(pattern("pattern", "MATCH")), optional(integer("count", "COUNT"))),
  },
});

function sadd(call: Call, args: Args): void {
  const { sets } = call.engine;
  const name = args.at(1);
  const { count } = args;
  let set = sets.open(call.db, name);
  if (set === null) set = createSet(call, name, args.at(2), count - 2, sets.value(0));
  else set.expect(count - 2);
  let added = 0;
  for (let i = 2; i < count; i++) if (set.add(args.at(i))) added++;
  call.changed(name, memberAdded, added);
  call.reply.integer(added);
}

function srem(call: Call, args: Args): void {
  const name = args.at(1);
  const set = call.engine.sets.open(call.db, name);
  let removed = 0;
  let emptied = false;
  for (let i = 2; set !== null && i < args.count && !emptied; i++) {
    if (!set.delete(args.at(i))) continue;
    removed++;
    emptied = set.size === 0;
  }
  call.changed(name, memberRemoved, removed);
  if (emptied) deleteEmpty(call, name);
  call.reply.integer(removed);
}

function smove(call: Call, args: Args): void {
  const { db, reply } = call;
  const { sets } = call.engine;
  const from = args.at(1);
  const to = args.at(2);
  const member = args.at(3);
  const source = sets.open(db, from, sets.value(0));
  if (source === null) {
    reply.integer(0);
    return;
  }
  let target = sets.open(db, to, sets.value(1));
  if (target !== null && target.root === source.root) {
    reply.integer(source.has(member) ? 1 : 0);
    return;
  }
  if (!source.delete(member)) {
    reply.integer(0);
    return;
  }
  call.changed(from, memberRemoved);
  if (source.size === 0) deleteEmpty(call, from);
  target ??= createSet(call, to, member, 1, sets.value(1));
  if (target.add(member)) call.changed(to, memberAdded);
  reply.integer(1);
}

function sismember(call: Call, args: Args): void {
  const set = readSet(call, args.at(1));
  call.reply.integer(set?.has(args.at(2)) ? 1 : 0);
}

function smismember(call: Call, args: Args): void {
  const set = readSet(call, args.at(1));
  call.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) call.reply.integer(set?.has(args.at(i)) ? 1 : 0);
}

function scard(call: Call, args: Args): void {
  call.reply.integer(readSet(call, args.at(1))?.size ?? 0);
}

const cursor = new SetCursor();

function smembers(call: Call, args: Args): void {
  const set = readSet(call, args.at(1));
  call.reply.set(set?.size ?? 0);
  if (set !== null) replyMembers(call, set);
}

/** Every member, behind a header that the caller has written. */
export function replyMembers({ reply }: Call, set: SetValue): void {
  cursor.start(set);
  while (cursor.next()) reply.bulk(cursor.member);
}

function sscan(call: Call, args: Args): void {
  const { reply } = call;
  const from = parseCursor(args.at(2));
  const set = readSet(call, args.at(1));
  const found = new Gathering();
  let next = 0;
  if (set !== null) {
    const options = parseScanOptions(args, 3);
    if (set.encoding === Encoding.table) next = scanTable(set, from, options, found);
    else gatherAll(set, options, found);
  }
  reply.array(2);
  reply.bulkInteger(next);
  found.reply(reply);
}

/** A small set is answered whole. */
function gatherAll(set: SetValue, { match }: ScanOptions, found: Gathering): void {
  cursor.start(set);
  while (cursor.next()) if (match === null || matchGlob(match, cursor.member)) found.add(cursor.member);
}

const scanned = new EntryText();

function scanTable(set: SetValue, from: number, { match, count }: ScanOptions, found: Gathering): number {
  let at = from;
  let seen = 0;
  let steps = count * PATIENCE;
  do {
    at = set.scan(at, (place) => {
      seen++;
      const member = set.memberAt(place, scanned);
      if (match === null || matchGlob(match, member)) found.add(member);
    });
  } while (at !== 0 && steps-- > 0 && seen < count);
  return at;
}
