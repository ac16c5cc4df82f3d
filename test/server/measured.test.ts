/** Names that know what they cost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NameMap, NameSet } from "../../src/server/measured.ts";

test("a set of names knows its names and what they cost, and costs nothing when they are gone", () => {
  const names = new NameSet();
  assert.deepEqual([names.size, names.has("a"), names.delete("a"), [...names], names.bytes], [0, false, false, [], 0]);
  names.add("a");
  const one = names.bytes;
  names.add("a");
  names.add("longer");
  assert.deepEqual([names.size, names.has("longer"), [...names]], [2, true, ["a", "longer"]]);
  assert.equal(names.bytes, 2 * one + "longer".length - "a".length);
  assert.equal(names.delete("longer"), true);
  assert.equal(names.bytes, one);
  assert.equal(names.delete("a"), true);
  assert.deepEqual([names.size, names.bytes, [...names]], [0, 0, []]);
});

test("a map of names knows what they cost; a value that is replaced costs what it did", () => {
  const map = new NameMap<number>();
  assert.deepEqual([map.size, map.has("a"), [...map.keys()], [...map.values()]], [0, false, [], []]);
  map.set("a", 1);
  const one = map.bytes;
  map.set("a", 2);
  map.set("bb", 3);
  assert.deepEqual([map.size, [...map.keys()], [...map.values()]], [2, ["a", "bb"], [2, 3]]);
  assert.equal(map.bytes, 2 * one + 2);
  map.clear();
  assert.deepEqual([map.size, map.bytes, [...map.values()]], [0, 0, []]);
});
