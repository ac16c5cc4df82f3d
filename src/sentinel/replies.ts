/** Replies of the SENTINEL family that take more than a line to write. Texts are one character a byte. */

import { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import { type Instance, type Master, Replica } from "./instances.ts";
import { timingNames } from "./settings.ts";
import type { SentinelShell } from "./shell.ts";
import { type Field, fieldsOf } from "./view.ts";

export function writeText(reply: ReplyWriter, text: string): void {
  reply.bulkBytes(Buffer.from(text, "latin1"));
}

function writeFields(reply: ReplyWriter, fields: readonly Field[]): void {
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulkText(name);
    writeText(reply, String(value));
  }
}

export function writeInstance(reply: ReplyWriter, shell: SentinelShell, instance: Instance): void {
  writeFields(reply, fieldsOf(shell.state, instance, shell.now));
}

/** Replicas that asked not to be announced are left out. */
export function writeInstances(reply: ReplyWriter, shell: SentinelShell, instances: Iterable<Instance>): void {
  const shown = [...instances].filter((instance) => !(instance instanceof Replica) || instance.announced);
  reply.array(shown.length);
  for (const instance of shown) writeInstance(reply, shell, instance);
}

/** For each master its name, then INFO as last seen with its age: the master's own, then its replicas'. */
export function writeInfoCache(reply: ReplyWriter, shell: SentinelShell, masters: readonly Master[]): void {
  reply.array(masters.length * 2);
  for (const master of masters) {
    writeText(reply, master.name);
    const instances = [master, ...master.replicas.values()];
    reply.array(instances.length);
    for (const { info, infoAt } of instances) {
      reply.array(2);
      reply.integer(Number.isFinite(infoAt) ? Math.round(shell.now - infoAt) : 0);
      if (info === null) reply.nil();
      else writeText(reply, info);
    }
  }
}

export function writePendingScripts(reply: ReplyWriter, shell: SentinelShell): void {
  const { jobs } = shell.scripts;
  reply.array(jobs.length);
  for (const { argv, running, pid, at, tries } of jobs) {
    reply.map(5);
    reply.bulkText("argv");
    reply.array(argv.length);
    for (const word of argv) writeText(reply, word);
    const passed = Math.round(shell.now - at);
    const time: Field = running ? ["run-time", passed] : ["run-delay", Math.max(0, at === 0 ? 0 : -passed)];
    for (const [name, value] of [
      ["flags", running ? "running" : "scheduled"],
      ["pid", pid],
      time,
      ["retry-num", tries],
    ]) {
      reply.bulkText(String(name));
      reply.bulkText(String(value));
    }
  }
}

export function writeTimings(reply: ReplyWriter, shell: SentinelShell): void {
  writeFields(
    reply,
    timingNames.map(([name, field]) => [name, shell.state.timings[field]] as const),
  );
}

/** SENTINEL CONFIG GET: each option that a pattern matches, once. */
export function writeOptions(reply: ReplyWriter, shell: SentinelShell, patterns: readonly string[]): void {
  const { options } = shell.state;
  const yesNo = (on: boolean) => (on ? "yes" : "no");
  const all: Field[] = [
    ["resolve-hostnames", yesNo(options.resolveHostnames)],
    ["announce-hostnames", yesNo(options.announceHostnames)],
    ["announce-ip", options.announceIp],
    ["announce-port", options.announcePort],
    ["sentinel-user", options.sentinelUser],
    ["sentinel-pass", options.sentinelPass],
    ["loglevel", shell.host.logLevel],
  ];
  const globs = patterns.map((pattern) => Slice.of(pattern));
  writeFields(
    reply,
    all.filter(([name]) => globs.some((glob) => matchGlob(glob, Slice.of(name), true))),
  );
}

/** SENTINEL FAILOVERS: the latest first. */
export function writeFailovers(reply: ReplyWriter, shell: SentinelShell, masters: readonly Master[]): void {
  const records = masters.flatMap((master) => master.history.map((record) => ({ master, record })));
  records.sort((a, b) => b.record.startedAt - a.record.startedAt);
  reply.array(records.length);
  for (const { master, record } of records) {
    const { votes, candidates, steps, startedAt, downAt } = record;
    const isOver = record.outcome === "done" || record.outcome === "aborted";
    const fields: Field[] = [
      ["name", master.name],
      ["epoch", record.epoch],
      ["part", record.part],
      ["outcome", record.outcome],
      ["reason", record.reason],
      ["from", record.from],
      ["to", record.to],
      ["started-at", shell.timeOfDay(startedAt)],
      ["duration", Math.round((isOver ? record.endedAt : shell.now) - startedAt)],
      ["down-before-start", downAt === null ? 0 : Math.round(startedAt - downAt)],
    ];
    reply.map(fields.length + 3);
    for (const [name, value] of fields) {
      reply.bulkText(name);
      writeText(reply, String(value));
    }
    writeList(reply, "votes", votes);
    writeList(reply, "candidates", candidates);
    writeList(
      reply,
      "steps",
      steps.map(({ at, text }) => `+${Math.round(at - startedAt)} ms ${text}`),
    );
  }
}

function writeList(reply: ReplyWriter, name: string, texts: readonly string[]): void {
  reply.bulkText(name);
  reply.array(texts.length);
  for (const text of texts) writeText(reply, text);
}
