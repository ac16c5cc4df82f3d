/** BITOP: strings combined bit by bit, the shorter ones as if zeros followed. */
import { Slice } from "../base/bytes.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, family, keyAt, keysFrom } from "./call.ts";
import { docs, key, multiple, oneOf, word } from "./docs.ts";
import { createString, deleted, readString, stringSet } from "./keyspace.ts";

// biome-ignore format: a table
export const bitop = family("bitmap", {
  BITOP: {
    arity: -4, flags: ["write", "denyoom"], run,
    keys: [...keyAt(2, "OW", "update"), ...keysFrom(3, ["RO", "access"])],
    docs: docs("2.6.0", "O(N)", "Combines strings bit by bit and keeps the result.",
      oneOf("operation", word("AND"), word("OR"), word("XOR"), word("NOT")), key("destkey"), multiple(key("key", 1))),
  },
});

const oneSource = new ReplyError("ERR", "BITOP NOT must be called with a single source key.");

const OPERATIONS = ["AND", "OR", "XOR", "NOT"] as const;
type Operation = (typeof OPERATIONS)[number];

function run(call: Call, args: Args): void {
  const operation = OPERATIONS.find((name) => args.at(1).is(name));
  if (operation === undefined) throw errors.syntax;
  if (operation === "NOT" && args.count !== 4) throw oneSource;
  const sources: Slice[] = [];
  for (let i = 3; i < args.count; i++) {
    const value = readString(call, args.at(i));
    sources.push(value === null ? new Slice() : new Slice(value.bytes, value.start, value.end));
  }
  store(call, args.at(2), combine(operation, sources));
}

function store(call: Call, target: Slice, result: Uint8Array): void {
  if (result.length > 0) {
    createString(call, target, result.length).setRange(0, new Slice(result));
    call.changed(target, stringSet);
  } else if (call.db.delete(target)) call.changed(target, deleted);
  call.reply.integer(result.length);
}

/** Into bytes of its own: the target may be one of the sources. */
function combine(operation: Operation, sources: readonly Slice[]): Uint8Array {
  const result = new Uint8Array(sources.reduce((longest, source) => Math.max(longest, source.length), 0));
  const [first, ...others] = sources;
  first!.copyTo(result, 0);
  if (operation === "NOT") for (let i = 0; i < result.length; i++) result[i] = ~result[i]!;
  for (const other of others) {
    const { bytes, start, length } = other;
    if (operation === "AND") {
      for (let i = 0; i < length; i++) result[i]! &= bytes[start + i]!;
      result.fill(0, length);
    } else if (operation === "OR") for (let i = 0; i < length; i++) result[i]! |= bytes[start + i]!;
    else for (let i = 0; i < length; i++) result[i]! ^= bytes[start + i]!;
  }
  return result;
}
