/** Intersections, unions and differences of sets: answered, counted, or kept under a key. */
import type { Slice } from "../../base/bytes.ts";
import { Int64 } from "../../base/int64.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { TYPES } from "../../engine/entry.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { Encoding, type SetValue } from "../../engine/set/set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, type KeyEvent, keyAt, keysCountedAt, keysFrom } from "../call.ts";
import { docs, integer, key, multiple, optional } from "../docs.ts";
import { created, deleted } from "../keyspace.ts";
import { readSet } from "./access.ts";
import { replyMembers } from "./members.ts";

const sources = keysFrom(1, ["RO", "access"]);
const UNORDERED = ["nondeterministic_output_order"];
const OF_ALL = "O(N), N being the number of members of all sets";
const OF_SMALLEST = "O(N*M) at worst, N being the number of members of the smallest set and M the number of sets";

// biome-ignore format: a table
export const setAlgebra = family("set", {
  SINTER: {
    arity: -2, flags: ["readonly"], keys: sources, tips: UNORDERED, run: sinter,
    docs: docs("1.0.0", OF_SMALLEST, "Answers the members that several sets have in common.", multiple(key())),
  },
  SINTERCARD: {
    arity: -3, flags: ["readonly"], keys: keysCountedAt(1, "RO", "access"), run: sintercard,
    docs: docs("7.0.0", OF_SMALLEST, "Counts the members that several sets have in common.", integer("numkeys"), multiple(key()),
      optional(integer("limit", "LIMIT"))),
  },
  SINTERSTORE: {
    arity: -3, flags: ["write", "denyoom"], keys: [...keyAt(1, "RW", "update"), ...keysFrom(2, ["RO", "access"])], run: sinterstore,
    docs: docs("1.0.0", OF_SMALLEST, "Keeps the members that several sets have in common.", key("destination"), multiple(key("key", 1))),
  },
  SUNION: {
    arity: -2, flags: ["readonly"], keys: sources, tips: UNORDERED, run: sunion,
    docs: docs("1.0.0", OF_ALL, "Answers the members of several sets.", multiple(key())),
  },
  SUNIONSTORE: {
    arity: -3, flags: ["write", "denyoom"], keys: [...keyAt(1, "OW", "update"), ...keysFrom(2, ["RO", "access"])], run: sunionstore,
    docs: docs("1.0.0", OF_ALL, "Keeps the members of several sets.", key("destination"), multiple(key("key", 1))),
  },
  SDIFF: {
    arity: -2, flags: ["readonly"], keys: sources, tips: UNORDERED, run: sdiff,
    docs: docs("1.0.0", OF_ALL, "Answers the members of a set that the others do not have.", multiple(key())),
  },
  SDIFFSTORE: {
    arity: -3, flags: ["write", "denyoom"], keys: [...keyAt(1, "OW", "update"), ...keysFrom(2, ["RO", "access"])], run: sdiffstore,
    docs: docs("1.0.0", OF_ALL, "Keeps the members of a set that the others do not have.", key("destination"), multiple(key("key", 1))),
  },
});

const intersected = event("s", "sinterstore");
const united = event("s", "sunionstore");
const subtracted = event("s", "sdiffstore");

const numkeysNotPositive = new ReplyError("ERR", "numkeys should be greater than 0");
const tooManyKeys = new ReplyError("ERR", "Number of keys can't be greater than number of args");
const negativeLimit = new ReplyError("ERR", "LIMIT can't be negative");

const cursor = new SetCursor();
const number = new Int64();
/** With so many members it is guessed how many a result will have, and it gets its room at once. */
const MANY = 1024;
/** Of the flyweights, the one for results; sources have those from 1 on. */
const RESULT = 0;

/** The sets named by `count` words from `first` on; null for keys that are not there. @throws errors.wrongType */
function readSources(call: Call, args: Args, first: number, count = args.count - first): (SetValue | null)[] {
  const found: (SetValue | null)[] = [];
  for (let i = 0; i < count; i++) found.push(readSet(call, args.at(first + i), call.engine.sets.value(1 + i)));
  return found;
}

function create(call: Call, encoding: number): SetValue {
  return call.engine.sets.create(encoding, call.engine.sets.value(RESULT));
}

// Intersections

/**
 * Shows `visit` what the sets have in common, until it returns false: the members of the smallest are looked for in the others. From
 * how many it has found by then `expected` guesses how many there will be.
 * @returns  the smallest set; null if one of them has no members
 */
function intersect(
  sets: readonly (SetValue | null)[],
  visit: (member: Slice, hash: number | undefined, expected: (found: number) => number) => boolean,
): SetValue | null {
  const whole = sets.filter((set) => set !== null);
  if (whole.length < sets.length) return null;
  const [smallest, ...larger] = whole.sort((a, b) => a.size - b.size);
  const others = larger.filter((set) => set.root !== smallest!.root);
  const isHashed = others.some(isTable) || isTable(smallest!);
  const { size } = smallest!;
  let seen = 0;
  const expected = (found: number) => Math.ceil((found / seen) * size);
  cursor.start(smallest!);
  while (cursor.next()) {
    const { member } = cursor;
    const hash = isHashed ? cursor.hash : undefined;
    seen++;
    if (isInAll(others, member, hash) && !visit(member, hash, expected)) break;
  }
  return smallest!;
}

function isTable(set: SetValue): boolean {
  return set.encoding === Encoding.table;
}

function isInAll(sets: readonly SetValue[], member: Slice, hash: number | undefined): boolean {
  for (const set of sets) if (!set.has(member, hash)) return false;
  return true;
}

function isInAny(sets: readonly SetValue[], member: Slice, hash: number | undefined): boolean {
  for (const set of sets) if (set.has(member, hash)) return true;
  return false;
}

function sinter(call: Call, args: Args): void {
  const sets = readSources(call, args, 1);
  const { reply } = call;
  const begun = reply.begin();
  let count = 0;
  intersect(sets, (member) => {
    reply.bulk(member);
    count++;
    return true;
  });
  reply.endSet(begun, count);
}

function sintercard(call: Call, args: Args): void {
  const numkeys = parseInteger(args.at(1));
  if (!(numkeys > 0)) throw numkeysNotPositive;
  if (numkeys > args.count - 2) throw tooManyKeys;
  let limit = 0;
  args.position = 2 + numkeys;
  while (args.more) {
    if (args.left < 2 || !args.take("LIMIT")) throw errors.syntax;
    limit = args.integer(negativeLimit);
    if (limit < 0) throw negativeLimit;
  }
  let count = 0;
  intersect(readSources(call, args, 2, numkeys), () => ++count !== limit);
  call.reply.integer(count);
}

function sinterstore(call: Call, args: Args): void {
  const sets = readSources(call, args, 2);
  const { engine } = call;
  const isIntset = sets.some((set) => set?.encoding === Encoding.intset);
  let result: SetValue | null = null;
  let onlyIntegers = true;
  const smallest = intersect(sets, (member, hash, expected) => {
    onlyIntegers &&= number.parse(member.bytes, member.start, member.end);
    result ??= create(call, isIntset && onlyIntegers ? Encoding.intset : Encoding.listpack);
    result.addNew(member, hash);
    if (result.size === MANY && isTable(result)) result.table.reserve(expected(MANY));
    return true;
  });
  if (result !== null && isTable(result)) (result as SetValue).table.settle();
  const kept = smallest === null ? null : (result as SetValue | null);
  if (kept !== null && onlyIntegers) engine.sets.makeIntset(kept);
  store(call, args.at(1), kept, intersected);
}

// Unions

function sunion(call: Call, args: Args): void {
  const sets = readSources(call, args, 1);
  const there = sets.filter((set) => set !== null);
  if (there.length === 1) {
    call.reply.set(there[0]!.size);
    replyMembers(call, there[0]!);
  } else replyAndDrop(call, unite(call, sets));
}

function sunionstore(call: Call, args: Args): void {
  store(call, args.at(1), unite(call, readSources(call, args, 2)), united);
}

function unite(call: Call, sets: readonly (SetValue | null)[]): SetValue {
  const { setMaxIntsetEntries, setMaxListpackEntries } = call.engine.policy;
  let largest: SetValue | null = null;
  for (const set of sets) if (set !== null && set.size > (largest?.size ?? 0)) largest = set;
  const isLarge =
    largest !== null && isTable(largest) && largest.size > Math.max(setMaxIntsetEntries, setMaxListpackEntries);
  const result = create(call, isLarge ? Encoding.table : Encoding.intset);
  // The result will be a table whatever else there is: it begins as a copy of the largest.
  if (isLarge) result.table.copy(largest!.table);
  for (const set of sets) if (set !== null && !(isLarge && set.root === largest!.root)) addAll(result, set);
  return result;
}

function addAll(result: SetValue, set: SetValue): void {
  const isHashed = isTable(set);
  cursor.start(set);
  while (cursor.next()) result.add(cursor.member, isHashed ? cursor.hash : undefined);
}

function replyAndDrop(call: Call, result: SetValue): void {
  call.reply.set(result.size);
  replyMembers(call, result);
  drop(call, result);
}

/** Frees a result that no key gets: in slices, if it is large. */
function drop(call: Call, result: SetValue): void {
  call.engine.dropContainer(TYPES.indexOf("set"), result.root, false);
}

// Differences

function sdiff(call: Call, args: Args): void {
  replyAndDrop(call, subtract(call, readSources(call, args, 1)));
}

function sdiffstore(call: Call, args: Args): void {
  store(call, args.at(1), subtract(call, readSources(call, args, 2)), subtracted);
}

/**
 * The members of the first set that no other has. There are two ways, and the work that each has to do tells which: to look
 * for each member of the first in the others, or to take all members of the others out of a copy of the first.
 */
function subtract(call: Call, sets: readonly (SetValue | null)[]): SetValue {
  const result = create(call, Encoding.intset);
  const [first, ...others] = sets;
  const there = others.filter((set) => set !== null);
  if (first === null || first === undefined || there.some((set) => set.root === first.root)) return result;
  const sizeOfFirst = first.size;
  const lookUps = sizeOfFirst * (1 + there.length);
  const removals = there.reduce((sum, set) => sum + set.size, sizeOfFirst);
  if (lookUps / 2 <= removals) subtractByLookUps(result, first, there);
  else subtractByRemovals(result, first, there);
  return result;
}

function subtractByLookUps(result: SetValue, first: SetValue, others: SetValue[]): void {
  // The largest is the most likely to have it.
  others.sort((a, b) => b.size - a.size);
  const isHashed = isTable(first) || others.some(isTable);
  cursor.start(first);
  while (cursor.next()) {
    const { member } = cursor;
    const hash = isHashed ? cursor.hash : undefined;
    if (!isInAny(others, member, hash)) result.addNew(member, hash);
  }
}

function subtractByRemovals(result: SetValue, first: SetValue, others: readonly SetValue[]): void {
  addAll(result, first);
  for (const set of others) {
    const isHashed = isTable(set);
    cursor.start(set);
    while (cursor.next()) result.delete(cursor.member, isHashed ? cursor.hash : undefined);
    if (result.size === 0) return;
  }
}

/** Keeps a result under a key, in the place of what is there, or deletes the key if it has no members. */
function store(call: Call, name: Slice, result: SetValue | null, event: KeyEvent): void {
  const { db, reply } = call;
  const size = result?.size ?? 0;
  if (result !== null && size > 0) {
    const existed = db.has(name);
    db.setRoot(name, "set", result.root);
    if (!existed) call.notify(name, created);
    call.changed(name, event);
  } else {
    if (result !== null) drop(call, result);
    if (db.delete(name)) call.changed(name, deleted);
  }
  reply.integer(size);
}
