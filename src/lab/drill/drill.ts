/**
 * A drill: clients write, the primary is broken and mended, and what the clients saw is judged. `faults.ts` breaks,
 * `writers.ts` writes, `roles.ts` and the Sentinels tell what happened, `verdict.ts` judges.
 */
import { randomId } from "../../io/io.ts";
import { type GroupFile, type NodeFile, readGroupFile } from "../group-file.ts";
import type { GroupStatus, ServerStatus } from "../status.ts";
import { labIo } from "../tls.ts";
import { Watch } from "../watch.ts";
import { eventually, monotonicMs, sleep, type World } from "../world.ts";
import { type Fault, Injection } from "./faults.ts";
import type { FinalState, Switch } from "./history.ts";
import { missingValues, readNodeData, removeValues } from "./node-data.ts";
import { RoleWatch } from "./roles.ts";
import { type DrillRecord, judge, type Verdict } from "./verdict.ts";
import { DirectWriter, SentinelWriter, type Writer } from "./writers.ts";

export interface DrillOptions {
  readonly fault: Fault;
  /** The lab's folder, absolute. */
  readonly folder: string;
  /** How long the fault and its mending may take, all in all; default 30 000. */
  readonly limitMs?: number;
  readonly onProgress?: (text: string) => void;
  /** Asked often: true ends the drill early, mended, with an error. */
  readonly cancelled?: () => boolean;
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

const DEFAULT_LIMIT_MS = 30_000;
const WARM_UP_MS = 1_000;
const WARM_UP_WITHIN_MS = 10_000;
/** The new primary is given this time before the old one returns, as an operator or a supervisor would. */
const AWAY_MS = 1_500;
/** What goes on after all is mended: late harm shows here. */
const AFTERMATH_MS = 1_500;
const SETTLE_WITHIN_MS = 15_000;

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

class Drill {
  readonly switches: Switch[] = [];
  readonly #world: World;
  readonly #options: DrillOptions;
  readonly #group: GroupFile;
  readonly #servers: readonly NodeFile[];
  readonly #primary: NodeFile;
  readonly #watch: Watch;
  readonly #run: string;
  readonly #writers: Writer[];
  #faultAt = Number.POSITIVE_INFINITY;
  #promotedAt: number | undefined;
  #replicaAt: number | undefined;

  constructor(world: World, options: DrillOptions, group: GroupFile, primary: NodeFile, watch: Watch) {
    this.#world = world;
    this.#options = options;
    this.#group = group;
    this.#servers = group.nodes.filter((node) => node.kind === "server");
    this.#primary = primary;
    this.#watch = watch;
    this.#run = randomId(world.io.random).slice(0, 8);
    const { io } = world;
    this.#writers = [
      ...Array.from({ length: SENTINEL_WRITERS }, (_, i) => new SentinelWriter(io, this.#run, `s${i}`, group)),
      ...Array.from({ length: DIRECT_WRITERS }, (_, i) => new DirectWriter(io, this.#run, `d${i}`, primary)),
    ];
  }

  now(): number {
    return monotonicMs(this.#world.io.clock);
  }

  async run(): Promise<DrillRecord> {
    const { fault } = this.#options;
    const injection = new Injection(this.#world, this.#options.folder, this.#group, fault, this.#primary);
    const roles = new RoleWatch(this.#world.io, this.#servers, (status) => this.#onRole(status));
    const writing = this.#writers.map((writer) => writer.run());
    const startedAt = this.now();
    let returnedAt: number | undefined;
    try {
      await this.#warmUp();
      this.#tell(`${SENTINEL_WRITERS + DIRECT_WRITERS} clients write; now: ${fault}, primary ${this.#primary.port}`);
      this.switches.length = 0;
      this.#faultAt = this.now();
      const deadline = this.#faultAt + (this.#options.limitMs ?? DEFAULT_LIMIT_MS);
      await injection.inject();
      await this.#until(deadline, () => this.#promotedAt !== undefined);
      if (this.#promotedAt !== undefined) {
        this.#tell(`another primary after ${Math.round(this.#promotedAt - this.#faultAt)} ms`);
        await this.#until(deadline, () => this.#allWriteAgain());
      }
      if (injection.takesAway) {
        await this.#pause(AWAY_MS);
        returnedAt = this.now();
        injection.heal();
        this.#tell("the old primary returns");
      }
      await this.#until(deadline, () => this.#replicaAt !== undefined);
      await this.#pause(AFTERMATH_MS);
    } finally {
      injection.heal();
      for (const writer of this.#writers) writer.stop();
      roles.stop();
      await Promise.all(writing);
    }
    const stoppedAt = this.now();
    this.#tell("the clients have stopped; comparing what the nodes hold");
    const final = await this.#finalState();
    return {
      fault,
      oldPrimaryPort: this.#primary.port,
      writers: this.#writers,
      timeline: {
        startedAt,
        faultAt: this.#faultAt,
        promotedAt: this.#promotedAt,
        returnedAt,
        replicaAt: this.#replicaAt,
        stoppedAt,
        switches: this.switches,
      },
      final,
    };
  }

  #onRole(status: ServerStatus): void {
    if (this.now() < this.#faultAt) return;
    const isOld = status.port === this.#primary.port;
    if (!isOld && status.role === "primary") this.#promotedAt ??= this.now();
    if (isOld && status.role === "replica") this.#replicaAt ??= this.now();
  }

  /** Until every client has written for a while: a gap needs two ends. */
  async #warmUp(): Promise<void> {
    const end = this.now() + WARM_UP_WITHIN_MS;
    const writes = () => this.#writers.every((writer) => writer.acks.length >= 20);
    if (!(await this.#until(end, writes))) {
      const errors = this.#writers.flatMap((writer) => [...writer.errors.keys()]);
      throw new Error(
        `not every client could write within ${WARM_UP_WITHIN_MS} ms: ${[...new Set(errors)].join(", ")}`,
      );
    }
    await this.#pause(WARM_UP_MS);
  }

  #allWriteAgain(): boolean {
    const since = this.#promotedAt!;
    return this.#writers.every((writer) => writer.kind === "direct" || (writer.acks.at(-1)?.at ?? 0) > since);
  }

  async #finalState(): Promise<FinalState> {
    const { io } = this.#world;
    let status = await this.#watch.look();
    await eventually(io.clock, SETTLE_WITHIN_MS, 50, async () => {
      status = await this.#watch.look();
      return isWhole(status) && inStep(status) ? true : undefined;
    });
    const primary = primaryOf(status);
    const node = this.#servers.find((server) => server.port === primary?.port);
    const nodes = await Promise.all(this.#servers.map((server) => readNodeData(io, server)));
    const missing = node ? await missingValues(io, node, this.#run, this.#writers) : [];
    if (node) await removeValues(io, node, this.#run, this.#writers).catch(() => {});
    const sentinelsAgree = status.sentinels.every((sentinel) => sentinel.primaryPort === primary?.port);
    return { primaryPort: primary?.port, sentinelsAgree, nodes, missing };
  }

  #tell(text: string): void {
    this.#options.onProgress?.(text);
  }

  async #pause(ms: number): Promise<void> {
    await this.#until(this.now() + ms, () => false);
  }

  /** Waits for `condition`, but not beyond `deadline`; says whether it came true. */
  async #until(deadline: number, condition: () => boolean): Promise<boolean> {
    for (;;) {
      if (this.#options.cancelled?.()) throw new Error("the drill was interrupted");
      if (condition()) return true;
      if (this.now() >= deadline) return false;
      await sleep(this.#world.io.clock, 5);
    }
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
    if (options.cancelled?.()) throw new Error("the drill was interrupted");
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
