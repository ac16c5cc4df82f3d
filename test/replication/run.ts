/**
 * `node --import tsx test/replication/run.ts [--commands N] [--seed N] [--rounds N] [--families a,b]`: as `generated.test.ts`, for
 * as long as it is told to: each round has the next seed.
 */
import { parseArgs } from "node:util";
import { describe } from "../differential/generator/report.ts";
import { layouts } from "./generator/group.ts";
import { runReplication } from "./generator/run.ts";

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "1" },
    families: { type: "string" },
    layout: { type: "string" },
  },
});
let failures = 0;
for (let round = 0; round < Number(values.rounds); round++)
  for (const [title, layout] of Object.entries(layouts)) {
    if (values.layout !== undefined && !title.includes(values.layout)) continue;
    const seed = Number(values.seed) + round;
    const startedAt = performance.now();
    const { commands, difference } = await runReplication({
      layout,
      seed,
      commands: Number(values.commands),
      families: values.families?.split(","),
    });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${title}, seed ${seed}: ${commands} commands, ${seconds} s\n`);
    if (difference === null) continue;
    failures++;
    process.stdout.write(`${typeof difference === "string" ? difference : describe(difference)}\n\n`);
  }
process.stdout.write(`${failures} differences\n`);
process.exit(failures === 0 ? 0 : 1);
