/**
 * How long writes to a shard of a cluster fail when its primary is killed (SIGKILL) or stands still (SIGSTOP): from the last
 * write that was acknowledged before to the first one after, for a client that tries all the time, wherever a node may take it.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Slice } from "../src/base/bytes.ts";
import { hashSlot } from "../src/base/hash-slot.ts";
import { RedisConnection } from "../src/client/connection.ts";
import { nodeIo } from "../src/io/node-io.ts";
import type { Contender } from "./contender.ts";
import { type ClusterNodeProcess, RunningCluster } from "./running-cluster.ts";
import { median } from "./statistics.ts";
import { formatTable } from "./table.ts";

const NODE_TIMEOUT_MS = 5000;
const KILLS = { all: 10, quick: 2 };
const STOPS = { all: 3, quick: 1 };
/** Between two attempts, and how long one may take. */
const PERIOD_MS = 2;
const PATIENCE_MS = 50;
const GIVE_UP_MS = 60_000;

export interface ClusterFailoverResult {
  readonly name: string;
  readonly kills: readonly number[];
  readonly stops: readonly number[];
}

const io = nodeIo();

export async function measureClusterFailover(
  contenders: readonly Contender[],
  quick: boolean,
): Promise<ClusterFailoverResult[]> {
  const results: ClusterFailoverResult[] = [];
  for (const contender of contenders) results.push(await measure(contender, quick ? "quick" : "all"));
  return results;
}

async function measure(contender: Contender, length: "quick" | "all"): Promise<ClusterFailoverResult> {
  const words = ["--save", "", "--cluster-node-timeout", `${NODE_TIMEOUT_MS}`, "--repl-diskless-sync-delay", "0"];
  const cluster = await RunningCluster.start(contender, words);
  try {
    const kills: number[] = [];
    const stops: number[] = [];
    for (let round = 0; round < KILLS[length]; round++) {
      const { key, node } = await target(cluster, round);
      kills.push(await gap(cluster, key, () => node.kill()));
      await node.start();
      await cluster.settled();
    }
    for (let round = 0; round < STOPS[length]; round++) {
      const { key, node } = await target(cluster, round);
      stops.push(await gap(cluster, key, async () => node.signal("SIGSTOP")));
      node.signal("SIGCONT");
      // The others call it failed, or a primary too many, until it follows.
      await cluster.settled();
    }
    return { name: contender.name, kills, stops };
  } finally {
    await cluster.stop();
  }
}

async function target(cluster: RunningCluster, round: number): Promise<{ key: string; node: ClusterNodeProcess }> {
  const key = `key:${round % 7}`;
  const bytes = Buffer.from(key);
  return { key, node: await cluster.ownerOf(hashSlot(new Slice(bytes, 0, bytes.length))) };
}

/** Writes all the time, has `harm` done in the midst of it, and answers how many ms no write was acknowledged. */
async function gap(cluster: RunningCluster, key: string, harm: () => Promise<void>): Promise<number> {
  const writer = new Writer(cluster.nodes, key);
  try {
    // At any moment of what the nodes do in turn.
    const until = performance.now() + 300 + Math.random() * 1000;
    while (performance.now() < until) await writer.attempt();
    const before = writer.acknowledgedAt;
    if (before === 0) throw new Error("nothing could be written before");
    await harm();
    const harmedAt = performance.now();
    let last = before;
    for (;;) {
      await writer.attempt();
      // What was under way may still be answered.
      if (writer.acknowledgedAt > last && writer.node !== writer.firstNode) return writer.acknowledgedAt - last;
      last = writer.acknowledgedAt;
      if (performance.now() - harmedAt > GIVE_UP_MS) return Number.POSITIVE_INFINITY;
    }
  } finally {
    writer.close();
  }
}

/** Writes one key, at the node that it was sent to last, or the next one where that fails. */
class Writer {
  acknowledgedAt = 0;
  node = 0;
  /** Where the first write was acknowledged. */
  firstNode = -1;
  readonly #nodes: readonly ClusterNodeProcess[];
  readonly #key: string;
  readonly #connections = new Map<number, RedisConnection>();

  constructor(nodes: readonly ClusterNodeProcess[], key: string) {
    this.#nodes = nodes;
    this.#key = key;
  }

  async attempt(): Promise<void> {
    const { node } = this;
    try {
      await this.#connection(node).call("SET", this.#key, "x");
      this.acknowledgedAt = performance.now();
      if (this.firstNode < 0) this.firstNode = node;
    } catch (error) {
      const port = Number(/^MOVED .*:(\d+)$/.exec((error as Error).message)?.[1]);
      const moved = this.#nodes.findIndex((other) => other.port === port);
      const isReply = /^(MOVED|CLUSTERDOWN|LOADING|READONLY)/.test((error as Error).message);
      if (!isReply) this.#drop(node);
      this.node = moved >= 0 && moved !== node ? moved : (node + 1) % this.#nodes.length;
    }
    await sleep(PERIOD_MS);
  }

  #connection(node: number): RedisConnection {
    let connection = this.#connections.get(node);
    if (connection === undefined || connection.error !== null) {
      const options = { connectTimeoutMs: PATIENCE_MS, timeoutMs: PATIENCE_MS };
      connection = new RedisConnection(io, this.#nodes[node]!, options);
      this.#connections.set(node, connection);
    }
    return connection;
  }

  #drop(node: number): void {
    this.#connections.get(node)?.close();
    this.#connections.delete(node);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}

export function clusterFailoverTable(results: readonly ClusterFailoverResult[]): string {
  const row = (what: string, gaps: readonly number[]) => [
    what,
    `${gaps.length}`,
    median(gaps).toFixed(0),
    Math.max(...gaps).toFixed(0),
  ];
  return formatTable(
    [`no write for ms (cluster-node-timeout ${NODE_TIMEOUT_MS})`, "rounds", "median", "slowest"],
    results.flatMap(({ name, kills, stops }) => [row(`${name}, SIGKILL`, kills), row(`${name}, SIGSTOP`, stops)]),
  );
}
