/** node-redis (the package `redis`), as applications use it: against one server, in both protocols, and through Sentinels. */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, createClientPool, createSentinel, RESP_TYPES, WatchError } from "redis";
import { type EmbeddedNode, startSentinelGroup, startServer } from "../../src/main/index.ts";
import { until } from "../until.ts";
import { BINARY_KEY, bigValue } from "./values.ts";

async function connect(t: TestContext, port: number, RESP: 2 | 3) {
  const client = createClient({ socket: { port, host: "127.0.0.1" }, RESP });
  client.on("error", () => {});
  await client.connect();
  t.after(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}

for (const protocol of [2, 3] as const)
  describe(`node-redis, RESP${protocol}`, () => {
    let server: EmbeddedNode;
    before(async () => {
      server = await startServer();
    });
    after(() => server.stop());
    const connected = (t: TestContext) => connect(t, server.port, protocol);

    test("speaks the protocol it asked for", async (t) => {
      const client = await connected(t);
      assert.equal((await client.clientInfo()).resp, protocol);
    });

    test("strings, numbers and what is not there", async (t) => {
      const client = await connected(t);
      assert.equal(await client.set("text", "grüße"), "OK");
      assert.equal(await client.get("text"), "grüße");
      assert.equal(await client.get("nothing"), null);
      assert.equal(await client.incrBy("count", 41), 41);
      assert.deepEqual(await client.mGet(["text", "nothing"]), ["grüße", null]);
      assert.equal(await client.expire("text", 100), 1);
      const ttl = await client.ttl("text");
      assert.ok(ttl > 90 && ttl <= 100, `${ttl}`);
      assert.equal(await client.del(["text", "count"]), 2);
    });

    test("an error is an error", async (t) => {
      const client = await connected(t);
      await client.set("word", "x");
      await assert.rejects(client.incr("word"), { message: "ERR value is not an integer or out of range" });
    });

    test("commands sent together answer in order", async (t) => {
      const client = await connected(t);
      const writes = Array.from({ length: 1000 }, (_, i) => client.set(`p:${i}`, `${i}`));
      assert.ok((await Promise.all(writes)).every((reply) => reply === "OK"));
      const reads = await Promise.all(Array.from({ length: 1000 }, (_, i) => client.get(`p:${i}`)));
      assert.deepEqual(
        reads,
        Array.from({ length: 1000 }, (_, i) => `${i}`),
      );
    });

    test("MULTI runs as one, WATCH undoes it", async (t) => {
      const [client, other] = [await connected(t), await connected(t)];
      assert.deepEqual(await client.multi().set("m", "1").incr("m").get("m").exec(), ["OK", 2, "2"]);
      await client.watch("m");
      await other.set("m", "changed");
      await assert.rejects(client.multi().set("m", "mine").exec(), WatchError);
      assert.equal(await client.get("m"), "changed");
    });

    test("channels, patterns and shard channels", async (t) => {
      const [subscriber, publisher] = [await connected(t), await connected(t)];
      const heard: string[] = [];
      const note = (kind: string) => (message: string, channel: string) => heard.push(`${kind} ${channel} ${message}`);
      await subscriber.subscribe("news", note("channel"));
      await subscriber.pSubscribe("n*", note("pattern"));
      await subscriber.sSubscribe("shard", note("shard"));
      assert.equal(await publisher.publish("news", "hello"), 2);
      assert.equal(await publisher.sPublish("shard", "hi"), 1);
      await until("three messages", () => heard.length >= 3);
      assert.deepEqual(heard.sort(), ["channel news hello", "pattern news hello", "shard shard hi"]);
      await subscriber.unsubscribe();
      assert.equal(await publisher.publish("news", "gone"), 1);
    });

    test("binary keys and values", async (t) => {
      const client = (await connected(t)).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      const value = Buffer.from([13, 10, 0, 255, 36]);
      await client.set(BINARY_KEY, value);
      assert.deepEqual(await client.get(BINARY_KEY), value);
      assert.ok((await client.keys("k:*")).some((key) => (key as unknown as Buffer).equals(BINARY_KEY)));
    });

    test("a value of 5 MB", async (t) => {
      const client = (await connected(t)).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      const value = bigValue();
      await client.set("big", value);
      assert.ok(((await client.get("big")) as unknown as Buffer).equals(value));
      await client.del("big");
    });

    test("keys expire", async (t) => {
      const client = await connected(t);
      await client.set("brief", "x", { expiration: { type: "PX", value: 20 } });
      await sleep(40);
      assert.equal(await client.get("brief"), null);
    });

    test("a pool, databases, and what is asked of a server", async (t) => {
      const pool = createClientPool({ socket: { port: server.port, host: "127.0.0.1" }, RESP: protocol, database: 3 });
      await pool.connect();
      t.after(() => pool.destroy());
      await Promise.all(Array.from({ length: 50 }, (_, i) => pool.set(`pooled:${i}`, "x")));
      const client = await connected(t);
      await client.select(3);
      assert.equal(await client.dbSize(), 50);
      assert.equal(await client.copy("pooled:0", "copy"), 1);
      assert.equal((await client.role())!.role, "master");
      assert.deepEqual({ ...(await client.configGet("hz")) }, { hz: "10" });
      assert.equal((await client.commandInfo(["get"]))[0]!.name, "get");
      assert.ok((await client.clientList()).length > 1);
      await client.flushDb();
    });

    test("scanIterator meets every key", async (t) => {
      const client = await connected(t);
      await client.flushDb();
      await client.mSet(Array.from({ length: 500 }, (_, i) => [`s:${i}`, `${i}`] as [string, string]));
      const seen = new Set<string>();
      for await (const keys of client.scanIterator({ MATCH: "s:*", COUNT: 50 })) for (const key of keys) seen.add(key);
      assert.equal(seen.size, 500);
    });
  });

test("node-redis through Sentinels follows a failover", { timeout: 30_000 }, async (t) => {
  await using group = await startSentinelGroup();
  const client = createSentinel({
    name: group.name,
    sentinelRootNodes: group.sentinelAddresses,
    scanInterval: 200,
    maxCommandRediscovers: 100,
  });
  client.on("error", () => {});
  await client.connect();
  t.after(() => client.destroy());
  await client.set("key", "value");
  assert.deepEqual(await client.multi().incr("n").incr("n").exec(), [1, 2]);
  const old = group.primary;
  await group.until(() => group.replicas.every(({ server }) => server.engine.databases[0]!.size === 2), "they have it");
  await old.kill();
  await until("a write to be taken", async () => (await client.set("after", "x")) === "OK");
  assert.equal(await client.get("key"), "value");
  assert.notEqual(group.primary.port, old.port);
});
