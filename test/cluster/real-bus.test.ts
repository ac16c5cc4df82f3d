/** Our bus and a real redis-server's: they meet, share slots, see each other fail, and one replaces the other. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FACTS, SETTINGS } from "../../sim/cluster/settings.ts";
import { silent } from "../../src/base/log.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import type { ClusterSettings } from "../../src/cluster/facts.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import { readNodesConf, writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { ClusterShell } from "../../src/cluster/shell.ts";
import { ClusterState } from "../../src/cluster/state.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import type { Endpoint } from "../../src/io/net.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { needs } from "../lab/peers.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";
import { until } from "../until.ts";

const io = nodeIo();
async function settingsOf(): Promise<ClusterSettings> {
  const ports = { port: await freePort(), busPort: await freePort() };
  return { ...SETTINGS, nodeTimeoutMs: 1500, replicaValidityFactor: 0, replPingMs: 1000, ...ports };
}

class Ours implements AsyncDisposable {
  readonly replicates: Endpoint[] = [];
  promoted = 0;
  readonly published: string[] = [];
  readonly shell: ClusterShell;

  constructor(readonly settings: ClusterSettings) {
    const host = {
      log: silent,
      stateChanged() {},
      slotsChanged() {},
      replicate: (primary: Endpoint) => this.replicates.push(primary),
      promote: () => this.promoted++,
      dropKeys() {},
      pauseWrites() {},
      resumeWrites() {},
      holdWrites() {},
      releaseWrites() {},
      published: (sharded: boolean, channel: Uint8Array, message: Uint8Array) =>
        this.published.push(`${sharded} ${Buffer.from(channel)} ${Buffer.from(message)}`),
      exit() {},
    };
    this.shell = new ClusterShell({
      io: { ...io, disk: new MemoryDisk() },
      host,
      settings,
      facts: FACTS,
      file: "nodes.conf",
      sendBufferLimit: 0,
    });
  }

  static async start(): Promise<Ours> {
    const settings = await settingsOf();
    const ours = new Ours(settings);
    await ours.shell.listen(["127.0.0.1"], settings.busPort);
    ours.shell.start();
    return ours;
  }

  meet(port: number, busPort: number): void {
    this.shell.change((s) => {
      s.add(
        new ClusterNode(
          s.newId(),
          NodeFlag.handshake | NodeFlag.meet,
          { ip: "127.0.0.1", port, busPort, plainPort: 0 },
          s.now,
        ),
      );
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shell.stop();
  }
}

class Theirs implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "nines-bus-"));
  readonly port: number;
  readonly busPort: number;
  readonly #process;
  #connection: RedisConnection | null = null;

  constructor(port: number, busPort: number) {
    this.port = port;
    this.busPort = busPort;
    const words = [
      ...["--port", `${port}`, "--cluster-port", `${busPort}`, "--bind", "127.0.0.1", "--save", ""],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--dir", this.folder],
    ];
    this.#process = tether(spawn("redis-server", words, { cwd: this.folder, stdio: "ignore" }));
  }

  static async start(): Promise<Theirs> {
    const theirs = new Theirs(await freePort(), await freePort());
    try {
      await until("it to answer", async () => {
        theirs.#connection?.close();
        theirs.#connection = new RedisConnection(io, { host: "127.0.0.1", port: theirs.port });
        return (await theirs.#connection.call("PING")) === "PONG";
      });
      return theirs;
    } catch (error) {
      await theirs[Symbol.asyncDispose]();
      throw error;
    }
  }

  get connection(): RedisConnection {
    return this.#connection!;
  }

  async nodes(): Promise<string[]> {
    return String(await this.connection.call("CLUSTER", "NODES"))
      .trimEnd()
      .split("\n");
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.close();
    await endProcess(this.#process);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("a real redis-server on the bus", needs("redis-server"), () => {
  test("is met, shares the slots, is missed when it dies and replaced; its nodes.conf is read", async () => {
    await using theirs = await Theirs.start();
    await using first = await Ours.start();
    await using second = await Ours.start();
    await using replica = await Ours.start();
    const all = [first, second, replica];

    // We greet it, it greets us, and the word spreads.
    first.meet(theirs.port, theirs.busPort);
    await theirs.connection.call("CLUSTER", "MEET", "127.0.0.1", second.settings.port, second.settings.busPort);
    replica.meet(first.settings.port, first.settings.busPort);
    const acquainted = ({ nodes }: ClusterState) =>
      nodes.size === 4 && [...nodes.values()].every((node) => !node.is(NodeFlag.handshake));
    await until(
      "all know each other",
      async () =>
        all.every(({ shell }) => acquainted(shell.state)) &&
        (await theirs.nodes()).filter((line) => !line.includes("handshake")).length === 4,
    );

    await theirs.connection.call("CLUSTER", "ADDSLOTSRANGE", 0, 8000);
    const take = (ours: Ours, from: number, to: number) =>
      ours.shell.change((s) => {
        for (let slot = from; slot <= to; slot++) s.assign(slot, s.myself);
        s.save();
      });
    take(first, 8001, 12_000);
    take(second, 12_001, 16_383);
    const their = (await theirs.nodes()).find((line) => line.includes("myself"))!.split(" ")[0]!;
    await until("we know its slots", () => all.every(({ shell }) => shell.state.node(their)!.slots.size === 8001));
    await until("it knows ours", async () => (await theirs.nodes()).some((line) => line.endsWith(" 12001-16383")));
    await until("the cluster works", async () =>
      String(await theirs.connection.call("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );

    // Its words arrive with us, ours with its clients.
    await theirs.connection.call("PUBLISH", "news", "of the day");
    await until("it was heard", () => first.published.includes("false news of the day"));
    const listener = await RedisConnection.open(io, { host: "127.0.0.1", port: theirs.port });
    const heard: string[] = [];
    await listener.subscribe(["news"], (_, text) => heard.push(String(text)));
    second.shell.publish(Buffer.from("news"), Buffer.from("from us"), false);
    await until("we were heard", () => heard.includes("from us"));
    listener.close();

    replica.shell.change((s) => {
      s.makeReplica(s.myself, s.node(their)!);
      s.save();
    });
    await until("it has a replica", async () =>
      (await theirs.nodes()).some((line) => line.includes(` slave ${their} `)),
    );

    // What it keeps is what we would keep.
    const text = readFileSync(join(theirs.folder, "nodes.conf"), "latin1");
    const read = new ClusterState("f".repeat(40), first.settings, FACTS, io.random);
    readNodesConf(text, read, io.clock.now());
    assert.equal(read.myself.id, their);
    assert.deepEqual(read.myself.slots.ranges(), [[0, 8000]]);
    const again = new ClusterState("f".repeat(40), first.settings, FACTS, io.random);
    readNodesConf(writeNodesConf(read), again, io.clock.now());
    assert.equal(writeNodesConf(again), writeNodesConf(read));

    const started = io.clock.now();
    theirs.kill();
    await until("its replica has its slots", () =>
      all.every(({ shell }) => shell.state.owners[0]?.id === replica.shell.state.myself.id),
    );
    assert.ok(io.clock.now() - started < 3000, `${io.clock.now() - started} ms`);
    assert.equal(replica.promoted, 1);
    await until("the cluster works again", () => all.every(({ shell }) => shell.state.ok));
  });

  test("asks for our vote and gets it, and the epoch is the one that both remember", async () => {
    await using voter = await Theirs.start();
    await using dying = await Theirs.start();
    await using heir = await Theirs.start();
    await using ours = await Ours.start();
    for (const theirs of [voter, dying, heir]) ours.meet(theirs.port, theirs.busPort);
    await until("all know each other", async () => {
      const counts = await Promise.all(
        [voter, dying, heir].map(
          async (theirs) => (await theirs.nodes()).filter((line) => !line.includes("handshake")).length,
        ),
      );
      return counts.every((count) => count === 4);
    });
    await voter.connection.call("CLUSTER", "ADDSLOTSRANGE", 0, 5000);
    await dying.connection.call("CLUSTER", "ADDSLOTSRANGE", 5001, 10_000);
    ours.shell.change((s) => {
      for (let slot = 10_001; slot < 16_384; slot++) s.assign(slot, s.myself);
      s.save();
    });
    const id = (await dying.nodes()).find((line) => line.includes("myself"))!.split(" ")[0]!;
    await until(
      "the heir may follow",
      async () => String(await heir.connection.call("CLUSTER", "REPLICATE", id).catch(() => "")) === "OK",
    );
    await until("its data are there", async () =>
      String(await heir.connection.call("INFO", "replication")).includes("master_link_status:up"),
    );
    await until("the cluster works", () => ours.shell.state.ok && ours.shell.state.size === 3);
    dying.kill();
    await until(
      "the heir has the slots",
      () => ours.shell.state.owners[6000] !== null && ours.shell.state.owners[6000]!.id !== id,
    );
    assert.equal(ours.shell.state.lastVoteEpoch, ours.shell.state.owners[6000]!.configEpoch);
    await until("the cluster works again", () => ours.shell.state.ok);
  });
});
