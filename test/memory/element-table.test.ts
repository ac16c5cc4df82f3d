import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "../../src/memory/arena.ts";
import { AnyElements, differentElements } from "../../src/memory/element-sample.ts";
import { ElementTable, HEADER_WORDS } from "../../src/memory/element-table.ts";
import { ElementTableFreeing } from "../../src/memory/element-table-freeing.ts";
import { ElementWalk } from "../../src/memory/element-walk.ts";
import { hashBytes, reverseBits } from "../../src/memory/hash.ts";
import { Seeded } from "./random.ts";

const NAME_WORD = 3;
/** The table's header does not begin at the root's first word. */
const HEADER = 2;

/** A set of names, as an owner would build it. */
class Names {
  readonly arena: Arena;
  readonly table: ElementTable;
  readonly root: number;

  constructor(arena = new Arena()) {
    this.arena = arena;
    this.root = arena.alloc((HEADER + HEADER_WORDS) * 4);
    this.table = new ElementTable(arena, NAME_WORD).create(this.root, HEADER);
  }

  find(name: string): number {
    const bytes = Buffer.from(name);
    return this.table.find(bytes, 0, bytes.length, hash(bytes));
  }

  add(name: string): void {
    const bytes = Buffer.from(name);
    const ref = this.arena.alloc(NAME_WORD * 4 + bytes.length);
    this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 2] = bytes.length;
    this.arena.u8[ref >>> 20]!.set(bytes, this.table.nameAt(ref));
    this.table.link(ref, hash(bytes));
  }

  delete(name: string): void {
    const ref = this.find(name);
    this.table.unlink(ref);
    this.arena.free(ref);
  }

  /** Moves an element to another block. */
  move(name: string): void {
    const from = this.find(name);
    const bytes = Buffer.from(name);
    const to = this.arena.alloc(NAME_WORD * 4 + bytes.length + 100);
    this.arena.i32[to >>> 20]![((to & 0xfffff) << 2) + 2] = bytes.length;
    this.arena.u8[to >>> 20]!.set(bytes, this.table.nameAt(to));
    this.table.replace(from, to);
    this.arena.free(from);
  }

  name(ref: number): string {
    const at = this.table.nameAt(ref);
    return Buffer.from(this.arena.u8[ref >>> 20]!.subarray(at, at + this.table.nameLength(ref))).toString();
  }

  all(): string[] {
    const names: string[] = [];
    for (let bucket = 0; bucket < this.table.buckets; bucket++)
      for (let ref = this.table.chain(bucket); ref !== 0; ref = this.table.next(ref)) names.push(this.name(ref));
    return names;
  }
}

function hash(bytes: Uint8Array): number {
  return hashBytes(bytes, 0, bytes.length, 1, 2);
}

for (let seed = 1; seed <= 6; seed++)
  test(`holds what a Set would, while it grows and shrinks (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const names = new Names();
    const model = new Set<string>();
    const universe = 10 ** (1 + (seed % 4)) * 4;
    for (let phase = 0; phase < 4; phase++) {
      const growth = [85, 20, 70, 3][phase]!;
      for (let i = 0; i < universe * 1.5; i++) {
        const name = `name:${random.below(universe)}`;
        assert.equal(names.find(name) !== 0, model.has(name));
        if (random.below(100) < growth) {
          if (model.has(name)) names.move(name);
          else names.add(name);
          model.add(name);
        } else if (model.delete(name)) names.delete(name);
        assert.equal(names.table.size, model.size);
      }
      assert.ok(names.table.buckets >= model.size, "chains are short");
      assert.ok(names.table.buckets <= Math.max(4, model.size * 4), "heads are not many");
      assert.deepEqual(names.all().sort(), [...model].sort());
    }
    for (const name of model) names.delete(name);
    assert.equal(names.table.buckets, 4);
    names.table.dispose();
    names.arena.free(names.root);
    assert.equal(names.arena.used, 0);
  });

test("names may be empty, long, and of any bytes", () => {
  const names = new Names();
  const some = ["", "\u0000", "\u0000\u0000", "é", "x".repeat(100_000)];
  for (const name of some) names.add(name);
  assert.deepEqual(names.all().sort(), [...some].sort());
  for (const name of some) assert.equal(names.name(names.find(name)), name);
  assert.equal(names.find("x".repeat(99_999)), 0);
});

for (let seed = 1; seed <= 20; seed++)
  test(`a walk sees all that stay, in the order of reversed hashes, whatever comes and goes (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const names = new Names();
    const stay = Array.from({ length: random.below(3000) + 1 }, (_, i) => `stays:${i}`);
    for (const name of stay) names.add(name);
    const guests: string[] = [];
    const seen = new Map<string, number>();
    let cursor = 0;
    let grows = seed % 2 === 0;
    let position = 0;
    do {
      if (random.below(100) === 0) grows = !grows;
      for (let i = random.below(20); i > 0; i--) {
        if (grows) {
          guests.push(`guest:${random.uint32()}`);
          names.add(guests.at(-1)!);
        } else if (guests.length > 0) names.delete(guests.pop()!);
      }
      const next = names.table.scan(cursor, (ref) => {
        const name = names.name(ref);
        seen.set(name, (seen.get(name) ?? 0) + 1);
      });
      assert.ok(next === 0 || reverseBits(next) > position, "goes forward");
      position = reverseBits(next);
      cursor = next;
    } while (cursor !== 0);
    for (const name of stay) assert.ok(seen.has(name), name);
  });

test("an undisturbed walk sees each once, and all below the reversed cursor", () => {
  for (const count of [1, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025, 1500, 5000]) {
    const names = new Names();
    for (let i = 0; i < count; i++) names.add(`n${i}`);
    const seen: string[] = [];
    let cursor = 0;
    do {
      const from = reverseBits(cursor);
      const places: number[] = [];
      cursor = names.table.scan(cursor, (ref) => {
        places.push(reverseBits(names.table.hashOf(ref)));
        seen.push(names.name(ref));
      });
      for (const place of places) assert.ok(place >= from && (cursor === 0 || place < reverseBits(cursor)));
    } while (cursor !== 0);
    assert.equal(seen.length, count);
    assert.equal(new Set(seen).size, count);
  }
});

test("random elements are all as likely, sparse or dense", () => {
  const random = new Seeded(5);
  const names = new Names();
  for (let i = 0; i < 400; i++) names.add(`n${i}`);
  for (let i = 40; i < 400; i++) names.delete(`n${i}`);
  const counts = new Map<string, number>();
  for (let i = 0; i < 40_000; i++) {
    const name = names.name(names.table.random(() => random.uint32()));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.equal(counts.size, 40);
  assert.ok(chi < 80, `chi squared ${chi} with 39 degrees of freedom`);
  for (let i = 0; i < 40; i++) names.delete(`n${i}`);
  assert.equal(
    names.table.random(() => random.uint32()),
    0,
  );
});

test("it is freed in slices, and nothing is left", () => {
  for (const count of [0, 1, 2000]) {
    const names = new Names();
    for (let i = 0; i < count; i++) names.add(`n${i}`);
    const job = new ElementTableFreeing(names.table);
    assert.equal(job.pending, count);
    let steps = 0;
    while (job.pending > 0) {
      const freed = job.step(10);
      assert.ok(freed < 30);
      steps++;
    }
    assert.ok(steps >= count / 30);
    names.arena.free(names.root);
    assert.equal(names.arena.used, 0);
  }
});

test("says what it takes", () => {
  const names = new Names();
  const elements = () => names.all().reduce((sum, name) => sum + names.arena.sizeOf(names.find(name)), 0);
  const rest = names.arena.sizeOf(names.root);
  for (let i = 0; i < 20_000; i++) {
    names.add(`n${i}`);
    if (i % 997 === 0) assert.equal(names.table.bytes, names.arena.used - rest - elements());
  }
});

const FEW_TO_MANY = [0, 1, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025, 2049, 20_000, 40_000];

test("a walk in batches sees each element once", () => {
  for (const count of FEW_TO_MANY) {
    const names = new Names();
    for (let i = 0; i < count; i++) names.add(`name:${i}`);
    const walk = new ElementWalk().start(names.table);
    const seen: string[] = [];
    while (walk.next()) for (let i = 0; i < walk.count; i++) seen.push(names.name(walk.refs[i]!));
    assert.deepEqual(seen.sort(), names.all().sort());
    assert.equal(walk.next(), false);
  }
});

test("a walk in batches has room for any chain", () => {
  const names = new Names();
  for (let i = 0; i < 5000; i++) {
    const ref = names.arena.alloc(NAME_WORD * 4);
    names.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 2] = 0;
    names.table.link(ref, 0);
  }
  const walk = new ElementWalk().start(names.table);
  let seen = 0;
  while (walk.next()) seen += walk.count;
  assert.equal(seen, 5000);
});

test("a table that was given its room at once is like one that grew", () => {
  for (const count of FEW_TO_MANY) {
    const grown = new Names();
    for (let i = 0; i < count; i++) grown.add(`name:${i}`);
    const names = new Names();
    names.table.reserve(grown.table.buckets);
    for (let i = 0; i < count; i++) names.add(`name:${i}`);
    assert.equal(names.table.buckets, grown.table.buckets);
    assert.equal(names.table.bytes, grown.table.bytes);
    assert.deepEqual(names.all().sort(), grown.all().sort());
    for (let i = count; i < count * 2 + 10; i++) names.add(`name:${i}`);
    for (let i = 0; i < count * 2 + 10; i++) names.delete(`name:${i}`);
    names.table.dispose();
    names.arena.free(names.root);
    assert.equal(names.arena.used, 0);
  }
});

test("of many elements by chance each is as likely", () => {
  for (const [count, wanted] of [
    [3000, 1000],
    [3000, 100],
    [3000, 1],
    [100, 99],
  ] as const) {
    const random = new Seeded(count + wanted);
    const uint32 = () => random.uint32();
    const names = new Names();
    for (let i = 0; i < count; i++) names.add(`name:${i}`);
    const times = new Map<number, number>();
    const rounds = Math.ceil((100 * count) / wanted);
    for (let round = 0; round < rounds; round++) {
      const chosen = differentElements(names.table, wanted, uint32);
      assert.equal(new Set(chosen).size, wanted);
      for (const ref of chosen) times.set(ref, (times.get(ref) ?? 0) + 1);
    }
    assert.equal(times.size, count);
    // Each comes some hundred times, give or take five deviations; where few are drawn, those of very long chains less often.
    const expected = (rounds * wanted) / count;
    const less = wanted < 1000 && count === 3000 ? 80 : 60;
    for (const seen of times.values())
      assert.ok(seen - expected < 60 && expected - seen < less, `${seen} of ${expected}`);
  }
});

test("elements with repeats are so many, and any", () => {
  for (const wanted of [1, 63, 64, 65, 1000, 50_000]) {
    const random = new Seeded(wanted);
    const names = new Names();
    for (let i = 0; i < 2000; i++) names.add(`name:${i}`);
    const any = new AnyElements(names.table, wanted, () => random.uint32());
    const seen: string[] = [];
    while (any.next()) for (let i = 0; i < any.count; i++) seen.push(names.name(any.refs[i]!));
    assert.equal(seen.length, wanted);
    const different = new Set(seen).size;
    const expected = 2000 * (1 - (1 - 1 / 2000) ** wanted);
    assert.ok(Math.abs(different - expected) < 50, `${different} of ${expected}`);
    for (const name of seen) assert.match(name, /^name:\d+$/);
  }
});
