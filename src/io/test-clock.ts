/** A clock for tests of real servers: time stands still until it is turned, while sockets go on as always. */
import { VirtualClock } from "./virtual-clock.ts";

export class TestClock extends VirtualClock {
  constructor(now = Date.now()) {
    super(now, (action) => setImmediate(action));
  }

  /**
   * Turns the clock forward and lets what that causes happen: timers run in order, and after each moment at which some were due
   * messages reach their sockets, so that one server's ping can be answered by another before it counts as lost.
   */
  async turn(ms: number): Promise<void> {
    const until = this.now() + ms;
    await settled();
    while (this.nextAt <= until) {
      this.advance(Math.max(0, this.nextAt - this.now()));
      await settled();
    }
    this.advance(Math.max(0, until - this.now()));
    await settled();
  }
}

/** Some turns of the event loop: enough for a message and its answer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
