/** Reading fields: one, some, all. */
import type { HashValue } from "../../engine/hash/hash-value.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, key, multiple, string } from "../docs.ts";
import { findField, readHash } from "./fields.ts";

const accessed = keyAt(1, "RO", "access");
const unordered = ["nondeterministic_output_order"];

// biome-ignore format: a table
export const hashReading = family("hash", {
  HGET: {
    arity: 3, flags: ["readonly", "fast"], keys: accessed, run: hget,
    docs: docs("2.0.0", "O(1)", "Answers the value of a field of a hash.", key(), string("field")),
  },
  HMGET: {
    arity: -3, flags: ["readonly", "fast"], keys: accessed, run: hmget,
    docs: docs("2.0.0", "O(N), N being the number of fields", "Answers the values of several fields of a hash.", key(), multiple(string("field"))),
  },
  HGETALL: {
    arity: 2, flags: ["readonly"], keys: accessed, tips: unordered, quick: true, run: hgetall,
    docs: docs("2.0.0", "O(N), N being the size of the hash", "Answers all fields of a hash with their values.", key()),
  },
  HKEYS: {
    arity: 2, flags: ["readonly"], keys: accessed, tips: unordered, quick: true, run: hkeys,
    docs: docs("2.0.0", "O(N), N being the size of the hash", "Answers all fields of a hash.", key()),
  },
  HVALS: {
    arity: 2, flags: ["readonly"], keys: accessed, tips: unordered, quick: true, run: hvals,
    docs: docs("2.0.0", "O(N), N being the size of the hash", "Answers the values of all fields of a hash.", key()),
  },
  HLEN: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: hlen,
    docs: docs("2.0.0", "O(1)", "Answers how many fields a hash has.", key()),
  },
  HSTRLEN: {
    arity: 3, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: hstrlen,
    docs: docs("3.2.0", "O(1)", "Answers how long the value of a field of a hash is.", key(), string("field")),
  },
  HEXISTS: {
    arity: 3, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: hexists,
    docs: docs("2.0.0", "O(1)", "Answers whether a hash has a field.", key(), string("field")),
  },
});

function hget(call: Call, args: Args): void {
  const name = args.at(1);
  const hash = readHash(call, name);
  if (hash !== null && findField(call, name, hash, args.at(2))) call.reply.bulk(hash.value());
  else call.reply.nil();
}

function hmget(call: Call, args: Args): void {
  const { reply } = call;
  const name = args.at(1);
  const hash = readHash(call, name);
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (hash !== null && findField(call, name, hash, args.at(i))) reply.bulk(hash.value());
    else reply.nil();
  }
}

function hgetall(call: Call, args: Args): void {
  const hash = readHash(call, args.at(1));
  if (hash === null) call.reply.map(0);
  else {
    call.reply.map(visibleFields(call, hash));
    show(call, hash, true, true);
  }
}

function hkeys(call: Call, args: Args): void {
  const hash = readHash(call, args.at(1));
  if (hash === null) call.reply.array(0);
  else {
    call.reply.array(visibleFields(call, hash));
    show(call, hash, true, false);
  }
}

function hvals(call: Call, args: Args): void {
  const hash = readHash(call, args.at(1));
  if (hash === null) call.reply.array(0);
  else {
    call.reply.array(visibleFields(call, hash));
    show(call, hash, false, true);
  }
}

function show(call: Call, hash: HashValue, fields: boolean, values: boolean): void {
  const { reply } = call;
  if (!hash.isExpiring) {
    hash.show(fields, values, reply);
    return;
  }
  for (let more = hash.first(); more; more = hash.next()) {
    if (isHidden(call, hash)) continue;
    if (fields) reply.bulk(hash.field());
    if (values) reply.bulk(hash.value());
  }
}

/** How many fields a command that shows all of them shows. */
function visibleFields(call: Call, hash: HashValue): number {
  if (!hash.isExpiring || call.engine.expiryMode === "keep") return hash.size;
  return hash.size - hash.countExpired(call.now);
}

/** Whether the current field's time has come: such ones are passed over, and left to others to be removed. */
export function isHidden(call: Call, hash: HashValue): boolean {
  const time = hash.expireAt();
  return time !== 0 && time < call.now && call.engine.expiryMode !== "keep";
}

/** As in Redis, fields whose time has come count until they are removed. */
function hlen(call: Call, args: Args): void {
  call.reply.integer(readHash(call, args.at(1))?.size ?? 0);
}

function hstrlen(call: Call, args: Args): void {
  const name = args.at(1);
  const hash = readHash(call, name);
  call.reply.integer(hash !== null && findField(call, name, hash, args.at(2)) ? hash.value().length : 0);
}

function hexists(call: Call, args: Args): void {
  const name = args.at(1);
  const hash = readHash(call, name);
  call.reply.integer(hash !== null && findField(call, name, hash, args.at(2)) ? 1 : 0);
}
