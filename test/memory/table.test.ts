import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "../../src/memory/arena.ts";
import { hashBytes, reverseBits } from "../../src/memory/hash.ts";
import { RefVector } from "../../src/memory/ref-vector.ts";
import { Table } from "../../src/memory/table.ts";
import { Seeded } from "./random.ts";

test("the hash depends on every byte, the length and both secrets, not on where the bytes lie", () => {
  const bytes = Buffer.from("..the quick brown fox jumps");
  for (let length = 0; length <= 20; length++) {
    const hash = hashBytes(bytes, 2, 2 + length, 1, 2);
    const moved = Buffer.concat([Buffer.from("a"), bytes.subarray(2, 2 + length), Buffer.from("z")]);
    assert.equal(hashBytes(moved, 1, 1 + length, 1, 2), hash);
    assert.notEqual(hashBytes(bytes, 2, 2 + length, 2, 1), hash);
    assert.notEqual(hashBytes(Buffer.concat([bytes.subarray(2, 2 + length), Buffer.of(0)]), 0, length + 1, 1, 2), hash);
    for (let i = 0; i < length; i++) {
      const changed = Buffer.from(bytes);
      changed[2 + i]! ^= 0x80;
      assert.notEqual(hashBytes(changed, 2, 2 + length, 1, 2), hash);
    }
  }
});

test("keys that differ little fall into buckets evenly", () => {
  const counts = new Int32Array(256);
  for (let i = 0; i < 25_600; i++) {
    const key = Buffer.from(`user:${i}`);
    counts[hashBytes(key, 0, key.length, 7, 9) & 255]!++;
  }
  const chi = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  assert.ok(chi > 170 && chi < 350, `chi squared ${chi} with 255 degrees of freedom`);
});

test("reversing bits twice is nothing, once turns the order around", () => {
  assert.equal(reverseBits(1), 0x80000000);
  assert.equal(reverseBits(0x0000f001), 0x800f0000);
  const random = new Seeded(1);
  for (let i = 0; i < 1000; i++) {
    const word = random.uint32();
    assert.equal(reverseBits(reverseBits(word)), word);
  }
});

test("a table finds each entry in one chain, grows, shrinks, and accounts for its heads", () => {
  const arena = new Arena();
  const table = new Table(arena);
  const random = new Seeded(7);
  const live = new Map<number, number>();
  let most = 0;
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 3000; i++) {
      if (random.below(10) < (round % 2 === 0 ? 9 : 1)) {
        const ref = arena.alloc(16);
        const hash = random.uint32() | 0;
        table.link(ref, hash);
        live.set(ref, hash);
      } else if (live.size > 0) {
        const [ref, hash] = live.entries().next().value!;
        table.unlink(ref, hash);
        live.delete(ref);
        arena.free(ref);
      }
      if (random.below(50) === 0) table.step(random.below(20) + 1);
      assert.equal(arena.tables, table.buckets * 4);
    }
    most = Math.max(most, table.buckets);
    assert.equal(table.size, live.size);
    for (const [ref, hash] of live) assert.ok(table.contains(ref, hash));
    const seen = new Set<number>();
    let cursor = 0;
    do cursor = table.scan(cursor, (ref) => void seen.add(ref));
    while (cursor !== 0);
    assert.equal(seen.size, live.size);
  }
  for (const [ref, hash] of live) table.unlink(ref, hash);
  assert.ok(most >= 2048);
  assert.deepEqual([table.size, table.buckets], [0, 4]);
  table.dispose();
  assert.equal(arena.tables, 0);
});

test("a vector keeps what it is given, and its memory", () => {
  const arena = new Arena();
  const vector = new RefVector(arena);
  for (let i = 0; i < 5000; i++) assert.equal(vector.push(i * 3), i);
  for (let i = 0; i < 5000; i++) assert.equal(vector.at(i), i * 3);
  assert.equal(arena.tables, 5 * 4096);
  for (let i = 4999; i >= 0; i--) assert.equal(vector.pop(), i * 3);
  assert.ok(arena.tables <= 4096);
  vector.dispose();
  assert.equal(arena.tables, 0);
});
