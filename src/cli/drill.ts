/** `nines drill`: breaks the running group and says what the clients saw. Exit code 0 only if that is good. */
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses, ownProcess } from "../io/node-processes.ts";
import { type ClusterDrillResult, runClusterDrill } from "../lab/drill/cluster-drill.ts";
import { type DrillResult, runDrill, runningGroup } from "../lab/drill/drill.ts";
import type { ClusterFault } from "../lab/drill/faults.ts";
import { clusterDrillReport, clusterRoundLine, clusterRoundsSummary } from "./cluster-drill-text.ts";
import { drillReport, roundLine, roundsSummary } from "./drill-text.ts";
import type { DrillFlags } from "./program.ts";
import { print, whenAskedToEnd } from "./terminal.ts";

/** Where the two kinds of groups differ: what is run, and what is said of it. */
interface Kind<T> {
  run(quiet: boolean): Promise<T>;
  report(result: T): string[];
  roundLine(round: number, result: T): string[];
  summary(results: readonly T[]): string[];
}

export async function drill(fault: ClusterFault, flags: DrillFlags): Promise<void> {
  const world = { io: nodeIo(), processes: new NodeProcesses(), self: ownProcess() };
  let cancelled = false;
  // Ended early, the drill still mends what it broke, which a second Ctrl-C would prevent: it is not heard.
  whenAskedToEnd(
    () => (cancelled = true),
    () => {},
  );
  const options = (quiet: boolean) => ({
    folder: flags.dir,
    limitMs: flags.seconds * 1000,
    cancelled: () => cancelled,
    onProgress: (text: string) => quiet || process.stderr.write(`${text}\n`),
  });
  const onCluster: Kind<ClusterDrillResult> = {
    run: (quiet) => runClusterDrill(world, runningGroup(world, flags.dir), { fault, ...options(quiet) }),
    report: clusterDrillReport,
    roundLine: clusterRoundLine,
    summary: clusterRoundsSummary,
  };
  const onSentinels: Kind<DrillResult> = {
    run: (quiet) => {
      if (fault === "reshard") throw new Error("only a cluster has slots to move");
      return runDrill(world, { fault, ...options(quiet) });
    },
    report: drillReport,
    roundLine,
    summary: roundsSummary,
  };
  try {
    const isCluster = runningGroup(world, flags.dir).kind === "cluster";
    const good = isCluster ? await rounds(onCluster, flags) : await rounds(onSentinels, flags);
    process.exitCode = good ? 0 : 1;
  } catch (error) {
    process.stderr.write(`nines drill: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}

/** As many as asked for; whether all were good. */
async function rounds<T extends { verdict: { good: boolean } }>(kind: Kind<T>, flags: DrillFlags): Promise<boolean> {
  const results: T[] = [];
  for (let round = 1; round <= flags.rounds; round++) {
    const result = await kind.run(flags.rounds > 1);
    results.push(result);
    if (flags.rounds > 1 && !flags.json) print(...kind.roundLine(round, result));
  }
  if (flags.json) print(JSON.stringify(flags.rounds > 1 ? results : results[0], null, 2));
  else if (flags.rounds > 1) print("", ...kind.summary(results));
  else print("", ...kind.report(results[0]!));
  return results.every((result) => result.verdict.good);
}
