import assert from "node:assert/strict";
import { test } from "node:test";
import { SlotSet } from "../../src/cluster/slot-set.ts";
import { SeededRandom } from "../../src/io/random.ts";

test("agrees with a set of numbers", () => {
  const random = new SeededRandom(1);
  const slots = new SlotSet();
  const model = new Set<number>();
  for (let i = 0; i < 20_000; i++) {
    const slot = random.uint32() % 16384;
    if (random.uint32() % 3 > 0) {
      assert.equal(slots.add(slot), !model.has(slot));
      model.add(slot);
    } else {
      assert.equal(slots.delete(slot), model.delete(slot));
    }
    assert.equal(slots.size, model.size);
  }
  assert.deepEqual(
    [...slots],
    [...model].sort((a, b) => a - b),
  );
  assert.ok(slots.equals(new SlotSet(slots.bits.slice())));
  const inRanges = slots
    .ranges()
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  assert.deepEqual(inRanges, [...slots]);
  const other = SlotSet.of(...Array.from({ length: 5000 }, () => random.uint32() % 16384));
  assert.deepEqual(
    [...slots.without(other)],
    [...slots].filter((slot) => !other.has(slot)),
  );
});

test("ranges follow what is changed, and reach to the end", () => {
  const all = SlotSet.of(...Array.from({ length: 16384 }, (_, slot) => slot));
  assert.deepEqual(all.ranges(), [[0, 16383]]);
  all.delete(8);
  assert.deepEqual(all.ranges(), [
    [0, 7],
    [9, 16383],
  ]);
});

test("joins neighbours to ranges", () => {
  assert.deepEqual(SlotSet.of(0, 1, 2, 7, 8, 100, 16382, 16383).ranges(), [
    [0, 2],
    [7, 8],
    [100, 100],
    [16382, 16383],
  ]);
  assert.deepEqual(new SlotSet().ranges(), []);
});

test("what was frozen for a message does not change with the set", () => {
  const slots = SlotSet.of(1);
  const before = slots.frozen();
  assert.equal(slots.frozen(), before);
  slots.add(2);
  assert.deepEqual([before.ranges(), slots.frozen().ranges()], [[[1, 1]], [[1, 2]]]);
});
