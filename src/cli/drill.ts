/** `nines drill`: breaks the running group and says what the clients saw. Exit code 0 only if that is good. */
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses, ownProcess } from "../io/node-processes.ts";
import { runDrill } from "../lab/drill/drill.ts";
import type { Fault } from "../lab/drill/faults.ts";
import { drillReport } from "./drill-text.ts";
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
  try {
    const result = await runDrill(world, {
      fault,
      folder: flags.dir,
      limitMs: flags.seconds * 1000,
      cancelled: () => cancelled,
      onProgress: (text) => process.stderr.write(`${text}\n`),
    });
    if (flags.json) print(JSON.stringify(result, null, 2));
    else print("", ...drillReport(result));
    process.exitCode = result.verdict.good ? 0 : 1;
  } catch (error) {
    process.stderr.write(`nines drill: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
