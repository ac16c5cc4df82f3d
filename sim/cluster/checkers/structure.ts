/** What a node knows agrees with itself: owners and their bitmaps, replicas and their primaries, the roll and its times. */
import { SLOTS } from "../../../src/base/hash-slot.ts";
import { NodeFlag } from "../../../src/cluster/messages.ts";
import type { ClusterNode } from "../../../src/cluster/node.ts";
import type { ClusterState } from "../../../src/cluster/state.ts";
import type { Member } from "../member.ts";
import type { ClusterWorld } from "../world.ts";
import type { ClusterChecker } from "./checker.ts";

/** All slots of all nodes are a lot to look at: every so often is enough, for what is wrong stays so. */
const LOOKS = 25;

export class Structure implements ClusterChecker {
  readonly name = "structure";
  readonly violations: string[] = [];
  readonly #world: ClusterWorld;

  #looks = 0;

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  look(): void {
    if (this.#looks++ % LOOKS === 0) this.finish();
  }

  finish(): void {
    for (const member of this.#world.members) {
      if (!member.isAlive) continue;
      for (const fault of faultsOf(member)) this.violations.push(`[${member.index}] ${fault}`);
    }
  }
}

function* faultsOf({ state }: Member): Generator<string> {
  const { nodes, roll, myself } = state;
  if (roll.nodes.length !== nodes.size) yield `${roll.nodes.length} on the roll, ${nodes.size} known`;
  let owned = 0;
  for (const [id, node] of nodes) {
    owned += node.slots.size;
    if (node.id !== id || roll.nodes[node.place] !== node) yield `${id} stands in the wrong place`;
    if (!node.is(NodeFlag.handshake) && node.isPrimary === node.isReplica)
      yield `${id} is both a primary and a replica, or neither`;
    if (node.is(NodeFlag.pfail) !== state.pfailing.has(node)) yield `${id} is on the wrong side of the suspects`;
    yield* tiesOf(state, node);
  }
  let owners = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    const owner = state.owners[slot]!;
    if (owner === null) continue;
    owners++;
    if (!owner.slots.has(slot)) yield `slot ${slot} is not among those of its owner`;
  }
  if (owners !== owned) yield `${owners} slots have owners, nodes own ${owned}`;
  if (myself.configEpoch > state.currentEpoch) yield `its epoch ${myself.configEpoch} is above ${state.currentEpoch}`;
  if (nodes.get(myself.id) !== myself) yield "does not know itself";
}

function* tiesOf(state: ClusterState, node: ClusterNode): Generator<string> {
  const { primary, replicas, id } = node;
  if (primary !== null && !primary.replicas.includes(node)) yield `${id} is no replica of its primary`;
  if (primary !== null && state.nodes.get(primary.id) !== primary) yield `${id} follows one that is not known`;
  if (primary !== null && node.isPrimary) yield `${id} follows somebody as a primary`;
  if (node.isReplica && node.slots.size > 0) yield `${id} is a replica with slots`;
  for (const replica of replicas) if (replica.primary !== node) yield `${replica.id} follows another than ${id}`;
  if (node.link !== null && state.links.get(node.link.number) !== node.link) yield `the link to ${id} is nobody's`;
}
