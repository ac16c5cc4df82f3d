import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../src/engine/engine.ts";
import { RdbError } from "../../src/rdb/format.ts";
import { EngineLoader } from "../../src/rdb/load.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { RdbStream } from "../../src/rdb/stream.ts";
import { contents, drain, load, NOW, newEngine, save, seeded, set } from "./engines.ts";
import { bytesOf, FIELDS, Notes, writeFile } from "./files.ts";

const below = (random: () => number, limit: number) => Math.floor((random() / 2 ** 32) * limit);

/** A few thousand keys of all kinds, in several databases. */
function fill(engine: Engine, seed: number, keys = 3000): void {
  const random = seeded(seed);
  for (let i = 0; i < keys; i++) {
    const kind = below(random, 6);
    const key = kind === 0 ? `\0\xff\x80${i}` : `key:${i}`;
    const value = [
      `${random() | 0}`,
      "",
      "v".repeat(below(random, 500)),
      `\0\r\n\xff${random()}`,
      "9223372036854775807",
      `${i}`,
    ][kind]!;
    set(engine, below(random, 4) * 5, key, value, below(random, 3) === 0 ? NOW + 1 + below(random, 1e9) : -1);
  }
}

test("an engine comes back as it was", () => {
  const engine = newEngine(1);
  fill(engine, 1);
  set(engine, 0, "big", "0123456789abcdef".repeat(20_000));
  set(
    engine,
    0,
    "noise",
    Array.from({ length: 300_000 }, seeded(9))
      .map((n) => String.fromCharCode(n & 255))
      .join(""),
  );
  for (const options of [{}, { compress: false }, { checksum: false }, { version: 11 as const }]) {
    const copy = newEngine(2);
    const loader = load(copy, save(engine, options));
    assert.deepEqual(contents(copy), contents(engine));
    assert.equal(loader.keysLoaded, contents(engine).length);
    assert.equal(loader.fields.get("redis-ver"), FIELDS.redisVersion);
    assert.equal(copy.databases[0]!.encoding(bytesOf("big")), "raw");
  }
});

test("an empty engine makes a file that loads", () => {
  const copy = newEngine();
  load(copy, save(newEngine()));
  assert.deepEqual(contents(copy), []);
});

test("each database is announced once with its size", () => {
  const engine = newEngine();
  for (let i = 0; i < 100; i++) set(engine, 3, `k${i}`, "v", i < 10 ? NOW + 1000 : -1);
  set(engine, 5, "k", "v");
  const notes = new Notes();
  new RdbReader(notes).feed(save(engine));
  assert.deepEqual(
    notes.lines.filter((line) => /^(db|resize)/.test(line)),
    ["db 3", "resize 100 10", "db 5", "resize 1 0"],
  );
});

test("idle times travel under LRU, frequencies under LFU, neither otherwise", () => {
  const engine = newEngine();
  set(engine, 0, "k", "v");
  const key = bytesOf("k");
  const db = engine.databases[0]!;
  db.setIdle(key, 1234);
  const said = () => {
    const notes = new Notes();
    new RdbReader(notes).feed(save(engine));
    return notes.keys[0]!.replace(/^.*@-1 /, "");
  };
  assert.equal(said(), "idle -1 freq -1");
  engine.policy.maxmemoryPolicy = "allkeys-lru";
  assert.equal(said(), "idle 1234 freq -1");
  const lru = newEngine();
  load(lru, save(engine));
  assert.equal(lru.databases[0]!.idleSeconds(key), 1234);

  engine.policy.maxmemoryPolicy = "volatile-lfu";
  db.setFrequency(key, 77);
  assert.equal(said(), "idle -1 freq 77");
  const lfu = newEngine();
  lfu.policy.maxmemoryPolicy = "allkeys-lfu";
  load(lfu, save(engine));
  assert.equal(lfu.databases[0]!.frequency(key), 77);
});

test("expired keys are dropped on a primary and kept on a replica", () => {
  const file = writeFile([
    { key: "past", value: "v", expireAt: NOW - 1 },
    { key: "future", value: "v", expireAt: NOW + 1 },
    { key: "now", value: "v", expireAt: NOW },
    { key: "none", value: "v" },
  ]);
  const primary = newEngine();
  const loader = load(primary, file);
  assert.deepEqual([loader.keysLoaded, loader.keysExpired], [3, 1]);
  const replica = newEngine();
  assert.equal(load(replica, file, { dropExpired: false }).keysLoaded, 4);
  assert.equal(replica.databases[0]!.size, 4);
  assert.equal(replica.databases[0]!.expireAt(bytesOf("past")), NOW - 1);
});

test("a database we do not have, a duplicate and functions are refused", () => {
  const twice = [
    { key: "k", value: "1" },
    { key: "k", value: "2" },
  ];
  assert.throws(() => load(newEngine(), writeFile(twice)), { message: 'RDB has duplicated key "k" in DB 0' });
  const engine = newEngine();
  load(engine, writeFile(twice), { replaceKeys: true });
  assert.deepEqual(contents(engine), ["0 k=2 @-1"]);
  assert.throws(() => load(newEngine(), writeFile([{ db: 16, key: "k", value: "1" }])), {
    kind: "unsupported",
    message: "FATAL: Data file was created with a Redis server configured to handle more than 16 databases. Exiting",
  });
  const code = Buffer.concat([Buffer.from("REDIS0004\xf5\x03abc\xff", "latin1")]);
  assert.throws(() => load(newEngine(), code), { message: "a library of functions is not supported yet" });
  const libraries: string[] = [];
  load(newEngine(), code, { functionLibrary: (source) => libraries.push(source.latin1()) });
  assert.deepEqual(libraries, ["abc"]);
});

test("the position in the replication stream travels", () => {
  const replication = { replid: "0123456789".repeat(4), offset: 123456789012, streamDb: -1 };
  const stream = new RdbStream(newEngine(), { ...FIELDS, replication });
  assert.deepEqual(load(newEngine(), drain(stream)).replication, replication);
  assert.equal(load(newEngine(), save(newEngine())).replication, undefined);
});

/** Random commands, as many as `count`. */
function disturb(engine: Engine, random: () => number, count: number): void {
  for (let i = 0; i < count; i++) {
    const db = engine.databases[below(random, 4) * 5]!;
    const key = bytesOf(`key:${below(random, 3500)}`);
    switch (below(random, 12)) {
      case 0:
      case 1:
        db.delete(key);
        break;
      case 2:
        db.setExpire(key, NOW + below(random, 1e6));
        break;
      case 3:
        db.persist(key);
        break;
      case 4:
        db.openString(key)?.append(bytesOf("more".repeat(below(random, 30))));
        break;
      case 5:
        if (db.has(key)) db.rename(key, bytesOf(`key:${below(random, 3500)}`));
        break;
      case 6:
        if (db.has(key)) db.move(key, engine.databases[15]!);
        break;
      case 7:
        if (below(random, 100) === 0) db.clear(below(random, 2) === 0);
        break;
      case 8:
        if (below(random, 100) === 0) engine.swap(0, 5);
        break;
      case 9:
        engine.resizeStep(50);
        break;
      default:
        db.setString(key, bytesOf(`new ${random()}`));
    }
  }
}

for (let seed = 1; seed <= 12; seed++) {
  test(`a snapshot shows its start whatever is written meanwhile (seed ${seed})`, () => {
    const engine = newEngine(seed);
    fill(engine, seed);
    const random = seeded(seed + 1000);
    const expected = contents(engine);
    const stream = new RdbStream(engine, FIELDS);
    disturb(engine, random, 50);
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = stream.next(1 + below(random, 60));
      if (chunk === null) break;
      chunks.push(chunk);
      disturb(engine, random, below(random, 40));
    }
    assert.equal(stream.queuedBytes, 0);
    const file = Buffer.concat(chunks);
    assert.equal(stream.bytes, file.length);
    const copy = newEngine(99);
    load(copy, file);
    assert.deepEqual(contents(copy), expected);
    assert.notDeepEqual(contents(engine), expected);
  });
}

test("mutated files leave an engine that can be emptied and used again", () => {
  const random = seeded(77);
  const sound = writeFile(
    Array.from({ length: 40 }, (_, i) => ({
      db: i % 3,
      key: `key:${i}`,
      value: i % 2 === 0 ? `${i * 12345}` : `value ${i} `.repeat(i),
      expireAt: i % 4 === 0 ? NOW + i : -1,
      idleSeconds: i * 1000,
    })),
  );
  const engine = newEngine();
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    if (i % 2 === 0) engine.policy.maxmemoryPolicy = i % 4 === 0 ? "allkeys-lfu" : "allkeys-lru";
    const bytes = Buffer.from(sound);
    for (let n = 0; n < 3; n++) bytes[9 + below(random, bytes.length - 9)] = random();
    const loader = new EngineLoader(engine, { now: NOW, dropExpired: i % 3 > 0, functionLibrary: () => {} });
    try {
      const reader = new RdbReader(loader, { verifyChecksum: false });
      reader.feed(bytes);
      reader.end();
    } catch (error) {
      assert.ok(error instanceof RdbError, (error as Error).stack);
      refused++;
    }
    assert.ok(engine.usedMemory() < 64 << 20);
    engine.flushAll();
  }
  assert.ok(refused > 500 && refused < 2900, `${refused}`);
  engine.expiryMode = "delete";
  load(engine, sound);
  assert.equal(contents(engine).length, 40);
});

test("a stream that is closed early costs nothing any more", () => {
  const engine = newEngine();
  fill(engine, 1);
  const stream = new RdbStream(engine, FIELDS);
  stream.next(10);
  stream.close();
  engine.flushAll();
  assert.equal(stream.next(), null);
  assert.equal(stream.queuedBytes, 0);
});

test("two streams at once each show their own start", () => {
  const engine = newEngine();
  fill(engine, 5, 500);
  const before = contents(engine);
  const first = new RdbStream(engine, FIELDS);
  disturb(engine, seeded(1), 300);
  const between = contents(engine);
  const second = new RdbStream(engine, FIELDS);
  disturb(engine, seeded(2), 300);
  for (const [stream, expected] of [
    [second, between],
    [first, before],
  ] as const) {
    const copy = newEngine(7);
    load(copy, drain(stream, 20));
    assert.deepEqual(contents(copy), expected);
  }
});
