/** Judges a drill by what was written down. Pure: the same history always gets the same verdict. */
import type { Fault } from "./faults.ts";
import {
  type CommonFigures,
  clientProblems,
  commonFigures,
  failoverProblems,
  type Gap,
  gapOf,
  sameData,
  sumErrors,
} from "./figures.ts";
import type { FinalState, Timeline, WriterHistory } from "./history.ts";

export interface DrillRecord {
  readonly fault: Fault;
  readonly oldPrimaryPort: number;
  readonly writers: readonly WriterHistory[];
  readonly timeline: Timeline;
  readonly final: FinalState;
}

export interface Verdict extends CommonFigures {
  readonly good: boolean;
  /** What is wrong, in words; empty if nothing is. */
  readonly problems: readonly string[];
  /** For how long a client that uses the Sentinels got no write through: of each writer the longest pause. */
  readonly writeGapMs: Gap;
  readonly errors: {
    readonly sentinel: Readonly<Record<string, number>>;
    readonly direct: Readonly<Record<string, number>>;
  };
  readonly newPrimaryPort: number | null;
  readonly sentinelsAgree: boolean;
  readonly sameData: boolean;
  readonly keys: number | null;
}

export function judge(record: DrillRecord): Verdict {
  const { timeline, final, writers } = record;
  const throughSentinels = writers.filter((writer) => writer.kind === "sentinel");
  const figures = {
    ...commonFigures(record),
    writeGapMs: gapOf(throughSentinels, timeline),
    errors: {
      sentinel: sumErrors(throughSentinels),
      direct: sumErrors(writers.filter((writer) => writer.kind === "direct")),
    },
    newPrimaryPort: final.primaryPort ?? null,
    sentinelsAgree: final.sentinelsAgree,
    sameData: sameData(final.nodes),
    keys: final.nodes[0]?.keys ?? null,
  };
  const problems = [
    ...failoverProblems(record, figures),
    ...clientProblems(throughSentinels, timeline, figures),
    ...finalProblems(record),
  ];
  return { good: problems.length === 0, problems, ...figures };
}

function finalProblems({ final, writers }: DrillRecord): string[] {
  const problems: string[] = [];
  if (final.primaryPort === undefined) problems.push("there is not one primary in the end");
  else if (!final.sentinelsAgree) problems.push("the Sentinels do not agree on the primary in the end");
  if (!sameData(final.nodes)) problems.push(`the nodes do not hold the same data: ${describeNodes(final)}`);
  if (writers.every((writer) => writer.acks.length === 0)) problems.push("nothing was written at all");
  return problems;
}

function describeNodes({ nodes }: FinalState): string {
  return nodes
    .map(({ port, keys, digest }) => `${port}: ${digest === undefined ? "no answer" : `${keys} keys, ${digest}`}`)
    .join("; ");
}
