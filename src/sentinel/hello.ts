/** Hellos: how Sentinels meet, and how the configuration of the newest epoch wins everywhere. */
import { hostAndPort, sameAddress } from "./address.ts";
import { encodeHello, HELLO_CHANNEL, type Hello, parseHello } from "./codec.ts";
import { event, eventText } from "./events.ts";
import { type Instance, type Master, masterOf, type Peer } from "./instances.ts";
import { disconnectAll, release } from "./links.ts";
import { send } from "./sending.ts";
import type { State } from "./state.ts";
import { switchMaster } from "./switch.ts";
import { closeRecord, openRecord } from "./timeline.ts";

/** Publishes our view of the instance's master there. */
export function sendHello(s: State, instance: Instance): boolean {
  const master = masterOf(instance);
  // A primary that hands over holds PUBLISH back as it holds writes, and with it all that we send after.
  const handingOver = instance === master && master.handoverState === "sent";
  if (handingOver || instance.handover === "running") return false;
  const host = s.options.announceIp || instance.link.localHost;
  if (host === "") return false;
  const text = encodeHello({
    host,
    port: s.options.announcePort || s.port,
    runid: s.myid,
    currentEpoch: s.currentEpoch,
    masterName: master.name,
    masterHost: s.announced(master.address),
    masterPort: master.address.port,
    configEpoch: master.configEpoch,
  });
  if (!send(s, instance, ["PUBLISH", HELLO_CHANNEL, text], { kind: "hello", instance })) return false;
  instance.helloSentAt = s.now;
  return true;
}

/** To everybody now: a new configuration is not kept waiting for the next turn. */
export function sendHellos(s: State, master: Master): void {
  for (const peer of master.sentinels.values()) sendHello(s, peer);
  sendHello(s, master);
  for (const replica of master.replicas.values()) sendHello(s, replica);
}

export function onHello(s: State, text: string): void {
  const hello = parseHello(text);
  if (hello === null || hello.runid === s.myid) return;
  const master = s.masters.get(hello.masterName);
  if (!master) return;
  const peer = findPeer(master, hello) ?? addPeer(s, master, hello);
  adoptEpoch(s, master, hello.currentEpoch);
  if (peer === null) return;
  peer.helloAt = s.now;
  if (hello.configEpoch > master.configEpoch || winsTie(s, master, hello)) adoptConfig(s, master, peer, hello);
}

/**
 * A failover that was asked for may go on without votes, and so take the epoch of one that was voted for elsewhere: two masters
 * of one epoch, which nobody would ever give up. The greater address has it then; any rule does that is the same everywhere.
 */
function winsTie(s: State, master: Master, hello: Hello): boolean {
  if (hello.configEpoch !== master.configEpoch || hello.configEpoch === 0) return false;
  const theirs = s.address(hello.masterHost, hello.masterPort);
  const ours = master.address;
  if (theirs === null || theirs.ip === "" || ours.ip === "" || sameAddress(theirs, ours)) return false;
  return hostAndPort(theirs.ip, theirs.port) > hostAndPort(ours.ip, ours.port);
}

function findPeer(master: Master, { host, port, runid }: Hello): Peer | null {
  const peer = master.sentinels.get(runid);
  if (!peer || peer.address.port !== port) return null;
  const { address } = peer;
  return address.ip === host || address.host.toLowerCase() === host.toLowerCase() ? peer : null;
}

function addPeer(s: State, master: Master, { host, port, runid }: Hello): Peer | null {
  const address = s.address(host, port);
  if (address === null) return null;
  const moved = removePeer(s, master, runid);
  if (moved) {
    event(s, "notice", "+sentinel-address-switch", master, `ip ${host} port ${port} for ${runid}`);
  } else {
    // Another Sentinel at this address is one that lost its identity: it cannot be there any more.
    const other = [...master.sentinels.values()].find((peer) => sameAddress(peer.address, address));
    if (other) {
      event(s, "notice", "+sentinel-invalid-addr", other);
      for (const any of s.masters.values()) removePeer(s, any, other.name);
    }
  }
  const peer = s.newPeer(master, runid, address);
  if (moved) moveElsewhere(s, peer);
  else event(s, "notice", "+sentinel", peer);
  s.dirty = true;
  return peer;
}

function removePeer(s: State, master: Master, runid: string): boolean {
  const peer = master.sentinels.get(runid);
  if (!peer) return false;
  master.sentinels.delete(runid);
  release(s, peer);
  return true;
}

/** A Sentinel that moved has moved for all masters. */
function moveElsewhere(s: State, peer: Peer): void {
  let moved = 0;
  for (const master of s.masters.values()) {
    const same = master.sentinels.get(peer.name);
    if (!same) continue;
    disconnectAll(s, same.link);
    if (same === peer) continue;
    same.address = peer.address;
    moved++;
  }
  if (moved > 0) event(s, "notice", "+sentinel-address-update", peer, `${moved} additional matching instances`);
}

/** Epochs only grow, and everybody lives in the newest. */
export function adoptEpoch(s: State, master: Master, epoch: number): void {
  if (epoch <= s.currentEpoch) return;
  s.currentEpoch = epoch;
  s.save();
  eventText(s, "warning", "+new-epoch", master, String(epoch));
}

/** The newer configuration of a master, which may live elsewhere now. */
function adoptConfig(s: State, master: Master, peer: Peer, hello: Hello): void {
  const address = s.address(hello.masterHost, hello.masterPort);
  if (address === null) return;
  master.configEpoch = hello.configEpoch;
  s.save();
  if (sameAddress(address, master.address)) return;
  closeRecord(s, master, "aborted");
  openRecord(s, master, "observer", hello.configEpoch, `told by ${peer.name}`);
  event(s, "warning", "+config-update-from", peer);
  switchMaster(s, master, address, "observer");
  closeRecord(s, master, "done");
}
