/** RESTORE of payloads that are broken though their checksum fits: no worse than a real Redis, which looks through them too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noRedis } from "./both.ts";
import { compareBroken } from "./generator/broken.ts";
import { withSides } from "./generator/sides.ts";

test("what redis-server refuses is refused, and what both take is the same", {
  skip: noRedis,
  timeout: 60_000,
}, async () => {
  const { disagreements, counts } = await withSides((sides) => compareBroken(sides, 1, 2500));
  // Stricter we may be: a payload that goes on behind its value, or ends within it, is refused here.
  const worse = disagreements.filter(({ ours }) => ours.startsWith("+OK"));
  assert.deepEqual(worse, []);
  assert.ok(counts.taken > 100 && counts.refused > 1000, JSON.stringify(counts));
  assert.ok(disagreements.length < 500, `${disagreements.length} refused here alone`);
});
