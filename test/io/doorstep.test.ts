import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Doorstep, ENTERING_A_TURN } from "../../src/io/doorstep.ts";

test("those who come at once are let in a few a turn, in their order", async () => {
  const entered: number[] = [];
  const doorstep = new Doorstep((handle) => entered.push(handle as number));
  const all = Array.from({ length: 3 * ENTERING_A_TURN + 1 }, (_, i) => i);
  for (const handle of all) doorstep.come(handle);
  for (const expected of [1, 2, 3]) {
    assert.deepEqual(entered, all.slice(0, expected * ENTERING_A_TURN));
    await turn();
  }
  assert.deepEqual(entered, all);
  await turn();
  doorstep.come(-1);
  assert.equal(entered.at(-1), -1);
});

test("who comes later waits behind those who wait", async () => {
  const entered: number[] = [];
  const doorstep = new Doorstep((handle) => entered.push(handle as number));
  for (let i = 0; i < 2 * ENTERING_A_TURN; i++) doorstep.come(i);
  await turn();
  doorstep.come(100);
  assert.equal(entered.length, 2 * ENTERING_A_TURN);
  await turn();
  assert.equal(entered.at(-1), 100);
});

test("those who wait when the door is closed are sent away", async () => {
  let closed = 0;
  const doorstep = new Doorstep(() => {});
  for (let i = 0; i < ENTERING_A_TURN + 3; i++) doorstep.come({ close: () => closed++ });
  doorstep.close();
  await turn();
  assert.equal(closed, 3);
});
