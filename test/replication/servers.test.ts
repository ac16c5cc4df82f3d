/** Links between servers of ours, whole and in this process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import { assertTwins, eventually, fill, follow, House, infoOf } from "./house.ts";

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
    link.stallAfter(1_000_000);
    await replica.client.call("REPLICAOF", "127.0.0.1", `${link.port}`);
    await eventually(async () => assert.equal((await infoOf(replica))["master_sync_in_progress"], "1"));
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

test("how long the link has been down is -1 as long as it never stood", async () => {
  await using house = new House();
  const [primary, replica] = [await house.nines(), await house.nines()];
  const downFor = async () => (await infoOf(replica))["master_link_down_since_seconds"];
  await replica.client.call("REPLICAOF", "127.0.0.1", "1");
  assert.equal(await downFor(), "-1");
  await follow(replica, primary);
  await replica.client.call("REPLICAOF", "127.0.0.1", "1");
  assert.match((await downFor())!, /^[0-9]$/);
  await replica.client.pipeline().call("REPLICAOF", "NO", "ONE").call("REPLICAOF", "127.0.0.1", "1").exec();
  assert.equal(await downFor(), "-1");
});

test("CLIENT KILL TYPE master cuts the link, which is taken up again", async () => {
  await using house = new House();
  const [primary, replica] = [await house.nines(), await house.nines()];
  await follow(replica, primary);
  assert.equal(await replica.client.call("CLIENT", "KILL", "TYPE", "master"), 1);
  await eventually(async () => assert.equal((await infoOf(primary, "stats"))["sync_partial_ok"], "1"));
  await assertTwins(primary, replica);
});

test("a password is asked for on the link", async () => {
  await using house = new House();
  const primary = await house.nines('requirepass "s\\xc3\\xa9cret"\nmasterauth "s\\xc3\\xa9cret"\n');
  const replica = await house.nines("masterauth wrong\n");
  await primary.client.auth("sécret").catch(() => {});
  await replica.client.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
  await eventually(async () => assert.match(replica.log(), /Unable to AUTH to MASTER: -WRONGPASS/));
  await replica.client.config("SET", "masterauth", "sécret");
  await eventually(async () => assert.equal((await infoOf(replica))["master_link_status"], "up"));
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
