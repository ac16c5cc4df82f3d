/** MIGRATE between two servers: large values, what happens meanwhile, what fails. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { until } from "../until.ts";
import { withServer } from "./with-server.ts";

const numbers = Array.from({ length: 100_000 }, (_, i) => i);

test("a large value arrives whole, and reads are answered meanwhile", () =>
  withServer(async (from) =>
    withServer(async (to) => {
      const [one, other, there] = [await from.client(), await from.client(), await to.client()];
      for (let at = 0; at < numbers.length; at += 10_000) {
        await one.do("SADD", "set", ...numbers.slice(at, at + 10_000).map((i) => `member ${i}`));
        await one.do("RPUSH", "list", ...numbers.slice(at, at + 10_000));
      }
      await one.do("SET", "small", "x", "PX", "100000");
      const digests = await one.do("DEBUG", "DIGEST-VALUE", "set", "list", "small");
      let answered = 0;
      let done = false;
      const migrated = one
        .do("MIGRATE", "127.0.0.1", String(to.port), "", "0", "20000", "KEYS", "set", "list", "nosuch", "small")
        .finally(() => {
          done = true;
        });
      for (; !done; answered++) assert.match(await other.do("EXISTS", "set"), /^:[01]$/);
      assert.equal(await migrated, "+OK");
      assert.ok(answered > 5, `${answered} reads`);
      assert.equal(await one.do("DBSIZE"), ":0");
      assert.equal(await there.do("DEBUG", "DIGEST-VALUE", "set", "list", "small"), digests);
      assert.match(await there.do("PTTL", "small"), /^:\d{5}$/);
    }),
  ));

test("writes wait for it, and two at a time wait for both", () =>
  withServer(async (from) =>
    withServer(async (to) => {
      const [one, two, writer] = [await from.client(), await from.client(), await from.client()];
      await one.do("SET", "a", "1");
      await one.do("SET", "b", "2");
      const first = one.do("MIGRATE", "127.0.0.1", String(to.port), "a", "0", "5000");
      const second = two.do("MIGRATE", "127.0.0.1", String(to.port), "b", "0", "5000");
      assert.equal(await writer.do("INCR", "a"), ":1");
      assert.deepEqual(await Promise.all([first, second]), ["+OK", "+OK"]);
      assert.equal(from.server.pause.mode, null);
    }),
  ));

test("where nobody listens nothing is deleted, and writes go on", () =>
  withServer(async ({ client, server }) => {
    const one = await client();
    await one.do("SET", "a", "1");
    assert.match(await one.do("MIGRATE", "127.0.0.1", "1", "a", "0", "500"), /^-IOERR/);
    assert.equal(await one.do("INCR", "a"), ":2");
    assert.equal(server.pause.mode, null);
  }));

test("a key that is there already is refused, the others are moved", () =>
  withServer(async (from) =>
    withServer(async (to) => {
      const [one, there] = [await from.client(), await to.client()];
      for (const key of ["a", "b", "c"]) await one.do("SET", key, "1");
      await there.do("SET", "b", "mine");
      const reply = await one.do("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", "a", "b", "c");
      assert.match(reply, /^-ERR Target instance replied with error: BUSYKEY/);
      assert.equal(await one.do("EXISTS", "a", "b", "c"), ":1");
      assert.equal(await there.do("GET", "b"), '"mine"');
    }),
  ));

const UNDELAYED = { config: "repl-diskless-sync-delay 0\n" };

/** A server that says OK to everything, but to RESTORE only when it is told to. */
async function slowTarget() {
  const sockets = new Set<Socket>();
  let restored: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    restored = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      if (/RESTORE/.test(bytes.toString("latin1"))) restored();
      else socket.write("+OK\r\n");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    sockets,
    answer() {
      for (const socket of sockets) socket.write("+OK\r\n");
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("what a full sync brought meanwhile stays", () =>
  withServer(async (from) => {
    await withServer(async (primary) => {
      using target = await slowTarget();
      const [one, other, there] = [await from.client(), await from.client(), await primary.client()];
      await one.do("SET", "a", "old");
      await there.do("SET", "a", "new");
      const migrated = one.do("MIGRATE", "127.0.0.1", String(target.port), "a", "0", "10000");
      await target.asked;
      await other.do("REPLICAOF", "127.0.0.1", String(primary.port));
      const follows = async () => /master_link_status:up/.test(await other.do("INFO", "replication"));
      await until("the copy to be there", follows);
      target.answer();
      assert.match(await migrated, /^-UNBLOCKED/);
      assert.equal(await other.do("GET", "a"), '"new"');
      assert.equal(from.server.pause.mode, null);
    }, UNDELAYED);
  }));

test("it ends with the server", async () => {
  using target = await slowTarget();
  await withServer(async (from) => {
    const one = await from.client();
    await one.do("SET", "a", "1");
    one.do("MIGRATE", "127.0.0.1", String(target.port), "a", "0", "100000").catch(() => {});
    await target.asked;
  });
  await until("it to be gone", () => target.sockets.size === 0);
});

test("it goes on when its client has gone", () =>
  withServer(async (from) => {
    using target = await slowTarget();
    const [one, other] = [await from.client(), await from.client()];
    await one.do("SET", "a", "1");
    one.do("MIGRATE", "127.0.0.1", String(target.port), "a", "0", "10000").catch(() => {});
    await target.asked;
    one.socket.destroy();
    await until("the server to know", () => from.server.clients.count === 1);
    target.answer();
    await until("the key to have moved", async () => (await other.do("EXISTS", "a")) === ":0");
    assert.equal(from.server.pause.mode, null);
  }));
