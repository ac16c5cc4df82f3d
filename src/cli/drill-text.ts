/** A drill's result as a person reads it. Pure. */
import type { DrillResult } from "../lab/drill/drill.ts";
import { median } from "../lab/drill/figures.ts";
import type { Verdict } from "../lab/drill/verdict.ts";
import { grouped } from "./status-text.ts";

export function drillReport(result: DrillResult): string[] {
  const { verdict } = result;
  const rows: [string, string][] = [
    ["write gap", writeGap(verdict)],
    ["promotion", verdict.promotionMs === null ? "none" : `${grouped(verdict.promotionMs)} ms after the fault`],
    ["failovers", failovers(result)],
    [
      "acknowledged",
      `${grouped(verdict.acknowledged)} writes, ${verdict.lost === 0 ? "none" : grouped(verdict.lost)} lost`,
    ],
    ["two primaries", twoPrimaries(verdict)],
    ["old primary", oldPrimary(verdict, result)],
    ["same data", sameData(result)],
    ["errors", errors(verdict.errors.sentinel)],
    ["", `${errors(verdict.errors.direct)} for the clients that never leave ${result.oldPrimaryPort}`],
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(14)} ${text}`);
  const title = `drill ${result.fault} on ${result.engine}, ${result.servers} servers, ${result.sentinels} Sentinels`;
  return [title, "", ...lines, "", ...judgement(verdict)];
}

function writeGap({ writeGapMs: { median, worst } }: Verdict): string {
  return `${grouped(median)} ms without a write (median of the clients; worst ${grouped(worst)} ms)`;
}

function failovers({ oldPrimaryPort, verdict }: DrillResult): string {
  const count = verdict.failovers === 1 ? "1" : `${verdict.failovers}`;
  return verdict.newPrimaryPort === null ? count : `${count}: ${oldPrimaryPort} -> ${verdict.newPrimaryPort}`;
}

function twoPrimaries({ acknowledgedByOldPrimary: count }: Verdict): string {
  if (count === 0) return "never: the old primary acknowledged nothing after the promotion";
  return `the old one acknowledged ${grouped(count)} writes after the promotion`;
}

function oldPrimary({ oldPrimaryReplicaAfterMs: after }: Verdict, { fault }: DrillResult): string {
  if (after === null) return "did not become a replica";
  return `a replica ${grouped(after)} ms after ${fault === "switchover" ? "the request" : "its return"}`;
}

function sameData({ verdict, servers }: DrillResult): string {
  if (!verdict.sameData) return "no";
  return `yes, on ${servers} servers (${grouped(verdict.keys ?? 0)} keys)`;
}

export function errors(kinds: Readonly<Record<string, number>>): string {
  const listed = Object.entries(kinds).map(([kind, count]) => `${grouped(count)} ${kind}`);
  return listed.length === 0 ? "none" : listed.join(", ");
}

function judgement({ good, problems }: Verdict): string[] {
  return good ? ["verdict: good"] : ["verdict: bad", ...problems.map((problem) => `  - ${problem}`)];
}

/** One of several rounds, in a line, and its problems below. */
export function roundLine(round: number, { verdict }: DrillResult): string[] {
  const figures = [
    `gap ${grouped(verdict.writeGapMs.median)} ms`,
    `promotion ${verdict.promotionMs === null ? "none" : `${grouped(verdict.promotionMs)} ms`}`,
    `${grouped(verdict.acknowledged)} acknowledged`,
    `${grouped(verdict.lost)} lost`,
    `${grouped(verdict.acknowledgedByOldPrimary)} by the old primary`,
    `a replica after ${verdict.oldPrimaryReplicaAfterMs === null ? "-" : grouped(verdict.oldPrimaryReplicaAfterMs)} ms`,
  ];
  const line = `${String(round).padStart(3)}  ${verdict.good ? "good" : "bad "}  ${figures.join(", ")}`;
  return [line, ...verdict.problems.map((problem) => `     - ${problem}`)];
}

export function roundsSummary(results: readonly DrillResult[]): string[] {
  const verdicts = results.map((result) => result.verdict);
  const good = verdicts.filter((verdict) => verdict.good).length;
  const gaps = verdicts.map((verdict) => verdict.writeGapMs.median);
  const sum = (of: (verdict: Verdict) => number) =>
    grouped(verdicts.reduce((total, verdict) => total + of(verdict), 0));
  return [
    `${good} of ${verdicts.length} good`,
    `write gap: median ${grouped(Math.round(median(gaps)))} ms, worst ${grouped(Math.max(...gaps))} ms`,
    `${sum((v) => v.acknowledged)} writes acknowledged, ${sum((v) => v.lost)} lost, ` +
      `${sum((v) => v.acknowledgedByOldPrimary)} acknowledged by an old primary after the promotion`,
  ];
}
