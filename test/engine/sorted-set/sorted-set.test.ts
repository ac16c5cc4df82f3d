import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../../src/base/bytes.ts";
import { Policy } from "../../../src/engine/policy.ts";
import { Added, Condition, type SortedSetValue } from "../../../src/engine/sorted-set/sorted-set-value.ts";
import { Store } from "../../../src/engine/store.ts";
import { Seeded } from "../../memory/random.ts";

function newStore(seed = 1, entries = 128, value = 64): Store {
  const random = new Seeded(seed);
  const policy = new Policy();
  policy.zsetMaxListpackEntries = entries;
  policy.zsetMaxListpackValue = value;
  return new Store(() => random.uint32(), policy);
}

type Pair = [member: string, score: number];

function contents(value: SortedSetValue): Pair[] {
  const pairs: Pair[] = [];
  for (let there = value.at(0); there; there = value.next()) pairs.push([value.member.latin1(), value.score]);
  return pairs;
}

function backwards(value: SortedSetValue): Pair[] {
  const pairs: Pair[] = [];
  for (let there = value.at(value.size - 1); there; there = value.previous())
    pairs.push([value.member.latin1(), value.score]);
  return pairs;
}

/** A plain sorted set. */
class Model {
  readonly scores = new Map<string, number>();

  get sorted(): Pair[] {
    return [...this.scores].sort(([a, x], [b, y]) => x - y || Buffer.compare(latin1(a), latin1(b)));
  }
}

const latin1 = (text: string) => Buffer.from(text, "latin1");
const slice = (text: string) => new Slice(latin1(text));

for (const [name, entries] of [
  ["packed", 1000],
  ["in a table", 0],
  ["crossing over", 40],
] as const)
  for (const seed of [1, 2, 3])
    test(`a sorted set ${name} agrees with a map that is sorted (seed ${seed})`, () => {
      const store = newStore(seed, entries);
      const random = new Seeded(seed);
      const { used } = store.arena;
      const root = store.sortedSets.create();
      const value = store.sortedSets.value().position(root);
      const model = new Model();
      const scores = [0, -0, 1, 1, 2, -3.5, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 60, 0.1];
      const member = () => "é".repeat(random.below(2)) + "m".repeat(random.below(3)) + random.below(60);
      for (let step = 0; step < 1500; step++) {
        const name = member();
        const score = scores[random.below(scores.length)]!;
        const old = model.scores.get(name);
        const dice = random.below(10);
        if (dice < 6) {
          const result = value.add(slice(name), score);
          assert.equal(result, old === undefined ? Added.added : old === score ? Added.same : Added.updated);
          if (old !== score) model.scores.set(name, score);
        } else if (dice < 9) assert.equal(value.remove(slice(name)), model.scores.delete(name));
        else if (model.scores.size > 0) {
          const { sorted } = model;
          const from = random.below(sorted.length);
          const count = random.below(Math.min(4, sorted.length - from) + 1);
          value.removeRange(from, count);
          for (const [gone] of sorted.slice(from, from + count)) model.scores.delete(gone);
        }
        assert.equal(value.size, model.scores.size);
        if (step % 100 !== 99) continue;
        const { sorted } = model;
        assert.deepEqual(plus0(contents(value)), plus0(sorted));
        assert.deepEqual(plus0(backwards(value)), plus0([...sorted].reverse()));
        sorted.forEach(([name, score], rank) => {
          assert.equal(value.rank(slice(name)), rank);
          assert.equal(value.scoreOf(slice(name)) + 0, score + 0);
        });
        assert.equal(value.rank(slice("none")), -1);
        assert.ok(Number.isNaN(value.scoreOf(slice("none"))));
        for (const probe of scores) {
          assert.equal(value.countBelow(probe, false), sorted.filter(([, score]) => score < probe).length);
          assert.equal(value.countBelow(probe, true), sorted.filter(([, score]) => score <= probe).length);
        }
        const copy = store.sortedSets.value().position(store.sortedSets.clone(root));
        assert.deepEqual(contents(copy), contents(value));
        store.sortedSets.free(copy.root);
      }
      assert.equal(value.encoding, entries === 1000 ? "listpack" : "skiplist");
      assert.ok(store.sortedSets.bytes(root, 0) <= store.arena.used - used + 4096);
      store.sortedSets.free(root);
      assert.equal(store.arena.used, used);
    });

/** As zeros of either sign compare alike, and listpacks keep no sign. */
function plus0(pairs: Pair[]): Pair[] {
  return pairs.map(([member, score]) => [member, score + 0]);
}

for (const entries of [128, 0])
  test(`conditions, ${entries === 0 ? "in a table" : "packed"}`, () => {
    const store = newStore(1, entries);
    const value = store.sortedSets.value().position(store.sortedSets.create());
    const add = (score: number, conditions: number) => value.add(slice("m"), score, conditions);
    assert.equal(add(1, Condition.xx), Added.skipped);
    assert.equal(add(1, Condition.nx), Added.added);
    assert.equal(add(2, Condition.nx), Added.skipped);
    assert.equal(add(2, Condition.xx | Condition.gt), Added.updated);
    assert.equal(add(2, Condition.gt), Added.skipped);
    assert.equal(add(1, Condition.gt), Added.skipped);
    assert.equal(add(3, Condition.lt), Added.skipped);
    assert.equal(add(-1, Condition.lt), Added.updated);
    assert.equal(add(-1, 0), Added.same);
    assert.equal(add(5, Condition.incr), Added.updated);
    assert.equal(value.newScore, 4);
    assert.equal(add(0, Condition.incr), Added.same);
    assert.equal(add(-1, Condition.incr | Condition.gt), Added.skipped);
    assert.equal(add(Number.POSITIVE_INFINITY, Condition.incr), Added.updated);
    assert.equal(add(Number.NEGATIVE_INFINITY, Condition.incr), Added.notANumber);
    assert.equal(value.scoreOf(slice("m")), Number.POSITIVE_INFINITY);
    assert.equal(value.size, 1);
  });

test("the encoding follows Redis' limits, and never goes back", () => {
  const store = newStore(1, 3, 5);
  const value = store.sortedSets.value().position(store.sortedSets.create());
  for (const name of ["a", "b", "c"]) value.add(slice(name), 1);
  assert.equal(value.encoding, "listpack");
  value.add(slice("a"), 2);
  assert.equal(value.encoding, "listpack");
  value.add(slice("d"), 1);
  assert.equal(value.encoding, "skiplist");
  value.removeRange(0, 3);
  assert.equal(value.encoding, "skiplist");
  const long = store.sortedSets.value().position(store.sortedSets.create());
  long.add(slice("12345"), 1);
  assert.equal(long.encoding, "listpack");
  long.add(slice("123456"), -1);
  assert.equal(long.encoding, "skiplist");
  assert.deepEqual(contents(long), [
    ["123456", -1],
    ["12345", 1],
  ]);
  assert.equal(store.sortedSets.encoding(store.sortedSets.create(4)), "skiplist");
  assert.equal(store.sortedSets.encoding(store.sortedSets.create(1, 6)), "skiplist");
});

test("members of one score are in the order of their bytes", () => {
  for (const entries of [128, 0]) {
    const store = newStore(1, entries);
    const value = store.sortedSets.value().position(store.sortedSets.create());
    const names = ["b", "a", "", "ab", "\xff", "aa", "\x00", "12", "2"];
    for (const name of names) value.add(slice(name), 0);
    const sorted = names.sort((a, b) => Buffer.compare(latin1(a), latin1(b)));
    assert.deepEqual(
      contents(value).map(([name]) => name),
      sorted,
    );
    for (const bound of [...names, "aaa", "c"]) {
      const compare = (name: string) => Buffer.compare(latin1(name), latin1(bound));
      assert.equal(value.countBefore(slice(bound), false), sorted.filter((name) => compare(name) < 0).length);
      assert.equal(value.countBefore(slice(bound), true), sorted.filter((name) => compare(name) <= 0).length);
    }
  }
});

test("a negative zero is kept in a table, as in Redis", () => {
  const value = (entries: number) => {
    const store = newStore(1, entries);
    const set = store.sortedSets.value().position(store.sortedSets.create());
    set.add(slice("m"), -0);
    return set.scoreOf(slice("m"));
  };
  assert.ok(Object.is(value(0), -0));
  assert.ok(Object.is(value(128), 0));
});

test("a builder gathers members in any order", () => {
  for (const [count, encoding] of [
    [100, "listpack"],
    [2000, "skiplist"],
  ] as const) {
    const store = newStore();
    const { used } = store.arena;
    const builder = store.sortedSets.builder();
    assert.equal(builder.finish(), 0);
    const sum = (old: number, score: number) => old + score;
    const combine = (name: string, score: number, with_: (old: number, score: number) => number) => {
      const member = slice(name);
      builder.combine(member, score, store.sets.value(0).table.hash(member), with_);
    };
    for (let i = 0; i < count; i++) combine(`m${(i * 7919) % count}`, i, sum);
    assert.equal(builder.size, count);
    combine("m0", 5, (old, score) => old - score);
    assert.equal(builder.scoreOf(slice("m0")), -5);
    assert.ok(Number.isNaN(builder.scoreOf(slice("other"))));
    const value = store.sortedSets.value().position(builder.finish());
    assert.equal(value.encoding, encoding);
    assert.equal(value.size, count);
    assert.deepEqual(contents(value)[0], ["m0", -5]);
    assert.deepEqual(
      contents(value)
        .slice(1, 4)
        .map(([, score]) => score),
      [1, 2, 3],
    );
    store.sortedSets.free(value.root);
    for (let i = 0; i < count; i++) builder.add(slice(`m${i}`), -i);
    value.position(builder.finish());
    assert.equal(value.encoding, encoding);
    assert.equal(value.size, count);
    assert.deepEqual(contents(value)[0], [`m${count - 1}`, 1 - count]);
    store.sortedSets.free(value.root);
    builder.add(slice("m"), 1);
    builder.discard();
    assert.equal(store.arena.used, used);
  }
});

test("a large one is freed in slices", () => {
  const store = newStore();
  const { used } = store.arena;
  const root = store.sortedSets.create();
  const value = store.sortedSets.value().position(root);
  for (let i = 0; i < 20_000; i++) value.add(slice(`member:${i}`), i);
  const job = store.sortedSets.freeing(root);
  let steps = 0;
  for (; job.pending > 0; steps++) {
    const before = store.arena.used;
    job.step(64);
    assert.ok(before - store.arena.used < 150_000, `${before - store.arena.used} in step ${steps}`);
  }
  assert.ok(steps > 200);
  assert.equal(store.arena.used, used);
});

test("a scan visits each member that stays", () => {
  const store = newStore();
  const value = store.sortedSets.value().position(store.sortedSets.create());
  for (let i = 0; i < 1000; i++) value.add(slice(`m${i}`), i);
  const seen = new Map<string, number>();
  let cursor = 0;
  do cursor = value.scan(cursor, (member, score) => seen.set(member.latin1(), score));
  while (cursor !== 0);
  assert.equal(seen.size, 1000);
  assert.equal(seen.get("m77"), 77);
});
