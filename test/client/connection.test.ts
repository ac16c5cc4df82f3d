import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { ReplyError } from "../../src/base/reply-error.ts";
import { type ConnectionOptions, RedisConnection } from "../../src/client/connection.ts";
import { ConnectionError } from "../../src/client/connection-error.ts";
import type { Socket } from "../../src/io/net.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import type { Reply } from "../../src/resp/reply-reader.ts";

const io = nodeIo();

/** A server that says what the test tells it to, and remembers what it was sent. */
async function fakeServer(t: { after(action: () => unknown): void }, onData: (socket: Socket, heard: string) => void) {
  const sockets: Socket[] = [];
  const listener = await io.net.listen({ host: "127.0.0.1", port: 0 }, (socket) => {
    sockets.push(socket);
    socket.onData = (bytes, length) => onData(socket, Buffer.from(bytes.subarray(0, length)).toString());
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await listener.close();
  });
  return { endpoint: listener.endpoint, sockets };
}

function say(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  socket.write(bytes, bytes.length);
}

async function failure(promise: Promise<unknown>): Promise<ConnectionError> {
  const error = await promise.then(
    () => assert.fail("expected an error"),
    (reason) => reason,
  );
  assert.ok(error instanceof ConnectionError, String(error));
  return error;
}

test("requests of one tick leave in one write, answers find their requests", async (t) => {
  const heard: string[] = [];
  const server = await fakeServer(t, (socket, text) => {
    heard.push(text);
    say(socket, "+OK\r\n:7\r\n-WRONGTYPE no\r\n$-1\r\n");
  });
  const connection = await RedisConnection.open(io, server.endpoint);
  t.after(() => connection.close());
  const slice = new Slice(Buffer.from("xkeyx"), 1, 4);
  const answers = await Promise.allSettled([
    connection.call("SET", "ключ", Buffer.from([65, 66])),
    connection.call("INCRBY", slice, 7),
    connection.call("LPUSH", "k", -1n),
    connection.call("GET", "none"),
  ]);
  assert.deepEqual(heard, [
    "*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$2\r\nAB\r\n*3\r\n$6\r\nINCRBY\r\n$3\r\nkey\r\n$1\r\n7\r\n" +
      "*3\r\n$5\r\nLPUSH\r\n$1\r\nk\r\n$2\r\n-1\r\n*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n",
  ]);
  assert.deepEqual(answers, [
    { status: "fulfilled", value: "OK" },
    { status: "fulfilled", value: 7 },
    { status: "rejected", reason: new ReplyError("WRONGTYPE", "no") },
    { status: "fulfilled", value: null },
  ]);
});

test("requests made before the connection stands wait for the handshake", async (t) => {
  const heard: string[] = [];
  const server = await fakeServer(t, (socket, text) => {
    heard.push(text);
    say(socket, heard.length === 1 ? "+OK\r\n-ERR unknown subcommand\r\n+OK\r\n" : "+PONG\r\n");
  });
  const connection = new RedisConnection(io, server.endpoint, { password: "p", name: "me", database: 3 });
  t.after(() => connection.close());
  assert.equal(connection.isReady, false);
  assert.equal(await connection.call("PING"), "PONG");
  assert.equal(connection.isReady, true);
  assert.equal(heard.length, 2);
  assert.match(heard[0]!, /AUTH.*SETNAME.*SELECT/s);
});

const refusals: [options: ConnectionOptions, answer: string, kind: string, text: RegExp][] = [
  [{ password: "x" }, "-WRONGPASS invalid\r\n", "handshake", /refused AUTH: WRONGPASS invalid/],
  [{ database: 99 }, "-ERR DB index is out of range\r\n", "handshake", /refused SELECT: ERR DB index/],
  [{ protocol: 3 }, "-NOPROTO unsupported\r\n", "handshake", /refused HELLO: NOPROTO/],
  [{ password: "x" }, "HTTP/1.1 400 Bad Request\r\n", "protocol", /does not speak RESP: expected a reply, got 'H'/],
  [{ password: "x", connectTimeoutMs: 30 }, "", "timeout", /did not accept a connection within 30 ms/],
];
for (const [options, answer, kind, text] of refusals) {
  test(`not let in: ${text}`, async (t) => {
    const server = await fakeServer(t, (socket) => {
      if (answer !== "") say(socket, answer);
    });
    const causes: string[] = [];
    const connection = new RedisConnection(io, server.endpoint, { ...options, onClose: (e) => causes.push(e.kind) });
    const early = connection.call("GET", "k");
    const error = await failure(connection.ready());
    assert.equal(error.kind, kind);
    assert.match(error.message, text);
    assert.match(error.message, new RegExp(`127.0.0.1:${server.endpoint.port}`));
    const unsent = await failure(early);
    assert.equal(unsent.maybeExecuted, false);
    assert.deepEqual(causes, [kind]);
    assert.equal((await failure(connection.call("PING"))).kind, kind);
  });
}

test("a password that the server does not ask for is no obstacle", async (t) => {
  const server = await fakeServer(t, (socket) =>
    say(socket, "-ERR AUTH <password> called without any password configured for the default user.\r\n"),
  );
  (await RedisConnection.open(io, server.endpoint, { password: "x" })).close();
});

test("nobody listens: refused, with the address", async () => {
  const listener = await io.net.listen({ host: "127.0.0.1", port: 0 }, () => {});
  await listener.close();
  const error = await failure(RedisConnection.open(io, listener.endpoint));
  assert.equal(error.kind, "refused");
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.message, `127.0.0.1:${listener.endpoint.port} refused the connection`);
});

test("a connection that ends fails what is unanswered and says what that was", async (t) => {
  const server = await fakeServer(t, (socket) => {
    say(socket, "+OK\r\n$10\r\nhal");
    io.clock.after(10, () => socket.end());
  });
  const connection = await RedisConnection.open(io, server.endpoint);
  const [first, second, third] = [connection.call("SET", "a", "1"), connection.call("GET", "a"), connection.call("X")];
  assert.equal(await first, "OK");
  const error = await failure(second);
  assert.equal(error.kind, "closed");
  assert.equal(error.maybeExecuted, true);
  assert.match(error.message, /closed the connection before it answered GET and X$/);
  await failure(third);
  assert.equal(connection.error?.kind, "closed");
});

test("a request has a deadline; its late answer goes to nobody and the connection stays", async (t) => {
  const server = await fakeServer(t, (socket, text) => {
    if (text.includes("SLOW")) io.clock.after(60, () => say(socket, "+late\r\n+next\r\n"));
  });
  const connection = await RedisConnection.open(io, server.endpoint, { timeoutMs: 2000 });
  t.after(() => connection.close());
  const slow = new Promise<Error | null>((resolve) => connection.request(["SLOW"], (error) => resolve(error), 20));
  const next = connection.call("NEXT");
  const error = await slow;
  assert.ok(error instanceof ConnectionError && error.maybeExecuted);
  assert.match(error.message, /did not answer SLOW within 20 ms/);
  assert.equal(await next, "next");
  assert.equal(connection.pendingCount, 0);
});

for (const protocol of [2, 3] as const) {
  test(`subscriptions in RESP${protocol}: messages between confirmations and replies`, async (t) => {
    const mark = protocol === 3 ? ">" : "*";
    const server = await fakeServer(t, (socket, text) => {
      if (text.includes("HELLO")) say(socket, "%1\r\n+proto\r\n:3\r\n");
      if (text.includes("PSUBSCRIBE")) say(socket, `${mark}3\r\n$10\r\npsubscribe\r\n$2\r\nn*\r\n:3\r\n`);
      else if (text.includes("SUBSCRIBE")) {
        say(
          socket,
          `${mark}3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n${mark}3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nm1\r\n`,
        );
        say(socket, `${mark}3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n`);
      }
      if (text.includes("PING")) {
        say(socket, `${mark}4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$3\r\nnew\r\n$2\r\nm2\r\n`);
        say(socket, protocol === 3 ? "+PONG\r\n>2\r\n+invalidate\r\n*0\r\n" : "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
      }
    });
    const pushes: Reply[][] = [];
    const connection = await RedisConnection.open(io, server.endpoint, {
      protocol,
      onPush: (items) => pushes.push(items),
    });
    t.after(() => connection.close());
    const messages: string[][] = [];
    await connection.subscribe(["a", "b"], (channel, payload) => messages.push([channel, String(payload)]));
    await connection.subscribe(["n*"], (channel, text, pattern) => messages.push([pattern!, channel, `${text}`]), true);
    assert.deepEqual(await connection.call("PING"), protocol === 3 ? "PONG" : ["pong", ""]);
    assert.deepEqual(messages, [
      ["a", "m1"],
      ["n*", "new", "m2"],
    ]);
    assert.deepEqual(pushes, protocol === 3 ? [["invalidate", []]] : []);
  });
}

test("requests beyond what may wait unsent are refused, not kept", async (t) => {
  const server = await fakeServer(t, () => {});
  const connection = await RedisConnection.open(io, server.endpoint, { maxUnsentBytes: 1000 });
  t.after(() => connection.close());
  connection.call("SET", "k", "x".repeat(2000)).catch(() => {});
  assert.equal((await failure(connection.call("PING"))).kind, "overload");
});

test("closed by us: what is unanswered fails, onClose is silent", async (t) => {
  const server = await fakeServer(t, () => {});
  const connection = await RedisConnection.open(io, server.endpoint, { onClose: () => assert.fail("told") });
  const unanswered = connection.call("PING");
  connection.close();
  assert.equal((await failure(unanswered)).kind, "local");
  assert.equal((await failure(connection.ready())).kind, "local");
});
