/** Servers and groups inside a process, with the client that most users have. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { Redis, type RedisOptions } from "ioredis";
import { startReplicaSet, startSentinelGroup, startServer, TestClock } from "../../src/main/index.ts";

/** A client that is gone with the test, however that ends. */
function connect(t: TestContext, options: RedisOptions): Redis {
  const client = new Redis(options);
  client.on("error", () => {});
  t.after(() => client.disconnect());
  return client;
}

const quick = { lazyConnect: false, retryStrategy: () => 20, maxRetriesPerRequest: null } as const;

test("a server is one line, and gone at the end of its block", async (t) => {
  let port = 0;
  {
    await using server = await startServer();
    port = server.port;
    const client = connect(t, { port });
    assert.equal(await client.set("key", "value"), "OK");
    assert.equal(await client.get("key"), "value");
  }
  const late = connect(t, { port, retryStrategy: () => null, lazyConnect: true });
  await assert.rejects(late.connect());
});

test("a clock that is turned expires keys without waiting", async (t) => {
  const clock = new TestClock();
  await using server = await startServer({ clock });
  const client = connect(t, { port: server.port });
  await client.set("session", "alice", "EX", 60);
  await clock.turn(59_000);
  assert.equal(await client.get("session"), "alice");
  await clock.turn(2_000);
  assert.equal(await client.get("session"), null);
});

test("replicas follow; a partition holds them back until it heals", async (t) => {
  await using group = await startReplicaSet({ replicas: 2 });
  const writer = connect(t, { port: group.primary.port });
  const [first] = group.replicas;
  const reader = connect(t, { port: first!.port });
  await writer.set("a", "1");
  assert.equal(await writer.wait(2, 1000), 2);
  assert.equal(await reader.get("a"), "1");

  group.partition([group.primary], [first!]);
  await writer.set("a", "2");
  assert.equal(await writer.wait(2, 200), 1);
  assert.equal(await reader.get("a"), "1");
  group.heal();
  assert.equal(await writer.wait(2, 5000), 2);
  assert.equal(await reader.get("a"), "2");
});

test("a killed primary is replaced, and the application goes on", async (t) => {
  await using group = await startSentinelGroup();
  const client = connect(t, { sentinels: group.sentinelAddresses, name: group.name, ...quick });
  await client.set("before", "1");
  assert.equal(await client.wait(2, 2000), 2);
  const killed = group.primary;
  await killed.kill();
  assert.equal(await client.set("after", "2"), "OK");
  assert.notEqual(group.primary.port, killed.port);
  assert.equal(await client.get("before"), "1");
});

test("a paused primary is replaced, and acknowledges nothing when it wakes", async (t) => {
  await using group = await startSentinelGroup({ downAfterMs: 400 });
  const client = connect(t, { sentinels: group.sentinelAddresses, name: group.name, ...quick });
  await client.set("before", "1");
  const old = group.primary;
  const stayed = connect(t, { port: old.port, retryStrategy: () => null });
  await stayed.ping();
  old.pause();
  const late = stayed.set("late", "x").then(
    () => "acknowledged",
    () => "refused",
  );
  await group.until(() => group.nodes.some((node) => node !== old && node.role === "primary"), "a replica is promoted");
  old.resume();
  assert.equal(await late, "refused");
  await group.until(() => old.role === "replica", "the old primary follows");
  assert.equal(await client.get("late"), null);
});

test("of two primaries of a cut group the one that was promoted counts", async () => {
  await using group = await startSentinelGroup({ downAfterMs: 300 });
  const old = group.primary;
  const [one, two] = group.replicas;
  const [lonely, ...others] = group.sentinels;
  group.partition([old, lonely!], [one!, two!, ...others]);
  await group.until(() => group.primary !== old, "the majority's side has elected another");
  assert.equal(old.role, "primary");
  group.heal();
  await group.until(() => old.role === "replica", "the old primary follows");
});

test("directives are texts as in the file, or words, in any script", async (t) => {
  await using server = await startServer({
    config: { requirepass: ["grüne Wiese"], save: [3600, 1], maxmemory: "10mb", "notify-keyspace-events": "" },
  });
  const client = connect(t, { port: server.port, password: "grüne Wiese" });
  assert.deepEqual(await client.config("GET", "save"), ["save", "3600 1"]);
  assert.deepEqual(await client.config("GET", "maxmemory"), ["maxmemory", "10485760"]);
  await assert.rejects(startServer({ config: { maxmemory: "much" } }), /argument must be a memory value/);
});
