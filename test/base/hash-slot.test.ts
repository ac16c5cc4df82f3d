import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { crc16 } from "../../src/base/crc16.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";

test("crc16 is the XMODEM variant", () => {
  assert.equal(crc16(Buffer.from("123456789"), 0, 9), 0x31c3);
});

// As redis-server's CLUSTER KEYSLOT answers.
const cases: [key: string, slot: number][] = [
  ["", 0],
  ["foo", 12182],
  ["somekey", 11058],
  ["foo{hash_tag}", 2515],
  ["bar{hash_tag}", 2515],
  ["foo{}{bar}", 8363],
  ["foo{{bar}}zap", 4015],
  ["foo{bar}{zap}", 5061],
  ["{user1000}.following", 3443],
  ["{", 4092],
];
for (const [key, slot] of cases) test(`slot of ${key}`, () => assert.equal(hashSlot(Slice.of(key)), slot));
