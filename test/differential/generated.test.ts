/**
 * Generated commands of every family on nines and on a real Redis, in both protocols: a bounded run. `run.ts` runs for
 * as long as it is told to, from any seed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noRedis } from "./both.ts";
import { describe } from "./generator/report.ts";
import { runScripts } from "./generator/run-scripts.ts";

test("nines answers generated commands as a real Redis does", { skip: noRedis, timeout: 60_000 }, async () => {
  const { differences, tally } = await runScripts({
    commands: 40_000,
    seed: 1,
    most: 1,
    forMs: 8000,
    shrinkMs: 10_000,
  });
  assert.equal(differences.map(describe).join("\n\n"), "");
  assert.ok(tally.commands > 2000, `only ${tally.commands} commands were sent`);
});
