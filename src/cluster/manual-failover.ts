/**
 * A failover that somebody asked for: the primary holds its writes and says where it stopped, the replica waits until it has all
 * of that, and only then asks for votes. Nothing is lost, and if it takes too long nothing has changed.
 */
import { takeOver } from "./election.ts";
import { MessageFlag, type Sender } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { stopManual } from "./ownership.ts";
import { greet, send, senderOf } from "./sending.ts";
import type { ClusterState } from "./state.ts";

/** CLUSTER FAILOVER, as a replica whose primary is known. `force`: without the primary's help; `takeover`: without votes. */
export function startManual(s: ClusterState, how: "" | "force" | "takeover"): void {
  stopManual(s);
  s.manual.endsAt = s.now + s.settings.manualFailoverMs;
  // A new election, whenever the last one was.
  s.election.at = 0;
  s.election.asked = false;
  if (how === "takeover") {
    s.log("notice", "Taking over the master (user request).");
    s.currentEpoch = s.maxEpoch() + 1;
    s.myself.configEpoch = s.currentEpoch;
    takeOver(s);
  } else if (how === "force") {
    s.log("notice", "Forced failover user request accepted.");
    s.manual.canStart = true;
  } else {
    s.log("notice", "Manual failover user request accepted.");
    send(s, s.myself.primary!, { kind: "mfstart", sender: senderOf(s) });
  }
}

/** Our replica wants our place. */
export function onManualStart(s: ClusterState, replica: ClusterNode): void {
  if (!s.myself.isPrimary || replica.primary !== s.myself) return;
  stopManual(s);
  s.manual.endsAt = s.now + s.settings.manualFailoverMs;
  s.manual.replica = replica;
  s.do({ kind: "pauseWrites" });
  s.log("warning", `Manual failover requested by replica ${replica.id}.`);
  tellOffset(s);
}

/** Every message of ours carries the offset, and says that it is the last one. */
function tellOffset(s: ClusterState): void {
  const link = s.manual.replica?.link;
  if (link?.isUp) greet(s, link, "ping");
}

/** Our primary holds its writes: its offset is where it stopped. */
export function noteOffset(s: ClusterState, node: ClusterNode, sender: Sender): void {
  const { manual, myself } = s;
  const paused = (sender.messageFlags & MessageFlag.paused) !== 0;
  if (manual.endsAt === 0 || manual.primaryOffset !== -1 || node !== myself.primary || !paused) return;
  manual.primaryOffset = sender.replicationOffset;
  s.log("notice", `Received replication offset for paused master manual failover: ${manual.primaryOffset}`);
  continueManual(s);
}

/** At every tick. */
export function continueManual(s: ClusterState): void {
  const { manual, myself } = s;
  if (manual.endsAt === 0) return;
  if (s.now > manual.endsAt) {
    s.log("warning", "Manual failover timed out.");
    stopManual(s);
    return;
  }
  if (myself.isPrimary) {
    tellOffset(s);
  } else if (!manual.canStart && manual.primaryOffset !== -1 && manual.primaryOffset === s.facts.replicationOffset()) {
    manual.canStart = true;
    s.log("notice", "All master replication stream processed, manual failover can start.");
  }
}
