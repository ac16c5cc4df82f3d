/** The clients that people use, over TLS with mutual authentication, and all that passes a socket: pipelines, large values, pushes, limits. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { needsRedisCli, needsRedisPy, PYTHON } from "../peers.ts";
import { freePort, type NinesServer, TlsHouse, until } from "./house.ts";

const run = promisify(execFile);

async function withTlsServer(
  work: (house: TlsHouse, port: number, nines: NinesServer) => Promise<void>,
  ...lines: string[]
): Promise<void> {
  await using house = new TlsHouse();
  const port = await freePort();
  await work(house, port, await house.nines(house.lines(port, ...lines)));
}

function pems(house: TlsHouse): { ca: Buffer; cert: Buffer; key: Buffer } {
  const [ca, cert, key] = ["ca.crt", "node.crt", "node.key"].map((name) => readFileSync(house.path(name)));
  return { ca: ca!, cert: cert!, key: key! };
}

test("redis-cli --tls: commands, --pipe, --bigkeys, --rdb", needsRedisCli(), () =>
  withTlsServer(async (house, port) => {
    assert.equal(await house.redisCli(port, "SET", "greeting", "hello"), "OK");
    assert.equal(await house.redisCli(port, "GET", "greeting"), "hello");
    const many = house.write(
      "many.txt",
      Array.from({ length: 5000 }, (_, i) => `SET k${i} ${"v".repeat(50)}\r\n`).join(""),
    );
    const piped = await run("sh", ["-c", `redis-cli ${house.cli.join(" ")} -p ${port} --pipe < ${many}`]);
    assert.match(piped.stdout, /errors: 0, replies: 5000/);
    assert.match(await house.redisCli(port, "--bigkeys"), /Sampled 5001 keys/);
    const dump = await run("redis-cli", [...house.cli, "-p", `${port}`, "--rdb", house.path("copy.rdb")]);
    assert.match(dump.stderr + dump.stdout, /Transfer finished with success/);
  }),
);

test("redis-cli without TLS, and with a certificate that nobody vouches for, gets nothing", needsRedisCli(), () =>
  withTlsServer(async (house, port) => {
    await assert.rejects(run("redis-cli", ["-p", `${port}`, "PING"]));
    await assert.rejects(run("redis-cli", ["-p", `${port}`, "--tls", "--insecure", "PING"]));
    assert.equal(await house.redisCli(port, "PING"), "PONG");
  }),
);

test("redis-py", { ...needsRedisPy(), timeout: 30_000 }, () =>
  withTlsServer(async (house, port) => {
    const { stdout } = await run(PYTHON, [join(import.meta.dirname, "redis_py_tls.py"), `${port}`, house.folder]);
    assert.equal(stdout.trim(), "OK");
  }),
);

test("ioredis: pipelines, transactions, values of many sizes, pub/sub", () =>
  withTlsServer(async (house, port) => {
    const options = { port, tls: pems(house), lazyConnect: true };
    const [redis, listener] = [new Redis(options), new Redis(options)];
    for (const client of [redis, listener]) house.atEnd(() => client.disconnect());
    await Promise.all([redis.connect(), listener.connect()]);
    const sizes = [0, 1, 16_383, 16_384, 16_385, 65_536, 131_071, 131_072, 131_073, 1_000_000, 10_000_000];
    for (const size of sizes) {
      const value = Buffer.alloc(size, size % 251);
      await redis.set(`v${size}`, value);
      assert.ok(value.equals((await redis.getBuffer(`v${size}`))!), `${size} bytes`);
    }
    // One after the other on one connection: none may overtake, whatever waits for what.
    const many = await Promise.all([...sizes, ...sizes].map((size) => redis.strlen(`v${size}`)));
    assert.deepEqual(many, [...sizes, ...sizes]);
    const together = await Promise.all([...sizes].reverse().map((size) => redis.getBuffer(`v${size}`)));
    assert.deepEqual(
      together.map((value) => value!.length),
      [...sizes].reverse(),
    );
    const pipeline = redis.pipeline();
    for (let i = 0; i < 20_000; i++) pipeline.incr("count");
    assert.equal((await pipeline.exec())!.at(-1)![1], 20_000);
    const heard: string[] = [];
    listener.on("message", (_, text) => heard.push(text));
    await listener.subscribe("news");
    await Promise.all(Array.from({ length: 1000 }, (_, i) => redis.publish("news", `${i}`.repeat(100))));
    await until("all messages", () => heard.length === 1000);
    assert.deepEqual(
      heard,
      Array.from({ length: 1000 }, (_, i) => `${i}`.repeat(100)),
    );
  }));

test("node-redis, RESP3", () =>
  withTlsServer(async (house, port) => {
    const client = createClient({ RESP: 3, socket: { host: "127.0.0.1", port, tls: true, ...pems(house) } });
    await client.connect();
    house.atEnd(() => client.destroy());
    await client.hSet("h", { a: "1", b: "2" });
    assert.deepEqual({ ...(await client.hGetAll("h")) }, { a: "1", b: "2" });
    assert.deepEqual(await client.multi().incr("n").incr("n").exec(), [1, 2]);
  }));

test("a client that does not read is held back, counted and closed at its limit; the others are not disturbed", () =>
  withTlsServer(async (house, port, { server }) => {
    const slow = house.connect(port, "node");
    await slow.call("SET", "big", Buffer.alloc(1_000_000, 97));
    const { connect } = await import("node:tls");
    const lazy = connect({ host: "127.0.0.1", port, ...pems(house), checkServerIdentity: () => undefined });
    await new Promise((resolve) => lazy.once("secureConnect", resolve));
    lazy.on("error", () => {});
    lazy.pause();
    for (let i = 0; i < 60; i++) lazy.write("GET big\r\n");
    await until("it to be closed", () => server.stats.outputBufferLimitDisconnections === 1);
    assert.equal(await slow.call("STRLEN", "big"), 1_000_000);
    lazy.destroy();
  }, "client-output-buffer-limit normal 20mb 0 0"));
