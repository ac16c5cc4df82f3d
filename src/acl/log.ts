/** ACL LOG: what was refused lately, newest first. What happens over and over is one entry with a count. */

export type DenialReason = "command" | "key" | "channel" | "auth";
export type DenialContext = "toplevel" | "multi";

export interface Denial {
  readonly reason: DenialReason;
  readonly context: DenialContext;
  /** The command, key or channel; for a failed login the command that tried it. One character a byte. */
  readonly object: string;
  readonly username: string;
}

export interface DenialEntry extends Denial {
  readonly id: number;
  readonly createdAt: number;
  count: number;
  updatedAt: number;
  /** Of the last client it happened to, as CLIENT INFO shows it. */
  clientInfo: string;
}

/** Entries further apart are not joined. */
const SAME_WITHIN_MS = 60_000;
/** How many of the newest entries are looked at for one like it. */
const SEARCHED = 10;

export class AclLog {
  readonly entries: DenialEntry[] = [];
  #nextId = 0;

  add(denial: Denial, now: number, clientInfo: string, maxLength: number): void {
    const at = this.entries.findIndex((entry, i) => i < SEARCHED && isSame(entry, denial, now));
    if (at >= 0) {
      const [entry] = this.entries.splice(at, 1) as [DenialEntry];
      entry.count++;
      entry.updatedAt = now;
      entry.clientInfo = clientInfo;
      this.entries.unshift(entry);
      return;
    }
    this.entries.unshift({ ...denial, id: this.#nextId++, createdAt: now, updatedAt: now, count: 1, clientInfo });
    if (this.entries.length > maxLength) this.entries.length = maxLength;
  }

  reset(): void {
    this.entries.length = 0;
  }
}

function isSame(entry: DenialEntry, denial: Denial, now: number): boolean {
  return (
    entry.reason === denial.reason &&
    entry.context === denial.context &&
    entry.object === denial.object &&
    entry.username === denial.username &&
    Math.abs(now - entry.updatedAt) <= SAME_WITHIN_MS
  );
}
