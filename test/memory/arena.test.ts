import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "../../src/memory/arena.ts";
import { CLASS_BYTES, classOf, SMALL_MAX } from "../../src/memory/size-classes.ts";
import { Seeded } from "./random.ts";

test("every size gets the smallest class that holds it", () => {
  for (let bytes = 1; bytes <= SMALL_MAX; bytes++) {
    const sizeClass = classOf(bytes);
    assert.ok(CLASS_BYTES[sizeClass]! >= bytes && CLASS_BYTES[sizeClass - 1]! < bytes, `${bytes} bytes`);
  }
  assert.equal(classOf(SMALL_MAX), CLASS_BYTES.length - 1);
});

test("a block is as large as blockSize says, and a fresh arena is small", () => {
  const arena = new Arena();
  assert.equal(arena.reserved, 65536);
  for (const bytes of [1, 16, 17, 112, 1024, 1025, 32768, 32769, 1 << 20, 1 << 24, (1 << 24) + 1, 50_000_000]) {
    const before = arena.used;
    const ref = arena.alloc(bytes);
    assert.equal(arena.sizeOf(ref), arena.blockSize(bytes));
    assert.ok(arena.sizeOf(ref) >= bytes);
    assert.equal(arena.used - before, arena.sizeOf(ref));
    assert.ok(arena.u8[ref >>> 20]!.length >= ((ref & 0xfffff) << 4) + bytes);
    arena.free(ref);
    assert.equal(arena.used, before);
  }
  arena.trim();
  assert.equal(arena.reserved, 65536);
});

/** Sizes as they come: mostly small, some large, few huge. */
function anySize(random: Seeded): number {
  const kind = random.below(100);
  if (kind < 70) return 1 + random.below(300);
  if (kind < 90) return 1 + random.below(5000);
  if (kind < 99) return 1 + random.below(200_000);
  return 1 + random.below(2_000_000);
}

for (let seed = 1; seed <= 8; seed++) {
  test(`live blocks never overlap, and nothing is left at the end (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const arena = new Arena();
    const live: { ref: number; bytes: number; mark: number }[] = [];
    let used = 0;
    const check = ({ ref, bytes, mark }: (typeof live)[number]) => {
      const page = arena.u8[ref >>> 20]!;
      const at = (ref & 0xfffff) << 4;
      // The ends and a few in between; whoever overlaps a block overwrites one of them or is overwritten itself.
      for (let i = 0; i < bytes; i += Math.max(1, bytes >>> 5)) assert.equal(page[at + i], mark);
      assert.equal(page[at + bytes - 1], mark);
    };
    for (let step = 0; step < 6000; step++) {
      const shrinking = step % 2000 > 1300;
      if (live.length > 0 && random.below(100) < (shrinking ? 80 : 35)) {
        const index = random.below(live.length);
        const block = live[index]!;
        check(block);
        used -= arena.sizeOf(block.ref);
        arena.free(block.ref);
        live[index] = live[live.length - 1]!;
        live.pop();
      } else {
        const bytes = anySize(random);
        const block = { ref: arena.alloc(bytes), bytes, mark: random.below(256) };
        assert.notEqual(block.ref, 0);
        const at = (block.ref & 0xfffff) << 4;
        arena.u8[block.ref >>> 20]!.fill(block.mark, at, at + arena.sizeOf(block.ref));
        used += arena.sizeOf(block.ref);
        live.push(block);
      }
      assert.equal(arena.used, used);
    }
    const ranges = live.map(({ ref }) => [ref >>> 0, (ref >>> 0) + arena.sizeOf(ref) / 16] as const);
    ranges.sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i - 1]![1] <= ranges[i]![0]);
    live.forEach(check);
    for (const { ref } of live) arena.free(ref);
    assert.equal(arena.used, 0);
    arena.trim();
    assert.equal(arena.reserved, 65536);
  });
}

test("the memory of emptied slabs serves other sizes", () => {
  const arena = new Arena();
  const fill = (bytes: number) => Array.from({ length: 100_000 }, () => arena.alloc(bytes));
  for (const ref of fill(112)) arena.free(ref);
  const reserved = arena.reserved;
  for (const bytes of [48, 96, 80]) for (const ref of fill(bytes)) arena.free(ref);
  assert.equal(arena.reserved, reserved);
});
