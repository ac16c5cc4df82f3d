/**
 * nines inside of your process: one server, a primary with replicas, or a whole group with Sentinels, each on a free port of
 * 127.0.0.1, up in milliseconds, gone with `stop()` or at the end of an `await using` block. Nothing is written to disk, and
 * nothing is logged unless asked for. Nodes can be killed, paused and cut off from each other, and a clock that a test turns
 * can take the place of time.
 */
import { resolve } from "node:path";
import { silent } from "../base/log.ts";
import { quoteWord } from "../base/words.ts";
import { Config } from "../config/config.ts";
import { loadConfig } from "../config/file.ts";
import type { Clock, Io } from "../io/io.ts";
import { MemoryDisk } from "../io/memory-disk.ts";
import { nodeIo } from "../io/node-io.ts";
import { NodeProcesses } from "../io/node-processes.ts";
import { TestClock } from "../io/test-clock.ts";
import { FaultIo, FaultMap } from "../lab/fault-io.ts";
import { assemble } from "../server/assemble.ts";
import { ServerLog } from "../server/log.ts";
import type { Server } from "../server/server.ts";
import { checkOptions } from "./embedded-options.ts";
import { makeMaterial, type TlsMaterial, tlsLines } from "./embedded-tls.ts";

/**
 * Directives of redis.conf by name: `{ maxmemory: "100mb", "notify-keyspace-events": "KEA" }`. A text is what would stand
 * behind the name in the file; an array is words, which may contain blanks.
 */
export type Directives = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

export interface NodeOptions {
  /** 0, the default, takes any port that is free. */
  readonly port?: number;
  readonly config?: Directives;
  /** Takes each line of the log. */
  readonly log?: (line: string) => void;
  /** Time: the real one unless a `TestClock` is handed in. */
  readonly clock?: Clock;
  /** How the node is called in logs and in `partition`. */
  readonly name?: string;
  /**
   * TLS instead of plain text, with clients and between the nodes: `true` for certificates made on the spot, of which clients need
   * to know `ca`, or PEM texts of yours.
   */
  readonly tls?: boolean | TlsMaterial;
}

const HOST = "127.0.0.1";

/** A server, or a Sentinel, that runs in this process. */
export class EmbeddedNode implements AsyncDisposable {
  readonly name: string;
  readonly host = HOST;
  /** For what the API does not offer. */
  readonly server: Server;
  /** With TLS: the certificate (PEM) that clients are to believe in. */
  readonly ca: string | undefined;
  readonly #io: FaultIo;

  private constructor(name: string, server: Server, ca: string | undefined, io: FaultIo) {
    this.name = name;
    this.server = server;
    this.ca = ca;
    this.#io = io;
  }

  static async start(
    world: World,
    name: string,
    options: NodeOptions,
    sentinelLines?: string[],
  ): Promise<EmbeddedNode> {
    const io = new FaultIo(name, world.ioFor(options.clock), world.map);
    const sentinel = sentinelLines !== undefined;
    const config = new Config({ directory: resolve("."), sentinel });
    const tls = await world.material(options.tls);
    const ports = tls ? tlsLines(tls, io, options.port ?? 0, sentinel) : [`port ${options.port ?? 0}`];
    const lines = [...ports, `bind ${HOST}`, 'save ""', ...(sentinelLines ?? [])];
    const directives = Object.entries(options.config ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([directive, value]) => oneLine(`${directive} ${words(value)}`));
    const extras = loadConfig(config, [...lines, ...directives].join("\n"), { sentinel });
    const sink = options.log;
    let server: Server | null = null;
    const log = sink
      ? new ServerLog({
          pid: process.pid,
          clock: io.clock,
          role: () => (sentinel ? "X" : server?.isReplica ? "S" : "M"),
          sink: (line) => sink(`${name} ${line}`),
        })
      : silent;
    server = assemble({
      io,
      config,
      extras,
      log,
      processes: world.processes,
      mode: sentinel ? "sentinel" : "server",
      configFile: sentinel ? `/${name}.conf` : "",
      pid: process.pid,
      ephemeralPort: tls ? "tls" : "tcp",
      exit: () => void io.kill(),
    });
    try {
      await server.start();
    } catch (error) {
      // It may listen already, or hold a lock.
      await server.stop();
      throw error;
    }
    return new EmbeddedNode(name, server, tls?.ca, io);
  }

  get port(): number {
    const { port, tlsPort } = this.server.listeners;
    return port || tlsPort;
  }

  get url(): string {
    return `${this.ca === undefined ? "redis" : "rediss"}://${this.host}:${this.port}`;
  }

  /** "killed" and "paused" are what `kill` and `pause` make of it. */
  get state(): "running" | "paused" | "killed" {
    return this.#io.state;
  }

  get role(): "primary" | "replica" {
    return this.server.isReplica ? "replica" : "primary";
  }

  /** As SIGKILL: connections break, nobody is told, what was not replicated is lost. */
  async kill(): Promise<void> {
    await this.#io.kill();
  }

  /** As SIGSTOP: it answers nothing, and does not notice the time that passes, until `resume`. */
  pause(): void {
    this.#io.pause();
  }

  /** As SIGCONT. */
  resume(): void {
    this.#io.resume();
  }

  async stop(): Promise<void> {
    this.#io.resume();
    await this.server.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** What the nodes of a group share. */
export class World {
  readonly map = new FaultMap();
  readonly processes = new NodeProcesses();
  #made: Promise<TlsMaterial> | undefined;

  /** One authority vouches for all nodes. */
  async material(choice: NodeOptions["tls"]): Promise<TlsMaterial | undefined> {
    if (choice === undefined || choice === false) return undefined;
    if (choice !== true) return choice;
    this.#made ??= makeMaterial(nodeIo());
    return this.#made;
  }

  ioFor(clock: Clock | undefined): Io {
    const io = nodeIo();
    return { ...io, clock: clock ?? io.clock, disk: new MemoryDisk() };
  }
}

/** A text is what would stand in the file behind the name, and a line's end would end the directive. */
function oneLine(line: string): string {
  if (/[\r\n]/.test(line)) throw new TypeError(`config: ${JSON.stringify(line)} is more than one line`);
  return line;
}

function words(value: Directives[string]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === "") return '""';
  return typeof value === "object"
    ? value.map((word) => quoteWord(bytesOf(String(word)))).join(" ")
    : bytesOf(String(value));
}

/** A configuration's texts are one character a byte. */
function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/**
 * One server.
 * @example
 * await using server = await startServer();
 * const client = new Redis(server.port);
 */
export async function startServer(options: NodeOptions = {}): Promise<EmbeddedNode> {
  checkOptions("startServer", options);
  return EmbeddedNode.start(new World(), options.name ?? "server", options);
}

export interface ReplicaSetOptions extends NodeOptions {
  /** Default 1. */
  readonly replicas?: number;
}

/** A primary and its replicas. Who is which may change: `primary` and `replicas` look afresh. */
export class EmbeddedGroup implements AsyncDisposable {
  readonly nodes: EmbeddedNode[] = [];
  readonly sentinels: EmbeddedNode[] = [];
  /** What the Sentinels call it. */
  readonly name: string;
  protected readonly world = new World();
  protected readonly clock: Clock | undefined;

  constructor(name: string, clock: Clock | undefined) {
    this.name = name;
    this.clock = clock;
  }

  /** The running node that takes writes; of two that do (a cut group), the one of the latest epoch that a Sentinel knows. */
  get primary(): EmbeddedNode {
    const primaries = this.nodes.filter((node) => node.state === "running" && node.role === "primary");
    if (primaries.length === 0) throw new Error("no node is primary now");
    const latest = latestPrimaryPort(this.sentinels, this.name);
    return primaries.find((node) => node.port === latest) ?? primaries[0]!;
  }

  get replicas(): EmbeddedNode[] {
    return this.nodes.filter((node) => node.state !== "killed" && node.role === "replica");
  }

  /** With TLS: the certificate (PEM) that clients are to believe in. */
  get ca(): string | undefined {
    return this.nodes[0]?.ca;
  }

  /** For a client's list of Sentinels. */
  get sentinelAddresses(): { host: string; port: number }[] {
    return this.sentinels.map(({ host, port }) => ({ host, port }));
  }

  /**
   * Cuts the network between the nodes of one side and those of the other. Clients reach both.
   * @throws Error  if a node is not one of this group's
   */
  partition(one: readonly EmbeddedNode[], other: readonly EmbeddedNode[]): void {
    const own = new Set([...this.nodes, ...this.sentinels]);
    for (const node of [...one, ...other]) if (!own.has(node)) throw new Error(`${node.name} is of another group`);
    for (const a of one) for (const b of other) this.world.map.cut(a.name, b.name);
  }

  /** Ends every partition. */
  heal(): void {
    this.world.map.heal();
  }

  /**
   * Waits until `condition` holds, letting time pass; a `TestClock` is turned.
   * @throws  after `timeoutMs` of that time
   */
  async until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const clock = this.clock ?? REAL;
    const end = clock.now() + timeoutMs;
    while (!condition()) {
      if (clock.now() >= end) throw new Error(`timed out after ${timeoutMs} ms waiting until ${what}`);
      if (clock instanceof TestClock) await clock.turn(10);
      else await new Promise<void>((wake) => void clock.after(5, wake));
    }
  }

  async addServers(replicas: number, options: NodeOptions): Promise<void> {
    const config = { "repl-diskless-sync-delay": 0, ...options.config };
    const start = (name: string, more: Directives, port = 0) =>
      EmbeddedNode.start(this.world, name, { ...options, port, config: { ...config, ...more } });
    this.nodes.push(await start("node-1", {}, options.port));
    const primary = this.nodes[0]!;
    for (let i = 1; i <= replicas; i++)
      this.nodes.push(await start(`node-${i + 1}`, { replicaof: [HOST, primary.port] }));
    await this.until(() => onlineReplicas(primary) === replicas, "all replicas follow");
  }

  async addSentinels(count: number, quorum: number, options: SentinelGroupOptions): Promise<void> {
    const { port } = this.nodes[0]!;
    const lines = [
      `sentinel monitor ${this.name} ${HOST} ${port} ${quorum}`,
      `sentinel down-after-milliseconds ${this.name} ${options.downAfterMs ?? 1000}`,
      `sentinel failover-timeout ${this.name} ${options.failoverTimeoutMs ?? 10_000}`,
    ];
    for (let i = 1; i <= count; i++) {
      const { clock, log, tls } = options;
      this.sentinels.push(await EmbeddedNode.start(this.world, `sentinel-${i}`, { clock, log, tls }, lines));
    }
    const replicas = this.nodes.length - 1;
    await this.until(
      () => this.sentinels.every((sentinel) => knows(sentinel, this.name, count - 1, replicas)),
      "the Sentinels know each other and the replicas",
    );
  }

  async stop(): Promise<void> {
    this.heal();
    for (const sentinel of this.sentinels) await sentinel.stop();
    for (const node of [...this.nodes].reverse()) await node.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const REAL = nodeIo().clock;

/**
 * A primary and replicas that follow it.
 * @example
 * await using group = await startReplicaSet({ replicas: 2 });
 * await new Redis(group.primary.port).set("key", "value");
 */
export async function startReplicaSet(options: ReplicaSetOptions = {}): Promise<EmbeddedGroup> {
  checkOptions("startReplicaSet", options);
  const group = new EmbeddedGroup("", options.clock);
  return guarded(group, () => group.addServers(options.replicas ?? 1, options));
}

export interface SentinelGroupOptions extends ReplicaSetOptions {
  /** Default 3. */
  readonly sentinels?: number;
  /** How many must agree that the primary is down: by default the majority. */
  readonly quorum?: number;
  /** What the Sentinels call the group: "mymaster" by default. */
  readonly name?: string;
  /** `down-after-milliseconds`: default 1000. A primary whose process is gone is noticed at once. */
  readonly downAfterMs?: number;
  readonly failoverTimeoutMs?: number;
}

/**
 * A primary, replicas, and Sentinels that replace the primary when it fails.
 * @example
 * await using group = await startSentinelGroup();
 * const client = new Redis({ sentinels: group.sentinelAddresses, name: group.name });
 * await group.primary.kill();
 */
export async function startSentinelGroup(options: SentinelGroupOptions = {}): Promise<EmbeddedGroup> {
  checkOptions("startSentinelGroup", options);
  const sentinels = options.sentinels ?? 3;
  const { quorum = Math.floor(sentinels / 2) + 1 } = options;
  if (quorum > sentinels)
    throw new TypeError(`startSentinelGroup: ${sentinels} Sentinels can never be a quorum of ${quorum}`);
  const group = new EmbeddedGroup(options.name ?? "mymaster", options.clock);
  return guarded(group, async () => {
    await group.addServers(options.replicas ?? 2, { ...options, name: undefined });
    await group.addSentinels(sentinels, quorum, options);
  });
}

/** A group of which a part cannot start leaves nothing behind. */
export async function guarded<G extends EmbeddedGroup>(group: G, build: () => Promise<void>): Promise<G> {
  try {
    await build();
    return group;
  } catch (error) {
    await group.stop();
    throw error;
  }
}

function onlineReplicas({ server }: EmbeddedNode): number {
  return server.replication?.goodReplicas() ?? 0;
}

function knows({ server }: EmbeddedNode, name: string, sentinels: number, replicas: number): boolean {
  const master = server.sentinel?.state.masters.get(name);
  return master !== undefined && master.sentinels.size === sentinels && master.replicas.size === replicas;
}

/** Where the primary is in the eyes of the running Sentinel that knows the latest epoch: one that is cut off knows an old one. */
function latestPrimaryPort(sentinels: readonly EmbeddedNode[], name: string): number | undefined {
  let latest: { configEpoch: number; address: { port: number } } | undefined;
  for (const { server, state } of sentinels) {
    const master = state === "running" ? server.sentinel?.state.masters.get(name) : undefined;
    if (master !== undefined && (latest === undefined || master.configEpoch > latest.configEpoch)) latest = master;
  }
  return latest?.address.port;
}
