/**
 * Who has failed: what one node sees (PFAIL) and what a majority of primaries agrees on (FAIL), and whether the cluster as a
 * whole can serve.
 */
import { NodeFlag } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { broadcast, senderOf } from "./sending.ts";
import type { ClusterState } from "./state.ts";

/** In node timeouts: how long somebody's word counts, and when a primary that came back with its slots is taken back. */
const REPORT_LIFE = 2;
const FAIL_UNDO = 2;
/** A primary that has just started, or was cut off, waits for news of its slots before it serves them. */
const START_DELAY_MS = 2000;
const MIN_REJOIN_MS = 500;
const MAX_REJOIN_MS = 5000;

/** We cannot reach it; false if that is no news. */
export function suspect(s: ClusterState, node: ClusterNode): boolean {
  if (node.is(NodeFlag.pfail | NodeFlag.fail)) return false;
  s.log("debug", `*** NODE ${node.id} possibly failing`);
  node.flags |= NodeFlag.pfail;
  s.pfailing.add(node);
  s.isUnsettled = true;
  // Alone, or with one primary, we are the majority.
  considerFailed(s, node);
  return true;
}

/** A primary says so; with ours that may make a majority. */
export function report(s: ClusterState, node: ClusterNode, by: ClusterNode): void {
  node.failReports ??= new Map();
  if (!node.failReports.has(by)) s.log("verbose", `Node ${by.id} reported node ${node.id} as not reachable.`);
  node.failReports.set(by, s.now);
  considerFailed(s, node);
}

export function retract(s: ClusterState, node: ClusterNode, by: ClusterNode): void {
  if (node.failReports?.delete(by)) s.log("verbose", `Node ${by.id} reported node ${node.id} is back online.`);
}

function considerFailed(s: ClusterState, node: ClusterNode): void {
  if (!node.is(NodeFlag.pfail) || node.is(NodeFlag.fail)) return;
  const votes = reportsOf(s, node) + (s.myself.votes ? 1 : 0);
  if (votes < s.quorum) return;
  s.log("notice", `Marking node ${node.id} as failing (quorum reached).`);
  markFailed(s, node);
  broadcast(s, { kind: "fail", sender: senderOf(s), id: node.id });
}

/** Those of primaries, and not too old. */
export function reportsOf(s: ClusterState, node: ClusterNode): number {
  const oldest = s.now - REPORT_LIFE * s.settings.nodeTimeoutMs;
  let count = 0;
  if (node.failReports === null) return 0;
  for (const [by, at] of node.failReports) {
    if (at < oldest) node.failReports.delete(by);
    else if (by.votes) count++;
  }
  return count;
}

export function markFailed(s: ClusterState, node: ClusterNode): void {
  node.flags = (node.flags & ~NodeFlag.pfail) | NodeFlag.fail;
  node.failedAt = s.now;
  s.pfailing.delete(node);
  s.isUnsettled = true;
  s.save();
  updateState(s);
}

/** It answered us. */
export function recovered(s: ClusterState, node: ClusterNode): void {
  if (node.is(NodeFlag.pfail)) {
    node.flags &= ~NodeFlag.pfail;
    s.pfailing.delete(node);
    s.isUnsettled = true;
    return;
  }
  if (!node.is(NodeFlag.fail)) return;
  // What has no slots does no harm; what still has them after a while was not replaced.
  const longAgo = s.now - node.failedAt > FAIL_UNDO * s.settings.nodeTimeoutMs;
  if (node.votes && !longAgo) return;
  const how = node.isReplica
    ? "replica is reachable again"
    : "is reachable again and nobody is serving its slots after some time";
  s.log("notice", `Clear FAIL state for node ${node.id}: ${node.votes ? how : "it is reachable again"}.`);
  node.flags &= ~NodeFlag.fail;
  s.isUnsettled = true;
  s.save();
  updateState(s);
}

/** Whether commands on keys are served: all slots covered, if that is asked for, and a majority in sight. */
export function updateState(s: ClusterState): void {
  const isSettled = s.ok && !s.isUnsettled && s.settings.requireFullCoverage === s.neededCoverage;
  if (isSettled) return;
  if (s.hasPast && !s.ok && s.myself.isPrimary && s.now - s.startedAt < START_DELAY_MS) return;
  s.isUnsettled = false;
  s.neededCoverage = s.settings.requireFullCoverage;
  let reachable = 0;
  s.size = 0;
  for (const node of s.roll.nodes) {
    if (!node.votes) continue;
    s.size++;
    if (!node.is(NodeFlag.pfail | NodeFlag.fail)) reachable++;
  }
  let ok = !s.settings.requireFullCoverage || isCovered(s);
  if (reachable < s.quorum) {
    ok = false;
    // Before it first belonged to a cluster it was not cut off from one.
    if (s.hasPast) s.minorityAt = s.now;
  }
  if (ok === s.ok) return;
  const rejoin = Math.min(MAX_REJOIN_MS, Math.max(MIN_REJOIN_MS, s.settings.nodeTimeoutMs));
  if (ok && s.hasPast && s.myself.isPrimary && s.now - s.minorityAt < rejoin) return;
  s.log("notice", `Cluster state changed: ${ok ? "ok" : "fail"}`);
  s.ok = ok;
  s.hasPast = true;
  s.do({ kind: "stateChanged", ok });
}

function isCovered(s: ClusterState): boolean {
  let covered = 0;
  for (const node of s.roll.nodes) if (node.votes && !node.is(NodeFlag.fail)) covered += node.slots.size;
  return covered === s.owners.length;
}
