/**
 * The switch: a master's name moves to another address. The server there stops being one of the replicas, the old one becomes
 * a replica (stale, until it is seen to be one), and every opinion and vote about the old address is dropped with it: they
 * must not bring the new master down.
 */
import { type Address, sameAddress } from "./address.ts";
import { event, eventText } from "./events.ts";
import { Link, type Master, NEVER, type Replica } from "./instances.ts";
import { connect, disconnectAll } from "./links.ts";
import { sendInfo } from "./sending.ts";
import type { State } from "./state.ts";
import { demoteOnReturn } from "./wanderers.ts";

export function switchMaster(s: State, master: Master, to: Address, part: "leader" | "observer"): void {
  const from = master.address;
  const wasDown = master.sdown;
  const [fromHost, toHost] = [s.announced(from), s.announced(to)];
  eventText(s, "warning", "+switch-master", master, `${master.name} ${fromHost} ${from.port} ${toHost} ${to.port}`);
  if (master.clientReconfigScript !== null) {
    const words = [part, "start", fromHost, String(from.port), toHost, String(to.port)];
    s.emit({ kind: "script", argv: [master.clientReconfigScript, master.name, ...words] });
  }
  if (master.record) master.record.to = s.announcedWithPort(to);

  const old = { link: master.link, runid: master.runid };
  moveTo(s, master, to);
  forgetDowns(master);
  const stale = s.newReplica(master, from, old.link);
  if (stale) {
    stale.stale = true;
    stale.runid = old.runid;
  } else {
    disconnectAll(s, old.link);
  }
  for (const replica of master.replicas.values()) event(s, "notice", "+slave", replica);
  connect(s, master);
  sendInfo(s, master);
  for (const replica of master.replicas.values()) sendInfo(s, replica);
  // One that is silent, not gone, gets its orders ahead: they are the first that it reads when it wakes up.
  if (stale && wasDown) demoteOnReturn(s, stale);
  s.dirty = true;
}

/** Takes over what is known of the server at `to`, its connections first of all. */
function moveTo(s: State, master: Master, to: Address): void {
  const replica = [...master.replicas.values()].find((other) => sameAddress(other.address, to));
  master.address = to;
  master.infoPending = false;
  master.handoverState = "none";
  master.roleReported = "master";
  master.roleReportedAt = s.now;
  if (replica === undefined) {
    master.link = new Link(s.now, true);
    master.runid = null;
    master.info = null;
    master.hasKeys = null;
    master.infoAt = NEVER;
    master.handover = "unknown";
    return;
  }
  master.replicas.delete(replica.name);
  replica.released = true;
  master.link = replica.link;
  // Connections and attempts from before it went away may hang for long; new ones are answered.
  if (replica.sdown) disconnectAll(s, master.link);
  believeAlive(s, master.link);
  master.runid = replica.runid;
  master.info = replica.info;
  master.hasKeys = replica.hasKeys;
  master.infoAt = replica.infoAt;
  master.handover = replica.handover;
  master.helloSentAt = NEVER;
}

/** It has just been promoted, so it lives: a closed port or a silence that we saw was before that, and has to show anew. */
function believeAlive(s: State, link: Link): void {
  link.refused = false;
  link.availableAt = s.now;
  if (link.pingPendingSince !== null) link.pingPendingSince = s.now;
  if (link.command.state === "down") link.command.nextAttemptAt = s.now;
}

/** All that was said and thought about the address that was. */
export function forgetDowns(master: Master): void {
  master.sdown = false;
  master.sdownAt = NEVER;
  master.odown = false;
  master.odownAt = NEVER;
  master.rebooted = false;
  master.scriptKillSent = false;
  master.leader = null;
  master.failoverState = "none";
  master.failoverStartAt = NEVER;
  master.stateChangedAt = NEVER;
  master.candidacyAt = null;
  master.retryAt = null;
  master.awaited = null;
  master.splitVotes = 0;
  master.wantsReplica = false;
  master.forced = false;
  master.promoted = null;
  for (const peer of master.sentinels.values()) {
    peer.opinion = null;
    peer.leader = null;
  }
  for (const replica of master.replicas.values()) forgetReconf(replica);
}

function forgetReconf(replica: Replica): void {
  replica.reconf = "none";
  replica.promoted = false;
  if (replica.mayBeMaster) replica.stale = true;
  replica.mayBeMaster = false;
}
