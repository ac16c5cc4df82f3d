/** Judges a drill by what was written down. Pure: the same history always gets the same verdict. */
import type { Fault } from "./faults.ts";
import type { FinalState, Switch, Timeline, Value, WriterHistory } from "./history.ts";

export interface DrillRecord {
  readonly fault: Fault;
  readonly oldPrimaryPort: number;
  readonly writers: readonly WriterHistory[];
  readonly timeline: Timeline;
  readonly final: FinalState;
}

export interface Verdict {
  readonly good: boolean;
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  /** For how long a client that uses the Sentinels got no write through: of each writer the longest pause. */
  readonly writeGapMs: { readonly median: number; readonly worst: number };
  /** From the fault to the moment another server said that it is the primary. */
  readonly promotionMs: number | null;
  readonly acknowledged: number;
  readonly lost: number;
  /** Some of the lost ones. */
  readonly lostExamples: readonly Value[];
  /** Acknowledgements that the old primary gave although another one was the primary. */
  readonly acknowledgedByOldPrimary: number;
  readonly errors: {
    readonly sentinel: Readonly<Record<string, number>>;
    readonly direct: Readonly<Record<string, number>>;
  };
  /** From its return (or, if it never was away, from the fault) until the old primary followed the new one. */
  readonly oldPrimaryReplicaAfterMs: number | null;
  readonly failovers: number;
  readonly newPrimaryPort: number | null;
  readonly sentinelsAgree: boolean;
  readonly sameData: boolean;
  readonly keys: number | null;
}

const EXAMPLES = 5;

export function judge(record: DrillRecord): Verdict {
  const { timeline, final, writers, oldPrimaryPort } = record;
  const sentinelWriters = writers.filter((writer) => writer.kind === "sentinel");
  const gaps = sentinelWriters.map((writer) => writeGap(writer, timeline));
  const since = timeline.returnedAt ?? timeline.faultAt;
  const [first] = final.nodes;
  const verdict = {
    writeGapMs: { median: round(median(gaps)), worst: round(Math.max(0, ...gaps)) },
    promotionMs: timeline.promotedAt === undefined ? null : round(timeline.promotedAt - timeline.faultAt),
    acknowledged: writers.reduce((sum, writer) => sum + writer.acks.length, 0),
    lost: final.missing.length,
    lostExamples: final.missing.slice(0, EXAMPLES),
    acknowledgedByOldPrimary: acknowledgedByOldPrimary(writers, oldPrimaryPort, timeline),
    errors: {
      sentinel: sumErrors(sentinelWriters),
      direct: sumErrors(writers.filter((writer) => writer.kind === "direct")),
    },
    oldPrimaryReplicaAfterMs: timeline.replicaAt === undefined ? null : round(Math.max(0, timeline.replicaAt - since)),
    failovers: timeline.switches.length,
    newPrimaryPort: final.primaryPort ?? null,
    sentinelsAgree: final.sentinelsAgree,
    sameData: sameData(final),
    keys: first?.keys ?? null,
  };
  const problems = findProblems(record, verdict, sentinelWriters);
  return { good: problems.length === 0, problems, ...verdict };
}

/** A writer's longest time without an acknowledgement, from the fault on, the time until the end included. */
export function writeGap(writer: WriterHistory, timeline: Timeline): number {
  let last = timeline.startedAt;
  let longest = 0;
  for (const { at } of writer.acks) {
    if (at >= timeline.faultAt) longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.max(longest, timeline.stoppedAt - last);
}

/**
 * Counts acknowledgements that the old primary gave although another one was the primary: to requests made after the
 * promotion was seen, and to those that lay waiting while it was stopped and that it answered on its return. A second
 * failover ends the count: from then on it may be the primary by right.
 */
export function acknowledgedByOldPrimary(
  writers: readonly WriterHistory[],
  oldPrimaryPort: number,
  timeline: Timeline,
): number {
  const { promotedAt } = timeline;
  if (promotedAt === undefined) return 0;
  const returnedAt = timeline.returnedAt ?? Number.POSITIVE_INFINITY;
  const until = secondSwitch(timeline.switches)?.at ?? Number.POSITIVE_INFINITY;
  let count = 0;
  for (const writer of writers) {
    for (const ack of writer.acks) {
      if (ack.port !== oldPrimaryPort || ack.at >= until) continue;
      if (ack.sentAt >= promotedAt || ack.at >= Math.max(returnedAt, promotedAt)) count++;
    }
  }
  return count;
}

function secondSwitch(switches: readonly Switch[]): Switch | undefined {
  return [...switches].sort((a, b) => a.at - b.at)[1];
}

function sameData({ nodes }: FinalState): boolean {
  const [first] = nodes;
  if (first?.digest === undefined) return false;
  return nodes.every((node) => node.digest === first.digest && node.keys === first.keys);
}

function findProblems(
  { timeline, final, writers, oldPrimaryPort }: DrillRecord,
  verdict: Omit<Verdict, "good" | "problems">,
  sentinelWriters: readonly WriterHistory[],
): string[] {
  const problems: string[] = [];
  if (timeline.promotedAt === undefined) problems.push("no replica was promoted");
  const stuck = sentinelWriters.filter((writer) => !resumed(writer, timeline));
  if (stuck.length > 0) problems.push(`${stuck.length} of ${sentinelWriters.length} writers never wrote again`);
  if (verdict.lost > 0) problems.push(`${plural(verdict.lost, "acknowledged write")} lost`);
  if (verdict.acknowledgedByOldPrimary > 0) {
    const count = plural(verdict.acknowledgedByOldPrimary, "write");
    problems.push(`two primaries: the old one acknowledged ${count} after the promotion`);
  }
  if (timeline.replicaAt === undefined) problems.push(`the old primary (${oldPrimaryPort}) did not become a replica`);
  if (verdict.failovers > 1) problems.push(`the primary changed ${verdict.failovers} times, once was enough`);
  if (final.primaryPort === undefined) problems.push("there is not one primary in the end");
  else if (!final.sentinelsAgree) problems.push("the Sentinels do not agree on the primary in the end");
  if (!verdict.sameData) problems.push(`the nodes do not hold the same data: ${describeNodes(final)}`);
  if (writers.every((writer) => writer.acks.length === 0)) problems.push("nothing was written at all");
  return problems;
}

/** Whether a write came through that was made after the promotion (or, without one, after the fault). */
export function resumed(writer: WriterHistory, timeline: Timeline): boolean {
  const since = timeline.promotedAt ?? timeline.faultAt;
  return (writer.acks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) > since;
}

function describeNodes({ nodes }: FinalState): string {
  return nodes
    .map(({ port, keys, digest }) => `${port}: ${digest === undefined ? "no answer" : `${keys} keys, ${digest}`}`)
    .join("; ");
}

export function sumErrors(writers: readonly WriterHistory[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { errors } of writers) for (const [kind, count] of errors) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function round(ms: number): number {
  return Math.round(ms);
}
