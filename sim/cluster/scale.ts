/**
 * How a cluster of so many nodes behaves: what the bus carries, how soon news is known to all, how soon a failed primary is
 * replaced. Half of the nodes are primaries with one replica each, formed as if they had known each other for long.
 */
import { bumpEpoch } from "../../src/cluster/orders.ts";
import { acquainted, type Formation } from "./acquainted.ts";
import { agree, type FailureFigures, fail, time } from "./failing.ts";
import type { Member } from "./member.ts";
import { ClusterWorld, knowsAll } from "./world.ts";

export interface ScaleOptions extends Formation {
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

function count(world: ClusterWorld, holds: (member: Member) => boolean): number {
  let found = 0;
  for (const member of world.members) if (member.isAlive && holds(member)) found++;
  return found;
}
