import type { Clock, Io } from "../io/io.ts";
import type { Processes, ProcessId } from "../io/processes.ts";

/** What a lab needs of the world: `Io`, processes, and who we are among them. */
export interface World {
  readonly io: Io;
  readonly processes: Processes;
  readonly self: ProcessId;
}

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** Milliseconds on the clock that never jumps. */
export function monotonicMs(clock: Clock): number {
  return clock.monotonicMicros() / 1000;
}

/** Asks `probe` every `everyMs` until it gives something; undefined when `withinMs` have passed without. */
export async function eventually<T>(
  clock: Clock,
  withinMs: number,
  everyMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const end = monotonicMs(clock) + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (monotonicMs(clock) >= end) return undefined;
    await sleep(clock, everyMs);
  }
}
