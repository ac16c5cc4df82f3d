/** Large values are freed in slices, whatever took them out of the data, and cost the command that did nothing to speak of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../src/engine/engine.ts";
import { engineAt, set, slice } from "./helpers.ts";

const MEMBERS = 20_000;

function fill(engine: Engine, key = "big", db = 0): void {
  const value = engine.sortedSets.openOrCreate(engine.databases[db]!, slice(key));
  for (let i = 0; i < MEMBERS; i++) value.add(slice(`member:${i}`), i);
}

const endings: [what: string, end: (engine: Engine) => void][] = [
  ["DEL", (engine) => engine.databases[0]!.delete(slice("big"))],
  ["UNLINK", (engine) => engine.databases[0]!.unlink(slice("big"))],
  ["SET over it", (engine) => set(engine, "big", "x")],
  ["RENAME over it", (engine) => engine.databases[0]!.rename(slice("other"), slice("big"))],
  ["FLUSHDB", (engine) => engine.databases[0]!.clear()],
  [
    "expiry",
    (engine) => {
      engine.databases[0]!.setExpire(slice("big"), engine.now + 1);
      engine.now += 2;
      engine.activeExpire(1000, false);
    },
  ],
];

for (const [what, end] of endings)
  test(`${what} leaves the freeing for later`, () => {
    const engine = engineAt(1, 2);
    set(engine, "other", "x");
    engine.databases[1]!.setString(slice("stays"), slice("x"));
    const before = engine.store.arena.used;
    fill(engine);
    const filled = engine.store.arena.used;
    end(engine);
    assert.ok(engine.lazyfree.pending > 0);
    assert.ok(engine.store.arena.used > filled - (filled - before) / 4, "little is free yet");
    engine.databases[0]!.clear();
    while (engine.resizeStep(1000));
    assert.equal(engine.lazyfree.pending, 0);
    assert.equal(engine.databases[1]!.delete(slice("stays")), true);
    assert.equal(engine.store.arena.used, 0);
  });

test("an eviction waits for what it freed before it takes another key", () => {
  const engine = engineAt(1, 1);
  engine.policy.maxmemoryPolicy = "allkeys-lru";
  for (const key of ["a", "b", "c"]) fill(engine, key);
  const limit = engine.usedMemory() - 10_000;
  for (let i = 0; i < 1000 && engine.evict(limit) === "running"; i++);
  assert.ok(engine.usedMemory() <= limit);
  assert.equal(engine.stats.evictedKeys, 1);
});
