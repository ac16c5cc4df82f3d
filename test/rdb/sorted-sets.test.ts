import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { formatDouble } from "../../src/base/doubles.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { newEngine } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { assertHarmless, assertRefused, payload } from "./payloads.ts";
import { noRedis, withRedis } from "./real-redis.ts";

type Pairs = readonly (readonly [member: string, score: number])[];

function withSortedSet(pairs: Pairs, engine = newEngine()): Engine {
  const value = engine.sortedSets.openOrCreate(engine.databases[0]!, bytesOf("k"));
  for (const [member, score] of pairs) value.add(bytesOf(member), score);
  return engine;
}

function pairsOf(engine: Engine, key: string): string[] {
  const value = engine.sortedSets.read(engine.databases[0]!, bytesOf(key))!;
  const found: string[] = [];
  for (let there = value.at(0); there; there = value.next())
    found.push(`${value.member.latin1()}=${formatDouble(value.score)}`);
  return found;
}

const lines = (pairs: Pairs) =>
  [...pairs]
    .sort(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1")))
    .map(([member, score]) => `${member}=${formatDouble(score)}`);
const many = (count: number): Pairs => Array.from({ length: count }, (_, i) => [`member:${(i * 7919) % count}`, i / 4]);

const ODD: Pairs = [
  ["", 1],
  ["x\0\xff", 0.1],
  ["12", -3],
  ["9223372036854775807", 2 ** 60],
  ["big", 1e300],
  ["plus", Number.POSITIVE_INFINITY],
  ["minus", Number.NEGATIVE_INFINITY],
];

const FORMS: [pairs: Pairs, encoding: string, form: number][] = [
  [ODD, "listpack", 17],
  [many(128), "listpack", 17],
  [many(129), "skiplist", 5],
  [[...ODD, ["m".repeat(65), -0.5]], "skiplist", 5],
];
for (const [pairs, encoding, form] of FORMS)
  test(`a sorted set of ${pairs.length} as ${encoding} is written in form ${form}, and read back`, () => {
    const engine = withSortedSet(pairs);
    const db = engine.databases[0]!;
    assert.equal(db.encoding(bytesOf("k")), encoding);
    for (const version of [10, 11] as const) {
      const bytes = dump(engine, db, bytesOf("k"), version)!;
      assert.equal(bytes[0], form);
      restore(engine.store, new Slice(bytes), { deep: true }).store(db, bytesOf("copy"));
      assert.deepEqual(pairsOf(engine, "copy"), lines(pairs));
      assert.equal(db.encoding(bytesOf("copy")), encoding);
    }
    db.clear();
    assert.equal(engine.store.arena.used, 0);
  });

const ONE = "000000000000f03f";
const READ: [what: string, hex: string, pairs: string[]][] = [
  ["scores of eight bytes", `05 02 01 62 0000000000000440 01 61 ${ONE}`, ["a=1", "b=2.5"]],
  ["scores as text", "03 02 01 62 03 322e35 01 61 01 31", ["a=1", "b=2.5"]],
  ["infinite scores as text", "03 02 01 61 fe c0 05 ff", ["5=-inf", "a=inf"]],
  ["a listpack", "11 14 14000000 0400 8161 02 0101 8162 02 83322e35 04 ff", ["a=1", "b=2.5"]],
  ["a ziplist", "0c 18 18000000 12000000 0400 00 01 61 03 f2 02 01 62 03 03 322e35 ff", ["a=1", "b=2.5"]],
  ["a ziplist of numbers", "0c 0f 0f000000 0c000000 0200 00 f6 02 f2 ff", ["5=1"]],
];
for (const [what, hex, pairs] of READ)
  test(`a sorted set is read of ${what}`, () => {
    const engine = newEngine();
    const db = engine.databases[0]!;
    restore(engine.store, payload(hex), { deep: true }).store(db, bytesOf("k"));
    assert.deepEqual(pairsOf(engine, "k"), pairs);
    assert.equal(db.encoding(bytesOf("k")), "listpack");
    engine.policy.zsetMaxListpackEntries = 0;
    restore(engine.store, payload(hex)).store(db, bytesOf("k"));
    assert.deepEqual(pairsOf(engine, "k"), pairs);
    assert.equal(db.encoding(bytesOf("k")), "skiplist");
    db.clear();
    assert.equal(engine.store.arena.used, 0);
  });

const BROKEN: [what: string, hex: string, deepOnly?: boolean][] = [
  ["no members", "05 00"],
  ["fewer members than it says", `05 02 01 61 ${ONE}`],
  ["half a score", "05 01 01 61 00000000"],
  ["a score that is no number", "05 01 01 61 000000000000f87f"],
  ["a member twice", `05 02 01 61 ${ONE} 01 61 ${ONE}`],
  ["a member twice with two scores", `05 02 01 61 ${ONE} 01 61 0000000000000440`],
  ["more than it says", `05 01 01 61 ${ONE} 01 62 ${ONE}`],
  ["text that is no score", "03 01 01 61 01 78"],
  ["text that is not a number", "03 01 01 61 fd"],
  ["text beyond the end", "03 01 01 61 30 31"],
  ["an odd listpack", "11 0a 0a000000 0100 81 61 02 ff"],
  ["an empty listpack", "11 07 07000000 0000 ff"],
  ["a listpack with a score that is none", "11 0d 0d000000 0200 8161 02 8178 02 ff"],
  ["a listpack with a member twice", "11 11 11000000 0400 8161 02 0101 8161 02 0201 ff", true],
  ["an odd ziplist", "0c 0e 0e000000 0a000000 0100 00 01 61 ff"],
  ["a ziplist with a member twice", "0c 15 15000000 12000000 0400 00 01 61 03 f2 02 01 61 03 f2 ff"],
];
for (const [what, hex, deepOnly = false] of BROKEN)
  test(`a payload of ${what} is refused${deepOnly ? " if looked at closely" : ""}`, () => {
    const engine = newEngine();
    for (const limit of [128, 0]) {
      engine.policy.zsetMaxListpackEntries = limit;
      for (const deep of deepOnly && limit > 0 ? [true] : [false, true]) {
        assertRefused(engine, hex, deep);
      }
    }
  });

test("a listpack with a member twice that nobody looked at makes no table with one", () => {
  const engine = newEngine();
  const db = engine.databases[0]!;
  restore(engine.store, payload("11 11 11000000 0400 8161 02 0101 8161 02 0201 ff")).store(db, bytesOf("k"));
  engine.sortedSets.open(db, bytesOf("k"))!.toTable();
  assert.deepEqual(pairsOf(engine, "k"), ["a=1"]);
});

test("whatever bytes of a payload change, nothing but Redis' error comes of it, and no memory is lost", () => {
  const engine = newEngine();
  for (const limit of [128, 2]) {
    const source = newEngine();
    source.policy.zsetMaxListpackEntries = limit;
    withSortedSet(ODD, source);
    const good = dump(source, source.databases[0]!, bytesOf("k"))!;
    assertHarmless(engine, good, [0, 1, 3, 5, 12, 17, 0x7f, 0x80, 0xff]);
  }
});

test("to and from a real server", { skip: noRedis }, () =>
  withRedis(async ({ client }) => {
    for (const pairs of [...FORMS.map(([list]) => list), many(20_000), [["m".repeat(70_000), 1]] as Pairs]) {
      const engine = withSortedSet(pairs);
      const db = engine.databases[0]!;
      const ours = Buffer.from(dump(engine, db, bytesOf("k"))!);
      await client.call("RESTORE", "k", "0", ours, "REPLACE");
      assert.equal(await client.zcard("k"), pairs.length);
      assert.equal(await client.call("OBJECT", "ENCODING", "k"), db.encoding(bytesOf("k")));
      const theirs = (await client.dumpBuffer("k"))!;
      // What is long enough is compressed, which each does in its own way.
      if (ours[0] === 5 && pairs.length > 100) assert.ok(ours.equals(theirs), `payload of ${pairs.length}`);
      restore(engine.store, new Slice(theirs), { deep: true }).store(db, bytesOf("back"));
      assert.deepEqual(pairsOf(engine, "back"), lines(pairs));
      assert.equal(db.encoding(bytesOf("back")), db.encoding(bytesOf("k")));
    }
  }),
);
