/** Clusters of whole servers for tests: processes of nines or of the real redis-server, formed by CLUSTER alone. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { slotShare } from "../../src/base/hash-slot.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import type { ChildProcess } from "../../src/io/processes.ts";
import { eventually } from "../../src/lab/world.ts";
import { self } from "../lab/world.ts";
import { freePort } from "../ports.ts";

const io = nodeIo();
const run = promisify(execFile);

export type Kind = "nines" | "redis";

export class Node {
  readonly folder = mkdtempSync(join(tmpdir(), "nines-cluster-"));
  connection!: RedisConnection;
  #process: ChildProcess | null = null;

  /** @param directives  words of its command line beside those that every node has */
  constructor(
    readonly kind: Kind,
    readonly port: number,
    readonly busPort: number,
    readonly directives: readonly string[] = [],
  ) {}

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const words = [
      ...["--port", `${this.port}`, "--cluster-port", `${this.busPort}`, "--bind", "127.0.0.1", "--save", ""],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"],
      ...this.directives,
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
    if (this.#process === null) return;
    this.connection.close();
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#process = null;
  }

  async field(section: string, name: string): Promise<string | undefined> {
    const text = String(await this.connection.call(...section.split(" ")));
    return new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1];
  }

  async id(): Promise<string> {
    return String(await this.connection.call("CLUSTER", "MYID"));
  }

  /** CLUSTER FAILOVER on a replica, until it is the primary. */
  async failOver(...how: string[]): Promise<void> {
    await this.connection.call("CLUSTER", "FAILOVER", ...how);
    await until("it is primary", async () => (await this.field("INFO replication", "role")) === "master");
  }
}

export class Nodes implements AsyncDisposable {
  readonly all: Node[] = [];

  static async start(...kinds: Kind[]): Promise<Nodes> {
    return Nodes.startWith([], ...kinds);
  }

  static async startWith(directives: readonly string[], ...kinds: Kind[]): Promise<Nodes> {
    const nodes = new Nodes();
    for (const kind of kinds) nodes.all.push(new Node(kind, await freePort(), await freePort(), directives));
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
      const acquainted = await Promise.all(nodes.map((node) => node.field("CLUSTER INFO", "cluster_known_nodes")));
      return (
        acquainted.every((count) => count === `${this.all.length}`) &&
        states.every((state) => state === "ok") &&
        links.every((link) => link !== "down") &&
        known.every((slots) => slots === "16384")
      );
    });
  }

  /** Slots of one primary become another's, by redis-cli: SETSLOT and MIGRATE. */
  async reshard(from: Node, to: Node, slots: number): Promise<void> {
    const [source, target] = [await from.id(), await to.id()];
    const ends = ["--cluster-from", source, "--cluster-to", target, "--cluster-slots", `${slots}`, "--cluster-yes"];
    await redisCli("--cluster", "reshard", from.address, ...ends);
  }

  /** The first slots of all become another's, by CLUSTER MIGRATE, which only nines knows. */
  async migrate(from: Node, to: Node, slots: number): Promise<void> {
    const name = await from.connection.call("CLUSTER", "MIGRATE", "SLOTS", `0-${slots - 1}`, "TO", await to.id());
    await until("the slots have moved", async () => {
      const [status] = (await from.connection.call("CLUSTER", "MIGRATE", "STATUS", String(name))) as unknown[];
      assert.doesNotMatch(String(status), /failed|cancelled/);
      return /success/.test(String(status));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((node) => node.kill()));
    for (const { folder } of this.all) rmSync(folder, { recursive: true, force: true });
  }
}

export async function redisCli(...words: string[]): Promise<string> {
  try {
    return (await run("redis-cli", words, { timeout: 60_000 })).stdout;
  } catch (error) {
    throw new Error(`redis-cli ${words.join(" ")}: ${(error as { stdout?: string }).stdout ?? error}`);
  }
}

export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const held = await eventually(io.clock, 30_000, 50, async () => {
    try {
      return (await holds()) || undefined;
    } catch {
      return undefined;
    }
  });
  assert.ok(held, what);
}
