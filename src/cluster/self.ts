/** What a node says of itself beside its slots: settings that may change at any time, and that others are to hear of. */
import { NodeFlag } from "./messages.ts";
import type { ClusterState } from "./state.ts";

/** Takes the settings over; true if that changed anything. */
export function describeSelf({ myself, settings }: ClusterState): boolean {
  const { announceIp, port, busPort, plainPort, announceHostname, announceHumanName, replicaNoFailover } = settings;
  const had = myself.address;
  const ip = announceIp !== "" ? announceIp : had.ip;
  const flags = replicaNoFailover ? myself.flags | NodeFlag.noFailover : myself.flags & ~NodeFlag.noFailover;
  const same =
    had.ip === ip &&
    had.port === port &&
    had.busPort === busPort &&
    had.plainPort === plainPort &&
    myself.hostname === announceHostname &&
    myself.humanName === announceHumanName &&
    myself.flags === flags;
  if (same) return false;
  myself.address = { ip, port, busPort, plainPort };
  myself.hostname = announceHostname;
  myself.humanName = announceHumanName;
  myself.flags = flags;
  return true;
}
