/** BITFIELD: whole numbers of 1 to 64 bits at any bit of a string, read, written and counted. */
import { Slice } from "../base/bytes.ts";
import { parseInt64, parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { StringValue } from "../engine/string-value.ts";
import type { Args } from "./args.ts";
import { parseBitOffset } from "./bit-offset.ts";
import { bitSet } from "./bits.ts";
import { type Call, family, keyAt } from "./call.ts";
import { block, docs, integer, key, multiple, oneOf, optional, string, word } from "./docs.ts";
import { createString, readString } from "./keyspace.ts";

const place = [string("encoding"), integer("offset")];

// biome-ignore format: a table
export const bitfields = family("bitmap", {
  BITFIELD: {
    arity: -2, flags: ["write", "denyoom"], run: bitfield,
    keys: [{ ...keyAt(1, "RW", "access", "update", "variable_flags")[0]!, notes: "This command allows both access and modification of the key" }],
    docs: docs("3.2.0", "O(1) for each operation", "Reads and writes whole numbers of any width within a string.", key(),
      optional(multiple(oneOf("operation", block("get-block", "GET", ...place),
        block("write", null,
          optional({ ...oneOf("overflow-block", word("WRAP"), word("SAT"), word("FAIL")), token: "OVERFLOW" }),
          oneOf("write-operation", block("set-block", "SET", ...place, integer("value")),
            block("incrby-block", "INCRBY", ...place, integer("increment")))))))),
  },
  BITFIELD_RO: {
    arity: -2, flags: ["readonly", "fast"], keys: keyAt(1, "RO", "access"), run: bitfieldRo,
    docs: docs("6.0.0", "O(1) for each operation", "Reads whole numbers of any width within a string.", key(),
      { ...block("get-block", "GET", ...place), flags: ["optional", "multiple", "multiple_token"] }),
  },
});

const badType = new ReplyError(
  "ERR",
  "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
const badOverflow = new ReplyError("ERR", "Invalid OVERFLOW type specified");
const readOnly = new ReplyError("ERR", "BITFIELD_RO only supports the GET subcommand");

type Overflow = "WRAP" | "SAT" | "FAIL";

interface FieldType {
  signed: boolean;
  bits: number;
}

interface Operation {
  kind: "GET" | "SET" | "INCRBY";
  type: FieldType;
  offset: number;
  /** SET's value or INCRBY's increment. */
  operand: bigint;
  overflow: Overflow;
}

function bitfield(call: Call, args: Args): void {
  const operations = parse(call, args);
  if (operations.every(({ kind }) => kind === "GET")) readAll(call, args.at(1), operations);
  else writeAll(call, args.at(1), operations);
}

function bitfieldRo(call: Call, args: Args): void {
  const operations = parse(call, args);
  if (operations.some(({ kind }) => kind !== "GET")) throw readOnly;
  readAll(call, args.at(1), operations);
}

function readAll(call: Call, name: Slice, operations: readonly Operation[]): void {
  const value = readString(call, name);
  call.reply.array(operations.length);
  for (const { offset, type } of operations) call.reply.integer(value === null ? 0 : readField(value, offset, type));
}

function writeAll(call: Call, name: Slice, operations: readonly Operation[]): void {
  const { reply } = call;
  let length = 0;
  for (const { kind, offset, type } of operations)
    if (kind !== "GET") length = Math.max(length, Math.floor((offset + type.bits - 1) / 8) + 1);
  let value = call.db.openString(name);
  const grows = value === null || value.length < length;
  if (value === null) value = createString(call, name, length);
  else value.grow(length);
  reply.array(operations.length);
  let changes = 0;
  for (const operation of operations) {
    const { kind, offset, type, operand } = operation;
    const old = readField(value, offset, type);
    if (kind === "GET") {
      reply.integer(old);
      continue;
    }
    const next = fit(kind === "SET" ? operand : old + operand, operation);
    if (next === null) {
      reply.nil();
      continue;
    }
    writeField(value, offset, type.bits, next);
    if (grows || next !== old) changes++;
    reply.integer(kind === "SET" ? old : next);
  }
  // A string that grew has changed, even if no field was set in it: replicas must not lack it.
  if (changes > 0) call.changed(name, bitSet, changes);
  else if (grows) call.changed(name, null);
}

/** The value as its type can hold it; null if it cannot and is not to be bent. */
function fit(value: bigint, { kind, type, overflow }: Operation): bigint | null {
  const { signed, bits } = type;
  const width = BigInt(bits);
  const max = (1n << (signed ? width - 1n : width)) - 1n;
  const min = signed ? -max - 1n : 0n;
  // To an unsigned field the client's negative number is a large one.
  if (kind === "SET" && !signed) value = BigInt.asUintN(64, value);
  if (value >= min && value <= max) return value;
  if (overflow === "FAIL") return null;
  if (overflow === "SAT") return value > max ? max : min;
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** What lies behind the end counts as zeros. */
function readField(value: StringValue, offset: number, { signed, bits }: FieldType): bigint {
  const last = offset + bits - 1;
  const raw = readBytes(value, offset, last) >> BigInt(7 - (last & 7));
  return signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
}

/** The bytes that hold these bits, as one number. */
function readBytes(value: StringValue, firstBit: number, lastBit: number): bigint {
  const end = Math.floor(lastBit / 8);
  let number = 0n;
  for (let i = Math.floor(firstBit / 8); i <= end; i++)
    number = (number << 8n) | BigInt(i < value.length ? value.byteAt(i) : 0);
  return number;
}

function writeField(value: StringValue, offset: number, bits: number, field: bigint): void {
  const last = offset + bits - 1;
  const shift = BigInt(7 - (last & 7));
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let number = (readBytes(value, offset, last) & ~mask) | ((field << shift) & mask);
  for (let i = Math.floor(last / 8); i >= Math.floor(offset / 8); i--) {
    value.setByte(i, Number(number & 0xffn));
    number >>= 8n;
  }
}

function parse(call: Call, args: Args): Operation[] {
  const operations: Operation[] = [];
  let overflow: Overflow = "WRAP";
  args.position = 2;
  while (args.more) {
    if (args.left >= 2 && args.take("OVERFLOW")) overflow = parseOverflow(args.next());
    else if (args.left >= 3 && args.take("GET")) operations.push(parseOperation(call, args, "GET", overflow));
    else if (args.left >= 4 && args.take("SET")) operations.push(parseOperation(call, args, "SET", overflow));
    else if (args.left >= 4 && args.take("INCRBY")) operations.push(parseOperation(call, args, "INCRBY", overflow));
    else throw errors.syntax;
  }
  return operations;
}

function parseOverflow(name: Slice): Overflow {
  if (name.is("WRAP")) return "WRAP";
  if (name.is("SAT")) return "SAT";
  if (name.is("FAIL")) return "FAIL";
  throw badOverflow;
}

function parseOperation(call: Call, args: Args, kind: Operation["kind"], overflow: Overflow): Operation {
  const type = parseType(args.next());
  const offset = parseBitOffset(call, args.next(), type.bits);
  const operand = kind === "GET" ? 0n : parseInt64(args.next());
  if (operand === null) throw errors.notInteger;
  return { kind, type, offset, operand, overflow };
}

const LETTER_I = 0x69;
const LETTER_U = 0x75;

function parseType(name: Slice): FieldType {
  const letter = name.length === 0 ? 0 : name.bytes[name.start];
  if (letter !== LETTER_I && letter !== LETTER_U) throw badType;
  const signed = letter === LETTER_I;
  const bits = parseInteger(new Slice(name.bytes, name.start + 1, name.end));
  if (!(bits >= 1 && bits <= (signed ? 64 : 63))) throw badType;
  return { signed, bits };
}
