/**
 * What a node knows of its cluster: the nodes, who owns which slot, the epochs. Changes of more than one field that must agree
 * (a slot and its owner, a replica and its primary) are methods here; what to change and when is decided by the files around
 * the machine.
 */
import { SLOTS } from "../base/hash-slot.ts";
import { type Random, randomId } from "../io/io.ts";
import type { Effect } from "./effects.ts";
import type { ClusterFacts, ClusterSettings } from "./facts.ts";
import { type MessageKind, NodeFlag, type NodeId } from "./messages.ts";
import { ClusterNode, type Link, NO_ADDRESS, type NodeAddress } from "./node.ts";
import { Roll } from "./roll.ts";

/** Why a replica is not being promoted at the moment, for the log. */
export type CannotFailOver =
  | ""
  | "data too old"
  | "waiting for its turn"
  | "election expired"
  | "waiting for votes"
  | "waiting for its siblings' promises"
  | "a sibling has more data";

export class ClusterState {
  /** The machine's clock, which only passes; the wall clock may jump. */
  now = 0;
  /** How far the wall clock was ahead of it when something last happened. */
  wallAheadMs = 0;
  readonly settings: ClusterSettings;
  readonly facts: ClusterFacts;
  readonly random: Random;
  readonly nodes = new Map<NodeId, ClusterNode>();
  /** The same nodes, for walking. */
  readonly roll = new Roll();
  myself: ClusterNode;
  readonly links = new Map<number, Link>();
  #nextLink = 1;

  readonly owners: (ClusterNode | null)[] = new Array<ClusterNode | null>(SLOTS).fill(null);
  /** Slots that we take for a node's and that it does not claim: whoever else claims one has it, whatever their epochs. */
  readonly unclaimed = new Set<number>();
  /** Slots that we hand out, and to whom; slots that we take in, and from whom. */
  readonly migrating = new Map<number, ClusterNode>();
  readonly importing = new Map<number, ClusterNode>();

  currentEpoch = 0;
  lastVoteEpoch = 0;
  /** There is news of ourselves for everybody, at the next tick. */
  isToAnnounce = false;
  /** Whether commands on keys are served. */
  ok = false;
  /** How many primaries have slots. */
  size = 1;
  /** Nodes that nobody is to add again before that time. */
  readonly forgotten = new Map<NodeId, number>();

  /** The election in which we are, or were, the candidate. */
  readonly election = {
    at: 0,
    epoch: 0,
    votes: 0,
    asked: false,
    rank: 0,
    /** All siblings have told their offset since it was planned, or there are none. */
    isInformed: false,
    reason: "" as CannotFailOver,
    saidAt: 0,
  };
  /** What siblings have, once they promised to acknowledge nothing of that primary any more. */
  readonly fencing = { of: "" as NodeId, askedAt: 0, offsets: new Map<NodeId, number>() };
  /** A manual failover under way: until when, and what its two sides know. */
  readonly manual = {
    endsAt: 0,
    /** As primary: the replica that takes over. */
    replica: null as ClusterNode | null,
    /** As replica: where our primary stopped; -1 before it told us. */
    primaryOffset: -1,
    canStart: false,
  };

  /** While we find out whether we were replaced while we stood still (returning.ts): since when, or 0; our slots then. */
  readonly returning = { since: 0, round: 0, slots: 0 };

  startedAt = 0;
  /** Whether it was part of a cluster before: then others may have gone on without it, and it waits for news before it serves. */
  hasPast = false;
  /** When we last could not reach a majority. */
  minorityAt = 0;
  ticks = 0;
  pings = 0;
  /** Those that we cannot reach while a majority has not said so. */
  readonly pfailing = new Set<ClusterNode>();
  /** Something changed since `ok` was last worked out: an owner, a role, who is reachable. */
  isUnsettled = true;
  /** Whether all slots had to be covered then. */
  neededCoverage = false;
  /** Nodes that told us their names, and of whom we have not told the others yet. */
  readonly newcomers: ClusterNode[] = [];
  newcomersToldAt = 0;
  /** Messages by kind: CLUSTER INFO shows them. */
  readonly sent: Partial<Record<MessageKind, number>> = {};
  readonly received: Partial<Record<MessageKind, number>> = {};
  /** What came and was no message. */
  dropped = 0;

  unsaved: "" | "changed" | "promised" = "";
  #effects: Effect[] = [];

  constructor(myId: NodeId, settings: ClusterSettings, facts: ClusterFacts, random: Random) {
    this.settings = settings;
    this.facts = facts;
    this.random = random;
    this.myself = new ClusterNode(myId, NodeFlag.myself | NodeFlag.master, NO_ADDRESS, 0);
    this.add(this.myself);
  }

  // ---- Time

  /** What the wall clock would have said then; 0 for never. */
  timeOfDay(at: number): number {
    return at === 0 ? 0 : Math.max(0, at + this.wallAheadMs);
  }

  /** When the wall clock would have said that. */
  atTimeOfDay(unixMs: number): number {
    return unixMs - this.wallAheadMs;
  }

  // ---- What is to be done

  do(effect: Effect): void {
    this.#effects.push(effect);
  }

  log(level: "debug" | "verbose" | "notice" | "warning", text: string): void {
    this.do({ kind: "log", level, text });
  }

  takeEffects(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  // ---- Nodes

  node(id: NodeId): ClusterNode | null {
    return this.nodes.get(id) ?? null;
  }

  /** One that has told us its name itself, or was told of by those we trust. */
  known(id: NodeId): ClusterNode | null {
    const node = this.node(id);
    return node === null || node.is(NodeFlag.handshake) ? null : node;
  }

  add(node: ClusterNode): void {
    this.nodes.set(node.id, node);
    this.roll.add(node);
    this.isUnsettled = true;
  }

  /** Under the name that nodes.conf has for us, in the place of the one that we began with. */
  become(myself: ClusterNode): void {
    this.nodes.delete(this.myself.id);
    this.roll.remove(this.myself);
    this.myself = myself;
    this.add(myself);
  }

  rename(node: ClusterNode, id: NodeId): void {
    this.nodes.delete(node.id);
    node.id = id;
    this.nodes.set(id, node);
  }

  /** Removes every trace of it. */
  remove(node: ClusterNode): void {
    for (const slot of node.slots) {
      this.owners[slot] = null;
      this.unclaimed.delete(slot);
    }
    for (const moves of [this.migrating, this.importing]) {
      for (const [slot, other] of moves) if (other === node) moves.delete(slot);
    }
    for (const other of this.nodes.values()) other.failReports?.delete(node);
    for (const link of this.links.values()) if (link.from === node) link.from = null;
    this.setPrimary(node, null);
    for (const replica of [...node.replicas]) this.setPrimary(replica, null);
    this.dropLink(node);
    this.nodes.delete(node.id);
    this.roll.remove(node);
    this.pfailing.delete(node);
    if (this.newcomers.includes(node)) this.newcomers.splice(this.newcomers.indexOf(node), 1);
    this.isUnsettled = true;
  }

  /** A name of our own choice, for a node whose own we do not know yet. */
  newId(): NodeId {
    return randomId(this.random);
  }

  /** Whom it follows, both ways. */
  setPrimary(node: ClusterNode, primary: ClusterNode | null): void {
    if (node.primary === primary) return;
    const before = node.primary;
    if (before !== null) {
      before.replicas.splice(before.replicas.indexOf(node), 1);
      if (before.replicas.length === 0) before.flags &= ~NodeFlag.migrateTo;
    }
    node.primary = primary;
    if (primary === null) return;
    primary.replicas.push(node);
    // In one order everywhere: CLUSTER SLOTS of all nodes lists them alike.
    primary.replicas.sort((a, b) => (a.id < b.id ? -1 : 1));
    primary.flags |= NodeFlag.migrateTo;
    if (primary.shardId !== "") node.shardId = primary.shardId;
  }

  makePrimary(node: ClusterNode): void {
    if (node.isPrimary) return;
    if (node.primary !== null) {
      this.setPrimary(node, null);
      if (!node.isMyself) node.flags |= NodeFlag.migrateTo;
    }
    node.flags = (node.flags & ~NodeFlag.replica) | NodeFlag.master;
    this.isUnsettled = true;
  }

  makeReplica(node: ClusterNode, primary: ClusterNode | null): void {
    node.flags = (node.flags & ~(NodeFlag.master | NodeFlag.migrateTo)) | NodeFlag.replica;
    this.setPrimary(node, primary);
    this.isUnsettled = true;
  }

  // ---- Slots

  assign(slot: number, node: ClusterNode | null): void {
    const owner = this.owners[slot]!;
    if (owner === node) return;
    owner?.slots.delete(slot);
    node?.slots.add(slot);
    this.owners[slot] = node;
    if (this.unclaimed.size > 0) this.unclaimed.delete(slot);
    this.isUnsettled = true;
  }

  releaseAll(node: ClusterNode): void {
    for (const slot of [...node.slots]) this.assign(slot, null);
  }

  /** How many primaries make a majority. */
  get quorum(): number {
    return Math.floor(this.size / 2) + 1;
  }

  /** The highest epoch that anybody is known to have. */
  maxEpoch(): number {
    let max = this.currentEpoch;
    for (const { configEpoch } of this.nodes.values()) if (configEpoch > max) max = configEpoch;
    return max;
  }

  // ---- Links

  connect(node: ClusterNode): void {
    const link = this.#addLink(node);
    node.link = link;
    this.roll.attend(node);
    this.do({ kind: "connect", link: link.number, host: node.address.ip, port: node.address.busPort });
  }

  /** For a connection that was made to us. */
  accept(remoteIp: string, localIp: string): Link {
    const link = this.#addLink(null);
    return Object.assign(link, { isUp: true, remoteIp, localIp });
  }

  #addLink(node: ClusterNode | null): Link {
    const number = this.#nextLink++;
    const link: Link = {
      number,
      node,
      from: null,
      openedAt: this.now,
      isUp: false,
      pings: 0,
      pongs: 0,
      awaited: 1,
      remoteIp: "",
      localIp: "",
    };
    this.links.set(link.number, link);
    return link;
  }

  /** Closes our connection to the node; another is made at the next tick. */
  dropLink(node: ClusterNode): void {
    this.roll.attend(node);
    if (node.link === null) return;
    const { number } = node.link;
    this.links.delete(number);
    node.link = null;
    this.do({ kind: "hangUp", link: number });
  }

  // ---- Keeping

  /** Something changed that a restart is to find again: it is written before anything that follows is said. */
  save(): void {
    if (this.unsaved === "") this.unsaved = "changed";
  }

  /** As `save`, for what others rely on (epochs, votes, slots): a loss of power must not undo it either. */
  promise(): void {
    this.unsaved = "promised";
  }

  /** The shard of a node that has none yet is its own. */
  shardOf(node: ClusterNode): string {
    return node.shardId !== "" ? node.shardId : (node.head?.shardId ?? "");
  }

  updateAddress(node: ClusterNode, address: NodeAddress): void {
    node.address = address;
    node.flags &= ~NodeFlag.noAddress;
    this.dropLink(node);
  }
}
