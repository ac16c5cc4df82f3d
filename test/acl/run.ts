/**
 * `node --import tsx test/acl/run.ts [--cases N] [--seed N] [--most N]`: judges generated requests of generated users on nines and on
 * the redis-server of this machine, and prints where they differ.
 */
import { parseArgs } from "node:util";
import { compareVerdicts } from "./verdicts.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    most: { type: "string", default: "20" },
  },
});
const startedAt = performance.now();
const { cases, users, verdicts, differences } = await compareVerdicts({
  cases: Number(values.cases),
  seed: Number(values.seed),
  mostDifferences: Number(values.most),
});
const seconds = (performance.now() - startedAt) / 1000;
for (const difference of differences) process.stdout.write(`${difference}\n\n`);
const counts = Object.entries(verdicts).map(([kind, count]) => `${kind} ${count}`);
process.stdout.write(`${cases} cases of ${users} users in ${seconds.toFixed(1)} s: ${counts.sort().join(", ")}\n`);
process.stdout.write(`${differences.length} differences\n`);
process.exit(differences.length === 0 ? 0 : 1);
