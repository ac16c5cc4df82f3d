/** TIME, SHUTDOWN, LOLWUT. */
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family } from "../../commands/call.ts";
import { docs, integer, oneOf, optional, since, word } from "../../commands/docs.ts";
import type { Connection } from "../connection.ts";
import { drawing } from "../lolwut.ts";
import type { Server } from "../server.ts";
import { NOT_SHUT_DOWN, type ShutdownOptions } from "../shutdown.ts";

export function adminCommands(server: Server): CommandRow[] {
  /** What to add to the monotonic clock for unix time in microseconds. */
  let offset = server.clock.now() * 1000 - server.clock.monotonicMicros();

  return family("server", {
    TIME: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      tips: ["nondeterministic_output"],
      docs: docs("2.6.0", "O(1)", "Tells the server's time."),
      run({ reply }) {
        const micros = unixMicros();
        reply.array(2);
        reply.bulkInteger(Math.floor(micros / 1e6));
        reply.bulkInteger(micros % 1e6);
      },
    },
    SHUTDOWN: {
      arity: -1,
      flags: ["admin", "noscript", "loading", "stale", "no_multi", "sentinel", "allow_busy"],
      docs: docs(
        "1.0.0",
        "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
        "Saves the data if they are to be saved, and ends the server.",
        optional(oneOf("save-selector", word("NOSAVE"), word("SAVE"))),
        since("7.0.0", optional(word("NOW"))),
        since("7.0.0", optional(word("FORCE"))),
        since("7.0.0", optional(word("ABORT"))),
      ),
      run: shutdown,
    },
    LOLWUT: {
      arity: -1,
      flags: ["readonly", "fast"],
      docs: docs("5.0.0", "None", "Draws something, and tells the version.", optional(integer("version", "VERSION"))),
      run: lolwut,
    },
  });

  /** The wall clock knows milliseconds; what is below comes from the monotonic one, as far as both agree. */
  function unixMicros(): number {
    const micros = server.clock.now() * 1000;
    const fine = Math.floor(server.clock.monotonicMicros() + offset);
    const agreed = Math.min(Math.max(fine, micros), micros + 999);
    offset += agreed - fine;
    return agreed;
  }

  function shutdown({ reply, session }: Call, args: Args): void {
    const options = readOptions(args);
    if (options === "abort") {
      if (!server.shutdown.abort()) throw new ReplyError("ERR", "No shutdown in progress.");
      reply.ok();
      return;
    }
    if (session.denyBlocking && !options.now)
      throw new ReplyError("ERR", "SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client");
    // Nothing is answered unless it fails: the connection's end is the answer.
    const connection = session as Connection;
    const end = (error: ReplyError | null) => {
      connection.blocked = null;
      if (error) connection.reply.error(error);
      connection.resume();
    };
    connection.blocked = {
      kind: "shutdown",
      unblockable: false,
      timedOut() {},
      cancel: () => {
        connection.blocked = null;
      },
    };
    server.shutdown.begin(options, () => end(NOT_SHUT_DOWN));
  }

  function lolwut({ reply }: Call, args: Args): void {
    if (args.take("VERSION")) args.integer();
    const columns = args.more ? args.integer() : 66;
    const rows = args.more ? args.integer() : 22;
    const picture = drawing(server.io.random, columns, rows);
    reply.verbatim(`${picture}nines ver. ${server.version.nines} (Redis ver. ${server.version.redis})\n`);
  }
}

function readOptions(args: Args): ShutdownOptions | "abort" {
  let save: ShutdownOptions["save"] = "auto";
  let now = false;
  let force = false;
  let abort = false;
  while (args.more) {
    if (save !== "save" && args.take("NOSAVE")) save = "nosave";
    else if (save !== "nosave" && args.take("SAVE")) save = "save";
    else if (args.take("NOW")) now = true;
    else if (args.take("FORCE")) force = true;
    else if (args.take("ABORT")) abort = true;
    else throw errors.syntax;
  }
  if (!abort) return { save, now, force };
  if (save !== "auto" || now || force) throw errors.syntax;
  return "abort";
}
