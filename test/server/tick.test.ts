/** The order in which a tick's bytes leave. */
import assert from "node:assert/strict";
import test from "node:test";
import { VirtualClock } from "../../src/io/virtual-clock.ts";
import type { Connection } from "../../src/server/connection.ts";
import { Tick } from "../../src/server/tick.ts";

test("the outcomes leave before anything, the replicas' bytes before any reply, each reply behind a look at the time", () => {
  const clock = new VirtualClock();
  const tick = new Tick(clock);
  const order: string[] = [];
  const connection = (name: string, replica: boolean) =>
    ({ replica: replica ? {} : null, flush: () => order.push(name) }) as unknown as Connection;
  tick.beforeFlush = () => {
    order.push("outcomes");
    tick.dirty(connection("replica", true));
  };
  tick.beforeEach = () => order.push("time");
  tick.dirty(connection("client 1", false));
  tick.dirty(connection("client 2", false));
  clock.advance(1);
  assert.deepEqual(order, ["outcomes", "replica", "time", "client 1", "time", "client 2"]);
});
