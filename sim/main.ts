/**
 * `npm run sim -- --seeds 10000`: runs worlds, says which seeds broke what, and how to see it.
 *
 *   --seeds N    how many (default 100), from --from N on (default 1)
 *   --jobs N     processes to share them among (default: one a processor)
 *   --seed N     this one alone; with --trace what happened in it, line by line
 *
 * `npm run sim -- cluster ...` does the same for clusters, and measures large ones: see `cluster/main.ts`.
 */
import { fork } from "node:child_process";
import { main as clusters } from "./cluster/main.ts";
import { clusterOptions, OptionsError, worldOptions } from "./options.ts";
import { runSeed } from "./run.ts";
import { type SeedReport, Summary, summaryOf } from "./summary.ts";

try {
  const [first, ...rest] = process.argv.slice(2);
  if (first === "cluster") clusters(clusterOptions(rest));
  else await worlds(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function worlds(words: readonly string[]): Promise<void> {
  const options = worldOptions(words);
  if (options.kind === "one") await one(options.seed, options.trace);
  else if (options.stride > 0) await work(options.from, options.seeds, options.stride);
  else await many(options.from, options.seeds, options.jobs);
}

async function one(seed: number, trace: boolean): Promise<void> {
  const verdict = await runSeed(seed);
  if (trace) for (const line of verdict.world.transcript) console.log(line);
  const summary = new Summary();
  summary.add(summaryOf(verdict));
  console.log(summary.text());
  for (const violation of verdict.violations) console.log(`  broken: ${violation}`);
  if (verdict.violations.length > 0) process.exitCode = 1;
}

/** Every `stride`th seed of so many; each is reported to the parent process. */
async function work(from: number, seeds: number, stride: number): Promise<void> {
  const end = from + seeds;
  for (let seed = from; seed < end; seed += stride) process.send!(await report(seed));
  process.disconnect();
}

async function report(seed: number): Promise<SeedReport> {
  try {
    return summaryOf(await runSeed(seed));
  } catch (error) {
    return { seed, violations: [`the world itself failed: ${(error as Error).stack}`] };
  }
}

async function many(from: number, seeds: number, jobs: number): Promise<void> {
  const summary = new Summary();
  const started = performance.now();
  const take = (one: SeedReport) => {
    summary.add(one);
    if (one.violations.length > 0) {
      console.log(`seed ${one.seed} is broken; to see it: npm run sim -- --seed ${one.seed} --trace`);
      for (const violation of one.violations.slice(0, 5)) console.log(`  ${violation}`);
    }
    if (summary.seeds % 100 === 0) console.log(`${summary.seeds} of ${seeds} seeds, ${summary.broken} broken`);
  };
  const shares = Array.from({ length: Math.min(jobs, seeds) }, (_, i) => share(from + i, seeds - i, jobs, take));
  const codes = await Promise.all(shares);
  console.log(summary.text());
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (summary.broken > 0 || codes.some((code) => code !== 0) || summary.seeds !== seeds) process.exitCode = 1;
}

/** @returns  the exit code of the process that runs this share */
function share(from: number, seeds: number, stride: number, take: (one: SeedReport) => void): Promise<number> {
  const words = ["--from", String(from), "--seeds", String(seeds), "--stride", String(stride)];
  const child = fork(process.argv[1]!, words, { stdio: "inherit" });
  child.on("message", (message) => take(message as SeedReport));
  return new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}
