import type { Clock } from "../io/io.ts";

export function sleepOn(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** Asks every 100 ms until it is so; false when the time is over. */
export async function waitUntil(clock: Clock, withinMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = clock.monotonicMicros() / 1000 + withinMs;
  for (;;) {
    if (await holds()) return true;
    if (clock.monotonicMicros() / 1000 >= end) return false;
    await sleepOn(clock, 100);
  }
}
