import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compress, decompress } from "../../src/rdb/lzf.ts";

function roundTrip(bytes: Uint8Array): number {
  const packed = new Uint8Array(bytes.length * 2 + 64);
  const end = compress(bytes, 0, bytes.length, packed, 3, packed.length);
  assert.notEqual(end, 0);
  const unpacked = new Uint8Array(bytes.length + 10).fill(0xee);
  assert.ok(decompress(packed, 3, end, unpacked, 5, bytes.length));
  assert.deepEqual(unpacked.subarray(5, 5 + bytes.length), bytes);
  assert.ok(unpacked.subarray(5 + bytes.length).every((byte) => byte === 0xee));
  return end - 3;
}

test("whatever was compressed expands to itself", () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.nat(60)), { minLength: 1, maxLength: 30 })
    .map(
      (parts) =>
        new Uint8Array(Buffer.concat(parts.flatMap(([bytes, times]) => Array<Uint8Array>(times + 1).fill(bytes)))),
    );
  const any = fc.oneof(repetitive, fc.uint8Array({ minLength: 1, maxLength: 3000 }));
  fc.assert(
    fc.property(any, (bytes) => void roundTrip(bytes)),
    { seed: 1, numRuns: 1500 },
  );
});

test("what repeats becomes small", () => {
  assert.ok(roundTrip(new Uint8Array(100_000)) < 1300);
  assert.ok(roundTrip(new Uint8Array(Buffer.from("the quick brown fox ".repeat(100)))) < 80);
});

test("matches reach back 8192 bytes and no further", () => {
  for (const gap of [8180, 8188, 8189, 8190, 8191, 8192, 8193]) {
    const bytes = new Uint8Array(gap + 40);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2654435761) >>> 24;
    bytes.copyWithin(gap, 0, 20);
    roundTrip(bytes);
  }
});

test("output stays within its limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 300 }), fc.nat(300), (bytes, limit) => {
      const packed = new Uint8Array(1000).fill(0xee);
      const end = compress(bytes, 0, bytes.length, packed, 0, limit);
      assert.ok(end <= limit);
      assert.ok(packed.subarray(limit).every((byte) => byte === 0xee));
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test("no input makes decompress step out of its bounds", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (bytes, length) => {
      const output = new Uint8Array(600).fill(0xee);
      decompress(bytes, 0, bytes.length, output, 50, length);
      assert.ok(output.subarray(0, 50).every((byte) => byte === 0xee));
      assert.ok(output.subarray(50 + length).every((byte) => byte === 0xee));
    }),
    { seed: 3, numRuns: 5000 },
  );
});
