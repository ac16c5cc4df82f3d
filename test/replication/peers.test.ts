/** Links between ours and real servers, in every combination. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertTwins, eventually, fill, follow, House, infoOf, load, noRedis, type Peer } from "./house.ts";

const pairs: [primary: "nines" | "redis", replica: "nines" | "redis"][] = [
  ["redis", "nines"],
  ["nines", "redis"],
  ["nines", "nines"],
];

for (const [of, by] of pairs) {
  const skip = of === "nines" && by === "nines" ? false : noRedis;
  test(`a ${by} replica of ${of} copies under load and resumes after cuts`, { skip }, async () => {
    await using house = new House();
    const primary = await house[of]();
    const replica = await house[by]();
    const link = await house.proxy(primary);
    await fill(primary, 2000);
    const stop = load(primary);
    await follow(replica, link);
    for (let cuts = 1; cuts <= 3; cuts++) {
      await writesArrive(replica);
      link.cut();
      await eventually(async () => {
        assert.equal((await infoOf(replica))["master_link_status"], "up");
        assert.ok(Number((await infoOf(primary, "stats"))["sync_partial_ok"]) >= cuts);
      });
    }
    assert.ok((await stop()) > 100);
    await assertTwins(primary, replica);
    const stats = await infoOf(primary, "stats");
    assert.equal(stats["sync_full"], "1", replica.log());
    await eventually(async () => assert.equal((await infoOf(primary))["connected_slaves"], "1"));
  });
}

/** Until the load on its primary has come to it for a while. */
async function writesArrive(replica: Peer): Promise<void> {
  const count = async () => Number(await replica.client.get("counter"));
  const before = await count();
  await eventually(async () => assert.ok((await count()) > before + 100));
}

test("a replica gets an RDB of known size where diskless sync is off", { skip: noRedis }, async () => {
  await using house = new House();
  const primary = await house.nines("repl-diskless-sync no\n");
  const [ours, theirs] = [await house.nines(), await house.redis()];
  await fill(primary, 3000);
  const stop = load(primary);
  await Promise.all([follow(ours, primary), follow(theirs, primary)]);
  await stop();
  await assertTwins(primary, ours);
  await assertTwins(primary, theirs);
});

test("redis-server sends an RDB of known size", { skip: noRedis }, async () => {
  await using house = new House();
  const primary = await house.redis("--repl-diskless-sync", "no");
  const replica = await house.nines();
  await fill(primary, 3000);
  const stop = load(primary);
  await follow(replica, primary);
  await stop();
  await assertTwins(primary, replica);
});

test("a chain of redis-server, nines and redis-server, and the promotion of its middle", {
  skip: noRedis,
}, async () => {
  await using house = new House();
  const [top, middle, leaf] = [await house.redis(), await house.nines(), await house.redis()];
  await fill(top, 100);
  await follow(middle, top);
  await follow(leaf, middle);
  const stop = load(top);
  await writesArrive(leaf);
  await stop();
  await assertTwins(top, middle);
  await assertTwins(top, leaf);
  await middle.client.call("REPLICAOF", "NO", "ONE");
  await middle.client.incr("counter");
  await eventually(async () => assert.equal((await infoOf(leaf))["master_link_status"], "up"));
  await assertTwins(middle, leaf);
  const stats = await infoOf(middle, "stats");
  assert.equal(stats["sync_full"], "1");
  assert.equal(stats["sync_partial_ok"], "1");
});

for (const [of, by] of pairs) {
  const skip = of === "nines" && by === "nines" ? false : noRedis;
  test(`FAILOVER of ${of} to ${by} loses nothing, and a third follows partially`, { skip }, async () => {
    await using house = new House();
    const [primary, replica] = [await house[of](), await house[by]()];
    const third = await house.nines();
    await follow(replica, primary);
    await follow(third, primary);
    await fill(primary, 100);
    let acknowledged = 0;
    const writer = (async () => {
      for (;;) {
        try {
          acknowledged = await primary.client.incr("acknowledged");
        } catch (error) {
          assert.match(String(error), /READONLY/);
          return;
        }
      }
    })();
    await eventually(async () => assert.ok(acknowledged > 20));
    await primary.client.call("FAILOVER", "TO", "127.0.0.1", `${replica.port}`);
    await writer;
    await eventually(async () => assert.equal((await infoOf(replica))["role"], "master"));
    await eventually(async () => assert.equal((await infoOf(primary))["master_link_status"], "up"));
    assert.equal(Number(await replica.client.get("acknowledged")), acknowledged);
    await follow(third, replica);
    await replica.client.incr("acknowledged");
    await assertTwins(replica, primary);
    await assertTwins(replica, third);
    const stats = await infoOf(replica, "stats");
    assert.equal(stats["sync_full"], "0");
    assert.equal(stats["sync_partial_ok"], "2");
  });
}

test("redis-cli --rdb gets a copy", { skip: noRedis }, async () => {
  await using house = new House();
  const primary = await house.nines();
  await fill(primary, 500);
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout, stderr } = await promisify(execFile)("redis-cli", ["-p", `${primary.port}`, "--rdb", "-"], {
    encoding: "latin1",
  });
  assert.ok(stdout.startsWith("REDIS00"), stderr);
  await eventually(async () => assert.equal((await infoOf(primary))["connected_slaves"], "0"));
});

test("WAIT and min-replicas with a real replica", { skip: noRedis }, async () => {
  await using house = new House();
  const primary = await house.nines("min-replicas-to-write 1\n");
  const replica = await house.redis();
  await assert.rejects(primary.client.set("k", "1"), /NOREPLICAS Not enough good replicas to write/);
  await follow(replica, primary);
  await eventually(async () => {
    await primary.client.set("k", "1");
  });
  assert.equal(await primary.client.wait(1, 2000), 1);
  assert.equal(await replica.client.get("k"), "1");
  assert.equal(await primary.client.wait(2, 100), 1);
});
