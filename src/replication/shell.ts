/**
 * Replication as the server sees it, and the place where the world becomes inputs of the machine (`machine.ts`) and its effects
 * become the world: the sockets of `link.ts`, the bytes of `outlets.ts`, files, timers. Nothing is decided here. What the
 * server is to call, and when, stands in docs/replication.md; what it supplies, in `dataset.ts`.
 */
import { errors, type ReplyError } from "../base/reply-error.ts";
import type { CommandRow } from "../commands/call.ts";
import type { Session } from "../commands/session.ts";
import { type Io, randomId, type Timer } from "../io/io.ts";
import type { Endpoint } from "../io/net.ts";
import { steadyTime } from "../io/steady-time.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import { replicationCommands } from "./commands.ts";
import type { AskPeer, Dataset, ReplicationHost, ReplicationPoint, ReplicationSettings, Role } from "./dataset.ts";
import type { Effect } from "./effects.ts";
import { type FailoverRequest, label } from "./failover.ts";
import { HELLO_CHANNEL, parseHello } from "./group.ts";
import { GroupShell } from "./group-shell.ts";
import { replicationInfo, writeRole } from "./info.ts";
import { LinkShell } from "./link-shell.ts";
import { type Input, ReplicationMachine } from "./machine.ts";
import type { Introduction, SyncStats } from "./primary.ts";
import { ReplicaShell } from "./replica-shell.ts";
import { TimeWatch } from "./time-watch.ts";
import { Waits } from "./waits.ts";

const TICK_MS = 100;

export interface ReplicationParts {
  readonly io: Io;
  readonly host: ReplicationHost;
  readonly dataset: Dataset;
  readonly settings: ReplicationSettings;
  readonly ask: AskPeer;
}

/** Whoever else finds out whether a primary that stood still was replaced. */
export interface ReturnWatch {
  stoodStill(ms: number): void;
  /** It has the server hold writes until it knows. */
  readonly holdsWrites: boolean;
}

export class Replication {
  readonly machine: ReplicationMachine;
  readonly #io: Io;
  readonly #time: () => number;
  readonly #host: ReplicationHost;
  readonly #dataset: Dataset;
  readonly #settings: ReplicationSettings;
  readonly #groupShell: GroupShell;
  readonly #link: LinkShell;
  readonly #replicas: ReplicaShell;
  readonly #waits: Waits;
  readonly #watch: TimeWatch;
  #timer: Timer | null = null;
  #started = false;
  #restored = false;
  #getAckWanted = false;
  /** Our primary says something of itself in its stream, as a capability that servers pass over that do not know it. */
  onNotice: (capability: string) => void = () => {};
  /** In a cluster its nodes know whether we were replaced while we stood still. */
  returning: ReturnWatch | null = null;
  #handOverDone: ((inSync: boolean) => void) | null = null;

  constructor({ io, host, dataset, settings, ask }: ReplicationParts) {
    this.#io = io;
    this.#time = steadyTime(io.clock);
    this.#host = host;
    this.#dataset = dataset;
    this.#settings = settings;
    this.#watch = new TimeWatch(io.clock);
    this.#waits = new Waits(io.clock, host, (offset) => this.ackedBy(offset));
    this.#groupShell = new GroupShell({
      io,
      host,
      dataset,
      settings,
      ask,
      step: (input) => {
        if (this.#timer !== null) this.#step(input);
      },
    });
    this.machine = new ReplicationMachine({
      settings,
      group: this.#groupShell.group,
      runId: host.runId,
      newReplid: () => randomId(io.random),
    });
    this.#link = new LinkShell({
      io,
      host,
      dataset,
      settings,
      step: (input) => this.#step(input),
      applied: (bytes, start, end, db) => this.#applied(bytes, start, end, db),
      doubt: () => {
        this.machine.history.resumable = false;
      },
      offset: () => this.offset,
    });
    this.#replicas = new ReplicaShell({
      io,
      host,
      settings,
      step: (input) => this.#step(input),
      snapshot: () => dataset.beginSnapshot(this.#pointNow()),
      backlog: () => this.machine.history.backlog!,
    });
  }

  // ---- Life

  commands(): CommandRow[] {
    return replicationCommands(this);
  }

  /** The data were loaded from an RDB that named this point of a history: replicas, or a primary, may still share it. */
  restore(point: ReplicationPoint): void {
    const { history } = this.machine;
    history.adopt(point.replid, point.offset, this.#settings.replBacklogSize);
    this.#dataset.appliedDb = Math.max(0, point.streamDb);
    this.#restored = true;
  }

  /** Follows that primary, or nobody. Before `start` this is the directive `replicaof`. */
  follow(endpoint: Endpoint | null): void {
    if (endpoint === null) {
      this.promote("config");
      return;
    }
    if (!this.#started) this.machine.history.resumable = this.#restored;
    this.#step({ kind: "replicaOf", endpoint, by: "", trusted: this.#started });
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    const { history, role } = this.machine;
    // As a primary after a restart we go on under a new name: what we did since the RDB was written is not in it.
    if (role === "master" && this.#restored) history.promote(randomId(this.#io.random));
    this.#noteTime();
    this.#timer = this.#io.clock.every(TICK_MS, () => this.#tick());
    if (role === "master") this.#step({ kind: "restarted" });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#link.hangUp();
    this.#replicas.closeAll();
  }

  // ---- What the server asks at each command or tick

  get role(): Role {
    return this.machine.role;
  }

  /** `master_repl_offset`, of what was fed. */
  get offset(): number {
    return this.machine.history.offset;
  }

  /** The primary we follow. */
  get primary(): Endpoint | null {
    return this.machine.follower.endpoint;
  }

  get linkUp(): boolean {
    return this.machine.follower.state === "connected";
  }

  /** Whether the stream has a reader; outcomes need not be gathered otherwise. */
  get wantsStream(): boolean {
    return this.machine.role === "master" && this.machine.history.backlog !== null;
  }

  get stats(): SyncStats {
    return this.machine.primary.stats;
  }

  /** Bytes from our primaries: INFO's `total_net_repl_input_bytes`. */
  get inputBytes(): number {
    return this.#link.inputBytes;
  }

  get outputBytes(): number {
    return this.#replicas.sentBytes;
  }

  /** The backlog, and what is kept for replicas beyond it. */
  get bufferedBytes(): number {
    return this.#replicas.bufferedBytes + (this.machine.history.backlog?.size ?? 0);
  }

  /** For a command that writes (`write`) or may replicate: why it may not run now. */
  refusal(session: Session, write: boolean): ReplyError | null {
    if (!write || session.fromPrimary) return null;
    if (this.machine.role === "slave") return this.#settings.replicaReadOnly ? errors.readOnly : null;
    const { minReplicasToWrite, minReplicasMaxLagSeconds } = this.#settings;
    if (minReplicasToWrite === 0 || minReplicasMaxLagSeconds === 0) return null;
    return this.machine.primary.goodReplicas(this.now) < minReplicasToWrite ? errors.noReplicas : null;
  }

  /** For a command without the flag `stale`. */
  staleRefusal(): ReplyError | null {
    if (this.machine.role === "master" || this.#settings.replicaServeStaleData || this.linkUp) return null;
    return errors.masterDown;
  }

  /**
   * Before the first command of a read: has the process been stopped, and somebody else been made primary meanwhile? May call
   * `Host.pauseWrites`.
   */
  beforeCommands(): void {
    this.#noteTime();
  }

  /** Before each reply leaves: the process may be stopped between any two. May call `Host.holdReplies`. */
  beforeAnswers(): void {
    this.#noteTime();
  }

  /** The outcomes of a tick: whole commands. `db`: selected before the first of them, -1 if it is a SELECT. */
  feed(bytes: Uint8Array, length: number, db: number): void {
    if (!this.wantsStream) return;
    this.machine.history.append(bytes, 0, length, db);
    this.#replicas.feed(bytes, 0, length);
  }

  /** Behind `feed`. */
  endOfTick(): void {
    if (!this.#getAckWanted) return;
    this.#getAckWanted = false;
    this.#step({ kind: "getAck" });
  }

  /** All replicas are to say how far they are, at the end of this tick. */
  askAcknowledgements(): void {
    this.#getAckWanted = true;
  }

  /** Those who follow the stream. */
  get onlineReplicas(): number {
    let count = 0;
    for (const { state, streamOnAck } of this.machine.primary.replicas.values())
      if (state === "online" && !streamOnAck) count++;
    return count;
  }

  settingsChanged(): void {
    this.machine.history.backlog?.resize(this.#settings.replBacklogSize);
  }

  /** How many replicas acknowledged this offset. */
  ackedBy(offset: number): number {
    return this.machine.primary.ackedBy(offset);
  }

  goodReplicas(): number {
    return this.machine.primary.goodReplicas(this.now);
  }

  /** For the aux fields of an RDB of this moment; null when the data belong to no history that anybody could share. */
  point(): ReplicationPoint | null {
    const { history, role } = this.machine;
    if (history.backlog === null || !history.resumable) return null;
    if (role === "slave") return this.#pointNow();
    this.#dataset.settle();
    this.#dataset.selectAgain();
    return this.#pointNow();
  }

  info(): string {
    const { machine } = this;
    const { unappliedBytes: unapplied, lostWrites } = this.#link;
    const { holdsWrites } = this;
    return replicationInfo({ machine, settings: this.#settings, unapplied, lostWrites, holdsWrites }, this.now);
  }

  writeRole(reply: ReplyWriter): void {
    writeRole(this.machine, reply);
  }

  /** A message was published through us; Sentinels introduce themselves that way. */
  sawHello(channel: string, message: string): void {
    if (channel !== HELLO_CHANNEL) return;
    const hello = parseHello(message);
    if (hello !== null) this.#step({ kind: "hello", hello });
  }

  // ---- Commands

  /** @returns  false if that primary is followed already */
  replicaOf(endpoint: Endpoint, by: string): boolean {
    if (this.machine.follows(endpoint)) return false;
    this.#step({ kind: "replicaOf", endpoint, by, trusted: true });
    return true;
  }

  promote(by: string): void {
    this.#step({ kind: "replicaOfNoOne", by });
  }

  takeOver(replid: string, by: string): void {
    this.#step({ kind: "takeOver", replid, by });
  }

  failover(request: FailoverRequest): void {
    this.#step({ kind: "failover", request });
  }

  abortFailover(): void {
    this.#step({ kind: "failoverAbort" });
  }

  get failingOver(): boolean {
    return this.machine.failover.state !== "no-failover";
  }

  /** Whether a replica can be served: not while we have lost our own primary. */
  get canFeed(): boolean {
    return this.machine.role === "master" || this.linkUp;
  }

  /** CLIENT KILL TYPE master: the link breaks, and is taken up again. False if there is none. */
  cutLink(): boolean {
    if (!this.linkUp) return false;
    this.#step({ kind: "linkClosed", why: "killed by CLIENT KILL" });
    return true;
  }

  /** DEBUG CHANGE-REPL-ID. */
  changeReplid(): void {
    this.#step({ kind: "changeReplid" });
  }

  /** The connection becomes a replica. */
  attach(session: Session, introduction: Introduction, psync: { replid: string; offset: number } | null): void {
    const { id, address } = this.#replicas.add(session);
    this.#step({ kind: "sync", id, host: address.host, introduction, psync });
  }

  acknowledge(session: Session, offset: number, aofOffset: number | undefined): void {
    const peer = this.#replicas.find(session);
    if (peer === undefined) return;
    this.#step({ kind: "ack", id: peer.id, offset, aofOffset });
    this.#waits.check();
  }

  /** REPLCONF GETACK came in the stream: answered when what came with it was counted. */
  ackAsked(): void {
    this.#link.ackAsked();
  }

  writeOffsetOf(session: Session): number {
    return this.#host.writeOffsetOf(session);
  }

  /** Parks the client until `replicas` acknowledged `offset`, or `timeoutMs` (0: never) is over. */
  wait(session: Session, offset: number, replicas: number, timeoutMs: number): void {
    this.#waits.park(session, offset, replicas, timeoutMs);
    this.#getAckWanted = true;
  }

  /** How a client is named in the log. */
  describe(session: Session): string {
    const name = session.name === "" ? "" : ` name=${session.name}`;
    return `id=${session.id} addr=${label(this.#host.addressOf(session))}${name} db=${session.dbIndex}`;
  }

  /**
   * Before a shutdown: pauses writes and waits until all replicas have everything, at most `shutdown-timeout`.
   * @returns  whether they have; false also after `abortHandOver`
   */
  handOver(): Promise<boolean> {
    const { replicas } = this.machine.primary;
    if (this.machine.role === "slave" || replicas.size === 0 || this.#settings.shutdownTimeoutSeconds === 0) {
      return Promise.resolve(true);
    }
    this.#step({ kind: "handOver" });
    return new Promise((resolve) => {
      this.#handOverDone = resolve;
      this.#checkHandOver();
    });
  }

  abortHandOver(): void {
    this.#step({ kind: "handOverAbort" });
    this.#endHandOver(false);
  }

  // ---- Time

  /** The machine's clock, which the times of both its sides are of. */
  get now(): number {
    return this.#time();
  }

  #tick(): void {
    this.#noteTime();
    const now = this.now;
    this.#replicas.tellHeard();
    this.#step({ kind: "tick" });
    this.#replicas.dropOverLimit(now, (id) => this.machine.primary.replicas.get(id)?.name ?? `${id}`);
    this.#waits.check();
    this.#checkHandOver();
  }

  /** Notes that we are running. If we were not for long, somebody else may have been made primary. */
  #noteTime(): void {
    const ms = this.#watch.look();
    const limit = this.#settings.returningPrimaryPauseMs;
    if (limit === 0 || ms <= limit || this.machine.role === "slave" || !this.#started) return;
    this.returning?.stoodStill(ms);
    this.#step({ kind: "jumped", ms });
    // Whoever notices it first, between two commands or two replies: what was not answered yet waits.
    if (this.holdsWrites) this.#host.holdReplies();
  }

  /** Until we know whether we were replaced while we stood still. */
  get holdsWrites(): boolean {
    return this.machine.guard.holding || (this.returning?.holdsWrites ?? false);
  }

  #checkHandOver(): void {
    const { handOver, primary } = this.machine;
    if (this.#handOverDone === null || !handOver.waiting) return;
    const outcome = handOver.outcome(primary.replicas, this.now);
    if (outcome === null) return;
    this.#perform(handOver.end(primary.replicas, this.now));
    this.#endHandOver(outcome);
  }

  #endHandOver(inSync: boolean): void {
    this.#handOverDone?.(inSync);
    this.#handOverDone = null;
  }

  // ---- The machine

  #step(input: Input): void {
    // As a primary, what happened so far is in the stream before anything is decided by its offset.
    if (this.machine.role === "master") this.#dataset.settle();
    const { linkUp } = this;
    this.#perform(this.machine.step(input, this.now));
    if (linkUp !== this.linkUp) this.#host.linkChanged();
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case "log":
        this.#host.log[effect.level](effect.text);
        return;
      case "sendTo":
      case "streamFrom":
      case "snapshot":
      case "joinSnapshot":
      case "leaveSnapshot":
      case "streamBehindRdb":
      case "dropReplica":
      case "dropReplicas":
      case "stream":
        this.#replicas.perform(effect);
        return;
      case "roleChanged":
        this.#roleChanged(effect.role);
        return;
      case "selectAgain":
        this.#dataset.selectAgain();
        return;
      case "pauseWrites":
        this.#host.pauseWrites(effect.reason);
        return;
      case "resumeWrites":
        this.#host.resumeWrites(effect.reason);
        return;
      case "askSentinel":
      case "askRole":
      case "enrol":
      case "becomeReplicaOf":
      case "saveGroup":
      case "releaseReplies":
      case "dropHeldReplies":
        this.#groupShell.perform(effect);
        return;
      default:
        this.#link.perform(effect);
    }
  }

  #roleChanged(role: Role): void {
    if (role === "slave") this.#waits.answerAll();
    this.#host.roleChanged(role);
  }

  #pointNow(): ReplicationPoint {
    const { history, role } = this.machine;
    const streamDb = role === "slave" ? this.#dataset.appliedDb : 0;
    return { replid: history.replid, offset: history.offset, streamDb };
  }

  /** Our own replicas get what our primary sent, byte for byte: they share its history. */
  #applied(bytes: Uint8Array, start: number, end: number, db: number | undefined): void {
    this.machine.history.append(bytes, start, end, db);
    this.#replicas.feed(bytes, start, end);
  }
}
