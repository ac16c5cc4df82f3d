/** Judges a drill on a cluster by what was written down. Pure: the same history always gets the same verdict. */
import type { ClusterFault } from "./faults.ts";
import type { NodeData, Timeline, Value, WriterHistory } from "./history.ts";
import { acknowledgedByOldPrimary, median, plural, round, sumErrors, writeGap } from "./verdict.ts";

/** What the cluster looks like when all is over. */
export interface ClusterFinal {
  /** What `nines cluster check` finds wrong. */
  readonly findings: readonly string[];
  /** The nodes of each shard, its primary first. */
  readonly shards: readonly (readonly NodeData[])[];
  /** Acknowledged values that the owner of their slot does not have. */
  readonly missing: readonly Value[];
}

export interface ClusterRecord {
  readonly fault: ClusterFault;
  readonly oldPrimaryPort: number;
  readonly writers: readonly WriterHistory[];
  readonly timeline: Timeline;
  readonly final: ClusterFinal;
  /** Of a reshard: what was to move, and what did. */
  readonly moved?: { readonly slots: number; readonly keys: number; readonly ms: number; readonly failure?: string };
}

export interface Gap {
  readonly median: number;
  readonly worst: number;
}

export interface ClusterVerdict {
  readonly good: boolean;
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  /** For how long a client got no write through to the shard that was hit: of each the longest pause. */
  readonly writeGapMs: Gap;
  /** The same of the clients of the other shards. */
  readonly neighboursGapMs: Gap;
  /** From the fault to the moment one of its replicas said that it is the primary. */
  readonly promotionMs: number | null;
  readonly acknowledged: number;
  readonly lost: number;
  readonly lostExamples: readonly Value[];
  /** Acknowledgements that the old primary gave although another one was the primary. */
  readonly acknowledgedByOldPrimary: number;
  readonly errors: {
    readonly cluster: Readonly<Record<string, number>>;
    readonly direct: Readonly<Record<string, number>>;
  };
  /** From its return (or, if it never was away, from the fault) until the old primary followed the new one. */
  readonly oldPrimaryReplicaAfterMs: number | null;
  readonly failovers: number;
  readonly newPrimaryPort: number | null;
  readonly sameData: boolean;
  readonly keys: number;
  readonly moved: ClusterRecord["moved"] | null;
}

const EXAMPLES = 5;

export function judgeCluster(record: ClusterRecord): ClusterVerdict {
  const { timeline, final, writers, oldPrimaryPort } = record;
  const of = (kind: WriterHistory["kind"]) => writers.filter((writer) => writer.kind === kind);
  const since = timeline.returnedAt ?? timeline.faultAt;
  const isReshard = record.fault === "reshard";
  const verdict = {
    writeGapMs: gapOf(of("cluster"), timeline),
    neighboursGapMs: gapOf(of("neighbour"), timeline),
    promotionMs: timeline.promotedAt === undefined ? null : round(timeline.promotedAt - timeline.faultAt),
    acknowledged: writers.reduce((sum, writer) => sum + writer.acks.length, 0),
    lost: final.missing.length,
    lostExamples: final.missing.slice(0, EXAMPLES),
    acknowledgedByOldPrimary: isReshard ? 0 : acknowledgedByOldPrimary(writers, oldPrimaryPort, timeline),
    errors: { cluster: sumErrors([...of("cluster"), ...of("neighbour")]), direct: sumErrors(of("direct")) },
    oldPrimaryReplicaAfterMs: timeline.replicaAt === undefined ? null : round(Math.max(0, timeline.replicaAt - since)),
    failovers: timeline.switches.length,
    newPrimaryPort: timeline.switches.at(-1)?.to ?? null,
    sameData: final.shards.length > 0 && final.shards.every(sameData),
    keys: final.shards.reduce((sum, [primary]) => sum + (primary?.keys ?? 0), 0),
    moved: record.moved ?? null,
  };
  const problems = [
    ...(isReshard ? reshardProblems(verdict) : failoverProblems(record, verdict)),
    ...problemsOf(record, verdict),
  ];
  return { good: problems.length === 0, problems, ...verdict };
}

type Figures = Omit<ClusterVerdict, "good" | "problems">;

function gapOf(writers: readonly WriterHistory[], timeline: Timeline): Gap {
  const gaps = writers.map((writer) => writeGap(writer, timeline));
  return { median: round(median(gaps)), worst: round(Math.max(0, ...gaps)) };
}

function sameData(nodes: readonly NodeData[]): boolean {
  const [first] = nodes;
  return first?.digest !== undefined && nodes.every((node) => node.digest === first.digest && node.keys === first.keys);
}

function failoverProblems({ timeline, oldPrimaryPort }: ClusterRecord, verdict: Figures): string[] {
  const problems: string[] = [];
  if (timeline.promotedAt === undefined) problems.push("no replica was promoted");
  if (verdict.acknowledgedByOldPrimary > 0) {
    const count = plural(verdict.acknowledgedByOldPrimary, "write");
    problems.push(`two primaries: the old one acknowledged ${count} after the promotion`);
  }
  if (timeline.replicaAt === undefined) problems.push(`the old primary (${oldPrimaryPort}) did not become a replica`);
  if (verdict.failovers > 1) problems.push(`the primary changed ${verdict.failovers} times, once was enough`);
  return problems;
}

function reshardProblems(verdict: Figures): string[] {
  const problems: string[] = [];
  if (verdict.moved?.failure !== undefined) problems.push(`the reshard failed: ${verdict.moved.failure}`);
  if (verdict.failovers > 0) problems.push(`the primary changed ${plural(verdict.failovers, "time")} without a cause`);
  const failed = Object.values(verdict.errors.cluster).reduce((a, b) => a + b, 0);
  if (failed > 0) problems.push(`${plural(failed, "request")} failed, none need to in a reshard`);
  return problems;
}

function problemsOf({ timeline, final, writers }: ClusterRecord, verdict: Figures): string[] {
  const problems: string[] = [];
  const since = timeline.promotedAt ?? timeline.faultAt;
  const clients = writers.filter((writer) => writer.kind !== "direct");
  const stuck = clients.filter((writer) => (writer.acks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) <= since);
  if (stuck.length > 0) problems.push(`${stuck.length} of ${clients.length} writers never wrote again`);
  if (verdict.lost > 0) problems.push(`${plural(verdict.lost, "acknowledged write")} lost`);
  problems.push(...final.findings);
  if (!verdict.sameData) problems.push(`the nodes of a shard do not hold the same data: ${describeShards(final)}`);
  return problems;
}

function describeShards({ shards }: ClusterFinal): string {
  const wrong = shards.filter((nodes) => !sameData(nodes));
  const node = ({ port, keys, digest }: NodeData) => `${port}: ${digest === undefined ? "no answer" : `${keys} keys`}`;
  return wrong.map((nodes) => nodes.map(node).join(", ")).join("; ");
}
