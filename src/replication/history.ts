/**
 * Which history of writes our data belong to, and how far along it they are. Two servers whose `replid` is the same and
 * whose offset is the same hold the same data; `replid2` names the history we were part of before a promotion, valid up to
 * (not including) `secondOffset`.
 */
import { Backlog } from "./backlog.ts";

export const NO_REPLID = "0".repeat(40);

/** How a replica that asked for a partial resynchronisation is answered; `why` is Redis' log line. */
export type Verdict = { readonly kind: "continue" } | { readonly kind: "full"; readonly why: string };

export class History {
  replid: string;
  replid2 = NO_REPLID;
  secondOffset = -1;
  /** The number of the last byte of the stream: `master_repl_offset`. */
  offset = 0;
  backlog: Backlog | null = null;
  /**
   * Whether our data are what this history says at `offset`, so that a partial resynchronisation may start there. False for
   * a server that has just started as a replica and knows nothing.
   */
  resumable = true;

  constructor(replid: string) {
    this.replid = replid;
  }

  /** `db`: the database selected before the first of these whole commands; undefined if that is not known. */
  append(bytes: Uint8Array, start: number, end: number, db?: number): void {
    if (db !== undefined) this.backlog?.mark(db);
    this.offset += end - start;
    this.backlog?.append(bytes, start, end);
  }

  /**
   * Without a backlog the offset did not count what happened, so the one that is begun belongs to a new history: no replica
   * of an earlier time can take ours for its own.
   */
  beginBacklog(size: number, newReplid: string): void {
    this.forget(newReplid);
    this.backlog = new Backlog(size, this.offset);
  }

  /** Nobody came for long: the offset stops counting, which ends this history. */
  freeBacklog(newReplid: string): void {
    this.backlog = null;
    this.forget(newReplid);
  }

  /** A new history without a past. */
  forget(newReplid: string): void {
    this.replid = newReplid;
    this.replid2 = NO_REPLID;
    this.secondOffset = -1;
  }

  /** We become primary: what was before stays valid for our fellow replicas, up to here. */
  promote(newReplid: string): void {
    this.replid2 = this.replid;
    this.secondOffset = this.offset + 1;
    this.replid = newReplid;
  }

  /** Our primary goes on with our stream under another name: it was promoted meanwhile. True if the name is new. */
  continueAs(replid: string): boolean {
    this.resumable = true;
    if (replid === this.replid) return false;
    this.promote(replid);
    return true;
  }

  /** Our data were replaced by a copy of this history at this offset. */
  adopt(replid: string, offset: number, backlogBytes: number): void {
    this.forget(replid);
    this.offset = offset;
    this.backlog = new Backlog(backlogBytes, offset);
    this.resumable = true;
  }

  /**
   * Decides how a replica that sent `PSYNC replid offset` catches up.
   * @param replid  40 hex digits naming the history it last followed, or "?" for none
   * @param offset  the first byte it lacks
   * @param who  its name for the log
   */
  judge(replid: string, offset: number, who: string): Verdict {
    if (replid === "?") return { kind: "full", why: `Full resync requested by replica ${who}` };
    const asked = replid.toLowerCase();
    if (asked !== this.replid && asked !== this.replid2) {
      return {
        kind: "full",
        why:
          "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for " +
          `'${replid}', my replication IDs are '${this.replid}' and '${this.replid2}')`,
      };
    }
    if (asked !== this.replid && offset > this.secondOffset) {
      return {
        kind: "full",
        why:
          `Partial resynchronization not accepted: Requested offset for second ID was ${offset}, ` +
          `but I can reply up to ${this.secondOffset}`,
      };
    }
    if (this.backlog?.reachesBackTo(offset)) return { kind: "continue" };
    return {
      kind: "full",
      why: `Unable to partial resync with replica ${who} for lack of backlog (Replica request was: ${offset}).`,
    };
  }
}
