/**
 * `npm run fuzz -- [--target NAME]... [--inputs N] [--seed S] [--show]`: feeds targets inputs that they should refuse. A seed is a
 * whole bug report: `--target NAME --seed S --inputs 1` runs it again, `--show` prints the bytes.
 */
import { quoteWord } from "../src/base/words.ts";
import { type Options, readOptions } from "./options.ts";
import { fuzz, inputOf } from "./run.ts";
import { targets } from "./targets.ts";

/** From so many inputs on a bug is told with the end of its stack only: run its seed again to see the rest. */
const MANY = 10_000;

const { names, inputs, seed, show } = options();

function options(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

if (show) {
  for (const name of names)
    process.stdout.write(`${quoteWord((await inputOf(name, targets[name]!, seed)).toString("latin1"))}\n`);
  process.exit(0);
}
// Most inputs end in an error that is meant, and half of what these cost is their stack. One that is not meant still names its line.
if (inputs > MANY) Error.stackTraceLimit = 2;

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
