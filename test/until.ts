/** Waiting for what others do: for the condition itself, not for a time in which it should come about. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 10;
/** Long, since a machine that does much else is no reason to fail, and who waits in vain has failed anyway. */
const PATIENCE_MS = 30_000;

/**
 * Asks again and again, until it holds. What is thrown meanwhile is told if it never does.
 * @returns  how long it took, in ms
 */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = PATIENCE_MS,
): Promise<number> {
  const start = performance.now();
  for (;;) {
    let cause: unknown;
    try {
      if (await holds()) return Math.round(performance.now() - start);
    } catch (error) {
      cause = error;
    }
    if (performance.now() - start > withinMs) throw new Error(`waited ${withinMs} ms in vain for: ${what}`, { cause });
    await sleep(POLL_MS);
  }
}
