import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { engineAt, get, START, scanAll, set, slice } from "./helpers.ts";

/** An engine with `key` expiring one second after the start, and the list of what the hook was told. */
function expiring(): { engine: Engine; told: string[] } {
  const engine = engineAt(1, 2);
  const told: string[] = [];
  engine.hooks.onExpired = (db, key) => void told.push(`${db.index} ${key.latin1()}`);
  set(engine, "key", "value");
  engine.databases[0]!.setExpire(slice("key"), START + 1000);
  return { engine, told };
}

test("a key is there until its time is past", () => {
  const { engine, told } = expiring();
  engine.now = START + 1000;
  assert.equal(get(engine, "key"), "value");
  engine.now++;
  assert.equal(get(engine, "key"), null);
  assert.deepEqual(told, ["0 key"]);
  assert.deepEqual([engine.databases[0]!.size, engine.stats.expiredKeys], [0, 1]);
  assert.deepEqual([engine.stats.keyspaceHits, engine.stats.keyspaceMisses], [1, 1]);
});

const lookups: [name: string, look: (engine: Engine) => unknown, missing: unknown][] = [
  ["has", (e) => e.databases[0]!.has(slice("key")), false],
  ["exists", (e) => e.databases[0]!.exists(slice("key")), false],
  ["touch", (e) => e.databases[0]!.touch(slice("key")), false],
  ["type", (e) => e.databases[0]!.type(slice("key")), null],
  ["openString", (e) => e.databases[0]!.openString(slice("key")), null],
  ["delete", (e) => e.databases[0]!.delete(slice("key")), false],
  ["unlink", (e) => e.databases[0]!.unlink(slice("key")), false],
  ["expireAt", (e) => e.databases[0]!.expireAt(slice("key")), -2],
  ["setExpire", (e) => e.databases[0]!.setExpire(slice("key"), START + 9999), false],
  ["persist", (e) => e.databases[0]!.persist(slice("key")), false],
  ["copy", (e) => e.databases[0]!.copy(slice("key"), e.databases[1]!, slice("key")), false],
  ["move", (e) => e.databases[0]!.move(slice("key"), e.databases[1]!), false],
  ["encoding", (e) => e.databases[0]!.encoding(slice("key")), null],
  ["memoryUsage", (e) => e.databases[0]!.memoryUsage(slice("key")), null],
  ["idleSeconds", (e) => e.databases[0]!.idleSeconds(slice("key")), null],
  ["scan", (e) => scanAll(e).size, 0],
];
for (const [name, look, missing] of lookups) {
  test(`${name} does not see what has expired; a primary deletes it, a replica hides it`, () => {
    for (const mode of ["delete", "hide"] as const) {
      const { engine, told } = expiring();
      engine.expiryMode = mode;
      engine.now = START + 1001;
      assert.deepEqual(look(engine), missing);
      const deletes = mode === "delete";
      assert.deepEqual(told, deletes ? ["0 key"] : []);
      assert.equal(engine.databases[0]!.size, deletes ? 0 : 1);
    }
    const { engine } = expiring();
    engine.expiryMode = "keep";
    engine.now = START + 1001;
    assert.notDeepEqual(look(engine), missing);
  });
}

test("a hidden key can be overwritten, and its old expiry does not come back", () => {
  const { engine, told } = expiring();
  engine.expiryMode = "hide";
  engine.now = START + 2000;
  engine.databases[0]!.setString(slice("key"), slice("new"), true);
  assert.equal(get(engine, "key"), "new");
  assert.equal(engine.databases[0]!.expireAt(slice("key")), -1);
  assert.deepEqual(told, []);
  engine.databases[0]!.setExpire(slice("key"), START);
  engine.databases[0]!.createString(slice("key"), 3);
  assert.equal(get(engine, "key"), "\0\0\0");
  assert.deepEqual([engine.databases[0]!.size, engine.databases[0]!.volatileSize], [1, 0]);
});

const sets: [keepTtl: boolean, expireAt: number, after: number][] = [
  [false, -1, -1],
  [true, -1, START + 1000],
  [false, START + 5000, START + 5000],
];
for (const [keepTtl, expireAt, after] of sets) {
  test(`SET with keepTtl ${keepTtl}, expireAt ${expireAt}`, () => {
    for (const value of ["other", "12", "long".repeat(100)]) {
      const { engine } = expiring();
      engine.databases[0]!.setString(slice("key"), slice(value), keepTtl, expireAt);
      assert.equal(engine.databases[0]!.expireAt(slice("key")), after);
      assert.equal(get(engine, "key"), value);
      assert.equal(engine.databases[0]!.volatileSize, after === -1 ? 0 : 1);
    }
  });
}

test("the active cycle finds what nobody asks for, and stops when the time is up", () => {
  const engine = engineAt(2, 4);
  const told: string[] = [];
  engine.hooks.onExpired = (_db, key) => void told.push(key.latin1());
  for (let i = 0; i < 3000; i++) {
    set(engine, `key:${i}`, "x", i % 3);
    if (i % 2 === 0) engine.databases[i % 3]!.setExpire(slice(`key:${i}`), START + 1 + i);
  }
  assert.equal(engine.activeExpire(1000, false), 0);
  assert.ok(engine.databases[0]!.averageTtl > 0);
  engine.now = START + 4000;
  // The test's clock ticks once a look, the cycle looks once in 20 keys.
  assert.ok(engine.activeExpire(3, false) <= 100);
  assert.equal(engine.stats.expiredTimeCapReached, 1);
  for (let i = 0; i < 100; i++) engine.activeExpire(1000, false);
  assert.equal(told.length, 1500);
  assert.equal(new Set(told).size, 1500);
  assert.equal(engine.stats.expiredKeys, 1500);
  assert.equal(engine.databases[0]!.size + engine.databases[1]!.size + engine.databases[2]!.size, 1500);
});

test("the fast cycle runs only when there is reason to", () => {
  const engine = engineAt(2, 1);
  for (let i = 0; i < 100; i++) engine.databases[0]!.setString(slice(`key:${i}`), slice("x"), false, START + 1);
  engine.now = START + 100;
  assert.equal(engine.activeExpire(1000, true), 0);
  engine.stats.expiredStalePerc = 50;
  assert.equal(engine.activeExpire(1000, true), 100);
});

test("a replica's cycle deletes nothing", () => {
  const { engine } = expiring();
  engine.expiryMode = "hide";
  engine.now = START + 5000;
  assert.equal(engine.activeExpire(1000, false), 0);
  assert.equal(engine.databases[0]!.size, 1);
});

test("RANDOMKEY of nothing but hidden keys is one of them, as in Redis", () => {
  const { engine } = expiring();
  engine.now = START + 5000;
  engine.expiryMode = "hide";
  const into = new Slice();
  assert.ok(engine.databases[0]!.randomKey(into));
  engine.expiryMode = "delete";
  assert.equal(engine.databases[0]!.randomKey(into), false);
});
