/**
 * A drill on a cluster: clients write to all shards, one primary is broken (or slots of it move), and what the clients saw is
 * judged. As `drill.ts` for Sentinel groups, by the same `course.ts`; `cluster-events.ts` tells from the nodes' logs what they did meanwhile.
 */
import { randomId } from "../../io/io.ts";
import { isSound } from "../../manage/health.ts";
import { Links } from "../../manage/links.ts";
import { type Look, lookAt } from "../../manage/look.ts";
import { defaultMoveOptions } from "../../manage/move.ts";
import { moveAll } from "../../manage/move-all.ts";
import { type Member, primariesOf, replicasOf, type Survey } from "../../manage/survey.ts";
import type { GroupFile } from "../group-file.ts";
import type { ServerStatus } from "../status.ts";
import { labIo } from "../tls.ts";
import { eventually, monotonicMs, sleep, type World } from "../world.ts";
import { type ClusterEvent, readEvents } from "./cluster-events.ts";
import { type ClusterFinal, type ClusterRecord, type ClusterVerdict, judgeCluster } from "./cluster-verdict.ts";
import { ClusterWriter, namesIn, slotOf } from "./cluster-writers.ts";
import { Course, type CourseOptions, heedCancel, SETTLE_WITHIN_MS } from "./course.ts";
import { type ClusterFault, type Fault, Injection } from "./faults.ts";
import type { Value } from "./history.ts";
import { missingValues, readNodeData, removeValues } from "./node-data.ts";
import { RoleWatch } from "./roles.ts";
import { DirectWriter } from "./writers.ts";

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

const HIT_WRITERS = 8;
const NEIGHBOURS = 4;
const DIRECT_WRITERS = 2;
/** Slots that the drill `reshard` moves. */
const RESHARD_SLOTS = 200;

/** @throws Error  if the cluster is not fit for a drill, or it was cancelled; what was broken is mended all the same */
export async function runClusterDrill(
  outside: World,
  group: GroupFile,
  options: CourseOptions,
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

class ClusterDrill extends Course {
  readonly #links: Links;
  readonly #group: GroupFile;
  readonly #look: Look;
  readonly #victim: Member;
  readonly #replicas: readonly Member[];
  readonly #run: string;
  readonly #hitSlots: readonly number[];
  readonly #primariesNow: Set<number>;
  readonly #doubts: ClusterEvent[] = [];
  #moved: ClusterRecord["moved"];

  constructor(world: World, links: Links, group: GroupFile, look: Look, options: CourseOptions) {
    const { survey } = look;
    const { io } = world;
    const run = randomId(io.random).slice(0, 8);
    const primaries = primariesOf(survey).filter((node) => node.slots.length > 0);
    const victim = chooseVictim(look, group, options)!;
    const others = new Set(primaries.filter((node) => node !== victim).flatMap((node) => node.slots));
    const own = new Set(victim.slots);
    const hit = namesIn(own, "c", HIT_WRITERS);
    super(world, options, [
      ...hit.map(({ name }) => new ClusterWriter(io, run, name, group, true)),
      ...namesIn(others, "n", NEIGHBOURS).map(({ name }) => new ClusterWriter(io, run, name, group, false)),
      ...namesIn(own, "d", options.fault === "reshard" ? 0 : DIRECT_WRITERS).map(
        ({ name }) => new DirectWriter(io, run, name, victim),
      ),
    ]);
    this.#links = links;
    this.#group = group;
    this.#look = look;
    this.#victim = victim;
    this.#replicas = replicasOf(survey, victim.id);
    this.#primariesNow = new Set(primaries.map((node) => node.port));
    this.#run = run;
    this.#hitSlots = hit.map(({ slot }) => slot);
  }

  async run(): Promise<ClusterRecord> {
    const { fault, folder } = this.options;
    const { port } = this.#victim;
    const node = this.#group.nodes.find((other) => other.port === port)!;
    const injection = new Injection(this.world, folder, this.#group, injected(fault), node);
    const timeline = await this.take(injection, port);
    const final = await this.readTwice(() => this.#finalState());
    return { fault, oldPrimaryPort: port, writers: this.writers, timeline, final, moved: this.#moved };
  }

  protected watchRoles(): RoleWatch {
    return new RoleWatch(this.world.io, this.#group.nodes, (status) => this.#onRole(status));
  }

  protected override async breakAndMend(injection: Injection, deadline: number): Promise<number | undefined> {
    if (this.options.fault !== "reshard") return super.breakAndMend(injection, deadline);
    this.#moved = await this.#reshard();
    this.tell(`${this.#moved.slots} slots with ${this.#moved.keys} keys moved in ${Math.round(this.#moved.ms)} ms`);
    return undefined;
  }

  protected async strike(injection: Injection): Promise<void> {
    if (this.options.fault === "switchover") await this.#links.ask(this.#replicas[0]!, "CLUSTER", "FAILOVER");
    else await injection.inject();
    this.onlookers.push(this.#watchDoubts());
  }

  /** What was seen from outside and what the nodes wrote down, in the order of time. */
  async events(): Promise<ClusterEvent[]> {
    const ports = new Map(this.#look.survey.members.map((member) => [member.id, member.port]));
    const events = [...this.#doubts];
    for (const { logPath, port } of this.#group.nodes) {
      const log = Buffer.from((await this.world.io.disk.read(logPath)) ?? []).toString("latin1");
      events.push(...readEvents(log, port, this.faultTime, (id) => ports.get(id)));
    }
    events.sort((a, b) => a.at - b.at);
    return events.map((event) => ({ ...event, at: event.at - this.faultTime }));
  }

  #onRole(status: ServerStatus): void {
    if (this.now() < this.faultAt || !status.up) return;
    const isPrimary = status.role === "primary";
    const was = this.#primariesNow.has(status.port);
    // The old primary, started anew, is one for a moment by its own word: that is no switch.
    if (isPrimary && !was && this.#replicas.some((replica) => replica.port === status.port)) {
      this.#primariesNow.add(status.port);
      this.promotedAt ??= this.now();
      this.switches.push({ at: this.now(), from: this.#victim.port, to: status.port });
    } else if (!isPrimary && was) {
      this.#primariesNow.delete(status.port);
      if (status.port === this.#victim.port) this.replicaAt ??= this.now();
    }
  }

  /** When which of the others first held the victim for failing: no log says that at the usual level. */
  async #watchDoubts(): Promise<void> {
    const others = this.#look.survey.members.filter((member) => member.id !== this.#victim.id);
    const doubting = new Set<number>();
    while (this.promotedAt === undefined && !this.over) {
      const asked = others.filter((member) => !doubting.has(member.port));
      const views = await Promise.all(
        asked.map((member) => this.#links.text(member, "CLUSTER", "NODES").catch(() => "")),
      );
      for (const [i, view] of views.entries()) {
        const line = view.split("\n").find((text) => text.startsWith(this.#victim.id));
        if (line === undefined || !/,fail/.test(line)) continue;
        const { port } = asked[i]!;
        doubting.add(port);
        const at = this.world.io.clock.now();
        this.#doubts.push({ at, port, text: `does not reach ${this.#victim.port}: PFAIL` });
      }
      await sleep(this.world.io.clock, 10);
    }
  }

  /** Slots of the victim, those that are written to among them, to the next primary. */
  async #reshard(): Promise<NonNullable<ClusterRecord["moved"]>> {
    const { survey } = this.#look;
    const to = primariesOf(survey).find((node) => node.id !== this.#victim.id)!;
    const slots = [...new Set([...this.#hitSlots, ...this.#victim.slots])].slice(0, RESHARD_SLOTS);
    const begun = this.now();
    const moves = slots.map((slot) => ({ slot, from: this.#victim.id, to: to.id }));
    const result = await moveAll(this.#links, survey, moves, defaultMoveOptions, {
      onProgress: () => {},
      onOpen: () => {},
      cancelled: () => this.options.cancelled?.() ?? false,
    });
    return { slots: result.slots, keys: result.keys, ms: this.now() - begun, failure: result.failure?.error.message };
  }

  async #finalState(): Promise<ClusterFinal> {
    const { io } = this.world;
    const entry = this.#replicas[0] ?? this.#victim;
    let look = this.#look;
    await eventually(io.clock, SETTLE_WITHIN_MS, 100, async () => {
      this.heedCancel();
      look = await lookAt(this.#links, entry);
      const late = look.survey.members.some((member) => !member.isPrimary && !member.inStep);
      return isSound(look.findings) && !late && this.#areLevel(look) ? true : undefined;
    });
    const { survey, findings } = look;
    const shards = primariesOf(survey).map((primary) => [primary, ...replicasOf(survey, primary.id)]);
    const owners = this.writers.map((writer) => ownerOf(survey, slotOf(writer.name)));
    const missing: Value[] = [];
    for (const [i, writer] of this.writers.entries()) {
      if (owners[i]) missing.push(...(await missingValues(io, owners[i], this.#run, [writer])));
    }
    const data = await Promise.all(shards.map((shard) => Promise.all(shard.map((node) => readNodeData(io, node)))));
    for (const [i, writer] of this.writers.entries()) {
      if (owners[i]) await removeValues(io, owners[i], this.#run, [writer]).catch(() => {});
    }
    const wrong = findings.filter((finding) => finding.isError || finding.kind === "late");
    return { findings: wrong.map(({ text }) => text), shards: data, missing };
  }

  /** The replicas have as many keys as their primaries: with the clients gone nothing moves them apart. */
  #areLevel({ survey }: Look): boolean {
    return primariesOf(survey).every((primary) =>
      replicasOf(survey, primary.id).every((replica) => replica.keys === primary.keys),
    );
  }
}

/**
 * The first primary that the drill can break: a process of this lab, and, unless slots are to be moved, with a replica. Whoever joined
 * the cluster from elsewhere is left alone.
 */
function chooseVictim({ survey }: Look, group: GroupFile, { fault }: CourseOptions): Member | undefined {
  const ports = new Set(group.nodes.map((node) => node.port));
  return primariesOf(survey).find(
    (node) =>
      ports.has(node.port) && node.slots.length > 0 && (fault === "reshard" || replicasOf(survey, node.id).length > 0),
  );
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
async function soundCluster(links: Links, group: GroupFile, options: CourseOptions): Promise<Look> {
  let wrong = "";
  const look = await eventually(links.io.clock, 10_000, 100, async () => {
    heedCancel(options);
    const now = await lookAt(links, group.nodes[0]!);
    wrong =
      now.findings.filter((finding) => finding.isError || finding.kind === "late").map(({ text }) => text)[0] ?? "";
    return wrong === "" ? now : undefined;
  });
  if (look === undefined) throw new Error(`the cluster is not whole, a drill needs that: ${wrong}`);
  const served = primariesOf(look.survey).filter((primary) => primary.slots.length > 0);
  if (chooseVictim(look, group, options) === undefined) {
    throw new Error("no primary of this cluster has a replica, so nothing would replace one");
  }
  if (served.length < 2) throw new Error("a drill on a cluster needs two primaries at least");
  return look;
}
