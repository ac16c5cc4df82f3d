/** A client that chooses its keys cannot choose their buckets: it would have to know the seed of this process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { Engine } from "../../src/engine/engine.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { hashBytes } from "../../src/memory/hash.ts";

const BUCKETS = 1024;
const KEYS = 4000;

/** Keys of which all fall into one of `BUCKETS` buckets under the seed (1, 2). */
function colliding(): Slice[] {
  const found: Slice[] = [];
  for (let i = 0; found.length < KEYS; i++) {
    const key = Slice.of(`key:${i}`);
    if ((hashBytes(key.bytes, key.start, key.end, 1, 2) & (BUCKETS - 1)) === 0) found.push(key);
  }
  return found;
}

function newEngine(k0?: number, k1?: number): Engine {
  const io = nodeIo();
  const words = [k0, k1];
  const random = k0 === undefined ? io.random : { ...io.random, uint32: () => words.shift() ?? io.random.uint32() };
  return new Engine({ databases: 1, clock: io.clock, random });
}

function fillMs(engine: Engine, keys: readonly Slice[]): number {
  const db = engine.databases[0]!;
  const value = Slice.of("v");
  const startedAt = performance.now();
  for (let times = 0; times < 5; times++) for (const key of keys) db.setString(key, value, false, -1);
  return performance.now() - startedAt;
}

const flood = colliding();

test("keys that collide under one seed do not under another", () => {
  const [k0, k1] = [3, 4];
  const chains = new Map<number, number>();
  for (const key of flood) {
    const bucket = hashBytes(key.bytes, key.start, key.end, k0, k1) & (BUCKETS - 1);
    chains.set(bucket, (chains.get(bucket) ?? 0) + 1);
  }
  assert.ok(chains.size > BUCKETS * 0.9, `${chains.size} buckets`);
  assert.ok(Math.max(...chains.values()) < 24);
});

test("every process has a seed of its own", () => {
  const seeds = new Set(Array.from({ length: 20 }, () => newEngine().store).map(({ k0, k1 }) => `${k0} ${k1}`));
  assert.equal(seeds.size, 20);
  assert.equal(newEngine(1, 2).store.k0, 1);
});

test("a flood made for another seed costs what any keys cost", () => {
  const plain = Array.from({ length: KEYS }, (_, i) => Slice.of(`plain:${i}`));
  fillMs(newEngine(), plain);
  const ordinary = fillMs(newEngine(), plain);
  const flooded = fillMs(newEngine(), flood);
  // Did the attacker know the seed, the chains would be 1000 long at 4096 buckets.
  const known = fillMs(newEngine(1, 2), flood);
  assert.ok(flooded < ordinary * 5 + 20, `${flooded} ms against ${ordinary} ms`);
  assert.ok(known > flooded * 3, `${known} ms with the seed known, ${flooded} ms without`);
});
