/**
 * Commands that are to wait: CLIENT PAUSE, a FAILOVER under way, a shutdown, a returning primary. Several reasons may hold
 * at once; commands go on when none is left.
 */
import { type CommandRow, FlagBit } from "../commands/call.ts";

export type PauseMode = "all" | "write";

interface Reason {
  mode: PauseMode;
  /** Unix ms; Infinity until it is taken back. */
  until: number;
}

/** The reason of CLIENT PAUSE, which holds what goes to the replicas without being a write as well, as in Redis. */
export const BY_CLIENT = "client_pause";

export class Pause {
  readonly #reasons = new Map<string, Reason>();
  #mode: PauseMode | null = null;
  /** Called when commands that waited are to be looked at again, and when waiting begins. */
  onChange: () => void = () => {};

  /** The strictest of the modes in force; null for none. */
  get mode(): PauseMode | null {
    return this.#mode;
  }

  /** A longer or stricter pause of the same reason prevails, as in Redis. */
  begin(reason: string, mode: PauseMode, until: number): void {
    const old = this.#reasons.get(reason);
    if (old) {
      old.until = Math.max(old.until, until);
      if (mode === "all") old.mode = "all";
    } else this.#reasons.set(reason, { mode, until });
    this.#settle();
  }

  end(reason: string): void {
    if (this.#reasons.delete(reason)) this.#settle();
  }

  /** Ends what has run its time. */
  check(now: number): void {
    let ended = false;
    for (const [reason, { until }] of this.#reasons)
      if (until <= now) {
        this.#reasons.delete(reason);
        ended = true;
      }
    if (ended) this.#settle();
  }

  until(reason: string): number | undefined {
    return this.#reasons.get(reason)?.until;
  }

  /** The reason to show, and how long it lasts, for INFO clients. */
  describe(now: number): { reason: string; actions: string; timeoutMs: number } {
    let longest: [string, Reason] | undefined;
    for (const entry of this.#reasons) if (!longest || entry[1].until > longest[1].until) longest = entry;
    if (!longest) return { reason: "none", actions: "none", timeoutMs: 0 };
    const left = longest[1].until - now;
    return {
      reason: longest[0],
      actions: longest[1].mode,
      timeoutMs: Number.isFinite(left) ? Math.max(0, left) : -1,
    };
  }

  holds(row: CommandRow, bits: number): boolean {
    if (this.#mode === null) return false;
    if (
      NEVER.has(row.name) ||
      row.name.startsWith("cluster|") ||
      row.name.startsWith("client|") ||
      row.name.startsWith("sentinel|")
    )
      return false;
    if (this.#mode === "all" || (bits & FlagBit.write) !== 0) return true;
    return (bits & FlagBit.may_replicate) !== 0 && (this.#reasons.has(BY_CLIENT) || !MESSAGES.has(row.name));
  }

  #settle(): void {
    let mode: PauseMode | null = null;
    for (const reason of this.#reasons.values()) mode = mode === "all" ? "all" : reason.mode;
    this.#mode = mode;
    this.onChange();
  }
}

/**
 * Messages go on while we wait of our own accord: Sentinels publish through the connections on which they ask whether we live,
 * and would take a primary for down that hands over. They stay here meanwhile, so that the stream stands still.
 */
const MESSAGES = new Set(["publish", "spublish"]);

/** What must answer while all else waits, or nobody could end the waiting. */
const NEVER = new Set(["replicaof", "slaveof", "failover", "replconf", "psync", "sync", "shutdown", "role", "info"]);
