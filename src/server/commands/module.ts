/**
 * MODULE: modules are C libraries, which a server in JavaScript cannot load. What lists them finds none, and what would load one
 * says so, behind the same gate (`enable-module-command`) as in Redis.
 */
import { ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { block, docs, multiple, optional, string } from "../../commands/docs.ts";
import type { Server } from "../server.ts";
import { type HelpEntry, helpRow } from "./help.ts";

const GATED: readonly Flag[] = ["admin", "noscript", "no_async_loading", "protected"];

export function moduleCommands(server: Server): CommandRow[] {
  return family("server", {
    MODULE: {
      arity: -2,
      flags: [],
      docs: docs("4.0.0", "Depends on subcommand.", "A container for commands about modules."),
      subcommands: {
        LIST: {
          arity: 2,
          flags: ["admin", "noscript"],
          tips: ["nondeterministic_output_order"],
          docs: docs("4.0.0", "O(N) where N is the number of loaded modules.", "Lists the modules: there are none."),
          run: ({ reply }) => reply.array(0),
        },
        LOAD: {
          arity: -3,
          flags: GATED,
          docs: docs("4.0.0", "O(1)", "Refuses to load a module.", string("path"), optional(multiple(string("arg")))),
          run: refuse,
        },
        LOADEX: {
          arity: -3,
          flags: GATED,
          docs: docs(
            "7.0.0",
            "O(1)",
            "Refuses to load a module, whatever its settings.",
            string("path"),
            {
              ...optional(multiple(block("configs", "CONFIG", string("name"), string("value")))),
              flags: ["optional", "multiple", "multiple_token"],
            },
            optional(multiple(block("args", "ARGS", string("arg")))),
          ),
          run: refuse,
        },
        UNLOAD: {
          arity: 3,
          flags: GATED,
          docs: docs("4.0.0", "O(1)", "Finds no module to unload.", string("name")),
          run() {
            throw new ReplyError("ERR", "Error unloading module: no such module with that name");
          },
        },
        HELP: helpRow("module", "5.0.0", HELP),
      },
    },
  });

  function refuse(_call: Call, args: Args): void {
    server.log.warning(`Module ${args.at(2).quotable()} failed to load: modules are not supported by this server`);
    throw new ReplyError("ERR", "Error loading the extension. Please check the server logs.");
  }
}

const HELP: readonly HelpEntry[] = [
  ["LIST", "The modules that are loaded: none, ever."],
  ["LOAD <path> [<arg> ...]", "Refused: modules are not supported."],
  ["LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]", "Refused likewise."],
  ["UNLOAD <name>", "There is nothing to unload."],
];
