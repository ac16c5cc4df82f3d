import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "ioredis";
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";
import { startCluster } from "../../src/main/index.ts";

test("a cluster serves a client that follows redirects, and survives the death of a primary", async () => {
  await using cluster = await startCluster();
  assert.equal(cluster.primaries.length, 3);
  assert.equal(cluster.replicas.length, 3);
  const client = new Cluster(cluster.addresses, {
    retryDelayOnFailover: 20,
    retryDelayOnClusterDown: 20,
    maxRedirections: 500,
  });
  client.on("error", () => {});
  try {
    for (let i = 0; i < 100; i++) await client.set(`key:${i}`, `${i}`);
    await cluster.until(
      () => cluster.nodes.every(({ server }) => (server.replication?.goodReplicas() ?? 0) <= 1),
      "replicas follow",
    );
    const slot = hashSlot(Slice.of("key:7"));
    const before = cluster.primaryOf(slot);
    await cluster.until(
      () => hasAll(cluster.nodes.find((node) => node.role === "replica" && follows(node, before))!, before),
      "its replica has all",
    );
    await before.kill();
    await client.set("key:7", "again");
    assert.notEqual(cluster.primaryOf(slot), before);
    for (let i = 0; i < 100; i++) assert.equal(await client.get(`key:${i}`), i === 7 ? "again" : `${i}`);
  } finally {
    client.disconnect();
  }
});

type Node = Awaited<ReturnType<typeof startCluster>>["nodes"][number];

const follows = (replica: Node, primary: Node) => replica.server.replication!.primary?.port === primary.port;
const hasAll = (replica: Node, primary: Node) =>
  replica.server.replication!.offset === primary.server.replication!.offset;

test("shards and replicas as asked for; directives for every node", async () => {
  await using cluster = await startCluster({
    shards: 2,
    replicas: 0,
    config: { "cluster-require-full-coverage": false },
  });
  assert.deepEqual(
    cluster.nodes.map(({ name, role }) => [name, role]),
    [
      ["node-1", "primary"],
      ["node-2", "primary"],
    ],
  );
  for (const { server } of cluster.nodes) assert.equal(server.config.values["cluster-require-full-coverage"], false);
  await cluster.nodes[0]!.kill();
  assert.throws(() => cluster.primaryOf(0), /nobody serves slot 0 now/);
});
