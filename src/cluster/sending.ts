/** What a node says: the header that comes with everything, greetings with their gossip, and the short messages. */
import {
  type Extensions,
  type Gossip,
  type Greeting,
  type Message,
  MessageFlag,
  NodeFlag,
  type Sender,
} from "./messages.ts";
import type { ClusterNode, Link } from "./node.ts";
import type { ClusterState } from "./state.ts";

/** At least so many nodes are told of in a greeting, and at least this share of all. */
const MIN_GOSSIP = 3;
const GOSSIP_SHARE = 10;
/** So many that are new are told of at once, and so often. */
const MAX_NEWCOMERS = 100;
const NEWCOMERS_MS = 1000;

export function senderOf(s: ClusterState, messageFlags = 0): Sender {
  const { myself, settings } = s;
  const head = myself.head ?? myself;
  if (myself.isPrimary && s.manual.endsAt !== 0) messageFlags |= MessageFlag.paused;
  return {
    id: myself.id,
    port: settings.port,
    plainPort: settings.plainPort,
    busPort: settings.busPort,
    ip: settings.announceIp,
    flags: myself.flags,
    replicaOf: myself.primary?.id ?? "",
    currentEpoch: s.currentEpoch,
    configEpoch: head.configEpoch,
    replicationOffset: s.facts.replicationOffset(),
    slots: head.slots.frozen(),
    clusterOk: s.ok,
    messageFlags,
  };
}

export function sendOn(s: ClusterState, link: Link, message: Message): void {
  s.sent[message.kind] = (s.sent[message.kind] ?? 0) + 1;
  s.do({ kind: "send", link: link.number, message });
}

export function send(s: ClusterState, node: ClusterNode, message: Message): void {
  if (node.link?.isUp) sendOn(s, node.link, message);
}

/** To all whom we can reach. */
export function broadcast(s: ClusterState, message: Message): void {
  for (const node of s.roll.nodes) {
    if (!node.is(NodeFlag.myself | NodeFlag.handshake)) send(s, node, message);
  }
}

/** @param about  nodes that are told of in any case */
export function greet(s: ClusterState, link: Link, kind: Greeting["kind"], about: readonly ClusterNode[] = []): void {
  if (kind !== "pong") link.pings++;
  if (kind === "ping" && link.node !== null) {
    // One that is waiting for its answer keeps waiting, or a node that is asked again and again would never be missed.
    if (link.node.pingSentAt === 0) link.node.pingSentAt = s.now;
    s.roll.attend(link.node);
  }
  sendOn(s, link, { kind, sender: senderOf(s), gossip: gossip(s, link.node, about), extensions: extensions(s) });
}

/** Asks a node whose answer `hasAnswered` tells of. */
export function ask(s: ClusterState, { link }: ClusterNode): void {
  if (!link?.isUp) return;
  greet(s, link, "ping");
  link.awaited = link.pings;
}

/** To what we asked, not a PONG that lay in our socket. On a connection made since then any is. */
export function hasAnswered({ link }: ClusterNode): boolean {
  return link?.isUp === true && link.pongs >= link.awaited;
}

/** A PONG that nobody asked for: news of ourselves. */
export function announce(s: ClusterState): void {
  for (const node of s.roll.nodes) {
    if (node.link?.isUp && !node.is(NodeFlag.myself | NodeFlag.handshake)) greet(s, node.link, "pong");
  }
}

/** Nodes that gave us their names lately: chance alone would take a while to tell all others of them. */
export function announceNewcomers(s: ClusterState): void {
  if (s.newcomers.length === 0 || s.now - s.newcomersToldAt < NEWCOMERS_MS) return;
  s.newcomersToldAt = s.now;
  const about = s.newcomers.splice(0, MAX_NEWCOMERS);
  for (const node of s.roll.nodes) {
    if (node.link?.isUp && !node.is(NodeFlag.myself | NodeFlag.handshake)) greet(s, node.link, "pong", about);
  }
}

/**
 * Some nodes by chance, so that news of a failure reaches everybody within a few timeouts, and all of those that we cannot reach,
 * so that a majority agrees soon.
 */
function gossip(s: ClusterState, receiver: ClusterNode | null, about: readonly ClusterNode[]): Gossip[] {
  s.pings++;
  const all = s.roll.nodes;
  const entries: Gossip[] = [];
  for (const node of about) {
    if (node === receiver || node.is(NodeFlag.pfail | NodeFlag.handshake | NodeFlag.noAddress)) continue;
    node.toldIn = s.pings;
    entries.push(entryOf(s, node));
  }
  // Neither ourselves nor the receiver.
  const wanted = Math.min(all.length - 2, Math.max(MIN_GOSSIP, Math.floor(all.length / GOSSIP_SHARE)));
  for (let tries = wanted * 3; tries > 0 && entries.length < wanted; tries--) {
    const node = all[s.random.uint32() % all.length]!;
    const unfit = node.is(NodeFlag.myself | NodeFlag.pfail | NodeFlag.handshake | NodeFlag.noAddress);
    const stranger = node.link === null && node.slots.size === 0;
    if (unfit || stranger || node === receiver || node.toldIn === s.pings) continue;
    node.toldIn = s.pings;
    entries.push(entryOf(s, node));
  }
  for (const node of s.pfailing) {
    if (!node.is(NodeFlag.handshake | NodeFlag.noAddress)) entries.push(entryOf(s, node));
  }
  return entries;
}

function entryOf(s: ClusterState, node: ClusterNode): Gossip {
  const { ip, port, busPort, plainPort } = node.address;
  return {
    id: node.id,
    pingSent: Math.floor(s.timeOfDay(node.pingSentAt) / 1000),
    pongReceived: Math.floor(s.timeOfDay(node.pongReceivedAt) / 1000),
    ip,
    port,
    busPort,
    plainPort,
    flags: node.flags,
  };
}

function extensions(s: ClusterState): Extensions {
  const { hostname, humanName } = s.myself;
  const shardId = s.shardOf(s.myself);
  if (hostname === "" && humanName === "" && s.forgotten.size === 0) return { shardId };
  const forgotten = [...s.forgotten].map(([id, until]) => ({
    id,
    seconds: Math.max(1, Math.ceil((until - s.now) / 1000)),
  }));
  return {
    ...(hostname === "" ? {} : { hostname }),
    ...(humanName === "" ? {} : { humanName }),
    shardId,
    ...(forgotten.length === 0 ? {} : { forgotten }),
  };
}
