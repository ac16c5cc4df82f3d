/** Strings in part: their length, a stretch of them, what is put behind or into them. */
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt } from "./call.ts";
import { deprecated, docs, integer, key, string } from "./docs.ts";
import { checkStringLength, createString, readString, storeString } from "./keyspace.ts";

const range = [key(), integer("start"), integer("end")];

// biome-ignore format: a table
export const stringRanges = family("string", {
  APPEND: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: append,
    docs: docs("2.0.0", "O(1) amortized", "Adds to the end of a string, or makes one.", key(), string("value")),
  },
  STRLEN: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: strlen,
    docs: docs("2.2.0", "O(1)", "Answers the length of a string in bytes.", key()),
  },
  SETRANGE: {
    arity: 4, flags: ["write", "denyoom"], keys: keyAt(1, "RW", "update"), run: setrange,
    docs: docs("2.2.0", "O(M), M being the length of the value", "Overwrites a string from an offset on.",
      key(), integer("offset"), string("value")),
  },
  GETRANGE: {
    arity: 4, flags: ["readonly"], quick: true, keys: keyAt(1, "RO", "access"), run: getrange,
    docs: docs("2.4.0", "O(N), N being the length of the answer", "Answers a stretch of a string.", ...range),
  },
  SUBSTR: {
    arity: 4, flags: ["readonly"], quick: true, keys: keyAt(1, "RO", "access"), run: getrange,
    docs: deprecated("2.0.0", "`GETRANGE`", docs("1.0.0", "O(N), N being the length of the answer", "Answers a stretch of a string; GETRANGE's old name.", ...range)),
  },
});

const appended = event("$", "append");
const rangeSet = event("$", "setrange");
const offsetOutOfRange = new ReplyError("ERR", "offset is out of range");
const NOTHING = new Uint8Array(0);

function append(call: Call, args: Args): void {
  const name = args.at(1);
  const tail = args.at(2);
  const value = call.db.openString(name);
  let { length } = tail;
  if (value === null) storeString(call, name, tail);
  else {
    length += value.length;
    checkStringLength(call, length);
    value.append(tail);
  }
  call.changed(name, appended);
  call.reply.integer(length);
}

function strlen(call: Call, args: Args): void {
  const value = readString(call, args.at(1));
  call.reply.integer(value === null ? 0 : value.length);
}

function setrange(call: Call, args: Args): void {
  const name = args.at(1);
  const offset = parseInteger(args.at(2));
  const part = args.at(3);
  if (Number.isNaN(offset)) throw errors.notInteger;
  if (offset < 0) throw offsetOutOfRange;
  const value = call.db.openString(name);
  if (part.length === 0) {
    call.reply.integer(value === null ? 0 : value.length);
    return;
  }
  checkStringLength(call, offset + part.length);
  const target = value ?? createString(call, name, offset + part.length);
  target.setRange(offset, part);
  call.changed(name, rangeSet);
  call.reply.integer(target.length);
}

function getrange(call: Call, args: Args): void {
  let start = parseInteger(args.at(2));
  let end = parseInteger(args.at(3));
  if (Number.isNaN(start) || Number.isNaN(end)) throw errors.notInteger;
  const value = readString(call, args.at(1));
  const length = value === null ? 0 : value.length;
  const isEmpty = start < 0 && end < 0 && start > end;
  if (start < 0) start = Math.max(0, length + start);
  if (end < 0) end = Math.max(0, length + end);
  end = Math.min(end, length - 1);
  if (value === null || isEmpty || start > end) call.reply.bulkBytes(NOTHING, 0, 0);
  else call.reply.bulkBytes(value.bytes, value.start + start, value.start + end + 1);
}
