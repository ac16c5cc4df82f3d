/** What a node says of itself beside its slots: settings that may change at any time, and that others are to hear of. */
import { NodeFlag } from "./messages.ts";
import type { ClusterState } from "./state.ts";

/** Takes the settings over; true if that changed anything. */
export function describeSelf({ myself, settings }: ClusterState): boolean {
  const { announceIp, port, busPort, plainPort, announceHostname, announceHumanName, replicaNoFailover } = settings;
  const before = JSON.stringify([myself.address, myself.hostname, myself.humanName, myself.flags]);
  myself.address = { ip: announceIp !== "" ? announceIp : myself.address.ip, port, busPort, plainPort };
  myself.hostname = announceHostname;
  myself.humanName = announceHumanName;
  if (replicaNoFailover) myself.flags |= NodeFlag.noFailover;
  else myself.flags &= ~NodeFlag.noFailover;
  return before !== JSON.stringify([myself.address, myself.hostname, myself.humanName, myself.flags]);
}
