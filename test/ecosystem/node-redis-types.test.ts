/** node-redis with its defaults: lists, hashes, sets, sorted sets, streams and the rest, in both protocols. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { createClient } from "redis";
import { type EmbeddedNode, startServer } from "../../src/main/index.ts";

for (const RESP of [2, 3] as const)
  describe(`node-redis, RESP${RESP}: types`, () => {
    const open = (port: number) => createClient({ socket: { port, host: "127.0.0.1" }, RESP });
    let server: EmbeddedNode;
    let client: ReturnType<typeof open>;
    before(async () => {
      server = await startServer();
      client = open(server.port);
      client.on("error", () => {});
      await client.connect();
    });
    beforeEach(() => client.flushAll());
    after(async () => {
      client.destroy();
      await server.stop();
    });

    test("lists", async () => {
      assert.equal(await client.rPush("l", ["a", "b", "c"]), 3);
      assert.deepEqual(await client.lRange("l", 0, -1), ["a", "b", "c"]);
      assert.equal(await client.lMove("l", "m", "LEFT", "LEFT"), "a");
      assert.deepEqual(await client.lPopCount("l", 5), ["b", "c"]);
      assert.equal(await client.lPop("l"), null);
      assert.deepEqual(await client.blPop(["l", "m"], 1), { key: "m", element: "a" });
    });

    test("hashes", async () => {
      assert.equal(await client.hSet("h", { name: "ann", age: "41" }), 2);
      assert.deepEqual({ ...(await client.hGetAll("h")) }, { name: "ann", age: "41" });
      assert.deepEqual(await client.hmGet("h", ["age", "none"]), ["41", null]);
      assert.equal(await client.hIncrBy("h", "age", -1), 40);
      assert.deepEqual(await client.hExpire("h", ["age"], 100), [1]);
      const [age, name] = (await client.hTTL("h", ["age", "name"]))!;
      assert.ok(age! > 90 && age! <= 100 && name === -1, `${age}, ${name}`);
      const random = await client.hRandFieldCountWithValues("h", 2);
      assert.deepEqual(random.map(({ field }) => field).sort(), ["age", "name"]);
    });

    test("sets", async () => {
      assert.equal(await client.sAdd("s", ["a", "b"]), 2);
      await client.sAdd("t", ["b", "c"]);
      assert.deepEqual([...(await client.sUnion(["s", "t"]))].sort(), ["a", "b", "c"]);
      assert.deepEqual([...(await client.sMembers("s"))].sort(), ["a", "b"]);
      assert.equal(await client.sIsMember("s", "a"), 1);
      assert.equal(await client.sMove("s", "t", "a"), 1);
      assert.equal(await client.sCard("t"), 3);
    });

    test("sorted sets", async () => {
      await client.zAdd("z", [
        { score: 1, value: "one" },
        { score: 2.5, value: "two" },
      ]);
      assert.equal(await client.zScore("z", "two"), 2.5);
      assert.deepEqual(await client.zRangeWithScores("z", 0, -1), [
        { value: "one", score: 1 },
        { value: "two", score: 2.5 },
      ]);
      assert.equal(await client.zIncrBy("z", 4, "one"), 5);
      assert.equal(await client.zRank("z", "one"), 1);
      assert.deepEqual(await client.zPopMax("z"), { value: "one", score: 5 });
      assert.deepEqual(await client.zmScore("z", ["two", "none"]), [2.5, null]);
    });

    test("streams and groups", async () => {
      const id = await client.xAdd("x", "*", { temperature: "21" });
      assert.equal(await client.xLen("x"), 1);
      const [entry] = (await client.xRange("x", "-", "+"))!;
      assert.equal(entry!.id, id);
      assert.deepEqual({ ...entry!.message }, { temperature: "21" });
      await client.xGroupCreate("x", "g", "0");
      await client.xReadGroup("g", "me", { key: "x", id: ">" });
      assert.equal((await client.xPending("x", "g")).pending, 1);
      assert.equal(await client.xAck("x", "g", id), 1);
      const info = await client.xInfoStream("x");
      assert.equal(info.length, 1);
    });

    test("geo, HyperLogLog, SORT and walks", async () => {
      await client.geoAdd("g", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" });
      await client.geoAdd("g", { longitude: 15.087269, latitude: 37.502669, member: "Catania" });
      assert.equal(Math.round((await client.geoDist("g", "Palermo", "Catania", "km"))!), 166);
      await client.pfAdd("p", ["a", "b", "a"]);
      assert.equal(await client.pfCount("p"), 2);
      await client.rPush("n", ["3", "1", "2"]);
      assert.deepEqual(await client.sort("n"), ["1", "2", "3"]);
      await client.sAdd(
        "many",
        Array.from({ length: 500 }, (_, i) => `m${i}`),
      );
      const seen = new Set<string>();
      for await (const part of client.sScanIterator("many", { COUNT: 20 })) for (const name of part) seen.add(name);
      assert.equal(seen.size, 500);
    });
  });
