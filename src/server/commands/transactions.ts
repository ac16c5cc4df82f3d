/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. */
import { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family, keysFrom } from "../../commands/call.ts";
import { type Connection, Guard } from "../connection.ts";
import type { Server } from "../server.ts";
import { hasExpired } from "../watches.ts";

export function transactionCommands(server: Server): CommandRow[] {
  const key = new Slice();
  return family("transactions", {
    MULTI: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      docs: { since: "1.2.0", summary: "Begins a transaction: commands are queued until EXEC.", complexity: "O(1)" },
      run: multi,
    },
    EXEC: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "skip_slowlog"],
      docs: {
        since: "1.2.0",
        summary: "Runs all queued commands.",
        complexity: "Depends on commands in the transaction",
      },
      run: exec,
    },
    DISCARD: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      docs: {
        since: "2.0.0",
        summary: "Forgets all queued commands.",
        complexity: "O(N), when N is the number of queued commands",
      },
      run: discard,
    },
    WATCH: {
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      keys: keysFrom(1, ["RO"]),
      docs: {
        since: "2.2.0",
        summary: "Makes the next EXEC depend on these keys staying as they are.",
        complexity: "O(1) for every key.",
        arguments: [{ name: "key", type: "key", keySpecIndex: 0, flags: ["multiple"] }],
      },
      run: watch,
    },
    UNWATCH: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
      docs: { since: "2.2.0", summary: "Forgets all watched keys.", complexity: "O(1)" },
      run: unwatch,
    },
  });

  function multi({ reply, session }: Call): void {
    const connection = session as Connection;
    if (connection.transaction.active) throw new ReplyError("ERR", "MULTI calls can not be nested");
    connection.transaction.begin();
    connection.guards |= Guard.multi;
    reply.ok();
  }

  function exec({ reply, session }: Call): void {
    const connection = session as Connection;
    const { transaction } = connection;
    if (!transaction.active) throw new ReplyError("ERR", "EXEC without MULTI");
    const { queue, broken } = transaction;
    const changed = transaction.dirty || server.watches.anyExpired(transaction, server.engine, key);
    connection.discard();
    if (broken) throw errors.execAbort;
    if (changed) {
      reply.nilArray();
      return;
    }
    const denied = connection.denyBlocking;
    connection.denyBlocking = true;
    server.outcomes.begin(true);
    reply.array(queue.length);
    for (const { row, args } of queue) {
      const refused =
        ((connection.guards & Guard.acl) === 0 ? null : server.access.denyQueued(connection, row, args)) ??
        server.cluster?.routing.refusalAnywhere(row, args) ??
        null;
      if (refused === null) server.dispatch.execute(connection, row, args);
      else server.dispatch.answerError(connection, row.name, refused);
    }
    server.outcomes.end();
    connection.denyBlocking = denied;
  }

  function discard({ reply, session }: Call): void {
    const connection = session as Connection;
    if (!connection.transaction.active) throw new ReplyError("ERR", "DISCARD without MULTI");
    connection.discard();
    reply.ok();
  }

  function watch({ reply, session, db }: Call, args: Args): void {
    const { transaction } = session as Connection;
    if (transaction.active) throw new ReplyError("ERR", "WATCH inside MULTI is not allowed");
    while (args.more) {
      const watched = args.next();
      server.watches.add(transaction, db.index, watched, hasExpired(server.engine, db, watched));
    }
    reply.ok();
  }

  function unwatch({ reply, session }: Call): void {
    const { transaction } = session as Connection;
    server.watches.forget(transaction);
    transaction.dirty = false;
    reply.ok();
  }
}
