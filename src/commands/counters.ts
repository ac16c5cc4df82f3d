/** Strings as numbers: whole ones of 64 bits, and long doubles. */
import { Slice } from "../base/bytes.ts";
import { addLongDouble, addShort, formatLongDouble, parseLongDouble } from "../base/long-double.ts";
import { parseInt64, parseInteger, writeInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { StringValue } from "../engine/string-value.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt } from "./call.ts";
import { docs, double, integer, key } from "./docs.ts";
import { storeString } from "./keyspace.ts";
import { outcomeSetKeepTtl } from "./outcome-forms.ts";

const keys = keyAt(1, "RW", "access", "update");

// biome-ignore format: a table
export const counters = family("string", {
  INCR: {
    arity: 2, flags: ["write", "denyoom", "fast"], keys, run: incr,
    docs: docs("1.0.0", "O(1)", "Adds one to a whole number; a missing key counts as 0.", key()),
  },
  DECR: {
    arity: 2, flags: ["write", "denyoom", "fast"], keys, run: decr,
    docs: docs("1.0.0", "O(1)", "Takes one from a whole number; a missing key counts as 0.", key()),
  },
  INCRBY: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys, run: incrby,
    docs: docs("1.0.0", "O(1)", "Adds to a whole number; a missing key counts as 0.", key(), integer("increment")),
  },
  DECRBY: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys, run: decrby,
    docs: docs("1.0.0", "O(1)", "Takes from a whole number; a missing key counts as 0.", key(), integer("decrement")),
  },
  INCRBYFLOAT: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys, run: incrbyfloat,
    docs: docs("2.6.0", "O(1)", "Adds to a number with a fraction; a missing key counts as 0.", key(), double("increment")),
  },
});

const incremented = event("$", "incrby");
const incrementedByFloat = event("$", "incrbyfloat");
const decrementOverflow = new ReplyError("ERR", "decrement would overflow");

/** Up to here `parseInteger` and sums of two are exact. */
const SMALL = 1e15;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

const digits = new Uint8Array(24);
const text = new Slice(digits);

function incr(call: Call, args: Args): void {
  add(call, args.at(1), 1);
}

function decr(call: Call, args: Args): void {
  add(call, args.at(1), -1);
}

function incrby(call: Call, args: Args): void {
  const increment = parseInteger(args.at(2));
  if (Math.abs(increment) < SMALL) add(call, args.at(1), increment);
  else add(call, args.at(1), exactly(args.at(2)));
}

function decrby(call: Call, args: Args): void {
  const decrement = exactly(args.at(2));
  if (decrement === INT64_MIN) throw decrementOverflow;
  if (decrement > -SMALL && decrement < SMALL) add(call, args.at(1), -Number(decrement));
  else add(call, args.at(1), -decrement);
}

function exactly(number: Slice): bigint {
  const value = parseInt64(number);
  if (value === null) throw errors.notInteger;
  return value;
}

/** Adds to the number at `name`: as doubles while that is exact, which it nearly always is. */
function add(call: Call, name: Slice, increment: number | bigint): void {
  if (typeof increment === "number") {
    const sum = call.db.addInPlace(name, increment);
    if (!Number.isNaN(sum)) {
      call.changed(name, incremented);
      call.reply.integer(sum);
      return;
    }
  }
  const value = call.db.openString(name);
  const current = value === null ? 0 : parseInteger(value);
  if (Number.isNaN(current)) throw errors.notInteger;
  if (typeof increment === "number" && Math.abs(current) < SMALL) {
    const sum = current + increment;
    text.end = writeInteger(sum, digits, 0);
    replaceNumber(call, name, value, text);
    call.reply.integer(sum);
    return;
  }
  const sum = (value === null ? 0n : exactly(value)) + BigInt(increment);
  if (sum > INT64_MAX || sum < INT64_MIN) throw errors.overflow;
  replaceNumber(call, name, value, Slice.of(String(sum)));
  call.reply.integer(sum);
}

function replaceNumber(call: Call, name: Slice, value: StringValue | null, number: Slice): void {
  if (value === null) storeString(call, name, number);
  else value.replace(number, true);
  call.changed(name, incremented);
}

function incrbyfloat(call: Call, args: Args): void {
  const name = args.at(1);
  const value = call.db.openString(name);
  const sum = Slice.of(addFloats(value === null ? "0" : value.latin1(), args.at(2).latin1()));
  if (value === null) storeString(call, name, sum);
  // It is kept as text even if it is whole.
  (value ?? call.db.openString(name)!).replace(sum, false);
  call.changed(name, incrementedByFloat);
  call.reply.bulk(sum);
  // As a SET, so that no other machine's arithmetic makes another number of it.
  outcomeSetKeepTtl(call, name, sum);
}

function addFloats(a: string, b: string): string {
  const short = addShort(a, b);
  if (short !== null) return short;
  const left = parseLongDouble(a);
  const right = parseLongDouble(b);
  if (left === null || right === null) throw errors.notFloat;
  const sum = addLongDouble(left, right);
  if (sum === null || typeof sum === "string") throw errors.notFinite;
  return formatLongDouble(sum);
}
