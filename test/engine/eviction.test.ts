import assert from "node:assert/strict";
import { test } from "node:test";
import type { MaxmemoryPolicy } from "../../src/engine/policy.ts";
import { engineAt, get, START, set, slice } from "./helpers.ts";

/** 2000 keys over two databases: even ones volatile, all used at their number's second (those from 1000 on often). */
function filled(policy: MaxmemoryPolicy) {
  const engine = engineAt(5, 3);
  const evicted: number[] = [];
  engine.hooks.onEvicted = (db, key) => {
    const number = Number(key.latin1().slice(4));
    assert.equal(db.index, number % 2 === 0 ? 0 : 2);
    evicted.push(number);
  };
  engine.policy.maxmemoryPolicy = policy;
  engine.policy.maxmemoryEvictionTenacity = 100;
  engine.policy.lfuDecayTime = 0;
  for (let i = 0; i < 2000; i++) {
    engine.now = START + i * 1000;
    const db = engine.databases[i % 2 === 0 ? 0 : 2]!;
    db.setString(slice(`key:${i}`), slice("x".repeat(100)), false, i % 4 < 2 ? START + 10_000_000 + i * 1000 : -1);
    if (i >= 1000) for (let use = 0; use < 30; use++) db.getString(slice(`key:${i}`));
  }
  return { engine, evicted };
}

const isVolatile = (number: number) => number % 4 < 2;
const early = (evicted: number[]) => evicted.filter((number) => number < 1000).length / evicted.length;

const policies: [policy: MaxmemoryPolicy, onlyVolatile: boolean, early: [least: number, most: number]][] = [
  ["allkeys-lru", false, [0.97, 1]],
  ["volatile-lru", true, [0.95, 1]],
  ["allkeys-lfu", false, [0.97, 1]],
  ["volatile-lfu", true, [0.95, 1]],
  ["allkeys-random", false, [0.4, 0.6]],
  ["volatile-random", true, [0.35, 0.65]],
  ["volatile-ttl", true, [0.95, 1]],
];
for (const [policy, onlyVolatile, [least, most]] of policies) {
  test(`${policy} makes room, with the right keys`, () => {
    const { engine, evicted } = filled(policy);
    const limit = Math.floor(engine.usedMemory() * 0.8);
    assert.equal(engine.evict(limit), "ok");
    assert.ok(engine.usedMemory() <= limit);
    assert.equal(engine.stats.evictedKeys, evicted.length);
    assert.ok(evicted.length > 200 && evicted.length < 600, `${evicted.length} keys`);
    if (onlyVolatile) assert.ok(evicted.every(isVolatile));
    assert.ok(early(evicted) >= least && early(evicted) <= most, `${early(evicted)} of them early ones`);
    // All there is to evict may not be enough.
    assert.equal(engine.evict(10_000), onlyVolatile ? "fail" : "ok");
    assert.equal(engine.databases[0]!.size + engine.databases[2]!.size, onlyVolatile ? 1000 : 0);
  });
}

test("noeviction evicts nothing", () => {
  const { engine } = filled("noeviction");
  assert.equal(engine.evict(engine.usedMemory()), "ok");
  assert.equal(engine.evict(1000), "fail");
  assert.equal(engine.stats.evictedKeys, 0);
});

test("what was dropped but not freed comes before any key that lives", () => {
  for (const policy of ["noeviction", "allkeys-lru"] as const) {
    const { engine, evicted } = filled(policy);
    const limit = engine.usedMemory() - 50_000;
    engine.databases[0]!.clear(true);
    assert.ok(engine.lazyfree.pending === 1000 && engine.usedMemory() > limit);
    assert.equal(engine.evict(limit), "ok");
    assert.deepEqual(evicted, []);
    assert.ok(engine.lazyfree.pending > 0, "and only as much as needed");
  }
});

test("a call ends when its time is up", () => {
  const { engine, evicted } = filled("allkeys-lru");
  engine.policy.maxmemoryEvictionTenacity = 0;
  assert.equal(engine.evict(1000), "running");
  assert.equal(evicted.length, 16);
});

test("LRU: the clock counts seconds, use resets it, looking does not", () => {
  const engine = engineAt(1, 1);
  const db = engine.databases[0]!;
  set(engine, "key", "x");
  engine.now = START + 100_000;
  assert.equal(db.idleSeconds(slice("key")), 100);
  assert.ok(db.has(slice("key")) && db.type(slice("key")) === "string");
  assert.equal(db.idleSeconds(slice("key")), 100);
  engine.noTouch = true;
  get(engine, "key");
  assert.equal(db.idleSeconds(slice("key")), 100);
  engine.noTouch = false;
  get(engine, "key");
  assert.equal(db.idleSeconds(slice("key")), 0);
  db.setIdle(slice("key"), 1234);
  assert.equal(db.idleSeconds(slice("key")), 1234);
});

test("LFU: the counter grows with use, ever more slowly, and decays with time", () => {
  const engine = engineAt(1, 1);
  engine.policy.maxmemoryPolicy = "allkeys-lfu";
  const db = engine.databases[0]!;
  set(engine, "key", "x");
  assert.equal(db.frequency(slice("key")), 5);
  for (let i = 0; i < 100; i++) get(engine, "key");
  const after100 = db.frequency(slice("key"))!;
  assert.ok(after100 >= 7 && after100 <= 15, `${after100}`);
  for (let i = 0; i < 10_000; i++) get(engine, "key");
  const after10k = db.frequency(slice("key"))!;
  assert.ok(after10k >= 30 && after10k <= 70, `${after10k}`);
  engine.now += 10 * 60_000;
  assert.equal(db.frequency(slice("key")), after10k - 10);
  engine.policy.lfuDecayTime = 2;
  assert.equal(db.frequency(slice("key")), after10k - 5);
  engine.policy.lfuDecayTime = 0;
  assert.equal(db.frequency(slice("key")), after10k);
  db.setFrequency(slice("key"), 200);
  assert.equal(db.frequency(slice("key")), 200);
});
