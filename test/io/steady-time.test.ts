import assert from "node:assert/strict";
import { test } from "node:test";
import { steadyTime } from "../../src/io/steady-time.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";

test("begins where the wall clock stands, and knows nothing of its jumps", () => {
  class SetClock extends VirtualClock {
    wrongBy = 0;
    override now(): number {
      return super.now() + this.wrongBy;
    }
  }
  const clock = new SetClock();
  const time = steadyTime(clock);
  const start = clock.now();
  assert.equal(time(), start);
  clock.wrongBy = 3_600_000;
  assert.equal(time(), start);
  clock.advance(1500.7);
  assert.equal(time(), start + 1500);
  clock.wrongBy = -3_600_000;
  assert.equal(time(), start + 1500);
});
