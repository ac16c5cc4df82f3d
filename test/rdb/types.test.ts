/** Values of every type and encoding: to and from a real redis-server, as files and as payloads, and broken in every way. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { RdbError } from "../../src/rdb/format.ts";
import { EngineLoader } from "../../src/rdb/load.ts";
import { dump, payloadErrors, restore } from "../../src/rdb/payload.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { dataDigest, valueDigest } from "../../src/server/debug/digest.ts";
import { load, NOW, newEngine, save, seeded } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { payload } from "./payloads.ts";
import { noRedis, type RealRedis, temporaryFolder, withRedis } from "./real-redis.ts";

const LATER = 4_000_000_000_000;
const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));

/** A command a key; `{i}` etc. are no words of it. */
const DATA: string[][] = [
  ["SET", "string", "text"],
  ["SET", "string:int", "12345"],
  ["RPUSH", "list:one", "a"],
  ["RPUSH", "list", "a", "", "17", "-9223372036854775808", "x".repeat(70), "7".repeat(30), "y".repeat(300)],
  ["RPUSH", "list:nodes", ...many(900, (i) => `element ${i} ${"z".repeat(i % 40)}`)],
  ["RPUSH", "list:large", "small", "L".repeat(20_000), "M".repeat(9000), "1"],
  ["SADD", "set:int", "1", "-5", "300", "70000", "-9223372036854775808"],
  ["SADD", "set:int16", "1", "2", "-3"],
  ["SADD", "set:packed", "a", "b", "17", "x".repeat(60)],
  ["SADD", "set:table", ...many(300, (i) => `member ${i}`)],
  ["SADD", "set:long", "x".repeat(100), "y"],
  ["HSET", "hash", "f", "v", "n", "12", "", "empty", "g", ""],
  ["HSET", "hash:long", "f", "v".repeat(200), "g", "1"],
  ["HSET", "hash:table", ...many(700, (i) => (i % 2 === 0 ? `field ${i}` : `${i * i}`))],
  ["ZADD", "zset", "1", "a", "-2.5", "b", "3", "17", "inf", "top", "-inf", "bottom", "1e300", "far", "0.1", "d"],
  ["ZADD", "zset:table", ...many(600, (i) => (i % 2 === 0 ? `${(i * 7919) % 1000}.25` : `member ${i}`))],
  ["ZADD", "zset:long", "1", "x".repeat(100), "2", "y"],
  ["XADD", "stream", "1-1", "f", "v", "g", "w"],
  ["XADD", "stream", "1-2", "f", "v2", "g", "w2"],
  ["XADD", "stream", "5-0", "other", "17"],
  ["XDEL", "stream", "1-2"],
  ["XGROUP", "CREATE", "stream", "group", "0"],
  ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "2", "STREAMS", "stream", ">"],
  ["XGROUP", "CREATECONSUMER", "stream", "group", "idle"],
  ["XGROUP", "CREATE", "stream:empty", "group", "$", "MKSTREAM"],
  ...many(250, (i) => `${i}`).map((i) => ["XADD", "stream:nodes", `${i}-1`, "field", `value ${i}`]),
  ["PFADD", "hll", ...many(50, (i) => `${i}`)],
  ["PEXPIREAT", "hash", `${LATER}`],
  ["PEXPIREAT", "list", `${LATER + 1}`],
];

async function fill({ client }: RealRedis): Promise<void> {
  for (const [command, ...words] of DATA) await client.call(command!, ...words);
}

const DEBUG = ["--enable-debug-command", "yes"];
const digestOf = async ({ client }: RealRedis) => String(await client.call("DEBUG", "DIGEST"));

/** The data as payloads of a real server, by key. */
async function payloadsOf({ client }: RealRedis): Promise<Map<string, Buffer>> {
  const payloads = new Map<string, Buffer>();
  for (const key of (await client.keys("*")).sort())
    payloads.set(key, (await client.callBuffer("DUMP", key)) as Buffer);
  return payloads;
}

const OLD_SETTINGS = [
  "--hash-max-listpack-entries 0 --zset-max-listpack-entries 0 --set-max-intset-entries 0 --list-max-listpack-size -1",
  "--list-compress-depth 1 --list-max-listpack-size 5 --stream-node-max-entries 3",
];
for (const settings of ["", ...OLD_SETTINGS])
  test(`a file of every type goes both ways ${settings}`, { skip: noRedis }, async () => {
    const engine = newEngine();
    let theirs = "";
    await withRedis(
      async (redis) => {
        await fill(redis);
        await redis.client.save();
        theirs = await digestOf(redis);
        load(engine, readFileSync(join(redis.folder, "dump.rdb")));
      },
      undefined,
      [...DEBUG, ...(settings === "" ? [] : settings.split(" "))],
    );
    assert.equal(dataDigest(engine), theirs, "theirs here");
    for (const version of [10, 11] as const) {
      const copy = newEngine(2);
      load(copy, save(engine, { version }));
      assert.equal(dataDigest(copy), theirs, `ours here, version ${version}`);
    }
    const folder = temporaryFolder();
    writeFileSync(join(folder, "dump.rdb"), save(engine));
    await withRedis(async (redis) => assert.equal(await digestOf(redis), theirs, "ours there"), folder, DEBUG);
  });

test("payloads of every type go both ways, and expired ones are skipped", { skip: noRedis }, async () => {
  await withRedis(
    async (redis) => {
      await fill(redis);
      const { client } = redis;
      const engine = newEngine();
      const db = engine.databases[0]!;
      for (const [key, payload] of await payloadsOf(redis)) {
        const name = bytesOf(key);
        restore(engine.store, new Slice(payload), { deep: true }).store(db, name);
        const [theirs] = (await client.call("DEBUG", "DIGEST-VALUE", key)) as [string];
        await client.persist(key);
        const [digest] = (await client.call("DEBUG", "DIGEST-VALUE", key)) as [string];
        assert.equal(valueDigest(engine, db, name), digest, key);
        assert.equal(theirs.length, 40);
        await client.call("RESTORE", key, "0", Buffer.from(dump(engine, db, name)!), "REPLACE");
        assert.deepEqual(await client.call("DEBUG", "DIGEST-VALUE", key), [digest], key);
        await client.pexpireat(key, LATER);
      }
      await client.save();
      const late = newEngine(2);
      const before = late.usedMemory();
      const loader = load(late, readFileSync(join(redis.folder, "dump.rdb")), { now: LATER + 1 });
      assert.equal(loader.keysExpired, db.size);
      assert.equal(loader.keysLoaded, 0);
      assert.equal(late.databases[0]!.size, 0);
      assert.ok(late.usedMemory() <= before + 100_000);
    },
    undefined,
    DEBUG,
  );
});

function tryRestore(engine: Engine, payload: Slice, deep: boolean): boolean {
  const db = engine.databases[0]!;
  const key = bytesOf("k");
  const used = engine.store.arena.used;
  try {
    restore(engine.store, payload, { deep }).store(db, key);
  } catch (error) {
    if (error !== payloadErrors.badFormat) throw error;
    assert.equal(engine.store.arena.used, used, "a refused value left something behind");
    return false;
  }
  // Whatever was taken can be walked, written and freed.
  valueDigest(engine, db, key);
  db.encoding(key);
  db.memoryUsage(key, 0);
  const copy = dump(engine, db, key)!;
  restore(engine.store, new Slice(copy)).discard();
  db.copy(key, db, bytesOf("copy"));
  db.delete(bytesOf("copy"));
  db.delete(key);
  assert.equal(engine.store.arena.used, used, "a deleted value left something behind");
  return true;
}

test("broken payloads are refused, or harmless", { skip: noRedis }, async () => {
  const payloads: [string, Uint8Array][] = [];
  await withRedis(async (redis) => {
    await fill(redis);
    for (const [key, payload] of await payloadsOf(redis)) payloads.push([key, payload.subarray(0, -10)]);
  });
  const engine = newEngine();
  const random = seeded(3);
  let taken = 0;
  let refused = 0;
  for (const [key, body] of payloads) {
    assert.ok(tryRestore(engine, payload(body, 10), true), key);
    const steps = Math.min(body.length - 1, 150);
    for (let i = 0; i < steps; i++) {
      const end = 1 + Math.floor((i * (body.length - 1)) / steps);
      assert.ok(!tryRestore(engine, payload(body.subarray(0, end), 10), false), `${key} cut at ${end}`);
    }
    for (let i = 0; i < 200; i++) {
      const broken = Buffer.from(body);
      for (let n = i % 3; n >= 0; n--) broken[1 + (random() % (body.length - 1))] = random();
      if (tryRestore(engine, payload(broken, 10), i % 2 === 0)) taken++;
      else refused++;
    }
  }
  assert.ok(taken > 500 && refused > 500, `${taken} taken, ${refused} refused`);
});

test("files of every type in pieces of any size, cut short, and broken", { skip: noRedis }, async () => {
  let file: Buffer = Buffer.alloc(0);
  await withRedis(async (redis) => {
    await fill(redis);
    await redis.client.save();
    file = readFileSync(join(redis.folder, "dump.rdb"));
  });
  const whole = newEngine();
  load(whole, file);
  const expected = dataDigest(whole);
  for (const size of [1, 13, 500, 4096]) {
    const engine = newEngine();
    const reader = new RdbReader(new EngineLoader(engine, { now: NOW, dropExpired: true }));
    for (let at = 0; at < file.length; at += size) reader.feed(Buffer.from(file.subarray(at, at + size)));
    reader.end();
    assert.equal(dataDigest(engine), expected, `pieces of ${size}`);
  }
  const random = seeded(9);
  const engine = newEngine();
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const broken = Buffer.from(file.subarray(0, i % 3 === 0 ? 10 + (random() % (file.length - 10)) : file.length));
    for (let n = i % 4; n > 0; n--) broken[9 + (random() % (broken.length - 9))] = random();
    const loader = new EngineLoader(engine, { now: NOW, dropExpired: true, deep: i % 2 === 0, functionLibrary() {} });
    try {
      const reader = new RdbReader(loader, { verifyChecksum: false });
      reader.feed(broken);
      reader.end();
    } catch (error) {
      assert.ok(error instanceof RdbError, (error as Error).stack);
      refused++;
    }
    // Nothing of a value that was half read is left behind: what is there belongs to keys.
    for (const db of engine.databases) {
      const keys: Uint8Array[] = [];
      db.keys((key) => keys.push(key.copy()));
      for (const key of keys) db.delete(new Slice(key));
    }
    assert.equal(engine.store.arena.used, 0);
  }
  assert.ok(refused > 150, `${refused}`);
});
