/** One seed of a cluster from its beginning to the verdict. */
import { slotShare } from "../../src/base/hash-slot.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import type { ClusterNode } from "../../src/cluster/node.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { type Watch, watchAll } from "./checkers/all.ts";
import { Client } from "./clients.ts";
import { befall, type ClusterPlan, planOf, setClocks } from "./faults.ts";
import { Operator } from "./operator.ts";
import { ClusterWorld } from "./world.ts";

export interface ClusterVerdict {
  readonly seed: number;
  readonly plan: ClusterPlan;
  readonly nodes: number;
  /** Empty if all properties held. */
  readonly violations: readonly string[];
  /** Ms from the healing until all agreed; -1 if they never did. */
  readonly settledAfterMs: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly promotions: number;
  readonly manual: number;
  readonly moved: number;
  readonly messages: number;
  readonly world: ClusterWorld;
}

export interface ClusterRunOptions {
  readonly plan?: ClusterPlan;
  readonly primaries?: number;
  readonly replicas?: number;
  readonly forMs?: number;
  /** Called when all know each other: breaks a rule, adds a checker. */
  readonly prepare?: (world: ClusterWorld) => void;
}

/** Within which a healed world must agree: an election that failed and its successor, slots without owner, and an operator's rounds. */
export const BOUND_MS = 90_000;
const FIX_MS = 3000;
const LOOK_MS = 50;

export function runCluster(seed: number, options: ClusterRunOptions = {}): ClusterVerdict {
  const dice = new SeededRandom(seed);
  // Of their own, so that seeds mean what they meant without.
  const clocks = new SeededRandom(~seed);
  const drawn = planOf(dice);
  const plan = options.plan ?? drawn;
  const primaries = options.primaries ?? 3 + Math.floor(dice.float() ** 2 * 8);
  const replicas = options.replicas ?? (dice.float() < 0.6 ? 1 : 2);
  const settings = { nodeTimeoutMs: 500 + Math.floor(dice.float() * 2500) };
  const world = ClusterWorld.formed(seed, primaries, replicas, settings, { asBytes: true });
  const slots = Array.from({ length: primaries * 2 }, (_, i) => slotShare(i, primaries * 2)[0] + 7);
  const watch = watchAll(world, slots);
  options.prepare?.(world);
  const operator = new Operator(world, watch.keys, slots);
  const client = new Client(world, watch.keys, slots);
  client.start();
  for (const until = world.now + (options.forMs ?? 20_000); world.now < until; ) {
    observe(world, 50 + 2000 * dice.float());
    befall(world, plan, operator, dice);
    setClocks(world, clocks);
  }
  const settledAfterMs = settle(world, operator, client);
  return {
    seed,
    plan,
    nodes: world.members.length,
    settledAfterMs,
    ...judge(world, watch, settledAfterMs),
    moved: operator.moved,
    world,
  };
}

function observe(world: ClusterWorld, ms: number): void {
  for (const until = world.now + ms; world.now < until; ) {
    world.run(LOOK_MS);
    world.look();
  }
}

/** All run and hear each other again; the operator mends what was left open. */
function settle(world: ClusterWorld, operator: Operator, client: Client): number {
  world.note("<< all is well");
  const healedAt = world.now;
  world.heal();
  for (const member of world.members) {
    if (!member.isAlive) member.restart();
    else member.thaw();
  }
  observe(world, FIX_MS);
  while (world.now - healedAt < BOUND_MS) {
    world.heal();
    operator.fix();
    observe(world, FIX_MS);
    if (disagreements(world).length === 0) {
      client.stop();
      observe(world, 1000);
      return world.now - healedAt;
    }
  }
  return -1;
}

function judge(world: ClusterWorld, { keys, manual }: Watch, settledAfterMs: number) {
  for (const checker of world.checkers) checker.finish?.();
  const open = settledAfterMs < 0 ? disagreements(world).map((one) => `agreement: ${one}`) : [];
  return {
    violations: [...open, ...world.violations],
    acknowledged: keys.acknowledged,
    lost: keys.lost,
    promotions: world.promotions,
    manual: manual.done,
    messages: world.wires.messages,
  };
}

function* unhealed({ members }: ClusterWorld): Generator<string> {
  const [first] = members;
  for (const { index, state } of members) {
    if (!state.ok) yield `[${index}] does not serve`;
    const slot = state.owners.findIndex((owner, i) => owner === null || owner.id !== first!.state.owners[i]?.id);
    const seen = (owner: ClusterNode | null) =>
      owner === null ? "nobody" : `${owner.id.slice(0, 4)} in epoch ${owner.configEpoch}`;
    if (slot >= 0)
      yield `slot ${slot}: [${index}] sees ${seen(state.owners[slot]!)}, [0] ${seen(first!.state.owners[slot]!)}`;
  }
}

/** Why a world is not well; empty if it is. */
export function disagreements(world: ClusterWorld): string[] {
  const found: string[] = [];
  if (!world.isHealed) found.push(...unhealed(world));
  const epochs = new Map<number, number>();
  for (const { index, id, state, source, isPrimary } of world.members) {
    if (state.nodes.size !== world.members.length) found.push(`[${index}] knows ${state.nodes.size} nodes`);
    const bad = state.roll.nodes.filter((node) => node.is(NodeFlag.pfail | NodeFlag.fail | NodeFlag.handshake));
    for (const node of bad) found.push(`[${index}] has ${node.id.slice(0, 4)} with flags ${node.flags}`);
    if (isPrimary !== (source === null)) found.push(`[${index}] replicates [${source?.index}] as a ${isPrimary}`);
    if (source !== null && source.id !== state.myself.primary?.id) found.push(`[${index}] replicates another`);
    if (source !== null && !source.isPrimary) found.push(`[${index}] replicates a replica`);
    if (state.migrating.size + state.importing.size > 0) found.push(`[${index}] has open slots`);
    for (const { state: other } of world.members) {
      const seen = other.node(id);
      if (seen === null || seen.isPrimary !== isPrimary || seen.primary?.id !== state.myself.primary?.id) {
        found.push(`[${index}] is seen in another role`);
      }
    }
    if (!state.myself.votes) continue;
    const same = epochs.get(state.myself.configEpoch);
    if (same !== undefined) found.push(`[${index}] and [${same}] share epoch ${state.myself.configEpoch}`);
    epochs.set(state.myself.configEpoch, index);
  }
  return found;
}
