/** `maxmemory-clients`: who is closed when clients cost too much, and who is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RespClient } from "./resp-client.ts";
import { type TestServer, withServer } from "./with-server.ts";

const MB = 1024 * 1024;
const LIMITED = { config: "maxmemory-clients 3mb\n" };

/** A request of which only so many bytes of the last word have come. */
const part = (bytes: number) =>
  Buffer.concat([Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${bytes + 1}\r\n`), Buffer.alloc(bytes)]);

async function named(lab: TestServer, name: string): Promise<RespClient> {
  const client = await lab.client();
  await client.do("CLIENT", "SETNAME", name);
  return client;
}

const evicted = ({ server }: TestServer) => server.eviction.evicted;

test("a client whose request grows beyond the limit is closed, and others are not", () =>
  withServer(async (lab) => {
    const [one, witness] = [await named(lab, "one"), await named(lab, "witness")];
    one.raw(part(4 * MB));
    await one.ended();
    assert.equal(await witness.line("PING"), "+PONG");
    assert.equal(evicted(lab), 1);
    assert.match(await witness.line("INFO stats"), /evicted_clients:1\\r\\n/);
    assert.match(lab.log.join("\n"), /Evicting client: id=\d+ addr=.* name=one /);
  }, LIMITED));

test("the heaviest goes first, and no more than must", () =>
  withServer(
    async (lab) => {
      const clients = await Promise.all([1, 2, 3].map((i) => named(lab, `c${i}`)));
      const sizes = [200_000, 600_000, 400_000];
      for (const [i, client] of clients.entries()) client.raw(part(sizes[i]!));
      const witness = await named(lab, "witness");
      await witness.line("PING");
      assert.equal(evicted(lab), 0);
      const total = [...lab.server.clients.byId.values()].length;
      await witness.do("CONFIG", "SET", "maxmemory-clients", String(1_700_000));
      await clients[1]!.ended();
      assert.equal(await witness.line("PING"), "+PONG");
      assert.equal(lab.server.clients.count, total - 1);
      assert.equal(clients[0]!.closed || clients[2]!.closed, false);
    },
    { config: "maxmemory-clients 5mb\n" },
  ));

test("CLIENT NO-EVICT ON keeps a client, whatever it costs", () =>
  withServer(async (lab) => {
    const [kept, other] = [await named(lab, "kept"), await named(lab, "other")];
    await kept.line("CLIENT NO-EVICT ON");
    kept.raw(part(4 * MB));
    await other.ended();
    assert.equal(kept.closed, false);
    assert.equal(lab.server.clients.count, 1);
  }, LIMITED));

test("a large reply that leaves is no reason", () =>
  withServer(async (lab) => {
    const one = await named(lab, "one");
    await one.line("CONFIG SET maxmemory-clients 0");
    await one.do("SET", "big", "x".repeat(1_000_000));
    await one.line("CONFIG SET maxmemory-clients 900000");
    for (let i = 0; i < 5; i++) assert.equal((await one.line("GET big")).length, 1_000_002);
    assert.equal(evicted(lab), 0);
  }));

test("replies that are not read, names of keys watched and of channels listened to count", () =>
  withServer(async (lab) => {
    const [owed, watching, listening] = await Promise.all(["owed", "watching", "listening"].map((n) => named(lab, n)));
    const witness = await named(lab, "witness");
    await witness.do("SET", "big", "x".repeat(MB));
    owed!.socket.pause();
    for (let i = 0; i < 20; i++) owed!.send("GET", "big");
    for (let i = 0; i < 2; i++) watching!.send("WATCH", ...Array.from({ length: 10_000 }, (_, j) => `key:${i}:${j}`));
    listening!.send("SUBSCRIBE", ...Array.from({ length: 20_000 }, (_, j) => `channel:${j}`));
    const until = Date.now() + 5000;
    while (evicted(lab) < 3 && Date.now() < until) await witness.line("PING");
    assert.equal(evicted(lab), 3);
    assert.equal(lab.server.clients.count, 1);
  }, LIMITED));

test("a percentage is one of maxmemory, and follows it", () =>
  withServer(
    async (lab) => {
      const [one, witness] = [await named(lab, "one"), await named(lab, "witness")];
      one.raw(part(4 * MB));
      await witness.line("PING");
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(one.closed, false);
      await witness.line("CONFIG SET maxmemory 40mb");
      await one.ended();
      assert.equal(await witness.line("CONFIG GET maxmemory-clients"), '["maxmemory-clients", "5%"]');
    },
    { config: "maxmemory-clients 5%\n" },
  ));
