/**
 * The returning primary: one that was stopped for a while (SIGSTOP, a sleeping machine) still takes its slots for its own, and what
 * clients had sent by then lies in its sockets. Before it writes any of that it asks its replicas and the other primaries, one
 * of whom has its slots if they were given away, and holds writes, and answers that have not left, until they have spoken.
 */
import type { ClusterNode } from "./node.ts";
import { ask, hasAnswered } from "./sending.ts";
import type { ClusterState } from "./state.ts";

/**
 * How often each is asked: what a node tells us of others (UPDATE) comes on another connection than its answer, and has left before
 * the answer to the question after it.
 */
const ROUNDS = 2;
/** Who has not answered by then is away; a majority has to do. */
const PATIENCE_MS = 300;

/** We stood still for so long. */
export function stoodStill(s: ClusterState, ms: number): void {
  const { myself, returning } = s;
  if (!myself.votes || witnesses(s).length === 0) return;
  if (returning.since === 0) {
    s.log(
      "notice",
      `This primary was stopped for ${Math.round(ms)} ms: holding writes until the cluster has told whose its slots are`,
    );
    s.do({ kind: "holdWrites" });
    returning.slots = myself.slots.size;
  }
  returning.since = s.now;
  askAll(s, 1);
}

/** To be called when something may have been learnt: does it still have its slots? */
export function considerReturn(s: ClusterState): void {
  const { myself, returning } = s;
  if (returning.since === 0) return;
  if (!myself.isPrimary || myself.slots.size < returning.slots) {
    end(s, true);
    return;
  }
  const waited = s.now - returning.since;
  const asked = witnesses(s);
  const silent = asked.filter((node) => !hasAnswered(node));
  const voters = 1 + asked.filter((node) => node.votes && !silent.includes(node)).length;
  if (voters >= s.quorum && (silent.length === 0 || waited >= PATIENCE_MS)) {
    if (returning.round < ROUNDS) askAll(s, returning.round + 1);
    else {
      s.log("notice", "This primary still has its slots");
      end(s, false);
    }
    return;
  }
  // Without a majority the cluster is down for us by now, and writes are refused instead of held.
  if (waited > s.settings.nodeTimeoutMs + PATIENCE_MS) {
    s.log("warning", "No majority has told whose the slots are: going on");
    end(s, !s.ok);
  }
}

/** Those who would know: the primaries, and our replicas, of whom one would have taken our place. */
function witnesses(s: ClusterState): ClusterNode[] {
  return s.roll.nodes.filter((node) => !node.isMyself && (node.votes || node.primary === s.myself));
}

function askAll(s: ClusterState, round: number): void {
  s.returning.round = round;
  for (const node of witnesses(s)) ask(s, node);
}

function end(s: ClusterState, replaced: boolean): void {
  s.returning.since = 0;
  s.do({ kind: "releaseWrites", replaced });
}
