/**
 * A drill: clients write, the primary is broken and mended, and what the clients saw is judged. `course.ts` is the order of it,
 * `faults.ts` breaks, `writers.ts` writes, `roles.ts` and the Sentinels tell what happened, `verdict.ts` judges.
 */
import { randomId } from "../../io/io.ts";
import { type GroupFile, type NodeFile, readGroupFile } from "../group-file.ts";
import type { GroupStatus, ServerStatus } from "../status.ts";
import { labIo } from "../tls.ts";
import { Watch } from "../watch.ts";
import { eventually, monotonicMs, type World } from "../world.ts";
import { Course, type CourseOptions, heedCancel, SETTLE_WITHIN_MS } from "./course.ts";
import { type Fault, Injection } from "./faults.ts";
import type { FinalState } from "./history.ts";
import { missingValues, readNodeData, removeValues } from "./node-data.ts";
import { RoleWatch } from "./roles.ts";
import { type DrillRecord, judge, type Verdict } from "./verdict.ts";
import { DirectWriter, SentinelWriter } from "./writers.ts";

export interface DrillOptions extends CourseOptions {
  readonly fault: Fault;
}

export interface DrillResult {
  readonly fault: Fault;
  readonly engine: string;
  readonly oldPrimaryPort: number;
  readonly servers: number;
  readonly sentinels: number;
  readonly writers: number;
  readonly durationMs: number;
  readonly verdict: Verdict;
}

export const SENTINEL_WRITERS = 8;
export const DIRECT_WRITERS = 2;

/** @throws Error  if the group is not fit for a drill, or it was cancelled; the primary is mended all the same */
export async function runDrill(world: World, options: DrillOptions): Promise<DrillResult> {
  const startedAt = monotonicMs(world.io.clock);
  const group = runningGroup(world, options.folder);
  if (group.kind === "cluster") throw new Error("this group is a cluster: `runClusterDrill` is for it");
  const watch = new Watch(world.io, group, (failover) => drill?.switches.push({ ...failover, at: drill.now() }));
  let drill: Drill | undefined;
  try {
    const status = await healthyStatus(world, watch, options);
    const primary = group.nodes.find((node) => node.port === primaryOf(status)!.port)!;
    drill = new Drill({ ...world, io: labIo(world.io, group.tls) }, options, group, primary, watch);
    const record = await drill.run();
    return {
      fault: options.fault,
      engine: group.engine,
      oldPrimaryPort: primary.port,
      servers: status.servers.length,
      sentinels: status.sentinels.length,
      writers: record.writers.length,
      durationMs: Math.round(monotonicMs(world.io.clock) - startedAt),
      verdict: judge(record),
    };
  } finally {
    watch.stop();
  }
}

class Drill extends Course {
  readonly #group: GroupFile;
  readonly #servers: readonly NodeFile[];
  readonly #primary: NodeFile;
  readonly #watch: Watch;
  readonly #fault: Fault;
  readonly #run: string;

  constructor(world: World, options: DrillOptions, group: GroupFile, primary: NodeFile, watch: Watch) {
    const { io } = world;
    const run = randomId(io.random).slice(0, 8);
    super(world, options, [
      ...Array.from({ length: SENTINEL_WRITERS }, (_, i) => new SentinelWriter(io, run, `s${i}`, group)),
      ...Array.from({ length: DIRECT_WRITERS }, (_, i) => new DirectWriter(io, run, `d${i}`, primary)),
    ]);
    this.#group = group;
    this.#servers = group.nodes.filter((node) => node.kind === "server");
    this.#primary = primary;
    this.#watch = watch;
    this.#fault = options.fault;
    this.#run = run;
  }

  async run(): Promise<DrillRecord> {
    const injection = new Injection(this.world, this.options.folder, this.#group, this.#fault, this.#primary);
    const timeline = await this.take(injection, this.#primary.port);
    const final = await this.readTwice(() => this.#finalState());
    return { fault: this.#fault, oldPrimaryPort: this.#primary.port, writers: this.writers, timeline, final };
  }

  protected watchRoles(): RoleWatch {
    return new RoleWatch(this.world.io, this.#servers, (status) => this.#onRole(status));
  }

  protected strike(injection: Injection): Promise<void> {
    return injection.inject();
  }

  #onRole(status: ServerStatus): void {
    if (this.now() < this.faultAt) return;
    const isOld = status.port === this.#primary.port;
    if (!isOld && status.role === "primary") this.promotedAt ??= this.now();
    if (isOld && status.role === "replica") this.replicaAt ??= this.now();
  }

  async #finalState(): Promise<FinalState> {
    const { io } = this.world;
    let status = await this.#watch.look();
    await eventually(io.clock, SETTLE_WITHIN_MS, 50, async () => {
      this.heedCancel();
      status = await this.#watch.look();
      return isWhole(status) && inStep(status) ? true : undefined;
    });
    const primary = primaryOf(status);
    const node = this.#servers.find((server) => server.port === primary?.port);
    const nodes = await Promise.all(this.#servers.map((server) => readNodeData(io, server)));
    const missing = node ? await missingValues(io, node, this.#run, this.writers) : [];
    if (node) await removeValues(io, node, this.#run, this.writers).catch(() => {});
    const sentinelsAgree = status.sentinels.every((sentinel) => sentinel.primaryPort === primary?.port);
    return { primaryPort: primary?.port, sentinelsAgree, nodes, missing };
  }
}

export function runningGroup(world: World, folder: string): GroupFile {
  const group = readGroupFile(world.io.disk, folder);
  if (group === undefined || !world.processes.isAlive(group.supervisor)) {
    throw new Error(`no group is running in ${folder}: start one with "nines up sentinel", or name its --dir`);
  }
  if (group.kind === "replication") {
    throw new Error(`this group has no Sentinels, so nothing would replace the primary: use "nines up sentinel"`);
  }
  return group;
}

/** A drill on a group that is broken already would blame the wrong cause. */
async function healthyStatus(world: World, watch: Watch, options: DrillOptions): Promise<GroupStatus> {
  let status = await watch.look();
  const healthy = await eventually(world.io.clock, 10_000, 100, async () => {
    heedCancel(options);
    status = await watch.look();
    return isWhole(status) ? status : undefined;
  });
  if (healthy) return healthy;
  throw new Error(`the group is not whole, a drill needs that: ${whatIsWrong(status)}`);
}

function primaryOf(status: GroupStatus): ServerStatus | undefined {
  const primaries = status.servers.filter((server) => server.role === "primary");
  return primaries.length === 1 ? primaries[0] : undefined;
}

function isWhole(status: GroupStatus): boolean {
  return whatIsWrong(status) === "";
}

function whatIsWrong(status: GroupStatus): string {
  const primary = primaryOf(status);
  if (primary === undefined) return "there is not exactly one primary";
  for (const server of status.servers) {
    if (!server.up) return `${server.name} does not answer`;
    if (server === primary) continue;
    if (server.follows !== primary.port || !server.linkUp) return `${server.name} is not in step with its primary`;
  }
  for (const sentinel of status.sentinels) {
    if (!sentinel.up) return `${sentinel.name} does not answer`;
    if (sentinel.primaryPort !== primary.port) return `${sentinel.name} takes another server for the primary`;
  }
  return "";
}

/** The replicas have all that the primary has; with the writers gone only pings still move it. */
function inStep(status: GroupStatus): boolean {
  return status.servers.every((server) => server.role === "primary" || server.lagBytes === 0);
}
