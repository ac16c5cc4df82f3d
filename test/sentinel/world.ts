/**
 * Sentinel machines and the servers they guard, on virtual time, joined by a network that delays, loses connections and parts.
 * Everything is decided by the seed: running it again gives the same history.
 */
import { ReplyError } from "../../src/base/reply-error.ts";
import { splitWords } from "../../src/base/words.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";
import type { Reply } from "../../src/resp/reply-reader.ts";
import { configLines, loadConfig } from "../../src/sentinel/config.ts";
import type { ChannelName, Link } from "../../src/sentinel/instances.ts";
import { Sentinel } from "../../src/sentinel/machine.ts";
import type { Effect, Input } from "../../src/sentinel/protocol.ts";

export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2654435761 + 1) >>> 0;
  }
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(limit: number): number {
    return Math.floor(this.float() * limit);
  }
}

export interface WorldOptions {
  seed?: number;
  sentinels?: number;
  replicas?: number;
  quorum?: number;
  downAfterMs?: number;
  failoverTimeoutMs?: number;
  /** Commands that a server knows FAILOVER as Redis >= 6.2 does. */
  handover?: boolean;
}

/** Something at an address: a server or a Sentinel. */
export abstract class Node {
  state: "up" | "down" | "stopped" = "up";
  /** What arrived while it was stopped. */
  readonly backlog: (() => void)[] = [];
  /** Subscribers of its hello channel. */
  readonly subscribers = new Set<Wire>();
  constructor(
    readonly world: World,
    readonly port: number,
  ) {}
  abstract answer(words: readonly string[], wire: Wire): Reply;
}

/** A Redis server, as far as a Sentinel can tell. */
export class Server extends Node {
  runid: string;
  master: number | null = null;
  offset = 0;
  priority = 100;
  /** Since when the link to its master is down, or null. */
  #linkDownAt: number | null = null;
  #multi = new Map<Wire, string[][]>();
  /** How often it was told to change its role. */
  ordered: string[] = [];
  failingOver = false;
  /** It does not know CONFIG, and so refuses any transaction with it. */
  withoutConfig = false;
  /** What it answers every PING with, instead of PONG. */
  pingError: ReplyError | null = null;

  constructor(world: World, port: number, master: number | null) {
    super(world, port);
    this.master = master;
    this.runid = runidOf(port, 0);
  }

  get follows(): Server | null {
    const master = this.master === null ? null : this.world.server(this.master);
    return master && master.state === "up" && !this.world.isCut(this.port, master.port) ? master : null;
  }

  /** A write that replicas hear of at once. */
  write(): boolean {
    if (this.master !== null || this.state !== "up") return false;
    this.offset++;
    for (const other of this.world.servers)
      if (other.follows === this && other.state === "up") other.offset = this.offset;
    return true;
  }

  info(): string {
    const lines = [`run_id:${this.runid}`];
    if (this.master === null) {
      lines.push("role:master");
      const replicas = this.world.servers.filter((other) => other.follows === this && other.state === "up");
      for (const [i, { port, offset }] of replicas.entries()) {
        lines.push(`slave${i}:ip=10.0.0.1,port=${port},state=online,offset=${offset},lag=0`);
      }
    } else {
      const up = this.follows !== null;
      this.#linkDownAt = up ? null : (this.#linkDownAt ?? this.world.clock.now());
      lines.push(
        "role:slave",
        "master_host:10.0.0.1",
        `master_port:${this.master}`,
        `master_link_status:${up ? "up" : "down"}`,
      );
      if (!up)
        lines.push(`master_link_down_since_seconds:${Math.floor((this.world.clock.now() - this.#linkDownAt!) / 1000)}`);
      lines.push(`slave_repl_offset:${this.offset}`, `slave_priority:${this.priority}`, "replica_announced:1");
    }
    if (this.world.options.handover)
      lines.push(`master_failover_state:${this.failingOver ? "waiting-for-sync" : "no-failover"}`);
    return lines.join("\r\n");
  }

  answer(words: readonly string[], wire: Wire): Reply {
    const name = words[0]!.toUpperCase();
    const queue = this.#multi.get(wire);
    if (queue && name !== "EXEC") {
      queue.push([...words]);
      return "QUEUED";
    }
    switch (name) {
      case "PING":
        return this.pingError ?? "PONG";
      case "INFO":
        return this.info();
      case "PUBLISH":
        for (const subscriber of this.subscribers) this.world.deliver(this, subscriber, words[2]!);
        return 1;
      case "MULTI":
        this.#multi.set(wire, []);
        return "OK";
      case "EXEC":
        this.#multi.delete(wire);
        if (this.withoutConfig && queue?.some(([word]) => word === "CONFIG")) {
          return new ReplyError("EXECABORT", "Transaction discarded because of previous errors.");
        }
        return (queue ?? []).map((one) => this.answer(one, wire));
      case "SLAVEOF":
        this.#follow(words[1] === "NO" ? null : Number(words[2]));
        return "OK";
      case "FAILOVER":
        return this.#handOver(words);
      default:
        return "OK";
    }
  }

  #follow(port: number | null): void {
    this.ordered.push(port === null ? "no one" : String(port));
    if (port === this.master) return;
    this.master = port;
    this.world.note(`${this.port} ${port === null ? "is a master" : `follows ${port}`}`);
    if (this.follows) this.offset = this.follows.offset;
  }

  #handOver(words: readonly string[]): Reply {
    if (words[1] === "ABORT") return "OK";
    const target = this.world.server(Number(words[3]));
    if (this.world.refuseHandover) return new ReplyError("ERR", "FAILOVER target HOST and PORT is not a replica.");
    if (this.master !== null || !target || target.follows !== this)
      return new ReplyError("ERR", "FAILOVER requires connected replicas.");
    this.failingOver = true;
    this.world.clock.after(3, () => {
      this.failingOver = false;
      target.offset = this.offset;
      target.#follow(null);
      this.#follow(target.port);
    });
    return "OK";
  }

  restart(): void {
    this.runid = runidOf(this.port, this.world.clock.now());
    this.state = "up";
  }
}

export class SentinelNode extends Node {
  machine: Sentinel;
  readonly events: string[] = [];
  readonly wires = new Map<string, Wire>();
  /** The codes with which it wanted to end its process; it takes the test to do so. */
  readonly exits: number[] = [];
  /** The disk: what was saved last. */
  disk: string[] = [];
  /** Breaks the rule that votes are on disk before they are told. */
  forgetful = false;
  incarnation = 0;

  constructor(world: World, port: number, lines: readonly string[]) {
    super(world, port);
    this.disk = [...lines];
    this.machine = this.boot();
  }

  boot(): Sentinel {
    this.incarnation++;
    const { incarnation } = this;
    const machine = new Sentinel(this.world.dice);
    this.machine = machine;
    machine.state.now = this.world.now;
    const lines = this.disk.map((text, i) => ({ number: i + 1, text, words: splitWords(text)! }));
    loadConfig(machine.state, lines, { isExecutable: () => true });
    if (machine.state.myid === "") machine.state.myid = runidOf(this.port, 0);
    this.step({ kind: "start", port: this.port });
    const tick = () => {
      if (this.incarnation !== incarnation) return;
      if (this.state === "up") this.step({ kind: "tick" });
      this.world.clock.after(90 + this.world.dice.below(20), tick);
    };
    this.world.clock.after(this.world.dice.below(100), tick);
    return machine;
  }

  get master() {
    return this.machine.state.masters.get("mymaster")!;
  }

  step(input: Input): Effect[] {
    const effects = this.machine.step(input, this.world.now);
    for (const effect of effects) {
      // A process that ends does nothing more of what it was about to do.
      if (effect.kind === "exit") {
        this.exits.push(effect.code);
        this.crash();
        break;
      }
      this.#perform(effect);
    }
    return effects;
  }

  /** As the shell's `#step`, for what comes from the network. */
  hear(input: Input, machine: Sentinel): void {
    if (this.machine !== machine || this.state === "down") return;
    if (this.state === "stopped") this.backlog.push(() => this.hear(input, machine));
    else this.step(input);
  }

  #perform(effect: Effect): void {
    const { world, machine } = this;
    switch (effect.kind) {
      case "save":
        if (!this.forgetful) this.disk = configLines(machine.state);
        break;
      case "event":
        if (effect.level === "debug") break;
        this.events.push(`${effect.name} ${effect.text}`);
        world.onEvent(this, effect.name, effect.text);
        break;
      case "wake":
        world.clock.after(effect.delayMs, () => this.hear({ kind: "wake" }, machine));
        break;
      case "connect":
        world.connect(this, effect.link, effect.channel, effect.address.port);
        break;
      case "disconnect":
        this.wires.get(wireKey(effect.link, effect.channel))?.cut();
        break;
      case "send":
        this.wires.get(wireKey(effect.link, effect.channel))?.send(effect.words, effect.request);
        break;
      case "subscribe": {
        const wire = this.wires.get(wireKey(effect.link, "pubsub"));
        if (wire) wire.send(["SUBSCRIBE"], null);
        break;
      }
    }
  }

  answer(words: readonly string[]): Reply {
    const name = words[0]!.toUpperCase();
    if (name === "PING") return "PONG";
    if (name === "PUBLISH") {
      this.step({ kind: "hello", text: words[2]! });
      return 1;
    }
    if (name !== "SENTINEL") return "OK";
    const [, , host, port, epoch, runid] = words as [string, string, string, string, string, string];
    const order: Input = {
      kind: "ask",
      host,
      port: Number(port),
      epoch: Number(epoch),
      runid: runid === "*" ? null : runid,
    };
    const answer = this.step(order).find((effect) => effect.kind === "answer");
    return answer?.kind === "answer" ? [answer.down ? 1 : 0, answer.leader ?? "*", answer.epoch] : null;
  }

  crash(): void {
    this.state = "down";
    for (const wire of [...this.wires.values()]) wire.cut();
    this.wires.clear();
  }
}

function wireKey(link: Link, channel: ChannelName): string {
  return `${link.id} ${channel}`;
}

export function runidOf(port: number, salt: number): string {
  return (port * 1_000_003 + salt).toString(16).padStart(8, "0").repeat(5).slice(0, 40);
}

/** One connection of a Sentinel to a node: ordered both ways. */
export class Wire {
  open = true;
  /** When the last byte arrives at either end: later ones do not overtake it. */
  readonly arrivals = new Map<Node, number>();
  /** What a cut holds up. */
  readonly held: { to: Node; action: () => void }[] = [];
  constructor(
    readonly world: World,
    readonly owner: SentinelNode,
    readonly machine: Sentinel,
    readonly link: Link,
    readonly channel: ChannelName,
    readonly target: Node,
  ) {}

  send(words: readonly string[], request: Extract<Effect, { kind: "send" }>["request"] | null): void {
    this.world.transport(this, this.target, () => {
      if (request === null) {
        this.target.subscribers.add(this);
        return;
      }
      const reply = this.target.answer(words, this);
      this.world.transport(this, this.owner, () =>
        this.owner.hear({ kind: "reply", link: this.link, request, reply }, this.machine),
      );
    });
  }

  cut(): void {
    this.open = false;
    this.target.subscribers.delete(this);
    const key = wireKey(this.link, this.channel);
    if (this.owner.wires.get(key) === this) this.owner.wires.delete(key);
  }

  /** Breaks, and the owner hears of it. */
  break(): void {
    if (!this.open) return;
    this.cut();
    const input: Input = {
      kind: "disconnected",
      link: this.link,
      channel: this.channel,
      refused: false,
      reason: "broken",
    };
    this.world.clock.after(1, () => this.owner.hear(input, this.machine));
  }
}

export class World {
  readonly clock = new VirtualClock();
  readonly dice: Dice;
  readonly options: Required<WorldOptions>;
  readonly servers: Server[] = [];
  readonly sentinels: SentinelNode[] = [];
  readonly transcript: string[] = [];
  readonly startedAt: number;
  /** Pairs of ports that cannot hear each other. */
  readonly cuts = new Set<string>();
  refuseHandover = false;
  /** Leaders by epoch: whoever announced +elected-leader. */
  readonly leaders = new Map<number, Set<string>>();
  readonly switches: string[] = [];

  constructor(options: WorldOptions = {}) {
    this.options = {
      seed: 1,
      sentinels: 3,
      replicas: 2,
      quorum: Math.floor((options.sentinels ?? 3) / 2) + 1,
      downAfterMs: 1000,
      failoverTimeoutMs: 10_000,
      handover: true,
      ...options,
    };
    this.dice = new Dice(this.options.seed);
    this.startedAt = this.clock.now();
    this.servers.push(new Server(this, 6379, null));
    for (let i = 0; i < this.options.replicas; i++) this.servers.push(new Server(this, 6380 + i, 6379));
    const { quorum, downAfterMs, failoverTimeoutMs } = this.options;
    for (let i = 0; i < this.options.sentinels; i++) {
      this.sentinels.push(
        new SentinelNode(this, 26379 + i, [
          `sentinel monitor mymaster 10.0.0.1 6379 ${quorum}`,
          `sentinel down-after-milliseconds mymaster ${downAfterMs}`,
          `sentinel failover-timeout mymaster ${failoverTimeoutMs}`,
        ]),
      );
    }
  }

  /** The machines' clock. */
  get now(): number {
    return this.clock.monotonicMicros() / 1000;
  }

  get elapsedMs(): number {
    return Math.round(this.clock.now() - this.startedAt);
  }

  server(port: number): Server | null {
    return this.servers.find((server) => server.port === port) ?? null;
  }

  node(port: number): Node | null {
    return this.server(port) ?? this.sentinels.find((sentinel) => sentinel.port === port) ?? null;
  }

  note(text: string): void {
    this.transcript.push(`${String(this.elapsedMs).padStart(6)} ${text}`);
  }

  onEvent(node: SentinelNode, name: string, text: string): void {
    this.note(`[${node.port}] ${name} ${text}`);
    if (name === "+elected-leader") {
      const epoch = node.master.failoverEpoch;
      const leaders = this.leaders.get(epoch) ?? new Set();
      this.leaders.set(epoch, leaders.add(node.machine.state.myid));
    }
    if (name === "+switch-master") this.switches.push(`${this.elapsedMs} ${node.port} ${text}`);
  }

  isCut(a: number, b: number): boolean {
    return this.cuts.has(`${a} ${b}`) || this.cuts.has(`${b} ${a}`);
  }

  /** Parts `ports` from all others. */
  isolate(...ports: number[]): void {
    for (const other of [...this.servers, ...this.sentinels]) {
      if (ports.includes(other.port)) continue;
      for (const port of ports) this.cuts.add(`${port} ${other.port}`);
    }
  }

  heal(): void {
    this.cuts.clear();
    for (const sentinel of this.sentinels) {
      for (const wire of [...sentinel.wires.values()]) {
        for (const { to, action } of wire.held.splice(0)) this.#arrive(wire, to, action);
      }
    }
  }

  connect(owner: SentinelNode, link: Link, channel: ChannelName, port: number): void {
    const target = this.node(port);
    const { machine } = owner;
    const tell = (input: Input) => this.clock.after(1 + this.dice.float(), () => owner.hear(input, machine));
    if (this.isCut(owner.port, port)) {
      this.clock.after(1000, () =>
        owner.hear({ kind: "disconnected", link, channel, refused: false, reason: "timeout" }, machine),
      );
    } else if (target === null || target.state === "down") {
      tell({ kind: "disconnected", link, channel, refused: true, reason: "refused" });
    } else {
      owner.wires.set(wireKey(link, channel), new Wire(this, owner, machine, link, channel, target));
      tell({ kind: "connected", link, channel, localHost: "10.0.0.1" });
    }
  }

  /** Carries what is sent to `to`; a stopped node reads it when it wakes up. */
  transport(wire: Wire, to: Node, action: () => void): void {
    const at = Math.max(this.now + 0.2 + this.dice.float() * 0.3, (wire.arrivals.get(to) ?? 0) + 0.001);
    wire.arrivals.set(to, at);
    this.clock.after(at - this.now, () => {
      // Packets that are lost are sent again: the connection waits, and nothing on it is overtaken.
      if (wire.held.length > 0 || this.isCut(wire.owner.port, wire.target.port)) wire.held.push({ to, action });
      else this.#arrive(wire, to, action);
    });
  }

  #arrive(wire: Wire, to: Node, action: () => void): void {
    if (!wire.open || to.state === "down") return;
    if (to.state === "stopped" && to !== wire.owner) to.backlog.push(action);
    else action();
  }

  deliver(from: Node, wire: Wire, text: string): void {
    void from;
    this.transport(wire, wire.owner, () => wire.owner.hear({ kind: "message", link: wire.link, text }, wire.machine));
  }

  kill(node: Node): void {
    this.note(`${node.port} is killed`);
    if (node instanceof SentinelNode) node.crash();
    node.state = "down";
    for (const sentinel of this.sentinels)
      for (const wire of [...sentinel.wires.values()]) if (wire.target === node) wire.break();
  }

  stop(node: Node): void {
    this.note(`${node.port} is stopped`);
    node.state = "stopped";
  }

  resume(node: Node): void {
    this.note(`${node.port} goes on`);
    node.state = "up";
    for (const action of node.backlog.splice(0)) action();
  }

  restart(node: Node): void {
    this.note(`${node.port} starts again`);
    if (node instanceof Server) node.restart();
    else if (node instanceof SentinelNode) {
      node.state = "up";
      node.boot();
    }
  }

  run(ms: number): this {
    this.clock.advance(ms);
    return this;
  }

  /** Runs until it holds; how long that took, or -1. */
  until(holds: () => boolean, limitMs: number): number {
    const start = this.elapsedMs;
    while (this.elapsedMs - start <= limitMs) {
      if (holds()) return this.elapsedMs - start;
      this.clock.advance(1);
    }
    return -1;
  }

  /** The ports that the living Sentinels name as the master's. */
  get opinions(): number[] {
    return this.sentinels.filter((one) => one.state === "up").map((one) => one.master.address.port);
  }

  get masters(): Server[] {
    return this.servers.filter((server) => server.state === "up" && server.master === null);
  }
}
