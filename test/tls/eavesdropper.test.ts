/**
 * Nothing of what is stored, and no password, can be read on any link: clients, replication, Sentinels among each other and to the
 * servers, the cluster bus. All nodes announce ports at which somebody writes down every byte, through a failover as well.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RedisConnection } from "../../src/client/connection.ts";
import type { Io } from "../../src/io/io.ts";
import { Eavesdropper } from "./eavesdropper.ts";
import { freePort, io, TlsHouse, until } from "./house.ts";

const WORDS = [
  "secretpassword",
  "sentinelpassword",
  "secretkey",
  "secretvalue",
  "secretchannel",
  "mymaster",
  "REPLCONF",
  "PSYNC",
  "__sentinel__",
  "is-master-down",
];

for (const tls of [true, false]) {
  test(`a Sentinel group ${tls ? "with TLS says nothing" : "without TLS says all of it, so that this test can hear"}`, {
    timeout: 40_000,
  }, async () => {
    await using house = new TlsHouse();
    const ear = new Eavesdropper();
    house.atEnd(() => ear.close());
    const link = tls ? house.secureIo() : io;
    const lines = (port: number, ...more: string[]) =>
      tls ? house.lines(port, ...more) : [`port ${port}`, "bind 127.0.0.1", `dir ${house.folder}`, ...more];
    const passwords = ["requirepass secretpassword", "masterauth secretpassword"];
    const shown: number[] = [];
    const servers = [];
    for (let i = 0; i < 3; i++) {
      const port = await freePort();
      shown.push(await ear.between(port));
      const announce = ["replica-announce-ip 127.0.0.1", `replica-announce-port ${shown[i]}`];
      const follow = i === 0 ? [] : [`replicaof 127.0.0.1 ${shown[0]}`];
      servers.push((await house.nines(lines(port, ...passwords, ...announce, ...follow))).server);
    }
    const primary = await RedisConnection.open(link, at(shown[0]!), { password: "secretpassword" });
    house.atEnd(() => primary.close());
    for (let i = 0; i < 100; i++) await primary.call("SET", `secretkey:${i}`, `secretvalue ${"x".repeat(i * 10)}`);
    assert.equal(await primary.call("WAIT", "2", "10000"), 2);
    const sentinels: number[] = [];
    for (let i = 0; i < 3; i++) {
      const port = await freePort();
      sentinels.push(await ear.between(port));
      await house.nines(
        lines(
          port,
          "requirepass sentinelpassword",
          "sentinel announce-ip 127.0.0.1",
          `sentinel announce-port ${sentinels[i]}`,
          `sentinel monitor mymaster 127.0.0.1 ${shown[0]} 2`,
          "sentinel auth-pass mymaster secretpassword",
          "sentinel down-after-milliseconds mymaster 1000",
        ),
        "sentinel",
      );
    }
    const asking = await Promise.all(
      sentinels.map((port) => RedisConnection.open(link, at(port), { password: "sentinelpassword" })),
    );
    for (const connection of asking) house.atEnd(() => connection.close());
    for (const connection of asking)
      await until("the Sentinels to know each other", async () => {
        const words = (await connection.call("SENTINEL", "MASTER", "mymaster")) as string[];
        const field = (name: string) => words[words.indexOf(name) + 1];
        return field("num-other-sentinels") === "2" && field("num-slaves") === "2";
      });
    await primary.call("PUBLISH", "secretchannel", "secretvalue");
    const was = await told(asking[0]!);
    await servers[0]!.stop();
    await until("another primary", async () => (await told(asking[0]!)) !== was && (await told(asking[1]!)) !== was);
    const next = Number(/,(\d+)$/.exec(await told(asking[0]!))![1]);
    assert.ok(shown.includes(next), "the address that is announced");
    const now = await RedisConnection.open(link, at(next), { password: "secretpassword" });
    house.atEnd(() => now.close());
    assert.equal(await now.call("STRLEN", "secretkey:99"), "secretvalue ".length + 990);

    assert.ok(ear.connections > 15 && ear.bytes > 100_000, `${ear.connections} connections, ${ear.bytes} bytes`);
    assert.deepEqual(ear.heard(WORDS), tls ? [] : WORDS);
  });
}

async function told(sentinel: RedisConnection): Promise<string> {
  return String(await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"));
}

function at(port: number): { host: string; port: number } {
  return { host: "127.0.0.1", port };
}

const BUS_WORDS = ["RCmb", "secretpassword", "secretkey", "secretvalue", "secretchannel", "REPLCONF"];

for (const tls of [true, false]) {
  test(`a cluster ${tls ? "with TLS says nothing, its bus included" : "without TLS"}`, {
    timeout: 40_000,
  }, async () => {
    await using house = new TlsHouse();
    const ear = new Eavesdropper();
    house.atEnd(() => ear.close());
    const link: Io = tls ? house.secureIo() : io;
    const ports: number[] = [];
    const buses: number[] = [];
    const connections: RedisConnection[] = [];
    for (let i = 0; i < 4; i++) {
      const [port, bus] = [await freePort(), await freePort()];
      ports.push(await ear.between(port));
      buses.push(await ear.between(bus));
      const announced = tls ? "cluster-announce-tls-port" : "cluster-announce-port";
      const more = [
        ...["cluster-enabled yes", `cluster-config-file nodes-${port}.conf`, `cluster-port ${bus}`],
        ...[`${announced} ${ports[i]}`, `cluster-announce-bus-port ${buses[i]}`, "cluster-announce-ip 127.0.0.1"],
        ...["requirepass secretpassword", "masterauth secretpassword", "cluster-node-timeout 2000"],
      ];
      const plain = [`port ${port}`, "bind 127.0.0.1", `dir ${house.folder}`, ...more];
      await house.nines(tls ? house.lines(port, "tls-cluster yes", ...more) : plain);
      connections.push(await RedisConnection.open(link, at(ports[i]!), { password: "secretpassword" }));
      const last = connections[i]!;
      house.atEnd(() => last.close());
    }
    const [first, second, third, replica] = connections as [
      RedisConnection,
      RedisConnection,
      RedisConnection,
      RedisConnection,
    ];
    await first.call("CLUSTER", "ADDSLOTSRANGE", 0, 5460);
    await second.call("CLUSTER", "ADDSLOTSRANGE", 5461, 10922);
    await third.call("CLUSTER", "ADDSLOTSRANGE", 10923, 16383);
    for (let i = 1; i < 4; i++) await first.call("CLUSTER", "MEET", "127.0.0.1", ports[i]!, buses[i]!);
    for (const connection of connections)
      await until("the cluster to serve", async () => {
        const info = String(await connection.call("CLUSTER", "INFO"));
        return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:4");
      });
    await replica.call("CLUSTER", "REPLICATE", String(await third.call("CLUSTER", "MYID")));
    await until("the replica to follow", async () =>
      String(await replica.call("INFO", "replication")).includes("link_status:up"),
    );
    await third.call("SET", "secretkey{foo}", "secretvalue");
    assert.equal(await third.call("WAIT", "1", "5000"), 1);
    await first.call("PUBLISH", "secretchannel", "secretvalue");
    await until("the bus to be used", () => ear.connections >= 16 && ear.bytes > 30_000);
    assert.deepEqual(ear.heard(BUS_WORDS), tls ? [] : BUS_WORDS);
  });
}
