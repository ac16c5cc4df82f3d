/**
 * A cluster node's decisions: no socket, no file, no clock, and no chance it was not given. `step` is told what happened and
 * answers with what is to be done; the shell does it.
 *
 * Where to read on: `messages.ts` what nodes say, `node.ts` and `state.ts` what one knows; then `greetings.ts` (learning from
 * PING and PONG), `failure.ts` (who is down), `ownership.ts` (whose slots), `election.ts` and `manual-failover.ts` (a replica
 * takes over), `replica-migration.ts`, `returning.ts` (a primary that stood still), `sending.ts` (what is said, and to whom).
 */

import type { Random } from "../io/io.ts";
import type { Effect, Input } from "./effects.ts";
import { considerElection, onVote, onVoteRequest } from "./election.ts";
import type { ClusterFacts, ClusterSettings } from "./facts.ts";
import { markFailed, reportsOf, suspect, updateState } from "./failure.ts";
import { promised } from "./fencing.ts";
import { onGreeting } from "./greetings.ts";
import { continueManual, noteOffset, onManualStart, startManual } from "./manual-failover.ts";
import { type Message, NodeFlag, type NodeId } from "./messages.ts";
import type { ClusterNode, Link } from "./node.ts";
import { updated } from "./ownership.ts";
import { considerMigration } from "./replica-migration.ts";
import { considerReturn, stoodStill } from "./returning.ts";
import { describeSelf } from "./self.ts";
import { announce, announceNewcomers, greet } from "./sending.ts";
import { ClusterState } from "./state.ts";

/** Ticks between two PINGs to somebody chosen by chance, and among how many the one is chosen that we heard of least lately. */
const TICKS_PER_PING = 10;
const PING_CANDIDATES = 5;
const MIN_HANDSHAKE_MS = 1000;
/** So often each node is asked, in node timeouts, unless more questions and answers than so many would leave us in a second. */
const QUIET_SHARE = 0.1;
const CONTACTS_A_SECOND = 10;
const TICKS_PER_MIGRATION = 10;
/** How many links with garbage are logged a minute. */
const GARBAGE_A_MINUTE = 10;

export interface ClusterMachineParts {
  readonly id: NodeId;
  readonly settings: ClusterSettings;
  readonly facts: ClusterFacts;
  readonly random: Random;
}

export class ClusterMachine {
  /** To be read by those who show it. */
  readonly state: ClusterState;
  /** As it was at the last tick. */
  #nodeTimeoutMs = 0;
  /** For so long a node may say nothing before it is asked whether it is there: see `quietMs`. */
  #quietMs = 0;
  /** Links with garbage: since when they are counted, and how many were logged and were not. */
  readonly #garbage = { since: 0, logged: 0, kept: 0 };

  constructor({ id, settings, facts, random }: ClusterMachineParts) {
    this.state = new ClusterState(id, settings, facts, random);
  }

  /**
   * @param now  whole ms of a clock that does not jump (`steadyTime`); never 0
   * @returns    what is to be done, in this order
   */
  step(input: Input, now: number): Effect[] {
    return this.#act(now, () => this.#take(input));
  }

  /** Somebody connected to us: the number under which its messages are to come. */
  accept(remoteIp: string, localIp: string, now: number): number {
    this.state.now = now;
    return this.state.accept(remoteIp, localIp).number;
  }

  /** CLUSTER FAILOVER; the caller has made sure that we are a replica whose primary is known. */
  failover(how: "" | "force" | "takeover", now: number): Effect[] {
    return this.#act(now, () => {
      startManual(this.state, how);
      considerElection(this.state);
    });
  }

  /** A command changes what is known, by the methods of the state. */
  change(act: (state: ClusterState) => void, now: number): Effect[] {
    return this.#act(now, () => act(this.state));
  }

  #act(now: number, act: () => void): Effect[] {
    const s = this.state;
    if (s.startedAt === 0) s.startedAt = now;
    s.now = now;
    s.wallAheadMs = s.facts.timeOfDay() - now;
    act();
    considerReturn(s);
    const effects = s.takeEffects();
    if (s.unsaved === "") return effects;
    const durable = s.unsaved === "promised";
    s.unsaved = "";
    // Before what is said: nobody is to hear of what a crash could make us forget.
    return [{ kind: "save", durable }, ...effects];
  }

  #take(input: Input): void {
    const s = this.state;
    if (input.kind === "tick") {
      this.#tick();
      return;
    }
    if (input.kind === "fenced") {
      promised(s, input.primary, input.by, input.offset);
      considerElection(s);
      return;
    }
    if (input.kind === "stoodStill") {
      stoodStill(s, input.ms);
      return;
    }
    const link = s.links.get(input.link);
    if (link === undefined) return;
    switch (input.kind) {
      case "connected":
        this.#connected(link, input.remoteIp, input.localIp);
        break;
      case "disconnected":
        this.#disconnected(link, input.refused);
        break;
      case "message":
        this.#message(link, input.message);
        break;
      case "garbage":
        s.dropped++;
        this.#tellOfGarbage(`Closing a link of the cluster bus (${link.remoteIp}): ${input.what}`);
        this.#close(link);
        break;
    }
  }

  /** Whoever reaches the port can cause it: so many times a minute it is logged, then counted. */
  #tellOfGarbage(text: string): void {
    const s = this.state;
    const told = this.#garbage;
    if (s.now - told.since >= 60_000) {
      if (told.kept > 0) s.log("warning", `(${told.kept} more such links in the minutes before were not logged)`);
      Object.assign(told, { since: s.now, logged: 0, kept: 0 });
    }
    if (told.logged++ < GARBAGE_A_MINUTE) s.log("warning", text);
    else told.kept++;
  }

  // ---- Links

  #connected(link: Link, remoteIp: string, localIp: string): void {
    const { node } = link;
    if (node === null) return;
    Object.assign(link, { isUp: true, remoteIp, localIp });
    greet(this.state, link, node.is(NodeFlag.meet) ? "meet" : "ping");
    node.flags &= ~NodeFlag.meet;
  }

  #disconnected(link: Link, refused: boolean): void {
    const s = this.state;
    s.links.delete(link.number);
    const { node } = link;
    if (node === null || node.link !== link) return;
    node.link = null;
    s.roll.attend(node);
    if (node.pingSentAt === 0) node.pingSentAt = s.now;
    // The host says that the process is gone: there is no need to wait until it has been silent for long.
    if (refused && !node.is(NodeFlag.handshake) && suspect(s, node)) this.#tell(node);
  }

  /**
   * That we suspect it. Its replicas count the majority's words themselves: they hear of it from everybody. The other primaries
   * hear of it from the first, and are not flooded by all.
   */
  #tell(suspected: ClusterNode): void {
    const s = this.state;
    for (const { link } of suspected.replicas) if (link?.isUp) greet(s, link, "pong");
    if (!s.myself.votes || reportsOf(s, suspected) > 0) return;
    for (const { votes, link } of s.roll.nodes) if (votes && link?.isUp) greet(s, link, "pong");
  }

  #close(link: Link): void {
    const s = this.state;
    if (link.node !== null && link.node.link === link) {
      s.dropLink(link.node);
      return;
    }
    s.links.delete(link.number);
    s.do({ kind: "hangUp", link: link.number });
  }

  // ---- Messages

  #message(link: Link, message: Message): void {
    const s = this.state;
    s.received[message.kind] = (s.received[message.kind] ?? 0) + 1;
    const { sender } = message;
    const node = s.known(sender.id);
    if (node !== null) {
      node.heardAt = s.now;
      if (link.node === null) link.from = node;
      this.#noteEpochs(node, message);
      noteOffset(s, node, sender);
    }
    switch (message.kind) {
      case "ping":
      case "pong":
      case "meet":
        onGreeting(s, link, message);
        return;
      case "module":
        return;
    }
    // The rest is for those who know each other.
    if (node === null || node.isMyself) return;
    switch (message.kind) {
      case "fail":
        this.#onFail(message.id, node);
        return;
      case "publish":
      case "publishshard": {
        const { channel, message: text } = message;
        s.do({ kind: "published", sharded: message.kind === "publishshard", channel, message: text });
        return;
      }
      case "auth-req":
        onVoteRequest(s, node, sender);
        return;
      case "auth-ack":
        onVote(s, node, sender);
        return;
      case "mfstart":
        onManualStart(s, node);
        return;
      case "update":
        updated(s, message.id, message.configEpoch, message.slots);
        updateState(s);
    }
  }

  #noteEpochs(node: ClusterNode, { sender }: Message): void {
    const s = this.state;
    if (sender.currentEpoch > s.currentEpoch) s.currentEpoch = sender.currentEpoch;
    if (sender.configEpoch > node.configEpoch) {
      node.configEpoch = sender.configEpoch;
      s.promise();
    }
    node.replicationOffset = sender.replicationOffset;
  }

  #onFail(id: NodeId, by: ClusterNode): void {
    const s = this.state;
    const node = s.known(id);
    if (node === null || node.is(NodeFlag.fail | NodeFlag.myself)) return;
    s.log("notice", `FAIL message received from ${by.id} about ${id}`);
    markFailed(s, node);
  }

  // ---- Time

  #tick(): void {
    const s = this.state;
    s.ticks++;
    if (describeSelf(s)) {
      s.save();
      s.isToAnnounce = true;
    }
    if (s.isToAnnounce) announce(s);
    s.isToAnnounce = false;
    for (const [id, until] of s.forgotten) if (until <= s.now) s.forgotten.delete(id);
    this.#look();
    announceNewcomers(s);
    continueManual(s);
    if (s.myself.isReplica) considerElection(s);
    if (s.myself.isReplica && s.ticks % TICKS_PER_MIGRATION === 0) considerMigration(s);
    updateState(s);
  }

  /** At those about whom something may be due. */
  #look(): void {
    const s = this.state;
    const { nodeTimeoutMs } = s.settings;
    if (nodeTimeoutMs !== this.#nodeTimeoutMs) s.roll.attendAll();
    this.#nodeTimeoutMs = nodeTimeoutMs;
    this.#quietMs = quietMs(s.roll.nodes.length - 1, nodeTimeoutMs);
    const due = s.roll.due(s.now);
    for (const node of due) this.#keepLink(node);
    if (s.ticks % TICKS_PER_PING === 0) this.#pingSomebody();
    for (const node of due) {
      this.#watch(node);
      s.roll.postpone(node, this.#quietUntil(node));
    }
  }

  /** When it is to be looked at again, unless `attend` says sooner. */
  #quietUntil(node: ClusterNode): number {
    if (node.is(NodeFlag.myself | NodeFlag.noAddress)) return Number.POSITIVE_INFINITY;
    const isIdle = node.link?.isUp && node.pingSentAt === 0 && !node.is(NodeFlag.handshake);
    return isIdle ? Math.min(node.pongReceivedAt + this.#nodeTimeoutMs / 2, node.heardAt + this.#quietMs) : 0;
  }

  #keepLink(node: ClusterNode): void {
    const s = this.state;
    if (node.is(NodeFlag.myself | NodeFlag.noAddress)) return;
    const patience = Math.max(s.settings.nodeTimeoutMs, MIN_HANDSHAKE_MS);
    if (node.is(NodeFlag.handshake) && s.now - node.createdAt > patience) {
      s.remove(node);
      return;
    }
    // A host that swallows what we send may have answered others meanwhile: a new attempt gets through where the old one hangs.
    if (node.link !== null && !node.link.isUp && s.now - node.link.openedAt > patience / 2) s.dropLink(node);
    if (node.link !== null) return;
    s.connect(node);
    if (node.pingSentAt === 0) node.pingSentAt = s.now;
  }

  /** Of some chosen by chance, the one of whom we have not heard for longest. */
  #pingSomebody(): void {
    const s = this.state;
    const all = s.roll.nodes;
    let chosen: ClusterNode | null = null;
    for (let i = 0; i < PING_CANDIDATES; i++) {
      const node = all[s.random.uint32() % all.length]!;
      if (!node.link?.isUp || node.pingSentAt !== 0 || node.is(NodeFlag.myself | NodeFlag.handshake)) continue;
      if (chosen === null || node.pongReceivedAt < chosen.pongReceivedAt) chosen = node;
    }
    if (chosen !== null) greet(s, chosen.link!, "ping");
  }

  #watch(node: ClusterNode): void {
    const s = this.state;
    if (node.place < 0 || node.is(NodeFlag.myself | NodeFlag.noAddress | NodeFlag.handshake)) return;
    const timeout = s.settings.nodeTimeoutMs;
    const { link } = node;
    const isQuiet = s.now - node.pongReceivedAt > timeout / 2 || s.now - node.heardAt >= this.#quietMs;
    if (link?.isUp && node.pingSentAt === 0 && isQuiet) {
      greet(s, link, "ping");
      return;
    }
    if (node.pingSentAt === 0) return;
    // What it sent may stand behind something large: any bytes are a sign of life.
    const asked = s.now - node.pingSentAt;
    const silence = Math.min(asked, s.now - node.heardAt);
    const isOld = link !== null && s.now - link.openedAt > timeout;
    // It lives, but of what we asked on this connection nothing came back: perhaps on another.
    const isLost = asked > timeout * 2;
    if (isOld && (silence > timeout / 2 || isLost)) s.dropLink(node);
    if ((silence > timeout || this.#isMissed(node, asked)) && suspect(s, node)) this.#tell(node);
  }

  /**
   * Somebody has waited for its answer as long as a node may be silent, and nobody whom we heard of it since has had one: then we do
   * not wait that long again, only because we asked later.
   */
  #isMissed(node: ClusterNode, askedForMs: number): boolean {
    const { now, settings } = this.state;
    const { nodeTimeoutMs: timeout } = settings;
    return (
      reportsOf(this.state, node) > 0 &&
      askedForMs > timeout / 2 &&
      now - Math.max(node.heardAt, node.aliveAt) > timeout
    );
  }
}

/**
 * How long others may say nothing before they are asked. A node that stops is waited for from the first question on that it does not
 * answer, so the sooner that comes, the better: as often as the bus can easily carry, and no oftener than is of use. Where
 * there are many nodes the rule of half a timeout is all there is, and they are many who ask.
 */
function quietMs(others: number, nodeTimeoutMs: number): number {
  return Math.max(nodeTimeoutMs * QUIET_SHARE, (others * 1000) / CONTACTS_A_SECOND);
}
