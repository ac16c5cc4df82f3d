/** A clock for tests of real servers: time stands still until it is turned, while sockets go on as always. */
import { VirtualClock } from "./virtual-clock.ts";

/** No timer of ours is as fine as this, so that turning in such steps leaves none far behind another. */
const STEP_MS = 5;

export class TestClock extends VirtualClock {
  constructor(now = Date.now()) {
    super(now, (action) => setImmediate(action));
  }

  /**
   * Turns the clock forward and lets what that causes happen: timers run in order, and between the steps messages reach their
   * sockets, so that one server's ping can be answered by another before it counts as lost.
   */
  async turn(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.advance(Math.min(STEP_MS, left));
      await settled();
    }
    await settled();
  }
}

/** Some turns of the event loop: enough for a message and its answer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
