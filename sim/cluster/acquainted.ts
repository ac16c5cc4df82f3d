/** Clusters that begin as if their nodes had been together for long: connected, and pinged at any time of the last half of a node timeout. */
import { NodeFlag } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import type { Member } from "./member.ts";
import { HOST } from "./wires.ts";
import { ClusterWorld } from "./world.ts";

/** A cluster of so many nodes, with so many replicas of each primary (1). */
export interface Formation {
  readonly seed: number;
  readonly nodes: number;
  readonly nodeTimeoutMs: number;
  readonly replicas?: number;
}

export function acquainted({ seed, nodes, nodeTimeoutMs, replicas = 1 }: Formation): ClusterWorld {
  const world = new ClusterWorld(seed, { keepsConf: false });
  for (let i = 0; i < nodes; i++) world.member({ nodeTimeoutMs, busPort: 17000 + i, port: 7000 + i });
  const primaries = Math.ceil(nodes / (1 + replicas));
  world.shareSlots(primaries);
  for (const member of world.members)
    for (const other of world.members) if (other !== member) introduce(world, member, other);
  world.members.slice(primaries).forEach((member, i) => {
    for (const { state } of world.members)
      state.makeReplica(state.node(member.id)!, state.node(world.members[i % primaries]!.id));
    member.follow(world.members[i % primaries]!);
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
