/** Which replica becomes the master, and why not the others. */
import { hostAndPort } from "./address.ts";
import type { Master, Replica } from "./instances.ts";
import type { State } from "./state.ts";

export interface Selection {
  readonly chosen: Replica | null;
  /** For each replica one line, the chosen first. */
  readonly reasons: readonly string[];
}

/** The lowest priority number, then the most data, then the smallest run id, among those that qualify. */
export function selectReplica(s: State, master: Master): Selection {
  const fit: Replica[] = [];
  const unfit: string[] = [];
  for (const replica of master.replicas.values()) {
    const flaw = whyUnfit(s, master, replica);
    if (flaw === null) fit.push(replica);
    else unfit.push(`${label(s, replica)}: ${flaw}`);
  }
  fit.sort(byMerit);
  const describe = (replica: Replica, at: number) =>
    `${label(s, replica)}: ${at === 0 ? "chosen" : "fit"} (priority ${replica.priority}, offset ${replica.offset})`;
  return { chosen: fit[0] ?? null, reasons: [...fit.map(describe), ...unfit] };
}

function byMerit(a: Replica, b: Replica): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.offset !== b.offset) return a.offset > b.offset ? -1 : 1;
  if (a.runid === b.runid) return 0;
  if (a.runid === null) return 1;
  if (b.runid === null) return -1;
  return a.runid.toLowerCase() < b.runid.toLowerCase() ? -1 : 1;
}

/** In the order in which Redis looks; null if it may be promoted. */
export function whyUnfit(s: State, master: Master, replica: Replica): string | null {
  const { pingPeriodMs, infoPeriodMs } = s.timings;
  const ago = (at: number) => Math.round(s.now - at);
  if (replica.sdown) return `it is down, since ${ago(replica.sdownAt)} ms`;
  if (replica.link.command.state !== "up") return "there is no connection to it";
  if (replica.stale) return "it was the master before and has not become a replica yet";
  if (s.now - replica.link.availableAt > pingPeriodMs * 5) {
    return `it answered PING ${ago(replica.link.availableAt)} ms ago (at most ${pingPeriodMs * 5})`;
  }
  if (replica.priority === 0) return "its replica-priority is 0: it must not become a master";
  const infoLimit = master.sdown ? pingPeriodMs * 5 : infoPeriodMs * 3;
  if (!(s.now - replica.infoAt <= infoLimit)) {
    return Number.isFinite(replica.infoAt)
      ? `its last INFO is ${ago(replica.infoAt)} ms old (at most ${infoLimit})`
      : "it has not answered INFO yet";
  }
  if (!master.sdown && !replica.masterLinkUp) return "it is not in sync with its master, which is up";
  if (isBlank(replica) && master.hasKeys !== false)
    return "it has never been in sync with its master: it holds no data";
  const downFor = s.now - lostAt(s, master);
  const linkLimit = Math.round(downFor + master.downAfterMs * 10);
  if (replica.masterLinkDownMs > linkLimit) {
    return `it lost its master ${replica.masterLinkDownMs} ms ago (at most ${linkLimit}): its data is too old`;
  }
  return null;
}

/**
 * Since when there was nothing to replicate from: a master that says it is a replica is given time before it counts as down,
 * and its replicas are not to blame for that time.
 */
function lostAt(s: State, master: Master): number {
  if (!master.sdown) return s.now;
  return master.roleReported === "slave" ? Math.min(master.sdownAt, master.roleReportedAt) : master.sdownAt;
}

/** Its link has not been up since it started, and it has neither keys nor a place in any history. */
function isBlank({ masterLinkDownMs, offset, hasKeys }: Replica): boolean {
  return masterLinkDownMs < 0 && offset <= 1 && hasKeys === false;
}

function label(s: State, replica: Replica): string {
  return hostAndPort(s.announced(replica.address), replica.address.port);
}
