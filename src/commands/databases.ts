/** Whole databases: counted, emptied, exchanged. */
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, family } from "./call.ts";
import { docs, integer, oneOf, optional, since, word } from "./docs.ts";
import { parseInt32 } from "./keyspace.ts";

const flushType = optional(oneOf("flush-type", since("4.0.0", word("ASYNC")), since("6.2.0", word("SYNC"))));
const acl = ["keyspace", "dangerous"];
const allSucceed = ["request_policy:all_shards", "response_policy:all_succeeded"];

// biome-ignore format: a table
export const databaseCommands = family("server", {
  DBSIZE: {
    arity: 1, flags: ["readonly", "fast"], acl: ["keyspace"], tips: ["request_policy:all_shards", "response_policy:agg_sum"],
    run: ({ db, reply }) => reply.integer(db.visibleSize),
    docs: docs("1.0.0", "O(1)", "Answers how many keys the database has."),
  },
  FLUSHDB: {
    arity: -1, flags: ["write"], acl, tips: allSucceed, run: flushdb,
    docs: docs("1.0.0", "O(N), N being the number of keys in the database", "Deletes all keys of the database.", flushType),
  },
  FLUSHALL: {
    arity: -1, flags: ["write"], acl, tips: allSucceed, run: flushall,
    docs: docs("1.0.0", "O(N), N being the number of keys in all databases", "Deletes all keys of all databases.", flushType),
  },
  SWAPDB: {
    arity: 3, flags: ["write", "fast"], acl, run: swapdb,
    docs: docs("4.0.0", "O(N), N being the number of clients that watch keys of either", "Exchanges the contents of two databases.",
      integer("index1"), integer("index2")),
  },
});

const invalidFirst = new ReplyError("ERR", "invalid first DB index");
const invalidSecond = new ReplyError("ERR", "invalid second DB index");

// Each says what will change before it changes it, so that whoever watches a key can be told whether it was there. Flushes
// travel even if nothing was here: a replica may hold what we do not.

function flushdb(call: Call, args: Args): void {
  const { db } = call;
  const lazy = parseLazy(call, args);
  call.changedMany(db.size, [db.index]);
  call.forceOutcome();
  db.clear(lazy);
  call.reply.ok();
}

function flushall(call: Call, args: Args): void {
  const lazy = parseLazy(call, args);
  call.changedMany(
    call.engine.databases.reduce((keys, db) => keys + db.size, 0),
    "all",
  );
  call.forceOutcome();
  call.engine.flushAll(lazy);
  call.reply.ok();
}

function parseLazy(call: Call, args: Args): boolean {
  if (args.count === 1) return call.engine.policy.lazyfreeLazyUserFlush;
  const isAsync = args.take("ASYNC");
  if (!isAsync && !args.take("SYNC")) throw errors.syntax;
  args.end();
  return isAsync;
}

function swapdb(call: Call, args: Args): void {
  const { databases } = call.engine;
  const first = parseInt32(args.at(1), invalidFirst);
  const second = parseInt32(args.at(2), invalidSecond);
  if (databases[first] === undefined || databases[second] === undefined) throw errors.dbIndexOutOfRange;
  call.changedMany(1, [first, second]);
  call.engine.swap(first, second);
  call.reply.ok();
}
