/**
 * Clients of others with a cluster of three primaries and three replicas, as applications use them, with the defaults of each:
 * slots move by redis-cli, a replica takes over because it is told to, a primary is killed; all of that under writes and reads.
 * NINES_CLUSTER_OF=redis plays it with the real redis-server: what fails there as well is the client's own.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { type Kind, type Node, Nodes } from "../cluster/nodes.ts";
import { needsRedisCli, needsRedisPy } from "../peers.ts";
import { Load, type LoadClient, loadKeys, NEAR_SLOTS } from "./cluster-load.ts";
import { redisCliCluster, redisPyCluster } from "./line-client.ts";

const kind = (process.env["NINES_CLUSTER_OF"] ?? "nines") as Kind;

const clients: Record<string, (nodes: readonly Node[]) => LoadClient | Promise<LoadClient>> = {
  async ioredis(nodes) {
    const cluster = new Cluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
    return {
      set: (key, value) => cluster.set(key, value),
      get: (key) => cluster.get(key),
      close: () => cluster.disconnect(),
    };
  },
  async "node-redis"(nodes) {
    const cluster = createCluster({ rootNodes: nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })) });
    cluster.on("error", () => {});
    const close = () => cluster.destroy();
    await cluster.connect().catch((error: unknown) => {
      close();
      throw error;
    });
    return { set: (key, value) => cluster.set(key, value), get: (key) => cluster.get(key), close };
  },
  "redis-py": (nodes) => redisPyCluster(nodes.map(({ port }) => port)),
  "redis-cli -c": (nodes) => redisCliCluster(nodes.map(({ port }) => port)),
};
const lacks: Record<string, { skip?: string }> = { "redis-py": needsRedisPy() };

describe("clients of a cluster", needsRedisCli(), () => {
  for (const [name, connect] of Object.entries(clients))
    test(`${name}: slots move, a replica takes over, a primary is killed`, {
      ...lacks[name],
      timeout: 60_000,
    }, async () => {
      await using nodes = await Nodes.start(kind, kind, kind, kind, kind, kind);
      await nodes.form(3);
      const [first, second, , firstReplica, secondReplica] = nodes.all as [Node, Node, Node, Node, Node, Node];
      await using load = new Load(await connect(nodes.all), loadKeys(400));
      load.start(4);
      await load.progress(500);

      const before = load.account.acknowledged;
      assert.deepEqual(
        await load.during("reshard", () => nodes.reshard(first, second, NEAR_SLOTS)),
        [],
        load.describe(),
      );
      assert.ok(load.account.acknowledged > before + 20, "it was under load");
      await load.progress(200);
      if (kind === "nines") {
        // And back, all at one moment.
        assert.deepEqual(
          await load.during("migrate", () => nodes.migrate(second, first, NEAR_SLOTS)),
          [],
          load.describe(),
        );
        await load.progress(200);
      }
      assert.deepEqual(await load.during("failover", () => nodes.failOver(firstReplica)), [], load.describe());
      await load.progress(200);
      // Acknowledged alone does not mean replicated: from here on what the replica has is what counts.
      await second.connection.call("WAIT", 1, 1000);
      await load.during("kill", async () => {
        await second.kill();
        await load.progress(800);
      });
      assert.equal(await secondReplica.field("INFO replication", "role"), "master");
      await load.stop();
      assert.deepEqual(load.account.lost, [], load.describe());
    });
});
