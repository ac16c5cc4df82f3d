/** Strings as a whole: read and replaced. Their parts are in `string-ranges.ts`, their numbers in `counters.ts`. */
import type { Slice } from "../base/bytes.ts";
import { errors } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import type { StringValue } from "../engine/string-value.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt, keysFrom } from "./call.ts";
import {
  block,
  deprecated,
  docs,
  integer,
  key,
  multiple,
  noted,
  oneOf,
  optional,
  since,
  string,
  unixTime,
  word,
} from "./docs.ts";
import { deleted, expirySet, isPast, missed, readString, storeString, stringSet } from "./keyspace.ts";
import { outcomeDel, outcomeExpireAt, outcomePersist, outcomeSet, outcomeSetExpiring } from "./outcome-forms.ts";
import { parseExpiry, SetOptions } from "./set-options.ts";

const pair = multiple(block("data", null, key(), string("value")));

// biome-ignore format: a table
export const strings = family("string", {
  SET: {
    arity: -3, flags: ["write", "denyoom"], quick: true, run: set,
    keys: noted(keyAt(1, "RW", "access", "update", "variable_flags"), "RW and ACCESS due to the optional `GET` argument"),
    docs: docs("1.0.0", "O(1)", "Makes a key hold a string, whatever it held before.", key(), string("value"),
      since("2.6.12", optional(oneOf("condition", word("NX"), word("XX")))),
      since("6.2.0", optional(word("GET"))),
      optional(oneOf("expiration",
        since("2.6.12", integer("seconds", "EX")), since("2.6.12", integer("milliseconds", "PX")),
        since("6.2.0", unixTime("unix-time-seconds", "EXAT")), since("6.2.0", unixTime("unix-time-milliseconds", "PXAT")),
        since("6.0.0", word("KEEPTTL"))))),
  },
  SETNX: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "OW", "insert"), run: setnx,
    docs: docs("1.0.0", "O(1)", "Makes a key hold a string if there is no such key.", key(), string("value")),
  },
  SETEX: {
    arity: 4, flags: ["write", "denyoom"], quick: true, keys: keyAt(1, "OW", "update"), run: setex,
    docs: docs("2.0.0", "O(1)", "Makes a key hold a string for so many seconds.", key(), integer("seconds"), string("value")),
  },
  PSETEX: {
    arity: 4, flags: ["write", "denyoom"], quick: true, keys: keyAt(1, "OW", "update"), run: psetex,
    docs: docs("2.6.0", "O(1)", "Makes a key hold a string for so many milliseconds.", key(), integer("milliseconds"), string("value")),
  },
  GET: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO", "access"), run: get,
    docs: docs("1.0.0", "O(1)", "Answers the string that a key holds.", key()),
  },
  GETSET: {
    arity: 3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "access", "update"), run: getset,
    docs: deprecated("6.2.0", "`SET` with the `GET` argument", docs("1.0.0", "O(1)", "Replaces a string and answers the one before.", key(), string("value"))),
  },
  GETEX: {
    arity: -2, flags: ["write", "fast"], run: getex,
    keys: noted(keyAt(1, "RW", "access", "update"), "RW and UPDATE because it changes the TTL"),
    docs: docs("6.2.0", "O(1)", "Answers a string and sets or drops its expiry.", key(),
      optional(oneOf("expiration", integer("seconds", "EX"), integer("milliseconds", "PX"),
        unixTime("unix-time-seconds", "EXAT"), unixTime("unix-time-milliseconds", "PXAT"), word("PERSIST")))),
  },
  GETDEL: {
    arity: 2, flags: ["write", "fast"], keys: keyAt(1, "RW", "access", "delete"), run: getdel,
    docs: docs("6.2.0", "O(1)", "Answers a string and deletes its key.", key()),
  },
  MGET: {
    arity: -2, flags: ["readonly", "fast"], keys: keysFrom(1, ["RO", "access"]), tips: ["request_policy:multi_shard"], run: mget,
    docs: docs("1.0.0", "O(N), N being the number of keys", "Answers the strings of several keys.", multiple(key())),
  },
  MSET: {
    arity: -3, flags: ["write", "denyoom"], quick: true, keys: keysFrom(1, ["OW", "update"], 2), run: mset,
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    docs: docs("1.0.1", "O(N), N being the number of keys", "Sets several strings at once.", pair),
  },
  MSETNX: {
    arity: -3, flags: ["write", "denyoom"], keys: keysFrom(1, ["OW", "insert"], 2), run: msetnx,
    docs: docs("1.0.1", "O(N), N being the number of keys", "Sets several strings if none of the keys is there.", pair),
  },
});

const persisted = event("g", "persist");
const options = new SetOptions();

function set(call: Call, args: Args): void {
  const name = args.at(1);
  const value = args.at(2);
  if (args.count === 3) {
    storeString(call, name, value);
    call.changed(name, stringSet);
    call.reply.ok();
    return;
  }
  options.parse(args, 3, "SET");
  const expireAt = options.expiry === null ? -1 : parseExpiry(call, options.expiry, options.ttl);
  if (options.get) replyString(call, readString(call, name));
  if (options.condition !== "" && call.db.has(name) !== (options.condition === "XX")) {
    if (!options.get) call.reply.nil();
    return;
  }
  storeString(call, name, value, options.ttl === "KEEPTTL", expireAt);
  call.changed(name, stringSet);
  if (expireAt !== -1) call.notify(name, expirySet);
  if (!options.get) call.reply.ok();
  if (expireAt !== -1) outcomeSetExpiring(call, name, value, expireAt);
  else if (options.get) call.outcome(withoutGet(args));
}

/** For replicas the old value is of no use. */
function withoutGet(args: Args): Slice[] {
  return args.slots.slice(0, args.count).filter((slot, index) => index < 3 || !slot.is("GET"));
}

function setnx(call: Call, args: Args): void {
  const name = args.at(1);
  if (call.db.has(name)) {
    call.reply.integer(0);
    return;
  }
  storeString(call, name, args.at(2));
  call.changed(name, stringSet);
  call.reply.integer(1);
}

function setex(call: Call, args: Args): void {
  setExpiring(call, args, "EX");
}

function psetex(call: Call, args: Args): void {
  setExpiring(call, args, "PX");
}

function setExpiring(call: Call, args: Args, unit: "EX" | "PX"): void {
  const name = args.at(1);
  const value = args.at(3);
  const expireAt = parseExpiry(call, args.at(2), unit);
  storeString(call, name, value, false, expireAt);
  call.changed(name, stringSet);
  call.notify(name, expirySet);
  call.reply.ok();
  outcomeSetExpiring(call, name, value, expireAt);
}

function get(call: Call, args: Args): void {
  replyString(call, readString(call, args.at(1)));
}

function replyString({ reply }: Call, value: StringValue | null): void {
  if (value === null) reply.nil();
  else reply.bulk(value);
}

function getset(call: Call, args: Args): void {
  const name = args.at(1);
  replyString(call, readString(call, name));
  storeString(call, name, args.at(2));
  call.changed(name, stringSet);
  outcomeSet(call, name, args.at(2));
}

function getex(call: Call, args: Args): void {
  const { db } = call;
  const name = args.at(1);
  options.parse(args, 2, "GETEX");
  const value = readString(call, name);
  if (value === null) {
    call.reply.nil();
    return;
  }
  const { ttl } = options;
  const expireAt = options.expiry === null ? -1 : parseExpiry(call, options.expiry, ttl);
  call.reply.bulk(value);
  if ((ttl === "EXAT" || ttl === "PXAT") && isPast(call, expireAt)) {
    const lazy = call.engine.policy.lazyfreeLazyExpire;
    if (lazy) db.unlink(name);
    else db.delete(name);
    call.changed(name, deleted);
    outcomeDel(call, name, lazy);
  } else if (expireAt !== -1) {
    db.setExpire(name, expireAt);
    call.changed(name, expirySet);
    outcomeExpireAt(call, name, expireAt);
  } else if (ttl === "PERSIST" && db.persist(name)) {
    call.changed(name, persisted);
    outcomePersist(call, name);
  }
}

function getdel(call: Call, args: Args): void {
  const name = args.at(1);
  const value = readString(call, name);
  replyString(call, value);
  if (value === null) return;
  call.db.delete(name);
  call.changed(name, deleted);
  outcomeDel(call, name, false);
}

function mget(call: Call, args: Args): void {
  const { db, reply } = call;
  const { count } = args;
  reply.array(count - 1);
  for (let i = 1; i < count; i++) {
    const name = args.at(i);
    const value = stringOrNull(db, name);
    if (value !== null) reply.bulk(value);
    else {
      reply.nil();
      if (!db.has(name)) call.notify(name, missed);
    }
  }
}

/** For MGET another type is as good as nothing. */
function stringOrNull(db: Database, name: Slice): StringValue | null {
  try {
    return db.getString(name);
  } catch (error) {
    if (error === errors.wrongType) return null;
    throw error;
  }
}

function mset(call: Call, args: Args): void {
  checkPairs(call, args);
  setPairs(call, args);
  call.reply.ok();
}

function msetnx(call: Call, args: Args): void {
  checkPairs(call, args);
  for (let i = 1; i < args.count; i += 2) {
    if (call.db.has(args.at(i))) {
      call.reply.integer(0);
      return;
    }
  }
  setPairs(call, args);
  call.reply.integer(1);
}

function checkPairs(call: Call, args: Args): void {
  if (args.count % 2 === 0) throw errors.wrongArgCount(call.row.name);
}

function setPairs(call: Call, args: Args): void {
  const { count } = args;
  for (let i = 1; i < count; i += 2) {
    const name = args.at(i);
    storeString(call, name, args.at(i + 1));
    call.changed(name, stringSet);
  }
}
