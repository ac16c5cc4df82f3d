/**
 * Where our history of writes and another server's part ways: everything behind that point is about to be overwritten by a
 * full synchronisation, and is ours alone.
 */
import { type History, NO_REPLID } from "./history.ts";

/** What INFO replication says of the other side's history. */
export interface PrimaryInfo {
  readonly role: string;
  readonly replid: string;
  readonly replid2: string;
  readonly offset: number;
  readonly secondOffset: number;
}

export function parsePrimaryInfo(text: string): PrimaryInfo {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return {
    role: fields.get("role") ?? "",
    replid: fields.get("master_replid") ?? "",
    replid2: fields.get("master_replid2") ?? NO_REPLID,
    offset: Number(fields.get("master_repl_offset") ?? -1),
    secondOffset: Number(fields.get("second_repl_offset") ?? -1),
  };
}

/**
 * The first byte of our stream that the other's data lack.
 * @param info  what it says of its past; null if it did not say
 * @param replid  the history of its full copy, which is at `offset`
 * @param safeOffset  what our replicas are known to have of the writes we took ourselves; null if we took none
 * @returns  null when nothing of ours gets lost, as far as can be known
 */
export function divergence(
  history: History,
  info: PrimaryInfo | null,
  replid: string,
  offset: number,
  safeOffset: number | null,
): number | null {
  if (history.backlog === null || !history.resumable) return null;
  const from = branch(history, info, replid, offset) ?? (safeOffset === null ? null : safeOffset + 1);
  return from === null || from > history.offset ? null : from;
}

/** Null if the histories have nothing in common that we know of. */
function branch(history: History, info: PrimaryInfo | null, replid: string, offset: number): number | null {
  // It is behind us on our own history.
  if (replid === history.replid) return offset + 1;
  const theirPast = info !== null && info.replid === replid && info.replid2 !== NO_REPLID ? info.replid2 : null;
  // It was promoted out of our history.
  if (theirPast === history.replid) return info!.secondOffset;
  if (history.replid2 === NO_REPLID) return null;
  // We were promoted out of its history, and now come back to it.
  if (history.replid2 === replid) return history.secondOffset;
  // Both of us were promoted out of the same one: what comes behind the first promotion is not shared.
  if (theirPast === history.replid2) return Math.min(history.secondOffset, info!.secondOffset);
  return null;
}
