import assert from "node:assert/strict";
import { test } from "node:test";
import { addLongDouble, addShort, formatLongDouble, parseLongDouble } from "../../src/base/long-double.ts";

function add(a: string, b: string): string | null {
  const x = parseLongDouble(a);
  const y = parseLongDouble(b);
  if (x === null || y === null) return null;
  const sum = addLongDouble(x, y);
  return sum === null || typeof sum === "string" ? "not finite" : formatLongDouble(sum);
}

// As redis-server 7.0.15 on x86-64 answers INCRBYFLOAT; null is "value is not a valid float".
const cases: [a: string, b: string, sum: string | null][] = [
  ["10.50", "0.1", "10.6"],
  ["5.0e3", "2.0e2", "5200"],
  ["3", "1000.6", "1003.59999999999999998"],
  ["0", "-0", "0"],
  ["1", "-1", "0"],
  ["-1e-20", "0", "0"],
  ["0.1", "0.2", "0.3"],
  ["17179869184", "1.5", "17179869185.5"],
  ["9223372036854775807", "1", "9223372036854775808"],
  ["18446744073709551615", "1", "18446744073709551616"],
  ["0x1.8p3", "0x10", "28"],
  ["inf", "1", "not finite"],
  ["inf", "-infinity", "not finite"],
  ["1.18973149535723176502e4932", "1.18973149535723176502e4932", "not finite"],
  ["nan", "1", null],
  ["1e4933", "1", null],
  ["1e-4952", "1", null],
  ["", "1", null],
  [" 1", "1", null],
  ["1 ", "1", null],
  [".", "1", null],
  ["0x", "1", null],
];
for (const [a, b, sum] of cases) test(`${a} + ${b}`, () => assert.equal(add(a, b), sum));

test("the short way answers as the long one", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const number = () => {
    const sign = random(2) === 0 ? "-" : "";
    if (random(4) === 0) return `${sign}${random(2 ** 40)}`;
    return `${sign}${random(32)}.${String(random(10 ** 12)).slice(0, 1 + random(12))}`;
  };
  let short = 0;
  for (let i = 0; i < 3000; i++) {
    const a = number();
    const b = number();
    const sum = addShort(a, b);
    if (sum === null) continue;
    short++;
    assert.equal(sum, add(a, b), `${a} + ${b}`);
  }
  assert.ok(short > 1000);
});
