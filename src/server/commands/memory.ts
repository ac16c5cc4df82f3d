/** MEMORY: what memory goes where. */
import { errors } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family, keyAt } from "../../commands/call.ts";
import { docs, integer, key, optional } from "../../commands/docs.ts";
import { humanBytes } from "../info/memory.ts";
import { memoryReport } from "../memory-report.ts";
import type { Server } from "../server.ts";
import { helpRow } from "./help.ts";

/** Elements looked at in a container, unless SAMPLES says otherwise. */
const DEFAULT_SAMPLES = 5;

export function memoryCommands(server: Server): CommandRow[] {
  const tips = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];
  return family("server", {
    MEMORY: {
      arity: -2,
      flags: [],
      docs: docs("4.0.0", "Depends on subcommand.", "A container for commands about memory."),
      subcommands: {
        DOCTOR: {
          arity: 2,
          flags: [],
          tips,
          docs: docs("4.0.0", "O(1)", "Says in words whether something about the memory is odd."),
          run: ({ reply }) => reply.verbatim(diagnosis()),
        },
        STATS: {
          arity: 2,
          flags: [],
          tips,
          docs: docs("4.0.0", "O(1)", "Tells what memory goes where."),
          run: stats,
        },
        USAGE: {
          arity: -3,
          flags: ["readonly"],
          keys: keyAt(2, "RO"),
          docs: docs(
            "4.0.0",
            "O(N) where N is the number of samples.",
            "Tells the bytes that a key takes with all that belongs to it.",
            key(),
            optional(integer("count", "SAMPLES")),
          ),
          run: usage,
        },
        "MALLOC-STATS": {
          arity: 2,
          flags: [],
          tips,
          docs: docs("4.0.0", "Depends on how much memory is allocated, could be slow", "Describes the allocator."),
          run: ({ reply }) => reply.verbatim(allocator()),
        },
        PURGE: {
          arity: 2,
          flags: [],
          tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
          docs: docs("4.0.0", "Depends on how much memory is allocated, could be slow", "Gives unused memory back."),
          run({ reply }) {
            server.engine.store.arena.trim();
            reply.ok();
          },
        },
        HELP: helpRow("memory", "4.0.0", HELP),
      },
    },
  });

  function usage({ reply, db }: Call, args: Args): void {
    const name = args.next();
    let samples = DEFAULT_SAMPLES;
    while (args.more) {
      if (args.left < 2 || !args.take("SAMPLES")) throw errors.syntax;
      samples = args.integer();
      if (samples < 0) throw errors.syntax;
    }
    // 0 asks for all elements.
    const bytes = db.memoryUsage(name, samples === 0 ? Number.POSITIVE_INFINITY : samples);
    if (bytes === null) reply.nil();
    else reply.integer(bytes);
  }

  function stats({ reply }: Call): void {
    const report = memoryReport(server);
    const databases = server.engine.databases.filter((db) => db.size > 0);
    const integers = (fields: [string, number][]) => {
      for (const [name, value] of fields) {
        reply.bulkText(name);
        reply.integer(Math.round(value));
      }
    };
    const ratio = (name: string, value: number) => {
      reply.bulkText(name);
      reply.double(value);
    };
    reply.map(27 + databases.length);
    integers([
      ["peak.allocated", report.peak],
      ["total.allocated", report.used],
      ["startup.allocated", 0],
      ["replication.backlog", 0],
      ["clients.slaves", report.clientsReplicas],
      ["clients.normal", report.clientsNormal],
      ["cluster.links", 0],
      ["aof.buffer", 0],
      ["lua.caches", 0],
      ["functions.caches", 0],
    ]);
    for (const db of databases) {
      reply.bulkText(`db.${db.index}`);
      reply.map(2);
      integers([
        ["overhead.hashtable.main", db.keyspace.table.buckets * 4],
        ["overhead.hashtable.expires", db.volatileSize * 4],
      ]);
    }
    integers([
      ["overhead.total", report.overhead],
      ["keys.count", report.keys],
      ["keys.bytes-per-key", report.keys === 0 ? 0 : report.used / report.keys],
      ["dataset.bytes", report.dataset],
    ]);
    ratio("dataset.percentage", report.datasetPercent);
    ratio("peak.percentage", report.peakPercent);
    integers([
      ["allocator.allocated", report.used],
      ["allocator.active", report.reserved],
      ["allocator.resident", report.reserved],
    ]);
    ratio("allocator-fragmentation.ratio", report.allocatorRatio);
    integers([["allocator-fragmentation.bytes", report.reserved - report.used]]);
    ratio("allocator-rss.ratio", 1);
    integers([["allocator-rss.bytes", 0]]);
    ratio("rss-overhead.ratio", report.reserved === 0 ? 0 : report.rss / report.reserved);
    integers([["rss-overhead.bytes", report.rss - report.reserved]]);
    ratio("fragmentation", report.fragmentationRatio);
    integers([["fragmentation.bytes", report.rss - report.used]]);
  }

  function diagnosis(): string {
    const report = memoryReport(server);
    if (report.used < SMALL) return "There is hardly any data here yet, and so nothing to be said of its memory.\n";
    const findings: string[] = [];
    if (report.peak > report.used * 1.5)
      findings.push(
        `At its peak the data took ${humanBytes(report.peak)}, and now takes ${humanBytes(report.used)}. Memory that is free now is used again before more is taken.`,
      );
    if (report.allocatorRatio > 1.4)
      findings.push(
        `${humanBytes(report.reserved - report.used)} of what was taken from the system are not in use. MEMORY PURGE gives back what lies together.`,
      );
    const clients = server.clients.count;
    if (clients > 0 && report.clientsNormal / clients > 200 * 1024)
      findings.push(
        `Clients hold ${humanBytes(report.clientsNormal)}, much for ${clients} of them: look for large qbuf or omem in CLIENT LIST.`,
      );
    if (findings.length === 0) return "Nothing is odd about the memory.\n";
    return `${["What is odd about the memory:", "", ...findings.map((text) => ` * ${text}`)].join("\n")}\n`;
  }

  function allocator(): string {
    const { arena } = server.engine.store;
    const { heapUsed, heapTotal, buffers, rss } = server.facts.memory();
    const lines = [
      "Data, outside of the JavaScript heap:",
      `  in use:   ${arena.used} bytes`,
      `  tables:   ${arena.tables} bytes`,
      `  reserved: ${arena.reserved} bytes`,
      "Process:",
      `  JavaScript heap: ${heapUsed} of ${heapTotal} bytes in use`,
      `  buffers:         ${buffers} bytes, the data included`,
      `  resident:        ${rss} bytes`,
    ];
    return `${lines.join("\n")}\n`;
  }
}

/** Below this the numbers say nothing. */
const SMALL = 5 * 1024 * 1024;

const HELP = [
  ["DOCTOR", "Whether something about the memory is odd, in words."],
  ["MALLOC-STATS", "What the allocator says of itself."],
  ["PURGE", "Gives unused memory back to the system."],
  ["STATS", "What memory goes where."],
  [
    "USAGE <key> [SAMPLES <count>]",
    "The bytes that <key> takes with all that belongs to it. Of a container",
    "<count> elements are looked at (default: 5, 0 means all).",
  ],
] as const;
