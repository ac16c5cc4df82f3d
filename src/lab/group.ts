/**
 * A group of real processes on loopback: started, watched for crashes, ended without leftovers. `plan.ts` says what it
 * consists of, `group-file.ts` tells others about it, `watch.ts` looks at how it is, `drill/` breaks it.
 */
import { join } from "node:path";
import { RedisConnection } from "../client/connection.ts";
import { infoFields, namedFields } from "../client/replies.ts";
import type { ChildProcess, Exit, ProcessId } from "../io/processes.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { formCluster, whatNodeLacks } from "./cluster-formation.ts";
import type { Command } from "./engines.ts";
import { type GroupFile, groupFilePath, type NodeFile, readGroupFile, writeGroupFile } from "./group-file.ts";
import {
  DOWN_AFTER_MS,
  FAILOVER_TIMEOUT_MS,
  type GroupOptions,
  HOST,
  MASTER_NAME,
  type NodePlan,
  planNodes,
  sentinelCount,
  serverCount,
  shardCount,
} from "./plan.ts";
import { freePorts } from "./ports.ts";
import { onlineReplicas } from "./status.ts";
import { labIo, makeTlsFiles, type TlsFiles } from "./tls.ts";
import { eventually, type World } from "./world.ts";

export interface StartOptions extends GroupOptions {
  /** Where the group keeps its state; absolute. Made if it is not there. */
  readonly folder: string;
  /** How this program itself is started, for the engine `nines`. */
  readonly self: Command;
  /** The first primary's port, if it is free; the others follow. Default 6379; of a cluster 7000. */
  readonly port?: number;
  /** Likewise for the first Sentinel; default 20000 above the primary's. */
  readonly sentinelPort?: number;
  /** A node ended that nobody had asked to. */
  readonly onCrash?: (node: NodeFile, exit: Exit) => void;
  /** Asked often while the group comes up: true gives that up, with an error. */
  readonly cancelled?: () => boolean;
  /** What happens meanwhile, in a line. */
  readonly onProgress?: (text: string) => void;
}

const READY_WITHIN_MS = 10_000;
const WHOLE_WITHIN_MS = 15_000;
/** After SIGTERM; then SIGKILL. */
const END_WITHIN_MS = 5_000;

export class Group {
  readonly folder: string;
  readonly #world: World;
  readonly #options: StartOptions;
  readonly #plans: readonly NodePlan[];
  readonly #children = new Map<string, ChildProcess>();
  readonly #started = new Map<string, NodeFile>();
  #stopping: Promise<void> | undefined;
  #file: GroupFile;

  private constructor(world: World, options: StartOptions, plans: readonly NodePlan[], tls: TlsFiles | undefined) {
    this.#world = { ...world, io: labIo(world.io, tls) };
    this.#options = options;
    this.#plans = plans;
    this.folder = options.folder;
    this.#file = {
      version: 1,
      kind: options.kind,
      engine: options.engine,
      masterName: MASTER_NAME,
      downAfterMs: DOWN_AFTER_MS,
      failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
      ...(tls && { tls }),
      supervisor: world.self,
      nodes: plans.map((plan) => nodeFile(plan, { pid: 0 })),
    };
  }

  get file(): GroupFile {
    return this.#file;
  }

  /** By the nodes' names; those that a drill has started again included. */
  pids(): Map<string, number> {
    return new Map(this.#nodesNow().map((node) => [node.name, node.process.pid]));
  }

  /** Starts a group: `prepare` and `launch` in one. */
  static async start(world: World, options: StartOptions): Promise<Group> {
    const group = await Group.prepare(world, options);
    await group.launch();
    return group;
  }

  /**
   * Ends what an earlier group has left in the folder, and chooses the ports. Nothing is started yet.
   * @throws Error  if a group runs there
   */
  static async prepare(world: World, options: StartOptions): Promise<Group> {
    await clearFolder(world, options.folder, options.onProgress);
    const isCluster = options.kind === "cluster";
    const port = options.port ?? (isCluster ? 7000 : 6379);
    const { net } = world.io;
    const servers = await freePorts(net, HOST, port, serverCount(options));
    const firstSentinel = options.sentinelPort ?? Math.min(port + 20_000, 65_000);
    const sentinels = await freePorts(net, HOST, firstSentinel, sentinelCount(options));
    const buses = isCluster ? await freePorts(net, HOST, Math.min(port + 10_000, 65_000), servers.length) : [];
    const tls = options.tls ? await makeTlsFiles(world.io, options.folder) : undefined;
    const plans = planNodes(options, options.folder, options.self, servers, sentinels, buses, tls);
    return new Group(world, options, plans, tls);
  }

  /**
   * Starts the nodes and waits until the group is whole: replicas in step, Sentinels aware of each other.
   * @throws Error  that says which node did not come up and shows the end of its log; nothing is left running
   */
  async launch(): Promise<void> {
    try {
      await this.#launch();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends every node, the Sentinels first, so that none takes the end for a failure. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** At once, without waiting: for when this process itself is about to end. */
  killNow(): void {
    for (const id of this.#processIds(() => true)) this.#world.processes.signal(id, "SIGKILL");
  }

  async #launch(): Promise<void> {
    for (const plan of this.#plans) {
      await emptyFolder(this.#world, plan.folder);
      this.#world.io.disk.replaceSync(plan.configPath, Buffer.from(plan.config));
    }
    // The primary first: replicas that find nobody wait a second before they try again. A cluster's nodes know nobody yet.
    const [primary, ...others] = this.#plans as [NodePlan, ...NodePlan[]];
    this.#spawn(primary);
    await this.#untilReady(primary);
    for (const plan of others) this.#spawn(plan);
    await Promise.all(others.map((plan) => this.#untilReady(plan)));
    if (this.#options.kind === "cluster") {
      const asking = (node: { host: string; port: number }, words: (string | number)[]) => {
        this.#heedCancel();
        return ask(this.#world, node, words.map(String));
      };
      await formCluster(this.#world, asking, this.#plans, shardCount(this.#options));
    }
    await this.#untilWhole();
  }

  #spawn(plan: NodePlan): void {
    const { command, args } = plan.run;
    const { folder: cwd, logPath } = plan;
    const child = this.#world.processes.spawn({ command, args, cwd, logPath, detached: true });
    this.#children.set(plan.name, child);
    const node = nodeFile(plan, child.id);
    const nodes = this.#file.nodes.map((other) => (other.name === plan.name ? node : other));
    this.#file = { ...this.#file, nodes };
    writeGroupFile(this.#world.io.disk, this.folder, this.#file);
    child.exited.then((exit) => {
      if (this.#stopping === undefined) this.#options.onCrash?.(node, exit);
    });
  }

  async #untilReady(plan: NodePlan): Promise<void> {
    const child = this.#children.get(plan.name)!;
    const ready = await eventually(this.#world.io.clock, READY_WITHIN_MS, 20, async () => {
      this.#heedCancel();
      if (child.hasExited) throw await this.#startFailure(plan, child);
      return (await ask(this.#world, plan, ["PING"])) === "PONG" ? true : undefined;
    });
    if (!ready) throw await this.#startFailure(plan, child);
  }

  async #startFailure(plan: NodePlan, child: ChildProcess): Promise<Error> {
    const line = [plan.run.command, ...plan.run.args].join(" ");
    if (!child.hasExited) return new Error(`${plan.name} did not answer within ${READY_WITHIN_MS} ms: ${line}`);
    const exit = await child.exited;
    if (exit.error?.code === "ENOENT") return new Error(`${plan.run.command} is not installed (not found in PATH)`);
    if (exit.error) return new Error(`${plan.name} could not be started (${describeExit(exit)}): ${line}`);
    const log = Buffer.from((await this.#world.io.disk.read(plan.logPath)) ?? []).toString();
    const end = log.trimEnd().split("\n").slice(-8).join("\n  ");
    return new Error(`${plan.name} ended as soon as it was started (${describeExit(exit)}): ${line}\n  ${end}`);
  }

  /** Until every replica follows and every Sentinel knows all the others: before that no failover could succeed. */
  async #untilWhole(): Promise<void> {
    const servers = this.#file.nodes.filter((node) => node.kind === "server");
    const sentinels = this.#file.nodes.filter((node) => node.kind === "sentinel");
    let missing = "";
    const whole = await eventually(this.#world.io.clock, WHOLE_WITHIN_MS, 50, async () => {
      this.#heedCancel();
      missing = await this.#whatIsMissing(servers, sentinels);
      return missing === "" ? true : undefined;
    });
    if (whole) return;
    const late = `the group did not come together within ${WHOLE_WITHIN_MS} ms: ${missing}`;
    throw new Error(`${late}; the nodes' logs are in ${this.folder}`);
  }

  #heedCancel(): void {
    if (this.#options.cancelled?.()) throw new Error("interrupted");
  }

  async #whatIsMissing(servers: readonly NodeFile[], sentinels: readonly NodeFile[]): Promise<string> {
    if (this.#options.kind === "cluster") {
      for (const node of servers) {
        const look = (...words: string[]) => ask(this.#world, node, words);
        const lacks = whatNodeLacks(await look("CLUSTER", "INFO"), await look("INFO", "replication"));
        if (lacks !== "") return `${node.name} ${lacks}`;
      }
      return "";
    }
    const info = infoFields(await ask(this.#world, servers[0]!, ["INFO", "replication"]));
    const online = onlineReplicas(info);
    if (online < servers.length - 1) return `${online} of ${servers.length - 1} replicas are in step`;
    for (const sentinel of sentinels) {
      const view = namedFields(await ask(this.#world, sentinel, ["SENTINEL", "MASTER", MASTER_NAME]));
      const others = Number(view.get("num-other-sentinels") ?? 0);
      const replicas = Number(view.get("num-slaves") ?? 0);
      if (others < sentinels.length - 1) return `${sentinel.name} knows ${others} other Sentinels`;
      if (replicas < servers.length - 1) return `${sentinel.name} knows ${replicas} replicas`;
    }
    return "";
  }

  async #stop(): Promise<void> {
    // Twice: a drill may have started a node again while the first round went on.
    for (const kind of ["sentinel", "server", "sentinel", "server"] as const) {
      const ids = this.#processIds((node) => node.kind === kind);
      await endProcesses(this.#world, ids);
    }
    await this.#world.io.disk.remove(groupFilePath(this.folder));
  }

  #processIds(wanted: (node: NodeFile) => boolean): ProcessId[] {
    this.#nodesNow();
    return [...this.#started.values()].filter(wanted).map((node) => node.process);
  }

  /** Our children, or those that a drill has started in their place. Each that was ever seen is remembered: it is ours to end. */
  #nodesNow(): readonly NodeFile[] {
    let nodes = this.#file.nodes;
    try {
      nodes = readGroupFile(this.#world.io.disk, this.folder)?.nodes ?? nodes;
    } catch {}
    for (const node of [...this.#file.nodes, ...nodes]) {
      if (node.process.pid > 0) this.#started.set(`${node.process.pid} ${node.process.startTime}`, node);
    }
    return nodes;
  }
}

function nodeFile({ name, kind, host, port, folder, logPath, run }: NodePlan, process: ProcessId): NodeFile {
  return { name, kind, host, port, folder, logPath, run, process };
}

/** One question over a connection of its own; null where there was no answer. */
async function ask(world: World, endpoint: { host: string; port: number }, words: string[]): Promise<Reply> {
  const { host, port } = endpoint;
  const connection = new RedisConnection(world.io, { host, port }, { connectTimeoutMs: 1000, timeoutMs: 1000 });
  try {
    return await connection.call(...words);
  } catch {
    return null;
  } finally {
    connection.close();
  }
}

/** SIGTERM to all, SIGKILL to those that are still there after a bound. A stopped process is continued, to hear it. */
export async function endProcesses(world: World, ids: readonly ProcessId[]): Promise<void> {
  const { processes, io } = world;
  for (const id of ids) {
    processes.signal(id, "SIGTERM");
    processes.signal(id, "SIGCONT");
  }
  const gone = () => (ids.some((id) => processes.isAlive(id)) ? undefined : true);
  if (await eventually(io.clock, END_WITHIN_MS, 10, gone)) return;
  for (const id of ids) processes.signal(id, "SIGKILL");
  await eventually(io.clock, END_WITHIN_MS, 10, gone);
}

/**
 * Makes the folder ready for a new group: ends what an earlier one left running when its supervisor was killed.
 * @throws Error  if a group runs there
 */
async function clearFolder(world: World, folder: string, onProgress?: (text: string) => void): Promise<void> {
  const { disk } = world.io;
  await disk.makeFolder(folder);
  const earlier = readGroupFile(disk, folder);
  if (earlier === undefined) return;
  if (world.processes.isAlive(earlier.supervisor)) {
    const { pid } = earlier.supervisor;
    throw new Error(`a group is running in ${folder} already (started by process ${pid}); end it, or choose --dir`);
  }
  const left = earlier.nodes.filter((node) => world.processes.isAlive(node.process));
  if (left.length > 0) {
    onProgress?.(`ending ${left.length} nodes that an earlier group left running`);
    await endProcesses(
      world,
      left.map((node) => node.process),
    );
  }
  await disk.remove(groupFilePath(folder));
}

/** A data file of an earlier group would be loaded by the next. What is no file (an AOF's folder) is left alone. */
async function emptyFolder(world: World, folder: string): Promise<void> {
  const { disk } = world.io;
  await disk.makeFolder(folder);
  for (const name of await disk.list(folder)) await disk.remove(join(folder, name)).catch(() => {});
}

export function describeExit(exit: Exit): string {
  if (exit.error) return exit.error.message;
  return exit.signal ? `killed by ${exit.signal}` : `exit code ${exit.code}`;
}
