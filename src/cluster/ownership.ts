/** Who owns which slot, by the rule of the cluster: of two who claim one, the higher epoch has it. */
import { updateState } from "./failure.ts";
import { NodeFlag, type NodeId } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { announce, greet, send, senderOf } from "./sending.ts";
import { SlotSet } from "./slot-set.ts";
import type { ClusterState } from "./state.ts";

/** A primary claims these slots with this epoch. */
export function claimed(s: ClusterState, owner: ClusterNode, epoch: number, slots: SlotSet): void {
  if (owner.isMyself) return;
  const { myself } = s;
  const ours = myself.head;
  const lost: number[] = [];
  let taken = 0;
  let changed = false;
  for (const slot of slots.without(owner.slots)) {
    const before = s.owners[slot]!;
    // What is being moved to us by hand changes by hand only.
    if (s.importing.has(slot)) continue;
    if (before !== null && before.configEpoch >= epoch && !s.unclaimed.has(slot)) continue;
    if (before === myself && s.facts.keysIn(slot) > 0) lost.push(slot);
    if (before !== null && before === ours) taken++;
    if (before === myself) s.migrating.delete(slot);
    s.assign(slot, owner);
    changed = true;
  }
  if (!changed) return;
  // Whoever told us tells us again, should a loss of power have us forget it: a reshard would have every node sync once a slot.
  s.save();
  s.do({ kind: "slotsChanged" });
  const follows = s.settings.allowReplicaMigration || slots.size === taken;
  if (taken > 0 && follows && ours !== null && ours.slots.size === 0) {
    s.log("notice", `Configuration change detected. Reconfiguring myself as a replica of ${owner.id}`);
    follow(s, owner);
  } else if (lost.length > 0) {
    s.log("warning", `I've lost ${lost.length} slots in which I have keys to ${owner.id}: they are deleted`);
    s.do({ kind: "dropKeys", slots: lost });
  }
}

/** We are that node's replica from now on. */
export function follow(s: ClusterState, primary: ClusterNode): void {
  const { myself } = s;
  if (myself.isPrimary) {
    s.releaseAll(myself);
    s.migrating.clear();
    s.importing.clear();
  }
  s.makeReplica(myself, primary);
  stopManual(s);
  s.save();
  s.do({ kind: "replicate", id: primary.id, address: primary.address });
  // In a large cluster two nodes may not speak for minutes: gossip tells them that the other lives, but not what it is.
  announce(s);
}

export function stopManual(s: ClusterState): void {
  if (s.manual.endsAt !== 0 && s.manual.replica !== null) s.do({ kind: "resumeWrites" });
  Object.assign(s.manual, { endsAt: 0, replica: null, primaryOffset: -1, canStart: false });
}

/** The sender claims slots that somebody else has with a higher epoch: it is told whose they are. */
export function correct(s: ClusterState, sender: ClusterNode, epoch: number, slots: SlotSet): void {
  const claims = sender.head === null ? slots : slots.without(sender.head.slots);
  for (const slot of claims) {
    const owner = s.owners[slot]!;
    if (owner === null || owner.configEpoch <= epoch) continue;
    s.log("verbose", `Node ${sender.id} has old slots configuration, sending an UPDATE message about ${owner.id}`);
    send(s, sender, {
      kind: "update",
      sender: senderOf(s),
      id: owner.id,
      configEpoch: owner.configEpoch,
      slots: owner.slots.frozen(),
    });
    // The others are corrected when it speaks again.
    return;
  }
}

export function updated(s: ClusterState, id: NodeId, epoch: number, slots: SlotSet): void {
  const node = s.known(id);
  if (node === null || node.configEpoch >= epoch) return;
  if (node.isReplica) s.makePrimary(node);
  node.configEpoch = epoch;
  s.promise();
  claimed(s, node, epoch, slots);
}

/**
 * Two primaries with one epoch: neither can be shown to be right about a slot. The one with the lower name takes a new epoch, so
 * that one of them changes, whoever notices. Everybody is told: a replica that is elected meanwhile takes an epoch above all that
 * its voters know of, and this one must be among them.
 */
export function resolveCollision(s: ClusterState, sender: ClusterNode): void {
  const { myself } = s;
  if (!sender.isPrimary || !myself.isPrimary || sender.configEpoch !== myself.configEpoch) return;
  if (sender.id <= myself.id) return;
  s.currentEpoch++;
  myself.configEpoch = s.currentEpoch;
  s.promise();
  s.isToAnnounce = true;
  const text = `configEpoch collision with node ${sender.id}. configEpoch set to ${myself.configEpoch}`;
  s.log("verbose", `WARNING: ${text}`);
}

// ---- Atomic migration (slot-migration/)

/** The slots that their owner gives us are ours, under an epoch that it chose above all; everybody is told at once. */
export function take(s: ClusterState, slots: readonly number[], epoch: number): void {
  const { myself } = s;
  s.currentEpoch = Math.max(s.currentEpoch, epoch);
  myself.configEpoch = epoch;
  for (const slot of slots) {
    s.importing.delete(slot);
    s.assign(slot, myself);
  }
  s.promise();
  s.do({ kind: "slotsChanged" });
  updateState(s);
  announce(s);
}

/** The node that we gave slots to has taken them: as though it had told us by the bus. */
export function handedOver(s: ClusterState, id: NodeId, slots: readonly number[], epoch: number): void {
  const node = s.known(id);
  if (node === null) return;
  const all = new SlotSet(node.slots.bits.slice());
  for (const slot of slots) all.add(slot);
  s.currentEpoch = Math.max(s.currentEpoch, epoch);
  updated(s, id, epoch, all);
  updateState(s);
}

/** Asks all whom we can reach: who knows better whose our slots are says so. */
export function lookAround(s: ClusterState): void {
  for (const node of s.nodes.values()) {
    if (node.link?.isUp && !node.is(NodeFlag.myself | NodeFlag.handshake)) greet(s, node.link, "ping");
  }
}

/** Our slots under an epoch above all others: whoever claims some of them with an older one is not believed. */
export function reclaim(s: ClusterState): void {
  s.currentEpoch = s.maxEpoch() + 1;
  s.myself.configEpoch = s.currentEpoch;
  s.promise();
  announce(s);
}
