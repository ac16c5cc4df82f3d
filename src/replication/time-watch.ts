/** Notices that the process, or the machine, stood still: SIGSTOP, a sleeping laptop, a virtual machine on the move. */
import type { Clock } from "../io/io.ts";

/** Far less than anybody would call standing still. */
const MOMENT_MS = 20;

export class TimeWatch {
  readonly #clock: Clock;
  #micros = 0;
  #wall = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many ms have gone by since the last look; 0 at the first, and when it was only a moment. To be asked often: cheap. */
  look(): number {
    const wall = this.#clock.now();
    // The usual case reads one clock, not two.
    if (wall >= this.#wall && wall - this.#wall < MOMENT_MS) return 0;
    const micros = this.#clock.monotonicMicros();
    const first = this.#wall === 0;
    // The monotonic clock stands still while the machine sleeps, the wall clock does not.
    const ms = Math.max((micros - this.#micros) / 1000, wall - this.#wall);
    this.#micros = micros;
    this.#wall = wall;
    return first ? 0 : ms;
  }
}
