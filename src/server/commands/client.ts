/** CLIENT: who is connected, and how the server treats them. CLIENT KILL's filters are in client-kill.ts. */
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { docs, integer, multiple, oneOf, optional, since, string, word } from "../../commands/docs.ts";
import { clientLine, clientType, clientTypeNamed } from "../client-list.ts";
import type { Connection } from "../connection.ts";
import { BY_CLIENT } from "../pause.ts";
import type { Server } from "../server.ts";
import { KILL_ARGUMENTS, kill } from "./client-kill.ts";
import { TRACKING_ROWS } from "./client-tracking.ts";
import { clientName } from "./connection.ts";
import { type HelpEntry, helpRow } from "./help.ts";

const ALL: readonly Flag[] = ["noscript", "loading", "stale", "sentinel"];
const ADMIN: readonly Flag[] = ["admin", ...ALL];
const ON_OFF = oneOf("enabled", word("ON"), word("OFF"));
const TYPES = [word("NORMAL"), word("MASTER"), word("REPLICA"), word("PUBSUB")];

export function clientCommands(server: Server): CommandRow[] {
  return family("connection", {
    CLIENT: {
      arity: -2,
      flags: ["sentinel"],
      docs: docs("2.4.0", "Depends on subcommand.", "A container for commands about client connections."),
      subcommands: {
        ID: {
          arity: 2,
          flags: ALL,
          docs: docs("5.0.0", "O(1)", "Tells the number of this connection."),
          run: ({ reply, session }) => reply.integer(session.id),
        },
        LIST: {
          arity: -2,
          flags: ADMIN,
          tips: ["nondeterministic_output"],
          docs: docs(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Lists the connections.",
            since("5.0.0", optional({ ...oneOf("client-type", ...TYPES), token: "TYPE" })),
            since("6.2.0", optional(multiple(integer("client-id", "ID")))),
          ),
          run: list,
        },
        INFO: {
          arity: 2,
          flags: ALL,
          tips: ["nondeterministic_output"],
          docs: docs("6.2.0", "O(1)", "Describes this connection."),
          run: ({ reply, session }) =>
            reply.verbatim(`${clientLine(session as Connection, server.now, session as Connection)}\n`),
        },
        KILL: {
          arity: -3,
          flags: ADMIN,
          docs: docs(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Closes connections.",
            KILL_ARGUMENTS,
          ),
          run: (call, args) => kill(server, call, args),
        },
        SETNAME: {
          arity: 3,
          flags: ALL,
          docs: docs("2.6.9", "O(1)", "Names this connection.", string("connection-name")),
          run({ reply, session }, args) {
            session.name = clientName(args.next());
            reply.ok();
          },
        },
        GETNAME: {
          arity: 2,
          flags: ALL,
          docs: docs("2.6.9", "O(1)", "Tells the name of this connection."),
          run({ reply, session }) {
            if (session.name === "") reply.nil();
            else reply.bulkText(session.name);
          },
        },
        SETINFO: {
          arity: 4,
          flags: ALL,
          docs: docs(
            "7.2.0",
            "O(1)",
            "Says which library this connection comes from.",
            oneOf("attr", string("libname", "LIB-NAME"), string("libver", "LIB-VER")),
          ),
          run: setInfo,
        },
        CAPA: {
          arity: -3,
          flags: ALL,
          docs: docs(
            "7.2.0",
            "O(1)",
            "Says what this client can cope with (of Valkey). What is not known is passed over.",
            multiple(string("capability")),
          ),
          // Capabilities allow the server something and never oblige it: those we make no use of cost nothing.
          run: ({ reply }) => reply.ok(),
        },
        REPLY: {
          arity: 3,
          flags: ALL,
          docs: docs(
            "3.2.0",
            "O(1)",
            "Chooses whether commands are answered.",
            oneOf("action", word("ON"), word("OFF"), word("SKIP")),
          ),
          run: replyMode,
        },
        PAUSE: {
          arity: -3,
          flags: ADMIN,
          docs: docs(
            "2.9.50",
            "O(1)",
            "Lets commands wait for some time.",
            integer("timeout"),
            since("6.2.0", optional(oneOf("mode", word("WRITE"), word("ALL")))),
          ),
          run: pause,
        },
        UNPAUSE: {
          arity: 2,
          flags: ADMIN,
          docs: docs("6.2.0", "O(N) Where N is the number of paused clients", "Ends what CLIENT PAUSE began."),
          run({ reply }) {
            server.pause.end(BY_CLIENT);
            reply.ok();
          },
        },
        "NO-EVICT": {
          arity: 3,
          flags: ADMIN,
          docs: docs("7.0.0", "O(1)", "Chooses whether this connection may be closed to save memory.", ON_OFF),
          run({ reply, session }, args) {
            session.noEvict = onOff(args);
            reply.ok();
          },
        },
        "NO-TOUCH": {
          arity: 3,
          flags: ALL,
          docs: docs("7.2.0", "O(1)", "Chooses whether keys count as used when this connection reads them.", ON_OFF),
          run({ reply, session }, args) {
            session.noTouch = onOff(args);
            reply.ok();
          },
        },
        UNBLOCK: {
          arity: -3,
          flags: ADMIN,
          docs: docs(
            "5.0.0",
            "O(log N) where N is the number of client connections",
            "Ends the waiting of a connection whose command blocks.",
            integer("client-id"),
            optional(oneOf("unblock-type", word("TIMEOUT"), word("ERROR"))),
          ),
          run: unblock,
        },
        ...TRACKING_ROWS,
        HELP: helpRow("client", "5.0.0", HELP, ["loading", "stale", "sentinel"]),
      },
    },
  });

  function list({ reply, session }: Call, args: Args): void {
    reply.verbatim(
      chosen(args)
        .map((connection) => `${clientLine(connection, server.now, session as Connection)}\n`)
        .join(""),
    );
  }

  function chosen(args: Args): Connection[] {
    const all = [...server.clients.byId.values()];
    if (!args.more) return all;
    if (args.left === 2 && args.take("TYPE")) {
      const name = args.next().utf8();
      const type = clientTypeNamed(name);
      if (type === null) throw err(`Unknown client type '${name}'`);
      return all.filter((connection) => clientType(connection) === type);
    }
    if (args.left < 2 || !args.take("ID")) throw errors.syntax;
    const found: Connection[] = [];
    while (args.more) {
      const connection = server.clients.byId.get(args.integer(err("Invalid client ID")));
      if (connection) found.push(connection);
    }
    return found;
  }

  function setInfo({ reply, session }: Call, args: Args): void {
    const connection = session as Connection;
    const attribute = args.next();
    const value = args.next().latin1();
    const isName = attribute.is("LIB-NAME");
    if (!isName && !attribute.is("LIB-VER")) throw err(`Unrecognized option '${attribute.quotable()}'`);
    if (/[^!-~]/.test(value))
      throw err(`${attribute.quotable()} cannot contain spaces, newlines or special characters.`);
    if (isName) connection.libName = value;
    else connection.libVersion = value;
    reply.ok();
  }

  function pause({ reply }: Call, args: Args): void {
    const milliseconds = parseInteger(args.next());
    if (Number.isNaN(milliseconds)) throw err("timeout is not an integer or out of range");
    if (milliseconds < 0) throw err("timeout is negative");
    const mode = args.more ? pauseMode(args) : "all";
    args.end();
    server.pause.begin(BY_CLIENT, mode, server.now + milliseconds);
    reply.ok();
  }

  function unblock({ reply }: Call, args: Args): void {
    const id = args.integer();
    const error = args.more ? unblockReason(args) : null;
    args.end();
    const blocked = server.clients.byId.get(id)?.blocked;
    if (!blocked?.unblockable) {
      reply.integer(0);
      return;
    }
    if (error === null) blocked.timedOut();
    else blocked.cancel(error);
    reply.integer(1);
  }
}

function replyMode({ reply, session }: Call, args: Args): void {
  const connection = session as Connection;
  if (args.take("ON")) {
    connection.replyMode = "on";
    reply.ok();
  } else if (args.take("OFF")) connection.replyMode = "off";
  else if (args.take("SKIP")) {
    if (connection.replyMode !== "off") connection.replyMode = "skip";
  } else throw errors.syntax;
}

function pauseMode(args: Args): "write" | "all" {
  if (args.take("WRITE")) return "write";
  if (args.take("ALL")) return "all";
  throw err("CLIENT PAUSE mode must be WRITE or ALL");
}

/** What the blocked client is told: an error, or null for what a timeout would tell it. */
function unblockReason(args: Args): string | null {
  if (args.take("TIMEOUT")) return null;
  if (args.take("ERROR")) return "UNBLOCKED client unblocked via CLIENT UNBLOCK";
  throw err("CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
}

function onOff(args: Args): boolean {
  if (args.take("ON")) return true;
  if (args.take("OFF")) return false;
  throw errors.syntax;
}

function err(text: string): ReplyError {
  return new ReplyError("ERR", text);
}

const HELP: readonly HelpEntry[] = [
  ["CACHING (YES|NO)", "Chooses whether the keys of the next command are tracked."],
  ["CAPA <capability> [<capability> ...]", "Says what this client can cope with."],
  ["GETREDIR", "The connection that gets this one's invalidation messages; -1 for none."],
  ["GETNAME", "The name of this connection."],
  ["ID", "The number of this connection."],
  ["INFO", "A line about this connection."],
  ["KILL <ip:port>", "Closes the connection from that address."],
  [
    "KILL <option> <value> [<option> <value> [...]]",
    "Closes all connections that match. Options are:",
    "* ADDR (<ip:port>|<unixsocket>:0)",
    "  Connected from this address.",
    "* LADDR (<ip:port>|<unixsocket>:0)",
    "  Connected to this address of ours.",
    "* TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "  Of this kind.",
    "* USER <username>",
    "  Authenticated as this user.",
    "* ID <client-id>",
    "  With this number.",
    "* MAXAGE <seconds>",
    "  Connected for at least so long.",
    "* SKIPME (YES|NO)",
    "  Whether this very connection is spared (default: yes).",
  ],
  [
    "LIST [options ...]",
    "A line about each connection. Options:",
    "* TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "  Only those of this kind.",
    "* ID <client-id> [<client-id> ...]",
    "  Only those with these numbers.",
  ],
  ["UNPAUSE", "Ends what PAUSE began."],
  ["PAUSE <timeout> [WRITE|ALL]", "Lets all commands wait, or those that write, for <timeout> milliseconds."],
  ["REPLY (ON|OFF|SKIP)", "Chooses whether the commands of this connection are answered."],
  ["SETNAME <name>", "Names this connection."],
  ["SETINFO <option> <value>", "Says which library this connection comes from: LIB-NAME and LIB-VER."],
  ["UNBLOCK <clientid> [TIMEOUT|ERROR]", "Ends the waiting of a connection whose command blocks."],
  ["TRACKING (ON|OFF)", "Client side caching: only OFF can be had."],
  ["TRACKINGINFO", "What is tracked for this connection."],
  ["NO-EVICT (ON|OFF)", "Keeps this connection from being closed to save memory."],
  ["NO-TOUCH (ON|OFF)", "Keys do not count as used when this connection reads them."],
];
