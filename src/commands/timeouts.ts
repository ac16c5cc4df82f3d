/** How long a command may wait, as Redis reads it: 0 is for ever. */
import type { Slice } from "../base/bytes.ts";
import { type LongDouble, parseLongDouble } from "../base/long-double.ts";
import { parseInt64, parseInteger } from "../base/numbers.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Call } from "./call.ts";

const notFloat = new ReplyError("ERR", "timeout is not a float or out of range");
const notInteger = new ReplyError("ERR", "timeout is not an integer or out of range");
const negative = new ReplyError("ERR", "timeout is negative");
const tooLong = new ReplyError("ERR", "timeout is out of range");

/** Up to here a number of seconds needs no second look. */
const SHORT_SECONDS = 1e9;
const INT64_MAX = 9223372036854775807n;

/** Seconds, in any form of a float, as milliseconds, rounded up. @throws  Redis' errors */
export function parseTimeoutSeconds(call: Call, text: Slice): number {
  const seconds = parseInteger(text);
  if (seconds >= 0 && seconds < SHORT_SECONDS) return seconds * 1000;
  const value = parseLongDouble(text.latin1());
  if (value === null) throw notFloat;
  if (value === "inf") throw tooLong;
  if (value === "-inf") throw negative;
  return checked(call, millisecondsOf(value));
}

/** Whole milliseconds. @throws  Redis' errors */
export function parseTimeoutMs(call: Call, text: Slice): number {
  const value = parseInt64(text);
  if (value === null) throw notInteger;
  return checked(call, value);
}

function checked(call: Call, ms: bigint): number {
  if (ms > INT64_MAX) throw tooLong;
  if (ms < 0n) throw negative;
  if (ms > INT64_MAX - BigInt(call.now)) throw tooLong;
  return Number(ms);
}

function millisecondsOf({ significand, exponent }: Exclude<LongDouble, string>): bigint {
  const scaled = significand * 1000n;
  if (exponent >= 0) return scaled << BigInt(Math.min(exponent, 128));
  const places = BigInt(-exponent);
  const floor = scaled >> places;
  return floor << places === scaled ? floor : floor + 1n;
}
