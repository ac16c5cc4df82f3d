/** NodeTlsSocket: what is written arrives whole and in order, whatever is under way, and buffers come back when they may. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Listener, Socket, TlsListening } from "../../src/io/net.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { io, TlsHouse, until } from "./house.ts";

/** Both ends of a connection over TLS. */
async function ends(house: TlsHouse): Promise<{ here: Socket; there: Socket }> {
  const context = house.context();
  const tls: TlsListening = {
    context: () => context,
    handshakeTimeoutMs: 5000,
    mayCome: () => true,
    onFailure: (_, why) => assert.fail(why),
  };
  let listener: Listener | undefined;
  const there = new Promise<Socket>((resolve) => {
    void io.net.listen({ host: "127.0.0.1", port: 0, tls }, resolve).then((open) => {
      listener = open;
      const socket = io.net.connect(open.endpoint, { tls: context });
      socket.onConnect = () => connected(socket);
    });
  });
  let connected: (socket: Socket) => void = () => {};
  const here = new Promise<Socket>((resolve) => {
    connected = resolve;
  });
  const pair = { here: await here, there: await there };
  house.atEnd(() => {
    pair.here.destroy();
    pair.there.destroy();
    return listener!.close();
  });
  return pair;
}

for (const seed of [1, 2, 3]) {
  test(`writes of all sizes, in pieces and not, while the reader stops and goes on (seed ${seed})`, async () => {
    await using house = new TlsHouse();
    const { here, there } = await ends(house);
    const random = new SeededRandom(seed);
    const below = (bound: number) => random.uint32() % bound;
    assert.ok(here.tls && there.tls && here.fd > 0 && here.remote.port === there.local.port);
    const sent: Buffer[] = [];
    const got: Buffer[] = [];
    let [length, gotLength, owed, drains] = [0, 0, false, 0];
    there.onData = (bytes, count) => {
      got.push(Buffer.from(bytes.subarray(0, count)));
      gotLength += count;
      if (below(20) > 0) return;
      there.pause();
      io.clock.after(below(5), () => there.resume());
    };
    here.onDrain = () => {
      owed = false;
      drains++;
    };
    for (let round = 0; round < 150; round++) {
      for (let pieces = 1 + below(4); pieces > 0; pieces--) {
        const size = below([10, 1000, 16_500, 300_000][below(4)]!);
        const bytes = Buffer.from(random.bytes(size));
        sent.push(Buffer.from(bytes));
        length += size;
        // The buffer is ours again: whatever is written to it now must not arrive.
        if (here.write(bytes, size, pieces > 1 && size > 0)) bytes.fill(0);
        else owed = true;
      }
      if (below(3) === 0) await new Promise<void>((resolve) => io.clock.endOfTick(resolve));
    }
    await until("all to arrive", () => gotLength === length);
    assert.ok(Buffer.concat(sent).equals(Buffer.concat(got)));
    await until("the last drain", () => !owed);
    assert.ok(drains > 0);
    assert.equal(here.unsentBytes, 0);
  });
}

test("what was written leaves before the end; the other side hears of the end", async () => {
  await using house = new TlsHouse();
  const { here, there } = await ends(house);
  let [length, ended] = [0, false];
  there.onData = (_, count) => {
    length += count;
  };
  there.onClose = (error) => {
    assert.equal(error, undefined);
    ended = true;
  };
  // The other side sends tickets when it is in. Ending with something unread is a reset, with TLS and without.
  there.write(Buffer.from("hello"), 5);
  await new Promise<void>((resolve) => {
    here.onData = () => resolve();
  });
  const bytes = Buffer.alloc(2_000_000, 1);
  assert.equal(here.write(bytes, bytes.length), false);
  here.end();
  await until("the end", () => ended);
  assert.equal(length, bytes.length);
});

test("unsent bytes are counted while nobody reads; the connection can be destroyed then", async () => {
  await using house = new TlsHouse();
  const { here, there } = await ends(house);
  there.pause();
  const bytes = Buffer.alloc(20_000_000);
  assert.equal(here.write(bytes, bytes.length), false);
  await new Promise<void>((resolve) => void io.clock.after(50, resolve));
  assert.ok(here.unsentBytes > 10_000_000, `${here.unsentBytes}`);
  let closed = false;
  there.onClose = () => {
    closed = true;
  };
  here.destroy();
  there.resume();
  await until("the other end to know", () => closed);
});

test("a port where nobody listens refuses, at once and by that name; one that does not speak TLS is named", async () => {
  await using house = new TlsHouse();
  const listener = await io.net.listen({ host: "127.0.0.1", port: 0 }, (socket) => {
    socket.onData = () => void socket.write(Buffer.from("+PONG\r\n"), 7);
  });
  house.atEnd(() => listener.close());
  const fails = (port: number) =>
    new Promise<Error & { code?: string }>((resolve) => {
      const socket = io.net.connect({ host: "127.0.0.1", port }, { tls: house.context() });
      socket.onClose = (error) => resolve(error!);
    });
  assert.match((await fails(listener.endpoint.port)).message, /^error:\w+:SSL routines::wrong version number$/);
  await listener.close();
  assert.equal((await fails(listener.endpoint.port)).code, "ECONNREFUSED");
});
