import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "../../src/memory/arena.ts";
import { BACK, FRONT, type Order, type Place } from "../../src/memory/index-order.ts";
import { HEADER_WORDS, OrderedIndex } from "../../src/memory/ordered-index.ts";
import { Seeded } from "./random.ts";

/** Elements of three words: the key's high and low word, and a number that decides among equals. */
class World implements Order {
  readonly arena = new Arena();
  readonly header = this.arena.alloc(HEADER_WORDS * 4 + 4);
  readonly index = new OrderedIndex(this.arena, this).position(this.header, 1).initialize();
  readonly before = this.arena.used;

  element(high: number, low: number, tie: number): number {
    const ref = this.arena.alloc(12);
    const words = this.arena.i32[ref >>> 20]!;
    words.set([high, low, tie], (ref & 0xfffff) << 2);
    return ref;
  }

  word(ref: number, word: number): number {
    return this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + word]!;
  }

  high(ref: number): number {
    return this.word(ref, 0);
  }

  low(ref: number): number {
    return this.word(ref, 1);
  }

  compare(a: number, b: number): number {
    return this.word(a, 2) - this.word(b, 2);
  }

  /** What the index has to agree with. */
  full(a: number, b: number): number {
    return this.high(a) - this.high(b) || (this.low(a) >>> 0) - (this.low(b) >>> 0) || this.compare(a, b);
  }

  forwards(): number[] {
    const refs = [];
    for (let ref = this.index.first(); ref !== 0; ref = this.index.next()) refs.push(ref);
    return refs;
  }

  backwards(): number[] {
    const refs = [];
    for (let ref = this.index.last(); ref !== 0; ref = this.index.previous()) refs.push(ref);
    return refs;
  }

  check(sorted: readonly number[]): void {
    assert.equal(this.index.size, sorted.length);
    assert.deepEqual(this.forwards(), sorted);
    assert.deepEqual(this.backwards(), [...sorted].reverse());
    sorted.forEach((ref, rank) => {
      assert.equal(this.index.at(rank), ref);
      assert.equal(this.index.rank(ref), rank);
    });
  }
}

/** Where an element of this key belongs in a sorted array: before the first that does not come before it. */
function placeIn(world: World, sorted: readonly number[], ref: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (world.full(sorted[middle]!, ref) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

const KEYS: Record<string, (random: Seeded, step: number) => [high: number, low: number, tie: number]> = {
  "random keys": (random, step) => [random.uint32() | 0, random.uint32() | 0, step],
  "few keys, of both signs": (random, step) => [random.below(5) - 2, (random.below(3) - 1) | 0, step * 7919],
  "one key": (random, step) => [0, 0, (random.below(1 << 14) << 16) | (step & 0xffff)],
  "ascending keys": (_, step) => [0, step, 0],
  "descending keys": (_, step) => [-step, 0, 0],
};

for (const [name, key] of Object.entries(KEYS))
  test(`an index agrees with a sorted array: ${name}`, () => {
    const random = new Seeded(name.length);
    const world = new World();
    const { index } = world;
    const sorted: number[] = [];
    const remove = (rank: number) => {
      const [ref] = sorted.splice(rank, 1);
      if (random.below(2) === 0) assert.equal(index.removeAt(rank), ref);
      else assert.ok(index.remove(ref!));
      assert.ok(!index.remove(ref!));
      assert.equal(index.rank(ref!), -1);
      world.arena.free(ref!);
    };
    const removeMany = (rank: number, atMost: number) => {
      const refs = sorted.splice(rank, atMost);
      const seen: number[] = [];
      index.removeRange(rank, refs.length, (found, at, length) => {
        for (const ref of found.slice(at, at + length)) {
          seen.push(ref);
          world.arena.free(ref);
        }
      });
      assert.deepEqual(seen, refs);
    };
    let step = 0;
    for (let round = 0; round < 6; round++) {
      const grows = round % 2 === 0;
      for (let i = 0; i < 4000; i++) {
        if (random.below(100) < (grows ? 85 : 10) || sorted.length === 0) {
          const ref = world.element(...key(random, ++step));
          const rank = placeIn(world, sorted, ref);
          sorted.splice(rank, 0, ref);
          index.insert(ref);
          if (i % 16 === 0) assert.equal(index.rank(ref), rank);
        } else {
          const side = random.below(3);
          if (i % 50 === 0) removeMany(random.below(sorted.length), random.below(80));
          else remove(side === 0 ? 0 : side === 1 ? sorted.length - 1 : random.below(sorted.length));
        }
      }
      world.check(sorted);
    }
    while (sorted.length > 0) remove(random.below(sorted.length));
    world.check([]);
    assert.equal(world.arena.used, world.before);
  });

test("places: by key, by key and tie, by what the elements say", () => {
  const random = new Seeded(3);
  const world = new World();
  const { index } = world;
  assert.equal(index.seek(0, 0, FRONT), 0);
  assert.equal(index.countBefore(0, 0, BACK), 0);
  const sorted: number[] = [];
  for (let i = 0; i < 3000; i++) sorted.push(world.element(random.below(40) - 20, random.uint32() & 0x80000001, i));
  for (const ref of sorted) index.insert(ref);
  sorted.sort((a, b) => world.full(a, b));
  world.check(sorted);
  for (let i = 0; i < 500; i++) {
    const high = random.below(44) - 22;
    const low = random.uint32() & 0x80000001;
    const tie = random.below(3100) - 50;
    const behindTie: Place = { isBefore: (ref) => world.word(ref, 2) < tie };
    for (const place of [FRONT, BACK, behindTie]) {
      const before = sorted.filter(
        (ref) =>
          world.high(ref) < high ||
          (world.high(ref) === high &&
            (world.low(ref) >>> 0 < low >>> 0 || (world.low(ref) === (low | 0) && place.isBefore(ref)))),
      ).length;
      assert.equal(index.countBefore(high, low, place), before);
      assert.equal(index.seek(high, low, place), sorted[before] ?? 0);
      if (before < sorted.length) assert.equal(index.next(), sorted[before + 1] ?? 0);
      assert.equal(index.seekLastBefore(high, low, place), sorted[before - 1] ?? 0);
      if (before > 0) assert.equal(index.previous(), sorted[before - 2] ?? 0);
    }
    const byElement: Place = { isBefore: (ref) => world.high(ref) < high };
    assert.equal(index.countBeforePlace(byElement), sorted.filter((ref) => world.high(ref) < high).length);
  }
});

test("an element that moved is found under its new ref", () => {
  const world = new World();
  const random = new Seeded(11);
  const sorted = Array.from({ length: 2000 }, (_, i) => world.element(random.below(50), 0, i));
  for (const ref of sorted) world.index.insert(ref);
  sorted.sort((a, b) => world.full(a, b));
  for (let rank = 0; rank < sorted.length; rank++) {
    const from = sorted[rank]!;
    const to = world.element(world.high(from), world.low(from), world.word(from, 2));
    world.index.replace(from, to);
    sorted[rank] = to;
    // Whoever still compares with the old one would notice.
    const words = world.arena.i32[from >>> 20]!;
    words.fill(-1, (from & 0xfffff) << 2, ((from & 0xfffff) << 2) + 3);
  }
  world.check(sorted);
});

test("an element whose key changes is moved, or put in again", () => {
  const world = new World();
  const random = new Seeded(13);
  const sorted: number[] = [];
  for (let i = 0; i < 1500; i++) sorted.push(world.element(random.below(300), 0, i));
  for (const ref of sorted) world.index.insert(ref);
  let moved = 0;
  for (let i = 0; i < 6000; i++) {
    const ref = sorted[random.below(sorted.length)]!;
    const high = i % 10 === 0 ? random.below(300) : world.high(ref) + random.below(9) - 4;
    const isMoved = world.index.moveOrRemove(ref, high, i & 1);
    world.arena.i32[ref >>> 20]!.set([high, i & 1], (ref & 0xfffff) << 2);
    if (isMoved) moved++;
    else world.index.insert(ref);
    if (i % 500 === 0) {
      sorted.sort((a, b) => world.full(a, b));
      world.check(sorted);
    }
  }
  sorted.sort((a, b) => world.full(a, b));
  world.check(sorted);
  assert.ok(moved > 2000 && moved < 5900, `${moved}`);
});

test("nodes filled in order are full, and those in random order two thirds", () => {
  const bytesAnElement = (key: (i: number) => number) => {
    const world = new World();
    for (let i = 0; i < 20_000; i++) world.index.insert(world.element(key(i), 0, i));
    return (world.arena.used - world.before - 16 * 20_000) / 20_000;
  };
  const random = new Seeded(5);
  assert.ok(bytesAnElement((i) => i) < 13);
  assert.ok(bytesAnElement((i) => -i) < 13.5);
  assert.ok(bytesAnElement(() => random.uint32() | 0) < 19.5);
});

test("nodes are freed in slices", () => {
  const world = new World();
  const elements = Array.from({ length: 30_000 }, (_, i) => world.element(i % 997, 0, i));
  const { used } = world.arena;
  for (const ref of elements) world.index.insert(ref);
  const disposal = world.index.disposal();
  let steps = 1;
  for (let left = world.arena.used; disposal.step(10); left = world.arena.used, steps++)
    assert.ok(left - world.arena.used <= 10 * 1280);
  assert.ok(steps > 40);
  assert.equal(world.arena.used, used);
});

test("a copy has its own elements and nodes, and changes on", () => {
  for (const count of [0, 1, 63, 64, 200, 5000, 30_000]) {
    const random = new Seeded(count);
    const world = new World();
    for (let i = 0; i < count; i++) world.index.insert(world.element(random.uint32() | 0, random.below(3), i));
    // Removals leave nodes whose first entries are not what they were.
    for (let i = 0; i < count / 3; i++) world.arena.free(world.index.removeAt(random.below(world.index.size)));
    const header = world.arena.alloc(HEADER_WORDS * 4);
    const copy = new OrderedIndex(world.arena, world).position(header, 0).initialize();
    const copies = new Map<number, number>();
    copy.copy(world.index, (ref) => {
      const twin = world.element(world.word(ref, 0), world.word(ref, 1), world.word(ref, 2));
      copies.set(ref, twin);
      return twin;
    });
    const expected = world.forwards().map((ref) => copies.get(ref)!);
    assert.equal(copy.size, expected.length);
    const check = () => {
      const refs = [];
      for (let ref = copy.first(); ref !== 0; ref = copy.next()) refs.push(ref);
      assert.deepEqual(refs, expected);
      for (const [rank, ref] of expected.entries()) assert.equal(copy.rank(ref), rank);
    };
    check();
    for (let i = 0; i < 300; i++) {
      if (i % 3 > 0 && expected.length > 0) {
        const rank = random.below(expected.length);
        world.arena.free(copy.removeAt(rank));
        expected.splice(rank, 1);
      } else {
        const ref = world.element(random.uint32() | 0, random.below(3), count + i);
        copy.insert(ref);
        expected.splice(placeIn(world, expected, ref), 0, ref);
      }
    }
    check();
  }
});
