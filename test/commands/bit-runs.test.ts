import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { countBits, findBit } from "../../src/commands/bit-runs.ts";
import { mulberry32 } from "./harness.ts";

test("counting and finding bits agree with looking at each of them", () => {
  const random = mulberry32(7);
  for (let round = 0; round < 2000; round++) {
    const padding = random() % 5;
    const bytes = new Uint8Array(padding + 1 + (random() % 150));
    const sparse = random() % 3;
    for (let i = padding; i < bytes.length; i++) {
      const byte = random() % 8 === 0 ? random() & 0xff : 0;
      bytes[i] = sparse === 0 ? random() & 0xff : sparse === 1 ? byte : ~byte;
    }
    const value = new Slice(bytes, padding, bytes.length);
    const bits = [...value.view()].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    const first = random() % bits.length;
    const last = first + (random() % (bits.length - first));
    const run = bits.slice(first, last + 1);
    assert.equal(countBits(value, first, last), run.replaceAll("0", "").length);
    for (const bit of [0, 1] as const) {
      const found = run.indexOf(String(bit));
      assert.equal(findBit(value, first, last, bit), found < 0 ? -1 : first + found);
    }
  }
});
