/** The virtual network keeps TCP's promises, and breaks where TCP breaks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Links } from "../../sim/links.ts";
import { Loop } from "../../sim/loop.ts";
import { Network } from "../../sim/net.ts";
import { SimProcess } from "../../sim/process.ts";
import { ProcessNet } from "../../sim/process-net.ts";
import type { NetError, Socket } from "../../src/io/net.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";

const A = "10.0.0.1";
const B = "10.0.0.2";

/** Two machines; B listens on port 7 and keeps what it hears. */
async function pair() {
  const clock = new VirtualClock();
  const links = new Links(new SeededRandom(1));
  const network = new Network(clock, links);
  const loop = new Loop(clock);
  const [a, b] = [new SimProcess(clock), new SimProcess(clock)];
  const [netA, netB] = [new ProcessNet(network, network.host(A), a), new ProcessNet(network, network.host(B), b)];
  const heard: string[] = [];
  const accepted: Socket[] = [];
  await netB.listen({ host: B, port: 7 }, (socket) => {
    accepted.push(socket);
    socket.onData = (bytes, length) => heard.push(Buffer.from(bytes.subarray(0, length)).toString());
    socket.onClose = (error) => heard.push(`closed ${error?.code ?? ""}`);
  });
  return { clock, links, network, loop, a, b, netA, heard, accepted };
}

function dial(net: ProcessNet, port = 7, timeoutMs?: number) {
  const events: string[] = [];
  const socket = net.connect({ host: B, port }, { timeoutMs });
  socket.onConnect = () => events.push("connected");
  socket.onData = (bytes, length) => events.push(Buffer.from(bytes.subarray(0, length)).toString());
  socket.onClose = (error?: NetError) => events.push(`closed ${error?.code ?? ""}`);
  const say = (text: string) => socket.write(Buffer.from(text), text.length);
  return { socket, events, say };
}

test("bytes arrive in order, whatever is lost on the way", async () => {
  const { links, loop, netA, heard } = await pair();
  links.weather = { jitterMs: 5, loss: 0.3 };
  const { say, events } = dial(netA);
  await loop.run(2000);
  for (let i = 0; i < 100; i++) say(`${i},`);
  await loop.run(60_000);
  assert.deepEqual(events, ["connected"]);
  assert.equal(heard.join(""), Array.from({ length: 100 }, (_, i) => `${i},`).join(""));
});

test("a port that nobody listens on refuses", async () => {
  const { loop, netA } = await pair();
  const { events } = dial(netA, 8);
  await loop.run(10);
  assert.deepEqual(events, ["closed ECONNREFUSED"]);
});

test("across a cut a connection waits, until it is given up or the cut is mended", async () => {
  const { links, loop, netA } = await pair();
  links.cut(B, A);
  const impatient = dial(netA, 7, 500);
  const patient = dial(netA);
  await loop.run(900);
  assert.deepEqual(impatient.events, ["closed ETIMEDOUT"]);
  assert.deepEqual(patient.events, []);
  links.mendAll();
  await loop.run(200);
  assert.deepEqual(patient.events, ["connected"]);
});

test("a cut holds what is sent; it arrives when the cut is mended", async () => {
  const { links, network, loop, netA, heard } = await pair();
  const { say } = dial(netA);
  await loop.run(10);
  links.cut(A, B);
  say("x");
  await loop.run(5000);
  assert.deepEqual(heard, []);
  links.mendAll();
  network.changed();
  await loop.run(2100);
  assert.deepEqual(heard, ["x"]);
});

test("a stopped process is connected to, and hears everything when it goes on", async () => {
  const { loop, netA, b, heard, accepted } = await pair();
  b.stop();
  const { events, say } = dial(netA);
  await loop.run(10);
  assert.deepEqual(events, ["connected"]);
  say("x");
  await loop.run(1000);
  assert.deepEqual([accepted.length, heard], [0, []]);
  b.resume();
  await loop.run(1);
  assert.deepEqual([accepted.length, heard], [1, ["x"]]);
});

test("timers of a stopped process are late and fire once", async () => {
  const { loop, a } = await pair();
  const fired: number[] = [];
  a.clock.every(100, () => fired.push(Math.round(a.clock.monotonicMicros() / 1000)));
  await loop.run(250);
  a.stop();
  await loop.run(1000);
  a.resume();
  await loop.run(150);
  assert.deepEqual(fired, [100, 200, 1250, 1350]);
});

test("who is killed is torn from its connections, and its port is closed", async () => {
  const { network, loop, netA, b } = await pair();
  const { events } = dial(netA);
  await loop.run(10);
  b.end();
  network.processEnded(network.host(B), b);
  const late = dial(netA);
  await loop.run(10);
  assert.match(events.join(), /^connected,closed (ECONNRESET)?$/);
  assert.deepEqual(late.events, ["closed ECONNREFUSED"]);
});

test("a machine without power says nothing; when it is back it knows no old connection", async () => {
  const { network, loop, netA, b } = await pair();
  const { events, say } = dial(netA);
  await loop.run(10);
  b.end();
  network.powerLost(network.host(B));
  say("x");
  await loop.run(10_000);
  assert.deepEqual(events, ["connected"]);
  network.powerBack(network.host(B));
  await loop.run(2100);
  assert.deepEqual(events, ["connected", "closed ECONNRESET"]);
});

test("a sender who is too fast is told when to go on", async () => {
  const { loop, netA, heard } = await pair();
  const { socket } = dial(netA);
  await loop.run(10);
  let drained = 0;
  socket.onDrain = () => drained++;
  assert.equal(socket.write(new Uint8Array(1024 * 1024), 1024 * 1024), false);
  assert.ok(socket.unsentBytes > 0);
  await loop.run(100);
  assert.equal(drained, 1);
  assert.equal(socket.unsentBytes, 0);
  assert.equal(heard.join("").length, 1024 * 1024);
});

test("what a promise does takes no virtual time", async () => {
  const { clock, loop } = await pair();
  const seen: number[] = [];
  clock.after(10, () => {
    void (async () => {
      for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => queueMicrotask(resolve));
      seen.push(clock.monotonicMicros());
    })();
  });
  clock.after(10, () => seen.push(-1));
  await loop.run(20);
  assert.deepEqual(seen, [10_000, -1]);
});
