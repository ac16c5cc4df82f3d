/** CONFIG. */
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../commands/call.ts";
import { block, docs, multiple, string } from "../commands/docs.ts";
import type { Config } from "./config.ts";

/** What CONFIG needs of the server. */
export interface ConfigHost {
  readonly config: Config;
  readonly loading: boolean;
  /** Whether the client is on this machine. */
  isLocal(call: Call): boolean;
  /** Writes the configuration file anew; undefined if there is none. @throws  with the system's text */
  rewriteFile: (() => void) | undefined;
  resetStatistics(): void;
  /** Whether the client may be held: not inside of a transaction. */
  mayWait(call: Call): boolean;
  /** Holds the client until `work` has ended: then "+OK", or the error that it rejects with. */
  answerLater(call: Call, work: Promise<void>): void;
}

const FLAGS: readonly Flag[] = ["admin", "noscript", "loading", "stale"];
const HELP = [
  "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "GET <pattern>",
  "    Names and values of the directives that match <pattern>, a glob.",
  "SET <directive> <value>",
  "    Give <directive> the value <value>; several pairs are taken together or not at all.",
  "RESETSTAT",
  "    Start the counters of INFO anew.",
  "REWRITE",
  "    Bring the configuration file up to date with the values in force.",
  "HELP",
  "    Print this help.",
];

export function configCommands(host: ConfigHost): CommandRow[] {
  return family("server", {
    CONFIG: {
      arity: -2,
      flags: [],
      docs: docs("2.0.0", "Depends on subcommand.", "A container for the commands about directives of redis.conf."),
      subcommands: {
        GET: {
          arity: -3,
          flags: FLAGS,
          docs: docs(
            "2.0.0",
            "O(N) with N the number of parameters given",
            "Tells the values of directives, by name or by glob.",
            multiple(string("parameter")),
          ),
          run: (call, args) => get(host, call, args),
        },
        SET: {
          arity: -4,
          flags: FLAGS,
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          docs: docs(
            "2.0.0",
            "O(N) with N the number of parameters given",
            "Changes directives while the server runs.",
            multiple(block("data", null, string("parameter"), string("value"))),
          ),
          run: (call, args) => set(host, call, args),
        },
        RESETSTAT: {
          arity: 2,
          flags: FLAGS,
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          docs: docs("2.0.0", "O(1)", "Sets the counters of INFO back to zero."),
          run({ reply }) {
            host.resetStatistics();
            reply.ok();
          },
        },
        REWRITE: {
          arity: 2,
          flags: FLAGS,
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          docs: docs("2.8.0", "O(1)", "Writes the values in force to the configuration file."),
          run: ({ reply }) => {
            rewrite(host);
            reply.ok();
          },
        },
        HELP: {
          arity: 2,
          flags: ["loading", "stale"],
          docs: docs("5.0.0", "O(1)", "Says in a few lines what the subcommands do."),
          run({ reply }) {
            reply.array(HELP.length);
            for (const line of HELP) reply.simple(line);
          },
        },
      },
    },
  });
}

function get({ config }: ConfigHost, { reply }: Call, args: Args): void {
  args.position = 2;
  const patterns: string[] = [];
  while (args.more) patterns.push(args.next().latin1());
  const found = config.get(patterns);
  reply.map(found.length);
  for (const [name, text] of found) {
    reply.bulkBytes(Buffer.from(name, "latin1"));
    reply.bulkBytes(Buffer.from(text, "latin1"));
  }
}

const WAIT_FOR_NETWORK = new Set(["bind", "port", "tls-port"]);
const cannotWait = new ReplyError(
  "ERR",
  "CONFIG SET of bind and port waits for the network, which is not possible inside a transaction",
);

function set(host: ConfigHost, call: Call, args: Args): void {
  args.position = 2;
  if (args.left % 2 === 1) throw errors.syntax;
  const pairs: [string, string][] = [];
  while (args.more) pairs.push([args.next().latin1(), args.next().latin1()]);
  if (pairs.some(([name]) => WAIT_FOR_NETWORK.has(name.toLowerCase())) && !host.mayWait(call)) throw cannotWait;
  const pending = host.config.set(pairs, { local: host.isLocal(call), loading: host.loading });
  if (pending) host.answerLater(call, pending);
  else call.reply.ok();
}

function rewrite(host: ConfigHost): void {
  if (!host.rewriteFile) throw new ReplyError("ERR", "The server is running without a config file");
  try {
    host.rewriteFile();
  } catch (error) {
    throw new ReplyError("ERR", `Rewriting config file: ${(error as Error).message}`);
  }
}
