/** The HyperLogLog commands: elements added, counted, and several merged. */
import type { Slice } from "../../base/bytes.ts";
import type { StringValue } from "../../engine/string-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt, keysFrom } from "../call.ts";
import { docs, key, multiple, noted, optional, string } from "../docs.ts";
import { createString, readString } from "../keyspace.ts";
import * as hll from "./hyperloglog.ts";

// biome-ignore format: a table
export const hyperLogLogs = family("hyperloglog", {
  PFADD: {
    arity: -2, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "insert"), run: pfadd,
    docs: docs("2.8.9", "O(1) for each element", "Adds elements to a HyperLogLog.", key(), optional(multiple(string("element")))),
  },
  PFCOUNT: {
    arity: -2, flags: ["readonly"], run: pfcount,
    keys: noted(keysFrom(1, ["RW", "access"]), "RW because it may change the internal representation of the key, and propagate to replicas"),
    docs: docs("2.8.9", "O(1) for one key, O(N) for several, with a far larger constant", "Estimates how many distinct elements were added to HyperLogLogs.",
      multiple(key())),
  },
  PFMERGE: {
    arity: -2, flags: ["write", "denyoom"], keys: [...keyAt(1, "RW", "access", "insert"), ...keysFrom(2, ["RO", "access"])], run: pfmerge,
    docs: docs("2.8.9", "O(N), N being the number of keys, with a large constant", "Merges HyperLogLogs into one.", key("destkey"), multiple(key("sourcekey", 1))),
  },
});

/** PFMERGE's too: it adds what the others have. */
const added = event("$", "pfadd");

function pfadd(call: Call, args: Args): void {
  const name = args.at(1);
  const { hllSparseMaxBytes } = call.engine.policy;
  let value = open(call, name);
  let updates = 0;
  if (value === null) {
    value = create(call, name);
    updates++;
  }
  for (let i = 2; i < args.count; i++) if (hll.add(value, args.at(i), hllSparseMaxBytes)) updates++;
  if (updates > 0) hll.forgetCardinality(value);
  call.changed(name, added, updates);
  call.reply.integer(updates > 0 ? 1 : 0);
}

function open(call: Call, name: Slice): StringValue | null {
  const value = call.db.openString(name);
  if (value !== null) {
    hll.check(value);
    value.grow(value.length);
  }
  return value;
}

function create(call: Call, name: Slice): StringValue {
  const value = createString(call, name, hll.EMPTY_LENGTH);
  hll.makeEmpty(value);
  return value;
}

function pfcount(call: Call, args: Args): void {
  if (args.count > 2) call.reply.integer(asInt64(mergeFrom(call, args).union.count()));
  else countOne(call, args.at(1));
}

function countOne(call: Call, name: Slice): void {
  const value = readString(call, name);
  if (value === null) {
    call.reply.integer(0);
    return;
  }
  hll.check(value);
  let cardinality = hll.knownCardinality(value);
  if (cardinality === null) {
    cardinality = asInt64(hll.count(value));
    const changing = call.db.openString(name)!;
    changing.grow(changing.length);
    hll.keepCardinality(changing, cardinality);
    // A command that reads, and yet the string is another one now: so replicas count too.
    call.changed(name, null);
  }
  call.reply.integer(cardinality);
}

/** Registers that no elements make, all of them full, stand for endlessly many: Redis takes that for the least number. */
function asInt64(cardinality: number): bigint {
  return Number.isFinite(cardinality) ? BigInt(cardinality) : -(2n ** 63n);
}

/** All HyperLogLogs named from the second word on; keys that are not there count as empty ones. */
function mergeFrom(call: Call, args: Args): { union: hll.Union; anyDense: boolean } {
  const union = new hll.Union();
  let anyDense = false;
  for (let i = 1; i < args.count; i++) {
    const value = readString(call, args.at(i));
    if (value === null) continue;
    hll.check(value);
    if (hll.isDense(value)) anyDense = true;
    union.merge(value);
  }
  return { union, anyDense };
}

function pfmerge(call: Call, args: Args): void {
  const name = args.at(1);
  const { union, anyDense } = mergeFrom(call, args);
  const target = open(call, name) ?? create(call, name);
  if (anyDense) hll.toDense(target);
  union.writeTo(target, call.engine.policy.hllSparseMaxBytes);
  hll.forgetCardinality(target);
  call.changed(name, added);
  call.reply.ok();
}
