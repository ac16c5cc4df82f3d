/** Whole topologies through crashes, partitions, loss, delay and pauses. `npm run sim` runs more of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runSeed } from "../../sim/run.ts";
import { Summary, summaryOf } from "../../sim/summary.ts";

const SEEDS = 150;
const A_TEST = 10;
/** They found something once. */
const REMEMBERED = [217, 702, 2396, 2502, 2827, 3085, 6690, 22349];

const summary = new Summary();

async function check(seed: number): Promise<void> {
  const verdict = await runSeed(seed);
  summary.add(summaryOf(verdict));
  assert.deepEqual(verdict.violations, [], `to see it: npm run sim -- --seed ${seed} --trace`);
}

for (let from = 1; from <= SEEDS; from += A_TEST)
  test(`everything that must hold holds (seeds ${from} to ${from + A_TEST - 1})`, async () => {
    for (let seed = from; seed < from + A_TEST; seed++) await check(seed);
  });

test("what seeds have found stays found", async () => {
  for (const seed of REMEMBERED) await check(seed);
});

test("and the worlds were not idle", (t) => {
  for (const line of summary.text().split("\n")) t.diagnostic(line);
  assert.ok(summary.failovers > SEEDS / 2, `${summary.failovers} failovers`);
  assert.ok(summary.acknowledged > SEEDS * 300, `${summary.acknowledged} acknowledged writes`);
});
