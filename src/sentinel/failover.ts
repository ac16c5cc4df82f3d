/**
 * A failover, from the decision to try one to its end. States and events are Redis'; two things are earlier than there: the
 * switch is made and published on the promotion's own evidence, while the other replicas are still being pointed at the new
 * master, and what a crash has proved is not waited for.
 */
import { ReplyError } from "../base/reply-error.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { countVotes, vote } from "./election.ts";
import { event, eventText } from "./events.ts";
import { sendHellos } from "./hello.ts";
import { type FailoverState, type Instance, type Master, NEVER, type Replica } from "./instances.ts";
import type { Request } from "./protocol.ts";
import { endReconf, reconfigure } from "./reconf.ts";
import { selectReplica } from "./selection.ts";
import { send, sendBareReplicaOf, sendInfo, sendReplicaOf } from "./sending.ts";
import { pace } from "./settings.ts";
import type { State } from "./state.ts";
import { switchMaster } from "./switch.ts";
import { closeRecord, openRecord } from "./timeline.ts";

/** Starts a failover if the master is objectively down and it is our turn to try. */
export function considerFailover(s: State, master: Master): void {
  if (!master.odown) {
    master.candidacyAt = null;
    return;
  }
  // The new master is lost before all replicas followed it: that matters more.
  if (master.failoverState === "reconf_slaves") endReconf(s, master);
  if (master.inFailover) return;
  const allowedAt = attemptAllowedAt(s, master);
  if (s.now < allowedAt) {
    logDelay(s, master, allowedAt);
    return;
  }
  if (master.candidacyAt === null) {
    const delayMs = s.chance.float() * pace.electionSpreadMs;
    master.candidacyAt = s.now + delayMs;
    s.emit({ kind: "wake", delayMs });
  }
  if (s.now >= master.candidacyAt) startFailover(s, master, false);
}

/** Two failover timeouts after an attempt, ours or one that we voted for, as its leader may still be at it; sooner if not. */
function attemptAllowedAt(s: State, master: Master): number {
  if (master.wantsReplica && selectReplica(s, master).chosen !== null) return NEVER;
  if (master.retryAt !== null) return master.retryAt;
  const awaited = master.awaited === null ? undefined : master.sentinels.get(master.awaited);
  if (awaited?.sdown) return NEVER;
  return master.failoverStartAt + master.failoverTimeoutMs * 2;
}

function logDelay(s: State, master: Master, allowedAt: number): void {
  if (master.delayLoggedFor === allowedAt) return;
  master.delayLoggedFor = allowedAt;
  const text = "Next failover delay: I will not start a failover before";
  s.emit({ kind: "log", level: "notice", text, untilMs: allowedAt - s.now });
}

/** A new epoch, in which we stand as a candidate. */
export function startFailover(s: State, master: Master, forced: boolean): void {
  setState(s, master, "wait_start");
  master.failoverStartAt = s.now;
  master.candidacyAt = null;
  master.retryAt = null;
  master.forced = forced;
  master.wantsReplica = false;
  master.failoverEpoch = ++s.currentEpoch;
  openRecord(
    s,
    master,
    "candidate",
    master.failoverEpoch,
    forced ? "requested by SENTINEL FAILOVER" : whyDown(s, master),
  );
  eventText(s, "warning", "+new-epoch", master, String(s.currentEpoch));
  event(s, "warning", "+try-failover", master);
  vote(s, master, master.failoverEpoch, s.myid);
  master.record?.votes.push(`${s.myid} ${s.myid} ${master.failoverEpoch}`);
  for (const peer of master.sentinels.values()) peer.askedAt = NEVER;
}

function whyDown(s: State, master: Master): string {
  if (master.link.provedGone) return "its port is closed: the process is gone";
  if (master.roleReported === "slave") return "it says that it is a replica";
  if (master.rebooted) return "it restarted and is not available";
  return `it has not answered for ${Math.round(s.now - master.link.availableAt)} ms`;
}

/** Takes a running failover as far as it can get now. */
export function continueFailover(s: State, master: Master): void {
  for (let before: FailoverState | null = null; before !== master.failoverState; ) {
    before = master.failoverState;
    if (before === "wait_start") waitStart(s, master);
    else if (before === "select_slave") selectSlave(s, master);
    else if (before === "send_slaveof_noone") sendOrders(s, master);
    else if (before === "wait_promotion") waitPromotion(s, master);
    else if (before === "reconf_slaves") reconfigure(s, master);
  }
}

function setState(s: State, master: Master, state: FailoverState): void {
  master.failoverState = state;
  master.stateChangedAt = s.now;
}

function waitStart(s: State, master: Master): void {
  const { winner, isSplit } = countVotes(s, master);
  const waitedMs = s.now - master.failoverStartAt;
  const goesAlone = master.forced && winner === null && (isSplit || waitedMs > pace.forcedElectionMs);
  if (winner === s.myid || goesAlone) {
    master.splitVotes = 0;
    if (master.record) master.record.part = "leader";
    event(s, "warning", "+elected-leader", master);
    if (s.crashAfterElection) crash(s);
    setState(s, master, "select_slave");
    event(s, "warning", "+failover-state-select-slave", master);
    return;
  }
  const overtaken = s.currentEpoch > master.failoverEpoch;
  const timeoutMs = Math.min(s.timings.electionTimeoutMs, master.failoverTimeoutMs);
  if (winner === null && !isSplit && !overtaken && waitedMs <= timeoutMs) return;
  event(s, "warning", "-failover-abort-not-elected", master);
  abortFailover(s, master);
  if (winner !== null) master.awaited = winner;
  // Nobody leads this epoch, so that nobody is disturbed by the next; but not all at once, and not for ever at this pace.
  else if (isSplit || overtaken) master.retryAt = s.now + splitPauseMs(s, master);
}

function splitPauseMs(s: State, master: Master): number {
  const pauseMs = Math.min(pace.splitVotePauseMs * 2 ** Math.min(master.splitVotes++, 10), pace.longestPauseMs);
  return pauseMs * (0.5 + s.chance.float());
}

function selectSlave(s: State, master: Master): void {
  if (waitsForInfo(s, master)) return;
  const { chosen, reasons } = selectReplica(s, master);
  master.record?.candidates.push(...reasons);
  if (chosen === null) {
    event(s, "warning", "-failover-abort-no-good-slave", master);
    if (reasons.length === 0) s.log("warning", `No replica of ${master.name} can be promoted: none is known`);
    for (const reason of reasons) s.log("warning", `No replica of ${master.name} can be promoted: ${reason}`);
    abortFailover(s, master);
    master.retryAt = s.now + Math.min(pace.longestPauseMs, master.failoverTimeoutMs * 2);
    master.wantsReplica = true;
    return;
  }
  event(s, "warning", "+selected-slave", chosen);
  s.log("notice", `Replicas of ${master.name}: ${reasons.join("; ")}`);
  chosen.promoted = true;
  master.promoted = chosen;
  setState(s, master, "send_slaveof_noone");
  event(s, "notice", "+failover-state-send-slaveof-noone", chosen);
}

/** Who has the most data is told by INFO since the master went silent; older figures are up to ten seconds of writes behind. */
function waitsForInfo(s: State, master: Master): boolean {
  if (!master.sdown || s.now - master.stateChangedAt >= pace.freshInfoMs) return false;
  let waits = false;
  for (const replica of master.replicas.values()) {
    if (replica.sdown || replica.stale || replica.link.command.state !== "up" || replica.infoAt >= master.sdownAt)
      continue;
    if (!replica.infoPending) sendInfo(s, replica);
    waits = true;
  }
  if (waits) s.emit({ kind: "wake", delayMs: pace.closeWatchMs });
  return waits;
}

/** Makes the chosen one a master: by a healthy primary's own FAILOVER, which loses nothing, or by telling it. */
function sendOrders(s: State, master: Master): void {
  const replica = master.promoted!;
  if (replica.sdown || s.now - master.stateChangedAt > master.failoverTimeoutMs) {
    promotionFailed(s, master);
    return;
  }
  if (canHandOver(master)) {
    const timeoutMs = handoverMs(master);
    const words = ["FAILOVER", "TO", replica.address.host, String(replica.address.port), "TIMEOUT", String(timeoutMs)];
    send(s, master, words, { kind: "handover", master, epoch: master.failoverEpoch });
    master.handoverState = "sent";
  } else {
    if (!sendReplicaOf(s, replica, null, "promote")) return;
    replica.mayBeMaster = true;
  }
  setState(s, master, "wait_promotion");
  event(s, "notice", "+failover-state-wait-promotion", replica);
  s.emit({ kind: "wake", delayMs: pace.closeWatchMs });
}

function canHandOver(master: Master): boolean {
  const healthy = !master.sdown && master.link.command.state === "up" && master.roleReported === "master";
  return master.forced && healthy && master.handover === "none" && master.handoverState === "none";
}

function handoverMs(master: Master): number {
  return Math.min(pace.handoverMs, master.failoverTimeoutMs);
}

/** The answer to FAILOVER: an OK means only that it has begun. */
export function onHandover(s: State, master: Master, epoch: number, reply: Reply): void {
  if (master.failoverState !== "wait_promotion" || master.failoverEpoch !== epoch || !master.promoted) return;
  if (reply instanceof ReplyError) handoverFailed(s, master, reply.message);
  else if (!master.promoted.infoPending) sendInfo(s, master.promoted);
}

function handoverFailed(s: State, master: Master, why: string): void {
  s.log("warning", `${master.name} does not hand over by FAILOVER (${why}): the replica is promoted without its help`);
  master.handoverState = "refused";
  setState(s, master, "send_slaveof_noone");
}

function waitPromotion(s: State, master: Master): void {
  const replica = master.promoted!;
  const waitedMs = s.now - master.stateChangedAt;
  if (master.handoverState === "sent" && (waitedMs > handoverMs(master) + 500 || master.sdown)) {
    send(s, master, ["FAILOVER", "ABORT"], { kind: "ignore", instance: master });
    handoverFailed(s, master, master.sdown ? "it went down" : `it has not for ${Math.round(waitedMs)} ms`);
    return;
  }
  if (replica.sdown || waitedMs > master.failoverTimeoutMs) {
    promotionFailed(s, master);
    return;
  }
  if (!replica.infoPending && s.now - replica.infoAskedAt >= pace.closeWatchMs) sendInfo(s, replica);
  s.emit({ kind: "wake", delayMs: pace.closeWatchMs });
}

/** The chosen replica cannot be had. Others may: the next attempt is not far. */
function promotionFailed(s: State, master: Master): void {
  event(s, "warning", "-failover-abort-slave-timeout", master);
  const lost = master.promoted?.sdown;
  // The primary would keep its writes waiting for a replica that is gone.
  if (master.handoverState === "sent") send(s, master, ["FAILOVER", "ABORT"], { kind: "ignore", instance: master });
  abortFailover(s, master);
  if (lost) master.retryAt = s.now + splitPauseMs(s, master);
}

/**
 * INFO shows a replica to be a master now: the evidence that is waited for, if it is the one being promoted.
 * @returns  false if it is not
 */
export function onPromotionSeen(s: State, replica: Replica): boolean {
  const { master } = replica;
  if (!replica.promoted || master.failoverState !== "wait_promotion") return false;
  const planned = master.handoverState === "sent";
  master.configEpoch = master.failoverEpoch;
  master.ledEpoch = master.failoverEpoch;
  s.save();
  event(s, "warning", "+promoted-slave", replica);
  if (s.crashAfterPromotion) crash(s);
  event(s, "warning", "+failover-state-reconf-slaves", master);
  // Both change roles without being told to by us, which would have sent their clients away.
  if (planned) for (const instance of [replica, master]) dismissClients(s, instance);
  replica.mayBeMaster = false;
  replica.stale = false;
  if (master.record) master.record.outcome = "promoted";
  switchMaster(s, master, replica.address, "leader");
  setState(s, master, "reconf_slaves");
  sendHellos(s, master);
  return true;
}

/** Clients ask a Sentinel again when they reconnect. */
function dismissClients(s: State, instance: Instance): void {
  const ignore: Request = { kind: "ignore", instance };
  send(s, instance, ["MULTI"], ignore);
  send(s, instance, ["CONFIG", "REWRITE"], ignore);
  send(s, instance, ["CLIENT", "KILL", "TYPE", "normal"], ignore);
  send(s, instance, ["CLIENT", "KILL", "TYPE", "pubsub"], ignore);
  send(s, instance, ["EXEC"], ignore);
}

/** The answer to a change of role's EXEC: the transaction as a whole may have been refused. */
export function onExec(s: State, replica: Replica, purpose: "promote" | "follow" | "demote", reply: Reply): void {
  if (replica.released || !(reply instanceof ReplyError)) return;
  const why = `${s.announcedWithPort(replica.address)} refused to change its role in a transaction (${reply.message})`;
  s.log("warning", `${why}: sending the bare command`);
  if (purpose !== "promote") sendBareReplicaOf(s, replica, replica.master.address);
  else if (replica.promoted) sendBareReplicaOf(s, replica, null);
}

/** Gives up before the promotion; after it a failover goes on to its end. */
export function abortFailover(s: State, master: Master): void {
  setState(s, master, "none");
  master.forced = false;
  master.handoverState = "none";
  if (master.promoted) master.promoted.promoted = false;
  master.promoted = null;
  closeRecord(s, master, "aborted");
}

function crash(s: State): void {
  s.log("warning", "Sentinel CRASH because of SENTINEL simulate-failure");
  s.emit({ kind: "exit", code: 99 });
}
