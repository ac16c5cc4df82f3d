/**
 * How a cluster of so many nodes behaves: what the bus carries, how soon news is known to all, how soon a failed primary is
 * replaced. Half of the nodes are primaries with one replica each, formed as if they had known each other for long.
 */
import { NodeFlag } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import { writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { bumpEpoch } from "../../src/cluster/orders.ts";
import type { Member } from "./member.ts";
import { HOST } from "./wires.ts";
import { ClusterWorld, knowsAll } from "./world.ts";

export interface ScaleOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly nodeTimeoutMs: number;
  /** Nodes that have just been started ping each other all at once; after a while they do it at any time. */
  readonly warmUpMs: number;
  /** How long the quiet cluster is watched. */
  readonly watchMs: number;
}

/** All in ms, -1 for "not within two minutes", unless the name says otherwise. */
export interface ScaleFigures {
  readonly nodes: number;
  readonly nodeTimeoutMs: number;
  /** Sent by one node in a quiet cluster. */
  readonly messagesASecond: number;
  readonly bytesASecond: number;
  /** Bytes of a greeting. */
  readonly greetingBytes: number;
  /** A configuration epoch that nobody announced reaches a half of all, all. */
  readonly newsToHalf: number;
  readonly newsToAll: number;
  /** MEET until everybody knows the new node and it knows everybody. */
  readonly newNode: number;
  readonly kill: FailureFigures;
  readonly stop: FailureFigures;
  /** A fifth of the nodes is cut off: until the majority serves all slots, and after the healing until all agree. */
  readonly partition: number;
  readonly healing: number;
  /** What this took, in the world and outside. */
  readonly virtualSeconds: number;
  readonly cpuSeconds: number;
}

export interface FailureFigures {
  /** Since the failure: the first node suspects it, all know that it has failed, a replica took over, all know that. */
  readonly suspected: number;
  readonly failed: number;
  readonly replaced: number;
  readonly known: number;
}

const LIMIT_MS = 300_000;
const POLL_MS = 20;

export type Progress = (text: string) => void;

/** @param elapsed  seconds of this computer */
export function measure(options: ScaleOptions, elapsed: () => number, progress: Progress = () => {}): ScaleFigures {
  const { nodes, nodeTimeoutMs, watchMs } = options;
  const world = acquainted(options);
  const say = (text: string) => progress(`${(world.now - START) / 1000} s, after ${elapsed().toFixed(1)} s: ${text}`);
  say(`${nodes} nodes know each other`);
  world.run(options.warmUpMs);
  say("warm");
  const quiet = watch(world, watchMs);
  say(`a quiet cluster: ${JSON.stringify(quiet)}`);
  const newNode = addNode(world, options);
  say(`a new node is known to all after ${newNode} ms`);
  const kill = fail(world, world.members[0]!, (member) => member.kill());
  say(`a primary killed: ${JSON.stringify(kill)}`);
  const stop = fail(world, world.members[1]!, (member) => member.freeze());
  say(`a primary stopped: ${JSON.stringify(stop)}`);
  const news = spreadNews(world);
  say(`news that nobody announced: ${JSON.stringify(news)}`);
  const partition = isolate(world);
  say(`a partition: ${JSON.stringify(partition)}`);
  const virtualSeconds = (world.now - START) / 1000;
  return {
    nodes,
    nodeTimeoutMs,
    ...quiet,
    ...news,
    newNode,
    kill,
    stop,
    ...partition,
    virtualSeconds,
    cpuSeconds: elapsed(),
  };
}

const START = new ClusterWorld(0).now;

/** As if they had been together for long: connected, and pinged at any time of the last half of a node timeout. */
function acquainted({ seed, nodes, nodeTimeoutMs }: ScaleOptions): ClusterWorld {
  const world = new ClusterWorld(seed, { keepsConf: false });
  for (let i = 0; i < nodes; i++) world.member({ nodeTimeoutMs, busPort: 17000 + i, port: 7000 + i });
  const primaries = Math.ceil(nodes / 2);
  world.shareSlots(primaries);
  for (const member of world.members)
    for (const other of world.members) if (other !== member) introduce(world, member, other);
  world.members.slice(primaries).forEach((member, i) => {
    for (const { state } of world.members) state.makeReplica(state.node(member.id)!, state.node(world.members[i]!.id));
    member.follow(world.members[i]!);
  });
  for (const { state } of world.members) {
    state.currentEpoch = primaries;
    state.takeEffects();
  }
  return world;
}

function introduce(world: ClusterWorld, member: Member, other: Member): void {
  const { state } = member;
  const { id, address, slots, configEpoch, shardId } = other.state.myself;
  const node = new ClusterNode(id, NodeFlag.master, address, state.now);
  node.configEpoch = configEpoch;
  node.shardId = shardId;
  state.add(node);
  state.connect(node);
  Object.assign(node.link!, { isUp: true, remoteIp: HOST, localIp: HOST });
  const there = other.accept();
  other.state.links.get(there)!.from = other.state.node(member.id);
  world.wires.join(member, node.link!.number, other, there);
  const agoMs = world.random.float() * (member.settings.nodeTimeoutMs / 2);
  node.pongReceivedAt = node.heardAt = world.now - agoMs;
  if (slots.size === 0) return;
  for (const slot of slots) state.assign(slot, node);
  node.slots.share(slots);
}

function watch(world: ClusterWorld, ms: number) {
  const { messages, bytes } = world.wires;
  world.run(ms);
  const share = world.members.length * (ms / 1000);
  const sent = world.wires.messages - messages;
  const sentBytes = world.wires.bytes - bytes;
  return {
    messagesASecond: sent / share,
    bytesASecond: sentBytes / share,
    greetingBytes: sentBytes / Math.max(1, sent),
  };
}

function spreadNews(world: ClusterWorld) {
  const teller = world.members[2]!;
  const { id } = teller;
  teller.order((state) => bumpEpoch(state));
  const epoch = teller.state.myself.configEpoch;
  const knowing = () => count(world, ({ state }) => state.node(id)!.configEpoch >= epoch);
  const newsToHalf = time(world, () => knowing() * 2 >= world.members.length);
  const more = time(world, () => knowing() === world.members.length);
  return { newsToHalf, newsToAll: more < 0 ? -1 : newsToHalf + more };
}

function addNode(world: ClusterWorld, { nodeTimeoutMs }: ScaleOptions): number {
  const member = world.member({ nodeTimeoutMs });
  member.meet(world.members[0]!);
  return time(world, () =>
    world.members.every(
      (one) => one.state.nodes.size === world.members.length && (one !== member || knowsAll(world, one)),
    ),
  );
}

function fail(world: ClusterWorld, victim: Member, how: (member: Member) => void): FailureFigures {
  const { id } = victim;
  const slot = victim.state.myself.slots.ranges()[0]![0];
  const start = world.now;
  const figures = { suspected: -1, failed: -1, replaced: -1, known: -1 };
  victim.conf = writeNodesConf(victim.state);
  how(victim);
  const others = world.members.filter((member) => member !== victim && member.isAlive);
  const note = (name: keyof FailureFigures, holds: () => boolean) => {
    if (figures[name] < 0 && holds()) figures[name] = world.now - start;
  };
  const seen = ({ state }: Member) => state.node(id)!;
  const ownerAt = ({ state }: Member) => state.owners[slot];
  time(world, () => {
    note("suspected", () => others.some((one) => seen(one).is(NodeFlag.pfail | NodeFlag.fail)));
    if (figures.suspected < 0) return false;
    note("failed", () => others.every((one) => seen(one).is(NodeFlag.fail)));
    note("replaced", () => others.some((one) => ownerAt(one) === one.state.myself));
    if (figures.replaced < 0) return false;
    note("known", () => others.every((one) => ownerAt(one) !== null && ownerAt(one)!.id !== id));
    return figures.known >= 0;
  });
  if (victim.isFrozen) victim.thaw();
  else victim.restart();
  // Back as a replica before something else happens.
  time(world, () => victim.state.myself.isReplica && agree(world, [slot]));
  return figures;
}

function isolate(world: ClusterWorld): { partition: number; healing: number } {
  const alive = world.members.filter(({ isAlive }) => isAlive);
  // A fifth of the primaries, and their replicas stay on the other side.
  const primaries = alive.filter(({ state }) => state.myself.votes);
  const inside = primaries.slice(-Math.max(1, Math.floor(alive.length / 10)));
  const outside = alive.filter((member) => !inside.includes(member));
  const slots = primaries.map(({ state }) => state.myself.slots.ranges()[0]![0]);
  const cutOff = new Set(inside.map(({ id }) => id));
  world.isolate(inside);
  const partition = time(world, () =>
    outside.every(({ state }) => state.ok && slots.every((slot) => !cutOff.has(state.owners[slot]!.id))),
  );
  world.heal();
  return { partition, healing: time(world, () => agree(world, slots)) };
}

/** All serve, and see the same owners. */
function agree({ members }: ClusterWorld, slots: readonly number[]): boolean {
  const [{ state: first }] = members as [Member];
  return members.every(
    ({ state }) => state.ok && slots.every((slot) => state.owners[slot]!.id === first.owners[slot]!.id),
  );
}

function count(world: ClusterWorld, holds: (member: Member) => boolean): number {
  let found = 0;
  for (const member of world.members) if (member.isAlive && holds(member)) found++;
  return found;
}

/** How long it takes until it holds; -1 if that is too long. */
function time(world: ClusterWorld, holds: () => boolean): number {
  const start = world.now;
  while (!holds()) {
    if (world.now - start >= LIMIT_MS) return -1;
    world.run(POLL_MS);
  }
  return world.now - start;
}
