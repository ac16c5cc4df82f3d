/** What a node writes into nodes.conf and when, on a disk that counts and can be full. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FACTS, SETTINGS } from "../../sim/cluster/settings.ts";
import { silent } from "../../src/base/log.ts";
import type { ClusterSettings } from "../../src/cluster/facts.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import { meet, replicate, setSlot } from "../../src/cluster/orders.ts";
import { type ClusterHost, ClusterShell } from "../../src/cluster/shell.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import type { Endpoint, Net, Socket } from "../../src/io/net.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";

const settings: ClusterSettings = { ...SETTINGS, nodeTimeoutMs: 5000, replPingMs: 1000 };

class CountingDisk extends MemoryDisk {
  writes = 0;
  full = false;

  override replaceSync(path: string, bytes: Uint8Array | Iterable<Uint8Array>): void {
    if (this.full) throw new Error("no space left on device");
    this.writes++;
    super.replaceSync(path, bytes);
  }
}

/** A socket to whoever: it counts what is sent. */
class CountingSocket implements Socket {
  readonly local: Endpoint = { host: "127.0.0.1", port: 1 };
  readonly fd = -1;
  readonly connected = true;
  readonly unsentBytes = 0;
  writes = 0;
  isDestroyed = false;
  keepAliveMs = 0;
  onConnect = (): void => {};
  onData = (): void => {};
  onDrain = (): void => {};
  onClose = (): void => {};

  constructor(readonly remote: Endpoint) {}

  write(): boolean {
    this.writes++;
    return true;
  }
  pause(): void {}
  resume(): void {}
  setNoDelay(): void {}
  setKeepAlive(delayMs: number): void {
    this.keepAliveMs = delayMs;
  }
  end(): void {}
  destroy(): void {
    this.isDestroyed = true;
  }
}

/** We own slots 0 to 9, another primary 10 to 19, and are connected to it. */
function pair() {
  const clock = new VirtualClock();
  const disk = new CountingDisk();
  const sockets: CountingSocket[] = [];
  let accept: (socket: Socket) => void = () => {};
  const net = {
    connect(endpoint: Endpoint) {
      const socket = new CountingSocket(endpoint);
      sockets.push(socket);
      clock.after(0, () => socket.onConnect());
      return socket;
    },
    async listen(endpoint: Endpoint, onConnection: (socket: Socket) => void) {
      accept = onConnection;
      return { endpoint, async close() {} };
    },
  };
  const exits: number[] = [];
  const host = { log: silent, slotsChanged() {}, stateChanged() {}, exit: (code: number) => exits.push(code) };
  const open = () =>
    new ClusterShell({
      io: { clock, disk, net: net as unknown as Net, random: new SeededRandom(1) },
      host: host as unknown as ClusterHost,
      settings,
      facts: { ...FACTS, hasKeys: () => false },
      file: "nodes.conf",
      sendBufferLimit: 0,
    });
  const shell = open();
  const { state } = shell;
  const address = { ip: "127.0.0.1", port: 7001, busPort: 17_001, plainPort: 0 };
  const other = new ClusterNode("b".repeat(40), NodeFlag.master, address, clock.now());
  other.configEpoch = state.currentEpoch = 1;
  shell.change((s) => {
    s.add(other);
    for (let slot = 0; slot < 20; slot++) s.assign(slot, slot < 10 ? s.myself : other);
  });
  shell.start();
  const tick = () => clock.advance(100);
  tick();
  disk.writes = 0;
  const order = (...of: Parameters<typeof setSlot> extends [unknown, ...infer Rest] ? Rest : never) =>
    shell.change((s) => setSlot(s, ...of));
  const sent = () => sockets.reduce((sum, { writes }) => sum + writes, 0);
  return {
    shell,
    state,
    other,
    disk,
    order,
    sent,
    tick,
    exits,
    reopened: open,
    accept: (socket: Socket) => accept(socket),
  };
}

test("an order that changes nothing writes nothing and tells nobody", async () => {
  const { shell, state, other, disk, order, sent } = pair();
  const before = sent();
  order(10, { kind: "stable" });
  order(10, { kind: "node", id: other.id });
  order(0, { kind: "node", id: state.myself.id });
  assert.deepEqual([disk.writes, sent() - before], [0, 0]);
  order(0, { kind: "migrating", id: other.id });
  order(0, { kind: "migrating", id: other.id });
  assert.deepEqual([disk.writes, sent() - before], [1, 0], "whom a slot is moved to is ours to know");
  order(10, { kind: "importing", id: other.id });
  order(10, { kind: "node", id: state.myself.id });
  assert.deepEqual([disk.writes, sent() - before], [3, 1], "a slot that is ours now is told");
  await shell.stop();
});

test("what others say again is written at the next tick, and at the end", async () => {
  const { shell, other, disk, tick } = pair();
  const give = (slot: number) => shell.change((s) => setSlot(s, slot, { kind: "node", id: other.id }), true);
  for (let slot = 0; slot < 5; slot++) give(slot);
  assert.equal(disk.writes, 0);
  tick();
  assert.equal(disk.writes, 1);
  give(5);
  await shell.stop();
  assert.equal(disk.writes, 2);
});

test("nothing is said behind a state that could not be written", () => {
  const { order, state, disk, sent, exits } = pair();
  const before = sent();
  disk.full = true;
  order(10, { kind: "node", id: state.myself.id });
  assert.deepEqual([exits, sent() - before], [[1], 0]);
});

test("an operator's order to save is told why it could not be, and all goes on", async () => {
  const { shell, disk, exits } = pair();
  disk.full = true;
  assert.throws(() => shell.saveNow(), /no space/);
  disk.full = false;
  shell.saveNow();
  assert.deepEqual([exits, disk.writes], [[], 1]);
  await shell.stop();
});

test("a connection that was made to us is probed when it is silent", async () => {
  const { shell, accept } = pair();
  await shell.listen(["127.0.0.1"], 17_000);
  const socket = new CountingSocket({ host: "127.0.0.1", port: 2 });
  accept(socket);
  assert.equal(socket.keepAliveMs, 2 * settings.nodeTimeoutMs);
  await shell.stop();
});

test("who comes while it stops finds nobody", async () => {
  const { shell, accept } = pair();
  await shell.listen(["127.0.0.1"], 17_000);
  await shell.stop();
  const late = new CountingSocket({ host: "127.0.0.1", port: 2 });
  accept(late);
  assert.ok(late.isDestroyed);
});

test("a node that has not told its own name yet is nobody to follow or to give slots to", async () => {
  const { shell, state, order, reopened } = pair();
  shell.change((s) => meet(s, "127.0.0.1", 7005, 17_005));
  const stranger = [...state.nodes.values()].find((node) => node.is(NodeFlag.handshake))!.id;
  for (const kind of ["migrating", "node"] as const)
    assert.throws(() => order(0, { kind, id: stranger }), /unknown|know about/i);
  assert.throws(() => order(10, { kind: "importing", id: stranger }), /know/);
  assert.throws(() => shell.change((s) => replicate(s, stranger)), /Unknown node/);
  await shell.stop();
  assert.equal(reopened().state.myself.id, state.myself.id, "nodes.conf can be read");
});
