/** Links between ours and real servers, in every combination. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import { eventually, House, infoOf, noRedis, type Peer } from "./house.ts";

async function follow(replica: Peer, primary: { port: number }): Promise<void> {
  await replica.client.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
  await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
}

/** Same data, same history, same offset. */
async function assertTwins(primary: Peer, replica: Peer): Promise<void> {
  await eventually(async () => {
    const [a, b] = await Promise.all([infoOf(primary), infoOf(replica)]);
    assert.equal(b["master_repl_offset"], a["master_repl_offset"]);
    assert.equal(b["master_replid"], a["master_replid"]);
    const digests = await Promise.all([primary, replica].map((peer) => peer.client.call("DEBUG", "DIGEST")));
    assert.equal(digests[1], digests[0]);
  });
}

/** Writes of many kinds until told to stop. */
function load(peer: Peer): () => Promise<number> {
  let going = true;
  let writes = 0;
  const run = async () => {
    while (going) {
      const pipeline = peer.client.pipeline();
      for (let i = 0; i < 20; i++) {
        const key = `key:${writes % 97}`;
        pipeline.incr("counter");
        pipeline.set(key, `value ${writes}`.repeat(1 + (writes % 7)));
        if (writes % 5 === 0) pipeline.set(`short:${writes % 31}`, "x", "PX", 50 + (writes % 100));
        if (writes % 7 === 0) pipeline.append(`log:${writes % 11}`, `${writes},`);
        if (writes % 11 === 0) pipeline.del(`key:${(writes * 3) % 97}`);
        if (writes % 13 === 0)
          for (const words of [["multi"], ["incr", "a"], ["select", "1"], ["incr", "b"], ["exec"], ["select", "0"]]) {
            pipeline.call(words[0]!, ...words.slice(1));
          }
        writes++;
      }
      await pipeline.exec();
    }
    return writes;
  };
  const done = run();
  return () => {
    going = false;
    return done;
  };
}

async function fill(peer: Peer, keys: number): Promise<void> {
  const pipeline = peer.client.pipeline();
  for (let i = 0; i < keys; i++) pipeline.set(`old:${i}`, "x".repeat(i % 200));
  pipeline.expire("old:1", 1000);
  await pipeline.exec();
}

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
    for (let cuts = 0; cuts < 3; cuts++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      link.cut();
      await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
    }
    assert.ok((await stop()) > 100);
    await assertTwins(primary, replica);
    const stats = await infoOf(primary, "stats");
    assert.equal(stats["sync_full"], "1", replica.log());
    assert.ok(Number(stats["sync_partial_ok"]) >= 3);
    assert.equal((await infoOf(primary))["connected_slaves"], "1");
  });
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
  await new Promise((resolve) => setTimeout(resolve, 200));
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
    await new Promise((resolve) => setTimeout(resolve, 100));
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

test("a transaction that asks for the offset in its middle stays whole commands for the replica", async () => {
  await using house = new House();
  const [primary, replica] = [await house.nines(), await house.nines()];
  await follow(replica, primary);
  await primary.client.multi().incr("n").call("REPLICAOF", "NO", "ONE").select(2).incr("n").exec();
  await primary.client.incr("n");
  await assertTwins(primary, replica);
  assert.equal((await infoOf(primary, "stats"))["sync_full"], "1");
});

for (const diskless of ["yes", "no"]) {
  test(`a large data set is copied over a network that stalls (repl-diskless-sync ${diskless})`, async () => {
    await using house = new House();
    const [primary, replica] = [await house.nines(`repl-diskless-sync ${diskless}\n`), await house.nines()];
    const link = await house.proxy(primary);
    const random = new SeededRandom(5);
    for (let i = 0; i < 200; i++) await primary.client.set(`large:${i}`, Buffer.from(random.bytes(100_000)));
    await replica.client.call("REPLICAOF", "127.0.0.1", `${link.port}`);
    await eventually(async () => assert.equal((await infoOf(replica))["master_sync_in_progress"], "1"));
    link.stall();
    // Longer than the second between two signs of life, which must not end up in the RDB.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    await primary.client.incr("meanwhile");
    assert.equal((await infoOf(replica))["master_sync_in_progress"], "1");
    link.flow();
    await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
    await primary.client.set("streamed", Buffer.from(random.bytes(3_000_000)));
    await assertTwins(primary, replica);
    assert.equal((await infoOf(primary, "stats"))["sync_full"], "1");
  });
}

test("what a new primary writes behind its promotion, in one go with it, reaches its replicas", async () => {
  await using house = new House();
  const [top, middle, leaf] = [await house.nines(), await house.nines(), await house.nines()];
  await follow(middle, top);
  await follow(leaf, middle);
  await top.client.set("n", "1");
  await assertTwins(top, leaf);
  await middle.client.pipeline().call("REPLICAOF", "NO", "ONE").incr("n").incr("n").exec();
  await assertTwins(middle, leaf);
  assert.equal(await leaf.client.get("n"), "3");
});

test("CLIENT KILL TYPE master cuts the link, which is taken up again", async () => {
  await using house = new House();
  const [primary, replica] = [await house.nines(), await house.nines()];
  await follow(replica, primary);
  assert.equal(await replica.client.call("CLIENT", "KILL", "TYPE", "master"), 1);
  await eventually(async () => assert.equal((await infoOf(primary, "stats"))["sync_partial_ok"], "1"));
  await assertTwins(primary, replica);
});

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

test("a password is asked for on the link", async () => {
  await using house = new House();
  const primary = await house.nines("requirepass secret\nmasterauth secret\n");
  const replica = await house.nines("masterauth wrong\n");
  await primary.client.auth("secret").catch(() => {});
  await replica.client.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
  await eventually(async () => assert.match(replica.log(), /Unable to AUTH to MASTER: -WRONGPASS/));
  await replica.client.config("SET", "masterauth", "secret");
  await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
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

test("the roster makes replicas of what it names, and of what comes back", async () => {
  await using house = new House();
  const members = [await house.nines(), await house.nines()];
  await fill(members[1]!, 10);
  const primary = await house.nines(`replicas ${members.map((peer) => `127.0.0.1:${peer.port}`).join(" ")}\n`);
  // An empty primary takes no one's data away.
  await eventually(async () => assert.equal((await infoOf(members[0]!))["role"], "slave"));
  assert.equal((await infoOf(members[1]!))["role"], "master");
  await primary.client.set("k", "1");
  await eventually(async () => assert.equal(await members[1]!.client.get("k"), "1"));
  await members[0]!.client.call("REPLICAOF", "NO", "ONE");
  await eventually(async () => assert.equal((await infoOf(members[0]!))["role"], "slave"));
});
