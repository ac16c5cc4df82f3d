/** Entries pending at one consumer that another takes over: XCLAIM and XAUTOCLAIM. */
import type { Slice } from "../../base/bytes.ts";
import { parseInt64, parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, integer, key, multiple, optional, string, unixTime, word } from "../docs.ts";
import {
  consumerOf,
  countChanges,
  countLookup,
  noSuchGroup,
  outcomeClaim,
  outcomeGroupId,
  quoted,
  replyEntry,
} from "./access.ts";
import { fillId, holdId, IdList, IdWord, isId, MIN_ID, parseId, parseStart, replyId } from "./ids.ts";

const claiming = { flags: ["write", "fast"], tips: ["nondeterministic_output"] } as const;

// biome-ignore format: a table
export const claimCommands = family("stream", {
  XCLAIM: {
    ...claiming, arity: -6, keys: keyAt(1, "RW", "update"), run: xclaim,
    docs: docs("5.0.0", "O(log N) for each entry, N being what is pending in the group",
      "Gives entries that are pending for long to another consumer.",
      key(), string("group"), string("consumer"), string("min-idle-time"), multiple(string("ID")),
      optional(integer("ms", "IDLE")), optional(unixTime("unix-time-milliseconds", "TIME")),
      optional(integer("count", "RETRYCOUNT")), optional(word("FORCE")), optional(word("JUSTID")),
      optional(string("lastid", "LASTID"))),
  },
  XAUTOCLAIM: {
    ...claiming, arity: -6, keys: keyAt(1, "RW", "delete"), run: xautoclaim,
    docs: docs("6.2.0", "O(1) if COUNT is small",
      "Looks for entries that are pending for long and gives them to another consumer.",
      key(), string("group"), string("consumer"), string("min-idle-time"), string("start"),
      optional(integer("count", "COUNT")), optional(word("JUSTID"))),
  },
});

const err = (text: string) => new ReplyError("ERR", text);
const badMinIdle = err("Invalid min-idle-time argument for XCLAIM");
const badMinIdleAuto = err("Invalid min-idle-time argument for XAUTOCLAIM");
const badIdle = err("Invalid IDLE option argument for XCLAIM");
const badTime = err("Invalid TIME option argument for XCLAIM");
const badRetryCount = err("Invalid RETRYCOUNT option argument for XCLAIM");
const badCount = err("COUNT must be > 0");

/** What a claim is to do with each entry. */
interface Claim {
  readonly name: Slice;
  readonly stream: Stream;
  readonly group: number;
  readonly groupName: Slice;
  consumer: number;
  /** When the entry counts as delivered. */
  timeMs: number;
  /** How often it counts as delivered; null for once more than before, or as often if only IDs are wanted. */
  retryCount: number | bigint | null;
  force: boolean;
  justId: boolean;
}

/** The stream and the group that are claimed in. @throws NOGROUP */
function openGroup(call: Call, args: Args): Claim {
  const name = args.at(1);
  const groupName = args.at(2);
  const stream = call.engine.streams.open(call.db, name);
  const group = stream === null ? 0 : stream.findGroup(groupName);
  if (stream === null || group === 0) throw noSuchGroup(name, groupName);
  const timeMs = call.now;
  return { name, stream, group, groupName, consumer: 0, timeMs, retryCount: null, force: false, justId: false };
}

function findConsumer(call: Call, claim: Claim, name: Slice): void {
  claim.consumer = consumerOf(call, claim.name, claim.stream, claim.group, name);
  claim.stream.groups.setSeen(claim.consumer, call.now);
}

/** Gives what is pending to the claim's consumer, answers it (the cursor is on its entry) and tells the replicas. */
function take(call: Call, claim: Claim, id: StreamId, idWord: Slice, pending: number): void {
  const { stream, group, consumer } = claim;
  const { groups } = stream;
  const { entries } = groups;
  entries.setTime(pending, claim.timeMs);
  if (claim.retryCount !== null) entries.setDeliveries(pending, claim.retryCount);
  else if (!claim.justId) entries.countDelivery(pending);
  groups.assign(pending, consumer);
  if (claim.justId) replyId(call.reply, id);
  else replyEntry(call.reply, stream.cursor);
  groups.setActive(consumer, call.now);
  countChanges(call, 1);
  outcomeClaim(call, claim.name, stream, group, claim.groupName, idWord, pending);
}

/** The entry is gone: nothing can be pending of it. */
function forget(call: Call, claim: Claim, idWord: Slice, pending: number): void {
  const { stream, group } = claim;
  // A replica comes to the same: it does not find the entry either.
  outcomeClaim(call, claim.name, stream, group, claim.groupName, idWord, pending);
  countChanges(call, 1);
  stream.groups.settle(group, pending);
}

// XCLAIM

const ids = new IdList();
const lastId = new StreamId();
const groupLastId = new StreamId();

function xclaim(call: Call, args: Args): void {
  countLookup(call, args.at(1));
  const claim = openGroup(call, args);
  const { stream, group } = claim;
  const { groups } = stream;
  const minIdleMs = Math.max(0, milliseconds(args.at(4), badMinIdle));
  let count = 0;
  while (5 + count < args.count && isId(args.at(5 + count), ids.at(count))) count++;
  lastId.setMin();
  parseClaimOptions(call, args, 5 + count, claim);
  call.noOutcome();
  let tellsLastId = lastId.compare(groups.lastId(group, groupLastId)) > 0;
  if (tellsLastId) groups.setLastId(group, lastId);
  findConsumer(call, claim, args.at(3));
  const begun = call.reply.begin();
  let replied = 0;
  for (let i = 0; i < count; i++) {
    const id = ids.at(i);
    const idWord = args.at(5 + i);
    let pending = groups.pendingOf(group).find(id);
    if (!stream.range(id, id).next()) {
      if (pending === 0) continue;
      forget(call, claim, idWord, pending);
      tellsLastId = false;
      continue;
    }
    if (pending === 0) {
      if (!claim.force) continue;
      pending = groups.add(group, id, call.now);
    } else if (minIdleMs > 0 && call.now - groups.entries.time(pending) < minIdleMs) continue;
    take(call, claim, id, idWord, pending);
    tellsLastId = false;
    replied++;
  }
  if (tellsLastId) {
    countChanges(call, 1);
    outcomeGroupId(call, claim.name, stream, group, claim.groupName);
  }
  call.reply.endArray(begun, replied);
}

function parseClaimOptions(call: Call, args: Args, from: number, claim: Claim): void {
  let timeMs = -1;
  args.position = from;
  while (args.more) {
    if (args.take("FORCE")) claim.force = true;
    else if (args.take("JUSTID")) claim.justId = true;
    else if (args.left >= 2 && args.take("IDLE")) timeMs = call.now - milliseconds(args.next(), badIdle);
    else if (args.left >= 2 && args.take("TIME")) timeMs = milliseconds(args.next(), badTime);
    else if (args.left >= 2 && args.take("RETRYCOUNT")) claim.retryCount = retryCount(args.next());
    else if (args.left >= 2 && args.take("LASTID")) parseId(args.next(), lastId);
    else throw err(`Unrecognized XCLAIM option '${quoted(args.next())}'`);
  }
  // A time that cannot be is taken for now: clocks of clients differ.
  claim.timeMs = timeMs < 0 || timeMs > call.now ? call.now : timeMs;
}

function milliseconds(text: Slice, error: ReplyError): number {
  const value = parseInteger(text);
  if (Number.isNaN(value)) throw error;
  return value;
}

function retryCount(text: Slice): number | bigint | null {
  const value = parseInt64(text);
  if (value === null) throw badRetryCount;
  if (value < 0n) return null;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

// XAUTOCLAIM

const DEFAULT_COUNT = 100;
/** Redis' limit, beyond which its own arithmetic would overflow. */
const MAX_COUNT = 576460752303423487n;
/** For one entry to be claimed so many are looked at. */
const ATTEMPTS = 10;

const start = new StreamId();
const current = new StreamId();
const currentWord = new IdWord();

function xautoclaim(call: Call, args: Args): void {
  countLookup(call, args.at(1));
  const minIdleMs = Math.max(0, milliseconds(args.at(4), badMinIdleAuto));
  parseStart(args.at(5), start);
  let count = DEFAULT_COUNT;
  let justId = false;
  args.position = 6;
  while (args.more) {
    if (args.left >= 2 && args.take("COUNT")) count = parseCount(args.next());
    else if (args.take("JUSTID")) justId = true;
    else throw errors.syntax;
  }
  const claim = openGroup(call, args);
  claim.justId = justId;
  call.noOutcome();
  findConsumer(call, claim, args.at(3));
  claimFrom(call, claim, minIdleMs, count);
}

function parseCount(text: Slice): number {
  const value = parseInt64(text);
  if (value === null || value < 1n || value > MAX_COUNT) throw badCount;
  return Number(value);
}

/** Answers where to go on, the entries that were claimed, and the IDs of those that are gone. */
function claimFrom(call: Call, claim: Claim, minIdleMs: number, count: number): void {
  const { reply } = call;
  const { stream, group } = claim;
  const { groups } = stream;
  const list = groups.pendingOf(group);
  const gone: StreamId[] = [];
  reply.array(3);
  const next = holdId(reply);
  const begun = reply.begin();
  let replied = 0;
  let left = count;
  let pending = list.from(start);
  for (let attempts = count * ATTEMPTS; attempts > 0 && left > 0 && pending !== 0; attempts--) {
    groups.entries.id(pending, current);
    if (!stream.range(current, current).next()) {
      forget(call, claim, currentWord.of(current), pending);
      gone.push(new StreamId().copy(current));
      left--;
      pending = list.from(current);
      continue;
    }
    if (minIdleMs === 0 || call.now - groups.entries.time(pending) >= minIdleMs) {
      take(call, claim, current, currentWord.of(current), pending);
      replied++;
      left--;
    }
    pending = list.next();
  }
  reply.endArray(begun, replied);
  fillId(reply, next, pending === 0 ? MIN_ID : groups.entries.id(pending, current));
  reply.array(gone.length);
  for (const id of gone) replyId(reply, id);
}
