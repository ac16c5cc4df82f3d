/**
 * What a replica shows before it asks for votes where a write is acknowledged only when `acksNeeded` replicas have it. Of R
 * replicas with W acks needed, R - W + 1 first promise to acknowledge nothing of the old primary any more, and say how much of
 * its data they have; the candidate is one of them. Every acknowledged write is on W replicas, and so on one of those at least:
 * a candidate that has as much as the most any of them said has every acknowledged write, and there will be no more of them.
 *
 * The machine asks by the effect `fence` and hears the promises by the input `fenced`; how they travel, and what keeps them, is up
 * to the server. R is the number of replicas that this node knows of, dead ones included: a replica that is not in its list must
 * not acknowledge.
 */
import type { NodeId } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import type { ClusterState } from "./state.ts";

/** Promises may have been lost on their way. */
const ASK_AGAIN_MS = 500;

/** "" if it may ask for votes. */
export function missingProof(s: ClusterState): "" | "waiting for its siblings' promises" | "a sibling has more data" {
  const needed = s.facts.acksNeeded?.() ?? 0;
  const { primary } = s.myself;
  if (needed === 0 || primary === null) return "";
  const { fencing } = s;
  if (fencing.of !== primary.id) Object.assign(fencing, { of: primary.id, askedAt: 0, offsets: new Map() });
  const siblings = primary.replicas.filter((node) => node !== s.myself).map(({ id }) => id);
  const promised = siblings.filter((id) => fencing.offsets.has(id));
  // Ourselves included.
  if (promised.length + 1 < siblings.length + 1 - needed + 1) {
    ask(s, primary, siblings);
    return "waiting for its siblings' promises";
  }
  const own = s.facts.replicationOffset();
  return promised.some((id) => fencing.offsets.get(id)! > own) ? "a sibling has more data" : "";
}

function ask(s: ClusterState, primary: ClusterNode, siblings: readonly NodeId[]): void {
  const { fencing } = s;
  const unheard = siblings.filter((id) => !fencing.offsets.has(id));
  if (s.now - fencing.askedAt < ASK_AGAIN_MS && fencing.askedAt <= s.now) return;
  fencing.askedAt = s.now;
  s.do({ kind: "fence", primary: primary.id, epoch: primary.configEpoch, siblings: unheard });
}

/** A sibling acknowledges nothing of that primary any more; it has its data up to there. */
export function promised(s: ClusterState, primary: NodeId, by: NodeId, offset: number): void {
  if (s.fencing.of === primary) s.fencing.offsets.set(by, offset);
}

/** There is nobody to replace any more: when there is, what was promised before proves nothing. */
export function forgetPromises(s: ClusterState): void {
  if (s.fencing.of === "") return;
  Object.assign(s.fencing, { of: "", askedAt: 0, offsets: new Map() });
}
