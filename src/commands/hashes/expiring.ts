/** Fields that expire (Redis 7.4): HEXPIRE and its sisters, HPERSIST. */
import type { Slice } from "../../base/bytes.ts";
import { parseInt64, parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { HashValue } from "../../engine/hash/hash-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, type Handler, keyAt, type RowDeclaration } from "../call.ts";
import {
  block,
  type docs as Docs,
  docs,
  integer,
  key,
  multiple,
  oneOf,
  optional,
  string,
  unixTime,
  word,
} from "../docs.ts";
import { isPast } from "../keyspace.ts";
import { deleteIfEmpty, fieldsDeleted } from "./fields.ts";
import { outcomeFieldDeleted, outcomeFieldsExpireAt } from "./outcomes.ts";

const complexity = "O(N), N being the number of fields";
const fields = block("fields", "FIELDS", integer("numfields"), multiple(string("field")));
const condition = optional(oneOf("condition", word("NX"), word("XX"), word("GT"), word("LT")));

function expiring(summary: string, time: Parameters<typeof Docs>[3], run: Handler): RowDeclaration {
  return {
    arity: -6,
    flags: ["write", "denyoom", "fast"],
    keys: keyAt(1, "RW", "update"),
    run,
    docs: docs("7.4.0", complexity, summary, key(), time, condition, fields),
  };
}

// biome-ignore format: a table
export const fieldExpiry = family("hash", {
  HEXPIRE: expiring("Lets fields of a hash expire in so many seconds.", integer("seconds"), expireIn(1000)),
  HPEXPIRE: expiring("Lets fields of a hash expire in so many milliseconds.", integer("milliseconds"), expireIn(1)),
  HEXPIREAT: expiring("Lets fields of a hash expire at a unix time in seconds.", unixTime("unix-time-seconds"), expireAt(1000)),
  HPEXPIREAT: expiring("Lets fields of a hash expire at a unix time in milliseconds.", unixTime("unix-time-milliseconds"), expireAt(1)),
  HPERSIST: {
    arity: -5, flags: ["write", "fast"], keys: keyAt(1, "RW", "update"), run: hpersist,
    docs: docs("7.4.0", complexity, "Drops the expiry of fields of a hash.", key(), fields),
  },
});

const expirySet = event("h", "hexpire");
const expiryDropped = event("h", "hpersist");
const fieldsMissing = new ReplyError("ERR", "Mandatory argument FIELDS is missing or not at the right position");
const countMismatch = new ReplyError("ERR", "The `numfields` parameter must match the number of arguments");
const countNotPositive = new ReplyError("ERR", "Number of fields must be a positive integer");
const numFieldsNotPositive = new ReplyError("ERR", "Parameter `numFields` should be greater than 0");
const negativeTime = new ReplyError("ERR", "invalid expire time, must be >= 0");

/** Redis keeps 46 bits of such times. */
const MAX_TIME = 0x3fffffffffff;
const INT64_MAX = 9223372036854775807n;

const NO_FIELD = -2;
const NO_EXPIRY = -1;
const NOT_MET = 0;
const SET = 1;
const DELETED = 2;

function expireIn(unitMs: 1 | 1000): Handler {
  return (call, args) => expire(call, args, unitMs, call.now);
}

function expireAt(unitMs: 1 | 1000): Handler {
  return (call, args) => expire(call, args, unitMs, 0);
}

function expire(call: Call, args: Args, unitMs: 1 | 1000, baseMs: number): void {
  const name = args.at(1);
  const { hashes } = call.engine;
  // Before all else, as in Redis: a key of another type is the first error.
  const hash = hashes.open(call.db, name);
  const at = parseFieldTime(call, args.at(2), unitMs, baseMs);
  const given = args.at(3);
  const isConditional = given.is("NX") || given.is("XX") || given.is("GT") || given.is("LT");
  const first = parseFields(args, isConditional ? 4 : 3, numFieldsNotPositive);
  if (hash === null) {
    replyNoFields(call, args.count - first);
    return;
  }
  hashes.makeExpiring(call.db, name, hash);
  const set: Slice[] = [];
  let deleted = 0;
  call.reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const result = expireField(call, hash, args.at(i), at, isConditional ? given : null);
    if (result === SET) set.push(args.at(i));
    else if (result === DELETED) {
      deleted++;
      outcomeFieldDeleted(call, name, args.at(i));
    }
    call.reply.integer(result);
  }
  if (set.length > 0) outcomeFieldsExpireAt(call, name, at, isConditional ? given : null, set);
  if (set.length + deleted === 0) return;
  call.engine.stats.expiredFields += deleted;
  call.changed(name, deleted > 0 ? fieldsDeleted : expirySet, set.length + deleted);
  deleteIfEmpty(call, name, hash);
}

function expireField(call: Call, hash: HashValue, field: Slice, at: number, when: Slice | null): number {
  if (!hash.find(field)) return NO_FIELD;
  if (when !== null && !isMet(when, hash.expireAt(), at)) return NOT_MET;
  if (isPast(call, at)) {
    hash.remove();
    return DELETED;
  }
  hash.setExpireAt(at);
  return SET;
}

/** @param before  when the field expires so far; 0 for never, which is later than any time */
function isMet(when: Slice, before: number, at: number): boolean {
  if (when.is("NX")) return before === 0;
  if (when.is("XX")) return before !== 0;
  if (when.is("GT")) return before !== 0 && at > before;
  return before === 0 || at < before;
}

function hpersist(call: Call, args: Args): void {
  const name = args.at(1);
  const hash = call.engine.hashes.open(call.db, name);
  const first = parseFields(args, 2, countNotPositive);
  if (hash === null) {
    replyNoFields(call, args.count - first);
    return;
  }
  let changed = 0;
  call.reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const time = fieldTime(call, hash, args.at(i));
    if (time > 0) {
      hash.setExpireAt(0);
      changed = 1;
    }
    call.reply.integer(time > 0 ? SET : time);
  }
  call.changed(name, expiryDropped, changed);
  call.engine.hashes.settle(call.db, hash);
}

/** When a field expires, which is then the current one; NO_FIELD or NO_EXPIRY. */
export function fieldTime(call: Call, hash: HashValue, field: Slice): number {
  if (!hash.find(field)) return NO_FIELD;
  const time = hash.expireAt();
  if (time === 0) return NO_EXPIRY;
  return time < call.now && call.engine.expiryMode !== "keep" ? NO_FIELD : time;
}

/** What a key that is not there answers. */
export function replyNoFields({ reply }: Call, count: number): void {
  reply.array(count);
  for (let i = 0; i < count; i++) reply.integer(NO_FIELD);
}

/** FIELDS numfields field ..., from the word at `position` on; returns where the fields begin. */
export function parseFields(args: Args, position: number, notPositive: ReplyError = countNotPositive): number {
  if (!args.at(position).is("FIELDS")) throw fieldsMissing;
  // There may be no word at all behind it.
  const count = position + 1 < args.count ? parseInteger(args.at(position + 1)) : Number.NaN;
  if (Number.isNaN(count) || count < 1) throw notPositive;
  if (count !== args.count - position - 2) throw countMismatch;
  return position + 2;
}

/** @throws errors.notInteger, errors.invalidExpire */
function parseFieldTime(call: Call, text: Slice, unitMs: 1 | 1000, baseMs: number): number {
  const value = parseInt64(text);
  if (value === null) throw errors.notInteger;
  if (value < 0n) throw negativeTime;
  if (value > INT64_MAX / 1000n || Number(value) * unitMs > MAX_TIME - baseMs)
    throw errors.invalidExpire(call.row.name);
  return Number(value) * unitMs + baseMs;
}
