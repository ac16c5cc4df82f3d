/**
 * Cluster machines on virtual time, joined by a network that delays, cuts and falls silent. Data are a number: a primary's
 * offset grows by writes, its replicas' follow a moment later.
 */
import assert from "node:assert/strict";
import { slotShare } from "../../src/base/hash-slot.ts";
import type { Effect, Input } from "../../src/cluster/effects.ts";
import type { ClusterSettings } from "../../src/cluster/facts.ts";
import { ClusterMachine } from "../../src/cluster/machine.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import { readNodesConf, writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { follow } from "../../src/cluster/ownership.ts";
import { senderOf } from "../../src/cluster/sending.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";

const TICK_MS = 100;
const REPLICATION_DELAY_MS = 10;

interface Wire {
  readonly from: Member;
  readonly fromLink: number;
  readonly to: Member;
  toLink: number;
}

export class World {
  readonly clock = new VirtualClock();
  readonly members: Member[] = [];
  readonly random: SeededRandom;
  readonly logs: string[] = [];
  /** Bytes are not counted here, but messages are. */
  messages = 0;
  promotions = 0;
  /** Breaks a rule on purpose: nobody remembers epochs and votes across a crash. */
  forgetful = false;
  /** Pairs that cannot hear each other: by the members' indexes. */
  readonly #cut = new Set<string>();

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  member(options: Partial<ClusterSettings> = {}): Member {
    const member = new Member(this, this.members.length, options);
    this.members.push(member);
    member.start();
    return member;
  }

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
  until(holds: () => boolean, limitMs = 60_000): number {
    const start = this.now;
    while (!holds()) {
      if (this.now - start >= limitMs)
        throw new Error(`in vain for ${limitMs} ms:\n${this.logs.slice(-30).join("\n")}`);
      this.run(20);
    }
    return this.now - start;
  }

  cut(a: Member, b: Member): void {
    this.#cut.add(pair(a, b));
  }

  heal(): void {
    this.#cut.clear();
  }

  hears(a: Member, b: Member): boolean {
    return !this.#cut.has(pair(a, b));
  }

  /** Primaries with the slots shared out, then replicas round robin, all acquainted. */
  static formed(seed: number, primaries: number, replicas: number, options: Partial<ClusterSettings> = {}): World {
    const world = new World(seed);
    for (let i = 0; i < primaries * (1 + replicas); i++) world.member(options);
    const [first, ...others] = world.members;
    world.members.slice(0, primaries).forEach((member, i) => {
      const { state } = member.machine;
      const [from, to] = slotShare(i, primaries);
      for (let slot = from; slot <= to; slot++) state.assign(slot, state.myself);
      state.currentEpoch = state.myself.configEpoch = i + 1;
    });
    for (const other of others) other.meet(first!);
    world.until(() => world.members.every(({ machine }) => allKnown(machine, world.members.length)), 120_000);
    world.members.slice(primaries).forEach((member, i) => {
      member.follow(world.members[i % primaries]!);
    });
    world.until(() => world.members.every((member) => member.machine.state.ok && agrees(world, member)));
    return world;
  }

  /** At most one owner of a slot an epoch: of those who think that they own it. */
  assertOneOwnerAnEpoch(): void {
    const owners = this.members
      .filter(({ alive, state }) => alive && state.myself.votes)
      .map(({ state }) => state.myself);
    owners.forEach((one, i) => {
      for (const other of owners.slice(i + 1)) {
        if (one.configEpoch !== other.configEpoch) continue;
        const shared = one.slots.bits.findIndex((byte, at) => (byte & other.slots.bits[at]!) !== 0);
        assert.equal(shared, -1, `slots from ${shared * 8} on have two owners in epoch ${one.configEpoch}`);
      }
    });
  }

  /** All who live see the same owner for every slot, and all slots have one that lives. */
  get isHealed(): boolean {
    const alive = this.members.filter((member) => member.alive);
    const [first] = alive;
    const living = new Set(alive.map(({ id }) => id));
    if (!alive.every(({ state }) => state.ok)) return false;
    return alive.every((member) => {
      const { owners, ok } = member.machine.state;
      return (
        ok &&
        owners.every(
          (owner, slot) => owner !== null && living.has(owner.id) && owner.id === first!.machine.state.owners[slot]!.id,
        )
      );
    });
  }
}

function allKnown({ state }: ClusterMachine, count: number): boolean {
  return state.nodes.size === count && [...state.nodes.values()].every((node) => !node.is(NodeFlag.handshake));
}

function agrees(world: World, member: Member): boolean {
  return world.members.every(({ machine: { state } }) => {
    const seen = state.node(member.id);
    const own = member.machine.state.myself;
    return seen !== null && seen.isPrimary === own.isPrimary && seen.primary?.id === own.primary?.id;
  });
}

const pair = (a: Member, b: Member) => (a.index < b.index ? `${a.index}-${b.index}` : `${b.index}-${a.index}`);

export class Member {
  machine!: ClusterMachine;
  readonly index: number;
  alive = false;
  /** Stopped, as by SIGSTOP: the host takes its connections, nobody answers. */
  frozen = false;
  offset = 0;
  #heardPrimaryAt = 0;
  /** Until when writes are held. */
  pausedUntil = 0;
  /** What nodes.conf holds. */
  conf = "";
  readonly #world: World;
  /** To be changed as CONFIG SET does. */
  readonly settings: { -readonly [Name in keyof ClusterSettings]: ClusterSettings[Name] };
  readonly #wires = new Map<number, Wire>();
  #held: (() => void)[] = [];
  #life = 0;

  constructor(world: World, index: number, options: Partial<ClusterSettings>) {
    this.#world = world;
    this.index = index;
    this.settings = {
      nodeTimeoutMs: 2000,
      replicaValidityFactor: 10,
      migrationBarrier: 1,
      allowReplicaMigration: true,
      requireFullCoverage: true,
      replicaNoFailover: false,
      forgetMs: 60_000,
      manualFailoverMs: 5000,
      replPingMs: 10_000,
      announceIp: "",
      announceHostname: "",
      announceHumanName: "",
      port: 7000 + index,
      plainPort: 0,
      busPort: 17000 + index,
      ...options,
    };
  }

  get id(): string {
    return this.machine.state.myself.id;
  }

  get state() {
    return this.machine.state;
  }

  get isPrimary(): boolean {
    return this.state.myself.isPrimary;
  }

  start(): void {
    this.alive = true;
    this.#life++;
    const world = this.#world;
    const { random } = world;
    this.machine = new ClusterMachine({
      id: (this.index + 1).toString(16).padStart(2, "0").repeat(20),
      settings: this.settings,
      facts: {
        replicationOffset: () => this.offset,
        dataAgeMs: () => world.now - this.#heardPrimaryAt,
        keysIn: () => 1,
        hasKeys: () => true,
      },
      random,
    });
    const { state } = this.machine;
    if (this.conf !== "") {
      readNodesConf(this.conf, state, world.now);
      state.hasPast = true;
    } else state.myself.shardId = state.newId();
    state.myself.address = {
      ip: "127.0.0.1",
      port: this.settings.port,
      busPort: this.settings.busPort,
      plainPort: 0,
    };
    this.#heardPrimaryAt = world.now;
    const life = this.#life;
    const tick = () => {
      if (life !== this.#life) return;
      this.#do({ kind: "tick" });
      world.after(TICK_MS, tick);
    };
    world.after(world.random.uint32() % TICK_MS, tick);
    const replicate = () => {
      if (life !== this.#life) return;
      this.#replicate();
      world.after(REPLICATION_DELAY_MS, replicate);
    };
    replicate();
  }

  /** As `kill -9`: what it has not saved is gone, and its host refuses connections. */
  kill(): void {
    this.alive = false;
    this.frozen = false;
    this.#life++;
    for (const [link, wire] of this.#wires) this.#cutWire(link, wire);
  }

  restart(): void {
    this.#held = [];
    this.start();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    const held = this.#held;
    this.#held = [];
    for (const run of held) run();
  }

  meet(other: Member): void {
    const { state } = this.machine;
    const { port, busPort } = other.settings;
    const address = { ip: "127.0.0.1", port, busPort, plainPort: 0 };
    state.add(new ClusterNode(state.newId(), NodeFlag.handshake | NodeFlag.meet, address, this.#world.now));
  }

  follow(primary: Member): void {
    this.command((machine) => machine.change((state) => follow(state, state.node(primary.id)!), this.#world.now));
    this.#heardPrimaryAt = this.#world.now;
  }

  /** Somebody says MEET to it, and is not there any more when it asks who that was. */
  meetsStranger(number: number): void {
    const { now } = this.#world;
    const link = this.machine.accept("10.0.0.1", "127.0.0.1", now);
    const id = number.toString(16).padStart(40, "e");
    const sender = { ...senderOf(this.state), id, ip: "10.0.0.1", port: 1, busPort: 1 + number };
    this.machine.step({ kind: "message", link, message: { kind: "meet", sender, gossip: [], extensions: {} } }, now);
  }

  /** False if it does not take writes. */
  write(slot: number): boolean {
    const takes = this.alive && !this.frozen && this.state.ok && this.state.owners[slot] === this.state.myself;
    if (!takes || this.#world.now < this.pausedUntil) return false;
    this.offset++;
    return true;
  }

  command(act: (machine: ClusterMachine) => Effect[]): void {
    this.#perform(act(this.machine));
  }

  #replicate(): void {
    const primary = this.#world.members.find(({ id }) => id === this.state.myself.primary?.id);
    if (primary === undefined || !primary.alive || primary.frozen || this.frozen || !this.#world.hears(this, primary))
      return;
    this.#heardPrimaryAt = this.#world.now;
    if (primary.isPrimary) this.offset = primary.offset;
  }

  #do(input: Input): void {
    if (!this.alive) return;
    if (this.frozen) {
      // Time passes unseen; what arrives waits in the sockets.
      if (input.kind !== "tick") this.#held.push(() => this.#do(input));
      return;
    }
    this.#perform(this.machine.step(input, this.#world.now));
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "save":
          this.conf = writeNodesConf(this.machine.state);
          if (this.#world.forgetful) this.conf = this.conf.replace(/vars .*/, "vars currentEpoch 0 lastVoteEpoch 0");
          break;
        case "log":
          this.#world.logs.push(`${this.#world.now} [${this.index}] ${effect.text}`);
          break;
        case "connect":
          this.#connect(effect.link, effect.port);
          break;
        case "hangUp": {
          const wire = this.#wires.get(effect.link);
          if (wire !== undefined) this.#cutWire(effect.link, wire);
          break;
        }
        case "send":
          this.#send(effect.link, { kind: "message", link: 0, message: effect.message });
          break;
        case "promote":
          this.#world.promotions++;
          break;
        case "pauseWrites":
          this.pausedUntil = this.#world.now + effect.forMs;
          break;
        case "resumeWrites":
          this.pausedUntil = 0;
          break;
      }
    }
  }

  #delay(): number {
    return 1 + (this.#world.random.uint32() % 4);
  }

  #connect(link: number, busPort: number): void {
    const world = this.#world;
    const peer = world.members.find((member) => member.settings.busPort === busPort);
    const life = this.#life;
    world.after(this.#delay(), () => {
      if (life !== this.#life) return;
      // Cut off, nothing comes back, not even a refusal.
      if (peer !== undefined && !world.hears(this, peer)) return;
      if (peer === undefined || !peer.alive) {
        this.#do({ kind: "disconnected", link, refused: true });
        return;
      }
      const remoteIp = "127.0.0.1";
      const there = peer.machine.accept(remoteIp, remoteIp, world.now);
      this.#wires.set(link, { from: this, fromLink: link, to: peer, toLink: there });
      peer.#wires.set(there, { from: peer, fromLink: there, to: this, toLink: link });
      this.#do({ kind: "connected", link, remoteIp, localIp: remoteIp });
    });
  }

  #send(link: number, input: Extract<Input, { kind: "message" }>): void {
    const wire = this.#wires.get(link);
    if (wire === undefined || !this.#world.hears(this, wire.to)) return;
    this.#world.messages++;
    const { to, toLink } = wire;
    const life = to.#life;
    this.#world.after(this.#delay(), () => {
      if (life === to.#life && this.#world.hears(this, to)) to.#do({ ...input, link: toLink });
    });
  }

  #cutWire(link: number, { to, toLink }: Wire): void {
    this.#wires.delete(link);
    if (!to.#wires.delete(toLink)) return;
    const life = to.#life;
    this.#world.after(this.#delay(), () => {
      if (life === to.#life) to.#do({ kind: "disconnected", link: toLink, refused: false });
    });
  }
}
