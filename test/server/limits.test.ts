import assert from "node:assert/strict";
import { test } from "node:test";
import type { Slice } from "../../src/base/bytes.ts";
import { nodeProcessFacts } from "../../src/io/process-facts.ts";
import { TestClock } from "../../src/io/test-clock.ts";
import { until } from "../until.ts";
import { encode } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

test("an idle client is closed, but not one that listens or monitors, and not before its time", () => {
  const clock = new TestClock();
  return withServer(
    async ({ client, server }) => {
      const [idle, listener, busy, monitor] = [await client(), await client(), await client(), await client()];
      await listener.line("SUBSCRIBE a");
      await monitor.line("MONITOR");
      await idle.line("PING");
      await clock.turn(9_000);
      await busy.line("PING");
      assert.equal(server.clients.count, 4);
      await clock.turn(3_000);
      await idle.ended();
      assert.equal(await busy.line("PING"), "+PONG");
      assert.equal(await listener.line("PING"), '["pong", ""]');
      assert.equal(monitor.closed, false);
    },
    { config: "timeout 10\n", clock },
  );
});

test("CLIENT PAUSE ends by the server's clock", () => {
  const clock = new TestClock();
  return withServer(
    async ({ client }) => {
      const c = await client();
      await c.line("CLIENT PAUSE 60000");
      c.send("PING");
      await clock.turn(59_000);
      assert.equal(c.unread, "");
      await clock.turn(1_500);
      assert.equal(await c.reply(), "+PONG");
    },
    { clock },
  );
});

test("a client that does not read what it asked for is closed at the hard limit", () =>
  withServer(
    async ({ client, server }) => {
      const [reader, c] = [await client(), await client()];
      await c.do("SET", "big", "x".repeat(1_000_000));
      reader.socket.pause();
      for (let i = 0; i < 60; i++) reader.send("GET", "big");
      await until("it to be closed", () => server.stats.outputBufferLimitDisconnections > 0);
      assert.equal(server.clients.count, 1);
    },
    { config: "client-output-buffer-limit normal 20mb 0 0\n" },
  ));

test("a subscriber that does not keep up is closed at the hard limit", () =>
  withServer(
    async ({ client, server }) => {
      const [slow, sender] = [await client(), await client()];
      await slow.line("SUBSCRIBE a");
      slow.socket.pause();
      const { socket } = [...server.clients.byId.values()].find((one) => one.subscriptions > 0)!;
      const message = "x".repeat(500_000);
      while (server.stats.outputBufferLimitDisconnections === 0) await sender.do("PUBLISH", "a", message);
      assert.equal(await sender.do("PUBLISH", "a", "now"), ":0");
      // It reads nothing, so what waits for it must not be waited for.
      assert.ok(socket.fd < 0, "the socket is open still");
    },
    { config: "client-output-buffer-limit pubsub 4mb 0 0\n" },
  ));

test("beyond the soft limit a client has some time", () => {
  const clock = new TestClock();
  return withServer(
    async ({ client, server }) => {
      const [reader, c] = [await client(), await client()];
      await c.do("SET", "big", "x".repeat(1_000_000));
      reader.socket.pause();
      for (let i = 0; i < 30; i++) reader.send("GET", "big");
      await until("much to wait", () => [...server.clients.byId.values()].some((one) => one.outputBytes > 5_000_000));
      await clock.turn(9_000);
      assert.equal(server.stats.outputBufferLimitDisconnections, 0);
      await clock.turn(3_000);
      assert.equal(server.stats.outputBufferLimitDisconnections, 1);
    },
    { config: "client-output-buffer-limit normal 0 5mb 10\n", clock },
  );
});

test("what MULTI queues counts as input", () =>
  withServer(
    async ({ client, server }) => {
      const c = await client();
      await c.line("MULTI");
      for (let i = 0; i < 10; i++) assert.equal(await c.do("SET", "k", "x".repeat(100_000)), "+QUEUED");
      c.send("SET", "k", "x".repeat(100_000));
      await c.ended();
      assert.equal(server.stats.queryBufferLimitDisconnections, 1);
    },
    { config: "client-query-buffer-limit 1mb\n" },
  ));

test("maxmemory: writes are refused, reads and deletions are not", () =>
  withServer(
    async ({ client }) => {
      const c = await client();
      let refused = "";
      for (let i = 0; i < 50 && refused === ""; i++) {
        const reply = await c.do("SET", `k${i}`, "x".repeat(100_000));
        if (reply !== "+OK") refused = reply;
      }
      assert.equal(refused, "-OOM command not allowed when used memory > 'maxmemory'.");
      assert.equal((await c.line("GET k0")).length, 100_002);
      assert.equal(await c.line("DEL k0 k1 k2 k3 k4"), ":5");
      assert.equal(await c.line("SET small 1"), "+OK");
    },
    { config: "maxmemory 2mb\nmaxmemory-policy noeviction\n" },
  ));

test("what is evicted leaves as lazyfree-lazy-eviction says, what expires as lazyfree-lazy-expire says", () =>
  withServer(
    async ({ client, server }) => {
      const removed = new Map<string, unknown>();
      server.outcomes.words = (_db, [word, key]) => void removed.set((key as Slice).latin1(), word);
      const c = await client();
      await c.line("SET brief 1 PX 1");
      await new Promise((resolve) => setTimeout(resolve, 5));
      await c.line("GET brief");
      assert.deepEqual([...removed], [["brief", "DEL"]]);
      for (let i = 0; i < 50; i++) await c.do("SET", `k${i}`, "x".repeat(100_000));
      removed.delete("brief");
      assert.ok(removed.size > 0);
      assert.deepEqual(new Set(removed.values()), new Set(["UNLINK"]));
    },
    { config: "maxmemory 2mb\nmaxmemory-policy allkeys-lru\nlazyfree-lazy-eviction yes\n" },
  ));

test("a replica sees to its own memory only if replica-ignore-maxmemory says no", () =>
  withServer(
    async ({ client }) => {
      const c = await client();
      await c.line("REPLICAOF 127.0.0.1 1");
      assert.equal(await c.line("SET k v"), "+OK");
      await c.line("CONFIG SET replica-ignore-maxmemory no");
      assert.equal(await c.line("SET k v"), "-OOM command not allowed when used memory > 'maxmemory'.");
      await c.line("CONFIG SET maxmemory-policy allkeys-random");
      await c.line("PING");
      assert.equal(await c.line("DBSIZE"), ":0");
    },
    { config: "replica-read-only no\nmaxmemory 1\n" },
  ));

test("maxclients is no more than there are file descriptors for", () => {
  const facts = { ...nodeProcessFacts(), openFiles: 1000 };
  return withServer(
    async ({ client, log }) => {
      const c = await client();
      assert.equal(await c.line("CONFIG GET maxclients"), '["maxclients", "936"]');
      assert.match(log.join("\n"), /You requested maxclients of 10000 .* maxclients has been reduced to 936/);
      assert.match(await c.line("CONFIG SET maxclients 5000"), /not able to handle .* clients, try with 936/);
      assert.equal(await c.line("CONFIG SET maxclients 100"), "+OK");
    },
    { facts },
  );
});

test("a pipeline of large replies lets others have their turn, and is answered whole and in order", () =>
  withServer(async ({ client, server }) => {
    const [greedy, other] = [await client(), await client()];
    await other.do("SET", "big", "x".repeat(600_000));
    const served: string[] = [];
    const run = server.run.bind(server);
    server.run = (connection, args) => {
      served.push(args.at(0).latin1());
      run(connection, args);
    };
    // Both lie there when the server looks next.
    const requests = Array.from({ length: 10 }, (_, i) => [encode("GET", "big"), encode("ECHO", `${i}`)]).flat();
    greedy.raw(Buffer.concat(requests));
    other.send("PING");
    assert.equal(await other.reply(), "+PONG");
    assert.ok(served.indexOf("PING") < 18, `PING was number ${served.indexOf("PING")}`);
    for (let i = 0; i < 10; i++) {
      assert.equal((await greedy.reply()).length, 600_002);
      assert.equal(await greedy.reply(), `"${i}"`);
    }
  }));
