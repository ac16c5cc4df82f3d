import assert from "node:assert/strict";
import { test } from "node:test";
import { Int64 } from "../../src/base/int64.ts";
import { Seeded } from "../memory/random.ts";

const value = new Int64();

function parse(text: string): bigint | null {
  const bytes = Buffer.from(`<${text}>`, "latin1");
  return value.parse(bytes, 1, bytes.length - 1) ? value.bigint : null;
}

function write(): string {
  const bytes = Buffer.alloc(24);
  return bytes.toString("latin1", 2, value.write(bytes, 2));
}

test("numbers of 64 bits are read and written to the last digit", () => {
  const random = new Seeded(3);
  const numbers = [0n, 1n, -1n, 9n, 10n, 999999999999999n, 1000000000000000n, 2n ** 53n, -(2n ** 53n) - 1n];
  numbers.push(
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 31n,
    -(2n ** 31n),
    2n ** 32n,
    -(2n ** 32n),
    10n ** 18n,
    -(10n ** 18n),
  );
  for (let i = 0; i < 20_000; i++) {
    const bits = BigInt(random.uint32()) | (BigInt(random.uint32()) << 32n);
    numbers.push(BigInt.asIntN(64, bits) >> BigInt(random.below(64)));
  }
  for (const number of numbers) {
    assert.equal(parse(String(number)), number);
    assert.equal(write(), String(number));
    assert.equal(value.number, Number(number));
    assert.equal(value.isInt32, number >= -(2n ** 31n) && number < 2n ** 31n);
  }
});

test("what is no canonical number of 64 bits is refused", () => {
  const texts = [
    "",
    "-",
    "-0",
    "00",
    "01",
    "+1",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "x",
    "1x",
    "--1",
    "123456789012345x67",
    "12345678901234567x",
  ];
  texts.push(
    "9223372036854775808",
    "-9223372036854775809",
    "9999999999999999999",
    "18446744073709551616",
    "-99999999999999999999",
  );
  for (const text of texts) assert.equal(parse(text), null, text);
});

test("a double of whole value becomes two words", () => {
  for (const number of [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, -(2 ** 32), 2 ** 53, -(2 ** 53)])
    assert.equal(value.setNumber(number).bigint, BigInt(number));
});
