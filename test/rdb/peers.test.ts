/** Files and payloads to and from a real redis-server. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { contents, load, newEngine, save, seeded, set } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { noRedis, type RealRedis, temporaryFolder, withRedis } from "./real-redis.ts";

/** Beyond the present of this machine. */
const LATER = 4_000_000_000_000;

const VALUES = [
  "",
  "a",
  "0",
  "-1",
  "127",
  "128",
  "-129",
  "32768",
  "2147483647",
  "-2147483649",
  "9223372036854775807",
  "007",
  "\0\r\n\xff",
  "abc".repeat(100),
  "x".repeat(20),
  "y".repeat(21),
  "z".repeat(300_000),
  Array.from({ length: 5000 }, seeded(3))
    .map((n) => String.fromCharCode(n & 255))
    .join(""),
  Array.from({ length: 3000 }, seeded(4))
    .map((n) => "lorem ipsum dolor sit amet ".slice(n % 20))
    .join(""),
];

function fill(engine: Engine): void {
  const random = seeded(11);
  for (let i = 0; i < 2000; i++) {
    const value = VALUES[i < 200 ? i % VALUES.length : i % 15]!;
    const key = i % 7 === 0 ? `\0\xfe${i}` : i % 7 === 1 ? `${i}` : `key:${i}`;
    set(engine, i % 3, key, value, i % 4 === 0 ? LATER + (random() % 1e9) : -1);
  }
}

/** As `contents`, of a real server. */
async function contentsOf({ client }: RealRedis): Promise<string[]> {
  const lines: string[] = [];
  for (let db = 0; db < 16; db++) {
    await client.select(db);
    for (const key of await client.keysBuffer("*")) {
      const value = (await client.getBuffer(key))!;
      lines.push(`${db} ${key.toString("latin1")}=${value.toString("latin1")} @${await client.pexpiretime(key)}`);
    }
  }
  await client.select(0);
  return lines.sort();
}

for (const [name, options] of [
  ["as it comes", {}],
  ["uncompressed, without checksum", { compress: false, checksum: false }],
] as const) {
  test(`redis-server loads our file (${name})`, { skip: noRedis }, async () => {
    const engine = newEngine();
    fill(engine);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "dump.rdb"), save(engine, options));
    await withRedis(async (redis) => {
      assert.deepEqual(await contentsOf(redis), contents(engine));
      assert.match(redis.log(), /Done loading RDB, keys loaded: 2000, keys expired: 0\./);
    }, folder);
  });
}

test("we load its file, which says what ours says", { skip: noRedis }, async () => {
  const engine = newEngine();
  fill(engine);
  await withRedis(async ({ client, folder }) => {
    const pipeline = client.pipeline();
    for (const db of engine.databases) {
      pipeline.select(db.index);
      db.keys((slice) => {
        const key = Buffer.from(slice.copy());
        const value = Buffer.from(db.getString(slice)!.copy());
        const at = db.expireAt(slice);
        if (at === -1) pipeline.set(key, value);
        else pipeline.set(key, value, "PXAT", at);
      });
    }
    await pipeline.exec();
    await client.save();
    const copy = newEngine(2);
    const loader = load(copy, readFileSync(join(folder, "dump.rdb")));
    assert.deepEqual(contents(copy), contents(engine));
    assert.equal(loader.fields.get("redis-bits"), "64");
  });
});

test("ages and frequencies travel both ways", { skip: noRedis }, async () => {
  const engine = newEngine();
  engine.policy.maxmemoryPolicy = "allkeys-lfu";
  set(engine, 0, "k", "v");
  engine.databases[0]!.setFrequency(bytesOf("k"), 99);
  const folder = temporaryFolder();
  writeFileSync(join(folder, "dump.rdb"), save(engine));
  const policy = ["--maxmemory-policy", "allkeys-lfu", "--lfu-decay-time", "0"];
  await withRedis(
    async ({ client }) => {
      assert.equal(await client.object("FREQ", "k"), 99);
      await client.save();
      const copy = newEngine(2);
      copy.policy.maxmemoryPolicy = "volatile-lfu";
      load(copy, readFileSync(join(folder, "dump.rdb")));
      assert.equal(copy.databases[0]!.frequency(bytesOf("k")), 99);
    },
    folder,
    policy,
  );
});

test("its DUMP is restored here, and ours there", { skip: noRedis }, async () => {
  const engine = newEngine();
  const db = engine.databases[0]!;
  await withRedis(async ({ client }) => {
    for (const value of VALUES) {
      const bytes = Buffer.from(value, "latin1");
      await client.set("theirs", bytes);
      const payload = (await client.callBuffer("DUMP", "theirs")) as Buffer;
      restore(engine.store, new Slice(payload)).store(db, bytesOf("k"));
      assert.equal(db.getString(bytesOf("k"))!.latin1(), value);
      await client.call("RESTORE", "ours", "0", Buffer.from(dump(engine, db, bytesOf("k"))!), "REPLACE");
      assert.deepEqual(await client.getBuffer("ours"), bytes);
    }
  });
});

test("a library of functions is found in its file", { skip: noRedis }, async () => {
  const code = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
  await withRedis(async ({ client, folder }) => {
    await client.call("FUNCTION", "LOAD", code);
    await client.save();
    const found: string[] = [];
    load(newEngine(), readFileSync(join(folder, "dump.rdb")), {
      functionLibrary: (source) => found.push(source.utf8()),
    });
    assert.deepEqual(found, [code]);
  });
});
