/** A primary without a replica that works gets one from where there are several: of those who could go, the one with the lowest name does. */
import { NodeFlag } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { follow } from "./ownership.ts";
import type { ClusterState } from "./state.ts";

/** A primary is alone for so long before it is helped: its replica may just be restarting. */
const DELAY_MS = 5000;

/** About once a second, as a replica. */
export function considerMigration(s: ClusterState): void {
  if (!s.myself.isReplica || !s.settings.allowReplicaMigration || !s.ok) return;
  let most = 0;
  let orphan: ClusterNode | null = null;
  for (const node of s.roll.nodes) {
    if (!node.isPrimary || node.is(NodeFlag.fail)) continue;
    const count = workingReplicas(node);
    most = Math.max(most, count);
    noteOrphan(s, node, count);
    if (orphan === null && node.orphanedAt !== 0 && s.now - node.orphanedAt > DELAY_MS) orphan = node;
  }
  if (orphan === null || most < 2 || s.settings.replicaNoFailover) return;
  const { primary } = s.myself;
  const mine = primary === null || primary.is(NodeFlag.fail) ? 0 : workingReplicas(primary);
  if (mine !== most || mine <= s.settings.migrationBarrier) return;
  if (firstCandidate(s, most) !== s.myself) return;
  s.log("warning", `Migrating to orphaned master ${orphan.id}`);
  follow(s, orphan);
}

function workingReplicas(node: ClusterNode): number {
  let count = 0;
  for (const replica of node.replicas) if (isWorking(replica)) count++;
  return count;
}

function isWorking(replica: ClusterNode): boolean {
  return !replica.is(NodeFlag.fail | NodeFlag.pfail);
}

/** Of the replicas of those primaries that have most, the one with the lowest name. */
function firstCandidate(s: ClusterState, most: number): ClusterNode | null {
  let first: ClusterNode | null = null;
  for (const node of s.roll.nodes) {
    if (!node.isPrimary || node.is(NodeFlag.fail) || workingReplicas(node) !== most) continue;
    for (const replica of node.replicas) {
      if (isWorking(replica) && (first === null || replica.id < first.id)) first = replica;
    }
  }
  return first;
}

function noteOrphan(s: ClusterState, node: ClusterNode, replicas: number): void {
  const isOrphan = replicas === 0 && node.slots.size > 0 && node.is(NodeFlag.migrateTo) && !node.is(NodeFlag.pfail);
  if (!isOrphan) node.orphanedAt = 0;
  else if (node.orphanedAt === 0) node.orphanedAt = s.now;
}
