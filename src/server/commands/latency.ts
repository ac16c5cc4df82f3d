/** LATENCY: events that took long, and how long commands take. The texts for people are in latency-report.ts. */
import { ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, type Flag, family } from "../../commands/call.ts";
import { docs, multiple, optional, string } from "../../commands/docs.ts";
import { latencyGraph, latencyReport } from "../latency-report.ts";
import type { Server } from "../server.ts";
import { helpRow } from "./help.ts";

export function latencyCommands(server: Server): CommandRow[] {
  const { latency } = server;
  const flags: Flag[] = ["admin", "noscript", "loading", "stale"];
  const tips = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];
  return family("server", {
    LATENCY: {
      arity: -2,
      flags: [],
      docs: docs("2.8.13", "Depends on subcommand.", "A container for commands about latency."),
      subcommands: {
        DOCTOR: {
          arity: 2,
          flags,
          tips,
          docs: docs("2.8.13", "O(1)", "Says in words what was slow."),
          run: ({ reply }) => reply.verbatim(latencyReport(latency, server.now)),
        },
        GRAPH: {
          arity: 3,
          flags,
          tips,
          docs: docs("2.8.13", "O(1)", "Draws the samples of an event.", string("event")),
          run: graph,
        },
        HISTORY: {
          arity: 3,
          flags,
          tips,
          docs: docs("2.8.13", "O(1)", "Lists the samples of an event.", string("event")),
          run: history,
        },
        LATEST: {
          arity: 2,
          flags,
          tips,
          docs: docs("2.8.13", "O(1)", "Tells the latest and the worst sample of each event."),
          run: latest,
        },
        RESET: {
          arity: -2,
          flags,
          tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
          docs: docs(
            "2.8.13",
            "O(1)",
            "Forgets the samples of these events, or of all.",
            optional(multiple(string("event"))),
          ),
          run: reset,
        },
        HISTOGRAM: {
          arity: -2,
          flags,
          tips,
          docs: docs(
            "7.0.0",
            "O(N) where N is the number of commands with latency information being retrieved.",
            "Tells how long commands took, as counts of calls up to so many microseconds.",
            optional(multiple(string("command"))),
          ),
          run: histogram,
        },
        HELP: helpRow("latency", "2.8.13", HELP),
      },
    },
  });

  function graph({ reply }: Call, args: Args): void {
    const event = args.next().utf8();
    const series = latency.events.get(event);
    if (!series) throw new ReplyError("ERR", `No samples available for event '${event}'`);
    reply.verbatim(latencyGraph(event, series, server.now));
  }

  function history({ reply }: Call, args: Args): void {
    const samples = latency.events.get(args.next().utf8())?.samples ?? [];
    reply.array(samples.length);
    for (const { at, milliseconds } of samples) {
      reply.array(2);
      reply.integer(at);
      reply.integer(milliseconds);
    }
  }

  function latest({ reply }: Call): void {
    reply.array(latency.events.size);
    for (const [event, series] of latency.events) {
      reply.array(4);
      reply.bulkText(event);
      reply.integer(series.latest!.at);
      reply.integer(series.latest!.milliseconds);
      reply.integer(series.max);
    }
  }

  function reset({ reply }: Call, args: Args): void {
    if (!args.more) {
      reply.integer(latency.reset());
      return;
    }
    const events: string[] = [];
    while (args.more) events.push(args.next().utf8());
    reply.integer(latency.reset(events));
  }

  function histogram({ reply }: Call, args: Args): void {
    const rows = args.more ? namedRows(args) : [...server.table.all()];
    const called = rows.filter((row) => row.stats.calls > 0);
    reply.map(called.length);
    for (const { name, stats } of called) {
      reply.bulkText(name);
      writeHistogram(reply, stats);
    }
  }

  /** Of a container all its subcommands. Unknown names are passed over, those named twice count once. */
  function namedRows(args: Args): CommandRow[] {
    const rows = new Set<CommandRow>();
    while (args.more) {
      const row = server.table.get(args.next().latin1());
      if (row) for (const one of [row, ...(row.subcommands?.values() ?? [])]) rows.add(one);
    }
    return [...rows];
  }
}

/** Each bound in microseconds with the calls that took no longer; bounds at which nothing is added are left out. */
function writeHistogram(reply: Call["reply"], stats: CommandRow["stats"]): void {
  const steps: [microseconds: number, calls: number][] = [];
  let calls = 0;
  for (const [bucket, count] of stats.histogram.entries()) {
    if (count === 0) continue;
    calls += count;
    steps.push([2 ** bucket, calls]);
  }
  reply.map(2);
  reply.bulkText("calls");
  reply.integer(stats.calls);
  reply.bulkText("histogram_usec");
  reply.map(steps.length);
  for (const [microseconds, count] of steps) {
    reply.integer(microseconds);
    reply.integer(count);
  }
}

const HELP = [
  ["DOCTOR", "What was slow, in words."],
  ["GRAPH <event>", "The samples of the event as a drawing."],
  ["HISTORY <event>", "The samples of the event: Unix time and milliseconds."],
  ["LATEST", "The latest sample of each event, and its worst: name, Unix time, milliseconds, worst."],
  ["RESET [<event> ...]", "Forgets the samples of these events, or of all."],
  ["HISTOGRAM [COMMAND ...]", "How long these commands took, or all."],
] as const;
