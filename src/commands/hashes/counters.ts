/** Fields as numbers: whole ones of 64 bits, and long doubles. */
import { Slice } from "../../base/bytes.ts";
import { addLongDouble, addShort, formatLongDouble, parseLongDouble } from "../../base/long-double.ts";
import { parseInt64, parseInteger, writeInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { HashValue } from "../../engine/hash/hash-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { docs, double, integer, key, string } from "../docs.ts";
import { createHash, findField } from "./fields.ts";
import { outcomeFieldExpireAt, outcomeFieldSet } from "./outcomes.ts";

const keys = keyAt(1, "RW", "access", "update");

// biome-ignore format: a table
export const hashCounters = family("hash", {
  HINCRBY: {
    arity: 4, flags: ["write", "denyoom", "fast"], keys, run: hincrby,
    docs: docs("2.0.0", "O(1)", "Adds to the whole number in a field of a hash; a missing field counts as 0.", key(), string("field"), integer("increment")),
  },
  HINCRBYFLOAT: {
    arity: 4, flags: ["write", "denyoom", "fast"], keys, run: hincrbyfloat,
    docs: docs("2.6.0", "O(1)", "Adds to the number in a field of a hash; a missing field counts as 0.", key(), string("field"), double("increment")),
  },
});

const incremented = event("h", "hincrby");
const incrementedByFloat = event("h", "hincrbyfloat");
const notInteger = new ReplyError("ERR", "hash value is not an integer");
const notFloat = new ReplyError("ERR", "hash value is not a float");
const notFinite = new ReplyError("ERR", "value is NaN or Infinity");

/** Up to here `parseInteger` and sums of two are exact. */
const SMALL = 1e15;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

const digits = new Uint8Array(24);
const text = new Slice(digits);

function hincrby(call: Call, args: Args): void {
  const name = args.at(1);
  const field = args.at(2);
  const increment = parseInteger(args.at(3));
  if (Number.isNaN(increment)) throw errors.notInteger;
  const hash = call.engine.hashes.open(call.db, name);
  const isThere = hash !== null && findField(call, name, hash, field);
  const current = isThere ? parseInteger(hash.value()) : 0;
  if (Number.isNaN(current)) throw notInteger;
  if (Math.abs(increment) < SMALL && Math.abs(current) < SMALL) {
    const sum = current + increment;
    text.end = writeInteger(sum, digits, 0);
    store(call, name, field, text, hash);
    call.reply.integer(sum);
  } else {
    const sum = (isThere ? parseInt64(hash.value())! : 0n) + parseInt64(args.at(3))!;
    if (sum > INT64_MAX || sum < INT64_MIN) throw errors.overflow;
    store(call, name, field, Slice.of(String(sum)), hash);
    call.reply.integer(sum);
  }
  call.changed(name, incremented);
}

/** The number becomes the field's value; its expiry stays. */
function store(call: Call, name: Slice, field: Slice, number: Slice, hash: HashValue | null): void {
  const target = hash === null || hash.root === 0 ? createHash(call, name) : hash;
  target.set(field, number, true);
}

function hincrbyfloat(call: Call, args: Args): void {
  const name = args.at(1);
  const field = args.at(2);
  const increment = args.at(3).latin1();
  const parsed = parseLongDouble(increment);
  if (parsed === null) throw errors.notFloat;
  if (typeof parsed === "string") throw notFinite;
  const hash = call.engine.hashes.open(call.db, name);
  const isThere = hash !== null && findField(call, name, hash, field);
  const expireAt = isThere ? hash.expireAt() : 0;
  const sum = Slice.of(addFloats(isThere ? hash.value().latin1() : "0", increment));
  store(call, name, field, sum, hash);
  call.changed(name, incrementedByFloat);
  call.reply.bulk(sum);
  // As an HSET, so that no other machine's arithmetic makes another number of it; that drops the expiry.
  outcomeFieldSet(call, name, field, sum);
  if (expireAt !== 0) outcomeFieldExpireAt(call, name, field, expireAt);
}

function addFloats(value: string, increment: string): string {
  const short = addShort(value, increment);
  if (short !== null) return short;
  const left = parseLongDouble(value);
  if (left === null) throw notFloat;
  const sum = addLongDouble(left, parseLongDouble(increment)!);
  if (sum === null || typeof sum === "string") throw errors.notFinite;
  return formatLongDouble(sum);
}
