/**
 * Servers that are not what the configuration says: replicas that follow somebody else, and above all old primaries that
 * come back and still take themselves for one.
 */
import { event } from "./events.ts";
import type { Master, Replica } from "./instances.ts";
import { sendReplicaOf } from "./sending.ts";
import type { State } from "./state.ts";

/** A demotion without effect is repeated after this. */
const DEMOTE_AGAIN_MS = 1000;

/**
 * Sent on first contact, before the server has said what it is. Redis waits four hellos here, lest the server has been promoted
 * by a failover that we have not heard of; but this one was the primary of an older epoch and has not been a replica since,
 * and only replicas are promoted.
 */
export function demoteOnReturn(s: State, replica: Replica): void {
  const { master } = replica;
  if (s.tilt || !isSettled(s, master) || s.now - replica.demotionSentAt < DEMOTE_AGAIN_MS) return;
  if (sendReplicaOf(s, replica, master.address, "demote")) replica.demotionSentAt = s.now;
}

/**
 * We know of no newer claim: no failover of ours before its switch, and no vote given in an epoch after the configuration's
 * whose outcome may still be on its way to us.
 */
function isSettled(s: State, master: Master): boolean {
  if (master.failoverState !== "none" && master.failoverState !== "reconf_slaves") return false;
  if (master.sdown || master.roleReported !== "master") return false;
  return master.leaderEpoch <= master.configEpoch || s.now - master.failoverStartAt > patienceMs(s);
}

/** Four hellos: long enough to hear of any configuration there is. */
function patienceMs(s: State): number {
  return s.timings.publishPeriodMs * 4;
}

/** As INFO has just shown it to be a master. */
export function correctFalseMaster(s: State, replica: Replica): void {
  if (replica.stale) {
    demoteOnReturn(s, replica);
    return;
  }
  const waitMs = patienceMs(s);
  if (replica.promoted || !looksSane(s, replica.master)) return;
  if (!wasUpFor(s, replica, waitMs) || s.now - replica.roleReportedAt <= waitMs) return;
  if (s.now - replica.demotionSentAt < DEMOTE_AGAIN_MS) return;
  if (sendReplicaOf(s, replica, replica.master.address, "follow")) {
    replica.demotionSentAt = s.now;
    event(s, "notice", "+convert-to-slave", replica);
  }
}

/** As INFO has just shown it to be a replica: of the right master, and not stuck in a FAILOVER of its own? */
export function correctWrongTarget(s: State, replica: Replica): void {
  const { master } = replica;
  // Who led the last failover knows that no other configuration is on its way.
  const led = master.ledEpoch === master.configEpoch && master.leaderEpoch <= master.configEpoch;
  const waitMs = led ? s.timings.publishPeriodMs : master.failoverTimeoutMs;
  const stuck = replica.handover === "running" && s.now - replica.handoverAt > master.failoverTimeoutMs;
  const astray = !follows(s, replica) && s.now - replica.targetChangedAt > waitMs;
  if (!stuck && !astray) return;
  if (master.inFailover || !looksSane(s, master) || !wasUpFor(s, replica, waitMs)) return;
  if (s.now - replica.demotionSentAt < Math.max(DEMOTE_AGAIN_MS, waitMs / 2)) return;
  if (sendReplicaOf(s, replica, master.address, "follow")) {
    replica.demotionSentAt = s.now;
    event(s, "notice", "+fix-slave-config", replica);
  }
}

/** Whether the replica says that it replicates from its master as we know it. */
export function follows(s: State, replica: Replica): boolean {
  const { address } = replica.master;
  const host = replica.masterHost?.toLowerCase();
  if (host === undefined || replica.masterPort !== address.port) return false;
  const ip = s.ips.get(host) ?? host;
  return ip === address.ip || host === address.host.toLowerCase();
}

/** It is up, says that it is a master, and said so lately. */
function looksSane(s: State, master: Master): boolean {
  const fresh = s.now - master.infoAt < s.timings.infoPeriodMs * 2;
  return master.roleReported === "master" && !master.sdown && !master.odown && fresh;
}

function wasUpFor(s: State, replica: Replica, ms: number): boolean {
  return s.now - replica.sdownAt > ms;
}
