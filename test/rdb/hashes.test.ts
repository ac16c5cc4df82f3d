import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { newEngine } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { assertHarmless, assertRefused, payload } from "./payloads.ts";
import { noRedis, withRedis } from "./real-redis.ts";

type Fields = readonly (readonly [field: string, value: string, expireAt?: number])[];

const LATER = 4_000_000_000_000;

function withHash(fields: Fields, engine = newEngine()): Engine {
  const db = engine.databases[0]!;
  const key = bytesOf("k");
  const hash = engine.hashes.create(db, key);
  for (const [field, value, expireAt = 0] of fields) {
    hash.set(bytesOf(field), bytesOf(value));
    if (expireAt === 0) continue;
    engine.hashes.makeExpiring(db, key, hash);
    hash.find(bytesOf(field));
    hash.setExpireAt(expireAt);
  }
  engine.hashes.settle(db, hash);
  return engine;
}

function fieldsOf(engine: Engine, key: string): string[] {
  const hash = engine.hashes.read(engine.databases[0]!, bytesOf(key))!;
  const found: string[] = [];
  for (let more = hash.first(); more; more = hash.next()) {
    const time = hash.expireAt();
    found.push(`${hash.field().latin1()}=${hash.value().latin1()}${time === 0 ? "" : ` @${time}`}`);
  }
  return found.sort();
}

const lines = (fields: Fields) =>
  fields.map(([field, value, at = 0]) => `${field}=${value}${at === 0 ? "" : ` @${at}`}`).sort();
const many = (count: number, at?: (i: number) => number): Fields =>
  Array.from({ length: count }, (_, i) => [`field:${i}`, `${i * 7919}`, at?.(i) ?? 0] as const);

const FORMS: [fields: Fields, encoding: string, form: number, encodingRead?: string][] = [
  [
    [
      ["a", "1"],
      ["", ""],
      ["-7", "x\0\xff"],
    ],
    "listpack",
    16,
  ],
  [many(512), "listpack", 16],
  [many(513), "hashtable", 4],
  [[["a", "x".repeat(500)]], "hashtable", 4],
  [
    [
      ["a", "1", LATER],
      ["b", "2"],
      ["c", "3", LATER - 5],
    ],
    "listpackex",
    25,
  ],
  [many(100, (i) => (i % 3 === 0 ? 0 : LATER + i * 1e9)), "listpackex", 25],
  [many(1000, (i) => (i % 3 === 0 ? 0 : LATER + i * 1e9)), "hashtable", 24],
];
for (const [fields, encoding, form] of FORMS)
  test(`a hash of ${fields.length} as ${encoding} is written in form ${form}, and read back`, () => {
    const engine = withHash(fields);
    const db = engine.databases[0]!;
    assert.equal(db.encoding(bytesOf("k")), encoding);
    for (const version of [10, 11] as const) {
      const bytes = dump(engine, db, bytesOf("k"), version)!;
      assert.equal(bytes[0], form);
      restore(engine.store, new Slice(bytes), { deep: true }).store(db, bytesOf("copy"));
      assert.deepEqual(fieldsOf(engine, "copy"), lines(fields));
      assert.equal(db.encoding(bytesOf("copy")), encoding);
    }
    const expiring = fields.some(([, , at = 0]) => at !== 0);
    assert.equal(engine.hashes.expiringCount(db), expiring ? 2 : 0);
  });

test("fields that do not expire any more leave the form that everybody reads", () => {
  const engine = withHash([
    ["a", "1", LATER],
    ["b", "2"],
  ]);
  const db = engine.databases[0]!;
  const hash = engine.hashes.open(db, bytesOf("k"))!;
  hash.find(bytesOf("a"));
  hash.setExpireAt(0);
  const bytes = dump(engine, db, bytesOf("k"))!;
  assert.equal(bytes[0], 4);
  restore(engine.store, new Slice(bytes)).store(db, bytesOf("copy"));
  assert.equal(db.encoding(bytesOf("copy")), "listpack");
  assert.deepEqual(fieldsOf(engine, "copy"), ["a=1", "b=2"]);
});

/** a=1, b=cc: pairs in a listpack, and triples of which a expires at 5000. */
const PAIRS = "13 13000000 0400 8161 02 01 01 8162 02 826363 03 ff";
const TRIPLES = "19 19000000 0600 8161 02 01 01 f18813 03 8162 02 826363 03 00 01 ff";

const READ: [what: string, hex: string, fields: string[]][] = [
  ["fields", "04 02 01 61 c0 01 01 62 02 6363", ["a=1", "b=cc"]],
  ["a listpack", `10 ${PAIRS}`, ["a=1", "b=cc"]],
  ["a zipmap", "09 0e 02 01 61 01 00 31 01 62 02 01 6363 00 ff", ["a=1", "b=cc"]],
  ["a zipmap with a long length", "09 0d 01 fe01000000 61 01 02 31 0000 ff", ["a=1"]],
  ["an empty field and value", "09 05 01 00 00 00 ff", ["="]],
  ["a ziplist", "0d 17 17000000 12000000 0400 00 01 61 03 f2 02 01 62 03 02 6363 ff", ["a=1", "b=cc"]],
  ["fields with times", "18 8813000000000000 02 01 01 61 c0 01 00 01 62 02 6363", ["a=1 @5000", "b=cc"]],
  [
    "fields with times that count from the first",
    "18 8813000000000000 02 05 01 61 c0 01 01 01 62 00",
    ["a=1 @5004", "b= @5000"],
  ],
  ["a listpack with times", `19 8813000000000000 ${TRIPLES}`, ["a=1 @5000", "b=cc"]],
  ["fields with times of a candidate", "16 02 5388 01 61 c0 01 00 01 62 02 6363", ["a=1 @5000", "b=cc"]],
  ["a listpack with times of a candidate", `17 ${TRIPLES}`, ["a=1 @5000", "b=cc"]],
];
for (const [what, hex, fields] of READ)
  test(`a hash is read of ${what}`, () => {
    const engine = newEngine();
    const db = engine.databases[0]!;
    restore(engine.store, payload(hex), { deep: true }).store(db, bytesOf("k"));
    assert.deepEqual(fieldsOf(engine, "k"), fields);
    engine.policy.hashMaxListpackEntries = 0;
    restore(engine.store, payload(hex)).store(db, bytesOf("k"));
    assert.deepEqual(fieldsOf(engine, "k"), fields);
    assert.equal(db.encoding(bytesOf("k")), "hashtable");
    const expires = fields.some((field) => field.includes("@"));
    assert.equal(engine.hashes.expiringCount(db), expires ? 1 : 0);
    db.clear();
    assert.equal(engine.store.arena.used, 0);
  });

const BROKEN: [what: string, hex: string, deepOnly?: boolean][] = [
  ["no fields", "04 00"],
  ["fewer fields than it says", "04 02 01 61 01 62"],
  ["a field twice", "04 02 01 61 00 01 61 00"],
  ["a number twice", "04 02 c0 01 00 01 31 00"],
  ["more than it says", "04 01 01 61 00 01 62 00"],
  ["an odd listpack", "10 0a 0a000000 0100 81 61 02 ff"],
  ["an empty listpack", "10 07 07000000 0000 ff"],
  ["a listpack with a field twice", "10 13 13000000 0400 8161 02 01 01 8161 02 826363 03 ff", true],
  ["a listpack of pairs where times are", `19 8813000000000000 ${PAIRS}`],
  ["times out of order", "17 19 19000000 0600 8161 02 01 01 00 01 8162 02 826363 03 f18813 03 ff"],
  ["a time that is a string", "17 0f 0f000000 0300 8161 02 01 01 8162 02 ff"],
  ["a time before 1970", "17 0f 0f000000 0300 8161 02 01 01 dfff 02 ff"],
  ["a zipmap without an end", "09 06 01 01 61 01 00 31"],
  ["a zipmap with more behind its end", "09 08 01 01 61 01 00 31 ff 00"],
  ["a zipmap with a length beyond it", "09 07 01 01 61 09 00 31 ff"],
  ["a zipmap with a huge length", "09 0b 01 01 61 fe ffffffff 00 31 ff"],
  ["a zipmap with a field twice", "09 0c 02 01 61 01 00 31 01 61 00 00 ff"],
  ["an odd ziplist", "0d 0e 0e000000 0a000000 0100 00 01 61 ff"],
  ["a ziplist with a field twice", "0d 15 15000000 12000000 0400 00 01 61 03 f2 02 01 61 03 f2 ff"],
];
for (const [what, hex, deepOnly = false] of BROKEN)
  test(`a payload of ${what} is refused${deepOnly ? " if looked at closely" : ""}`, () => {
    const engine = newEngine();
    for (const limit of [512, 0]) {
      engine.policy.hashMaxListpackEntries = limit;
      for (const deep of deepOnly ? [true] : [false, true]) {
        assertRefused(engine, hex, deep);
      }
    }
  });

test("a listpack with a field twice that nobody looked at makes no table with one", () => {
  const engine = newEngine();
  const db = engine.databases[0]!;
  engine.policy.hashMaxListpackEntries = 0;
  restore(engine.store, payload("10 13 13000000 0400 8161 02 01 01 8161 02 826363 03 ff")).store(db, bytesOf("k"));
  assert.deepEqual(fieldsOf(engine, "k"), ["a=1"]);
});

test("whatever bytes of a payload change, nothing but Redis' error comes of it, and no memory is lost", () => {
  const engine = newEngine();
  for (const [fields] of [FORMS[0]!, FORMS[4]!, [many(20, (i) => LATER + i)] as const]) {
    for (const limit of [512, 2]) {
      const source = newEngine();
      source.policy.hashMaxListpackEntries = limit;
      withHash(fields, source);
      const good = dump(source, source.databases[0]!, bytesOf("k"))!;
      assertHarmless(engine, good, [0, 1, 4, 9, 0x7f, 0x80, 0xff]);
    }
  }
});

test("to and from a real server", { skip: noRedis }, () =>
  withRedis(async ({ client }) => {
    for (const fields of [
      ...FORMS.slice(0, 4).map(([list]) => list),
      many(20_000),
      [["f".repeat(300), "v".repeat(70_000)]] as Fields,
    ]) {
      const engine = withHash(fields);
      const db = engine.databases[0]!;
      const payload = dump(engine, db, bytesOf("k"))!;
      await client.call("RESTORE", "k", "0", Buffer.from(payload), "REPLACE");
      const theirs = await client.hgetallBuffer("k");
      assert.equal(Object.keys(theirs).length, fields.length);
      assert.equal(await client.call("OBJECT", "ENCODING", "k"), db.encoding(bytesOf("k")));
      const back = (await client.dumpBuffer("k"))!;
      restore(engine.store, new Slice(back), { deep: true }).store(db, bytesOf("back"));
      assert.deepEqual(fieldsOf(engine, "back"), lines(fields));
      assert.equal(db.encoding(bytesOf("back")), db.encoding(bytesOf("k")));
    }
  }),
);
