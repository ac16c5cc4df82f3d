import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../src/io/test-clock.ts";
import { withServer } from "./with-server.ts";

const scripts: [what: string, steps: [line: string, reply: string][]][] = [
  [
    "EXEC answers what the commands answered, errors included",
    [
      ["MULTI", "+OK"],
      ["SET a x", "+QUEUED"],
      ["INCR a", "+QUEUED"],
      ["GET a", "+QUEUED"],
      ["EXEC", '[+OK, -ERR value is not an integer or out of range, "x"]'],
    ],
  ],
  [
    "a command that cannot be queued spoils the transaction",
    [
      ["MULTI", "+OK"],
      ["SET a", "-ERR wrong number of arguments for 'set' command"],
      ["SET a 1", "+QUEUED"],
      ["EXEC", "-EXECABORT Transaction discarded because of previous errors."],
      ["GET a", "$-1"],
    ],
  ],
  [
    "what does not go inside MULTI",
    [
      ["MULTI", "+OK"],
      ["MULTI", "-ERR MULTI calls can not be nested"],
      ["WATCH a", "-ERR WATCH inside MULTI is not allowed"],
      ["DISCARD", "+OK"],
      ["DISCARD", "-ERR DISCARD without MULTI"],
      ["EXEC", "-ERR EXEC without MULTI"],
    ],
  ],
  [
    "a watched key that the client itself changes",
    [
      ["WATCH a", "+OK"],
      ["SET a 1", "+OK"],
      ["MULTI", "+OK"],
      ["GET a", "+QUEUED"],
      ["EXEC", "*-1"],
      ["MULTI", "+OK"],
      ["GET a", "+QUEUED"],
      ["EXEC", '["1"]'],
    ],
  ],
  [
    "UNWATCH and DISCARD forget",
    [
      ["WATCH a", "+OK"],
      ["SET a 1", "+OK"],
      ["UNWATCH", "+OK"],
      ["MULTI", "+OK"],
      ["EXEC", "[]"],
      ["WATCH a", "+OK"],
      ["MULTI", "+OK"],
      ["DISCARD", "+OK"],
      ["SET a 2", "+OK"],
      ["MULTI", "+OK"],
      ["EXEC", "[]"],
    ],
  ],
  [
    "a key that was missing and is missing still has not changed by FLUSHALL",
    [
      ["WATCH a", "+OK"],
      ["FLUSHALL", "+OK"],
      ["MULTI", "+OK"],
      ["EXEC", "[]"],
      ["SET a 1", "+OK"],
      ["WATCH a", "+OK"],
      ["FLUSHALL", "+OK"],
      ["MULTI", "+OK"],
      ["EXEC", "*-1"],
    ],
  ],
  [
    "SELECT inside of a transaction lasts",
    [
      ["MULTI", "+OK"],
      ["SELECT 3", "+QUEUED"],
      ["SET a 3", "+QUEUED"],
      ["EXEC", "[+OK, +OK]"],
      ["GET a", '"3"'],
    ],
  ],
];
for (const [what, steps] of scripts)
  test(what, () =>
    withServer(async ({ client }) => {
      const c = await client();
      for (const [line, reply] of steps) assert.equal(await c.line(line), reply, line);
    }),
  );

for (const [how, change] of [
  ["SET", "SET a 2"],
  ["DEL", "DEL a"],
  ["EXPIRE", "EXPIRE a 100"],
  ["SWAPDB", "SWAPDB 0 1"],
  ["FLUSHDB", "FLUSHDB"],
] as const)
  test(`a watched key changed by another client's ${how}: EXEC does nothing`, () =>
    withServer(async ({ client }) => {
      const [c, other] = [await client(), await client()];
      await c.line("SET a 1");
      await c.line("WATCH a");
      await other.line(change);
      await c.line("MULTI");
      await c.line("SET b 1");
      assert.equal(await c.line("EXEC"), "*-1");
      assert.equal(await c.line("EXISTS b"), ":0");
    }));

test("a watched key that expires", () => {
  const clock = new TestClock();
  return withServer(
    async ({ client }) => {
      const c = await client();
      await c.line("SET a 1 PX 20");
      await c.line("WATCH a");
      await clock.turn(21);
      await c.line("MULTI");
      await c.line("PING");
      assert.equal(await c.line("EXEC"), "*-1");
    },
    { clock },
  );
});

test("nothing comes between the commands of a transaction", () =>
  withServer(async ({ client }) => {
    const [c, other] = [await client(), await client()];
    c.send("MULTI");
    for (let i = 0; i < 100; i++) c.send("INCR", "n");
    for (let i = 0; i < 100; i++) other.send("GET", "n");
    c.send("EXEC");
    await c.replies(102);
    for (const seen of await other.replies(100)) assert.ok(seen === "$-1" || seen === '"100"', seen);
  }));

test("what was queued before the data became stale is not read any more", () =>
  withServer(
    async ({ client }) => {
      const [c, other] = [await client(), await client()];
      await c.line("MULTI");
      await c.line("GET a");
      await other.line("REPLICAOF 127.0.0.1 1");
      const stale = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
      assert.equal(await other.line("GET a"), `-${stale}`);
      assert.equal(await c.line("EXEC"), `-EXECABORT Transaction discarded because of: ${stale}`);
    },
    { config: "replica-serve-stale-data no\n" },
  ));

test("the commands of a transaction are given the time that they took", () =>
  withServer(async ({ client, server }) => {
    const c = await client();
    c.send("MULTI");
    for (let i = 0; i < 2000; i++) c.send("SET", "k", i);
    c.send("EXEC");
    await c.replies(2002);
    const [set, exec] = ["set", "exec"].map((name) => server.table.get(name)!.stats);
    assert.equal(set!.calls, 2000);
    assert.ok(set!.micros > 50, `2000 SETs in ${set!.micros} us`);
    assert.ok(exec!.micros > set!.micros, `EXEC took ${exec!.micros} us, what it ran ${set!.micros} us`);
  }));
