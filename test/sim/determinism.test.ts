/** A seed is a whole bug report: the same seed gives the same history, to the microsecond. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runSeed } from "../../sim/run.ts";

for (const plan of ["chaos", "switchovers"] as const)
  test(`the same seed gives the same history (${plan})`, async () => {
    const [first, again, other] = [await runSeed(7, { plan }), await runSeed(7, { plan }), await runSeed(8, { plan })];
    assert.deepEqual(again.world.transcript, first.world.transcript);
    assert.deepEqual(again.world.acknowledgements, first.world.acknowledgements);
    assert.equal(again.digest, first.digest);
    assert.equal(again.events, first.events);
    assert.notEqual(other.digest, first.digest);
  });
