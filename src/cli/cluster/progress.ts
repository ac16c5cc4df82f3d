/** How far a longer work is: a bar that is drawn over on a screen, now and then a line elsewhere. */
import type { Clock } from "../../io/io.ts";
import { duration, grouped } from "../status-text.ts";
import { LiveBlock } from "../terminal.ts";

const SCREEN_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;
const BAR_WIDTH = 30;

export class ProgressLine {
  readonly #clock: Clock;
  readonly #block: LiveBlock | undefined;
  readonly #print: (line: string) => void;
  #startedAt: number | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #last = "";

  constructor(clock: Clock, onScreen: boolean, print: (line: string) => void) {
    this.#clock = clock;
    this.#block = onScreen ? new LiveBlock() : undefined;
    this.#print = print;
  }

  /** @param more  what else is worth knowing, as `1,234 keys` */
  show(done: number, total: number, unit: string, more = ""): void {
    const now = this.#clock.monotonicMicros() / 1000;
    this.#startedAt ??= now;
    const elapsed = now - this.#startedAt;
    this.#last = progressText(done, total, unit, more, elapsed, this.#block !== undefined);
    if (now - this.#toldAt < (this.#block ? SCREEN_EVERY_MS : LINE_EVERY_MS)) return;
    // A work that ends at once needs no line before its end.
    if (!this.#block && elapsed < LINE_EVERY_MS) return;
    this.#tell(now);
  }

  /** The last state stays to be read. */
  end(): void {
    if (this.#last !== "") this.#tell(0);
    this.#last = "";
    this.#startedAt = undefined;
    this.#toldAt = Number.NEGATIVE_INFINITY;
    this.#block?.leave();
  }

  #tell(now: number): void {
    this.#toldAt = now;
    if (this.#block) this.#block.draw([this.#last]);
    else this.#print(this.#last);
  }
}

/** Pure. */
export function progressText(
  done: number,
  total: number,
  unit: string,
  more: string,
  elapsedMs: number,
  withBar: boolean,
): string {
  const share = total === 0 ? 1 : done / total;
  const full = Math.round(share * BAR_WIDTH);
  const bar = withBar ? `[${"#".repeat(full)}${"-".repeat(BAR_WIDTH - full)}] ` : "";
  const parts = [`${grouped(done)} of ${grouped(total)} ${unit}`];
  if (more !== "") parts.push(more);
  if (done > 0 && done < total && elapsedMs > 2_000) {
    parts.push(`about ${duration(Math.ceil(((elapsedMs / done) * (total - done)) / 1000))} left`);
  }
  return `${bar}${parts.join(", ")}`;
}
