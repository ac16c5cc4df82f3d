import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import {
  formatDouble,
  formatDouble17,
  parseDouble,
  parseDoubleLoosely,
  SHORT_DECIMAL,
  writeShortDecimal,
} from "../../src/base/doubles.ts";
import { Seeded } from "../memory/random.ts";

test("a double is written with the shortest digits, as Redis 7.2 does", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [-17.25, "-17.25"],
    [0.1, "0.1"],
    [1 / 3, "0.3333333333333333"],
    [1e15, "1000000000000000"],
    [2 ** 53 + 2, "9007199254740994"],
    [2 ** 62, "4611686018427387904"],
    [2 ** 62 * 1.5, "6917529027641082000"],
    [1e19, "1e+19"],
    [-1e19, "-1e+19"],
    [1.5e300, "1.5e+300"],
    [0.00001, "0.00001"],
    [1e-7, "1e-7"],
    [1.234e-6, "1.234e-6"],
    [0.0123456789, "0.0123456789"],
    [12345.6789012, "1.23456789012e+4"],
    [123.45678901, "123.45678901"],
    [5e-324, "5e-324"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "nan"],
  ];
  for (const [value, text] of cases) assert.equal(formatDouble(value), text);
});

test("a double is written with 17 digits, as printf does", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [100, "100"],
    [0.1, "0.10000000000000001"],
    [-2.5, "-2.5"],
    [12345.6789012, "12345.678901200001"],
    [1e16, "10000000000000000"],
    [2 ** 55, "36028797018963968"],
    [1e17, "1e+17"],
    // Halves go to the even digit.
    [5828847201826013 / 4, "1457211800456503.2"],
    [5828847201826015 / 4, "1457211800456503.8"],
    [-5828847201826013 / 2, "-2914423600913006.5"],
    [2 ** 61, "2.305843009213694e+18"],
    [1e-7, "9.9999999999999995e-08"],
    [0.0001, "0.0001"],
    [0.00012, "0.00012"],
    [0.000099, "9.8999999999999994e-05"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [5e-324, "4.9406564584124654e-324"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ];
  for (const [value, text] of cases) assert.equal(formatDouble17(value), text);
});

test("what is written reads back as the same number", () => {
  const random = new Seeded(1);
  const words = new Uint32Array(2);
  const double = new Float64Array(words.buffer);
  for (let i = 0; i < 20_000; i++) {
    words[0] = random.uint32();
    words[1] = random.uint32();
    const value = i % 2 === 0 ? double[0]! : Math.round((random.uint32() - 2 ** 31) * 1000) / 10 ** random.below(9);
    if (Number.isNaN(value)) continue;
    for (const text of [formatDouble(value), formatDouble17(value)]) {
      assert.ok(Object.is(parseDouble(Slice.of(text)), value), `${value} as ${text}`);
      assert.ok(Object.is(parseDoubleLoosely(Slice.of(text)), value), `${value} as ${text}`);
    }
  }
});

test("short decimals are written without a string, and alike", () => {
  const random = new Seeded(2);
  const to = new Uint8Array(SHORT_DECIMAL);
  let written = 0;
  const check = (value: number) => {
    const length = writeShortDecimal(value, to);
    if (length === 0) return;
    written++;
    assert.equal(Buffer.from(to.subarray(0, length)).toString(), formatDouble(value));
  };
  for (let i = 0; i < 50_000; i++) {
    check(((i % 2 === 0 ? -1 : 1) * Math.round(random.uint32() * 10 ** random.below(6))) / 10 ** random.below(8));
    check(random.uint32() / 0x100000000);
  }
  assert.ok(written > 20_000);
  const all = [0.5, -0.5, 0.00001, 123456789.12345, -999999999.5, 1.25];
  for (const value of all) check(value);
  for (const value of [
    0,
    -0,
    5,
    1e9 + 0.5,
    1e-7,
    0.1 + 0.2,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ])
    assert.equal(writeShortDecimal(value, to), 0);
});

test("a double is read as strtod reads it", () => {
  const cases: [text: string, value: number, loosely?: number][] = [
    ["1", 1],
    ["-1.25", -1.25],
    ["+3", 3],
    [".5", 0.5],
    ["5.", 5],
    ["-0", -0],
    ["000123", 123],
    ["1e3", 1000],
    ["123456789012345678", 123456789012345680],
    ["0.1234567890123456789", 0.12345678901234568],
    ["0x10", 16],
    ["0x1p3", 8],
    ["0X1.8", 1.5],
    ["-0x.8p-1", -0.25],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["4.9e-324", 5e-324],
    ["0e-999", 0],
    ["1e400", Number.NaN, Number.POSITIVE_INFINITY],
    ["-1e400", Number.NaN, Number.NEGATIVE_INFINITY],
    ["1e-400", Number.NaN, 0],
    ["0x1p-5000", Number.NaN, 0],
    ["", Number.NaN, 0],
    [" 1", Number.NaN, 1],
    ["1\0x", Number.NaN, 1],
    ["1 ", Number.NaN],
    [".", Number.NaN],
    ["-", Number.NaN],
    ["1e", Number.NaN],
    ["0x", Number.NaN],
    ["1_0", Number.NaN],
    ["nan", Number.NaN],
    ["infinit", Number.NaN],
    ["1.2.3", Number.NaN],
    ["--1", Number.NaN],
  ];
  for (const [text, value, loosely = value] of cases) {
    assert.ok(Object.is(parseDouble(Slice.of(text)), value), `"${text}" is ${parseDouble(Slice.of(text))}`);
    const other = parseDoubleLoosely(Slice.of(text));
    assert.ok(Object.is(other, loosely), `loosely "${text}" is ${other}`);
  }
});
