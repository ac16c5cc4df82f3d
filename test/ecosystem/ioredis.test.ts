/** ioredis, as applications use it: against one server, in both protocols, and through Sentinels. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";
import { type EmbeddedNode, startSentinelGroup, startServer } from "../../src/main/index.ts";
import { BINARY_KEY, bigValue } from "./values.ts";

function connect(t: TestContext, options: RedisOptions): Redis {
  const redis = new Redis(options);
  redis.on("error", () => {});
  t.after(() => redis.disconnect());
  return redis;
}

for (const protocol of [2, 3] as const)
  describe(`ioredis, RESP${protocol}`, () => {
    let server: EmbeddedNode;
    before(async () => {
      server = await startServer();
    });
    after(() => server.stop());
    const client = (t: TestContext) => connect(t, { port: server.port, protocol });

    test("speaks the protocol it asked for", async (t) => {
      const redis = client(t);
      assert.match(await redis.client("INFO"), new RegExp(`resp=${protocol}`));
    });

    test("strings, numbers and what is not there", async (t) => {
      const redis = client(t);
      assert.equal(await redis.set("text", "grüße"), "OK");
      assert.equal(await redis.get("text"), "grüße");
      assert.equal(await redis.get("nothing"), null);
      assert.equal(await redis.incrby("count", 41), 41);
      assert.equal(await redis.incrbyfloat("float", 0.5), "0.5");
      assert.deepEqual(await redis.mget("text", "nothing", "count"), ["grüße", null, "41"]);
      assert.equal(await redis.del("text", "count", "nothing"), 2);
    });

    test("an error is an error", async (t) => {
      const redis = client(t);
      await redis.set("word", "x");
      await assert.rejects(redis.incr("word"), { message: "ERR value is not an integer or out of range" });
      await assert.rejects(redis.call("NOSUCH"), /ERR unknown command 'NOSUCH'/);
    });

    test("a pipeline answers in order, errors in their places", async (t) => {
      const redis = client(t);
      const pipeline = redis.pipeline();
      for (let i = 0; i < 1000; i++) pipeline.set(`p:${i}`, i);
      pipeline.incr("p:text").append("p:text", "x").incr("p:text").get("p:999");
      const results = (await pipeline.exec())!;
      assert.equal(results.length, 1004);
      assert.match(results[1002]![0]!.message, /not an integer/);
      assert.deepEqual(results[1003], [null, "999"]);
    });

    test("MULTI runs as one, WATCH undoes it", async (t) => {
      const redis = client(t);
      const other = client(t);
      const results = await redis.multi().set("m", 1).incr("m").get("m").exec();
      assert.deepEqual(results, [
        [null, "OK"],
        [null, 2],
        [null, "2"],
      ]);
      await redis.watch("m");
      await other.set("m", "changed");
      assert.equal(await redis.multi().set("m", "mine").exec(), null);
      assert.equal(await redis.get("m"), "changed");
    });

    test("channels and patterns", async (t) => {
      const [subscriber, publisher] = [client(t), client(t)];
      assert.equal(await subscriber.subscribe("news"), 1);
      assert.equal(await subscriber.psubscribe("n*"), 2);
      const message = once(subscriber, "message");
      const byPattern = once(subscriber, "pmessage");
      assert.equal(await publisher.publish("news", "hello"), 2);
      assert.deepEqual(await message, ["news", "hello"]);
      assert.deepEqual(await byPattern, ["n*", "news", "hello"]);
      assert.equal(await subscriber.unsubscribe("news"), 1);
    });

    test("binary keys and values", async (t) => {
      const redis = client(t);
      const value = Buffer.from([13, 10, 0, 255, 36]);
      await redis.set(BINARY_KEY, value);
      assert.deepEqual(await redis.getBuffer(BINARY_KEY), value);
      const keys = await redis.callBuffer("KEYS", "k:*");
      assert.deepEqual(keys, [BINARY_KEY]);
    });

    test("a value of 5 MB", async (t) => {
      const redis = client(t);
      const value = bigValue();
      await redis.set("big", value);
      assert.equal(await redis.strlen("big"), value.length);
      assert.ok((await redis.getBuffer("big"))!.equals(value));
      await redis.del("big");
    });

    test("keys expire", async (t) => {
      const redis = client(t);
      await redis.set("brief", "x", "PX", 60_000);
      const ttl = await redis.pttl("brief");
      assert.ok(ttl > 0 && ttl <= 60_000);
      await redis.pexpire("brief", 20);
      await sleep(40);
      assert.equal(await redis.exists("brief"), 0);
    });

    test("autopipelining, key prefixes and names of connections", async (t) => {
      const redis = connect(t, {
        port: server.port,
        protocol,
        enableAutoPipelining: true,
        keyPrefix: "app:",
        connectionName: "shop",
      });
      assert.deepEqual(await Promise.all([redis.set("n", 1), redis.incr("n"), redis.get("n")]), ["OK", 2, "2"]);
      assert.equal(await redis.client("GETNAME"), "shop");
      assert.equal(await client(t).get("app:n"), "2");
    });

    test("a monitor sees what others do", async (t) => {
      const redis = client(t);
      await redis.ping(); // its own greeting lies before the monitor's time
      const monitor = await redis.monitor();
      t.after(() => monitor.disconnect());
      const seen = once(monitor, "monitor");
      await redis.set("watched", "x");
      const [, words, , db] = await seen;
      assert.deepEqual([words, db], [["set", "watched", "x"], "0"]);
    });

    test("scanStream meets every key", async (t) => {
      const redis = client(t);
      await redis.flushdb();
      await redis.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`s:${i}`, i])));
      const seen = new Set<string>();
      for await (const keys of redis.scanStream({ match: "s:*", count: 50 })) for (const key of keys) seen.add(key);
      assert.equal(seen.size, 500);
    });
  });

test("ioredis through Sentinels follows a failover and finds a replica", { timeout: 30_000 }, async (t) => {
  await using group = await startSentinelGroup();
  const options: RedisOptions = {
    sentinels: group.sentinelAddresses,
    name: group.name,
    retryStrategy: () => 20,
    sentinelRetryStrategy: () => 20,
    maxRetriesPerRequest: null,
  };
  const redis = connect(t, options);
  const reader = connect(t, { ...options, role: "slave" });
  await redis.set("key", "value");
  assert.equal(await redis.wait(2, 5000), 2);
  assert.equal((await reader.role())[0], "slave");
  assert.equal(await reader.get("key"), "value");
  await assert.rejects(reader.set("key", "x"), /READONLY/);
  const old = group.primary;
  await old.kill();
  await redis.set("after", "1");
  assert.equal(await redis.get("key"), "value");
  assert.notEqual(group.primary.port, old.port);
});
