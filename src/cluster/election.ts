/** How a replica takes its failed primary's place: it asks the primaries for their votes in a new epoch, and they give one an epoch. */
import { updateState } from "./failure.ts";
import { forgetPromises, missingProof } from "./fencing.ts";
import { MessageFlag, NodeFlag, type Sender } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { stopManual } from "./ownership.ts";
import { announce, ask, broadcast, hasAnswered, send, senderOf } from "./sending.ts";
import type { CannotFailOver, ClusterState } from "./state.ts";

/** Before a candidate with siblings asks: until it knows their offsets, spread by chance, and later the fewer data it has. */
const DELAY_MS = 500;
const SPREAD_MS = 500;
const RANK_DELAY_MS = 1000;
/** Shards that lost their primaries together ask one after another: in one epoch a voter has one vote for all of them. */
const SHARD_DELAY_MS = 300;
/** In node timeouts, and at least: how long votes count. A new try follows after twice that, or half of it if nobody voted. */
const VOTES_LIFE = 2;
const MIN_VOTES_LIFE_MS = 2000;
/** The same reason is not repeated in the log for so long. */
const SAY_AGAIN_MS = 10_000;

/** At every tick of a replica. */
export function considerElection(s: ClusterState): void {
  const { myself, election, manual } = s;
  const primary = myself.primary;
  // What its primary held for it, it holds no longer behind the end.
  const byHand = manual.endsAt !== 0 && s.now <= manual.endsAt && manual.canStart;
  const wanted = primary !== null && primary.slots.size > 0 && (primary.is(NodeFlag.fail) || byHand);
  if (!myself.isReplica || !wanted || (s.settings.replicaNoFailover && !byHand)) {
    election.reason = "";
    forgetPromises(s);
    return;
  }
  if (!byHand && isTooOld(s)) {
    cannot(s, "data too old");
    return;
  }
  const life = Math.max(VOTES_LIFE * s.settings.nodeTimeoutMs, MIN_VOTES_LIFE_MS);
  const age = s.now - election.at;
  // Without any vote nothing was spent: those who refused may be asked again soon.
  const isRefused = election.asked && election.votes === 0 && age > life / 2;
  if (age > life * 2 || isRefused) schedule(s, byHand);
  else if (!election.asked && !byHand) {
    yieldToBetter(s);
    if (!election.isInformed) considerRivals(s);
  }
  if (s.now < election.at) cannot(s, "waiting for its turn");
  else if (age <= life * 2 && age > life) cannot(s, "election expired");
  else if (!election.asked) stand(s);
  else if (election.votes >= s.quorum) win(s);
  else cannot(s, "waiting for votes");
}

/** Its data may lack more than whoever configured this group wants to lose. */
function isTooOld(s: ClusterState): boolean {
  const { nodeTimeoutMs, replicaValidityFactor, replPingMs } = s.settings;
  if (replicaValidityFactor === 0) return false;
  // The time that it took to notice is nobody's fault.
  const age = s.facts.dataAgeMs() - nodeTimeoutMs;
  return age > replPingMs + nodeTimeoutMs * replicaValidityFactor;
}

function schedule(s: ClusterState, byHand: boolean): void {
  const { election } = s;
  election.votes = 0;
  election.asked = false;
  election.rank = byHand ? 0 : rankOf(s);
  election.isInformed = byHand || rivals(s).length === 0;
  election.at = byHand ? s.now : s.now + delayOf(s);
  const what = `rank #${election.rank}, offset ${s.facts.replicationOffset()}`;
  s.log("notice", `Start of election delayed for ${election.at - s.now} milliseconds (${what}).`);
  // So that our siblings know our offset, and rank themselves; and that we know theirs.
  for (const node of rivals(s)) ask(s, node);
}

function delayOf(s: ClusterState): number {
  const delay = failedBefore(s) * SHARD_DELAY_MS;
  // Nobody could be better. That the others know of the failure need not be waited for: they hear of it before they are asked.
  if (s.election.isInformed) return delay;
  return delay + DELAY_MS + (s.random.uint32() % SPREAD_MS) + s.election.rank * RANK_DELAY_MS;
}

/** Siblings that may want its place as well. */
function rivals({ myself }: ClusterState): ClusterNode[] {
  const siblings = myself.primary?.replicas ?? [];
  return siblings.filter((node) => node !== myself && !node.is(NodeFlag.noFailover | NodeFlag.fail));
}

/** When all of them have told how much they have, our rank is right: there is nothing more to wait for. */
function considerRivals(s: ClusterState): void {
  const { election } = s;
  if (!rivals(s).every(hasAnswered)) return;
  election.isInformed = true;
  election.at -= DELAY_MS;
}

/** How many other shards are without their primary, of those that everybody takes to come before ours. */
function failedBefore(s: ClusterState): number {
  const ours = s.myself.primary!.id;
  let count = 0;
  for (const node of s.nodes.values()) if (node.votes && node.is(NodeFlag.fail) && node.id < ours) count++;
  return count;
}

/** Siblings turned out to have more data. */
function yieldToBetter(s: ClusterState): void {
  const { election } = s;
  const rank = rankOf(s);
  if (rank <= election.rank) return;
  const delay = (rank - election.rank) * RANK_DELAY_MS;
  election.at += delay;
  election.rank = rank;
  s.log("notice", `Replica rank updated to #${rank}, added ${delay} milliseconds of delay.`);
}

/** How many siblings have more of the primary's data. */
function rankOf(s: ClusterState): number {
  const offset = s.facts.replicationOffset();
  const siblings = s.myself.primary?.replicas ?? [];
  const better = (node: ClusterNode) =>
    node !== s.myself && !node.is(NodeFlag.noFailover) && node.replicationOffset > offset;
  return siblings.filter(better).length;
}

function stand(s: ClusterState): void {
  // A manual failover that waited for its primary's last offset has all that there is.
  const hasAll = s.manual.endsAt !== 0 && s.manual.primaryOffset !== -1;
  const missing = hasAll ? "" : missingProof(s);
  if (missing === "") askForVotes(s);
  else cannot(s, missing);
}

function askForVotes(s: ClusterState): void {
  const { election } = s;
  s.currentEpoch++;
  election.epoch = s.currentEpoch;
  election.asked = true;
  s.log("notice", `Starting a failover election for epoch ${election.epoch}.`);
  s.promise();
  const { primary } = s.myself;
  // Whoever has not heard it yet would refuse, and not be asked again for long.
  if (primary?.is(NodeFlag.fail)) broadcast(s, { kind: "fail", sender: senderOf(s), id: primary.id });
  const flags = s.manual.endsAt !== 0 ? MessageFlag.forceAck : 0;
  broadcast(s, { kind: "auth-req", sender: senderOf(s, flags) });
}

export function onVote(s: ClusterState, voter: ClusterNode, sender: Sender): void {
  if (!voter.votes || !s.election.asked || sender.currentEpoch < s.election.epoch) return;
  s.election.votes++;
  considerElection(s);
}

function win(s: ClusterState): void {
  const { myself, election } = s;
  s.log("notice", "Failover election won: I'm the new master.");
  if (myself.configEpoch < election.epoch) {
    myself.configEpoch = election.epoch;
    s.log("notice", `configEpoch set to ${myself.configEpoch} after successful failover`);
  }
  takeOver(s);
}

/** In the place of our primary, with all of its slots, under an epoch that is ours already. */
export function takeOver(s: ClusterState): void {
  const { myself } = s;
  const before = myself.primary;
  if (before === null) return;
  s.makePrimary(myself);
  for (const slot of [...before.slots]) s.assign(slot, myself);
  stopManual(s);
  s.election.asked = false;
  s.election.at = 0;
  s.do({ kind: "promote" });
  s.do({ kind: "slotsChanged" });
  updateState(s);
  s.promise();
  announce(s);
}

/** A candidate asks for our vote. */
export function onVoteRequest(s: ClusterState, candidate: ClusterNode, sender: Sender): void {
  if (!s.myself.votes) return;
  const refusal = refusalOf(s, candidate, sender);
  if (refusal !== null) {
    s.log("warning", `Failover auth denied to ${candidate.id}: ${refusal}`);
    return;
  }
  s.lastVoteEpoch = s.currentEpoch;
  candidate.primary!.votedAt = s.now;
  candidate.primary!.votedEpoch = s.currentEpoch;
  // A vote that a crash could make us forget would be a second vote in the same epoch: it is on disk before it is sent.
  s.promise();
  s.log("notice", `Failover auth granted to ${candidate.id} for epoch ${s.currentEpoch}`);
  send(s, candidate, { kind: "auth-ack", sender: senderOf(s) });
}

function refusalOf(s: ClusterState, candidate: ClusterNode, sender: Sender): string | null {
  const { primary } = candidate;
  if (sender.currentEpoch < s.currentEpoch) return `reqEpoch (${sender.currentEpoch}) < curEpoch(${s.currentEpoch})`;
  if (s.lastVoteEpoch === s.currentEpoch) return `already voted for epoch ${s.currentEpoch}`;
  if (candidate.isPrimary) return "it is a master node";
  if (primary === null) return "I don't know its master";
  const byHand = (sender.messageFlags & MessageFlag.forceAck) !== 0;
  if (!primary.is(NodeFlag.fail) && !byHand) return "its master is up";
  // Who won is to have time to tell the other candidates. If it has lost the slots to this primary since, that is over.
  const since = primary.configEpoch > primary.votedEpoch ? Number.POSITIVE_INFINITY : s.now - primary.votedAt;
  const wait = s.settings.nodeTimeoutMs * 2;
  if (since < wait) return `can't vote about this master before ${wait - since} milliseconds`;
  for (const slot of sender.slots) {
    const owner = s.owners[slot]!;
    if (owner !== null && owner.configEpoch > sender.configEpoch) {
      return `slot ${slot} epoch (${owner.configEpoch}) > reqEpoch (${sender.configEpoch})`;
    }
  }
  return null;
}

function cannot(s: ClusterState, reason: CannotFailOver): void {
  const { election } = s;
  if (election.reason === reason && s.now - election.saidAt < SAY_AGAIN_MS) return;
  election.reason = reason;
  election.saidAt = s.now;
  s.log("notice", `Currently unable to failover: ${reason}. (${election.votes} of ${s.quorum} votes)`);
}
