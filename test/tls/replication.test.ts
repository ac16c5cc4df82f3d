/** Replication over TLS, ours and redis-server's in both roles: full and partial synchronisation, FAILOVER, and what is announced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { freePort, TlsHouse, until } from "./house.ts";

type Kind = "nines" | "redis";

/** A primary and a replica, in step. */
async function pair(house: TlsHouse, primary: Kind, replica: Kind): Promise<[primary: number, replica: number]> {
  const ports: [number, number] = [await freePort(), await freePort()];
  for (const [i, kind] of [primary, replica].entries()) {
    const lines = house.lines(ports[i]!, ...(i === 0 ? [] : [`replicaof 127.0.0.1 ${ports[0]}`]));
    if (kind === "nines") await house.nines(lines);
    else house.redis(lines);
    await house.answers(ports[i]!);
    if (i === 0) await house.ask(ports[0], "MSET", "before", "1", "large", "x".repeat(3_000_000));
  }
  await until("the replica to follow", async () => {
    return (await house.field(ports[1], "replication", "master_link_status")) === "up";
  });
  return ports;
}

for (const [primary, replica] of [
  ["nines", "nines"],
  ["nines", "redis"],
  ["redis", "nines"],
] as const) {
  test(`a ${replica} replica of a ${primary} primary`, needs("redis-server"), async () => {
    await using house = new TlsHouse();
    const [from, to] = await pair(house, primary, replica);
    const connection = house.connect(from);
    await Promise.all(Array.from({ length: 2000 }, (_, i) => connection.call("SET", `k${i}`, "v".repeat(i % 500))));
    assert.equal(await connection.call("WAIT", "1", "5000"), 1);
    assert.equal(await house.ask(to, "DBSIZE"), 2002);
    assert.equal(await house.ask(to, "STRLEN", "large"), 3_000_000);
    assert.match(
      (await house.field(from, "replication", "slave0"))!,
      new RegExp(`ip=127.0.0.1,port=${to},state=online`),
    );

    // The link is cut: it goes on where it was.
    await connection.call("CLIENT", "KILL", "TYPE", "replica");
    await connection.call("SET", "after", "1");
    await until("a partial resynchronisation", async () => (await house.ask(to, "GET", "after")) === "1");
    assert.equal(await house.field(from, "stats", "sync_partial_ok"), "1");

    await connection.call("FAILOVER");
    await until("the roles to change", async () => (await house.field(to, "replication", "role")) === "master");
    await house.ask(to, "SET", "new", "primary");
    await until("the old one to follow", async () => (await house.ask(from, "GET", "new")) === "primary");
  });
}

test("a replica whose certificate nobody vouches for gets nothing, and comes in once it has a good one", async () => {
  await using house = new TlsHouse();
  const { LocalAuthority } = await import("../../src/lab/certificates.ts");
  const { io } = await import("./house.ts");
  house.issue("foreign", new LocalAuthority(io.clock, io.random, "another"));
  const [port, other] = [await freePort(), await freePort()];
  const { server } = await house.nines(house.lines(port));
  const client = ["tls-client-cert-file", house.path("foreign.crt"), "tls-client-key-file", house.path("foreign.key")];
  await house.nines(
    house.lines(other, `replicaof 127.0.0.1 ${port}`, client.slice(0, 2).join(" "), client.slice(2).join(" ")),
  );
  await until("it to be refused", () => server.tls.failedHandshakes > 0);
  assert.equal(await house.field(other, "replication", "master_link_status"), "down");
  await house.ask(other, "CONFIG", "SET", "tls-client-cert-file", "", "tls-client-key-file", "");
  await until("it to follow", async () => {
    return (await house.field(other, "replication", "master_link_status")) === "up";
  });
});

test("MIGRATE speaks TLS with tls-cluster yes", needs("redis-server"), async () => {
  await using house = new TlsHouse();
  const [port, other] = [await freePort(), await freePort()];
  await house.nines(house.lines(port, "tls-cluster yes"));
  house.redis(house.lines(other, "tls-cluster yes"));
  await house.answers(other);
  await house.ask(port, "SET", "k", "v");
  assert.equal(await house.ask(port, "MIGRATE", "127.0.0.1", `${other}`, "k", "0", "5000"), "OK");
  assert.equal(await house.ask(other, "GET", "k"), "v");
  assert.equal(await house.ask(other, "MIGRATE", "127.0.0.1", `${port}`, "k", "0", "5000"), "OK");
  assert.equal(await house.ask(port, "GET", "k"), "v");
});
