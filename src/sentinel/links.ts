/** Connections: made, greeted, lost, and made again. */
import { event } from "./events.ts";
import { sendHello } from "./hello.ts";
import { type ChannelName, type Instance, type Link, Master, masterOf, Peer, Replica } from "./instances.ts";
import { nameAt, send, sendInfo, sendPing } from "./sending.ts";
import { pace } from "./settings.ts";
import type { State } from "./state.ts";
import { demoteOnReturn } from "./wanderers.ts";

/** Makes the connections that are missing, as often as each deserves. */
export function connect(s: State, instance: Instance): void {
  if (instance.address.port === 0) return;
  connectChannel(s, instance, "command");
  connectChannel(s, instance, "pubsub");
}

function connectChannel(s: State, instance: Instance, name: ChannelName): void {
  const { link, address } = instance;
  const channel = link.channel(name);
  if (channel === null || channel.state !== "down" || s.now < channel.nextAttemptAt) return;
  channel.state = "connecting";
  // Not forever: a packet to a host that was down is repeated too seldom to notice soon that the host is back.
  const timeoutMs = Math.min(Math.max(1000, masterOf(instance).downAfterMs), 5000);
  s.emit({ kind: "connect", link, channel: name, address, timeoutMs });
}

export function disconnect(s: State, link: Link, name: ChannelName): void {
  const channel = link.channel(name);
  if (channel === null || channel.state === "down") return;
  channel.state = "down";
  channel.nextAttemptAt = s.now;
  s.emit({ kind: "disconnect", link, channel: name });
  if (name === "command") forgetPending(s, link);
}

export function disconnectAll(s: State, link: Link): void {
  disconnect(s, link, "command");
  disconnect(s, link, "pubsub");
}

/** An instance is no more; its link lives on if others share it. */
export function release(s: State, instance: Instance): void {
  instance.released = true;
  if (--instance.link.refcount === 0) disconnectAll(s, instance.link);
}

export function onConnected(s: State, link: Link, name: ChannelName, localHost: string): void {
  const channel = link.channel(name);
  const sharers = s.sharing(link);
  const instance = sharers[0];
  if (!channel || !instance || channel.state !== "connecting") return;
  channel.state = "up";
  channel.upAt = s.now;
  channel.activeAt = s.now;
  link.localHost = localHost;
  authenticate(s, instance, name);
  if (name === "pubsub") {
    s.emit({ kind: "subscribe", link, command: nameAt(instance, "SUBSCRIBE") });
    return;
  }
  link.pending = 0;
  sendPing(s, instance);
  for (const sharer of sharers) greet(s, sharer);
}

/** What each instance behind a fresh connection is sent at once. */
function greet(s: State, instance: Master | Replica | Peer): void {
  if (instance instanceof Replica && instance.stale) demoteOnReturn(s, instance);
  if (!(instance instanceof Peer) && !instance.infoPending) sendInfo(s, instance);
  if (!instance.sdown) sendHello(s, instance);
}

/**
 * AUTH and CLIENT SETNAME are sent blindly, as Redis does: a server that refuses the password refuses PING as well, and that
 * shows.
 */
function authenticate(s: State, instance: Instance, channel: ChannelName): void {
  const ignore = { kind: "ignore", instance } as const;
  const [user, password] = credentials(s, instance);
  if (password) send(s, instance, user ? ["AUTH", user, password] : ["AUTH", password], ignore, channel);
  const suffix = channel === "command" ? "cmd" : "pubsub";
  send(s, instance, ["CLIENT", "SETNAME", `sentinel-${s.myid.slice(0, 8)}-${suffix}`], ignore, channel);
}

function credentials(s: State, instance: Instance): [user: string, password: string] {
  if (instance instanceof Peer) {
    const { sentinelUser, sentinelPass } = s.options;
    return sentinelPass ? [sentinelUser, sentinelPass] : ["", s.requirePass];
  }
  const { authUser, authPass } = masterOf(instance);
  return [authUser ?? "", authPass ?? ""];
}

export function onDisconnected(s: State, link: Link, name: ChannelName, refused: boolean, reason: string): void {
  const channel = link.channel(name);
  if (channel === null || channel.state === "down") return;
  const wasGood = channel.state === "up" && s.now - channel.upAt >= pace.settledLinkMs;
  channel.state = "down";
  if (name === "command") forgetPending(s, link);
  // A port that is closed while the process still speaks to us is one that is shutting down: not gone yet.
  if (refused && link.command.state !== "up") link.refused = true;
  const instance = s.sharing(link)[0];
  if (!instance) return;
  channel.nextAttemptAt = wasGood ? s.now : s.now + retryMs(s, instance);
  const event = name === "command" ? "-cmd-link-reconnection" : "-pubsub-link-reconnection";
  if (!wasGood) logReconnection(s, event, instance, reason);
  // At once: whether the port still answers tells a lost connection from a lost process.
  connect(s, instance);
}

function logReconnection(s: State, name: string, instance: Instance, reason: string): void {
  event(s, "debug", name, instance, `#${reason}`);
}

function forgetPending(s: State, link: Link): void {
  link.pending = 0;
  for (const instance of s.sharing(link)) instance.infoPending = false;
}

/** Primaries, and those that were, are knocked at all the time; others eagerly only for as long as they may be restarting. */
function retryMs(s: State, instance: Instance): number {
  const eager =
    instance instanceof Master ||
    (instance instanceof Replica && instance.stale) ||
    s.now - instance.link.availableAt < 5000;
  return eager ? pace.eagerReconnectMs : Math.min(1000, s.timings.pingPeriodMs);
}

/**
 * Drops connections that look alive and are not: a PING that waits for half of the time after which the instance would be
 * down, or a channel on which not even our own hellos come back.
 */
export function dropDeadLinks(s: State, instance: Instance): void {
  const { link } = instance;
  const { minLinkReconnectPeriodMs, publishPeriodMs } = s.timings;
  const half = masterOf(instance).downAfterMs / 2;
  const isOld = (upAt: number) => s.now - upAt > minLinkReconnectPeriodMs;
  const { command, pubsub } = link;
  if (command.state === "up" && isOld(command.upAt) && link.pingPendingSince !== null) {
    if (s.now - link.pingPendingSince > half && s.now - link.pongAt > half) disconnect(s, link, "command");
  }
  if (pubsub?.state === "up" && isOld(pubsub.upAt) && s.now - pubsub.activeAt > publishPeriodMs * 3) {
    disconnect(s, link, "pubsub");
  }
}
