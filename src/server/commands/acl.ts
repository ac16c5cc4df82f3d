/** ACL: users, their rules, and what they were refused. What the rules mean is acl/'s business, who is affected access.ts'. */
import type { Selector } from "../../acl/selector.ts";
import { isBadName, UnmatchedParenthesis, WrongRule } from "../../acl/user.ts";
import { AclFileError, DEFAULT_USER } from "../../acl/users.ts";
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { ACL_CATEGORIES } from "../../commands/acl-categories.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { docs, integer, multiple, oneOf, optional, string, word } from "../../commands/docs.ts";
import type { RequestWords } from "../../commands/key-specs.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";
import { type HelpEntry, helpRow } from "./help.ts";

const ALL: readonly Flag[] = ["noscript", "loading", "stale", "sentinel"];
const ADMIN: readonly Flag[] = ["admin", ...ALL];
const OF_USERS = "O(N). Where N is the number of configured users.";
const GENPASS_BITS = 256;
const GENPASS_MAX_BITS = 4096;
const LOG_COUNT = 10;
const NO_FILE =
  "This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";

const err = (text: string) => new ReplyError("ERR", text);

export function aclCommands(server: Server): CommandRow[] {
  return family("server", {
    ACL: {
      arity: -2,
      flags: ["sentinel"],
      docs: docs("6.0.0", "Depends on subcommand.", "A container for commands about users and their rights."),
      // biome-ignore format: a table
      subcommands: {
        CAT: {
          arity: -2, flags: ALL, run: cat,
          docs: docs("6.0.0", "O(1) since the categories and commands are a fixed set.", "Lists the categories, or the commands of one.",
            optional(string("categoryname"))),
        },
        DELUSER: {
          arity: -3, flags: ADMIN, run: deleteUsers,
          docs: docs("6.0.0", "O(1) amortized time considering the typical user.", "Deletes users, and ends their connections.",
            multiple(string("username"))),
        },
        DRYRUN: {
          arity: -4, flags: ADMIN, run: tryOut,
          docs: docs("7.0.0", "O(1).", "Says whether a user may run a command, which is not run.",
            string("username"), string("command"), optional(multiple(string("arg")))),
        },
        GENPASS: {
          arity: -2, flags: ALL, run: generatePassword,
          docs: docs("6.0.0", "O(1)", "Makes a password of chance.", optional(integer("bits"))),
        },
        GETUSER: {
          arity: 3, flags: ADMIN, run: getUser,
          docs: docs("6.0.0", "O(N). Where N is the number of password, command and pattern rules that the user has.",
            "Shows the rules of a user.", string("username")),
        },
        LIST: {
          arity: 2, flags: ADMIN, run: ({ reply }) => writeTexts(reply, server.access.users.lines),
          docs: docs("6.0.0", OF_USERS, "Lists the users as an ACL file has them."),
        },
        LOAD: {
          arity: 2, flags: ADMIN, run: load,
          docs: docs("6.0.0", OF_USERS, "Reads the ACL file anew."),
        },
        LOG: {
          arity: -2, flags: ADMIN, run: showLog,
          docs: docs("6.0.0", "O(N) with N being the number of entries shown.", "Lists what was refused lately.",
            optional(oneOf("operation", integer("count"), word("RESET")))),
        },
        SAVE: {
          arity: 2, flags: ADMIN, run: save,
          docs: docs("6.0.0", OF_USERS, "Writes the users to the ACL file."),
        },
        SETUSER: {
          arity: -3, flags: ADMIN, run: setUser,
          docs: docs("6.0.0", "O(N). Where N is the number of rules provided.", "Makes a user, or changes one.",
            string("username"), optional(multiple(string("rule")))),
        },
        USERS: {
          arity: 2, flags: ADMIN, run: ({ reply }) => writeTexts(reply, server.access.users.all.map(({ name }) => name)),
          docs: docs("6.0.0", OF_USERS, "Lists the names of the users."),
        },
        WHOAMI: {
          arity: 2, flags: ALL, run: ({ reply, session }) => writeText(reply, session.user),
          docs: docs("6.0.0", "O(1)", "Says which user this connection is."),
        },
        HELP: helpRow("acl", "6.0.0", HELP, ["loading", "stale", "sentinel"]),
      },
    },
  });

  function setUser({ reply, session }: Call, args: Args): void {
    const name = args.next().latin1();
    if (isBadName(name)) throw err("Usernames can't contain spaces or null characters");
    const rules: string[] = [];
    while (args.more) rules.push(args.next().latin1());
    try {
      server.access.setUser(name, rules, session as Connection);
    } catch (error) {
      if (error instanceof UnmatchedParenthesis) throw err(oneLine(error.message));
      if (error instanceof WrongRule)
        throw err(oneLine(`Error in ACL SETUSER modifier '${untilZero(error.rule)}': ${error.message}`));
      throw error;
    }
    reply.ok();
  }

  function deleteUsers({ reply, session }: Call, args: Args): void {
    const names: string[] = [];
    while (args.more) names.push(args.next().latin1());
    if (names.some((name) => untilZero(name) === DEFAULT_USER)) throw err("The 'default' user cannot be removed");
    const deleted = names.filter((name) => server.access.deleteUser(name, session as Connection));
    reply.integer(deleted.length);
  }

  function getUser({ reply }: Call, args: Args): void {
    const user = server.access.users.get(args.next().latin1());
    if (user === undefined) {
      reply.nil();
      return;
    }
    const [root, ...others] = user.selectors as [Selector, ...Selector[]];
    reply.map(6);
    reply.bulkText("flags");
    reply.set(user.flags.length);
    for (const flag of user.flags) reply.bulkText(flag);
    reply.bulkText("passwords");
    writeTexts(reply, user.passwords);
    writeSelector(reply, root);
    reply.bulkText("selectors");
    reply.array(others.length);
    for (const selector of others) {
      reply.map(3);
      writeSelector(reply, selector);
    }
  }

  function cat({ reply }: Call, args: Args): void {
    if (args.count > 3) throw errors.subcommandSyntax(args.at(1).quotable(), "acl");
    if (!args.more) {
      writeTexts(reply, ACL_CATEGORIES);
      return;
    }
    const { vocabulary } = server.access;
    const name = args.next().quotable();
    const category = vocabulary.category(name);
    if (category === undefined) throw err(oneLine(`Unknown category '${name.slice(0, 128)}'`));
    const commands = [...vocabulary.all()].filter(({ categories }) => categories.has(category));
    writeTexts(
      reply,
      commands.map((command) => command.name),
    );
  }

  function tryOut({ reply }: Call, args: Args): void {
    const { access, table } = server;
    const name = args.next();
    const user = access.users.get(name.latin1());
    if (user === undefined) throw err(oneLine(`User '${name.quotable()}' not found`));
    const request = new Rest(args, 3);
    const container = table.find(request.at(0));
    const row =
      container?.subcommands !== undefined && request.count > 1
        ? container.subcommands.get(request.at(1).latin1().toLowerCase())
        : container;
    if (row === undefined) throw err(oneLine(`Command '${request.at(0).quotable()}' not found`));
    if (row.arity > 0 ? request.count !== row.arity : request.count < -row.arity) throw errors.wrongArgCount(row.name);
    const refused = access.tryOut(user, row, request);
    if (refused === null) reply.ok();
    else writeText(reply, refused);
  }

  function generatePassword({ reply }: Call, args: Args): void {
    if (args.count > 3) throw errors.subcommandSyntax(args.at(1).quotable(), "acl");
    const bits = args.more ? parseInteger(args.next()) : GENPASS_BITS;
    if (Number.isNaN(bits)) throw errors.notInteger;
    if (bits <= 0 || bits > GENPASS_MAX_BITS)
      throw err(
        `ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${GENPASS_MAX_BITS}`,
      );
    const digits = Math.ceil(bits / 4);
    const hex = Buffer.from(server.io.random.bytes(Math.ceil(digits / 2))).toString("hex");
    reply.bulkText(hex.slice(0, digits));
  }

  function load({ reply, session }: Call): void {
    if (server.access.source.file === "") throw err(NO_FILE);
    try {
      server.access.loadFile(session as Connection);
    } catch (error) {
      if (error instanceof AclFileError) throw err(oneLine(error.message));
      throw error;
    }
    reply.ok();
  }

  function save({ reply }: Call): void {
    if (server.access.source.file === "") throw err(NO_FILE);
    try {
      server.access.source.saveFile();
    } catch (error) {
      server.log.warning(`Writing ACL file for ACL SAVE: ${(error as Error).message}`);
      throw err("There was an error trying to save the ACLs. Please check the server logs for more information");
    }
    reply.ok();
  }

  function showLog({ reply }: Call, args: Args): void {
    const { log } = server.access;
    if (args.count > 3) throw errors.subcommandSyntax(args.at(1).quotable(), "acl");
    if (args.take("RESET")) {
      log.reset();
      reply.ok();
      return;
    }
    const count = args.more ? Math.max(0, args.integer()) : LOG_COUNT;
    const shown = log.entries.slice(0, count);
    reply.array(shown.length);
    for (const entry of shown) {
      reply.map(10);
      reply.bulkText("count");
      reply.integer(entry.count);
      const texts = { reason: entry.reason, context: entry.context, object: entry.object, username: entry.username };
      for (const [name, text] of Object.entries(texts)) writePair(reply, name, text);
      reply.bulkText("age-seconds");
      reply.double((server.now - entry.updatedAt) / 1000);
      writePair(reply, "client-info", entry.clientInfo);
      reply.bulkText("entry-id");
      reply.integer(entry.id);
      reply.bulkText("timestamp-created");
      reply.integer(entry.createdAt);
      reply.bulkText("timestamp-last-updated");
      reply.integer(entry.updatedAt);
    }
  }
}

/** The words from `from` on as a request of their own. */
class Rest implements RequestWords {
  constructor(
    readonly args: Args,
    readonly from: number,
  ) {}

  get count(): number {
    return this.args.count - this.from;
  }

  at(index: number): Slice {
    return this.args.at(this.from + index);
  }
}

function writeSelector(reply: ReplyWriter, selector: Selector): void {
  writePair(reply, "commands", selector.commandRules);
  writePair(reply, "keys", selector.keyRules);
  writePair(reply, "channels", selector.channelRules);
}

function writePair(reply: ReplyWriter, name: string, text: string): void {
  reply.bulkText(name);
  writeText(reply, text);
}

/** Texts of users are one character a byte. */
function writeText(reply: ReplyWriter, text: string): void {
  reply.bulkBytes(Buffer.from(text, "latin1"));
}

function writeTexts(reply: ReplyWriter, texts: readonly string[]): void {
  reply.array(texts.length);
  for (const text of texts) writeText(reply, text);
}

/** An error is one line, whatever the request had in it. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}

function untilZero(text: string): string {
  return text.split("\0", 1)[0]!;
}

const HELP: readonly HelpEntry[] = [
  ["CAT [<category>]", "The commands of a category, or all categories."],
  ["DELUSER <username> [<username> ...]", "Deletes users, and ends their connections."],
  ["DRYRUN <username> <command> [<arg> ...]", "Says whether the user may run the command, without running it."],
  ["GETUSER <username>", "The rules of a user."],
  ["GENPASS [<bits>]", "A password of chance: 256 bits, or as many as asked for."],
  ["LIST", "All users as an ACL file has them."],
  ["LOAD", "Reads the ACL file anew."],
  ["LOG [<count> | RESET]", "What was refused lately, or forgets it."],
  ["SAVE", "Writes the users to the ACL file."],
  ["SETUSER <username> <attribute> [<attribute> ...]", "Makes a user, or changes one."],
  ["USERS", "The names of all users."],
  ["WHOAMI", "Which user this connection is."],
];
