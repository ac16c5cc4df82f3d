/** Clusters of whole servers: ours alone with a client that follows redirects, and ours beside redis-server under redis-cli --cluster. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeIo } from "../../src/io/node-io.ts";
import { needs } from "../lab/peers.ts";
import { type Node, Nodes, redisCli, until } from "./nodes.ts";

const io = nodeIo();

test("a client that follows redirects keeps writing while a primary is killed, and reads all of it afterwards", async () => {
  await using nodes = await Nodes.start("nines", "nines", "nines", "nines", "nines", "nines");
  await nodes.form(3);
  const cluster = nodes.client({
    clusterRetryStrategy: (times) => (times < 100 ? 50 : null),
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    maxRedirections: 200,
  });
  const written = new Map<string, string>();
  const write = async (i: number) => {
    const key = `key:${i % 100}`;
    await cluster.set(key, `${i}`);
    written.set(key, `${i}`);
  };
  for (let i = 0; i < 200; i++) await write(i);
  // So that nothing acknowledged is lost, which replication alone does not promise.
  for (const node of nodes.all.slice(0, 3)) await node.connection.call("WAIT", 1, 5000);
  const [dead] = nodes.all;
  const killedAt = io.clock.now();
  await dead!.kill();
  for (let i = 200; i < 400; i++) await write(i);
  const took = io.clock.now() - killedAt;
  assert.ok(took < 10_000, `${took} ms`);
  for (const [key, value] of written) assert.equal(await cluster.get(key), value);
  // Its old primary comes back, with its memory of the cluster, as a replica.
  await dead!.start();
  await until("it follows", async () => (await dead!.field("INFO replication", "role")) === "slave");
  await nodes.settled(nodes.all);
});

describe("beside a real redis-server", needs("redis-cli"), () => {
  test("a mixed cluster: created, resharded and checked by redis-cli, failed over in both directions", async () => {
    await using nodes = await Nodes.start("nines", "nines", "redis", "redis", "nines", "nines");
    const [first, second, third] = nodes.all as [Node, Node, Node];
    // Each primary's replica is to be of the other kind: of the third, a nines; of the first, a redis-server.
    for (const node of nodes.all.slice(1))
      await node.connection.call("CLUSTER", "MEET", "127.0.0.1", first.port, first.busPort);
    await until("they know each other", async () => {
      const counts = await Promise.all(nodes.all.map((node) => node.field("CLUSTER INFO", "cluster_known_nodes")));
      return counts.every((count) => count === "6");
    });
    await first.connection.call("CLUSTER", "ADDSLOTSRANGE", 0, 5460);
    await second.connection.call("CLUSTER", "ADDSLOTSRANGE", 5461, 10_922);
    await third.connection.call("CLUSTER", "ADDSLOTSRANGE", 10_923, 16_383);
    const pairs = [
      [first, nodes.all[3]!],
      [second, nodes.all[4]!],
      [third, nodes.all[5]!],
    ] as const;
    for (const [primary, replica] of pairs) await replica.connection.call("CLUSTER", "REPLICATE", await primary.id());
    await nodes.settled(nodes.all);

    const cluster = nodes.client({ maxRedirections: 100, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50 });
    for (let i = 0; i < 500; i++) await cluster.set(`key:${i}`, `${i}`);

    // Slots there and back.
    await nodes.reshard(first, third, 30);
    await nodes.reshard(third, first, 30);
    const checked = await redisCli("--cluster", "check", second.name);
    assert.match(checked, /All nodes agree about slots configuration/);
    assert.match(checked, /All 16384 slots covered/);
    assert.doesNotMatch(checked, /ERR|WARNING/);
    for (let i = 0; i < 500; i++) assert.equal(await cluster.get(`key:${i}`), `${i}`);

    // A redis-server takes over from a nines, a nines from a redis-server.
    for (const [primary, replica] of [pairs[0], pairs[2]]) {
      await primary.connection.call("WAIT", 1, 5000);
      await primary.kill();
      await until(
        "its replica has its slots",
        async () => (await replica.field("INFO replication", "role")) === "master",
      );
      await nodes.settled(nodes.all.filter((node) => node !== primary));
      await primary.start();
      await nodes.settled(nodes.all);
      assert.equal(await primary.field("INFO replication", "role"), "slave");
    }
    for (let i = 0; i < 500; i++) assert.equal(await cluster.get(`key:${i}`), `${i}`);

    // And back by hand.
    await first.connection.call("CLUSTER", "FAILOVER");
    await until("it is primary again", async () => (await first.field("INFO replication", "role")) === "master");
    await nodes.settled(nodes.all);
  });
});
