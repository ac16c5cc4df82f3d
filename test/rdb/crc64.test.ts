import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crc64 } from "../../src/base/crc64.ts";

function sum(...parts: Uint8Array[]): string {
  const crc = new Crc64();
  for (const part of parts) crc.update(part);
  return crc.toString();
}

/** Bit by bit, from the polynomial as it is published: the reference. */
function slowSum(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc.toString(16).padStart(16, "0");
}

test("the check value of Jones' CRC-64", () => {
  assert.equal(sum(Buffer.from("123456789")), "e9c6d914c4b8d9ca");
  assert.equal(sum(), "0000000000000000");
});

test("agrees with the sum taken bit by bit, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), fc.nat(7), (data, at, shift) => {
      const bytes = new Uint8Array(data.length + shift).subarray(shift);
      bytes.set(data);
      assert.equal(sum(bytes.subarray(0, at), bytes.subarray(at)), slowSum(bytes));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("is written lowest byte first and recognized", () => {
  const crc = new Crc64();
  crc.update(Buffer.from("123456789"));
  const bytes = new Uint8Array(10);
  crc.writeTo(bytes, 1);
  assert.equal(Buffer.from(bytes).toString("hex"), "00cad9b8c414d9c6e900");
  assert.ok(crc.matches(bytes, 1));
  assert.ok(!crc.matches(bytes, 0));
});
