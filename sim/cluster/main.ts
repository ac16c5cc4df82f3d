/**
 * `npm run sim -- cluster`: clusters that things happen to, and how clusters of many nodes behave.
 *
 *   --seeds N [--from N]    as many worlds of 6 to 33 nodes; prints what broke in which seed
 *   --seed N [--trace]      one of them
 *   --nodes 10,100,500,1000 [--node-timeout 15000] [--warm-up 20000] [--watch 10000] [--seed N]   measures
 *   --nodes 6 --stops 100 [--replicas 1] [--node-timeout 15000] [--seed N]   how soon stopped primaries are replaced
 */
import type { ClusterOptions } from "../options.ts";
import { stopOften } from "./failing.ts";
import { runCluster } from "./run.ts";
import { measure } from "./scale.ts";

export function main(options: ClusterOptions): void {
  if (options.kind === "one") seeds(options.seed, 1, options.trace);
  else if (options.kind === "many") seeds(options.from, options.seeds, false);
  else {
    for (const nodes of options.nodes) {
      if (options.stops > 0) console.log(JSON.stringify(stopOften({ ...options, nodes })));
      else scale({ ...options, nodes });
    }
  }
}

function scale(options: Parameters<typeof measure>[0]): void {
  const start = process.cpuUsage().user;
  const elapsed = () => (process.cpuUsage().user - start) / 1e6;
  const figures = measure(options, elapsed, (text) => console.error(text));
  console.log(JSON.stringify(figures));
}

function seeds(from: number, count: number, trace: boolean): void {
  const sums = { broken: 0, promotions: 0, manual: 0, moved: 0, acknowledged: 0, lost: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const verdict = runCluster(seed);
    if (trace) for (const line of verdict.world.logs) console.log(line);
    for (const name of ["promotions", "manual", "moved", "acknowledged", "lost"] as const) sums[name] += verdict[name];
    const { violations, plan, nodes } = verdict;
    if (violations.length === 0) continue;
    sums.broken++;
    console.log(`seed ${seed} (${plan}, ${nodes} nodes) is broken; npm run sim -- cluster --seed ${seed} --trace`);
    for (const violation of violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  console.log(
    `${count} seeds, ${sums.broken} broken; ${sums.promotions} promotions, ${sums.manual} of them by hand without loss; ` +
      `${sums.moved} slots moved; ${sums.acknowledged} writes acknowledged, ` +
      `${sums.lost} lost with primaries that were replaced without their help`,
  );
  if (sums.broken > 0) process.exitCode = 1;
}
