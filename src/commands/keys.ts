/** Keys whatever they hold: deleted, looked for, renamed, copied, moved. */
import { Slice } from "../base/bytes.ts";
import { errors } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt, keysFrom } from "./call.ts";
import { docs, integer, key, multiple, optional, word } from "./docs.ts";
import { created, deleted, missed, parseInt32 } from "./keyspace.ts";

const perShardSum = ["request_policy:multi_shard", "response_policy:agg_sum"];
const renaming = [key(), key("newkey", 1)];

// biome-ignore format: a table
export const keyCommands = family("generic", {
  DEL: {
    arity: -2, flags: ["write"], quick: true, keys: keysFrom(1, ["RM", "delete"]), tips: perShardSum, run: del,
    docs: docs("1.0.0", "O(N), N being the number of keys and of what they hold", "Deletes keys.", multiple(key())),
  },
  UNLINK: {
    arity: -2, flags: ["write", "fast"], keys: keysFrom(1, ["RM", "delete"]), tips: perShardSum, run: unlink,
    docs: docs("4.0.0", "O(1) a key; what it held is freed later", "Deletes keys and frees their memory in the background.", multiple(key())),
  },
  EXISTS: {
    arity: -2, flags: ["readonly", "fast"], keys: keysFrom(1, ["RO"]), tips: perShardSum, run: exists,
    docs: docs("1.0.0", "O(N), N being the number of keys", "Counts how many of the keys are there.", multiple(key())),
  },
  TOUCH: {
    arity: -2, flags: ["readonly", "fast"], keys: keysFrom(1, ["RO"]), tips: perShardSum, run: touch,
    docs: docs("3.2.1", "O(N), N being the number of keys", "Counts keys as used, and answers how many are there.", multiple(key())),
  },
  TYPE: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: type,
    docs: docs("1.0.0", "O(1)", "Answers what kind of value a key holds.", key()),
  },
  RENAME: {
    arity: 3, flags: ["write"], keys: [...keyAt(1, "RW", "access", "delete"), ...keyAt(2, "OW", "update")], run: rename,
    docs: docs("1.0.0", "O(1)", "Gives a key another name, in the place of what had it.", ...renaming),
  },
  RENAMENX: {
    arity: 3, flags: ["write", "fast"], keys: [...keyAt(1, "RW", "access", "delete"), ...keyAt(2, "OW", "insert")], run: renamenx,
    docs: docs("1.0.0", "O(1)", "Gives a key another name if nothing has it.", ...renaming),
  },
  COPY: {
    arity: -3, flags: ["write", "denyoom"], keys: [...keyAt(1, "RO", "access"), ...keyAt(2, "OW", "update")], run: copy,
    docs: docs("6.2.0", "O(N), N being the number of elements; O(1) for strings", "Copies a value to another key.",
      key("source"), key("destination", 1), optional(integer("destination-db", "DB")), optional(word("REPLACE"))),
  },
  MOVE: {
    arity: 3, flags: ["write", "fast"], keys: keyAt(1, "RW", "access", "update"), run: move,
    docs: docs("1.0.0", "O(1)", "Moves a key to another database.", key(), integer("db")),
  },
  RANDOMKEY: {
    arity: 1, flags: ["readonly"], tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"], run: randomkey,
    docs: docs("1.0.0", "O(1)", "Answers the name of any key."),
  },
});

const renamedFrom = event("g", "rename_from");
const renamedTo = event("g", "rename_to");
const copiedTo = event("g", "copy_to");
const movedFrom = event("g", "move_from");
const movedTo = event("g", "move_to");

function del(call: Call, args: Args): void {
  remove(call, args, call.engine.policy.lazyfreeLazyUserDel);
}

function unlink(call: Call, args: Args): void {
  remove(call, args, true);
}

function remove(call: Call, args: Args, lazy: boolean): void {
  const { db } = call;
  let removed = 0;
  for (let i = 1; i < args.count; i++) {
    const name = args.at(i);
    if (!(lazy ? db.unlink(name) : db.delete(name))) continue;
    call.changed(name, deleted);
    removed++;
  }
  call.reply.integer(removed);
}

/** A key that is named twice counts twice. */
function exists(call: Call, args: Args): void {
  let found = 0;
  for (let i = 1; i < args.count; i++) {
    if (call.db.exists(args.at(i))) found++;
    else call.notify(args.at(i), missed);
  }
  call.reply.integer(found);
}

function touch(call: Call, args: Args): void {
  let found = 0;
  for (let i = 1; i < args.count; i++) {
    if (call.db.touch(args.at(i))) found++;
    else call.notify(args.at(i), missed);
  }
  call.reply.integer(found);
}

function type(call: Call, args: Args): void {
  const name = call.db.type(args.at(1));
  if (name === null) call.notify(args.at(1), missed);
  call.reply.simple(name ?? "none");
}

function rename(call: Call, args: Args): void {
  const from = args.at(1);
  const to = args.at(2);
  if (!call.db.has(from)) throw errors.noSuchKey;
  if (!from.equals(to)) transfer(call, from, to);
  call.reply.ok();
}

function renamenx(call: Call, args: Args): void {
  const from = args.at(1);
  const to = args.at(2);
  if (!call.db.has(from)) throw errors.noSuchKey;
  const free = !from.equals(to) && !call.db.has(to);
  if (free) transfer(call, from, to);
  call.reply.integer(free ? 1 : 0);
}

/** What had the name is deleted first, so that the key is new either way. */
function transfer(call: Call, from: Slice, to: Slice): void {
  call.db.rename(from, to);
  call.notify(to, created);
  call.changed(from, renamedFrom);
  call.changed(to, renamedTo);
}

function copy(call: Call, args: Args): void {
  const from = args.at(1);
  const to = args.at(2);
  let target = call.db;
  let replace = false;
  args.position = 3;
  while (args.more) {
    if (args.take("REPLACE")) replace = true;
    else if (args.left >= 2 && args.take("DB")) target = parseDatabase(call, args.next());
    else throw errors.syntax;
  }
  if (target === call.db && from.equals(to)) throw errors.sameObject;
  call.reply.integer(copyTo(call, from, to, target, replace) ? 1 : 0);
}

function copyTo(call: Call, from: Slice, to: Slice, target: Database, replace: boolean): boolean {
  if (!call.db.touch(from)) {
    call.notify(from, missed);
    return false;
  }
  if (!replace && target.has(to)) return false;
  call.db.copy(from, target, to);
  // What was replaced was deleted first: the key is new either way.
  call.notify(to, created, target);
  call.changed(to, copiedTo, 1, target);
  return true;
}

function move(call: Call, args: Args): void {
  const name = args.at(1);
  const target = parseDatabase(call, args.at(2));
  if (target === call.db) throw errors.sameObject;
  const moved = call.db.move(name, target);
  if (moved) {
    call.notify(name, created, target);
    call.changed(name, movedFrom);
    call.changed(name, movedTo, 1, target);
  }
  call.reply.integer(moved ? 1 : 0);
}

function parseDatabase(call: Call, text: Slice): Database {
  const db = call.engine.databases[parseInt32(text)];
  if (db === undefined) throw errors.dbIndexOutOfRange;
  return db;
}

function randomkey(call: Call): void {
  const name = new Slice();
  if (call.db.randomKey(name)) call.reply.bulk(name);
  else call.reply.nil();
}
