/** All at once: every link TLS with certificates on both sides, every login a user that may do what it needs and no more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RedisConnection } from "../../src/client/connection.ts";
import { SENTINEL_USERS, SERVER_USERS } from "../acl/guarded-group.ts";
import { freePort, type NinesServer, TlsHouse, until } from "./house.ts";

const FOLLOWING = ["masteruser follower", "masterauth follows", "tls-auth-clients yes"];

/** Asks as the one user that may do everything. */
function asking(house: TlsHouse): (port: number, ...words: (string | number)[]) => Promise<unknown> {
  const link = house.secureIo();
  return async (port, ...words) => {
    const login = { username: "admin", password: "admin", timeoutMs: 5000 };
    const connection = new RedisConnection(link, { host: "127.0.0.1", port }, login);
    try {
      return await connection.call(...(words as [string]));
    } finally {
      connection.close();
    }
  };
}

test("a Sentinel group survives its primary, and hands over when asked", { timeout: 60_000 }, async () => {
  await using house = new TlsHouse();
  const ask = asking(house);
  const ports = [await freePort(), await freePort(), await freePort()];
  const servers: NinesServer[] = [];
  for (const [i, port] of ports.entries()) {
    const follow = i === 0 ? [] : [`replicaof 127.0.0.1 ${ports[0]}`];
    servers.push(await house.nines(house.lines(port, ...SERVER_USERS, ...FOLLOWING, ...follow)));
  }
  assert.equal(await ask(ports[0]!, "SET", "key", "1"), "OK");
  const sentinels = [await freePort(), await freePort(), await freePort()];
  for (const port of sentinels) {
    const lines = [
      ...["monitor mymaster 127.0.0.1 PORT 2", "auth-user mymaster guard", "auth-pass mymaster guards"],
      ...["sentinel-user peer", "sentinel-pass peers", "down-after-milliseconds mymaster 800"],
      "failover-timeout mymaster 6000",
    ].map((line) => `sentinel ${line.replace("PORT", `${ports[0]}`)}`);
    await house.nines(house.lines(port, ...SENTINEL_USERS, "tls-auth-clients yes", ...lines), "sentinel");
  }
  const named = async () => {
    const all = await Promise.all(
      sentinels.map((port) => ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")),
    );
    const found = new Set(all.map((address) => Number((address as string[])[1])));
    return found.size === 1 ? [...found][0]! : 0;
  };
  await until("the Sentinels to know all", async () => {
    const shown = await Promise.all(sentinels.map((port) => ask(port, "SENTINEL", "MASTER", "mymaster")));
    return shown.every((words) => {
      const field = (name: string) => (words as string[])[(words as string[]).indexOf(name) + 1];
      return field("num-other-sentinels") === "2" && field("num-slaves") === "2";
    });
  });

  await servers[0]!.server.stop();
  await until("another primary", async () => ![0, ports[0]].includes(await named()));
  const second = await named();
  const third = ports.find((port) => port !== ports[0] && port !== second)!;
  await until("it to write", async () => (await ask(second, "SET", "key", "2")) === "OK");
  await until("the other to follow", async () => String(await ask(third, "GET", "key")) === "2");

  await until("the handing over", async () => (await ask(sentinels[0]!, "SENTINEL", "FAILOVER", "mymaster")) === "OK");
  await until("the third to be primary", async () => (await named()) === third);
  await until("it to write", async () => (await ask(third, "SET", "key", "3")) === "OK");
  await until("the second to follow", async () => String(await ask(second, "GET", "key")) === "3");
});

test("a cluster of three shards survives a primary, and hands over when asked", { timeout: 60_000 }, async () => {
  await using house = new TlsHouse();
  const ask = asking(house);
  const nodes: { port: number; node: NinesServer; id: string }[] = [];
  const buses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const [port, bus] = [await freePort(), await freePort()];
    const cluster = [`cluster-config-file nodes-${port}.conf`, `cluster-port ${bus}`, "cluster-node-timeout 2000"];
    const lines = [...SERVER_USERS, ...FOLLOWING, "tls-cluster yes", "cluster-enabled yes", ...cluster];
    const node = await house.nines(house.lines(port, ...lines));
    nodes.push({ port, node, id: String(await ask(port, "CLUSTER", "MYID")) });
    buses.push(bus);
  }
  const primaries = nodes.slice(0, 3);
  for (const [i, { port }] of primaries.entries()) {
    const [from, to] = [Math.floor((16384 * i) / 3), Math.floor((16384 * (i + 1)) / 3) - 1];
    await ask(port, "CLUSTER", "ADDSLOTSRANGE", from, to);
  }
  for (let i = 1; i < 6; i++) await ask(nodes[0]!.port, "CLUSTER", "MEET", "127.0.0.1", nodes[i]!.port, buses[i]!);
  for (const [i, { port }] of nodes.slice(3).entries())
    await until("it to be a replica", async () => {
      return (await ask(port, "CLUSTER", "REPLICATE", primaries[i]!.id)) === "OK";
    });
  const up = async (port: number) => String(await ask(port, "INFO", "replication")).includes("master_link_status:up");
  for (const { port } of nodes.slice(3)) await until("it to follow", () => up(port));
  for (const { port } of nodes)
    await until("it to serve", async () => String(await ask(port, "CLUSTER", "INFO")).includes("cluster_state:ok"));

  // "foo" is in slot 12182, of the third; "bar" in 5061, of the first.
  assert.equal(await ask(primaries[2]!.port, "SET", "foo", "1"), "OK");
  await until("the replica to have it", async () => String(await ask(nodes[5]!.port, "DBSIZE")) === "1");
  await primaries[2]!.node.server.stop();
  await until("the replica to serve", async () => (await ask(nodes[5]!.port, "INCR", "foo")) === 2);

  assert.equal(await ask(primaries[0]!.port, "SET", "bar", "1"), "OK");
  await until("the handing over to be begun", async () => (await ask(nodes[3]!.port, "CLUSTER", "FAILOVER")) === "OK");
  await until("the other to serve", async () => (await ask(nodes[3]!.port, "INCR", "bar")) === 2);
  await until("the former primary to follow", () => up(primaries[0]!.port));
});
