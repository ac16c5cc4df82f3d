/** What the families of keys and strings share: the events of keys, and looking up and storing with the events that it causes. */
import type { Slice } from "../base/bytes.ts";
import { parseInt64, parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { StringValue } from "../engine/string-value.ts";
import { type Call, event } from "./call.ts";

/** A key that was not there was created, or was looked for. */
export const created = event("n", "new");
export const missed = event("m", "keymiss");

export const deleted = event("g", "del");
export const expirySet = event("g", "expire");
export const stringSet = event("$", "set");

/** The string at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readString(call: Call, key: Slice): StringValue | null {
  const value = call.db.getString(key);
  if (value === null) call.notify(key, missed);
  return value;
}

/** Makes `key` this string; what it was and, unless `keepTtl`, its expiry are gone. The caller says what changed. */
export function storeString(call: Call, key: Slice, value: Slice, keepTtl = false, expireAt = -1): void {
  if (call.db.setString(key, value, keepTtl, expireAt)) call.notify(key, created);
}

/** A string of zero bytes, to be filled in; what was at `key` is gone. */
export function createString(call: Call, key: Slice, length: number): StringValue {
  const existed = call.db.has(key);
  const value = call.db.createString(key, length);
  if (!existed) call.notify(key, created);
  return value;
}

/** @throws errors.stringTooLong for more than proto-max-bulk-len; our primary may send longer ones */
export function checkStringLength(call: Call, length: number): void {
  if (length > call.engine.policy.protoMaxBulkLen && !call.session.fromPrimary) throw errors.stringTooLong;
}

/** Whether a key given this expiry is to be deleted at once. A replica leaves that to its primary. */
export function isPast(call: Call, atMs: number): boolean {
  return atMs <= call.now && call.engine.expiryMode === "delete";
}

/** Up to here a number of any unit we multiply or add to stays exact. */
const SMALL = 9e12;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/**
 * A time as unix milliseconds. One beyond the year 287,000 is kept as that, since a double holds no later one exactly.
 * @param unitMs  what `text` counts
 * @param baseMs  what it counts from: now, or 0 for unix time
 * @throws  errors.notInteger; errors.invalidExpire for what does not fit 64 bits or, if `positive`, is not above zero
 */
export function parseTime(call: Call, text: Slice, unitMs: 1 | 1000, baseMs: number, positive: boolean): number {
  const value = parseInteger(text);
  if (Math.abs(value) < SMALL && (value > 0 || !positive)) return value * unitMs + baseMs;
  if (Number.isNaN(value)) throw errors.notInteger;
  const exact = parseInt64(text)! * BigInt(unitMs);
  if ((positive && value <= 0) || exact < INT64_MIN || exact > INT64_MAX - BigInt(baseMs))
    throw errors.invalidExpire(call.row.name);
  return Math.min(Number(exact) + baseMs, Number.MAX_SAFE_INTEGER);
}

/** A whole number of 32 bits, as Redis reads the numbers of databases. */
export function parseInt32(text: Slice, error?: ReplyError): number {
  const value = parseInteger(text);
  if (Number.isNaN(value)) throw error ?? errors.notInteger;
  if (value < -0x80000000 || value > 0x7fffffff) throw error ?? notInt32;
  return value;
}

const notInt32 = new ReplyError("ERR", "value is out of range, value must between -2147483648 and 2147483647");
