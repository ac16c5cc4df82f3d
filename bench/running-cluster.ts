/** A cluster of three primaries and three replicas under test: its nodes are started, signalled and started again where they were. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisConnection, type Word } from "../src/client/connection.ts";
import { nodeIo } from "../src/io/node-io.ts";
import { formCluster, whatNodeLacks } from "../src/lab/cluster-formation.ts";
import type { Contender } from "./contender.ts";

const io = nodeIo();
const SHARDS = 3;
const NODES = 6;
const STARTED_WITHIN_MS = 30_000;
const SETTLED_WITHIN_MS = 60_000;
/** Below those of outgoing connections: one of these could take the port of a node while that is being started again. */
const PORTS = { first: 12_000, count: 20_000 };

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class ClusterNodeProcess {
  readonly host = "127.0.0.1";
  #child: ChildProcess | null = null;

  constructor(
    readonly name: string,
    readonly port: number,
    readonly busPort: number,
    private readonly contender: Contender,
    private readonly folder: string,
    private readonly words: readonly string[],
  ) {
    mkdirSync(folder);
  }

  async start(): Promise<void> {
    const where = ["--port", `${this.port}`, "--cluster-port", `${this.busPort}`, "--bind", this.host];
    const args = [...this.contender.args, ...where, "--dir", this.folder, "--cluster-enabled", "yes", ...this.words];
    const child = spawn(this.contender.command, args, { stdio: "ignore" });
    // One that could not be started does not answer.
    child.on("error", () => {});
    running.add(child);
    this.#child = child;
    const deadline = performance.now() + STARTED_WITHIN_MS;
    while (performance.now() < deadline && !hasEnded(child)) {
      if ((await this.ask("PING").catch(() => null)) === "PONG") return;
      await sleep(10);
    }
    throw new Error(`${this.name} did not answer, exit code ${child.exitCode}`);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child!.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    running.delete(child);
    if (hasEnded(child)) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** On a connection of its own. */
  async ask(...words: Word[]) {
    const connection = await RedisConnection.open(io, this, { connectTimeoutMs: 1000, timeoutMs: 5000 });
    try {
      return await connection.call(...words);
    } finally {
      connection.close();
    }
  }
}

export class RunningCluster {
  readonly nodes: ClusterNodeProcess[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "nines-bench-"));

  static async start(contender: Contender, words: readonly string[]): Promise<RunningCluster> {
    const cluster = new RunningCluster();
    try {
      await cluster.#start(contender, words);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #start(contender: Contender, words: readonly string[]): Promise<void> {
    for (let i = 0; i < NODES; i++) {
      const folder = join(this.#folder, `${i}`);
      const name = `node ${i} of ${contender.name}`;
      this.nodes.push(new ClusterNodeProcess(name, await freePort(), await freePort(), contender, folder, words));
    }
    await Promise.all(this.nodes.map((node) => node.start()));
    const ask = (node: { name: string }, asked: Word[]) =>
      this.nodes.find(({ name }) => name === node.name)!.ask(...asked);
    await formCluster({ io } as Parameters<typeof formCluster>[0], ask, this.nodes, SHARDS);
    await this.settled();
  }

  /** All nodes serve and are in step. */
  async settled(): Promise<void> {
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (;;) {
      const lacks = await Promise.all(this.nodes.map((node) => whatLacks(node)));
      if (lacks.every((lack) => lack === "")) return;
      if (performance.now() > deadline) throw new Error(`the cluster does not settle: ${lacks.join(", ")}`);
      await sleep(50);
    }
  }

  /** The node that has the slot, as the first one sees it. */
  async ownerOf(slot: number): Promise<ClusterNodeProcess> {
    const ranges = (await this.nodes[0]!.ask("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
    const [, , [, port]] = ranges.find(([first, last]) => first <= slot && slot <= last)!;
    return this.nodes.find((node) => node.port === port)!;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

async function whatLacks(node: ClusterNodeProcess): Promise<string> {
  try {
    const [cluster, replication, nodes] = [
      await node.ask("CLUSTER", "INFO"),
      await node.ask("INFO", "replication"),
      String(await node.ask("CLUSTER", "NODES")),
    ];
    if (/fail|handshake|noaddr/.test(nodes)) return "sees a failure";
    if (
      nodes
        .trimEnd()
        .split("\n")
        .filter((line) => line.includes("slave")).length !==
      NODES - SHARDS
    )
      return "roles";
    return whatNodeLacks(cluster, replication);
  } catch (error) {
    return (error as Error).message;
  }
}
