import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { validateZiplist, visitZiplist } from "../../src/rdb/ziplist.ts";
import { Seeded } from "../memory/random.ts";
import { ziplist } from "./ziplists.ts";

function valuesOf(bytes: Uint8Array, start = 0, end = bytes.length): (string | number | bigint)[] {
  const values: (string | number | bigint)[] = [];
  visitZiplist(bytes, start, end, (value) => values.push(value instanceof Slice ? value.latin1() : value));
  return values;
}

const values = [
  "", "a", "x".repeat(63), "y".repeat(64), "z".repeat(260), "w".repeat(16383), "v".repeat(16384), "after",
  0, 1, 12, 13, -1, 127, -128, 128, -129, 32767, -32768, 32768, 8388607, -8388608, 8388608, 2147483647, -2147483648,
  2147483648, -2147483649, Number.MAX_SAFE_INTEGER, -9007199254740993n, 9223372036854775807n, -9223372036854775808n,
]; // biome-ignore format: a list

test("all forms of entries are read", () => {
  const bytes = ziplist(values);
  assert.equal(validateZiplist(bytes, 0, bytes.length), values.length);
  assert.deepEqual(valuesOf(bytes), values);
  const inside = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("behind")]);
  assert.equal(validateZiplist(inside, 6, 6 + bytes.length), values.length);
  assert.deepEqual(valuesOf(inside, 6, 6 + bytes.length), values);
  assert.equal(validateZiplist(ziplist([]), 0, 11), 0);
});

test("the examples that describe the format", () => {
  const bytes = Buffer.from("0f0000000c000000020000f302f6ff", "hex");
  assert.equal(validateZiplist(bytes, 0, bytes.length), 2);
  assert.deepEqual(valuesOf(bytes), [2, 5]);
  const longer = Buffer.from("1c0000000e000000030000f302f6020b48656c6c6f20576f726c64ff", "hex");
  assert.equal(validateZiplist(longer, 0, longer.length), 3);
  assert.deepEqual(valuesOf(longer), [2, 5, "Hello World"]);
});

test("a length of the entry before may take five bytes where one would do", () => {
  const bytes = Buffer.from("00000000 0d000000 0200 00 01 61 fe03000000 f2 ff".replaceAll(" ", ""), "hex");
  bytes.writeUInt32LE(bytes.length, 0);
  assert.equal(validateZiplist(bytes, 0, bytes.length), 2);
  assert.deepEqual(valuesOf(bytes), ["a", 1]);
});

test("whatever the bytes, what is not sound is refused, and what passes can be read", () => {
  const random = new Seeded(3);
  const sound = ziplist(values.filter((value) => typeof value !== "string" || value.length < 300));
  let passed = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(sound);
    for (let changes = random.below(3); changes >= 0; changes--) {
      bytes[random.below(random.below(2) === 0 ? bytes.length : 30)] = random.below(256);
    }
    const end = random.below(6) === 0 ? random.below(bytes.length) : bytes.length;
    const count = validateZiplist(bytes, 0, end);
    if (count === -1) continue;
    passed++;
    assert.equal(valuesOf(bytes, 0, end).length, count);
  }
  assert.ok(passed > 100, `${passed} passed`);
  assert.equal(validateZiplist(new Uint8Array(0), 0, 0), -1);
});
