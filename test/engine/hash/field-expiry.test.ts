import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { Seeded } from "../../memory/random.ts";
import { engineAt, START, slice } from "../helpers.ts";

/** Gives a field of a hash a value and a time. */
function hset(engine: Engine, key: string, field: string, expireAt = 0, db = 0): void {
  const { hashes } = engine;
  const database = engine.databases[db]!;
  const hash = hashes.open(database, slice(key)) ?? hashes.create(database, slice(key));
  hash.set(slice(field), slice(`value of ${field}`));
  if (expireAt === 0) return;
  hashes.makeExpiring(database, slice(key), hash);
  hash.find(slice(field));
  hash.setExpireAt(expireAt);
  hashes.settle(database, hash);
}

function told(engine: Engine): string[] {
  const lines: string[] = [];
  engine.hooks.onFieldsExpired = (db, key, fields, emptied) => {
    lines.push(`${db.index} ${key.latin1()}: ${fields.map((field) => field.latin1())}${emptied ? " (all)" : ""}`);
  };
  return lines;
}

const LONG = 1_000_000;

test("fields whose time has come are removed, the soonest first, and the key with the last", () => {
  const engine = engineAt(1, 2);
  const lines = told(engine);
  hset(engine, "a", "stays");
  hset(engine, "a", "late", START + 300);
  hset(engine, "a", "soon", START + 100);
  hset(engine, "b", "only", START + 50);
  hset(engine, "c", "other", START + 50, 1);
  assert.equal(engine.hashes.expiringCount(engine.databases[0]!), 2);
  assert.equal(engine.expireFields(LONG), 0);
  engine.now = START + 50;
  assert.equal(engine.expireFields(LONG), 0, "not before the moment is over");
  engine.now = START + 51;
  assert.equal(engine.expireFields(LONG), 2);
  assert.deepEqual(lines.splice(0).sort(), ["0 b: only (all)", "1 c: other (all)"]);
  assert.equal(engine.databases[0]!.has(slice("b")), false);
  engine.now = START + 1000;
  engine.expireFields(LONG);
  assert.deepEqual(lines, ["0 a: soon,late"]);
  assert.equal(engine.hashes.expiringCount(engine.databases[0]!), 0);
  assert.equal(engine.stats.expiredFields, 4);
});

test("a replica removes nothing", () => {
  const engine = engineAt();
  hset(engine, "a", "f", START + 1);
  engine.now = START + 10;
  for (const mode of ["hide", "keep"] as const) {
    engine.expiryMode = mode;
    assert.equal(engine.expireFields(LONG), 0);
    const db = engine.databases[0]!;
    const hash = engine.hashes.read(db, slice("a"))!;
    assert.ok(hash.find(slice("f")));
    assert.equal(engine.hashes.isThere(engine, db, slice("a"), hash), mode === "keep");
    assert.equal(hash.size, 1);
  }
});

test("hashes are found wherever they have gone", () => {
  const engine = engineAt(1, 3);
  const [zero, one, two] = engine.databases as [
    (typeof engine.databases)[0],
    (typeof engine.databases)[0],
    (typeof engine.databases)[0],
  ];
  const lines = told(engine);
  for (const name of ["deleted", "renamed", "moved", "copied", "overwritten", "swapped"])
    hset(engine, name, "f", START + 5);
  for (let i = 0; i < 200; i++) hset(engine, "big", `f${i}`, START + 5);
  engine.policy.hashMaxListpackEntries = 10;
  hset(engine, "big", "more", START + 5);
  zero.delete(slice("deleted"));
  zero.rename(slice("renamed"), slice("new name"));
  zero.move(slice("moved"), one);
  zero.copy(slice("copied"), zero, slice("copy"));
  zero.copy(slice("big"), one, slice("big copy"));
  zero.setString(slice("overwritten"), slice("x"));
  hset(engine, "flushed", "f", START + 5, 2);
  two.clear(true);
  zero.rename(slice("copied"), slice("in the way"));
  hset(engine, "another", "f", START + 5);
  zero.rename(slice("another"), slice("in the way"));
  engine.swap(0, 2);
  assert.deepEqual(
    [zero, one, two].map((db) => engine.hashes.expiringCount(db)),
    [0, 2, 5],
  );
  engine.now = START + 10;
  engine.expireFields(LONG);
  assert.deepEqual([zero.size, one.size, two.size], [0, 0, 1]);
  const gone = lines.filter((line) => line.endsWith("(all)")).map((line) => line.split(":")[0]!);
  assert.deepEqual(
    gone.sort(),
    ["1 big copy", "1 moved", "2 big", "2 copy", "2 in the way", "2 new name", "2 swapped"].sort(),
  );
  engine.lazyfree.step(() => false);
});

test("a key that has expired itself is no obstacle", () => {
  const engine = engineAt();
  const db = engine.databases[0]!;
  hset(engine, "a", "f", START + 5);
  hset(engine, "a", "stays");
  db.setExpire(slice("a"), START + 5);
  engine.now = START + 10;
  engine.expireFields(LONG);
  assert.equal(db.has(slice("a")), false);
  engine.expireFields(LONG);
  assert.equal(engine.hashes.expiringCount(db), 0);
});

test("much that is due is removed in slices", () => {
  const engine = engineAt();
  engine.policy.hashMaxListpackEntries = 0;
  const db = engine.databases[0]!;
  for (let i = 0; i < 3000; i++) hset(engine, `k${i % 3}`, `f${i}`, START + 1 + (i % 7));
  engine.now = START + 100;
  let cycles = 0;
  for (; engine.hashes.expiringCount(db) > 0; cycles++) assert.ok(engine.expireFields(10) < 1000);
  assert.ok(cycles > 5);
  assert.equal(db.size, 0);
});

for (let seed = 1; seed <= 5; seed++)
  test(`whatever happens to the fields, each goes at its time (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const engine = engineAt(seed, 1);
    const db = engine.databases[0]!;
    const { hashes } = engine;
    engine.policy.hashMaxListpackEntries = 6;
    const model = new Map<string, number>();
    engine.hooks.onFieldsExpired = (_db, key, fields) => {
      for (const field of fields) {
        const name = `${key.latin1()} ${field.latin1()}`;
        assert.ok(model.get(name)! > 0 && model.get(name)! < engine.now, name);
        model.delete(name);
      }
    };
    for (let i = 0; i < 3000; i++) {
      const key = `k${random.below(5)}`;
      const field = `f${random.below(12)}`;
      const name = `${key} ${field}`;
      const roll = random.below(10);
      if (roll < 3) {
        hset(engine, key, field);
        model.set(name, 0);
      } else if (roll < 6) {
        const at = engine.now + random.below(200) + 1;
        hset(engine, key, field, at);
        model.set(name, at);
      } else if (roll < 8) {
        const hash = hashes.open(db, slice(key));
        if (hash?.find(slice(field))) {
          hash.remove();
          model.delete(name);
          if (hash.size === 0) db.delete(slice(key));
        }
      } else if (roll === 8) engine.now += random.below(60);
      else {
        engine.expireFields(LONG);
        for (const [left, at] of model) assert.ok(at === 0 || at >= engine.now, left);
      }
    }
    engine.now += 1000;
    engine.expireFields(LONG);
    assert.equal(hashes.expiringCount(db), 0);
    assert.deepEqual(
      [...model.values()].filter((at) => at !== 0),
      [],
    );
    engine.databases[0]!.clear();
    assert.equal(engine.store.arena.used, 0);
  });
