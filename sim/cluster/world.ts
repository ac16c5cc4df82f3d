/**
 * Cluster machines in one process on virtual time, from a handful to a thousand: `member.ts` is one, `wires.ts` the bus between
 * them, `checkers/` say what must hold, `faults.ts` what goes wrong, `run.ts` is a seed from its beginning to the verdict and
 * `scale.ts` measures.
 */
import { slotShare } from "../../src/base/hash-slot.ts";
import type { Input } from "../../src/cluster/effects.ts";
import type { ClusterSettings } from "../../src/cluster/facts.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";
import { Troubles } from "../troubles.ts";
import type { ClusterChecker } from "./checkers/checker.ts";
import { Member } from "./member.ts";
import { type BusWeather, FINE, Wires } from "./wires.ts";

/** So many lines of the last logs are kept. */
const MAX_LOGS = 20_000;

export interface ClusterWorldOptions {
  /** Messages travel as bytes. */
  readonly asBytes?: boolean;
  /** nodes.conf is written; a thousand nodes that never restart can do without. */
  readonly keepsConf?: boolean;
}

export class ClusterWorld {
  readonly clock = new VirtualClock();
  readonly members: Member[] = [];
  readonly random: SeededRandom;
  readonly wires: Wires;
  readonly checkers: ClusterChecker[] = [];
  readonly troubles = new Troubles(() => this.now);
  logs: string[] = [];
  promotions = 0;
  readonly keepsConf: boolean;
  /** So many replicas have a write before it is acknowledged. */
  acksNeeded = 0;
  /** Candidates show that they have all such writes. */
  fences = true;
  /** Breaks a rule on purpose: nobody remembers epochs and votes across a crash. */
  forgetful = false;
  /** Breaks other rules on purpose, before a machine's step. */
  tamper: ((member: Member, input: Input) => void) | null = null;
  #ids = 0;
  #histories = 0;

  constructor(seed: number, { asBytes = false, keepsConf = true }: ClusterWorldOptions = {}) {
    this.random = new SeededRandom(seed);
    this.wires = new Wires(this.clock, this.random, asBytes);
    this.keepsConf = keepsConf;
  }

  member(options: Partial<ClusterSettings> = {}): Member {
    const member = new Member(this, this.members.length, options);
    this.members.push(member);
    member.start();
    return member;
  }

  /** Who listens at that port of the bus. */
  at(busPort: number): Member | undefined {
    const member = this.members[busPort - 17000];
    return member?.settings.busPort === busPort ? member : undefined;
  }

  byId(id: string): Member | undefined {
    return this.members.find((member) => member.id === id);
  }

  /** 40 digits; those that began later have the higher name. */
  newId(): string {
    return (++this.#ids).toString(16).padStart(4, "0").repeat(10);
  }

  newHistory(): number {
    return ++this.#histories;
  }

  // ---- Time

  get now(): number {
    return this.clock.now();
  }

  after(ms: number, run: () => void): void {
    this.clock.after(ms, run);
  }

  run(ms: number): void {
    this.clock.advance(ms);
  }

  /** Runs until it holds; returns how long that took, in ms. */
  until(holds: () => boolean, limitMs = 60_000, everyMs = 20): number {
    const start = this.now;
    while (!holds()) {
      if (this.now - start >= limitMs)
        throw new Error(`in vain for ${limitMs} ms:\n${this.logs.slice(-30).join("\n")}`);
      this.run(everyMs);
    }
    return this.now - start;
  }

  // ---- The network

  cut(a: Member, b: Member): void {
    this.cutWay(a, b);
    this.wires.cutWay(b, a);
  }

  cutWay(from: Member, to: Member): void {
    this.wires.cutWay(from, to);
    this.troubles.begin("cut", `${from.index} ${to.index}`);
  }

  storm(weather: Partial<BusWeather>): void {
    this.note(`<< ${JSON.stringify(weather)}`);
    this.wires.weather = { ...FINE, ...weather };
    this.troubles.begin("storm", "everywhere");
  }

  /** Nothing passes between these and all others. */
  isolate(inside: readonly Member[]): void {
    const within = new Set(inside);
    for (const other of this.members) if (!within.has(other)) for (const one of inside) this.cut(one, other);
  }

  /** All ways are open again. */
  heal(): void {
    this.note("<< the network is mended");
    this.wires.heal();
    this.troubles.endAll("cut");
    this.troubles.endAll("storm");
  }

  // ---- What is heard of it

  note(text: string): void {
    this.#keep(`${this.now} ${text}`);
  }

  logged(member: Member, level: string, text: string): void {
    if (level !== "debug") this.#keep(`${this.now} [${member.index}] ${text}`);
  }

  #keep(line: string): void {
    this.logs.push(line);
    if (this.logs.length > MAX_LOGS * 2) this.logs = this.logs.slice(-MAX_LOGS);
  }

  steps(member: Member, input: Input): void {
    for (const checker of this.checkers) checker.steps?.(member, input);
    this.tamper?.(member, input);
  }

  copying(member: Member, source: Member): void {
    this.note(`[${member.index}] copies [${source.index}], from ${member.offset}`);
    for (const checker of this.checkers) checker.copying?.(member, source);
  }

  promoted(member: Member): void {
    this.promotions++;
    for (const checker of this.checkers) checker.promoted?.(member);
  }

  replicated(member: Member, source: Member): void {
    for (const checker of this.checkers) checker.replicated?.(member, source);
  }

  dropping(member: Member, slots: readonly number[]): void {
    for (const checker of this.checkers) checker.dropping?.(member, slots);
  }

  look(): void {
    for (const checker of this.checkers) checker.look?.();
  }

  get violations(): string[] {
    return this.checkers.flatMap(({ name, violations }) => violations.map((one) => `${name}: ${one}`));
  }

  // ---- How it stands

  /** All who live see the same owner for every slot, and all slots have one that lives. */
  get isHealed(): boolean {
    const alive = this.members.filter((member) => member.isAlive);
    if (!alive.every(({ state }) => state.ok)) return false;
    const living = new Set(alive.map(({ id }) => id));
    const truth = alive[0]!.state.owners.map((owner) => owner?.id ?? "");
    if (!truth.every((id) => living.has(id))) return false;
    return alive.every(({ state }) => state.owners.every((owner, slot) => owner?.id === truth[slot]));
  }

  // ---- Forming it

  /** Primaries with the slots shared out, then replicas round robin, all acquainted by MEET and gossip. */
  static formed(
    seed: number,
    primaries: number,
    replicas: number,
    options: Partial<ClusterSettings> = {},
    how: ClusterWorldOptions = {},
  ): ClusterWorld {
    const world = new ClusterWorld(seed, how);
    for (let i = 0; i < primaries * (1 + replicas); i++) world.member(options);
    world.shareSlots(primaries);
    const [first, ...others] = world.members;
    for (const other of others) other.meet(first!);
    world.until(() => world.members.every((member) => knowsAll(world, member)), 120_000);
    world.members.slice(primaries).forEach((member, i) => {
      member.follow(world.members[i % primaries]!);
    });
    world.until(() => world.isSettled);
    return world;
  }

  shareSlots(primaries: number): void {
    this.members.slice(0, primaries).forEach(({ state }, i) => {
      const [from, to] = slotShare(i, primaries);
      for (let slot = from; slot <= to; slot++) state.assign(slot, state.myself);
      state.currentEpoch = state.myself.configEpoch = i + 1;
    });
  }

  /** All serve, and see each other's roles as they are. */
  get isSettled(): boolean {
    return this.members.every((member) => member.state.ok && isSeenRightly(this, member));
  }
}

export function knowsAll(world: ClusterWorld, { state }: Member): boolean {
  return state.nodes.size === world.members.length && state.roll.nodes.every((node) => !node.is(NodeFlag.handshake));
}

function isSeenRightly(world: ClusterWorld, { id, state: { myself } }: Member): boolean {
  return world.members.every(({ state }) => {
    const seen = state.node(id);
    return seen !== null && seen.isPrimary === myself.isPrimary && seen.primary?.id === myself.primary?.id;
  });
}
