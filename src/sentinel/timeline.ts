/**
 * What happened in each failover, for the people who come afterwards: who voted, why this replica, how long each step took.
 * Kept in memory, the latest few a master, and shown by SENTINEL FAILOVERS.
 */
import type { Master } from "./instances.ts";
import type { State } from "./state.ts";

export interface FailoverRecord {
  epoch: number;
  /** What we did in it; a candidate that lost stays one. */
  part: "candidate" | "leader" | "observer";
  reason: string;
  from: string;
  to: string;
  outcome: "running" | "promoted" | "done" | "aborted";
  startedAt: number;
  endedAt: number;
  /** Since when the master was down for us, if it was. */
  downAt: number | null;
  /** `<who> <whom> <epoch>`. */
  readonly votes: string[];
  /** One line for each replica: why it was chosen, or why not. */
  readonly candidates: string[];
  readonly steps: { readonly at: number; readonly text: string }[];
}

const KEPT_RECORDS = 32;
/** A master that flaps while a failover runs must not fill the memory. */
const KEPT_STEPS = 200;

export function openRecord(
  s: State,
  master: Master,
  part: FailoverRecord["part"],
  epoch: number,
  reason: string,
): FailoverRecord {
  const record: FailoverRecord = {
    epoch,
    part,
    reason,
    from: s.announcedWithPort(master.address),
    to: "",
    outcome: "running",
    startedAt: s.now,
    endedAt: s.now,
    downAt: master.sdown ? master.sdownAt : null,
    votes: [],
    candidates: [],
    steps: [],
  };
  master.record = record;
  master.history.push(record);
  if (master.history.length > KEPT_RECORDS) master.history.shift();
  return record;
}

export function closeRecord(s: State, master: Master, outcome: FailoverRecord["outcome"]): void {
  if (master.record === null) return;
  master.record.outcome = outcome;
  master.record.endedAt = s.now;
  master.record = null;
}

export function mark(s: State, master: Master, text: string): void {
  const record = master.record;
  if (record && record.steps.length < KEPT_STEPS) record.steps.push({ at: s.now, text });
}
