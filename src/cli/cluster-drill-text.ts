/** The result of a drill on a cluster as a person reads it. Pure. */
import type { ClusterDrillResult } from "../lab/drill/cluster-drill.ts";
import type { ClusterEvent } from "../lab/drill/cluster-events.ts";
import type { ClusterVerdict } from "../lab/drill/cluster-verdict.ts";
import { type Gap, median } from "../lab/drill/figures.ts";
import { errors } from "./drill-text.ts";
import { grouped } from "./status-text.ts";

export function clusterDrillReport(result: ClusterDrillResult): string[] {
  const { verdict, fault, oldPrimaryPort } = result;
  const rows: [string, string][] = [
    ["write gap", `${gap(verdict.writeGapMs)} for the slots of ${oldPrimaryPort}`],
    ["other slots", gap(verdict.neighboursGapMs)],
    ...(fault === "reshard" ? reshardRows(verdict) : failoverRows(result)),
    [
      "acknowledged",
      `${grouped(verdict.acknowledged)} writes, ${verdict.lost === 0 ? "none" : grouped(verdict.lost)} lost`,
    ],
    ["same data", verdict.sameData ? `yes, in every shard (${grouped(verdict.keys)} keys)` : "no"],
    ["errors", errors(verdict.errors.cluster)],
  ];
  if (fault !== "reshard") {
    rows.push(["", `${errors(verdict.errors.direct)} for the clients that never leave ${oldPrimaryPort}`]);
  }
  const lines = rows.map(([name, text]) => `  ${name.padEnd(14)} ${text}`);
  const size = `${result.primaries} primaries, ${result.replicas} replicas`;
  const title = `drill ${fault} on ${result.engine}, ${size}, cluster-node-timeout ${grouped(result.nodeTimeoutMs)} ms`;
  return [title, "", ...lines, ...whatHappened(result), "", ...judgement(verdict)];
}

function failoverRows({ verdict, oldPrimaryPort, fault }: ClusterDrillResult): [string, string][] {
  const { acknowledgedByOldPrimary: late, oldPrimaryReplicaAfterMs: after } = verdict;
  const changes =
    verdict.newPrimaryPort === null
      ? `${verdict.failovers}`
      : `${verdict.failovers}: ${oldPrimaryPort} -> ${verdict.newPrimaryPort}`;
  return [
    ["promotion", verdict.promotionMs === null ? "none" : `${grouped(verdict.promotionMs)} ms after the fault`],
    ["failovers", changes],
    [
      "two primaries",
      late === 0
        ? "never: the old primary acknowledged nothing after the promotion"
        : `the old one acknowledged ${grouped(late)} writes after the promotion`,
    ],
    [
      "old primary",
      after === null
        ? "did not become a replica"
        : `a replica ${grouped(after)} ms after ${fault === "switchover" ? "the request" : "its return"}`,
    ],
  ];
}

function reshardRows({ moved }: ClusterVerdict): [string, string][] {
  if (!moved) return [];
  return [
    ["moved", `${grouped(moved.slots)} slots with ${grouped(moved.keys)} keys in ${grouped(Math.round(moved.ms))} ms`],
  ];
}

/** More than this would hide what matters: many nodes say the same. */
const SHOWN = 40;

function whatHappened({ events }: ClusterDrillResult): string[] {
  if (events.length === 0) return [];
  const line = ({ at, port, text }: ClusterEvent) =>
    `  ${`+${grouped(Math.max(0, Math.round(at)))} ms`.padStart(12)}  ${port}  ${text}`;
  const lines = events.slice(0, SHOWN).map(line);
  if (events.length > SHOWN) lines.push(`                ${events.length - SHOWN} more lines in the nodes' logs`);
  return ["", "What happened, as the nodes tell it:", ...lines];
}

function gap({ median: middle, worst }: Gap): string {
  return `${grouped(middle)} ms without a write (median of the clients; worst ${grouped(worst)} ms)`;
}

function judgement({ good, problems }: ClusterVerdict): string[] {
  return good ? ["verdict: good"] : ["verdict: bad", ...problems.map((problem) => `  - ${problem}`)];
}

/** One of several rounds, in a line, and its problems below. */
export function clusterRoundLine(round: number, { verdict, fault }: ClusterDrillResult): string[] {
  const { moved } = verdict;
  const figures = [
    `gap ${grouped(verdict.writeGapMs.median)} ms`,
    `other slots ${grouped(verdict.neighboursGapMs.median)} ms`,
    fault === "reshard"
      ? `${grouped(moved?.slots ?? 0)} slots in ${grouped(Math.round(moved?.ms ?? 0))} ms`
      : `promotion ${verdict.promotionMs === null ? "none" : `${grouped(verdict.promotionMs)} ms`}`,
    `${grouped(verdict.acknowledged)} acknowledged`,
    `${grouped(verdict.lost)} lost`,
  ];
  const line = `${String(round).padStart(3)}  ${verdict.good ? "good" : "bad "}  ${figures.join(", ")}`;
  return [line, ...verdict.problems.map((problem) => `     - ${problem}`)];
}

export function clusterRoundsSummary(results: readonly ClusterDrillResult[]): string[] {
  const verdicts = results.map((result) => result.verdict);
  const good = verdicts.filter((verdict) => verdict.good).length;
  const gaps = verdicts.map((verdict) => verdict.writeGapMs.median);
  const others = verdicts.map((verdict) => verdict.neighboursGapMs.median);
  const sum = (of: (verdict: ClusterVerdict) => number) =>
    grouped(verdicts.reduce((total, verdict) => total + of(verdict), 0));
  const middle = (values: number[]) => grouped(Math.round(median(values)));
  return [
    `${good} of ${verdicts.length} good`,
    `write gap: median ${middle(gaps)} ms, worst ${grouped(Math.max(...gaps))} ms; other slots: median ${middle(others)} ms`,
    `${sum((v) => v.acknowledged)} writes acknowledged, ${sum((v) => v.lost)} lost`,
  ];
}
