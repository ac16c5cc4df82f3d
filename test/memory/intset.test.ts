import assert from "node:assert/strict";
import { test } from "node:test";
import { Int64 } from "../../src/base/int64.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Intset, isIntset } from "../../src/memory/intset.ts";
import { Seeded } from "./random.ts";

const value = new Int64();

function int64(number: bigint): Int64 {
  return value.set(Number(BigInt.asIntN(32, number >> 32n)), Number(BigInt.asIntN(32, number)));
}

function numbers(set: Intset): bigint[] {
  return Array.from({ length: set.size }, (_, index) => set.read(index, new Int64()).bigint);
}

/** As Redis has it. */
function expected(sorted: readonly bigint[], width: number): Buffer {
  const bytes = Buffer.alloc(8 + sorted.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(sorted.length, 4);
  sorted.forEach((number, index) => {
    for (let i = 0; i < width; i++) bytes[8 + index * width + i] = Number((number >> BigInt(8 * i)) & 255n);
  });
  return bytes;
}

function widthOf(number: bigint): number {
  if (BigInt.asIntN(16, number) === number) return 2;
  return BigInt.asIntN(32, number) === number ? 4 : 8;
}

for (const bits of [10, 20, 40, 64])
  test(`an intset of numbers of up to ${bits} bits is what a sorted set of them is`, () => {
    const random = new Seeded(bits);
    const arena = new Arena();
    const set = new Intset(arena).create();
    const model = new Set<bigint>();
    let width = 2;
    const draw = () => {
      const wide = BigInt(random.uint32()) | (BigInt(random.uint32()) << 32n);
      // Widths come late: most numbers are small.
      return BigInt.asIntN(1 + random.below(bits), wide);
    };
    for (let i = 0; i < 4000; i++) {
      const number = draw();
      const grows = random.below(1000) < (i < 2500 ? 700 : 300);
      const near = grows || model.size === 0 ? number : [...model][random.below(model.size)]!;
      if (grows) {
        width = Math.max(width, widthOf(number));
        assert.equal(set.add(int64(number)), !model.has(number));
        model.add(number);
      } else assert.equal(set.delete(int64(near)), model.delete(near));
      assert.equal(set.has(int64(near)), model.has(near));
      assert.equal(set.has(int64(number)), model.has(number));
      assert.equal(set.size, model.size);
      assert.equal(arena.used, arena.sizeOf(set.ref));
      if (i % 100 !== 0) continue;
      const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
      assert.deepEqual(numbers(set), sorted);
      assert.equal(Buffer.compare(set.bytes.subarray(set.start, set.end), expected(sorted, width)), 0);
      assert.equal(isIntset(set.bytes, set.start, set.end, true), model.size > 0);
    }
    set.free();
    assert.equal(arena.used, 0);
  });

test("a large intset moves now and then, not at every number", () => {
  const arena = new Arena();
  const set = new Intset(arena).create();
  let moves = 0;
  for (let i = 0; i < 100_000; i++) {
    const { ref } = set;
    assert.ok(set.add(value.setNumber(i * 3)));
    if (set.ref !== ref) moves++;
  }
  assert.equal(set.size, 100_000);
  assert.ok(moves < 200, `${moves} moves`);
  while (set.size > 10) set.deleteAt(set.size >> 1);
  assert.ok(arena.used <= 64);
});

test("bytes from outside are taken only if they are an intset", () => {
  const good = expected([-5n, 1n, 70000n], 4);
  assert.ok(isIntset(good, 0, good.length, true));
  const set = new Intset(new Arena()).load(good, 0, good.length);
  assert.deepEqual(numbers(set), [-5n, 1n, 70000n]);
  const changed = (at: number, byte: number) => {
    const copy = Buffer.from(good);
    copy[at] = byte;
    return copy;
  };
  const bad = [
    good.subarray(0, 7),
    good.subarray(0, 19),
    Buffer.concat([good, Buffer.of(0)]),
    changed(0, 2),
    changed(0, 3),
    changed(0, 8),
    changed(4, 2),
    changed(7, 0x40),
    expected([], 2),
  ];
  for (const bytes of bad) assert.ok(!isIntset(bytes, 0, bytes.length, false), bytes.toString("hex"));
  for (const width of [2, 4, 8]) {
    for (const numbers of [
      [2n, 1n],
      [1n, 1n],
      [1n, -1n],
    ]) {
      const bytes = expected(numbers, width);
      assert.ok(isIntset(bytes, 0, bytes.length, false));
      assert.ok(!isIntset(bytes, 0, bytes.length, true), `${numbers} in ${width} bytes`);
    }
  }
  const wide = expected([-(2n ** 40n), -1n, 1n, 2n ** 31n, 2n ** 32n], 8);
  assert.ok(isIntset(wide, 0, wide.length, true));
});
