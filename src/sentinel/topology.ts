/** Looks at a group and says what keeps it from surviving the loss of its master, before that is put to the test. */
import { votesNeeded } from "./election.ts";
import type { Master } from "./instances.ts";
import { whyUnfit } from "./selection.ts";
import type { State } from "./state.ts";

/** Groups come together one by one; only what has not by then is worth a warning. */
const GRACE_MS = 15_000;

/** One sentence for each flaw; none if a failover would find everything it needs. */
export function weaknesses(s: State, master: Master): string[] {
  return [...quorumFlaws(s, master), ...replicaFlaws(s, master)];
}

function quorumFlaws(s: State, master: Master): string[] {
  const peers = [...master.sentinels.values()];
  const voters = peers.length + 1;
  const needed = votesNeeded(master);
  const flaws: string[] = [];
  if (master.quorum > voters) {
    flaws.push(
      `its quorum is ${master.quorum} and only ${voters} of its Sentinels are known: it can never be agreed to be down`,
    );
    return flaws;
  }
  const reachable = 1 + peers.filter((peer) => !peer.sdown).length;
  if (reachable < needed)
    flaws.push(`only ${reachable} of ${voters} Sentinels are up and ${needed} have to vote for a leader`);
  else if (voters === 1)
    flaws.push("this is its only Sentinel: if it is lost together with the master nobody takes over");
  else if (needed === voters)
    flaws.push(`all ${voters} Sentinels have to vote for a leader: the loss of one ends all failovers`);
  const { ip } = master.address;
  const besideMaster = peers.filter((peer) => peer.address.ip === ip).length + (s.options.announceIp === ip ? 1 : 0);
  const isOneHost = peers.every((peer) => peer.address.ip === ip);
  if (!isOneHost && voters - besideMaster < needed) {
    flaws.push(
      `${besideMaster} of ${voters} Sentinels run on the master's own host: if it is lost, too few are left to vote`,
    );
  }
  return flaws;
}

function replicaFlaws(s: State, master: Master): string[] {
  if (master.replicas.size === 0) return ["it has no replica"];
  const reasons = [...master.replicas.values()].map((replica) => {
    const flaw = whyUnfit(s, master, replica);
    return flaw === null ? null : `${s.announcedWithPort(replica.address)}: ${flaw}`;
  });
  return reasons.includes(null) ? [] : [`none of its replicas can be promoted: ${reasons.join("; ")}`];
}

/** Logs them when they begin, and when they end. */
export function warnOfWeaknesses(s: State, master: Master): void {
  if (s.now - master.createdAt < GRACE_MS || master.sdown || master.inFailover || s.tilt) return;
  const flaws = weaknesses(s, master);
  // Figures change all the time; a flaw is the same with others.
  const kinds = flaws.map((flaw) => flaw.replace(/\d+ ms/g, "")).join("\n");
  if (kinds === master.weaknesses) return;
  master.weaknesses = kinds;
  for (const flaw of flaws) s.log("warning", `WARNING: ${master.name} cannot be relied on to fail over: ${flaw}`);
  if (flaws.length === 0) s.log("notice", `${master.name} can be failed over again`);
}
