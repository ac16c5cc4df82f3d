/** The periodic PING, INFO and hello, and what the answers teach. */
import { ReplyError } from "../base/reply-error.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { parseInfo, type ServerInfo } from "./codec.ts";
import { event, identify } from "./events.ts";
import { onPromotionSeen } from "./failover.ts";
import { sendHello } from "./hello.ts";
import { type Instance, type Link, Master, masterOf, Peer, Replica } from "./instances.ts";
import { connect } from "./links.ts";
import { onReconfSeen } from "./reconf.ts";
import { send, sendInfo, sendPing } from "./sending.ts";
import { pace } from "./settings.ts";
import type { State } from "./state.ts";
import { correctFalseMaster, correctWrongTarget, follows } from "./wanderers.ts";

/** A link with this many unanswered commands gets no more of the periodic ones. */
const MAX_PENDING = 100;
/** A master just added, or one without replicas, is asked often: its replicas are about to attach. */
const NEWCOMER_MS = 30_000;

export function sendPeriodic(s: State, instance: Instance): void {
  const { link } = instance;
  if (link.command.state !== "up" || link.pending >= MAX_PENDING * link.refcount) return;
  if (
    !(instance instanceof Peer) &&
    !instance.infoPending &&
    s.now - instance.infoAskedAt >= infoPeriodMs(s, instance)
  ) {
    sendInfo(s, instance);
  }
  const period = pingPeriodMs(s, instance);
  if (s.now - link.pongAt > period && s.now - link.pingSentAt > period / 2) sendPing(s, instance);
  if (s.now - instance.helloSentAt >= s.timings.publishPeriodMs) sendHello(s, instance);
}

function infoPeriodMs(s: State, instance: Instance): number {
  const usual = s.timings.infoPeriodMs;
  if (instance instanceof Replica) {
    const { master } = instance;
    if (instance.stale || (instance.promoted && master.failoverState === "wait_promotion")) return pace.closeWatchMs;
    if (instance.reconf === "sent" || instance.reconf === "inprog") return Math.min(usual, 200);
    const unsettled = master.sdown || master.inFailover || instance.masterLinkDownMs !== 0 || !follows(s, instance);
    return unsettled ? Math.min(usual, 1000) : usual;
  }
  if (!(instance instanceof Master)) return usual;
  const isNew = s.now - instance.createdAt < NEWCOMER_MS || instance.replicas.size === 0;
  return isNew ? Math.min(usual, 1000) : usual;
}

/** Often enough that silence shows within a fifth of the time after which it counts. */
function pingPeriodMs(s: State, instance: Instance): number {
  const fifth = Math.max(pace.tickMs, masterOf(instance).downAfterMs / 5);
  return Math.min(fifth, s.timings.pingPeriodMs);
}

export function onPing(s: State, instance: Instance, link: Link, reply: Reply): void {
  const text = reply instanceof ReplyError ? reply.message : typeof reply === "string" ? reply : "";
  const isPong = text.startsWith("PONG");
  if (isPong || text.startsWith("LOADING") || text.startsWith("MASTERDOWN")) {
    noteAvailable(s, link);
    if (isPong && instance instanceof Master && instance.link === link) instance.rebooted = false;
  } else if (text.startsWith("BUSY") && instance.sdown && !instance.scriptKillSent) {
    // A script that runs away makes the server look down.
    instance.scriptKillSent = send(s, instance, ["SCRIPT", "KILL"], { kind: "ignore", instance });
  }
  noteError(s, instance, link, reply);
  link.pongAt = s.now;
}

/** A wrong password, say, makes a server look down: the log says what it was. */
function noteError(s: State, instance: Instance, link: Link, reply: Reply): void {
  const error = reply instanceof ReplyError && link.pingPendingSince !== null ? reply.message : "";
  if (error !== "" && error !== link.pingError)
    s.log("warning", `${identify(s, instance)} answers PING with: ${error}`);
  link.pingError = error;
}

function noteAvailable(s: State, link: Link): void {
  link.availableAt = s.now;
  link.pingPendingSince = null;
  link.met = true;
  link.refused = false;
}

export function onInfo(s: State, instance: Instance, reply: Reply): void {
  instance.infoPending = false;
  if (typeof reply !== "string" || instance.released) return;
  const info = parseInfo(reply);
  instance.info = reply;
  instance.hasKeys = info.hasKeys;
  noteRunid(s, instance, info);
  if (info.handover !== null && info.handover !== instance.handover) {
    instance.handover = info.handover;
    instance.handoverAt = s.now;
  }
  if (instance instanceof Replica) noteReplication(s, instance, info);
  if (instance instanceof Master) for (const slave of info.slaves) noteSlave(s, instance, slave.host, slave.port);
  instance.infoAt = s.now;
  noteRole(s, instance, info);
  if (s.tilt || !(instance instanceof Replica)) return;
  if (info.role === "master") {
    if (!onPromotionSeen(s, instance)) correctFalseMaster(s, instance);
  } else if (info.role === "slave") {
    if (instance.stale) settleStale(s, instance);
    correctWrongTarget(s, instance);
    onReconfSeen(s, instance);
  }
}

function noteRunid(s: State, instance: Instance, info: ServerInfo): void {
  if (info.runid === null || info.runid === instance.runid) return;
  const isReboot = instance.runid !== null;
  instance.runid = info.runid;
  if (!isReboot) return;
  event(s, "notice", "+reboot", instance);
  if (instance instanceof Master && instance.rebootDownAfterMs !== 0) {
    instance.rebooted = true;
    instance.rebootedAt = s.now;
  }
}

function noteSlave(s: State, master: Master, host: string, port: number): void {
  const address = s.address(host, port);
  if (address === null) return;
  const replica = s.newReplica(master, address);
  if (replica === null) return;
  event(s, "notice", "+slave", replica);
  s.dirty = true;
  if (!s.tilt) connect(s, replica);
}

function noteReplication(s: State, replica: Replica, info: ServerInfo): void {
  replica.masterLinkDownMs = info.masterLinkDownMs;
  if (info.role !== "slave") return;
  const sameHost = info.masterHost?.toLowerCase() === replica.masterHost?.toLowerCase();
  if (!sameHost || info.masterPort !== replica.masterPort) replica.targetChangedAt = s.now;
  replica.masterHost = info.masterHost;
  replica.masterPort = info.masterPort ?? 0;
  replica.masterLinkUp = info.masterLinkUp ?? replica.masterLinkUp;
  replica.priority = info.priority ?? replica.priority;
  replica.offset = info.offset ?? replica.offset;
  replica.announced = info.announced ?? replica.announced;
  // A name is compared by what it stands for.
  if (info.masterHost && s.options.resolveHostnames) s.address(info.masterHost, replica.masterPort);
}

function noteRole(s: State, instance: Instance, info: ServerInfo): void {
  if (info.role === null || info.role === instance.roleReported) return;
  instance.roleReported = info.role;
  instance.roleReportedAt = s.now;
  if (instance instanceof Replica && info.role === "slave") instance.targetChangedAt = s.now;
  const fits = instance.kind === info.role;
  event(s, "verbose", fits ? "+role-change" : "-role-change", instance, `new reported role is ${info.role}`);
}

/** The old primary is a replica now, whoever made it one. */
function settleStale(s: State, replica: Replica): void {
  replica.stale = false;
  if (replica.demotionSentAt > replica.master.createdAt) event(s, "notice", "+convert-to-slave", replica);
}
