/** What operators and other Sentinels ask for through SENTINEL. Everything is checked before anything changes. */
import { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import { ReplyError } from "../base/reply-error.ts";
import { askOthers } from "./down.ts";
import { vote } from "./election.ts";
import { event } from "./events.ts";
import { continueFailover, startFailover } from "./failover.ts";
import { Link, type Master, NEVER, type Peer } from "./instances.ts";
import { connect, disconnect, disconnectAll, release } from "./links.ts";
import type { Order } from "./protocol.ts";
import { selectReplica } from "./selection.ts";
import { applySet, checkSet } from "./set-options.ts";
import type { Options } from "./settings.ts";
import type { State } from "./state.ts";
import { forgetDowns } from "./switch.ts";

const err = (text: string) => new ReplyError("ERR", text);

export function obey(s: State, order: Order): void {
  switch (order.kind) {
    case "monitor":
      monitor(s, order.name, order.host, order.port, order.quorum);
      break;
    case "remove":
      remove(s, masterNamed(s, order.name));
      break;
    case "reset":
      for (const master of mastersLike(s, order.pattern)) reset(s, master);
      break;
    case "failover":
      failover(s, masterNamed(s, order.name));
      break;
    case "set":
      set(s, masterNamed(s, order.name), order.changes);
      break;
    case "configure":
      configure(s, order.changes);
      break;
    case "debug":
      for (const [field, ms] of order.changes) s.timings[field] = ms;
      break;
    case "simulate":
      s.crashAfterElection = order.afterElection;
      s.crashAfterPromotion = order.afterPromotion;
      break;
    case "ask":
      answer(s, order.host, order.port, order.epoch, order.runid);
      break;
    case "flush":
      s.save();
      break;
  }
}

/** @throws  as SENTINEL answers for a name that it does not know */
export function masterNamed(s: State, name: string): Master {
  const master = s.masters.get(name);
  if (!master) throw err("No such master with that name");
  return master;
}

export function mastersLike(s: State, pattern: string): Master[] {
  const glob = Slice.of(pattern);
  return [...s.masters.values()].filter((master) => matchGlob(glob, Slice.of(master.name)));
}

function monitor(s: State, name: string, host: string, port: number, quorum: number): void {
  if (quorum <= 0) throw err("Quorum must be 1 or greater.");
  if (port < 0 || port > 65535) throw err("Invalid port number.");
  const address = s.address(host, port);
  if (address === null) throw err("Invalid IP address or hostname specified");
  if (s.masters.has(name)) throw err("Duplicate master name.");
  const master = s.newMaster(name, address, quorum);
  s.save();
  event(s, "warning", "+monitor", master, `quorum ${quorum}`);
  connect(s, master);
}

function remove(s: State, master: Master): void {
  event(s, "warning", "-monitor", master);
  forgetOthers(s, master);
  release(s, master);
  s.masters.delete(master.name);
  s.save();
}

function forgetOthers(s: State, master: Master): void {
  for (const instance of [...master.replicas.values(), ...master.sentinels.values()]) release(s, instance);
  master.replicas.clear();
  master.sentinels.clear();
}

/** Everything learned is forgotten, and learned again. */
function reset(s: State, master: Master): void {
  forgetOthers(s, master);
  disconnectAll(s, master.link);
  master.link = new Link(s.now, true);
  forgetDowns(master);
  master.runid = null;
  master.record = null;
  master.infoPending = false;
  master.infoAskedAt = NEVER;
  master.handoverState = "none";
  master.roleReported = "master";
  master.roleReportedAt = s.now;
  master.createdAt = s.now;
  event(s, "warning", "+reset-master", master);
  s.dirty = true;
  connect(s, master);
}

function failover(s: State, master: Master): void {
  if (master.inFailover) throw new ReplyError("INPROG", "Failover already in progress");
  const { chosen, reasons } = selectReplica(s, master);
  if (chosen === null) {
    for (const reason of reasons) s.log("warning", `No replica of ${master.name} can be promoted: ${reason}`);
    throw new ReplyError("NOGOODSLAVE", "No suitable replica to promote");
  }
  s.log("notice", `Executing user requested FAILOVER of '${master.name}'`);
  startFailover(s, master, true);
  askOthers(s, master);
  continueFailover(s, master);
}

function set(s: State, master: Master, changes: Extract<Order, { kind: "set" }>["changes"]): void {
  for (const change of changes) checkSet(s, change);
  let reconnect = false;
  for (const { option, values } of changes) {
    reconnect = applySet(master, option.toLowerCase(), values) || reconnect;
    const shown = option.toLowerCase() === "auth-pass" ? ["******"] : values;
    event(s, "warning", "+set", master, [option, ...shown].join(" "));
  }
  if (reconnect) for (const instance of [master, ...master.replicas.values()]) disconnectAll(s, instance.link);
  if (changes.length > 0) s.save();
}

/** The options of SENTINEL CONFIG SET, by name: how a value is read, or undefined for a bad one. */
const readers: Record<string, (value: string) => Partial<Options> | undefined> = {
  "announce-ip": (announceIp) => ({ announceIp }),
  "announce-port": (value) => {
    const announcePort = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    return announcePort <= 65535 ? { announcePort } : undefined;
  },
  "resolve-hostnames": (value) => yesNo(value, (resolveHostnames) => ({ resolveHostnames })),
  "announce-hostnames": (value) => yesNo(value, (announceHostnames) => ({ announceHostnames })),
  "sentinel-user": (sentinelUser) => ({ sentinelUser }),
  "sentinel-pass": (sentinelPass) => ({ sentinelPass }),
};

function yesNo(value: string, make: (on: boolean) => Partial<Options>): Partial<Options> | undefined {
  const word = value.toLowerCase();
  return word === "yes" || word === "no" ? make(word === "yes") : undefined;
}

/** Reads one option of SENTINEL CONFIG SET: undefined if there is none of that name, null for a bad value. */
export function readOption(option: string, value: string): Partial<Options> | null | undefined {
  const reader = readers[option.toLowerCase()];
  return reader && (reader(value) ?? null);
}

function configure(s: State, changes: readonly (readonly [string, string])[]): void {
  const parsed = changes.map(([option, value]) => readOption(option, value) ?? {});
  const before = { ...s.options };
  Object.assign(s.options, ...parsed);
  const { sentinelUser, sentinelPass } = s.options;
  s.save();
  if (sentinelUser === before.sentinelUser && sentinelPass === before.sentinelPass) return;
  for (const peer of allPeers(s)) disconnect(s, peer.link, "command");
}

function* allPeers(s: State): Generator<Peer> {
  for (const master of s.masters.values()) yield* master.sentinels.values();
}

/** Whether we see that master down, and our vote. In TILT we do not trust our eyes. */
function answer(s: State, host: string, port: number, epoch: number, runid: string | null): void {
  const about = s.address(host, port);
  const at = (master: Master) =>
    about !== null &&
    master.address.port === port &&
    ((about.ip !== "" && master.address.ip === about.ip) || master.address.host.toLowerCase() === host.toLowerCase());
  const master = [...s.masters.values()].find(at);
  const down = !s.tilt && master?.sdown === true;
  const seeksVote = runid !== null && epoch >= 0 && Number.isSafeInteger(epoch);
  const ballot = master && seeksVote ? vote(s, master, epoch, runid) : { leader: null, epoch: 0 };
  // The vote that stands may be one that could not be saved: it is told only once it is.
  if (s.unsaved && ballot.leader !== null) s.save();
  s.emit({ kind: "answer", down, leader: ballot.leader, epoch: ballot.epoch });
}
