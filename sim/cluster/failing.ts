/** A primary fails, and how long it takes until it is suspected, given up and replaced: once, or often for the spread of it. */
import { NodeFlag } from "../../src/cluster/messages.ts";
import { writeNodesConf } from "../../src/cluster/nodes-conf.ts";
import { acquainted, type Formation } from "./acquainted.ts";
import type { Member } from "./member.ts";
import type { ClusterWorld } from "./world.ts";

/** In ms since the failure, -1 for never: the first node suspects it, all know that it has failed, a replica took over, all know that. */
export interface FailureFigures {
  readonly suspected: number;
  readonly failed: number;
  readonly replaced: number;
  readonly known: number;
}

const LIMIT_MS = 300_000;
const POLL_MS = 20;

export function fail(world: ClusterWorld, victim: Member, how: (member: Member) => void): FailureFigures {
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

/** All serve, and see the same owners. */
export function agree({ members }: ClusterWorld, slots: readonly number[]): boolean {
  const [{ state: first }] = members as [Member];
  return members.every(
    ({ state }) => state.ok && slots.every((slot) => state.owners[slot]!.id === first.owners[slot]!.id),
  );
}

/** How long it takes until it holds; -1 if that is too long. */
export function time(world: ClusterWorld, holds: () => boolean): number {
  const start = world.now;
  while (!holds()) {
    if (world.now - start >= LIMIT_MS) return -1;
    world.run(POLL_MS);
  }
  return world.now - start;
}

export interface StopsOptions extends Formation {
  /** How many primaries are stopped, one after the other. */
  readonly stops: number;
}

/** So many in one world, then a new one: at any moment of what the nodes do in turn. */
const STOPS_A_WORLD = 10;
/** In node timeouts: until their PINGs are spread as in the long run. */
const WARM_UP = 4;
const WATCH_MS = 10_000;

/** SIGSTOP again and again: the median, what one in twenty exceeds and the most of each figure, and what the nodes send meanwhile. */
export function stopOften(options: StopsOptions) {
  const { stops, nodes, nodeTimeoutMs, replicas = 1 } = options;
  const all: FailureFigures[] = [];
  const sent = { messages: 0, bytes: 0, seconds: 0 };
  for (let { seed } = options; all.length < stops; seed++) {
    const world = acquainted({ nodes, nodeTimeoutMs, replicas, seed });
    world.run(WARM_UP * nodeTimeoutMs);
    const { messages, bytes } = world.wires;
    world.run(WATCH_MS);
    sent.messages += world.wires.messages - messages;
    sent.bytes += world.wires.bytes - bytes;
    sent.seconds += (nodes * WATCH_MS) / 1000;
    for (let i = 0; i < STOPS_A_WORLD && all.length < stops; i++) {
      const primaries = world.members.filter(({ state }) => state.myself.votes);
      world.run(2 * nodeTimeoutMs + (world.random.uint32() % nodeTimeoutMs));
      all.push(fail(world, primaries[world.random.uint32() % primaries.length]!, (member) => member.freeze()));
    }
  }
  return {
    nodes,
    replicas,
    nodeTimeoutMs,
    stops,
    messagesASecond: sent.messages / sent.seconds,
    bytesASecond: sent.bytes / sent.seconds,
    suspected: spreadOf(all, "suspected"),
    failed: spreadOf(all, "failed"),
    replaced: spreadOf(all, "replaced"),
    known: spreadOf(all, "known"),
  };
}

function spreadOf(all: readonly FailureFigures[], name: keyof FailureFigures): number[] {
  const sorted = all.map((one) => one[name]).sort((a, b) => a - b);
  return [0.5, 0.95, 1].map((part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!);
}
