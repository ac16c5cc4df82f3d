/** What a node learns from PING, PONG and MEET: who is there, under which address, in which role, with which slots. */
import { recovered, report, retract, updateState } from "./failure.ts";
import { type Gossip, type Greeting, NodeFlag, type Sender } from "./messages.ts";
import { ClusterNode, type Link, type NodeAddress } from "./node.ts";
import { claimed, correct, follow, resolveCollision } from "./ownership.ts";
import { greet } from "./sending.ts";
import type { SlotSet } from "./slot-set.ts";
import type { ClusterState } from "./state.ts";

/** How far ahead of our clock another's may be before what it says of times is not believed. */
const CLOCK_DRIFT_MS = 500;
/** Times of gossip are whole seconds: any moment of that second may be meant. */
const SECOND_MS = 1000;
/** So many nodes at once whose name we do not know yet. */
const MAX_STRANGERS = 1000;
/** How long a node that was forgotten stays so, when another node tells of it. */
const MAX_FORGOTTEN_SECONDS = 3600;

export function onGreeting(s: ClusterState, link: Link, message: Greeting): void {
  const sender = s.known(message.sender.id);
  if (message.kind === "pong") link.pongs++;
  else answer(s, link, sender, message);
  if (link.node !== null && !identify(s, link, link.node, sender, message)) return;
  // Known now, if this was the answer to our own greeting.
  const known = s.known(message.sender.id);
  if (known === null) return;
  if (link.node === null && message.kind === "ping") noteAddress(s, known, link, message.sender);
  if (link.node === known && message.kind === "pong") {
    known.pongReceivedAt = s.now;
    known.pingSentAt = 0;
    recovered(s, known);
  }
  noteSelf(s, known, message);
  noteRole(s, known, message.sender);
  noteSlots(s, known, message.sender);
  for (const entry of message.gossip) noteGossip(s, known, entry);
}

/** A question is answered on the way by which it came; MEET from a stranger takes it in. */
function answer(s: ClusterState, link: Link, sender: ClusterNode | null, message: Greeting): void {
  if (message.kind === "meet" || s.myself.address.ip === "") learnOwnAddress(s, link);
  if (message.kind === "meet" && sender === null && !isCrowded(s)) {
    // Under a name of ours: its own is believed when it answers us under that address.
    s.add(new ClusterNode(s.newId(), NodeFlag.handshake, addressOf(message.sender, link), s.now));
    s.save();
  }
  greet(s, link, "pong");
}

/** Anybody may say MEET; those who do not follow it up are forgotten after the node timeout. */
function isCrowded(s: ClusterState): boolean {
  let strangers = 0;
  for (const node of s.roll.nodes) if (node.is(NodeFlag.handshake)) strangers++;
  return strangers >= MAX_STRANGERS;
}

/** Others find us under the address by which this one did. */
function learnOwnAddress(s: ClusterState, link: Link): void {
  const { address } = s.myself;
  if (s.settings.announceIp !== "" || link.localIp === "" || link.localIp === address.ip) return;
  s.myself.address = { ...address, ip: link.localIp };
  s.log("warning", `IP address for this node updated to ${link.localIp}`);
  s.save();
}

function addressOf(sender: Sender, link: Link): NodeAddress {
  return {
    ip: sender.ip !== "" ? sender.ip : link.remoteIp,
    port: sender.port,
    busPort: sender.busPort,
    plainPort: sender.plainPort,
  };
}

/** Whether the node at the other end of our own link is whom we took it for. */
function identify(
  s: ClusterState,
  link: Link,
  node: ClusterNode,
  sender: ClusterNode | null,
  message: Greeting,
): boolean {
  const { id } = message.sender;
  if (node.is(NodeFlag.handshake)) {
    if (sender !== null) {
      s.log("verbose", `Handshake: we already know node ${id}, updating the address if needed.`);
      if (!sender.isMyself) noteAddressOf(s, sender, addressOf(message.sender, link));
      s.remove(node);
      return false;
    }
    s.rename(node, id);
    s.log("debug", `Handshake with node ${id} completed.`);
    node.flags &= ~(NodeFlag.handshake | NodeFlag.meet);
    node.flags |= message.sender.flags & (NodeFlag.master | NodeFlag.replica);
    s.newcomers.push(node);
    s.save();
    return true;
  }
  if (node.id === id) return true;
  // Somebody else lives there now.
  s.log("debug", `PONG contains mismatching sender ID. About node ${node.id} added ${s.now - node.createdAt} ms ago`);
  node.flags |= NodeFlag.noAddress;
  node.address = { ip: "", port: 0, busPort: 0, plainPort: 0 };
  s.dropLink(node);
  s.save();
  return false;
}

/** It has moved, if it speaks to us from elsewhere. */
function noteAddress(s: ClusterState, node: ClusterNode, link: Link, sender: Sender): void {
  if (!node.isMyself) noteAddressOf(s, node, addressOf(sender, link));
}

function noteAddressOf(s: ClusterState, node: ClusterNode, address: NodeAddress): void {
  const had = node.address;
  const same = had.ip === address.ip && had.port === address.port && had.busPort === address.busPort;
  if (address.ip === "" || (same && had.plainPort === address.plainPort && !node.is(NodeFlag.noAddress))) return;
  s.updateAddress(node, address);
  s.log("notice", `Address updated for node ${node.id}, now ${address.ip}:${address.port}`);
  s.save();
  if (s.myself.primary === node) s.do({ kind: "replicate", id: node.id, address });
}

/** What it tells of itself beside its slots. */
function noteSelf(s: ClusterState, node: ClusterNode, { sender, extensions }: Greeting): void {
  node.flags = (node.flags & ~NodeFlag.noFailover) | (sender.flags & NodeFlag.noFailover);
  const hostname = extensions.hostname ?? "";
  const humanName = extensions.humanName ?? "";
  const shardId = extensions.shardId ?? node.shardId;
  if (hostname !== node.hostname || humanName !== node.humanName || shardId !== node.shardId) {
    Object.assign(node, { hostname, humanName, shardId });
    s.save();
  }
  // It may not have told its shard yet when we became its replica.
  if (node === s.myself.primary && shardId !== "" && shardId !== s.myself.shardId) {
    s.myself.shardId = shardId;
    s.save();
  }
  if (extensions.forgotten === undefined) return;
  for (const { id, seconds } of extensions.forgotten) {
    const other = s.node(id);
    if (other === null || other.isMyself || other === s.myself.primary) continue;
    s.forgotten.set(id, s.now + Math.min(seconds, MAX_FORGOTTEN_SECONDS) * 1000);
    s.remove(other);
    s.save();
  }
}

function noteRole(s: ClusterState, node: ClusterNode, sender: Sender): void {
  if (sender.replicaOf === "") {
    if (node.isPrimary) return;
    s.makePrimary(node);
    s.save();
    return;
  }
  const primary = s.node(sender.replicaOf);
  if (node.isPrimary) {
    s.releaseAll(node);
    s.makeReplica(node, primary);
    s.do({ kind: "slotsChanged" });
    s.save();
    updateState(s);
  }
  if (primary !== null && node.primary !== primary && primary !== node) {
    s.setPrimary(node, primary);
    s.save();
  }
  followHead(s);
}

/** Our primary has become a replica itself: its new primary has our data. */
function followHead(s: ClusterState): void {
  const { primary } = s.myself;
  const next = primary?.primary;
  if (next && next !== s.myself && primary.isReplica) {
    s.log("notice", `I'm a sub-replica! Reconfiguring myself from ${primary.id} to ${next.id}`);
    follow(s, next);
  }
}

function noteSlots(s: ClusterState, node: ClusterNode, sender: Sender): void {
  const head = node.head;
  if (head === null || head.slots.equals(sender.slots)) {
    resolveCollision(s, node);
    return;
  }
  if (node.isPrimary) {
    noteUnclaimed(s, node, sender.slots);
    claimed(s, node, sender.configEpoch, sender.slots);
    if (node.slots.equals(sender.slots)) node.slots.share(sender.slots);
    updateState(s);
  }
  correct(s, node, sender.configEpoch, sender.slots);
  resolveCollision(s, node);
}

/** It gave them away. To whom, that one says itself, perhaps with an epoch that is lower than the giver's is by now. */
function noteUnclaimed(s: ClusterState, node: ClusterNode, claims: SlotSet): void {
  for (const slot of s.unclaimed) if (node.slots.has(slot) && claims.has(slot)) s.unclaimed.delete(slot);
  for (const slot of node.slots.without(claims)) s.unclaimed.add(slot);
}

/** What the sender knows of another: failures count if it votes, and strangers are let in on its word. */
function noteGossip(s: ClusterState, sender: ClusterNode, entry: Gossip): void {
  const node = s.node(entry.id);
  if (node === null) {
    takeIn(s, entry);
    return;
  }
  if (node.isMyself) return;
  const failing = (entry.flags & (NodeFlag.pfail | NodeFlag.fail)) !== 0;
  if (sender.isPrimary) {
    if (failing) report(s, node, sender);
    else retract(s, node, sender);
  }
  if (failing) return;
  const pongAt = s.atTimeOfDay(entry.pongReceived * 1000);
  const isCredible = pongAt <= s.now + CLOCK_DRIFT_MS;
  if (isCredible && pongAt + SECOND_MS > node.aliveAt) node.aliveAt = pongAt + SECOND_MS;
  const better = isCredible && pongAt > node.pongReceivedAt;
  if (better && node.pingSentAt === 0 && !node.is(NodeFlag.pfail | NodeFlag.fail) && !node.failReports?.size) {
    node.pongReceivedAt = pongAt;
  }
  if (!node.is(NodeFlag.pfail | NodeFlag.fail) || (entry.flags & NodeFlag.noAddress) !== 0) return;
  const moved =
    entry.ip !== node.address.ip || entry.port !== node.address.port || entry.busPort !== node.address.busPort;
  // We cannot reach it where we look; others can, elsewhere.
  if (moved && entry.ip !== "" && entry.busPort !== 0) s.updateAddress(node, addressIn(entry));
}

function takeIn(s: ClusterState, entry: Gossip): void {
  if ((entry.flags & (NodeFlag.noAddress | NodeFlag.handshake)) !== 0 || entry.ip === "" || entry.busPort === 0) return;
  if ((s.forgotten.get(entry.id) ?? 0) > s.now) return;
  const flags = entry.flags & (NodeFlag.master | NodeFlag.replica | NodeFlag.noFailover);
  const node = new ClusterNode(entry.id, flags === 0 ? NodeFlag.master : flags, addressIn(entry), s.now);
  s.add(node);
  s.save();
}

function addressIn({ ip, port, busPort, plainPort }: Gossip): NodeAddress {
  return { ip, port, busPort, plainPort };
}
