/**
 * Turns virtual time. Between two events all promises that the first one settled are followed to their end, as Node does
 * between two callbacks, so that `await` takes no virtual time.
 */
import type { VirtualClock } from "../src/io/virtual-clock.ts";

/** Now and then the real event loop gets a turn: for the output, and for Ctrl-C. */
const EVENTS_A_TURN = 20_000;

export class Loop {
  /** Events run so far. */
  events = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Runs everything due within `ms`. */
  async run(ms: number): Promise<void> {
    await this.runUntil(() => false, ms);
  }

  /**
   * Runs until `holds`, which is looked at every `everyMs`, at most for `limitMs`.
   * @returns  how long that took, or -1 if it never held
   */
  async runUntil(holds: () => boolean, limitMs: number, everyMs = limitMs): Promise<number> {
    const clock = this.#clock;
    const start = clock.monotonicMicros() / 1000;
    let at = 0;
    await settled();
    while (!holds()) {
      if (at >= limitMs) return -1;
      at = Math.min(limitMs, at + everyMs);
      // A timer of our own, so that the loop stops here even if nothing else is due.
      let reached = false;
      clock.after(start + at - clock.monotonicMicros() / 1000, () => {
        reached = true;
      });
      while (!reached && clock.runNext()) await this.#next();
    }
    return at;
  }

  async #next(): Promise<void> {
    await settled();
    if (++this.events % EVENTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Resolves when no promise has anything left to do: Node runs `nextTick` callbacks only when the queue of microtasks is empty,
 * those that microtasks added included. Many times cheaper than a turn of the event loop.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
