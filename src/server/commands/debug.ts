/** DEBUG: what tests of servers and clients lean on. Its larger parts are in debug/. */
import type { Slice } from "../../base/bytes.ts";
import { matchGlob } from "../../base/glob.ts";
import { parseDouble } from "../../base/numbers.ts";
import { errors, ReplyError, replyErrorFromLine } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family, type Handler } from "../../commands/call.ts";
import { docs, internal } from "../../commands/docs.ts";
import { parseMemory } from "../../config/numeric.ts";
import { dataDigest, valueDigest } from "../debug/digest.ts";
import { describeValueTable, logPacked } from "../debug/forms.ts";
import { describeObject, describeTables } from "../debug/object.ts";
import { populate } from "../debug/populate.ts";
import { writeExample } from "../debug/protocol.ts";
import type { Server } from "../server.ts";
import { type HelpEntry, writeHelp } from "./help.ts";

/** How many words behind the subcommand it takes, and what it does. `args` begins behind the subcommand. */
interface Subcommand {
  readonly words: number | readonly [least: number, most: number];
  readonly run: Handler;
}

/** Exit codes of a process that SIGABRT and SIGSEGV ended. */
const ABORTED = 134;
const SEGMENTATION_FAULT = 139;
const LONGEST_SLEEP_MS = 3600_000;
const ANY = Number.POSITIVE_INFINITY;

export function debugCommands(server: Server): CommandRow[] {
  const { engine, log } = server;
  /** Tables that DICT-RESIZING keeps from resizing; those that a flush makes meanwhile resize as always. */
  const held = new Set<{ pauses: number }>();

  const subcommands: Readonly<Record<string, Subcommand>> = {
    "CHANGE-REPL-ID": { words: 0, run: changeReplicationId },
    DIGEST: { words: 0, run: ({ reply }) => reply.simple(dataDigest(engine)) },
    "DIGEST-VALUE": { words: [0, ANY], run: digestValues },
    "DICT-RESIZING": { words: 1, run: onOff(setDictResizing) },
    ERROR: { words: 1, run: (_call, args) => fail(args.next()) },
    HELP: { words: 0, run: ({ reply }) => writeHelp(reply, "debug", HELP) },
    HTSTATS: { words: [1, 2], run: ({ reply }, args) => reply.verbatim(describeTables(engine, args.integer())) },
    "HTSTATS-KEY": {
      words: 1,
      run: ({ reply, db }, args) => reply.verbatim(describeValueTable(engine, db, args.next())),
    },
    LISTPACK: { words: 1, run: (call, args) => showPacked(call, args.next(), "listpack") },
    LOG: {
      words: 1,
      run({ reply }, args) {
        log.warning(`DEBUG LOG: ${args.next().utf8()}`);
        reply.ok();
      },
    },
    OBJECT: { words: [1, 2], run: ({ reply, db }, args) => reply.simple(describeObject(engine, db, args.next())) },
    "PAUSE-CRON": {
      words: 1,
      run: onOff((on) => {
        server.cronPaused = on;
      }),
    },
    POPULATE: { words: [1, 3], run: populate },
    PROTOCOL: { words: 1, run: ({ reply }, args) => writeExample(reply, args.next().utf8()) },
    QUICKLIST: { words: [1, 2], run: (call, args) => showPacked(call, args.next(), "quicklist") },
    "QUICKLIST-PACKED-THRESHOLD": { words: 1, run: setPackedThreshold },
    RELOAD: { words: [0, ANY], run: reload },
    REPLICATE: { words: [1, ANY], run: replicate },
    "SET-ACTIVE-EXPIRE": {
      words: 1,
      run: onOff((on) => {
        server.activeExpire = on;
      }),
    },
    "SET-SKIP-CHECKSUM-VALIDATION": {
      words: 1,
      run: onOff((on) => {
        engine.policy.skipChecksumValidation = on;
      }),
    },
    SLEEP: { words: 1, run: sleep },
    "STRINGMATCH-LEN": {
      words: 2,
      run: ({ reply }, args) => reply.integer(matchGlob(args.next(), args.next()) ? 1 : 0),
    },
    ASSERT: { words: 0, run: () => crash("ASSERT", ABORTED) },
    OOM: { words: 0, run: () => crash("OOM", ABORTED) },
    PANIC: { words: 0, run: () => crash("PANIC", ABORTED) },
    SEGFAULT: { words: 0, run: () => crash("SEGFAULT", SEGMENTATION_FAULT) },
  };

  return family("server", {
    DEBUG: {
      arity: -2,
      flags: ["admin", "noscript", "loading", "stale", "protected"],
      docs: internal(
        docs("1.0.0", "Depends on subcommand.", "A container for commands about the server's inner life."),
      ),
      run: debug,
    },
  });

  function debug(call: Call, args: Args): void {
    const word = args.next();
    const name = word.latin1().toUpperCase();
    if (NOT_HERE.has(name)) throw new ReplyError("ERR", `DEBUG ${name} is not supported by this server`);
    const subcommand = subcommands[name];
    const [least, most] = subcommand === undefined ? [ANY, 0] : bounds(subcommand);
    if (subcommand === undefined || args.left < least || args.left > most)
      throw errors.subcommandSyntax(word.quotable(), "debug");
    subcommand.run(call, args);
  }

  function changeReplicationId({ reply }: Call): void {
    const replicating = server.members.filter((member) => member.changeReplicationId);
    if (replicating.length === 0) throw new ReplyError("ERR", "This server has no replication");
    for (const member of replicating) member.changeReplicationId!();
    reply.ok();
  }

  function digestValues({ reply, db }: Call, args: Args): void {
    reply.array(args.left);
    while (args.more) reply.simple(valueDigest(engine, db, args.next()));
  }

  function reload({ reply }: Call, args: Args): void {
    const options = { save: true, flush: true, merge: false };
    while (args.more) {
      if (args.take("MERGE")) options.merge = true;
      else if (args.take("NOFLUSH")) options.flush = false;
      else if (args.take("NOSAVE")) options.save = false;
      else throw new ReplyError("ERR", "DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
    const keeper = server.members.find((member) => member.reload);
    if (!keeper) throw new ReplyError("ERR", "This server keeps no data on disk");
    keeper.reload!(options);
    reply.ok();
  }

  function showPacked({ reply, db }: Call, key: Slice, form: "listpack" | "quicklist"): void {
    logPacked(engine, db, key, form, log);
    reply.simple(`${form === "listpack" ? "Listpack" : "Quicklist"} structure printed on stdout`);
  }

  /** Sends the words to the replicas as they are, so that their data part from ours. */
  function replicate({ reply }: Call, args: Args): void {
    const words: Slice[] = [];
    while (args.more) words.push(args.next());
    server.outcomes.words(-1, words);
    reply.ok();
  }

  function sleep({ reply }: Call, args: Args): void {
    const seconds = parseDouble(args.next());
    if (seconds > 0) server.facts.block(Math.min(seconds * 1000, LONGEST_SLEEP_MS));
    server.refreshTime();
    reply.ok();
  }

  function setDictResizing(on: boolean): void {
    for (const table of held) table.pauses--;
    held.clear();
    if (on) return;
    for (const { keyspace } of engine.databases) {
      keyspace.table.pauses++;
      held.add(keyspace.table);
    }
  }

  /** Ends the process at once, with nothing saved and nobody told: what a crash does. */
  function crash(how: string, exitCode: number): void {
    log.warning(`Crashing on purpose, as DEBUG ${how} asked for`);
    server.options.exit(exitCode);
  }
}

function bounds({ words }: Subcommand): readonly [number, number] {
  return typeof words === "number" ? [words, words] : words;
}

/** As C's atoi reads it: what is no number is 0. */
function onOff(set: (on: boolean) => void): Handler {
  return ({ reply }, args) => {
    set((Number.parseInt(args.next().latin1(), 10) || 0) !== 0);
    reply.ok();
  };
}

/** From which length on Redis gives an element of a list a node of its own. Here an element's length changes no form of nodes. */
function setPackedThreshold({ reply }: Call, args: Args): void {
  const bytes = parseMemory(args.next().latin1());
  if (bytes === null || bytes < 0n || bytes >= 1n << 32n)
    throw new ReplyError("ERR", "argument must be a memory value bigger than 1 and smaller than 4gb");
  reply.ok();
}

function fail(text: Slice): never {
  throw replyErrorFromLine(text.utf8());
}

/** Subcommands of Redis about what does not exist here: its allocator, its files of commands, scripts, the cluster. */
const NOT_HERE = new Set([
  "AOF-FLUSH-SLEEP",
  "CLIENT-EVICTION",
  "CLUSTERLINK",
  "CONFIG-REWRITE-FORCE-ALL",
  "CRASH-AND-RECOVER",
  "DROP-CLUSTER-PACKET-FILTER",
  "LEAK",
  "LOADAOF",
  "MALLCTL",
  "MALLCTL-STR",
  "REPLYBUFFER",
  "RESTART",
  "SDSLEN",
  "SET-DISABLE-DENY-SCRIPTS",
  "STRINGMATCH-TEST",
  "STRUCTSIZE",
]);

const HELP: readonly HelpEntry[] = [
  ["ASSERT|OOM|PANIC|SEGFAULT", "Ends the process as a crash would: at once, with nothing saved."],
  ["CHANGE-REPL-ID", "Begins a new replication history. Replicas have to synchronize in full after it."],
  ["DICT-RESIZING <0|1>", "Whether the tables of keys may grow and shrink."],
  ["DIGEST", "A sum over all data, equal when the data are."],
  ["DIGEST-VALUE <key> [<key> ...]", "Such a sum over the value of each key."],
  ["ERROR <string>", "Answers this error."],
  ["HTSTATS <dbid>", "How full the tables of a database are."],
  ["HTSTATS-KEY <key>", "How full the table of a value is."],
  ["LISTPACK <key>", "What a listpack looks like."],
  ["LOG <message>", "Writes this to the log."],
  ["OBJECT <key>", "How a key lies in memory."],
  ["PAUSE-CRON <0|1>", "Whether regular work (expiry, timeouts, saving) rests."],
  [
    "POPULATE <count> [<prefix>] [<size>]",
    "Makes <count> strings named key:<number>, or <prefix>:<number>, where no such key is.",
    "Replicas are not told.",
  ],
  [
    "PROTOCOL <type>",
    "Answers an example of: string, integer, double, bignum, null, array, set, map,",
    "attrib, push, verbatim, true, false.",
  ],
  ["QUICKLIST <key> [<0|1>]", "What a quicklist looks like."],
  ["QUICKLIST-PACKED-THRESHOLD <size>", "Has no effect: elements of any size lie in nodes of one kind."],
  [
    "RELOAD [option ...]",
    "Saves the data and loads them again. Options are:",
    "* MERGE: keys of the file replace keys that are there.",
    "* NOFLUSH: the data are not emptied before; a key that is there already is an error.",
    "* NOSAVE: the file that is there is loaded.",
  ],
  ["REPLICATE <word> [<word> ...]", "Sends these words to the replicas as a command."],
  ["SET-ACTIVE-EXPIRE <0|1>", "Whether keys are deleted when their time has come, or only when they are asked for."],
  ["SET-SKIP-CHECKSUM-VALIDATION <0|1>", "Whether wrong checksums of RDB files and payloads are passed over."],
  ["SLEEP <seconds>", "Stops the whole server for so long."],
  ["STRINGMATCH-LEN <pattern> <string>", "Whether the pattern matches, as 1 or 0."],
];
