/** What operators change by CLUSTER. Every order throws before it has changed anything, or is carried out. */
import { SLOTS } from "../base/hash-slot.ts";
import { ReplyError } from "../base/reply-error.ts";
import { updateState } from "./failure.ts";
import { isEpoch, NodeFlag, type NodeId } from "./messages.ts";
import { ClusterNode } from "./node.ts";
import { follow, stopManual } from "./ownership.ts";
import { announce } from "./sending.ts";
import type { ClusterState } from "./state.ts";

const err = (text: string) => new ReplyError("ERR", text);

export const clusterErrors = {
  invalidSlot: err("Invalid or out of range slot"),
  unknownNode: (id: string) => err(`Unknown node ${id}`),
  unknownToMe: (id: string) => err(`I don't know about node ${id}`),
};

/** One that has told its name itself: what is said of another's stands in nodes.conf, which has no line for that one. */
function nodeOf(s: ClusterState, id: NodeId): ClusterNode {
  const node = s.known(id);
  if (node === null) throw clusterErrors.unknownNode(id);
  return node;
}

export function meet(s: ClusterState, ip: string, port: number, busPort: number): void {
  const underWay = [...s.nodes.values()].some(
    ({ address, flags }) => (flags & NodeFlag.handshake) !== 0 && address.ip === ip && address.busPort === busPort,
  );
  if (underWay) return;
  const address = { ip, port, busPort, plainPort: 0 };
  s.add(new ClusterNode(s.newId(), NodeFlag.handshake | NodeFlag.meet, address, s.now));
}

/** Why the slot cannot be taken, or left without an owner. @param seen  those that were named before */
export function checkSlot(s: ClusterState, slot: number, add: boolean, seen: Set<number>): void {
  if (add && s.owners[slot] !== null) throw err(`Slot ${slot} is already busy`);
  if (!add && s.owners[slot] === null) throw err(`Slot ${slot} is already unassigned`);
  if (seen.has(slot)) throw err(`Slot ${slot} specified multiple times`);
  seen.add(slot);
}

/** @param add  whether to take the slots, or to leave them without an owner */
export function changeSlots(s: ClusterState, slots: readonly number[], add: boolean): void {
  const seen = new Set<number>();
  for (const slot of slots) checkSlot(s, slot, add, seen);
  for (const slot of slots) {
    if (add) s.importing.delete(slot);
    s.assign(slot, add ? s.myself : null);
  }
  ownersChanged(s);
}

export function flushSlots(s: ClusterState): void {
  if (s.facts.hasKeys()) throw err("DB must be empty to perform CLUSTER FLUSHSLOTS.");
  for (let slot = 0; slot < SLOTS; slot++) if (s.owners[slot] === s.myself) s.assign(slot, null);
  ownersChanged(s);
}

function ownersChanged(s: ClusterState): void {
  slotsChanged(s);
  updateState(s);
  announce(s);
}

/** Here, of which nobody else hears: that a slot moves. */
function slotsChanged(s: ClusterState): void {
  s.save();
  s.do({ kind: "slotsChanged" });
}

export type SlotMove =
  | { readonly kind: "migrating" | "importing" | "node"; readonly id: NodeId }
  | { readonly kind: "stable" };

/**
 * CLUSTER SETSLOT. Whoever moves a slot says all of it to every node, also what it has heard from another by then: what changes nothing
 * is neither saved nor told.
 */
export function setSlot(s: ClusterState, slot: number, move: SlotMove): void {
  if (move.kind === "stable") {
    const wasMigrating = s.migrating.delete(slot);
    if (s.importing.delete(slot) || wasMigrating) slotsChanged(s);
  } else if (move.kind === "node") {
    giveSlot(s, slot, nodeOf(s, move.id));
  } else {
    const isMine = s.owners[slot] === s.myself;
    if (move.kind === "migrating" && !isMine) throw err(`I'm not the owner of hash slot ${slot}`);
    if (move.kind === "importing" && isMine) throw err(`I'm already the owner of hash slot ${slot}`);
    const other = s.known(move.id);
    if (other === null) throw clusterErrors.unknownToMe(move.id);
    if (other.isReplica) throw err("Target node is not a master");
    const moves = move.kind === "migrating" ? s.migrating : s.importing;
    if (moves.get(slot) === other) return;
    moves.set(slot, other);
    slotsChanged(s);
  }
}

function giveSlot(s: ClusterState, slot: number, node: ClusterNode): void {
  const { myself } = s;
  if (node.isReplica) throw err("Target node is not a master");
  const before = s.owners[slot]!;
  const wasMine = before === myself;
  const keys = s.facts.keysIn(slot);
  if (wasMine && node !== myself && keys > 0) {
    const why = "while I still hold keys for this hash slot.";
    throw err(`Can't assign hashslot ${slot} to a different node ${why}`);
  }
  const ended = keys === 0 && s.migrating.delete(slot);
  s.assign(slot, node);
  const arrived = node === myself && s.importing.delete(slot);
  if (arrived) {
    // Others believe in the move because of the epoch; if two nodes took one, the collision is resolved as ever.
    if (bumpEpoch(s)) s.log("notice", `configEpoch updated after importing slot ${slot}`);
  }
  if (wasMine && node !== myself && myself.slots.size === 0 && s.settings.allowReplicaMigration) {
    s.log("notice", `Lost my last slot during slot migration. Reconfiguring myself as a replica of ${node.id}`);
    follow(s, node);
  }
  if (node !== before || arrived) ownersChanged(s);
  else if (ended) slotsChanged(s);
}

/** Takes an epoch above all others, unless ours is that already; false if so. */
export function bumpEpoch(s: ClusterState): boolean {
  const max = s.maxEpoch();
  const { myself } = s;
  if (myself.configEpoch !== 0 && myself.configEpoch === max) return false;
  s.currentEpoch = max + 1;
  myself.configEpoch = s.currentEpoch;
  s.promise();
  return true;
}

export function setConfigEpoch(s: ClusterState, epoch: number): void {
  if (!isEpoch(epoch)) throw err(`Invalid config epoch specified: ${epoch}`);
  if (s.nodes.size > 1) {
    throw err("The user can assign a config epoch only when the node does not know any other node.");
  }
  if (s.myself.configEpoch !== 0) throw err("Node config epoch is already non-zero");
  s.myself.configEpoch = epoch;
  if (epoch > s.currentEpoch) s.currentEpoch = epoch;
  s.promise();
  updateState(s);
}

export function replicate(s: ClusterState, id: NodeId): void {
  const primary = nodeOf(s, id);
  const { myself } = s;
  if (primary.isMyself) throw err("Can't replicate myself");
  if (primary.isReplica) throw err("I can only replicate a master, not a replica.");
  if (myself.isPrimary && (myself.slots.size > 0 || s.facts.hasKeys())) {
    throw err("To set a master the node must be empty and without assigned slots.");
  }
  follow(s, primary);
  updateState(s);
}

export function forget(s: ClusterState, id: NodeId): void {
  // Others who were told the same may have told us already.
  if (s.node(id) === null && (s.forgotten.get(id) ?? 0) > s.now) return;
  const node = s.node(id);
  if (node === null) throw clusterErrors.unknownNode(id);
  if (node.isMyself) throw err("I tried hard but I can't forget myself...");
  if (s.myself.primary === node) throw err("Can't forget my master!");
  s.forgotten.set(id, s.now + s.settings.forgetMs);
  s.remove(node);
  ownersChanged(s);
}

/** CLUSTER FAILOVER: why it cannot begin. */
export function checkFailover(s: ClusterState, how: "" | "force" | "takeover"): void {
  const { myself } = s;
  if (myself.isPrimary) throw err("You should send CLUSTER FAILOVER to a replica");
  if (myself.primary === null) throw err("I'm a replica but my master is unknown to me");
  const isReachable = !myself.primary.is(NodeFlag.fail) && myself.primary.link !== null;
  if (!isReachable && how === "") throw err("Master is down or failed, please use CLUSTER FAILOVER FORCE");
}

/** Alone again, as at the first start; `hard`: under another name, and without a past. */
export function reset(s: ClusterState, hard: boolean): void {
  const { myself } = s;
  if (myself.isPrimary && s.facts.hasKeys()) {
    throw err("CLUSTER RESET can't be called with master nodes containing keys");
  }
  if (myself.isReplica) {
    s.makePrimary(myself);
    s.do({ kind: "promote" });
    s.do({ kind: "dropKeys", slots: Array.from({ length: SLOTS }, (_, slot) => slot) });
  }
  s.migrating.clear();
  s.importing.clear();
  stopManual(s);
  for (let slot = 0; slot < SLOTS; slot++) s.assign(slot, null);
  for (const node of [...s.nodes.values()]) if (!node.isMyself) s.remove(node);
  myself.shardId = s.newId();
  if (hard) {
    s.currentEpoch = s.lastVoteEpoch = myself.configEpoch = 0;
    const before = myself.id;
    s.rename(myself, s.newId());
    s.log("notice", `Node hard reset, now I'm ${myself.id} (was ${before})`);
  }
  ownersChanged(s);
}
