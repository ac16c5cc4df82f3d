/** When keys end: setting, asking for and dropping their expiry. */
import type { Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt } from "./call.ts";
import { docs, integer, key, oneOf, optional, since, unixTime, word } from "./docs.ts";
import { deleted, expirySet, isPast, missed, parseTime } from "./keyspace.ts";
import { outcomeDel, outcomeExpireAt } from "./outcome-forms.ts";

const condition = since("7.0.0", optional(oneOf("condition", word("NX"), word("XX"), word("GT"), word("LT"))));
const setting = { arity: -3, flags: ["write", "fast"], keys: keyAt(1, "RW", "update") } as const;
const asking = { arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO", "access") } as const;
const tips = ["nondeterministic_output"];

// biome-ignore format: a table
export const expiry = family("generic", {
  EXPIRE: { ...setting, run: (call, args) => expire(call, args, 1000, call.now),
    docs: docs("1.0.0", "O(1)", "Lets a key end in so many seconds.", key(), integer("seconds"), condition) },
  PEXPIRE: { ...setting, run: (call, args) => expire(call, args, 1, call.now),
    docs: docs("2.6.0", "O(1)", "Lets a key end in so many milliseconds.", key(), integer("milliseconds"), condition) },
  EXPIREAT: { ...setting, run: (call, args) => expire(call, args, 1000, 0),
    docs: docs("1.2.0", "O(1)", "Lets a key end at a unix time.", key(), unixTime("unix-time-seconds"), condition) },
  PEXPIREAT: { ...setting, run: (call, args) => expire(call, args, 1, 0),
    docs: docs("2.6.0", "O(1)", "Lets a key end at a unix time in milliseconds.", key(), unixTime("unix-time-milliseconds"), condition) },
  TTL: { ...asking, tips, run: (call, args) => ask(call, args, 1000, call.now),
    docs: docs("1.0.0", "O(1)", "Answers how many seconds a key still has.", key()) },
  PTTL: { ...asking, tips, run: (call, args) => ask(call, args, 1, call.now),
    docs: docs("2.6.0", "O(1)", "Answers how many milliseconds a key still has.", key()) },
  EXPIRETIME: { ...asking, run: (call, args) => ask(call, args, 1000, 0),
    docs: docs("7.0.0", "O(1)", "Answers the unix time at which a key ends.", key()) },
  PEXPIRETIME: { ...asking, run: (call, args) => ask(call, args, 1, 0),
    docs: docs("7.0.0", "O(1)", "Answers the unix time in milliseconds at which a key ends.", key()) },
  PERSIST: { arity: 2, flags: ["write", "fast"], keys: keyAt(1, "RW", "update"), run: persist,
    docs: docs("2.2.0", "O(1)", "Drops the expiry of a key.", key()) },
});

const persisted = event("g", "persist");

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;

const notWithNx = new ReplyError("ERR", "NX and XX, GT or LT options at the same time are not compatible");
const notGtAndLt = new ReplyError("ERR", "GT and LT options at the same time are not compatible");

/** @param unitMs  what the argument counts, from `baseMs` on */
function expire(call: Call, args: Args, unitMs: 1 | 1000, baseMs: number): void {
  const { db } = call;
  const name = args.at(1);
  const conditions = args.count > 3 ? parseConditions(args) : 0;
  const expireAt = parseTime(call, args.at(2), unitMs, baseMs, false);
  if (conditions !== 0 && !holds(conditions, db.expireAt(name), expireAt)) {
    call.reply.integer(0);
    return;
  }
  if (isPast(call, expireAt)) {
    deleteAtOnce(call, name);
    return;
  }
  const isSet = db.setExpire(name, expireAt);
  call.reply.integer(isSet ? 1 : 0);
  if (!isSet) return;
  call.changed(name, expirySet);
  outcomeExpireAt(call, name, expireAt, conditions === 0 ? undefined : args.slots.slice(3, args.count));
}

function deleteAtOnce(call: Call, name: Slice): void {
  const lazy = call.engine.policy.lazyfreeLazyExpire;
  const existed = lazy ? call.db.unlink(name) : call.db.delete(name);
  call.reply.integer(existed ? 1 : 0);
  if (!existed) return;
  call.changed(name, deleted);
  outcomeDel(call, name, lazy);
}

function parseConditions(args: Args): number {
  let conditions = 0;
  args.position = 3;
  while (args.more) {
    if (args.take("NX")) conditions |= NX;
    else if (args.take("XX")) conditions |= XX;
    else if (args.take("GT")) conditions |= GT;
    else if (args.take("LT")) conditions |= LT;
    else throw new ReplyError("ERR", `Unsupported option ${args.next().quotable()}`);
  }
  if ((conditions & NX) !== 0 && conditions !== NX) throw notWithNx;
  if ((conditions & GT) !== 0 && (conditions & LT) !== 0) throw notGtAndLt;
  return conditions;
}

/**
 * Whether the expiry may be set; no expiry counts as one that never comes.
 * @param current  as `Database.expireAt` answers
 */
function holds(conditions: number, current: number, next: number): boolean {
  if (current === -2) return false;
  const isNone = current === -1;
  if ((conditions & NX) !== 0 && !isNone) return false;
  if ((conditions & XX) !== 0 && isNone) return false;
  if ((conditions & GT) !== 0 && (isNone || next <= current)) return false;
  return (conditions & LT) === 0 || isNone || next < current;
}

function ask(call: Call, args: Args, unitMs: 1 | 1000, baseMs: number): void {
  const { db, reply } = call;
  const name = args.at(1);
  if (!db.exists(name)) {
    call.notify(name, missed);
    reply.integer(-2);
    return;
  }
  const expireAt = db.expireAt(name);
  if (expireAt < 0) reply.integer(-1);
  else {
    const ms = Math.max(0, expireAt - baseMs);
    reply.integer(unitMs === 1 ? ms : Math.floor((ms + 500) / 1000));
  }
}

function persist(call: Call, args: Args): void {
  const dropped = call.db.persist(args.at(1));
  if (dropped) call.changed(args.at(1), persisted);
  call.reply.integer(dropped ? 1 : 0);
}
