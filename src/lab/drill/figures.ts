/** What a drill's verdict is made of, whatever kind of group was broken: figures, and what is wrong with them. Pure. */
import type { NodeData, Timeline, Value, WriterHistory } from "./history.ts";

/** Of several writers: for how long each got no write through. */
export interface Gap {
  readonly median: number;
  readonly worst: number;
}

/** The figures of every drill. Times are in ms; null stands for what never came. */
export interface CommonFigures {
  /** From the fault to the moment another server said that it is the primary. */
  readonly promotionMs: number | null;
  readonly acknowledged: number;
  readonly lost: number;
  /** Some of the lost ones. */
  readonly lostExamples: readonly Value[];
  /** Acknowledgements that the old primary gave although another one was the primary. */
  readonly acknowledgedByOldPrimary: number;
  /** From its return (or, if it never was away, from the fault) until the old primary followed the new one. */
  readonly oldPrimaryReplicaAfterMs: number | null;
  readonly failovers: number;
}

/** What they are taken from. */
export interface CommonRecord {
  readonly oldPrimaryPort: number;
  readonly writers: readonly WriterHistory[];
  readonly timeline: Timeline;
  readonly final: { readonly missing: readonly Value[] };
}

const EXAMPLES = 5;

export function commonFigures({ oldPrimaryPort, writers, timeline, final }: CommonRecord): CommonFigures {
  const { faultAt, promotedAt, returnedAt, replicaAt, switches } = timeline;
  const since = returnedAt ?? faultAt;
  return {
    promotionMs: promotedAt === undefined ? null : Math.round(promotedAt - faultAt),
    acknowledged: writers.reduce((sum, writer) => sum + writer.acks.length, 0),
    lost: final.missing.length,
    lostExamples: final.missing.slice(0, EXAMPLES),
    acknowledgedByOldPrimary: acknowledgedByOldPrimary(writers, oldPrimaryPort, timeline),
    oldPrimaryReplicaAfterMs: replicaAt === undefined ? null : Math.round(Math.max(0, replicaAt - since)),
    failovers: switches.length,
  };
}

/** What is wrong with how the primary was replaced. */
export function failoverProblems({ timeline, oldPrimaryPort }: CommonRecord, figures: CommonFigures): string[] {
  const problems: string[] = [];
  if (timeline.promotedAt === undefined) problems.push("no replica was promoted");
  if (figures.acknowledgedByOldPrimary > 0) {
    const count = plural(figures.acknowledgedByOldPrimary, "write");
    problems.push(`two primaries: the old one acknowledged ${count} after the promotion`);
  }
  if (timeline.replicaAt === undefined) problems.push(`the old primary (${oldPrimaryPort}) did not become a replica`);
  if (figures.failovers > 1) problems.push(`the primary changed ${figures.failovers} times, once was enough`);
  return problems;
}

/** What is wrong for the clients. @param clients  those that no primary can hold on to */
export function clientProblems(
  clients: readonly WriterHistory[],
  timeline: Timeline,
  { lost }: CommonFigures,
): string[] {
  const problems: string[] = [];
  const stuck = clients.filter((writer) => !resumed(writer, timeline));
  if (stuck.length > 0) problems.push(`${stuck.length} of ${clients.length} writers never wrote again`);
  if (lost > 0) problems.push(`${plural(lost, "acknowledged write")} lost`);
  return problems;
}

/** Whether all of them hold the same data, and could be asked for it. */
export function sameData(nodes: readonly NodeData[]): boolean {
  const [first] = nodes;
  return first?.digest !== undefined && nodes.every((node) => node.digest === first.digest && node.keys === first.keys);
}

export function gapOf(writers: readonly WriterHistory[], timeline: Timeline): Gap {
  const gaps = writers.map((writer) => writeGap(writer, timeline));
  return { median: Math.round(median(gaps)), worst: Math.round(Math.max(0, ...gaps)) };
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
function acknowledgedByOldPrimary(
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

function secondSwitch(switches: Timeline["switches"]): Timeline["switches"][number] | undefined {
  return [...switches].sort((a, b) => a.at - b.at)[1];
}

/** Whether a write came through that was made after the promotion (or, without one, after the fault). */
function resumed(writer: WriterHistory, timeline: Timeline): boolean {
  const since = timeline.promotedAt ?? timeline.faultAt;
  return (writer.acks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) > since;
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
