/** A primary without a replica that works gets one from where there are several: of those who could go, the one with the lowest name does. */
import { NodeFlag } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { follow } from "./ownership.ts";
import type { ClusterState } from "./state.ts";

/** A primary is alone for so long before it is helped: its replica may just be restarting. */
const DELAY_MS = 5000;

/** At every tick of a replica. */
export function considerMigration(s: ClusterState): void {
  if (!s.myself.isReplica || !s.settings.allowReplicaMigration || !s.ok) return;
  const working = new Map<ClusterNode, ClusterNode[]>();
  let most = 0;
  for (const node of s.nodes.values()) {
    if (!node.isPrimary || node.is(NodeFlag.fail)) continue;
    const replicas = node.replicas.filter((replica) => !replica.is(NodeFlag.fail | NodeFlag.pfail));
    working.set(node, replicas);
    most = Math.max(most, replicas.length);
    noteOrphan(s, node, replicas.length);
  }
  const mine = working.get(s.myself.primary!) ?? [];
  if (most < 2 || mine.length !== most || mine.length <= s.settings.migrationBarrier) return;
  const orphan = [...working.keys()].find((node) => node.orphanedAt !== 0 && s.now - node.orphanedAt > DELAY_MS);
  if (orphan === undefined || s.settings.replicaNoFailover) return;
  const candidates = [...working.values()].filter((replicas) => replicas.length === most).flat();
  const first = candidates.reduce((a, b) => (a.id < b.id ? a : b));
  if (first !== s.myself) return;
  s.log("warning", `Migrating to orphaned master ${orphan.id}`);
  follow(s, orphan);
}

function noteOrphan(s: ClusterState, node: ClusterNode, replicas: number): void {
  const isOrphan = replicas === 0 && node.slots.size > 0 && node.is(NodeFlag.migrateTo) && !node.is(NodeFlag.pfail);
  if (!isOrphan) node.orphanedAt = 0;
  else if (node.orphanedAt === 0) node.orphanedAt = s.now;
}
