import assert from "node:assert/strict";
import { test } from "node:test";
import { SHORT_WRITE, ShortWrites } from "../../src/io/short-writes.ts";

const from = Uint8Array.from({ length: SHORT_WRITE + 10 }, (_, i) => i);

test("a copy is as long as was asked for, up to the longest", () => {
  const writes = new ShortWrites();
  for (let length = 1; length <= SHORT_WRITE; length++)
    assert.deepEqual(writes.copyOf(from, length), from.slice(0, length));
});

test("the same length is the same view: none is made twice", () => {
  const writes = new ShortWrites();
  assert.equal(writes.copyOf(from, 5), writes.copyOf(from, 5));
});

test("what the system has not taken yet stays as it was", () => {
  const writes = new ShortWrites();
  const kept = writes.copyOf(from, 7);
  writes.leave();
  writes.copyOf(new Uint8Array(SHORT_WRITE).fill(255), SHORT_WRITE);
  assert.deepEqual(kept, from.slice(0, 7));
  assert.notEqual(writes.copyOf(from, 7), kept);
});
