/** Requests a second and processor time a request, by test and pipeline: how `throughput` and `commands` are shown. */
import type { Contender } from "./contender.ts";
import { formatTable, grouped, ratio } from "./table.ts";

export interface SpeedRow {
  readonly test: string;
  readonly pipeline: number;
  /** By contender: the median over the rounds. */
  readonly requestsPerSecond: Record<string, number>;
  readonly cpuMicrosPerRequest: Record<string, number>;
  /** Every round, for those who mistrust a median. */
  readonly rounds: Record<string, number[]>;
}

/** @param goal  the ratio that is wanted of a test */
export function speedTable(
  rows: readonly SpeedRow[],
  contenders: readonly Contender[],
  goal: (test: string, pipeline: number) => number,
): string {
  const [us, them] = contenders.map((contender) => contender.name);
  const head = [
    "-c 50",
    `${us} req/s`,
    ...(them ? [`${them} req/s`, "ratio"] : []),
    `${us} CPU us/req`,
    ...(them ? [`${them} CPU us/req`] : []),
  ];
  return formatTable(
    head,
    rows.map(({ test, pipeline, requestsPerSecond: speed, cpuMicrosPerRequest: cpu }) => [
      `${test} -P ${pipeline}`,
      grouped(speed[us!]!),
      ...(them ? [grouped(speed[them]!), ratio(speed[us!]! / speed[them]!, goal(test, pipeline))] : []),
      cpu[us!]!.toFixed(2),
      ...(them ? [cpu[them]!.toFixed(2)] : []),
    ]),
  );
}
