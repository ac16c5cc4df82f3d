/** Plain connections: on Node's handles, and by its streams where it does not give us these. Both keep one contract. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Listener, NetError, Socket } from "../../src/io/net.ts";
import { NodeNet } from "../../src/io/node-net.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { StreamSocket } from "../../src/io/stream-socket.ts";
import { until } from "../until.ts";

interface Ends {
  readonly here: Socket;
  readonly there: Socket;
  close(): Promise<void>;
}

const network = new NodeNet();

async function byHandles(): Promise<Ends> {
  let accepted: (socket: Socket) => void = () => {};
  const there = new Promise<Socket>((resolve) => {
    accepted = resolve;
  });
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (socket) => accepted(socket));
  const here = network.connect(listener.endpoint);
  await new Promise<void>((resolve) => {
    here.onConnect = resolve;
  });
  return { here, there: await there, close: () => listener.close() };
}

async function byStreams(): Promise<Ends> {
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
  const here = new StreamSocket(net.connect(port, "127.0.0.1"), { host: "127.0.0.1", port }, false);
  await new Promise<void>((resolve) => {
    here.onConnect = resolve;
  });
  const stream = await accepted;
  const there = new StreamSocket(stream, { host: "127.0.0.1", port: stream.remotePort! }, true);
  there.resume();
  return { here, there, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Collects what comes, as text. */
function listen(socket: Socket): { bytes: Buffer[]; length: number; closed: number; error?: NetError } {
  const heard: ReturnType<typeof listen> = { bytes: [], length: 0, closed: 0 };
  socket.onData = (bytes, length) => {
    heard.bytes.push(Buffer.from(bytes.subarray(0, length)));
    heard.length += length;
  };
  socket.onClose = (error) => {
    heard.closed++;
    heard.error = error;
  };
  return heard;
}

for (const [name, connect] of [
  ["handles", byHandles],
  ["streams", byStreams],
] as const) {
  const withEnds = (what: string, work: (ends: Ends) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const ends = await connect();
      try {
        await work(ends);
      } finally {
        ends.here.destroy();
        ends.there.destroy();
        await ends.close();
      }
    });

  withEnds(
    "what is written arrives whole and in order, while the reader stops and goes on",
    async ({ here, there }) => {
      const random = new SeededRandom(3);
      const below = (bound: number) => random.uint32() % bound;
      assert.ok(here.connected && there.connected);
      assert.equal(here.local.port, there.remote.port);
      assert.equal(here.remote.port, there.local.port);
      const sent: Buffer[] = [];
      const heard = listen(there);
      const { onData } = there;
      there.onData = (bytes, length) => {
        onData(bytes, length);
        if (below(10) > 0) return;
        there.pause();
        setTimeout(() => there.resume(), below(5));
      };
      let [length, owed] = [0, false];
      here.onDrain = () => {
        owed = false;
      };
      for (let round = 0; round < 100; round++) {
        const size = 1 + below([10, 1000, 16_500, 300_000][below(4)]!);
        const bytes = Buffer.from(random.bytes(size + 5));
        sent.push(Buffer.from(bytes.subarray(0, size)));
        length += size;
        if (here.write(bytes, size)) bytes.fill(0);
        else owed = true;
        if (below(5) === 0) await sleep(1);
      }
      await until("all to arrive", () => heard.length === length);
      assert.ok(Buffer.concat(heard.bytes).equals(Buffer.concat(sent)));
      await until("the last drain", () => !owed);
      assert.equal(here.unsentBytes, 0);
    },
  );

  withEnds("what is written is counted until it has left, and leaves before the end", async ({ here, there }) => {
    const heard = listen(there);
    there.pause();
    const bytes = Buffer.alloc(8_000_000, "x");
    assert.equal(here.write(bytes, bytes.length), false);
    assert.ok(here.unsentBytes > 1_000_000);
    const ours = listen(here);
    here.end();
    await sleep(5);
    there.resume();
    await until("the end", () => heard.closed === 1);
    assert.equal(heard.length, bytes.length);
    assert.equal(heard.error, undefined);
    assert.equal(ours.closed, 0, "who ends it is not told");
    assert.equal(there.write(bytes, 10), true, "nobody is there to send it to");
  });

  withEnds(
    "the end comes to the other side once; nothing is heard of one that was destroyed",
    async ({ here, there }) => {
      const [heard, ours] = [listen(there), listen(here)];
      there.write(Buffer.from("late"), 4);
      here.destroy();
      await until("the end", () => heard.closed === 1);
      await sleep(5);
      assert.deepEqual([heard.closed, ours.closed, ours.length], [1, 0, 0]);
      assert.equal(here.fd, -1);
      here.resume();
      here.end();
      here.destroy();
    },
  );
}

test("a connection that is reset, or refused, says so", async () => {
  const server = net.createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const endpoint = { host: "127.0.0.1", port };
  const reset = network.connect(endpoint);
  const heard = listen(reset);
  reset.onConnect = () => reset.write(Buffer.from("hello"), 5);
  await until("the reset", () => heard.closed === 1);
  assert.equal(heard.error?.code, "ECONNRESET");
  assert.equal(heard.error?.message, "read ECONNRESET");
  await new Promise((resolve) => server.close(resolve));
  const refused = network.connect(endpoint);
  const none = listen(refused);
  await until("the refusal", () => none.closed === 1);
  assert.equal(none.error?.code, "ECONNREFUSED");
  assert.equal(refused.connected, false);
});

test("what is written before it is connected leaves then; one that is given up never connects", async () => {
  const got: string[] = [];
  const server = net.createServer((socket) => socket.on("data", (bytes) => got.push(bytes.toString())));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const early = network.connect({ host: "127.0.0.1", port });
  let drained = 0;
  early.onDrain = () => drained++;
  assert.equal(early.write(Buffer.from("early"), 5), false);
  assert.equal(early.unsentBytes, 5);
  const given = network.connect({ host: "127.0.0.1", port });
  given.onConnect = () => assert.fail("connected");
  given.onClose = () => assert.fail("closed");
  given.destroy();
  await until("the bytes", () => got.join("") === "early" && drained === 1);
  early.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("a Unix socket is a connection as well", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-sockets-"));
  const path = join(folder, "socket");
  const accepted: Socket[] = [];
  let listener: Listener | undefined;
  try {
    listener = await network.listen({ host: "", port: 0, path }, (socket) => {
      accepted.push(socket);
      socket.setNoDelay(true);
      socket.setKeepAlive(1000);
      socket.onData = (bytes, length) => socket.write(Buffer.from(bytes.subarray(0, length)), length);
    });
    const socket = network.connect(listener.endpoint);
    const heard = listen(socket);
    socket.onConnect = () => socket.write(Buffer.from("hello"), 5);
    await until("an echo", () => heard.length === 5);
    assert.equal(accepted[0]!.remote.path, path);
    socket.destroy();
    accepted[0]!.destroy();
  } finally {
    await listener?.close();
    rmSync(folder, { recursive: true });
  }
});

test("a neighbour is heard between two buffers of one who has much to say", async (t) => {
  const order: string[] = [];
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (socket) => {
    socket.onData = (bytes, length) => order.push(`${String.fromCharCode(bytes[0]!)}${length}`);
  });
  const [long, short] = [network.connect(listener.endpoint), network.connect(listener.endpoint)];
  t.after(() => {
    long.destroy();
    short.destroy();
    return listener.close();
  });
  const connected = (socket: Socket) => new Promise<void>((resolve) => (socket.onConnect = resolve));
  await Promise.all([connected(long), connected(short)]);
  await sleep(20);
  const much = Buffer.alloc(1_000_000, "l");
  long.write(much, much.length);
  short.write(Buffer.from("s"), 1);
  await until("the neighbour", () => order.includes("s1"));
  // Two turns are enough for whoever was there in time.
  assert.ok(order.indexOf("s1") <= 4, order.slice(0, 10).join(" "));
});
