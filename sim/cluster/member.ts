/**
 * A simulated cluster node: a machine of `src/cluster/`, its nodes.conf, its data, and one life after the other. What the server
 * around the machine would do with its effects is done here, in little.
 */
import type { Effect, Input } from "../../src/cluster/effects.ts";
import type { ClusterSettings } from "../../src/cluster/facts.ts";
import { ClusterMachine } from "../../src/cluster/machine.ts";
import type { NodeId } from "../../src/cluster/messages.ts";
import { readNodesConf, writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { meet } from "../../src/cluster/orders.ts";
import { follow } from "../../src/cluster/ownership.ts";
import { senderOf } from "../../src/cluster/sending.ts";
import type { ClusterState } from "../../src/cluster/state.ts";
import { Dataset } from "./dataset.ts";
import { SETTINGS } from "./settings.ts";
import { HOST } from "./wires.ts";
import type { ClusterWorld } from "./world.ts";

const TICK_MS = 100;
const REPLICATION_DELAY_MS = 10;
/** returning-primary-pause */
const NOTICED_PAUSE_MS = 500;

/** Settings as CONFIG SET changes them. */
export type Changeable<T> = { -readonly [Name in keyof T]: T[Name] };

export class Member {
  machine!: ClusterMachine;
  readonly index: number;
  readonly settings: Changeable<ClusterSettings>;
  data: Dataset;
  /** What nodes.conf holds. */
  conf = "";
  /** What befell it: SIGKILL, and SIGSTOP (the host takes its connections, nobody answers). */
  isAlive = false;
  isFrozen = false;
  /** Counts its starts: what was meant for one life is not for the next. */
  life = 0;
  /** How wrong its wall clock is. */
  clockErrorMs = 0;
  /** Writes are held for a replica that takes over by hand. */
  isPaused = false;
  /** It has just been stopped, and does not know yet whether it was replaced. */
  holdsWrites = false;
  #frozenAt = 0;
  /** The last CLUSTER FAILOVER that was said to it. */
  lastOrder: { readonly how: string; readonly at: number } | null = null;
  sentMessages = 0;
  sentBytes = 0;
  readonly #world: ClusterWorld;
  #id: string;
  /** Whom it replicates: told by effects, as a server is. */
  #source: Member | null = null;
  #heardPrimaryAt = 0;
  #fenced: { readonly primary: NodeId; readonly epoch: number } = { primary: "", epoch: 0 };
  #held: (() => void)[] = [];
  #isTelling = false;

  constructor(world: ClusterWorld, index: number, options: Partial<ClusterSettings>) {
    this.#world = world;
    this.index = index;
    this.#id = world.newId();
    this.data = new Dataset(world.newHistory());
    this.settings = { ...SETTINGS, port: 7000 + index, busPort: 17000 + index, ...options };
  }

  get id(): string {
    return this.state.myself.id;
  }

  get state(): ClusterState {
    return this.machine.state;
  }

  get isPrimary(): boolean {
    return this.state.myself.isPrimary;
  }

  /** Runs: neither dead nor stopped. */
  get isUp(): boolean {
    return this.isAlive && !this.isFrozen;
  }

  get offset(): number {
    return this.data.offset;
  }

  get source(): Member | null {
    return this.#source;
  }

  // ---- Its lives

  start(): void {
    const world = this.#world;
    this.isAlive = true;
    this.life++;
    this.isPaused = false;
    this.holdsWrites = false;
    this.#held = [];
    this.#source = null;
    this.#heardPrimaryAt = Number.NEGATIVE_INFINITY;
    this.machine = this.#boot();
    const life = this.life;
    const tick = () => {
      if (life !== this.life) return;
      if (this.isUp) this.#replicate();
      this.receive({ kind: "tick" });
      world.after(TICK_MS, tick);
    };
    world.after(world.random.uint32() % TICK_MS, tick);
    world.note(`[${this.index}] << starts`);
    world.troubles.end("dead", String(this.index));
  }

  #boot(): ClusterMachine {
    const machine = new ClusterMachine({
      id: this.#id,
      settings: this.settings,
      facts: {
        timeOfDay: () => this.#world.now + this.clockErrorMs,
        replicationOffset: () => this.offset,
        acksNeeded: () => (this.#world.fences ? this.#world.acksNeeded : 0),
        dataAgeMs: () => this.#world.now - this.#heardPrimaryAt,
        keysIn: (slot) => this.data.countIn(slot),
        hasKeys: () => !this.data.isEmpty,
      },
      random: this.#world.random,
    });
    const { state } = machine;
    if (this.conf !== "") {
      readNodesConf(this.conf, state, this.#world.now);
      state.hasPast = true;
      this.#replicateFrom(state.myself.primary?.address.port);
    } else state.myself.shardId = state.newId();
    const { port, busPort } = this.settings;
    state.myself.address = { ip: HOST, port, busPort, plainPort: 0 };
    return machine;
  }

  /** As `kill -9`: what it has not saved is gone, and its host refuses connections. Data are thought to be on disk. */
  kill(): void {
    this.#world.note(`[${this.index}] << killed`);
    this.#world.troubles.begin("dead", String(this.index));
    this.#world.troubles.end("stopped", String(this.index));
    this.isAlive = false;
    this.isFrozen = false;
    this.life++;
    this.#world.wires.hangUpAll(this);
  }

  restart(): void {
    this.start();
  }

  /** It starts from an empty disk: a new node at the old address. */
  restartEmpty(): void {
    for (const checker of this.#world.checkers) checker.emptied?.(this);
    this.conf = "";
    this.#id = this.#world.newId();
    this.data = new Dataset(this.#world.newHistory());
    this.start();
  }

  freeze(): void {
    this.#world.note(`[${this.index}] << stopped`);
    this.#world.troubles.begin("stopped", String(this.index));
    this.isFrozen = true;
    this.#frozenAt = this.#world.now;
  }

  /** What came meanwhile waited in the sockets. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.#world.note(`[${this.index}] << goes on`);
    this.#world.troubles.end("stopped", String(this.index));
    this.isFrozen = false;
    const ms = this.#world.now - this.#frozenAt;
    if (ms > NOTICED_PAUSE_MS) this.receive({ kind: "stoodStill", ms });
    const held = this.#held;
    this.#held = [];
    for (const run of held) run();
  }

  /** Somebody sets its wall clock. */
  jumpClock(byMs: number): void {
    this.#world.note(`[${this.index}] << its wall clock jumps by ${byMs} ms`);
    this.clockErrorMs += byMs;
  }

  // ---- What it is told

  meet(other: Member): void {
    const { port, busPort } = other.settings;
    this.command((machine) => machine.change((state) => meet(state, HOST, port, busPort), this.#world.now));
  }

  follow(primary: Member): void {
    this.command((machine) => machine.change((state) => follow(state, state.node(primary.id)!), this.#world.now));
    this.#heardPrimaryAt = this.#world.now;
  }

  /**
   * CLUSTER, by an operator.
   * @throws  if nobody answers, or the order is refused
   */
  order(act: (state: ClusterState) => void): void {
    if (!this.isUp) throw new Error(`[${this.index}] does not answer`);
    this.command((machine) => machine.change(act, this.#world.now));
  }

  failover(how: "" | "force" | "takeover"): void {
    this.#world.note(`[${this.index}] << failover ${how}`);
    this.lastOrder = { how, at: this.#world.now };
    this.command((machine) => machine.failover(how, this.#world.now));
  }

  command(act: (machine: ClusterMachine) => Effect[]): void {
    this.#perform(act(this.machine));
  }

  /** Somebody says MEET to it, and is not there any more when it asks who that was. */
  meetsStranger(number: number): void {
    const link = this.accept();
    const id = number.toString(16).padStart(40, "e");
    const sender = { ...senderOf(this.state), id, ip: "10.0.0.1", port: 1, busPort: 1 + number };
    this.receive({ kind: "message", link, message: { kind: "meet", sender, gossip: [], extensions: {} } });
  }

  accept(): number {
    return this.machine.accept(HOST, HOST, this.#world.now);
  }

  receive(input: Input): void {
    if (!this.isAlive) return;
    if (this.isFrozen) {
      const { life } = this;
      // Time passes unseen; what arrives waits in the sockets.
      if (input.kind !== "tick") {
        this.#held.push(() => {
          if (life === this.life) this.receive(input);
        });
      }
      return;
    }
    this.#world.steps(this, input);
    this.#perform(this.machine.step(input, this.#world.now));
  }

  // ---- Data

  /** Whether it takes writes to keys that it has, or may create, in this slot. */
  serves(slot: number): boolean {
    const { state } = this;
    return this.isUp && state.ok && state.owners[slot] === state.myself && !this.holdsWrites && !this.isPaused;
  }

  /** False if it does not take the write. */
  write(slot: number, key = `key ${slot}`, value = 1): boolean {
    if (!this.serves(slot)) return false;
    this.data.set(slot, key, value);
    this.changedData();
    return true;
  }

  /** Whether enough replicas have all that was written, where that is asked for. */
  get isAcknowledged(): boolean {
    const { acksNeeded, members } = this.#world;
    if (acksNeeded === 0) return true;
    for (const member of members) if (member.#source === this && member.isUp) member.#replicate();
    const { history, offset } = this.data;
    const having = members.filter(
      ({ isUp, data, source }) => isUp && source === this && data.history === history && data.offset === offset,
    );
    return having.length >= acksNeeded;
  }

  /** Asked by a sibling: nothing of that primary in that epoch is acknowledged any more. On disk, as it were. */
  #promise(primary: NodeId, epoch: number): void {
    this.#fenced = { primary, epoch };
  }

  get #isFenced(): boolean {
    const { primary, epoch } = this.#fenced;
    return this.#source?.id === primary && this.#source.state.myself.configEpoch <= epoch;
  }

  /** Its replicas hear of what changed a moment later. */
  changedData(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#world.after(REPLICATION_DELAY_MS, () => {
      this.#isTelling = false;
      for (const member of this.#world.members) if (member.#source === this && member.isUp) member.#replicate();
    });
  }

  #replicate(): void {
    const source = this.#source;
    if (source === null || !source.isUp || !this.#world.wires.connects(this, source)) return;
    if (this.#isFenced) return;
    this.#heardPrimaryAt = this.#world.now;
    // A replica of a replica hears nothing new for the while.
    if (!source.isPrimary) return;
    if (this.data.offset === source.data.offset && this.data.history === source.data.history) return;
    if (!this.data.continues(source.data)) this.#world.copying(this, source);
    this.data.catchUp(source.data);
    this.#world.replicated(this, source);
  }

  #replicateFrom(port: number | undefined): void {
    const source = this.#world.members.find((member) => member.settings.port === port);
    this.#source = source ?? null;
  }

  #dropKeys(slots: readonly number[]): void {
    for (const slot of slots) for (const key of [...this.data.keysIn(slot).keys()]) this.data.delete(slot, key);
    this.changedData();
  }

  #askToPromise(id: NodeId, primary: NodeId, epoch: number): void {
    const { wires } = this.#world;
    const sibling = this.#world.byId(id);
    if (sibling === undefined) return;
    this.#world.after(wires.delay(), () => {
      if (!sibling.isUp || !wires.connects(this, sibling)) return;
      sibling.#promise(primary, epoch);
      const { offset } = sibling;
      this.#world.after(wires.delay(), () => {
        if (wires.connects(this, sibling)) this.receive({ kind: "fenced", primary, by: id, offset });
      });
    });
  }

  // ---- Effects

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    const world = this.#world;
    switch (effect.kind) {
      case "save":
        if (!world.keepsConf) return;
        this.conf = writeNodesConf(this.state);
        if (world.forgetful) this.conf = this.conf.replace(/vars .*/, "vars currentEpoch 0 lastVoteEpoch 0");
        return;
      case "log":
        world.logged(this, effect.level, effect.text);
        return;
      case "connect":
        world.wires.connect(this, effect.link, world.at(effect.port));
        return;
      case "hangUp":
        world.wires.hangUp(this, effect.link);
        return;
      case "send":
        world.wires.send(this, effect.link, effect.message);
        return;
      case "replicate":
        this.#replicateFrom(effect.address.port);
        return;
      case "promote":
        world.promoted(this);
        this.#source = null;
        this.data.branch(world.newHistory());
        return;
      case "fence":
        this.#promise(effect.primary, effect.epoch);
        for (const id of effect.siblings) this.#askToPromise(id, effect.primary, effect.epoch);
        return;
      case "dropKeys":
        world.dropping(this, effect.slots);
        this.#dropKeys(effect.slots);
        return;
      case "pauseWrites":
        this.isPaused = true;
        return;
      case "resumeWrites":
        this.isPaused = false;
        return;
      case "holdWrites":
        this.holdsWrites = true;
        return;
      case "releaseWrites":
        this.holdsWrites = false;
    }
  }
}
