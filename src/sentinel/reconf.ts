/** After the switch: the other replicas are pointed at the new master, `parallel-syncs` of them at a time. */
import { event } from "./events.ts";
import type { Master, Replica } from "./instances.ts";
import { sendReplicaOf } from "./sending.ts";
import type { State } from "./state.ts";
import { closeRecord } from "./timeline.ts";
import { follows } from "./wanderers.ts";

export function reconfigure(s: State, master: Master): void {
  let inProgress = 0;
  for (const { reconf } of master.replicas.values()) if (reconf === "sent" || reconf === "inprog") inProgress++;
  for (const replica of master.replicas.values()) {
    if (replica.reconf === "sent" && s.now - replica.reconfSentAt > s.timings.slaveReconfTimeoutMs) {
      // Whatever holds it up, the others need not wait; it is corrected later if need be.
      event(s, "notice", "-slave-reconf-sent-timeout", replica);
      replica.reconf = "done";
      inProgress--;
    }
    if (replica.reconf !== "none" || replica.stale) continue;
    if (follows(s, replica) && replica.masterLinkUp) {
      replica.reconf = "done";
    } else if (inProgress < master.parallelSyncs && order(s, replica)) {
      event(s, "notice", "+slave-reconf-sent", replica);
      inProgress++;
    }
  }
  checkEnd(s, master);
}

function order(s: State, replica: Replica): boolean {
  if (!sendReplicaOf(s, replica, replica.master.address, "follow")) return false;
  replica.reconf = "sent";
  replica.reconfSentAt = s.now;
  return true;
}

/** As INFO has just shown the replica to be one. */
export function onReconfSeen(s: State, replica: Replica): void {
  if (replica.reconf === "sent" && follows(s, replica)) {
    replica.reconf = "inprog";
    event(s, "notice", "+slave-reconf-inprog", replica);
  }
  if (replica.reconf === "inprog" && replica.masterLinkUp) {
    replica.reconf = "done";
    event(s, "notice", "+slave-reconf-done", replica);
  }
}

function checkEnd(s: State, master: Master): void {
  if (master.sdown) return;
  const late = s.now - master.stateChangedAt > master.failoverTimeoutMs;
  // The old primary is not waited for: it is met when it comes back.
  const waiting = [...master.replicas.values()].filter(
    ({ reconf, sdown, stale }) => reconf !== "done" && !sdown && !stale,
  );
  if (waiting.length > 0 && !late) return;
  if (waiting.length > 0) {
    event(s, "warning", "+failover-end-for-timeout", master);
    for (const replica of waiting) {
      if (replica.reconf === "none" && order(s, replica)) event(s, "notice", "+slave-reconf-sent-be", replica);
    }
  }
  endReconf(s, master);
}

export function endReconf(s: State, master: Master): void {
  event(s, "warning", "+failover-end", master);
  master.failoverState = "none";
  master.stateChangedAt = s.now;
  master.forced = false;
  for (const replica of master.replicas.values()) replica.reconf = "none";
  closeRecord(s, master, "done");
}
