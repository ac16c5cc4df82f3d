/** A cluster of ours and redis-servers whose bus, replication and clients speak TLS; plain clients come by a port of their own. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { Cluster } from "ioredis";
import { RedisConnection } from "../../src/client/connection.ts";
import { needs } from "../lab/peers.ts";
import { freePort, io, TlsHouse, until } from "./house.ts";

const run = promisify(execFile);

interface Node {
  readonly kind: "nines" | "redis";
  readonly plain: number;
  readonly tls: number;
}

test("ours and redis-server: redis-cli --cluster create, ports for either kind of client, writes, a failover", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async () => {
  await using house = new TlsHouse();
  const nodes: Node[] = [];
  for (const kind of ["nines", "redis", "nines", "redis"] as const) {
    const node = { kind, plain: await freePort(), tls: await freePort() };
    nodes.push(node);
    const lines = [
      ...house.lines(node.tls).filter((line) => line !== "port 0"),
      ...[`port ${node.plain}`, "tls-cluster yes", "cluster-enabled yes", `cluster-config-file nodes-${node.tls}.conf`],
      ...[`cluster-port ${await freePort()}`, "cluster-node-timeout 2000"],
    ];
    if (kind === "nines") await house.nines(lines);
    else house.redis(lines);
    await house.answers(node.tls);
  }
  const primaries = nodes.slice(0, 3);
  const replica = nodes[3]!;
  const addresses = primaries.map(({ tls }) => `127.0.0.1:${tls}`);
  await run("redis-cli", [...house.cli, "--cluster", "create", ...addresses, "--cluster-yes"]);
  const slotsOf = async (node: Node, tls: boolean) => {
    if (tls) return JSON.stringify(await house.ask(node.tls, "CLUSTER", "SLOTS"));
    const plain = await RedisConnection.open(io, { host: "127.0.0.1", port: node.plain });
    try {
      return JSON.stringify(await plain.call("CLUSTER", "SLOTS"));
    } finally {
      plain.close();
    }
  };
  await until("all to serve", async () => {
    const states = await Promise.all(primaries.map(({ tls }) => house.ask(tls, "CLUSTER", "INFO")));
    return states.every((state) => String(state).includes("cluster_state:ok"));
  });
  // Each kind of client is told the ports that it can speak to, whoever tells it.
  for (const isTls of [true, false]) {
    const shown = await Promise.all(primaries.map((node) => slotsOf(node, isTls)));
    for (const text of shown) {
      const ports = [...text.matchAll(/"127\.0\.0\.1",(\d+)/g)].map(([, port]) => Number(port)).sort();
      assert.deepEqual(ports, primaries.map((node) => (isTls ? node.tls : node.plain)).sort());
    }
  }
  // MOVED as well: foo is in slot 12182, of the third.
  await assert.rejects(house.ask(primaries[0]!.tls, "GET", "foo"), {
    message: `MOVED 12182 127.0.0.1:${primaries[2]!.tls}`,
  });
  await assert.rejects(house.ask(primaries[1]!.tls, "GET", "foo"), {
    message: `MOVED 12182 127.0.0.1:${primaries[2]!.tls}`,
  });

  const [ca, cert, key] = ["ca.crt", "node.crt", "node.key"].map((name) => readFileSync(house.path(name)));
  const client = new Cluster([{ host: "127.0.0.1", port: primaries[0]!.tls }], {
    redisOptions: { tls: { ca, cert, key, checkServerIdentity: () => undefined } },
  });
  house.atEnd(() => client.disconnect());
  await Promise.all(Array.from({ length: 300 }, (_, i) => client.set(`key:${i}`, i)));
  assert.equal(await client.get("key:299"), "299");

  // A replica joins, and takes over.
  await house.ask(
    replica.tls,
    "CLUSTER",
    "MEET",
    "127.0.0.1",
    `${primaries[0]!.tls}`,
    await busPort(house, primaries[0]!),
  );
  const id = String(await house.ask(primaries[0]!.tls, "CLUSTER", "MYID"));
  await until("it to know its primary", async () =>
    String(await house.ask(replica.tls, "CLUSTER", "NODES")).includes(id),
  );
  await until("it to be a replica", async () => (await house.ask(replica.tls, "CLUSTER", "REPLICATE", id)) === "OK");
  await until("it to follow", async () => {
    return (await house.field(replica.tls, "replication", "master_link_status")) === "up";
  });
  await until("the failover", async () => {
    if ((await house.field(replica.tls, "replication", "role")) === "master") return true;
    await house.ask(replica.tls, "CLUSTER", "FAILOVER").catch(() => {});
    return false;
  });
  await until("the old primary to follow", async () => {
    return (await house.field(primaries[0]!.tls, "replication", "master_link_status")) === "up";
  });
  await until("the client to find it", async () => (await client.set("key:0", "again")) === "OK");
});

async function busPort(house: TlsHouse, node: Node): Promise<string> {
  const lines = String(await house.ask(node.tls, "CLUSTER", "NODES")).split("\n");
  return /@(\d+)/.exec(lines.find((line) => line.includes("myself"))!)![1]!;
}
