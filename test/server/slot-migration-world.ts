/** A cluster in this process whose slots move to and fro, and clients that notice everything. */
import assert from "node:assert/strict";
import { Cluster } from "ioredis";
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import { TIMES } from "../../src/cluster/slot-migration/times.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { eventually } from "../../src/lab/world.ts";
import type { EmbeddedNode } from "../../src/main/embedded.ts";
import { type ClusterOptions, type EmbeddedCluster, startCluster } from "../../src/main/embedded-cluster.ts";
import { Ends } from "../ends.ts";
import { until } from "../until.ts";

export const io = nodeIo();

export type Status = Record<string, string | number>;

export class World implements AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly #connections = new Map<EmbeddedNode, RedisConnection>();
  readonly log: string[];
  readonly #ends = new Ends();

  private constructor(cluster: EmbeddedCluster, log: string[]) {
    this.cluster = cluster;
    this.#ends.add(() => cluster.stop());
    this.log = log;
  }

  static async start(options: ClusterOptions = {}): Promise<World> {
    const log: string[] = [];
    const config = { "enable-debug-command": true, ...options.config };
    const cluster = await startCluster({ replicas: 0, ...options, config, log: (line) => log.push(line.trim()) });
    const world = new World(cluster, log);
    await world.#haveEpochs();
    return world;
  }

  /** A migration takes an epoch above all, and ends if another comes meanwhile: those of the beginning are to be settled. */
  async #haveEpochs(): Promise<void> {
    const states = this.nodes.map(({ server }) => server.cluster!.shell.state);
    await this.until("every primary has an epoch of its own, and all know", () => {
      const epochs = states.filter(({ myself }) => myself.isPrimary).map(({ myself }) => myself.configEpoch);
      const known = new Set(states.map(({ currentEpoch }) => currentEpoch));
      return new Set(epochs).size === epochs.length && known.size === 1;
    });
  }

  /** A machine that has much else to do is no reason to fail. */
  patient(): this {
    for (const { server } of this.nodes) {
      const { migrations } = server.cluster!;
      migrations.times = { ...migrations.times, lease: 5000, pause: 10_000, silence: 30_000 };
    }
    return this;
  }

  /** As it is where nobody waits for tests. */
  impatient(): this {
    for (const { server } of this.nodes) server.cluster!.migrations.times = TIMES;
    return this;
  }

  get nodes(): EmbeddedNode[] {
    return this.cluster.nodes;
  }

  /** Asks one node, and no other. */
  async ask(node: EmbeddedNode, ...words: (string | number)[]): Promise<unknown> {
    const connection = this.#connections.get(node);
    return (connection?.error === null ? connection : this.#connect(node)).call(...words);
  }

  #connect(node: EmbeddedNode): RedisConnection {
    const connection = new RedisConnection(io, { host: node.host, port: node.port }, { timeoutMs: 5000 });
    this.#connections.set(node, connection);
    this.#ends.add(() => connection.close());
    return connection;
  }

  id(node: EmbeddedNode): string {
    return node.server.cluster!.shell.state.myself.id;
  }

  async begin(from: EmbeddedNode, to: EmbeddedNode, ...slots: string[]): Promise<string> {
    return String(await this.ask(from, "CLUSTER", "MIGRATE", "SLOTS", ...slots, "TO", this.id(to)));
  }

  async status(node: EmbeddedNode, name: string): Promise<Status | undefined> {
    const [words] = (await this.ask(node, "CLUSTER", "MIGRATE", "STATUS", name)) as (string | number)[][];
    if (words === undefined) return undefined;
    const status: Status = {};
    for (let i = 0; i < words.length; i += 2) status[words[i]!] = words[i + 1]!;
    return status;
  }

  /** Waits for the end of it. */
  async ended(node: EmbeddedNode, name: string): Promise<Status> {
    const over = ["success", "failed", "cancelled"];
    const status = await eventually(io.clock, 20_000, 5, async () => {
      const now = await this.status(node, name);
      return now !== undefined && over.includes(String(now["state"])) ? now : undefined;
    });
    assert.ok(status, "the migration ends");
    return status;
  }

  async migrate(from: EmbeddedNode, to: EmbeddedNode, ...slots: string[]): Promise<Status> {
    return this.ended(from, await this.begin(from, to, ...slots));
  }

  /** Lives as long as this world. */
  client(): Cluster {
    const client = new Cluster(this.cluster.addresses, {
      retryDelayOnMoved: 0,
      retryDelayOnFailover: 20,
      retryDelayOnClusterDown: 20,
      maxRedirections: 50,
      clusterRetryStrategy: () => 20,
    });
    client.on("error", () => {});
    this.#ends.add(() => client.disconnect());
    return client;
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, holds);
  }

  /** No node has keys that it hides, and replicas are where their primaries are. */
  async settled(): Promise<void> {
    const running = this.nodes.filter(({ state }) => state === "running");
    await this.until("all keys are where they belong", () =>
      running.every(({ server }) => {
        const { engine, replication } = server;
        return !engine.hidden.any && (replication!.role === "master" || replication!.linkUp);
      }),
    );
    for (const node of running) {
      const { state } = node.server.cluster!.shell;
      if (state.myself.primary === null) continue;
      const primary = running.find((other) => this.id(other) === state.myself.primary!.id)!;
      await this.until("replicas hold what their primaries hold", async () => {
        const digests = await Promise.all([node, primary].map((one) => this.ask(one, "DEBUG", "DIGEST")));
        return digests[0] === digests[1];
      });
    }
  }

  async size(...nodes: EmbeddedNode[]): Promise<number> {
    const sizes = await Promise.all(nodes.map((node) => this.ask(node, "DBSIZE")));
    return sizes.reduce((sum: number, size) => sum + Number(size), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends[Symbol.asyncDispose]();
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void io.clock.after(ms, resolve));

export function slotOf(key: string): number {
  return hashSlot(Slice.of(key));
}

/** A hash tag whose slot is below the limit. */
export function tagBelow(limit: number, from = 0): string {
  for (let i = from; ; i++) if (slotOf(`t${i}`) < limit) return `t${i}`;
}

// ---- Keys that are to move

export const SLOTS = 1000;
export const KEYS = 300;
export const KEY = Array.from({ length: KEYS }, (_, i) => `{${tagBelow(SLOTS, i * 97)}}:${i}`);

/** With keys in the slots that are to move, at the first node. */
export async function worldWithKeys(options: Parameters<typeof World.start>[0] = {}): Promise<World> {
  // One that dies without a replica is not to stop the others.
  const config = { "cluster-require-full-coverage": false, ...options.config };
  const world = await World.start({ shards: 3, ...options, config });
  try {
    await Promise.all(KEY.map((key, i) => world.ask(world.nodes[0]!, "SET", key, `before ${i}`)));
    return world;
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** The migration comes to the point where writes could be held, and stays there. */
export function neverSwitches(node: EmbeddedNode): void {
  const { migrations } = node.server.cluster!;
  migrations.times = { ...migrations.times, smallBytes: -1 };
}

export async function streaming(world: World, from: EmbeddedNode, to: EmbeddedNode): Promise<string> {
  neverSwitches(from);
  const name = await world.begin(from, to, `0-${SLOTS - 1}`);
  await world.until("it streams", async () => (await world.status(from, name))?.["state"] === "streaming");
  return name;
}

/** All of the keys are at this node, as they were written last. */
export async function assertServes(world: World, node: EmbeddedNode, text: string): Promise<void> {
  for (const [i, key] of KEY.entries()) assert.equal(await world.ask(node, "GET", key), `${text} ${i}`);
}

export function failed(status: Status | undefined, message: RegExp): void {
  assert.equal(status?.["state"], "failed");
  assert.match(String(status?.["message"]), message);
}

export function succeeded(status: Status): void {
  assert.equal(status["state"], "success", String(status["message"]));
}
