/** ioredis with its defaults: lists, hashes, sets, sorted sets, streams and the rest, in both protocols. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { type EmbeddedNode, startServer } from "../../src/main/index.ts";
import { until } from "../until.ts";

for (const protocol of [2, 3] as const)
  describe(`ioredis, RESP${protocol}: types`, () => {
    let server: EmbeddedNode;
    let redis: Redis;
    before(async () => {
      server = await startServer();
      redis = new Redis({ port: server.port, protocol });
    });
    beforeEach(() => redis.flushall());
    after(async () => {
      redis.disconnect();
      await server.stop();
    });

    test("lists", async () => {
      assert.equal(await redis.rpush("l", "a", "b", "c", "d"), 4);
      assert.equal(await redis.lpush("l", "z"), 5);
      assert.deepEqual(await redis.lrange("l", 0, -1), ["z", "a", "b", "c", "d"]);
      assert.equal(await redis.lpos("l", "b"), 2);
      assert.equal(await redis.linsert("l", "BEFORE", "b", "x"), 6);
      assert.equal(await redis.lrem("l", 0, "x"), 1);
      assert.equal(await redis.lmove("l", "m", "LEFT", "RIGHT"), "z");
      assert.deepEqual(await redis.lpop("l", 2), ["a", "b"]);
      assert.deepEqual(await redis.lmpop(2, "none", "l", "RIGHT", "COUNT", 5), ["l", ["d", "c"]]);
      assert.equal(await redis.exists("l"), 0);
    });

    test("a client waits for another one's push", async () => {
      const waiting = redis.duplicate();
      try {
        const popped = waiting.blpop("queue", "other", 5);
        await until("it waits", async () => /blocked_clients:1/.test(await redis.info("clients")));
        await redis.rpush("queue", "job");
        assert.deepEqual(await popped, ["queue", "job"]);
        assert.equal(await waiting.blpop("queue", 0.01), null);
      } finally {
        waiting.disconnect();
      }
    });

    test("hashes", async () => {
      assert.equal(await redis.hset("h", { name: "ann", age: 41, "": "empty" }), 3);
      assert.deepEqual({ ...(await redis.hgetall("h")) }, { name: "ann", age: "41", "": "empty" });
      assert.equal(await redis.hincrby("h", "age", 1), 42);
      assert.equal(await redis.hincrbyfloat("h", "age", "0.5"), "42.5");
      assert.deepEqual(await redis.hmget("h", "name", "none"), ["ann", null]);
      assert.equal(await redis.hdel("h", "", "none"), 1);
      assert.deepEqual((await redis.hkeys("h")).sort(), ["age", "name"]);
      assert.deepEqual(await redis.call("HEXPIRE", "h", "100", "FIELDS", "2", "name", "none"), [1, -2]);
      const fields = await redis.hrandfield("h", 2);
      assert.equal(fields!.length, 2);
    });

    test("sets", async () => {
      assert.equal(await redis.sadd("s", "a", "b", "c", "a"), 3);
      await redis.sadd("t", "b", "c", "d");
      assert.deepEqual((await redis.sinter("s", "t")).sort(), ["b", "c"]);
      assert.deepEqual((await redis.sdiff("s", "t")).sort(), ["a"]);
      assert.equal(await redis.sunionstore("u", "s", "t"), 4);
      assert.deepEqual(await redis.smismember("s", "a", "d"), [1, 0]);
      assert.equal(await redis.sintercard(2, "s", "t", "LIMIT", 1), 1);
      assert.ok(["a", "b", "c"].includes((await redis.spop("s"))!));
      assert.equal(await redis.scard("s"), 2);
    });

    test("sorted sets", async () => {
      assert.equal(await redis.zadd("z", 1, "one", 2.5, "two", "inf", "last"), 3);
      assert.equal(Number(await redis.zscore("z", "two")), 2.5);
      assert.equal(await redis.zrank("z", "last"), 2);
      assert.deepEqual(await redis.zrange("z", "0", "-1"), ["one", "two", "last"]);
      assert.deepEqual(await redis.zrangebyscore("z", "(1", "3"), ["two"]);
      assert.equal(Number(await redis.zincrby("z", 2, "one")), 3);
      assert.equal(await redis.zadd("z", "GT", "CH", 1, "one"), 0);
      assert.deepEqual(await redis.zrange("z", "0", "1", "REV"), ["last", "one"]);
      const lowest = await redis.zpopmin("z");
      assert.equal(lowest.flat()[0], "two");
      await redis.zunionstore("u", 1, "z", "WEIGHTS", 2);
      assert.equal(Number(await redis.zscore("u", "one")), 6);
    });

    test("streams and groups", async () => {
      const id = await redis.xadd("x", "*", "temperature", "21", "unit", "C");
      await redis.xadd("x", "*", "temperature", "22");
      assert.equal(await redis.xlen("x"), 2);
      const [first] = await redis.xrange("x", "-", "+", "COUNT", 1);
      assert.deepEqual(first, [id, ["temperature", "21", "unit", "C"]]);
      await redis.xgroup("CREATE", "x", "g", "0");
      await redis.xreadgroup("GROUP", "g", "me", "COUNT", 1, "STREAMS", "x", ">");
      const pending = (await redis.xpending("x", "g")) as [number, string, string, [string, string][]];
      assert.deepEqual([pending[0], pending[1], pending[3]], [1, id, [["me", "1"]]]);
      assert.equal(await redis.xack("x", "g", id!), 1);
      assert.equal(await redis.xtrim("x", "MAXLEN", 1), 1);
    });

    test("geo, HyperLogLog and SORT", async () => {
      await redis.geoadd("g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania");
      assert.equal(Math.round(Number(await redis.geodist("g", "Palermo", "Catania", "KM"))), 166);
      const near = await redis.geosearch("g", "FROMLONLAT", 15, 37, "BYRADIUS", 100, "KM", "ASC");
      assert.deepEqual(near, ["Catania"]);
      await redis.pfadd("p", ...Array.from({ length: 1000 }, (_, i) => `visitor:${i}`));
      assert.ok(Math.abs((await redis.pfcount("p")) - 1000) < 30);
      await redis.rpush("n", 3, 1, 2);
      assert.deepEqual(await redis.sort("n", "DESC"), ["3", "2", "1"]);
    });

    test("walks through a hash, a set and a sorted set with streams", async () => {
      const names = Array.from({ length: 1000 }, (_, i) => `e${i}`);
      await redis.sadd("s", ...names);
      await redis.hset("h", Object.fromEntries(names.map((name) => [name, "v"])));
      await redis.zadd("z", ...names.flatMap((name, i) => [i, name]));
      for (const [stream, step] of [
        [redis.sscanStream("s", { count: 30 }), 1],
        [redis.hscanStream("h", { count: 30 }), 2],
        [redis.zscanStream("z", { count: 30 }), 2],
      ] as const) {
        const seen = new Set<string>();
        for await (const part of stream) for (let i = 0; i < part.length; i += step) seen.add(part[i]);
        assert.equal(seen.size, 1000);
      }
    });
  });
