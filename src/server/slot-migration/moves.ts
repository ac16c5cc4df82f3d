/** Which slots move key by key (CLUSTER SETSLOT), as text: "m5=<id> i7=<id>". A replica takes it up when it is promoted. */
import type { ClusterState } from "../../cluster/state.ts";

export function describeMoves(s: ClusterState): string {
  const words: string[] = [];
  for (const [slot, { id }] of s.migrating) words.push(`m${slot}=${id}`);
  for (const [slot, { id }] of s.importing) words.push(`i${slot}=${id}`);
  return words.sort().join(" ");
}

/** What our primary was about is ours to go on with, as far as the slots are whose they were. */
export function takeUpMoves(s: ClusterState, text: string): void {
  for (const word of text.split(" ")) {
    const match = /^([mi])(\d+)=([0-9a-f]{40})$/.exec(word);
    const node = match === null ? null : s.known(match[3]!);
    if (node === null || node.isMyself) continue;
    const slot = Number(match![2]);
    const isMine = s.owners[slot] === s.myself;
    if (match![1] === "m" && isMine) s.migrating.set(slot, node);
    if (match![1] === "i" && !isMine) s.importing.set(slot, node);
  }
  s.save();
}
