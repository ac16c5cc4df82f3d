/** Who is down: for us alone (SDOWN), and, for masters, for as many Sentinels as the quorum asks (ODOWN). */
import { ReplyError } from "../base/reply-error.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { type Address, sameAddress } from "./address.ts";
import { noteVote } from "./election.ts";
import { event } from "./events.ts";
import { type Instance, Master, masterOf, type Peer } from "./instances.ts";
import { dropDeadLinks } from "./links.ts";
import { send, sendInfo } from "./sending.ts";
import { pace } from "./settings.ts";
import type { State } from "./state.ts";

export function checkSubjectivelyDown(s: State, instance: Instance): void {
  dropDeadLinks(s, instance);
  const down = isDown(s, instance);
  if (down === instance.sdown) return;
  instance.sdown = down;
  if (down) {
    instance.sdownAt = s.now;
    event(s, "warning", "+sdown", instance);
    // What the replicas have now, not up to ten seconds ago, decides which one has the most.
    if (instance instanceof Master) for (const replica of instance.replicas.values()) sendInfo(s, replica);
  } else {
    instance.scriptKillSent = false;
    event(s, "warning", "-sdown", instance);
  }
}

function isDown(s: State, instance: Instance): boolean {
  const { link } = instance;
  const { downAfterMs } = masterOf(instance);
  // Redis waits the whole time even for a process that the network says is gone.
  if (link.provedGone) return true;
  if (silentMs(s, instance) > downAfterMs) return true;
  if (!(instance instanceof Master)) return false;
  // A master that says it is a replica, for as long as INFO needs to say so twice, is no master.
  const patience = downAfterMs + s.timings.infoPeriodMs * 2;
  if (instance.roleReported === "slave" && s.now - instance.roleReportedAt > patience) return true;
  return instance.rebooted && s.now - instance.rebootedAt > instance.rebootDownAfterMs;
}

function silentMs(s: State, { link }: Instance): number {
  if (link.pingPendingSince !== null) return s.now - link.pingPendingSince;
  return link.connected ? 0 : s.now - link.availableAt;
}

export function checkObjectivelyDown(s: State, master: Master): void {
  const votes = master.sdown ? 1 + countDownOpinions(master) : 0;
  const down = votes >= master.quorum && master.sdown;
  if (down === master.odown) return;
  master.odown = down;
  if (down) {
    master.odownAt = s.now;
    event(s, "warning", "+odown", master, `#quorum ${votes}/${master.quorum}`);
  } else {
    event(s, "warning", "-odown", master);
  }
}

/**
 * An opinion counts for the address that it was about, for as long as it is fresh, and for this time that the master is down:
 * while it is up for us nobody is asked, so that what was said the last time is not taken back.
 */
function countDownOpinions(master: Master): number {
  let count = 0;
  for (const { opinion } of master.sentinels.values()) {
    if (opinion?.down && opinion.at >= master.sdownAt && sameAddress(opinion.about, master.address)) count++;
  }
  return count;
}

/**
 * Asks the others whether the master is down for them too, and for their vote while we are a candidate.
 * @param now  without waiting for their turn
 */
export function askOthers(s: State, master: Master, now = false): void {
  const period = askPeriodMs(s, master);
  for (const peer of master.sentinels.values()) {
    if (peer.opinion && s.now - peer.opinion.at > s.timings.askPeriodMs * 5) {
      peer.opinion = null;
      peer.leader = null;
    }
    if (!master.sdown && !isCandidate(master)) continue;
    if (now || s.now - peer.askedAt >= period) ask(s, master, peer);
  }
}

function isCandidate(master: Master): boolean {
  return master.failoverState === "wait_start";
}

/** While all wait for the quorum or for votes, a second is long. */
function askPeriodMs(s: State, master: Master): number {
  const { askPeriodMs } = s.timings;
  const waiting = isCandidate(master) || (!master.odown && s.now - master.sdownAt < pace.eagerAskForMs);
  return waiting ? Math.min(pace.eagerAskMs, askPeriodMs) : askPeriodMs;
}

function ask(s: State, master: Master, peer: Peer): void {
  const about: Address = master.address;
  const epoch = isCandidate(master) ? master.failoverEpoch : null;
  const [host, port] = [s.announced(about), String(about.port)];
  const words = ["is-master-down-by-addr", host, port, String(epoch ?? s.currentEpoch), epoch === null ? "*" : s.myid];
  if (send(s, peer, ["SENTINEL", ...words], { kind: "opinion", peer, about, epoch })) peer.askedAt = s.now;
}

/** An answer to `ask`: down or not, and whom that Sentinel voted for last. */
export function onOpinion(s: State, peer: Peer, about: Address, reply: Reply): void {
  if (reply instanceof ReplyError || !Array.isArray(reply) || reply.length !== 3) return;
  const [down, leader, epoch] = reply;
  if (typeof down !== "number" || typeof leader !== "string" || typeof epoch !== "number") return;
  if (peer.released || !sameAddress(about, peer.master.address)) return;
  peer.opinion = { down: down === 1, about, at: s.now };
  if (leader !== "*") noteVote(s, peer, leader, epoch);
}
