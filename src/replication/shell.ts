/**
 * Replication as the server sees it, and the place where the world becomes inputs of the machine (`machine.ts`) and its effects
 * become the world: the sockets of `link.ts`, the bytes of `outlets.ts`, files, timers. Nothing is decided here. What the
 * server is to call, and when, stands in docs/replication.md; what it supplies, in `dataset.ts`.
 */
import { utf8 } from "../base/bytes.ts";
import { errors, type ReplyError } from "../base/reply-error.ts";
import type { CommandRow } from "../commands/call.ts";
import type { Session } from "../commands/session.ts";
import { type Io, randomId, type Timer } from "../io/io.ts";
import type { Endpoint } from "../io/net.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import { askSentinel, askServer, enrol } from "./asking.ts";
import type { Backlog } from "./backlog.ts";
import { replicationCommands } from "./commands.ts";
import type {
  AskPeer,
  Dataset,
  ParkedClient,
  ReplicaPeer,
  ReplicationHost,
  ReplicationPoint,
  ReplicationSettings,
  Role,
} from "./dataset.ts";
import type { Effect } from "./effects.ts";
import { type FailoverRequest, label } from "./failover.ts";
import { GROUP_FILE, Group, HELLO_CHANNEL, parseHello } from "./group.ts";
import { replicationInfo, writeRole } from "./info.ts";
import { PrimaryLink } from "./link.ts";
import { collectLostWrites, lostWritesName } from "./lost-writes.ts";
import { type Input, ReplicationMachine } from "./machine.ts";
import { Outlets } from "./outlets.ts";
import type { Introduction, SyncStats } from "./primary.ts";
import { type Waiter, Waiters } from "./waiters.ts";

const TICK_MS = 100;

export interface ReplicationParts {
  readonly io: Io;
  readonly host: ReplicationHost;
  readonly dataset: Dataset;
  readonly settings: ReplicationSettings;
  readonly ask: AskPeer;
}

export class Replication {
  readonly machine: ReplicationMachine;
  readonly lostWrites = { files: 0, bytes: 0 };
  readonly #io: Io;
  readonly #host: ReplicationHost;
  readonly #dataset: Dataset;
  readonly #settings: ReplicationSettings;
  readonly #ask: AskPeer;
  readonly #group: Group;
  readonly #outlets: Outlets;
  readonly #waiters = new Waiters();
  /** Replicas by the session they were a client with. */
  readonly #peers = new WeakMap<Session, ReplicaPeer>();
  #link: PrimaryLink | null = null;
  #timer: Timer | null = null;
  #started = false;
  #restored = false;
  #formerInput = 0;
  #getAckWanted = false;
  #ackWanted = false;
  #seenMicros = 0;
  #seenWall = 0;
  #handOverDone: ((inSync: boolean) => void) | null = null;

  constructor({ io, host, dataset, settings, ask }: ReplicationParts) {
    this.#io = io;
    this.#host = host;
    this.#dataset = dataset;
    this.#settings = settings;
    this.#ask = ask;
    this.#group = Group.fromJson(Buffer.from(io.disk.readSync(this.#path(GROUP_FILE)) ?? []).toString("utf8"));
    this.machine = new ReplicationMachine({
      settings,
      group: this.#group,
      runId: host.runId,
      newReplid: () => randomId(io.random),
    });
    this.#outlets = new Outlets(io.clock, io.random, {
      rdbProgress: (id) => this.#step({ kind: "rdbProgress", id }),
      rdbSent: (id, sized) => this.#step({ kind: "rdbSent", id, sized }),
      snapshotEnded: (failed) => this.#step({ kind: "snapshotEnded", failed }),
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
    this.#hangUp();
    for (const peer of this.#outlets.peers) {
      this.#outlets.remove(peer.id);
      peer.close();
    }
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
    return this.#formerInput + (this.#link?.readBytes ?? 0);
  }

  get outputBytes(): number {
    return this.#outlets.sentBytes;
  }

  /** The backlog, and what is kept for replicas beyond it. */
  get bufferedBytes(): number {
    return this.#outlets.bufferedBytes + (this.machine.history.backlog?.size ?? 0);
  }

  /** For a command that writes (`write`) or may replicate: why it may not run now. */
  refusal(session: Session, write: boolean): ReplyError | null {
    if (!write || session.fromPrimary) return null;
    if (this.machine.role === "slave") return this.#settings.replicaReadOnly ? errors.readOnly : null;
    const { minReplicasToWrite, minReplicasMaxLagSeconds } = this.#settings;
    if (minReplicasToWrite === 0 || minReplicasMaxLagSeconds === 0) return null;
    return this.machine.primary.goodReplicas(this.#now) < minReplicasToWrite ? errors.noReplicas : null;
  }

  /** For a command without the flag `stale`. */
  staleRefusal(): ReplyError | null {
    if (this.machine.role === "master" || this.#settings.replicaServeStaleData || this.linkUp) return null;
    return errors.masterDown;
  }

  /**
   * Before the first command of a tick: has the process been stopped, and somebody else been made primary meanwhile?
   * @returns  false if writes are paused for that
   */
  mayRun(): boolean {
    this.#noteTime();
    return !this.machine.guard.holding;
  }

  /** Before the first reply of a tick leaves. */
  beforeAnswers(): void {
    if (this.#noteTime()) this.#host.holdReplies();
  }

  /** The outcomes of a tick: whole commands. `db`: selected before the first of them, -1 if it is a SELECT. */
  feed(bytes: Uint8Array, length: number, db: number): void {
    if (!this.wantsStream) return;
    this.machine.history.append(bytes, 0, length, db);
    this.#outlets.feed(bytes, 0, length);
  }

  /** Behind `feed`. */
  endOfTick(): void {
    if (!this.#getAckWanted) return;
    this.#getAckWanted = false;
    this.#step({ kind: "getAck" });
  }

  settingsChanged(): void {
    this.machine.history.backlog?.resize(this.#settings.replBacklogSize);
  }

  /** How many replicas acknowledged this offset. */
  ackedBy(offset: number): number {
    return this.machine.primary.ackedBy(offset);
  }

  goodReplicas(): number {
    return this.machine.primary.goodReplicas(this.#now);
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
    const unapplied = this.#link?.unappliedBytes ?? 0;
    return replicationInfo({ machine, settings: this.#settings, unapplied, lostWrites: this.lostWrites }, this.#now);
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

  /** DEBUG CHANGE-REPL-ID. */
  changeReplid(): void {
    this.#step({ kind: "changeReplid" });
  }

  /** The connection becomes a replica. */
  attach(session: Session, introduction: Introduction, psync: { replid: string; offset: number } | null): void {
    const peer = this.#host.becomeReplica(session);
    const { id } = peer;
    this.#peers.set(session, peer);
    this.#outlets.add(peer);
    peer.onClose = () => {
      this.#outlets.remove(id);
      this.#step({ kind: "replicaGone", id });
    };
    this.#step({ kind: "sync", id, host: peer.address.host, introduction, psync });
  }

  acknowledge(session: Session, offset: number, aofOffset: number | undefined): void {
    const peer = this.#peers.get(session);
    if (peer === undefined) return;
    this.#step({ kind: "ack", id: peer.id, offset, aofOffset });
    this.#checkWaiting();
    this.#host.acknowledged();
  }

  /** REPLCONF GETACK came in the stream: answered when what came with it was counted. */
  ackAsked(): void {
    this.#ackWanted = true;
  }

  writeOffsetOf(session: Session): number {
    return this.#host.writeOffsetOf(session);
  }

  /** Parks the client until `replicas` acknowledged `offset`, or `timeoutMs` (0: never) is over. */
  wait(session: Session, offset: number, replicas: number, timeoutMs: number): void {
    const deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#now + timeoutMs;
    let timer: Timer | null = null;
    let parked: ParkedClient | null = null;
    const waiter: Waiter = {
      offset,
      replicas,
      deadline,
      answer: (count) => {
        timer?.cancel();
        parked?.answer((reply) => reply.integer(count));
      },
    };
    const forget = () => {
      timer?.cancel();
      this.#waiters.remove(waiter);
    };
    parked = this.#host.park(session, {
      closed: forget,
      unblocked: (how) => {
        forget();
        if (how === "timeout") waiter.answer(this.ackedBy(offset));
      },
    });
    this.#waiters.add(waiter);
    if (timeoutMs > 0) timer = this.#io.clock.after(timeoutMs, () => this.#checkWaiting());
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

  get #now(): number {
    return this.#io.clock.now();
  }

  #tick(): void {
    this.#noteTime();
    const now = this.#now;
    for (const peer of this.#outlets.peers) this.#step({ kind: "heardFrom", id: peer.id, at: peer.lastReadAt });
    this.#step({ kind: "tick" });
    for (const id of this.#outlets.overLimit(this.#settings, now)) {
      const name = this.machine.primary.replicas.get(id)?.name ?? id;
      this.#host.log.warning(
        `Client replica ${name} scheduled to be closed ASAP for overcoming of output buffer limits.`,
      );
      this.#dropReplica(id);
      this.#step({ kind: "replicaGone", id });
    }
    this.#checkWaiting();
    this.#checkHandOver();
  }

  /** Notes that we are running; true if we were not for so long that somebody else may have been made primary. */
  #noteTime(): boolean {
    const micros = this.#io.clock.monotonicMicros();
    const wall = this.#io.clock.now();
    // The monotonic clock stands still while the machine sleeps, the wall clock does not.
    const ms = Math.max((micros - this.#seenMicros) / 1000, wall - this.#seenWall);
    const first = this.#seenMicros === 0;
    this.#seenMicros = micros;
    this.#seenWall = wall;
    const limit = this.#settings.returningPrimaryPauseMs;
    if (first || limit === 0 || ms <= limit || this.machine.role === "slave" || !this.#started) return false;
    this.#step({ kind: "jumped", ms });
    return this.machine.guard.holding;
  }

  #checkWaiting(): void {
    if (this.#waiters.size > 0) this.#waiters.check((offset) => this.ackedBy(offset), this.#now);
  }

  #checkHandOver(): void {
    const { handOver, primary } = this.machine;
    if (this.#handOverDone === null || !handOver.waiting) return;
    const outcome = handOver.outcome(primary.replicas, this.#now);
    if (outcome === null) return;
    this.#perform(handOver.end(primary.replicas, this.#now));
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
    this.#perform(this.machine.step(input, this.#now));
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
        this.#outlets.sendTo(effect.id, effect.bytes);
        return;
      case "streamFrom":
        this.#outlets.streamFrom(effect.id, this.machine.history.backlog!, effect.offset);
        return;
      case "snapshot":
        this.#beginSnapshot(effect.ids, effect.sized);
        return;
      case "joinSnapshot":
        this.#outlets.joinSnapshot(effect.id);
        return;
      case "leaveSnapshot":
        this.#outlets.leaveSnapshot(effect.id);
        return;
      case "streamBehindRdb":
        this.#outlets.streamBehindRdb(effect.id);
        return;
      case "dropReplica":
        this.#dropReplica(effect.id);
        return;
      case "dropReplicas":
        this.#step({ kind: "dropReplicas" });
        return;
      case "stream":
        this.#outlets.feed(effect.bytes, 0, effect.bytes.length);
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
      case "releaseReplies":
        this.#host.releaseReplies();
        return;
      case "dropHeldReplies":
        this.#host.dropHeldReplies();
        return;
      case "becomeReplicaOf":
        this.#step({ kind: "replicaOf", endpoint: effect.endpoint, by: "", trusted: true });
        return;
      case "saveGroup":
        this.#saveGroup();
        return;
      case "askSentinel":
        void this.#askSentinel(effect.sentinel);
        return;
      case "askRole":
        void this.#askRole(effect.endpoint, effect.about);
        return;
      case "enrol":
        void this.#enrol(effect.member, effect);
        return;
      default:
        this.#doOnLink(effect);
    }
  }

  #doOnLink(effect: Effect): void {
    switch (effect.kind) {
      case "connect":
        this.#connect(effect.endpoint);
        return;
      case "hangUp":
        this.#hangUp();
        return;
      case "say":
        this.#link?.say(effect.words);
        return;
      case "sayNewline":
        this.#link?.sayNewline();
        return;
      case "expectRdb":
        this.#link?.expectRdb();
        return;
      case "expectStream":
        this.#link?.expectStream();
        return;
      case "beginLoad":
        this.#link?.beginLoad();
        return;
      case "abortLoad":
        this.#link?.abortLoad();
        return;
      case "commitLoad":
        this.#link?.commitLoad();
        return;
      case "saveLostWrites":
        this.#saveLostWrites(effect.backlog, effect.replid, effect.from);
        return;
      case "sendAck":
        this.#link?.say(["REPLCONF", "ACK", String(this.offset)]);
        return;
    }
  }

  #roleChanged(role: Role): void {
    if (role === "slave") this.#waiters.answerAll((offset) => this.ackedBy(offset));
    this.#host.roleChanged(role);
  }

  // ---- Towards replicas

  #pointNow(): ReplicationPoint {
    const { history, role } = this.machine;
    const streamDb = role === "slave" ? this.#dataset.appliedDb : 0;
    return { replid: history.replid, offset: history.offset, streamDb };
  }

  #beginSnapshot(ids: readonly number[], sized: boolean): void {
    try {
      this.#outlets.beginSnapshot(ids, sized, this.#dataset.beginSnapshot(this.#pointNow()));
    } catch (error) {
      const failed = `BGSAVE failed, replication can't continue: ${error instanceof Error ? error.message : error}`;
      this.#step({ kind: "snapshotEnded", failed });
    }
  }

  #dropReplica(id: number): void {
    this.#outlets.remove(id)?.close();
  }

  // ---- Towards our primary

  #connect(endpoint: Endpoint): void {
    this.#hangUp();
    const on = (input: Input) => this.#step(input);
    const link = new PrimaryLink(this.#io.net, endpoint, this.#settings, this.#dataset, {
      connected: () => on({ kind: "linkConnected" }),
      closed: (why) => on({ kind: "linkClosed", why }),
      line: (text) => on({ kind: "linkLine", text }),
      bulk: (text) => on({ kind: "linkBulk", text }),
      rdbBegins: (size) => on({ kind: "rdbBegins", size }),
      rdbBytes: (count) => on({ kind: "rdbBytes", count }),
      rdbLoaded: (keys) => on({ kind: "rdbLoaded", keys, ourKeys: this.#dataset.keyCount() }),
      rdbFailed: (why) => on({ kind: "rdbFailed", why }),
      heard: () => on({ kind: "streamHeard" }),
      applied: (bytes, start, end, db) => this.#applied(bytes, start, end, db),
      desynchronised: (why) => {
        this.#host.log.warning(`The stream of MASTER cannot be followed: ${why}`);
        this.machine.history.resumable = false;
        on({ kind: "linkClosed", why });
      },
      caughtUp: () => this.#caughtUp(),
    });
    this.#link = link;
  }

  #hangUp(): void {
    if (this.#link === null) return;
    this.#formerInput += this.#link.readBytes;
    this.#link.close();
    this.#link = null;
  }

  /** Our own replicas get what our primary sent, byte for byte: they share its history. */
  #applied(bytes: Uint8Array, start: number, end: number, db: number | undefined): void {
    this.machine.history.append(bytes, start, end, db);
    this.#outlets.feed(bytes, start, end);
  }

  #caughtUp(): void {
    if (!this.#ackWanted) return;
    this.#ackWanted = false;
    this.#step({ kind: "ackAsked" });
  }

  #saveLostWrites(backlog: Backlog, replid: string, from: number): void {
    const lost = collectLostWrites(backlog, from);
    if (lost === null) return;
    const path = this.#path(lostWritesName(replid, from, backlog.end));
    try {
      this.#io.disk.replaceSync(path, lost.bytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#host.log.warning(`${lost.commands} writes that the new primary lacks could not be kept in ${path}: ${why}`);
      return;
    }
    this.lostWrites.files++;
    this.lostWrites.bytes += lost.bytes.length;
    const part = lost.complete ? "" : " (the backlog no longer held the first of them)";
    this.#host.log.warning(`${lost.commands} writes that the new primary lacks are kept in ${path}${part}`);
  }

  // ---- Towards the group

  #path(file: string): string {
    return `${this.#settings.dir}/${file}`;
  }

  #saveGroup(): void {
    this.#io.disk.replace(this.#path(GROUP_FILE), utf8(this.#group.toJson())).catch((error: Error) => {
      this.#host.log.warning(`${GROUP_FILE} could not be written: ${error.message}`);
    });
  }

  async #askSentinel(sentinel: Endpoint): Promise<void> {
    const name = this.#settings.sentinelsMasterName || this.#group.name;
    const word = await askSentinel(this.#ask, sentinel, name);
    if (this.#timer !== null) this.#step({ kind: "sentinelSaid", sentinel, word });
  }

  async #askRole(endpoint: Endpoint, about: "candidate" | "member"): Promise<void> {
    const word = await askServer(this.#ask, endpoint, this.#settings);
    if (this.#timer === null) return;
    if (about === "candidate") this.#step({ kind: "candidateSaid", endpoint, word });
    else this.#step({ kind: "memberSaid", member: endpoint, word, ourKeys: this.#dataset.keyCount() });
  }

  async #enrol(member: Endpoint, us: Endpoint): Promise<void> {
    const objection = await enrol(this.#ask, member, us, this.#settings);
    if (objection !== null) this.#host.log.warning(`REPLICAOF was refused by ${label(member)}: ${objection}`);
  }
}
