/** SLOWLOG: the commands that took long. */
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { docs, integer, optional } from "../../commands/docs.ts";
import type { Server } from "../server.ts";
import { helpRow } from "./help.ts";

const DEFAULT_COUNT = 10;

export function slowlogCommands({ slowlog }: Server): CommandRow[] {
  const flags: Flag[] = ["admin", "loading", "stale"];
  return family("server", {
    SLOWLOG: {
      arity: -2,
      flags: [],
      docs: docs("2.2.12", "Depends on subcommand.", "A container for commands about slow commands."),
      subcommands: {
        GET: {
          arity: -2,
          flags,
          tips: ["request_policy:all_nodes", "nondeterministic_output"],
          docs: docs(
            "2.2.12",
            "O(N) where N is the number of entries returned",
            "Lists the latest slow commands.",
            optional(integer("count")),
          ),
          run: get,
        },
        LEN: {
          arity: 2,
          flags,
          tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
          docs: docs("2.2.12", "O(1)", "Counts the entries."),
          run: ({ reply }) => reply.integer(slowlog.entries.length),
        },
        RESET: {
          arity: 2,
          flags,
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          docs: docs("2.2.12", "O(N) where N is the number of entries in the slowlog", "Forgets all entries."),
          run({ reply }) {
            slowlog.reset();
            reply.ok();
          },
        },
        HELP: helpRow("slowlog", "6.2.0", HELP),
      },
    },
  });

  function get({ reply }: Call, args: Args): void {
    if (args.count > 3) throw errors.subcommandSyntax(args.at(1).quotable(), "slowlog");
    let count = DEFAULT_COUNT;
    if (args.more) {
      const wrong = new ReplyError("ERR", "count should be greater than or equal to -1");
      count = args.integer(wrong);
      if (count < -1) throw wrong;
      if (count === -1) count = slowlog.entries.length;
    }
    const shown = slowlog.entries.slice(0, count);
    reply.array(shown.length);
    for (const entry of shown) {
      reply.array(6);
      reply.integer(entry.id);
      reply.integer(entry.at);
      reply.integer(entry.micros);
      reply.array(entry.words.length);
      for (const word of entry.words) reply.bulkBytes(Buffer.from(word, "latin1"));
      reply.bulkText(entry.address);
      reply.bulkText(entry.clientName);
    }
  }
}

const HELP = [
  [
    "GET [<count>]",
    "The latest entries, 10 by default, -1 for all. Each has:",
    "number, Unix time, microseconds, words of the command, client address, client name",
  ],
  ["LEN", "How many entries there are."],
  ["RESET", "Forgets all entries."],
] as const;
