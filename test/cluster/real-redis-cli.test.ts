/** A cluster's life by redis-cli --cluster: created, grown, mended and made smaller again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needs } from "../lab/peers.ts";
import { type Node, Nodes, redisCli, until } from "./nodes.ts";

describe("redis-cli --cluster", needs("redis-cli"), () => {
  test("create, add-node, reshard, fix, call, del-node", { timeout: 60_000 }, async () => {
    await using nodes = await Nodes.start("nines", "nines", "nines", "nines", "nines");
    const [first, second, , fourth, fifth] = nodes.all as [Node, Node, Node, Node, Node];
    const cluster = (...words: string[]) => redisCli("--cluster", ...words);
    const known = (count: number, of: readonly Node[]) =>
      until(`${count} nodes know each other`, async () => {
        const counts = await Promise.all(of.map((node) => node.field("CLUSTER INFO", "cluster_known_nodes")));
        return counts.every((known) => known === `${count}`);
      });
    const healthy = () =>
      until("all agree", async () => /All 16384 slots covered/.test(await cluster("check", first.name)));

    const created = await cluster("create", ...nodes.all.slice(0, 3).map(({ name }) => name), "--cluster-yes");
    assert.match(created, /All 16384 slots covered/);
    const client = nodes.client();
    for (let i = 0; i < 100; i++) await client.set(`key:${i}`, `${i}`);

    await cluster("add-node", fourth.name, first.name);
    await known(4, nodes.all.slice(0, 4));
    await healthy();
    await cluster("add-node", fifth.name, first.name, "--cluster-slave", "--cluster-master-id", await fourth.id());
    await until("it follows", async () => (await fifth.field("INFO replication", "master_link_status")) === "up");
    await known(5, nodes.all);
    await healthy();

    await nodes.reshard(second, fourth, 40);
    await healthy();

    // Somebody stopped in the midst of a move.
    const key = "key:1";
    const slot = Number(await first.connection.call("CLUSTER", "KEYSLOT", key));
    const owners = (await first.connection.call("CLUSTER", "SLOTS")) as [number, number, [string, number, string]][];
    const [, , [, port]] = owners.find(([from, to]) => from <= slot && slot <= to)!;
    const owner = nodes.all.find((node) => node.port === port)!;
    const other = owner === second ? first : second;
    await other.connection.call("CLUSTER", "SETSLOT", slot, "IMPORTING", await owner.id());
    await owner.connection.call("CLUSTER", "SETSLOT", slot, "MIGRATING", await other.id());
    assert.match(await redisCli("--cluster", "fix", first.name), /Fixing open slot|Moving slot/);
    await healthy();

    const called = await cluster("call", first.name, "DBSIZE");
    const sizes = [...called.matchAll(/:\d+: (?:\(integer\) )?(\d+)$/gm)].map(([, size]) => Number(size));
    assert.equal(sizes.length, 5, called);

    await cluster("del-node", first.name, await fifth.id());
    await known(4, nodes.all.slice(0, 4));
    await nodes.reshard(fourth, second, 40);
    await until("it has nothing left", async () => (await fourth.field("CLUSTER INFO", "cluster_size")) === "3");
    await healthy();
    await cluster("del-node", first.name, await fourth.id());
    await known(3, nodes.all.slice(0, 3));
    for (let i = 0; i < 100; i++) assert.equal(await client.get(`key:${i}`), `${i}`);
  });
});
