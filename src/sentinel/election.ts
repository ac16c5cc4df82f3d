/**
 * Elections: in each epoch a Sentinel has one vote a master, and who gets the votes of the majority of all known Sentinels, and
 * of at least the quorum, leads the failover of that epoch. Two leaders in one epoch cannot be, as long as no vote is forgotten:
 * it is on disk before it is told.
 */
import { event, eventText } from "./events.ts";
import { abortFailover } from "./failover.ts";
import { adoptEpoch } from "./hello.ts";
import type { Master, Peer } from "./instances.ts";
import type { State } from "./state.ts";

/** Redis' spread of the moments at which Sentinels try again. */
const MAX_DESYNC_MS = 1000;

/**
 * Votes for `runid` unless this epoch's vote, or a later one's, was given.
 * @returns  the vote that stands, and its epoch; `leader` is null if there is none to tell
 */
export function vote(s: State, master: Master, epoch: number, runid: string): { leader: string | null; epoch: number } {
  adoptEpoch(s, master, epoch);
  if (master.leaderEpoch < epoch && s.currentEpoch <= epoch && !isLeading(master)) {
    if (runid !== s.myid) standDown(s, master);
    master.leader = runid;
    master.leaderEpoch = epoch;
    s.save();
    eventText(s, "warning", "+vote-for-leader", master, `${runid} ${epoch}`);
    // It is somebody else's turn now.
    if (runid !== s.myid) {
      master.failoverStartAt = s.now + s.chance.float() * MAX_DESYNC_MS;
      master.retryAt = null;
      master.candidacyAt = null;
      master.awaited = runid;
    }
  }
  return { leader: master.leader, epoch: master.leaderEpoch };
}

/** An elected leader at work is not undermined by our own vote for another; not voting is always safe. */
function isLeading(master: Master): boolean {
  return (
    master.failoverState !== "none" && master.failoverState !== "wait_start" && master.failoverState !== "reconf_slaves"
  );
}

/** Our own candidacy, in an older epoch, is pointless once we voted for another's in a newer one. */
function standDown(s: State, master: Master): void {
  if (master.failoverState !== "wait_start" || master.forced) return;
  event(s, "warning", "-failover-abort-not-elected", master);
  abortFailover(s, master);
}

/** Another Sentinel told its vote. */
export function noteVote(s: State, peer: Peer, leader: string, epoch: number): void {
  if (peer.leader !== leader || peer.leaderEpoch !== epoch) {
    s.log("notice", `${peer.name} voted for ${leader} ${epoch}`);
    peer.master.record?.votes.push(`${peer.name} ${leader} ${epoch}`);
  }
  peer.leader = leader;
  peer.leaderEpoch = epoch;
}

export interface Count {
  /** Who has won, if anybody. */
  winner: string | null;
  /** Nobody can win this epoch any more, however those vote that have not. */
  isSplit: boolean;
}

/** Counts the votes of the epoch of our candidacy. */
export function countVotes(s: State, master: Master): Count {
  const epoch = master.failoverEpoch;
  const votes = new Map<string, number>();
  const add = (leader: string) => votes.set(leader, (votes.get(leader) ?? 0) + 1);
  // A vote of ours that is not on disk could be given again after a crash: it does not count.
  if (master.leader !== null && master.leaderEpoch === epoch && !s.unsaved) add(master.leader);
  let open = 0;
  for (const peer of master.sentinels.values()) {
    if (peer.leader !== null && peer.leaderEpoch === epoch) add(peer.leader);
    else if (!couldNotVote(master, peer)) open++;
  }
  const needed = votesNeeded(master);
  let best = 0;
  let winner: string | null = null;
  for (const [leader, count] of votes) {
    if (count <= best) continue;
    best = count;
    winner = leader;
  }
  return { winner: best >= needed ? winner : null, isSplit: best + open < needed };
}

export function votesNeeded(master: Master): number {
  const voters = master.sentinels.size + 1;
  return Math.max(Math.floor(voters / 2) + 1, master.quorum);
}

/** It was down before the epoch began, and is. */
function couldNotVote(master: Master, peer: Peer): boolean {
  return peer.sdown && peer.sdownAt <= master.failoverStartAt;
}
