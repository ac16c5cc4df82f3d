import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { ReplyError } from "../../src/base/reply-error.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import { ConnectionError } from "../../src/client/connection-error.ts";
import { infoFields, namedFields } from "../../src/client/replies.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { eventually } from "../../src/lab/world.ts";
import { needs } from "../lab/peers.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";

const io = nodeIo();
const endpoint = { host: "127.0.0.1", port: await freePort() };
const auth = { username: "default", password: "secret", timeoutMs: 5000 };

describe("a real redis-server", needs("redis-server"), () => {
  let server: ChildProcess;

  before(async () => {
    const words = ["--port", `${endpoint.port}`, "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"];
    server = tether(spawn("redis-server", words, { cwd: tmpdir(), stdio: "ignore" }));
    const up = await eventually(io.clock, 15_000, 20, async () => {
      const connection = new RedisConnection(io, endpoint, auth);
      const answer = await connection.call("PING").catch(() => undefined);
      connection.close();
      return answer;
    });
    assert.equal(up, "PONG");
  });
  after(() => endProcess(server));

  for (const protocol of [2, 3] as const) {
    test(`RESP${protocol}: values of every shape`, async () => {
      const connection = await RedisConnection.open(io, endpoint, { ...auth, protocol, database: 5, name: "me" });
      assert.equal(await connection.call("SET", "ключ", "значение"), "OK");
      assert.equal(await connection.call("GET", "ключ"), "значение");
      assert.equal(await connection.call("GET", "none"), null);
      assert.equal(await connection.call("INCRBY", "n", 2n ** 53n + 1n), 2n ** 53n + 1n);
      await connection.call("HSET", "h", "f", "v");
      assert.deepEqual([...namedFields(await connection.call("HGETALL", "h"))], [["f", "v"]]);
      await connection.call("ZADD", "z", 1.5, "m");
      assert.equal(Number(await connection.call("ZSCORE", "z", "m")), 1.5);
      assert.equal(await connection.call("CLIENT", "GETNAME"), "me");
      assert.equal(infoFields(await connection.call("INFO", "server")).get("tcp_port"), `${endpoint.port}`);
      await assert.rejects(
        connection.call("LPUSH", "n", "x"),
        (error) => error instanceof ReplyError && error.code === "WRONGTYPE",
      );
      await connection.call("MULTI");
      await connection.call("LPUSH", "n", "x");
      const [inside] = (await connection.call("EXEC")) as unknown[];
      assert.ok(inside instanceof ReplyError);
      await connection.call("FLUSHDB");
      connection.close();
    });

    test(`RESP${protocol}: published messages arrive, in order, beside replies`, async () => {
      const [listener, speaker] = await Promise.all(
        [0, 1].map(() => RedisConnection.open(io, endpoint, { ...auth, protocol })),
      );
      const heard: string[] = [];
      await listener!.subscribe(["a", "b"], (channel, payload) => heard.push(`${channel}:${payload}`));
      await listener!.subscribe(
        ["a*"],
        (channel, payload, pattern) => heard.push(`${pattern}:${channel}:${payload}`),
        true,
      );
      assert.equal(await speaker!.call("PUBLISH", "a", "1"), 2);
      assert.equal(await speaker!.call("PUBLISH", "b", "2"), 1);
      // The speaker's reply may come before the listener's message, which nobody waits for any more once it unsubscribes.
      await eventually(io.clock, 5000, 5, async () => heard.length === 3 || undefined);
      await listener!.unsubscribe(["b"]);
      assert.equal(await speaker!.call("PUBLISH", "b", "3"), 0);
      await listener!.call("PING");
      assert.deepEqual(heard, ["a:1", "a*:a:1", "b:2"]);
      await listener!.unsubscribe(["a"]);
      await listener!.unsubscribe(["a*"], true);
      assert.equal(await listener!.call("GET", "none"), null);
      for (const connection of [listener, speaker]) connection!.close();
    });
  }

  test("large values and long pipelines, every byte kept", async () => {
    const connection = await RedisConnection.open(io, endpoint, { ...auth, strings: "buffer" });
    const large = Buffer.alloc(
      8 * 1024 * 1024,
      Uint8Array.from({ length: 251 }, (_, i) => i),
    );
    await connection.call("SET", "large", large);
    assert.ok(large.equals((await connection.call("GET", "large")) as Buffer));
    const answers = await Promise.all(Array.from({ length: 20_000 }, (_, i) => connection.call("ECHO", `${i}`)));
    assert.ok(answers.every((answer, i) => String(answer) === `${i}`));
    connection.close();
  });

  test("a wrong password, and none, are named", async () => {
    await assert.rejects(RedisConnection.open(io, endpoint, { password: "no" }), /refused AUTH: WRONGPASS/);
    const connection = await RedisConnection.open(io, endpoint);
    await assert.rejects(connection.call("GET", "k"), /NOAUTH/);
    connection.close();
  });

  test("the server is killed: what was under way fails at once, as possibly carried out", async () => {
    const connection = await RedisConnection.open(io, endpoint, auth);
    const blocked = connection.call("BLPOP", "nothing", 0);
    const watcher = await RedisConnection.open(io, endpoint, auth);
    await eventually(io.clock, 5000, 5, async () => {
      const clients = infoFields(await watcher.call("INFO", "clients"));
      return clients.get("blocked_clients") === "1" || undefined;
    });
    watcher.close();
    server.kill("SIGKILL");
    await assert.rejects(blocked, (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.kind, /closed|reset/);
      assert.equal(error.maybeExecuted, true);
      assert.match(error.message, /before it answered BLPOP/);
      return true;
    });
    await endProcess(server);
    await assert.rejects(RedisConnection.open(io, endpoint), /refused the connection/);
  });
});
