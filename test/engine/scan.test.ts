/** What SCAN promises: a key that is there from the first call to the last is seen, whatever the table does meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { Seeded } from "../memory/random.ts";
import { engineAt, scanAll, set, slice } from "./helpers.ts";

const weather: [name: string, between: (size: number, random: Seeded) => "set" | "delete" | "rest"][] = [
  ["at rest", () => "rest"],
  ["while it grows", () => "set"],
  ["while it shrinks", () => "delete"],
  ["while it grows and shrinks", (size, random) => (random.below(4000) < size ? "delete" : "set")],
];

for (const [name, between] of weather) {
  for (let seed = 1; seed <= 5; seed++) {
    test(`SCAN sees every key that stays, ${name} (seed ${seed})`, () => {
      const engine = engineAt(seed, 1);
      const random = new Seeded(seed);
      const staying = Array.from({ length: 50 + random.below(1000) }, (_, i) => `stays:${i}`);
      for (const key of staying) set(engine, key, "x");
      let added = 0;
      for (; added < 3000; added++) set(engine, `comes:${added}`, "x");
      let deleted = 0;
      let calls = 0;
      const seen = scanAll(engine, 0, () => {
        // Not for ever: a table that grows faster than it is walked has no end.
        for (let i = calls++ < 1000 ? random.below(60) : 0; i > 0; i--) {
          const act = between(engine.databases[0]!.size, random);
          if (act === "set") set(engine, `comes:${added++}`, "x");
          else if (act === "delete" && deleted < added) engine.databases[0]!.delete(slice(`comes:${deleted++}`));
        }
        if (random.below(20) === 0) engine.resizeStep(random.below(200));
      });
      for (const key of staying) assert.ok(seen.has(key), key);
      if (name === "at rest") assert.ok([...seen.values()].every((times) => times === 1));
    });
  }
}

test("KEYS sees each key once, in the middle of a resize too", () => {
  const engine = engineAt(1, 1);
  for (let i = 0; i < 1030; i++) set(engine, `key:${i}`, "x");
  assert.ok(engine.databases[0]!.tableStats().resizing);
  const seen: string[] = [];
  engine.databases[0]!.keys((key) => void seen.push(key.latin1()));
  assert.equal(seen.length, 1030);
  assert.equal(new Set(seen).size, 1030);
});

test("RANDOMKEY takes each key as often as any other, in the middle of a resize too", () => {
  const engine = engineAt(3, 1);
  for (let i = 0; i < 68; i++) set(engine, `key:${i}`, "x");
  const picks = new Map<string, number>();
  const into = new Slice();
  for (let i = 0; i < 20_000; i++) {
    assert.ok(engine.databases[0]!.randomKey(into));
    picks.set(into.latin1(), (picks.get(into.latin1()) ?? 0) + 1);
  }
  assert.equal(picks.size, 68);
  // Chi-squared with 67 degrees of freedom: 110 is beyond 99.9 in 100 runs.
  const mean = 20_000 / 68;
  const chi = [...picks.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  assert.ok(chi < 110, `chi squared ${chi}`);
});

test("no single command moves more than a few buckets", () => {
  const engine = engineAt(1, 1);
  const { table } = engine.databases[0]!.keyspace;
  let moved = 0;
  for (let i = 0; i < 20_000; i++) {
    set(engine, `key:${i}`, "x");
    if (table.target !== null) assert.ok(table.moved - moved <= 30, `${table.moved - moved} buckets at once`);
    moved = table.target === null ? 0 : table.moved;
  }
});
