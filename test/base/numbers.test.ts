/** Numbers and words as they stand on the wire and in files. */
import assert from "node:assert/strict";
import test from "node:test";
import { compareBytes, copyBytes, equalBytes, Slice } from "../../src/base/bytes.ts";
import { digits, formatDouble, parseDouble, parseInt64, parseInteger, writeInteger } from "../../src/base/numbers.ts";
import { quoteWord, splitWords } from "../../src/base/words.ts";

const integers: [text: string, value: number | null][] = [
  ["0", 0],
  ["7", 7],
  ["-1", -1],
  ["123456789012345", 123456789012345],
  ["9007199254740991", 9007199254740991],
  ["", null],
  ["-", null],
  ["+1", null],
  ["-0", null],
  ["01", null],
  ["1 ", null],
  ["1.0", null],
  ["9223372036854775808", null],
  ["-9223372036854775809", null],
  ["99999999999999999999", null],
];

test("whole numbers are read in their canonical form only", () => {
  for (const [text, value] of integers) {
    assert.equal(parseInteger(Slice.of(text)), value ?? Number.NaN, text);
    assert.equal(parseInt64(Slice.of(text)), value === null ? null : BigInt(value), text);
  }
  assert.equal(parseInt64(Slice.of("9223372036854775807")), 9223372036854775807n);
  assert.equal(parseInt64(Slice.of("-9223372036854775808")), -9223372036854775808n);
  assert.equal(parseInteger(Slice.of("9223372036854775807")), 2 ** 63);
});

test("whole numbers are written as they are read", () => {
  const bytes = new Uint8Array(40);
  const values = [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 999999999999999, Number.MAX_SAFE_INTEGER];
  for (let power = 1; power < 2 ** 53; power *= 10) values.push(power, power - 1, power + 1);
  for (const value of values)
    for (const signed of [value, -value]) {
      if (Object.is(signed, -0) || Math.abs(signed) > Number.MAX_SAFE_INTEGER) continue;
      const end = writeInteger(signed, bytes, 3);
      assert.equal(Buffer.from(bytes.subarray(3, end)).toString(), String(signed));
      if (value > 0) assert.equal(digits(value), String(value).length);
    }
});

test("doubles are read as strtod reads them, and no more", () => {
  const cases: [string, number][] = [
    ["1.5", 1.5],
    ["-.5", -0.5],
    ["1e3", 1000],
    ["+2", 2],
    ["inf", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["0x10", 16],
    ["nan", Number.NaN],
    ["", Number.NaN],
    [" 1", Number.NaN],
    ["1x", Number.NaN],
    ["e5", Number.NaN],
  ];
  for (const [text, value] of cases) assert.equal(parseDouble(Slice.of(text)), value, text);
  assert.equal(formatDouble(Number.POSITIVE_INFINITY), "inf");
  assert.equal(formatDouble(3), "3");
});

test("lines are split into words by Redis' rules of quoting", () => {
  const cases: [string, string[] | null][] = [
    ["set a 1", ["set", "a", "1"]],
    ['set "a b" c', ["set", "a b", "c"]],
    ["\"\\x41\\t\\\"\" 'it\\'s'", ['A\t"', "it's"]],
    ['save ""', ["save", ""]],
    ["  ", []],
    ['"a"b', null],
    ['"a', null],
    ["'a", null],
  ];
  for (const [line, words] of cases) assert.deepEqual(splitWords(line), words, line);
});

test("what is quoted reads back as it was, every byte", () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  assert.deepEqual(splitWords(quoteWord(all)), [all]);
});

test("bytes are copied and compared alike at every length", () => {
  for (let length = 0; length < 130; length++) {
    const from = Buffer.from(Array.from({ length: length + 7 }, (_, i) => (i * 37) & 0xff));
    const to = new Uint8Array(length + 12).fill(255);
    copyBytes(from, 3, 3 + length, to, 5);
    assert.deepEqual([...to.subarray(5, 5 + length)], [...from.subarray(3, 3 + length)]);
    assert.deepEqual([to[4], to[5 + length]], [255, 255]);
    assert.ok(equalBytes(from, 3, 3 + length, to, 5, 5 + length));
    assert.equal(Math.sign(compareBytes(from, 3, 3 + length, to, 5, 6 + length)), -1);
  }
});

test("option words match in any case, and only whole", () => {
  assert.ok(Slice.of("kEEpttl").is("KEEPTTL"));
  assert.ok(!Slice.of("KEEPTT").is("KEEPTTL"));
  assert.ok(!Slice.of("KEEPTTL!").is("KEEPTTL"));
});
