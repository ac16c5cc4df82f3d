/**
 * `npm run fuzz -- [--target NAME]... [--inputs N] [--seed S] [--show]`: feeds targets inputs that they should refuse. A seed is a
 * whole bug report: `--target NAME --seed S --inputs 1` runs it again, `--show` prints the bytes.
 */
import { parseArgs } from "node:util";
import { quoteWord } from "../src/base/words.ts";
import { fuzz, inputOf } from "./run.ts";
import { targets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    show: { type: "boolean", default: false },
  },
});
const names = values.target ?? Object.keys(targets);
const unknown = names.filter((name) => !(name in targets));
if (unknown.length > 0) {
  process.stderr.write(`no such target: ${unknown.join(", ")}; there are ${Object.keys(targets).join(", ")}\n`);
  process.exit(1);
}
const inputs = Number(values.inputs);
const seed = Number(values.seed);

if (values.show) {
  for (const name of names)
    process.stdout.write(`${quoteWord((await inputOf(name, targets[name]!, seed)).toString("latin1"))}\n`);
  process.exit(0);
}

let failed = false;
let total = 0;
for (const name of names) {
  const startedAt = performance.now();
  let toldAt = startedAt;
  try {
    const result = await fuzz(name, targets[name]!, {
      inputs,
      seed,
      onProgress(done) {
        if (performance.now() - toldAt < 30_000) return;
        toldAt = performance.now();
        process.stderr.write(`${name}: ${done} inputs\n`);
      },
    });
    total += result.inputs;
    const rate = Math.round(result.inputs / result.seconds);
    process.stdout.write(
      `${name.padEnd(14)} ${String(result.inputs).padStart(9)} inputs  ${String(result.refused).padStart(9)} refused  ${String(rate).padStart(7)}/s  memory ${(result.heapGrownBytes / 2 ** 20).toFixed(1).padStart(6)} MB\n`,
    );
  } catch (error) {
    failed = true;
    process.stdout.write(`${name.padEnd(14)} BROKEN\n${error instanceof Error ? error.message : error}\n`);
  }
}
process.stdout.write(`${total} inputs from seed ${seed} on\n`);
process.exit(failed ? 1 : 0);
