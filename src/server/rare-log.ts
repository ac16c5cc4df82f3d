/** Warnings that strangers can cause at will: so many of a kind a minute are logged, the others are counted and told of together. */
import type { Log } from "../base/log.ts";

const MINUTE_MS = 60_000;

export class RareLog {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { since: number; logged: number; kept: number }>();

  /** @param now  Unix ms */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** @param most  how many of this kind are logged a minute */
  warning(kind: string, most: number, text: string): void {
    const now = this.#now();
    let state = this.#kinds.get(kind);
    // Also when the clock was turned back.
    if (state === undefined || now - state.since >= MINUTE_MS || now < state.since) {
      const kept = state?.kept ?? 0;
      if (kept > 0) this.#log.warning(`(${kept} more warnings about ${kind} in the minutes before were not logged)`);
      this.#kinds.set(kind, (state = { since: now, logged: 0, kept: 0 }));
    }
    if (state.logged < most) {
      state.logged++;
      this.#log.warning(text);
    } else state.kept++;
  }
}
