/**
 * A drill on a cluster: clients write to all shards, one primary is broken (or slots of it move), and what the clients saw is
 * judged. As `drill.ts` for Sentinel groups; `cluster-events.ts` tells from the nodes' logs what they did meanwhile.
 */
import { randomId } from "../../io/io.ts";
import { Links } from "../../manage/links.ts";
import { type Look, lookAt, lookUntilSound } from "../../manage/look.ts";
import { defaultMoveOptions } from "../../manage/move.ts";
import { moveAll } from "../../manage/move-all.ts";
import { type Member, primariesOf, replicasOf, type Survey } from "../../manage/survey.ts";
import type { GroupFile, NodeFile } from "../group-file.ts";
import type { ServerStatus } from "../status.ts";
import { labIo } from "../tls.ts";
import { eventually, monotonicMs, sleep, type World } from "../world.ts";
import { type ClusterEvent, readEvents } from "./cluster-events.ts";
import { type ClusterFinal, type ClusterRecord, type ClusterVerdict, judgeCluster } from "./cluster-verdict.ts";
import { ClusterWriter, namesIn, slotOf } from "./cluster-writers.ts";
import type { DrillOptions } from "./drill.ts";
import { type ClusterFault, type Fault, Injection } from "./faults.ts";
import type { Switch, Value } from "./history.ts";
import { missingValues, readNodeData, removeValues } from "./node-data.ts";
import { RoleWatch } from "./roles.ts";
import { DirectWriter, type Writer } from "./writers.ts";

export interface ClusterDrillResult {
  readonly kind: "cluster";
  readonly fault: ClusterFault;
  readonly engine: string;
  readonly oldPrimaryPort: number;
  readonly primaries: number;
  readonly replicas: number;
  readonly nodeTimeoutMs: number;
  readonly writers: number;
  readonly durationMs: number;
  readonly verdict: ClusterVerdict;
  /** What the nodes did, each `at` in ms since the fault. */
  readonly events: readonly ClusterEvent[];
}

export interface ClusterDrillOptions extends Omit<DrillOptions, "fault"> {
  readonly fault: ClusterFault;
}

const HIT_WRITERS = 8;
const NEIGHBOURS = 4;
const DIRECT_WRITERS = 2;
/** Slots that the drill `reshard` moves. */
const RESHARD_SLOTS = 200;

const DEFAULT_LIMIT_MS = 30_000;
const WARM_UP_MS = 1_000;
const WARM_UP_WITHIN_MS = 10_000;
const AWAY_MS = 1_500;
const AFTERMATH_MS = 1_500;
const SETTLE_WITHIN_MS = 15_000;

/** @throws Error  if the cluster is not fit for a drill, or it was cancelled; what was broken is mended all the same */
export async function runClusterDrill(
  outside: World,
  group: GroupFile,
  options: ClusterDrillOptions,
): Promise<ClusterDrillResult> {
  const world = { ...outside, io: labIo(outside.io, group.tls) };
  const startedAt = monotonicMs(world.io.clock);
  const links = new Links(world.io);
  try {
    const look = await soundCluster(links, group, options);
    const drill = new ClusterDrill(world, links, group, look, options);
    const record = await drill.run();
    return {
      kind: "cluster",
      fault: options.fault,
      engine: group.engine,
      oldPrimaryPort: record.oldPrimaryPort,
      primaries: primariesOf(look.survey).length,
      replicas: look.survey.members.length - primariesOf(look.survey).length,
      nodeTimeoutMs: await nodeTimeout(links, group),
      writers: record.writers.length,
      durationMs: Math.round(monotonicMs(world.io.clock) - startedAt),
      verdict: judgeCluster(record),
      events: await drill.events(),
    };
  } finally {
    links.close();
  }
}

class ClusterDrill {
  readonly #world: World;
  readonly #links: Links;
  readonly #options: ClusterDrillOptions;
  readonly #group: GroupFile;
  readonly #look: Look;
  readonly #victim: Member;
  readonly #victimFile: NodeFile;
  readonly #replicas: readonly Member[];
  readonly #run: string;
  readonly #writers: Writer[];
  readonly #hitSlots: readonly number[];
  readonly #switches: Switch[] = [];
  readonly #primariesNow: Set<number>;
  readonly #doubts: ClusterEvent[] = [];
  #faultAt = Number.POSITIVE_INFINITY;
  /** The same moment on the wall clock, which the logs go by. */
  #faultTime = 0;
  #promotedAt: number | undefined;
  #replicaAt: number | undefined;

  constructor(world: World, links: Links, group: GroupFile, look: Look, options: ClusterDrillOptions) {
    this.#world = world;
    this.#links = links;
    this.#group = group;
    this.#look = look;
    this.#options = options;
    const { survey } = look;
    const primaries = primariesOf(survey).filter((node) => node.slots.length > 0);
    this.#victim = primaries.find((node) => replicasOf(survey, node.id).length > 0) ?? primaries[0]!;
    this.#victimFile = group.nodes.find((node) => node.port === this.#victim.port)!;
    this.#replicas = replicasOf(survey, this.#victim.id);
    this.#primariesNow = new Set(primaries.map((node) => node.port));
    this.#run = randomId(world.io.random).slice(0, 8);
    const others = new Set(primaries.filter((node) => node !== this.#victim).flatMap((node) => node.slots));
    const own = new Set(this.#victim.slots);
    const hit = namesIn(own, "c", HIT_WRITERS);
    this.#hitSlots = hit.map(({ slot }) => slot);
    const { io } = world;
    this.#writers = [
      ...hit.map(({ name }) => new ClusterWriter(io, this.#run, name, group, true)),
      ...namesIn(others, "n", NEIGHBOURS).map(({ name }) => new ClusterWriter(io, this.#run, name, group, false)),
      ...namesIn(own, "d", options.fault === "reshard" ? 0 : DIRECT_WRITERS).map(
        ({ name }) => new DirectWriter(io, this.#run, name, this.#victim),
      ),
    ];
  }

  async run(): Promise<ClusterRecord> {
    const { fault } = this.#options;
    const injection = new Injection(this.#world, this.#options.folder, this.#group, injected(fault), this.#victimFile);
    const roles = new RoleWatch(this.#world.io, this.#group.nodes, (status) => this.#onRole(status));
    const writing = this.#writers.map((writer) => writer.run());
    const startedAt = this.#now();
    let returnedAt: number | undefined;
    let moved: ClusterRecord["moved"];
    let watching: Promise<void> | undefined;
    try {
      await this.#warmUp();
      this.#tell(`${this.#writers.length} clients write; now: ${fault}, primary ${this.#victim.port}`);
      this.#faultAt = this.#now();
      this.#faultTime = this.#world.io.clock.now();
      const deadline = this.#faultAt + (this.#options.limitMs ?? DEFAULT_LIMIT_MS);
      if (fault === "reshard") {
        moved = await this.#reshard();
        this.#tell(`${moved.slots} slots with ${moved.keys} keys moved in ${Math.round(moved.ms)} ms`);
      } else {
        if (fault === "switchover") await this.#askForFailover();
        else await injection.inject();
        watching = this.#watchDoubts();
        await this.#until(deadline, () => this.#promotedAt !== undefined);
        if (this.#promotedAt !== undefined) {
          this.#tell(`another primary after ${Math.round(this.#promotedAt - this.#faultAt)} ms`);
          await this.#until(deadline, () => this.#allWriteAgain());
        }
        if (injection.takesAway) {
          await this.#pause(AWAY_MS);
          returnedAt = this.#now();
          injection.heal();
          this.#tell("the old primary returns");
        }
        await this.#until(deadline, () => this.#replicaAt !== undefined);
      }
      await this.#pause(AFTERMATH_MS);
    } finally {
      injection.heal();
      for (const writer of this.#writers) writer.stop();
      roles.stop();
      await Promise.all(writing);
      await watching;
    }
    const stoppedAt = this.#now();
    this.#tell("the clients have stopped; comparing what the nodes hold");
    return {
      fault,
      oldPrimaryPort: this.#victim.port,
      writers: this.#writers,
      timeline: {
        startedAt,
        faultAt: this.#faultAt,
        promotedAt: this.#promotedAt,
        returnedAt,
        replicaAt: this.#replicaAt,
        stoppedAt,
        switches: this.#switches,
      },
      final: await this.#finalState(),
      moved,
    };
  }

  /** What was seen from outside and what the nodes wrote down, in the order of time. */
  async events(): Promise<ClusterEvent[]> {
    const ports = new Map(this.#look.survey.members.map((member) => [member.id, member.port]));
    const events = [...this.#doubts];
    for (const { logPath, port } of this.#group.nodes) {
      const log = Buffer.from((await this.#world.io.disk.read(logPath)) ?? []).toString("latin1");
      events.push(...readEvents(log, port, this.#faultTime, (id) => ports.get(id)));
    }
    events.sort((a, b) => a.at - b.at);
    return events.map((event) => ({ ...event, at: event.at - this.#faultTime }));
  }

  #now(): number {
    return monotonicMs(this.#world.io.clock);
  }

  #onRole(status: ServerStatus): void {
    if (this.#now() < this.#faultAt || !status.up) return;
    const isPrimary = status.role === "primary";
    const was = this.#primariesNow.has(status.port);
    // The old primary, started anew, is one for a moment by its own word: that is no switch.
    if (isPrimary && !was && this.#replicas.some((replica) => replica.port === status.port)) {
      this.#primariesNow.add(status.port);
      this.#promotedAt ??= this.#now();
      this.#switches.push({ at: this.#now(), from: this.#victim.port, to: status.port });
    } else if (!isPrimary && was) {
      this.#primariesNow.delete(status.port);
      if (status.port === this.#victim.port) this.#replicaAt ??= this.#now();
    }
  }

  /** When which of the others first held the victim for failing: no log says that at the usual level. */
  async #watchDoubts(): Promise<void> {
    const others = this.#look.survey.members.filter((member) => member.id !== this.#victim.id);
    const doubting = new Set<number>();
    while (
      this.#promotedAt === undefined &&
      this.#now() < this.#faultAt + (this.#options.limitMs ?? DEFAULT_LIMIT_MS)
    ) {
      if (this.#options.cancelled?.()) return;
      const asked = others.filter((member) => !doubting.has(member.port));
      const views = await Promise.all(
        asked.map((member) => this.#links.text(member, "CLUSTER", "NODES").catch(() => "")),
      );
      for (const [i, view] of views.entries()) {
        const line = view.split("\n").find((text) => text.startsWith(this.#victim.id));
        if (line === undefined || !/,fail/.test(line)) continue;
        const { port } = asked[i]!;
        doubting.add(port);
        const at = this.#world.io.clock.now();
        this.#doubts.push({ at, port, text: `does not reach ${this.#victim.port}: PFAIL` });
      }
      await sleep(this.#world.io.clock, 10);
    }
  }

  async #askForFailover(): Promise<void> {
    await this.#links.ask(this.#replicas[0]!, "CLUSTER", "FAILOVER");
  }

  /** Slots of the victim, those that are written to among them, to the next primary. */
  async #reshard(): Promise<NonNullable<ClusterRecord["moved"]>> {
    const { survey } = this.#look;
    const to = primariesOf(survey).find((node) => node.id !== this.#victim.id)!;
    const slots = [...new Set([...this.#hitSlots, ...this.#victim.slots])].slice(0, RESHARD_SLOTS);
    const begun = this.#now();
    const moves = slots.map((slot) => ({ slot, from: this.#victim.id, to: to.id }));
    const result = await moveAll(this.#links, survey, moves, defaultMoveOptions, {
      onProgress: () => {},
      onOpen: () => {},
      cancelled: () => this.#options.cancelled?.() ?? false,
    });
    return { slots: result.slots, keys: result.keys, ms: this.#now() - begun, failure: result.failure?.error.message };
  }

  async #warmUp(): Promise<void> {
    const end = this.#now() + WARM_UP_WITHIN_MS;
    if (!(await this.#until(end, () => this.#writers.every((writer) => writer.acks.length >= 20)))) {
      const errors = this.#writers.flatMap((writer) => [...writer.errors.keys()]);
      const which = [...new Set(errors)].join(", ");
      throw new Error(`not every client could write within ${WARM_UP_WITHIN_MS} ms: ${which}`);
    }
    await this.#pause(WARM_UP_MS);
  }

  #allWriteAgain(): boolean {
    const since = this.#promotedAt!;
    return this.#writers.every((writer) => writer.kind === "direct" || (writer.acks.at(-1)?.at ?? 0) > since);
  }

  async #finalState(): Promise<ClusterFinal> {
    const { io } = this.#world;
    const entry = this.#replicas[0] ?? this.#victim;
    let look = await lookUntilSound(this.#links, entry, SETTLE_WITHIN_MS);
    await eventually(io.clock, SETTLE_WITHIN_MS, 100, async () => {
      look = await lookAt(this.#links, entry);
      const late = look.survey.members.some((member) => !member.isPrimary && !member.inStep);
      return !late && (await this.#areLevel(look)) ? true : undefined;
    });
    const { survey, findings } = look;
    const fileOf = (member: Member) => this.#group.nodes.find((node) => node.port === member.port)!;
    const shards = primariesOf(survey).map((primary) => [primary, ...replicasOf(survey, primary.id)]);
    const owners = this.#writers.map((writer) => ownerOf(survey, slotOf(writer.name)));
    const missing: Value[] = [];
    for (const [i, writer] of this.#writers.entries()) {
      if (owners[i]) missing.push(...(await missingValues(io, fileOf(owners[i]), this.#run, [writer])));
    }
    const data = await Promise.all(
      shards.map((shard) => Promise.all(shard.map((node) => readNodeData(io, fileOf(node))))),
    );
    for (const [i, writer] of this.#writers.entries()) {
      if (owners[i]) await removeValues(io, fileOf(owners[i]), this.#run, [writer]).catch(() => {});
    }
    const wrong = findings.filter((finding) => finding.isError || finding.kind === "late");
    return { findings: wrong.map(({ text }) => text), shards: data, missing };
  }

  /** The replicas have as many keys as their primaries: with the clients gone nothing moves them apart. */
  async #areLevel({ survey }: Look): Promise<boolean> {
    return primariesOf(survey).every((primary) =>
      replicasOf(survey, primary.id).every((replica) => replica.keys === primary.keys),
    );
  }

  #tell(text: string): void {
    this.#options.onProgress?.(text);
  }

  async #pause(ms: number): Promise<void> {
    await this.#until(this.#now() + ms, () => false);
  }

  /** Waits for `condition`, but not beyond `deadline`; says whether it came true. */
  async #until(deadline: number, condition: () => boolean): Promise<boolean> {
    for (;;) {
      if (this.#options.cancelled?.()) throw new Error("the drill was interrupted");
      if (condition()) return true;
      if (this.#now() >= deadline) return false;
      await sleep(this.#world.io.clock, 5);
    }
  }
}

function ownerOf(survey: Survey, slot: number): Member | undefined {
  return survey.members.find((member) => member.isPrimary && member.slots.includes(slot));
}

/** What `Injection` does for it: nothing, where the drill itself asks for the change. */
function injected(fault: ClusterFault): Fault {
  return fault === "reshard" ? "switchover" : fault;
}

async function nodeTimeout(links: Links, group: GroupFile): Promise<number> {
  const reply = (await links
    .ask(group.nodes[0]!, "CONFIG", "GET", "cluster-node-timeout")
    .catch(() => [])) as unknown[];
  return Number(reply[1] ?? 0);
}

/** A drill on a cluster that is broken already would blame the wrong cause. */
async function soundCluster(links: Links, group: GroupFile, options: ClusterDrillOptions): Promise<Look> {
  let wrong = "";
  const look = await eventually(links.io.clock, 10_000, 100, async () => {
    if (options.cancelled?.()) throw new Error("the drill was interrupted");
    const now = await lookAt(links, group.nodes[0]!);
    wrong =
      now.findings.filter((finding) => finding.isError || finding.kind === "late").map(({ text }) => text)[0] ?? "";
    return wrong === "" ? now : undefined;
  });
  if (look === undefined) throw new Error(`the cluster is not whole, a drill needs that: ${wrong}`);
  const served = primariesOf(look.survey).filter((primary) => primary.slots.length > 0);
  const replaced = served.some((primary) => replicasOf(look.survey, primary.id).length > 0);
  if (options.fault !== "reshard" && !replaced) {
    throw new Error("no primary of this cluster has a replica, so nothing would replace one");
  }
  if (served.length < 2) throw new Error("a drill on a cluster needs two primaries at least");
  return look;
}
