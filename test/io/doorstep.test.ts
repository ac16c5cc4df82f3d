/** Who connects faster than he can be let in waits, and others have their turn meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Doorstep, ENTERING_MS } from "../../src/io/doorstep.ts";

/** Letting one in takes an eighth of what a turn allows. */
const EACH_MS = ENTERING_MS / 8;

class House {
  readonly entered: number[] = [];
  #ms = 0;
  readonly doorstep: Doorstep;

  constructor(places = Number.POSITIVE_INFINITY, onTurnedAway = () => {}) {
    const letIn = (handle: unknown) => {
      this.entered.push(handle as number);
      this.#ms += EACH_MS;
    };
    this.doorstep = new Doorstep(letIn, { places: () => places, onTurnedAway }, () => this.#ms);
  }
}

test("those who come at once are let in for a part of each turn, in their order", async () => {
  const { doorstep, entered } = new House();
  const all = Array.from({ length: 3 * 8 + 1 }, (_, i) => i);
  for (const handle of all) doorstep.come(handle);
  for (const expected of [1, 2, 3]) {
    assert.deepEqual(entered, all.slice(0, expected * 8));
    assert.equal(doorstep.waiting, all.length - expected * 8);
    await turn();
  }
  assert.deepEqual(entered, all);
  await turn();
  doorstep.come(-1);
  assert.equal(entered.at(-1), -1);
});

test("who comes later waits behind those who wait", async () => {
  const { doorstep, entered } = new House();
  for (let i = 0; i < 2 * 8; i++) doorstep.come(i);
  await turn();
  doorstep.come(100);
  assert.equal(entered.length, 2 * 8);
  await turn();
  assert.equal(entered.at(-1), 100);
});

test("a crowd of thousands comes in, in its order, while more come", async () => {
  const { doorstep, entered } = new House();
  const all = Array.from({ length: 3000 }, (_, i) => i);
  let next = 0;
  for (; next < 2000; next++) doorstep.come(next);
  for (let turns = 0; entered.length < all.length; turns++) {
    assert.ok(turns < 1000);
    if (next < all.length) doorstep.come(next++);
    await turn();
  }
  assert.deepEqual(entered, all);
});

test("who finds no place to wait is sent away", async () => {
  let turnedAway = 0;
  let closed = 0;
  const { doorstep, entered } = new House(5, () => turnedAway++);
  for (let i = 0; i < 8 + 5; i++) doorstep.come(i);
  assert.equal(turnedAway, 0);
  for (let i = 0; i < 7; i++) doorstep.come({ close: () => closed++ });
  assert.deepEqual([turnedAway, closed, doorstep.waiting], [7, 7, 5]);
  await turn();
  assert.equal(entered.length, 13);
});

test("those who wait when the door is closed are sent away", async () => {
  let closed = 0;
  const { doorstep, entered } = new House();
  for (let i = 0; i < 8 + 3; i++) doorstep.come({ close: () => closed++ });
  doorstep.close();
  await turn();
  assert.deepEqual([closed, entered.length], [3, 8]);
});
