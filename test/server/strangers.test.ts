/** Clients that do the server no good: what they cost it, and what others notice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

const MEGABYTE = 1024 * 1024;

test("who reads nothing, and comes back whenever he is thrown out, costs what he may cost once", () =>
  withServer(
    async ({ client, server }) => {
      const other = await client();
      await other.do("SET", "big", "x".repeat(MEGABYTE));
      let most = 0;
      for (let round = 0; round < 4; round++) {
        const greedy = await client();
        greedy.socket.pause();
        greedy.raw(Buffer.concat(Array.from({ length: 40 }, () => encode("GET", "big"))));
        while (server.stats.outputBufferLimitDisconnections === round) {
          await other.line("PING");
          let bytes = server.chunks.freeBytes;
          for (const one of server.clients.byId.values()) bytes += one.reply.size;
          most = Math.max(most, bytes);
        }
      }
      assert.ok(most < 10 * MEGABYTE, `${(most / MEGABYTE).toFixed(1)} MB`);
    },
    { config: "client-output-buffer-limit normal 8mb 0 0\n" },
  ));

test("a quarter of a megabyte of replies, and the others have their turn", () =>
  withServer(async ({ client, server }) => {
    const [greedy, other] = [await client(), await client()];
    await other.do("SET", "big", "x".repeat(100_000));
    const served: string[] = [];
    const run = server.run.bind(server);
    server.run = (connection, args) => {
      served.push(args.at(0).latin1());
      run(connection, args);
    };
    greedy.raw(Buffer.concat(Array.from({ length: 50 }, () => encode("GET", "big"))));
    other.send("PING");
    assert.equal(await other.reply(), "+PONG");
    assert.ok(served.indexOf("PING") <= 7, `PING was number ${served.indexOf("PING")}`);
    for (let i = 0; i < 50; i++) assert.equal((await greedy.reply()).length, 100_002);
  }));

test("what a slow reader is owed already does not slow his next requests down", () =>
  withServer(async ({ client, server }) => {
    const [slow, other] = [await client(), await client()];
    await other.do("SET", "big", "x".repeat(MEGABYTE));
    slow.socket.pause();
    slow.raw(Buffer.concat(Array.from({ length: 12 }, () => encode("GET", "big"))));
    const connection = [...server.clients.byId.values()][0]!;
    while (connection.reply.size < 2 * MEGABYTE) await other.line("PING");
    const pings = Buffer.concat(Array.from({ length: 500 }, () => encode("PING")));
    const bytesIn = connection.bytesIn + pings.length;
    let turns = 0;
    slow.raw(pings);
    for (; connection.bytesIn < bytesIn || connection.reader.pendingBytes > 0; turns++) await other.line("PING");
    assert.ok(turns < 100, `${turns} turns`);
    slow.socket.resume();
    for (let i = 0; i < 12; i++) assert.equal((await slow.reply()).length, MEGABYTE + 2);
    assert.deepEqual(await slow.replies(500), Array(500).fill("+PONG"));
  }));
