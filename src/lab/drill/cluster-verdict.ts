/** Judges a drill on a cluster by what was written down. Pure: the same history always gets the same verdict. */
import type { ClusterFault } from "./faults.ts";
import {
  type CommonFigures,
  clientProblems,
  commonFigures,
  failoverProblems,
  type Gap,
  gapOf,
  plural,
  sameData,
  sumErrors,
} from "./figures.ts";
import type { NodeData, Timeline, Value, WriterHistory } from "./history.ts";

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

export interface ClusterVerdict extends CommonFigures {
  readonly good: boolean;
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  /** For how long a client got no write through to the shard that was hit: of each the longest pause. */
  readonly writeGapMs: Gap;
  /** The same of the clients of the other shards. */
  readonly neighboursGapMs: Gap;
  readonly errors: {
    readonly cluster: Readonly<Record<string, number>>;
    readonly direct: Readonly<Record<string, number>>;
  };
  readonly newPrimaryPort: number | null;
  readonly sameData: boolean;
  readonly keys: number;
  readonly moved: ClusterRecord["moved"] | null;
}

export function judgeCluster(record: ClusterRecord): ClusterVerdict {
  const { timeline, final, writers } = record;
  const of = (kind: WriterHistory["kind"]) => writers.filter((writer) => writer.kind === kind);
  const clients = writers.filter((writer) => writer.kind !== "direct");
  const isReshard = record.fault === "reshard";
  const figures = {
    ...commonFigures(record),
    writeGapMs: gapOf(of("cluster"), timeline),
    neighboursGapMs: gapOf(of("neighbour"), timeline),
    errors: { cluster: sumErrors(clients), direct: sumErrors(of("direct")) },
    newPrimaryPort: timeline.switches.at(-1)?.to ?? null,
    sameData: final.shards.length > 0 && final.shards.every(sameData),
    keys: final.shards.reduce((sum, [primary]) => sum + (primary?.keys ?? 0), 0),
    moved: record.moved ?? null,
  };
  const problems = [
    ...(isReshard ? reshardProblems(figures) : failoverProblems(record, figures)),
    ...clientProblems(clients, timeline, figures),
    ...final.findings,
  ];
  if (!figures.sameData) problems.push(`the nodes of a shard do not hold the same data: ${describeShards(final)}`);
  return { good: problems.length === 0, problems, ...figures };
}

type Figures = Omit<ClusterVerdict, "good" | "problems">;

function reshardProblems(verdict: Figures): string[] {
  const problems: string[] = [];
  if (verdict.moved?.failure !== undefined) problems.push(`the reshard failed: ${verdict.moved.failure}`);
  if (verdict.failovers > 0) problems.push(`the primary changed ${plural(verdict.failovers, "time")} without a cause`);
  const failed = Object.values(verdict.errors.cluster).reduce((a, b) => a + b, 0);
  if (failed > 0) problems.push(`${plural(failed, "request")} failed, none need to in a reshard`);
  return problems;
}

function describeShards({ shards }: ClusterFinal): string {
  const wrong = shards.filter((nodes) => !sameData(nodes));
  const node = ({ port, keys, digest }: NodeData) => `${port}: ${digest === undefined ? "no answer" : `${keys} keys`}`;
  return wrong.map((nodes) => nodes.map(node).join(", ")).join("; ");
}
