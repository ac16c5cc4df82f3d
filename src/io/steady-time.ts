/** Time that only passes: for everything that is measured, waited for and compared within one process. */
import type { Clock } from "./io.ts";

/**
 * @returns  what tells the time in whole ms: the wall clock's as it was at first, and from then on by the monotonic clock, so that a
 *           wall clock that is set does not look like time that passed. Never 0, which may stand for "never"
 */
export function steadyTime(clock: Clock): () => number {
  const start = clock.now() - clock.monotonicMicros() / 1000;
  return () => Math.floor(start + clock.monotonicMicros() / 1000);
}
