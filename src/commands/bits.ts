/** Strings as arrays of bits, the first being the highest of byte 0: one of them, how many are set, where the first one is. */
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { parseBitOffset } from "./bit-offset.ts";
import { countBits, findBit } from "./bit-runs.ts";
import { type Call, event, family, keyAt } from "./call.ts";
import { block, docs, integer, key, oneOf, optional, since, word } from "./docs.ts";
import { createString, readString } from "./keyspace.ts";

const unit = since("7.0.0", optional(oneOf("unit", word("BYTE"), word("BIT"))));

// biome-ignore format: a table
export const bits = family("bitmap", {
  SETBIT: {
    arity: 4, flags: ["write", "denyoom"], quick: true, keys: keyAt(1, "RW", "access", "update"), run: setbit,
    docs: docs("2.2.0", "O(1)", "Sets or clears a bit of a string, and answers what it was.", key(), integer("offset"), integer("value")),
  },
  GETBIT: {
    arity: 3, flags: ["readonly", "fast"], keys: keyAt(1, "RO", "access"), run: getbit,
    docs: docs("2.2.0", "O(1)", "Answers a bit of a string.", key(), integer("offset")),
  },
  BITCOUNT: {
    arity: -2, flags: ["readonly"], keys: keyAt(1, "RO", "access"), run: bitcount,
    docs: docs("2.6.0", "O(N)", "Counts the bits that are set in a string.", key(),
      optional(block("range", null, integer("start"), integer("end"), unit))),
  },
  BITPOS: {
    arity: -3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), run: bitpos,
    docs: docs("2.8.7", "O(N)", "Finds the first bit of a string that is set, or clear.", key(), integer("bit"),
      optional(block("range", null, integer("start"), optional(block("end-unit-block", null, integer("end"), unit))))),
  },
});

/** BITFIELD's event too. */
export const bitSet = event("$", "setbit");
const badBit = new ReplyError("ERR", "bit is not an integer or out of range");
const bitNotZeroOrOne = new ReplyError("ERR", "The bit argument must be 1 or 0.");

function setbit(call: Call, args: Args): void {
  const name = args.at(1);
  const offset = parseBitOffset(call, args.at(2));
  const bit = parseInteger(args.at(3));
  if (bit !== 0 && bit !== 1) throw badBit;
  const index = Math.floor(offset / 8);
  const mask = 0x80 >> (offset & 7);
  let value = call.db.openString(name);
  const grows = value === null || value.length <= index;
  if (value === null) value = createString(call, name, index + 1);
  else value.grow(index + 1);
  const byte = value.byteAt(index);
  const old = (byte & mask) === 0 ? 0 : 1;
  if (old !== bit) value.setByte(index, byte ^ mask);
  if (grows || old !== bit) call.changed(name, bitSet);
  call.reply.integer(old);
}

function getbit(call: Call, args: Args): void {
  const offset = parseBitOffset(call, args.at(2));
  const value = readString(call, args.at(1));
  const index = Math.floor(offset / 8);
  const isSet = value !== null && index < value.length && (value.byteAt(index) & (0x80 >> (offset & 7))) !== 0;
  call.reply.integer(isSet ? 1 : 0);
}

// Where there is no key nobody looks at the range, as in Redis before 8.

function bitcount(call: Call, args: Args): void {
  const value = readString(call, args.at(1));
  if (value === null) {
    call.reply.integer(0);
    return;
  }
  if (args.count === 3 || args.count > 5) throw errors.syntax;
  const hasRange = args.count > 2;
  const start = hasRange ? parseBound(args, 2) : 0;
  const end = hasRange ? parseBound(args, 3) : -1;
  if (start < 0 && end < 0 && start > end) {
    call.reply.integer(0);
    return;
  }
  const inBits = args.count === 5 && parseUnit(args, 4);
  setRange(value.length, start, end, inBits);
  call.reply.integer(firstBit > lastBit ? 0 : countBits(value, firstBit, lastBit));
}

function bitpos(call: Call, args: Args): void {
  const bit = parseBound(args, 2);
  if (bit !== 0 && bit !== 1) throw bitNotZeroOrOne;
  const value = readString(call, args.at(1));
  if (value === null) {
    call.reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  if (args.count > 6) throw errors.syntax;
  const hasEnd = args.count > 4;
  const start = args.count > 3 ? parseBound(args, 3) : 0;
  const inBits = args.count === 6 && parseUnit(args, 5);
  const end = hasEnd ? parseBound(args, 4) : -1;
  setRange(value.length, start, end, inBits);
  if (firstBit > lastBit) {
    call.reply.integer(-1);
    return;
  }
  const found = findBit(value, firstBit, lastBit, bit);
  // Who names no end looks at a string that goes on with zeros for ever.
  call.reply.integer(found < 0 && bit === 0 && !hasEnd ? lastBit + 1 : found);
}

/** The range of `setRange`: two results that cost no object. */
let firstBit = 0;
let lastBit = 0;

/** Turns a client's range, of bytes or bits, which may count from the end, into one of bits within the string. */
function setRange(length: number, start: number, end: number, inBits: boolean): void {
  const units = inBits ? length * 8 : length;
  const first = start < 0 ? Math.max(0, units + start) : start;
  const last = Math.min(end < 0 ? Math.max(0, units + end) : end, units - 1);
  firstBit = inBits ? first : first * 8;
  lastBit = inBits ? last : last * 8 + 7;
}

function parseBound(args: Args, index: number): number {
  const value = parseInteger(args.at(index));
  if (Number.isNaN(value)) throw errors.notInteger;
  return value;
}

function parseUnit(args: Args, index: number): boolean {
  const word = args.at(index);
  if (word.is("BIT")) return true;
  if (word.is("BYTE")) return false;
  throw errors.syntax;
}
