/**
 * Every target of `npm run fuzz`, for a second or so each. `NINES_FUZZ=100000` tries that many inputs of each, `NINES_FUZZ_SEED=n`
 * begins elsewhere.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeNumber } from "../../fuzz/options.ts";
import { fuzz, inputOf } from "../../fuzz/run.ts";
import { Broken } from "../../fuzz/target.ts";
import { targets } from "../../fuzz/targets.ts";

const INPUTS = process.env["NINES_FUZZ"];
const SEED = wholeNumber("NINES_FUZZ_SEED", process.env["NINES_FUZZ_SEED"] ?? "1");
/** Inputs that are slower to try. */
const FEWER: Readonly<Record<string, number>> = {
  "lying-primary": 200,
  rdb: 800,
  payloads: 1500,
  "lying-replica": 1000,
  "lying-source": 400,
  "lying-target": 400,
};

for (const [name, row] of Object.entries(targets))
  test(`fuzz ${name}: ${row.about}`, async () => {
    const inputs = wholeNumber("NINES_FUZZ", INPUTS ?? String(FEWER[name] ?? 3000));
    const result = await fuzz(name, row, { inputs, seed: SEED });
    // Inputs that are all refused at the door, or all right, try nothing.
    assert.ok(result.refused > inputs / 100, `${result.refused} of ${inputs} were refused`);
    assert.ok(result.taken > inputs / 100, `${result.taken} of ${inputs} were taken`);
  });

test("what a target throws is a bug with a seed", async () => {
  const row = { ...targets["replies"]!, start: () => ({ run: () => JSON.parse("no") as never }) };
  await assert.rejects(
    fuzz("replies", row, { inputs: 10 }),
    (error) => error instanceof Broken && /seed/.test(error.message),
  );
});

test("a seed gives the same input every time", async () => {
  for (const name of ["redis-conf", "bus", "requests", "replies"]) {
    const [once, again, other] = [
      await inputOf(name, targets[name]!, 7),
      await inputOf(name, targets[name]!, 7),
      await inputOf(name, targets[name]!, 8),
    ];
    assert.deepEqual(once, again, name);
    assert.notDeepEqual(once, other, name);
  }
});
