/**
 * An application's own tests, with servers that live inside the test's process: nothing to install, nothing left behind.
 *
 *   node --import tsx --test examples/embedded-test.ts
 *
 * What is tested here stands in for your code; docs/embedding.md has the whole API.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { startReplicaSet, startSentinelGroup, startServer, TestClock } from "nines";

const MINUTE = 60_000;

test("a login code ends after ten minutes: the clock is turned, nobody waits", async () => {
  const clock = new TestClock();
  await using server = await startServer({ clock });
  const redis = new Redis(server.port);
  try {
    await redis.set("code:alice", "123456", "PX", 10 * MINUTE);
    await clock.turn(9 * MINUTE);
    assert.equal(await redis.get("code:alice"), "123456");
    await clock.turn(2 * MINUTE);
    assert.equal(await redis.get("code:alice"), null);
  } finally {
    redis.disconnect();
  }
});

test("a reader of the replica sees old data while the network is cut", async () => {
  await using group = await startReplicaSet({ replicas: 1 });
  const [replica] = group.replicas;
  const writer = new Redis(group.primary.port);
  const reader = new Redis(replica!.port);
  try {
    await writer.set("price", "1");
    assert.equal(await writer.wait(1, 5000), 1);
    group.partition([group.primary], [replica!]);
    await writer.set("price", "2");
    assert.equal(await reader.get("price"), "1");
    group.heal();
    assert.equal(await writer.wait(1, 5000), 1);
    assert.equal(await reader.get("price"), "2");
  } finally {
    writer.disconnect();
    reader.disconnect();
  }
});

test("the application survives the death of the primary", async () => {
  await using group = await startSentinelGroup();
  const redis = new Redis({
    sentinels: group.sentinelAddresses,
    name: group.name,
    retryStrategy: () => 20,
    sentinelRetryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  redis.on("error", () => {});
  try {
    await redis.set("order:7", "paid");
    assert.ok((await redis.wait(1, 5000)) >= 1);
    const old = group.primary;
    await old.kill();
    await redis.set("order:8", "paid"); // waits for the new primary
    assert.notEqual(group.primary, old);
    assert.equal(await redis.get("order:7"), "paid");
  } finally {
    redis.disconnect();
  }
});

test("a primary that was paused comes back as a replica", async () => {
  await using group = await startSentinelGroup({ downAfterMs: 300 });
  const old = group.primary;
  old.pause();
  await group.until(() => group.nodes.some((node) => node !== old && node.role === "primary"), "another is promoted");
  old.resume();
  await group.until(() => old.role === "replica", "the old primary follows the new one");
});
