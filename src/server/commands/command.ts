/** COMMAND: what commands there are. The shapes of INFO and DOCS are in command-shapes.ts. */
import { Slice } from "../../base/bytes.ts";
import { matchGlob } from "../../base/glob.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { ACL_CATEGORIES, aclCategories } from "../../commands/acl-categories.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { docs, multiple, oneOf, optional, pattern, string } from "../../commands/docs.ts";
import { findKeys, hasKeys, type RequestWords } from "../../commands/key-specs.ts";
import type { Server } from "../server.ts";
import { writeCommandDocs, writeCommandInfo, writeKeyFlags } from "./command-shapes.ts";
import { helpRow } from "./help.ts";

export function commandCommands(server: Server): CommandRow[] {
  const flags: Flag[] = ["loading", "stale", "sentinel"];
  const acl = ["connection"];
  const tips = ["nondeterministic_output_order"];
  const names = optional(multiple(string("command-name")));

  return family("server", {
    COMMAND: {
      arity: -1,
      flags,
      acl,
      tips,
      docs: docs("2.8.13", "O(N) where N is the total number of Redis commands", "Lists all commands in detail."),
      run: ({ reply }) => writeAll(reply),
      subcommands: {
        COUNT: {
          arity: 2,
          flags,
          acl,
          docs: docs("2.8.13", "O(1)", "Counts the commands."),
          run: ({ reply }) => reply.integer(server.table.rows.size),
        },
        INFO: {
          arity: -2,
          flags,
          acl,
          tips,
          docs: docs(
            "2.8.13",
            "O(N) where N is the number of commands to look up",
            "Tells of commands, or of all.",
            names,
          ),
          run: info,
        },
        DOCS: {
          arity: -2,
          flags,
          acl,
          tips,
          docs: docs(
            "7.0.0",
            "O(N) where N is the number of commands to look up",
            "Documents commands, or all.",
            names,
          ),
          run: commandDocs,
        },
        LIST: {
          arity: -2,
          flags,
          acl,
          tips,
          docs: docs(
            "7.0.0",
            "O(N) where N is the total number of Redis commands",
            "Lists the names of all commands, or of those that a filter lets pass.",
            optional({
              ...oneOf(
                "filterby",
                string("module-name", "MODULE"),
                string("category", "ACLCAT"),
                pattern("pattern", "PATTERN"),
              ),
              token: "FILTERBY",
            }),
          ),
          run: list,
        },
        GETKEYS: {
          arity: -3,
          flags,
          acl,
          docs: docs(
            "2.8.13",
            "O(N) where N is the number of arguments to the command",
            "Finds the keys in a whole command.",
            string("command"),
            optional(multiple(string("arg"))),
          ),
          run: (call, args) => getKeys(call, args, false),
        },
        GETKEYSANDFLAGS: {
          arity: -3,
          flags,
          acl,
          docs: docs(
            "7.0.0",
            "O(N) where N is the number of arguments to the command",
            "Finds the keys in a whole command, and what it does with each.",
            string("command"),
            optional(multiple(string("arg"))),
          ),
          run: (call, args) => getKeys(call, args, true),
        },
        HELP: { ...helpRow("command", "5.0.0", HELP, flags), acl },
      },
    },
  });

  function writeAll(reply: Call["reply"]): void {
    reply.array(server.table.rows.size);
    for (const row of server.table.rows.values()) writeCommandInfo(reply, row);
  }

  function info({ reply }: Call, args: Args): void {
    if (!args.more) {
      writeAll(reply);
      return;
    }
    reply.array(args.left);
    while (args.more) {
      const row = find(args.next());
      if (row) writeCommandInfo(reply, row);
      else reply.nil();
    }
  }

  function commandDocs({ reply }: Call, args: Args): void {
    const found: CommandRow[] = [];
    if (!args.more) found.push(...server.table.rows.values());
    while (args.more) {
      const row = find(args.next());
      if (row) found.push(row);
    }
    reply.map(found.length);
    for (const row of found) {
      reply.bulkText(row.name);
      writeCommandDocs(reply, row);
    }
  }

  function list({ reply }: Call, args: Args): void {
    const passes = filter(args);
    const found = [...server.table.all()].filter(passes);
    reply.array(found.length);
    for (const row of found) reply.bulkText(row.name);
  }

  function getKeys({ reply }: Call, args: Args, withFlags: boolean): void {
    const words: RequestWords = { count: args.left, at: (index) => args.at(index + 2) };
    const row = findCommand(words);
    if (row === undefined) throw err("Invalid command specified");
    if (!hasKeys(row)) throw err("The command has no key arguments");
    if (row.arity > 0 ? words.count !== row.arity : words.count < -row.arity)
      throw err("Invalid number of arguments specified for command");
    const keys = findKeys(row, words) ?? [];
    if (keys.length === 0 && !row.flags.includes("no_mandatory_keys"))
      throw err("Invalid arguments specified for command");
    reply.array(keys.length);
    for (const { index, flags: keyFlags } of keys) {
      if (withFlags) reply.array(2);
      reply.bulk(words.at(index));
      if (withFlags) writeKeyFlags(reply, keyFlags);
    }
  }

  /** `name` or `container|subcommand`. */
  function find(name: Slice): CommandRow | undefined {
    return server.table.get(name.latin1());
  }

  function findCommand(words: RequestWords): CommandRow | undefined {
    const row = server.table.find(words.at(0));
    if (row?.subcommands === undefined || words.count === 1) return row;
    return row.subcommands.get(words.at(1).latin1().toLowerCase());
  }
}

/** FILTERBY MODULE, ACLCAT or PATTERN. */
function filter(args: Args): (row: CommandRow) => boolean {
  if (!args.more) return () => true;
  if (args.left !== 3 || !args.take("FILTERBY")) throw errors.syntax;
  // There are no modules, so none of them brought a command.
  if (args.take("MODULE")) return () => false;
  if (args.take("ACLCAT")) {
    const name = args.next().latin1().toLowerCase();
    const category = ACL_CATEGORIES.find((known) => known === name);
    return (row) => category !== undefined && aclCategories(row).has(category);
  }
  if (!args.take("PATTERN")) throw errors.syntax;
  const glob = args.next();
  return (row) => matchGlob(glob, Slice.of(row.name), true);
}

function err(text: string): ReplyError {
  return new ReplyError("ERR", text);
}

const HELP = [
  ["(no subcommand)", "Lists all commands in detail."],
  ["COUNT", "How many commands there are."],
  [
    "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
    "The names of all commands, or of those that the filter lets pass.",
  ],
  ["INFO [<command-name> ...]", "Details of these commands, or of all."],
  ["DOCS [<command-name> ...]", "Documentation of these commands, or of all."],
  ["GETKEYS <full-command>", "The keys in a whole command."],
  ["GETKEYSANDFLAGS <full-command>", "The keys in a whole command, and what it does with each."],
] as const;
