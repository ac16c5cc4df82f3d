/**
 * `node --import tsx test/differential/run.ts [--commands N] [--seed N] [--script N] [--families a,b] [--most N]`: plays generated
 * scripts on nines and on the redis-server of this machine until so many commands were sent, and prints the differences, shrunk.
 */
import { parseArgs } from "node:util";
import { describe, describeTally } from "./generator/report.ts";
import { runScripts } from "./generator/run-scripts.ts";

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    script: { type: "string", default: "1000" },
    families: { type: "string" },
    most: { type: "string", default: "10" },
    shrink: { type: "string", default: "20" },
  },
});
const startedAt = performance.now();
const { tally, differences, skipped, scripts } = await runScripts({
  commands: Number(values.commands),
  seed: Number(values.seed),
  scriptLength: Number(values.script),
  families: values.families?.split(","),
  most: Number(values.most),
  shrinkMs: Number(values.shrink) * 1000,
  onDifference: (shrunk) => process.stdout.write(`${describe(shrunk)}\n\n`),
});
const seconds = (performance.now() - startedAt) / 1000;
process.stdout.write(`${tally.commands} commands in ${scripts} scripts, ${seconds.toFixed(1)} s\n`);
process.stdout.write(`sent: ${describeTally(tally)}\n`);
process.stdout.write(`left out, since one side lacks it: ${skipped.join(", ") || "nothing"}\n`);
for (const [why, times] of tally.known) process.stdout.write(`known difference, ${times} times: ${why}\n`);
process.stdout.write(`${differences.length} differences\n`);
process.exit(differences.length === 0 ? 0 : 1);
