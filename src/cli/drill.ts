/** `nines drill`: breaks the running group and says what the clients saw. Exit code 0 only if that is good. */
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses, ownProcess } from "../io/node-processes.ts";
import { type DrillResult, runDrill } from "../lab/drill/drill.ts";
import type { Fault } from "../lab/drill/faults.ts";
import { drillReport, roundLine, roundsSummary } from "./drill-text.ts";
import type { DrillFlags } from "./program.ts";
import { print, whenAskedToEnd } from "./terminal.ts";

export async function drill(fault: Fault, flags: DrillFlags): Promise<void> {
  const world = { io: nodeIo(), processes: new NodeProcesses(), self: ownProcess() };
  let cancelled = false;
  // Ended early, the drill still mends what it broke, which a second Ctrl-C would prevent: it is not heard.
  whenAskedToEnd(
    () => (cancelled = true),
    () => {},
  );
  const one = (quiet: boolean) =>
    runDrill(world, {
      fault,
      folder: flags.dir,
      limitMs: flags.seconds * 1000,
      cancelled: () => cancelled,
      onProgress: (text) => quiet || process.stderr.write(`${text}\n`),
    });
  try {
    const results: DrillResult[] = [];
    for (let round = 1; round <= flags.rounds; round++) {
      const result = await one(flags.rounds > 1);
      results.push(result);
      if (flags.rounds > 1 && !flags.json) print(...roundLine(round, result));
    }
    if (flags.json) print(JSON.stringify(flags.rounds > 1 ? results : results[0], null, 2));
    else if (flags.rounds > 1) print("", ...roundsSummary(results));
    else print("", ...drillReport(results[0]!));
    process.exitCode = results.every((result) => result.verdict.good) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`nines drill: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
