/** Clusters of whole servers: ours alone with a client that follows redirects, and ours beside redis-server under redis-cli --cluster. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { Cluster } from "ioredis";
import { slotShare } from "../../src/base/hash-slot.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import type { ChildProcess } from "../../src/io/processes.ts";
import { eventually } from "../../src/lab/world.ts";
import { needs } from "../lab/peers.ts";
import { self } from "../lab/world.ts";
import { freePort } from "../ports.ts";

const io = nodeIo();
const run = promisify(execFile);

class Node {
  readonly folder = mkdtempSync(join(tmpdir(), "nines-cluster-"));
  connection!: RedisConnection;
  #process!: ChildProcess;

  constructor(
    readonly kind: "nines" | "redis",
    readonly port: number,
    readonly busPort: number,
  ) {}

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const words = [
      ...["--port", `${this.port}`, "--cluster-port", `${this.busPort}`, "--bind", "127.0.0.1", "--save", ""],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"],
    ];
    const { command, args } = self;
    const processes = new NodeProcesses();
    this.#process =
      this.kind === "nines"
        ? processes.spawn({ command, args: [...args, "server", ...words], cwd: this.folder })
        : processes.spawn({ command: "redis-server", args: words, cwd: this.folder });
    const up = await eventually(io.clock, 15_000, 30, async () => {
      this.connection = new RedisConnection(io, { host: "127.0.0.1", port: this.port });
      return this.connection.call("PING").catch(() => undefined);
    });
    assert.equal(up, "PONG");
  }

  async kill(): Promise<void> {
    this.connection.close();
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async field(section: string, name: string): Promise<string | undefined> {
    const text = String(await this.connection.call(...section.split(" ")));
    return new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1];
  }

  async id(): Promise<string> {
    return String(await this.connection.call("CLUSTER", "MYID"));
  }
}

class Nodes implements AsyncDisposable {
  readonly all: Node[] = [];

  static async start(...kinds: Node["kind"][]): Promise<Nodes> {
    const nodes = new Nodes();
    for (const kind of kinds) nodes.all.push(new Node(kind, await freePort(), await freePort()));
    await Promise.all(nodes.all.map((node) => node.start()));
    return nodes;
  }

  /** By our own commands: the first of them own the slots, the others follow them in turn. */
  async form(primaries: number): Promise<void> {
    const [first, ...others] = this.all;
    for (const [i, node] of this.all.slice(0, primaries).entries()) {
      await node.connection.call("CLUSTER", "ADDSLOTSRANGE", ...slotShare(i, primaries));
      await node.connection.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
    }
    for (const node of others) await node.connection.call("CLUSTER", "MEET", "127.0.0.1", first!.port, first!.busPort);
    for (const [i, node] of this.all.slice(primaries).entries()) {
      const id = await this.all[i % primaries]!.id();
      await until(
        "it may follow",
        async () => (await node.connection.call("CLUSTER", "REPLICATE", id).catch(() => "")) === "OK",
      );
    }
    await this.settled(this.all);
  }

  /** All of them serve, and every replica has its primary's data. */
  async settled(nodes: readonly Node[]): Promise<void> {
    await until("the cluster serves", async () => {
      const states = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_state")));
      const links = await Promise.all(nodes.map((node) => node.field("INFO replication", "master_link_status")));
      const known = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_slots_ok")));
      return (
        states.every((state) => state === "ok") &&
        links.every((link) => link !== "down") &&
        known.every((slots) => slots === "16384")
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((node) => node.kill()));
    for (const { folder } of this.all) rmSync(folder, { recursive: true, force: true });
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const held = await eventually(io.clock, 30_000, 100, async () => (await holds().catch(() => false)) || undefined);
  assert.ok(held, what);
}

test("a client that follows redirects keeps writing while a primary is killed, and reads all of it afterwards", async () => {
  await using nodes = await Nodes.start("nines", "nines", "nines", "nines", "nines", "nines");
  await nodes.form(3);
  const cluster = new Cluster(
    nodes.all.map(({ port }) => ({ host: "127.0.0.1", port })),
    {
      clusterRetryStrategy: (times) => (times < 100 ? 50 : null),
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      maxRedirections: 200,
    },
  );
  cluster.on("error", () => {});
  const written = new Map<string, string>();
  const write = async (i: number) => {
    const key = `key:${i % 100}`;
    await cluster.set(key, `${i}`);
    written.set(key, `${i}`);
  };
  for (let i = 0; i < 200; i++) await write(i);
  // So that nothing acknowledged is lost, which replication alone does not promise.
  for (const node of nodes.all.slice(0, 3)) await node.connection.call("WAIT", 1, 5000);
  const [dead] = nodes.all;
  const killedAt = io.clock.now();
  await dead!.kill();
  for (let i = 200; i < 400; i++) await write(i);
  const took = io.clock.now() - killedAt;
  assert.ok(took < 10_000, `${took} ms`);
  for (const [key, value] of written) assert.equal(await cluster.get(key), value);
  cluster.disconnect();
  // Its old primary comes back, with its memory of the cluster, as a replica.
  await dead!.start();
  await until("it follows", async () => (await dead!.field("INFO replication", "role")) === "slave");
  await nodes.settled(nodes.all);
});

describe("beside a real redis-server", needs("redis-cli"), () => {
  test("a mixed cluster: created, resharded and checked by redis-cli, failed over in both directions", async () => {
    await using nodes = await Nodes.start("nines", "nines", "redis", "redis", "nines", "nines");
    const [first, second, third] = nodes.all as [Node, Node, Node];
    // Each primary's replica is to be of the other kind: of the third, a nines; of the first, a redis-server.
    for (const node of nodes.all.slice(1))
      await node.connection.call("CLUSTER", "MEET", "127.0.0.1", first.port, first.busPort);
    await until("they know each other", async () => {
      const counts = await Promise.all(nodes.all.map((node) => node.field("CLUSTER INFO", "cluster_known_nodes")));
      return counts.every((count) => count === "6");
    });
    await first.connection.call("CLUSTER", "ADDSLOTSRANGE", 0, 5460);
    await second.connection.call("CLUSTER", "ADDSLOTSRANGE", 5461, 10_922);
    await third.connection.call("CLUSTER", "ADDSLOTSRANGE", 10_923, 16_383);
    const pairs = [
      [first, nodes.all[3]!],
      [second, nodes.all[4]!],
      [third, nodes.all[5]!],
    ] as const;
    for (const [primary, replica] of pairs) await replica.connection.call("CLUSTER", "REPLICATE", await primary.id());
    await nodes.settled(nodes.all);

    const cluster = new Cluster([{ host: "127.0.0.1", port: first.port }], {
      maxRedirections: 100,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
    });
    cluster.on("error", () => {});
    for (let i = 0; i < 500; i++) await cluster.set(`key:${i}`, `${i}`);

    // Slots there and back.
    const cli = async (...words: string[]) => (await run("redis-cli", words, { timeout: 60_000 })).stdout;
    const [one, three] = [await first.id(), await third.id()];
    for (const [from, to] of [
      [one, three],
      [three, one],
    ] as const) {
      await cli(
        "--cluster",
        "reshard",
        first.address,
        "--cluster-from",
        from,
        "--cluster-to",
        to,
        "--cluster-slots",
        "30",
        "--cluster-yes",
      );
    }
    const checked = await cli("--cluster", "check", second.address);
    assert.match(checked, /All nodes agree about slots configuration/);
    assert.match(checked, /All 16384 slots covered/);
    assert.doesNotMatch(checked, /ERR|WARNING/);
    for (let i = 0; i < 500; i++) assert.equal(await cluster.get(`key:${i}`), `${i}`);

    // A redis-server takes over from a nines, a nines from a redis-server.
    for (const [primary, replica] of [pairs[0], pairs[2]]) {
      await primary.connection.call("WAIT", 1, 5000);
      await primary.kill();
      await until(
        "its replica has its slots",
        async () => (await replica.field("INFO replication", "role")) === "master",
      );
      await nodes.settled(nodes.all.filter((node) => node !== primary));
      await primary.start();
      await nodes.settled(nodes.all);
      assert.equal(await primary.field("INFO replication", "role"), "slave");
    }
    for (let i = 0; i < 500; i++) assert.equal(await cluster.get(`key:${i}`), `${i}`);

    // And back by hand.
    await first.connection.call("CLUSTER", "FAILOVER");
    await until("it is primary again", async () => (await first.field("INFO replication", "role")) === "master");
    await nodes.settled(nodes.all);
    cluster.disconnect();
  });
});
