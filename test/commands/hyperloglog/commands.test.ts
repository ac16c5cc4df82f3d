import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "../harness.ts";

const NOT_HLL = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPT = "-INVALIDOBJ Corrupted HLL object detected";
const HEADER = "HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80";

testReplies([
  [[], "PFADD h", ":1"],
  [["PFADD h"], "PFADD h", ":0"],
  [[], "PFADD h a b c", ":1"],
  [["PFADD h a b c"], "PFADD h a", ":0"],
  [["PFADD h a b c"], "PFADD h a d", ":1"],
  [["PFADD h a b c"], "PFCOUNT h", ":3"],
  [["PFADD h a b c", "PFCOUNT h", "PFADD h d"], "PFCOUNT h", ":4"],
  [["PFADD h a b c", "PFADD g c d"], "PFCOUNT h g", ":4"],
  [["PFADD h a b c"], "PFCOUNT h none", ":3"],
  [[], "PFCOUNT none", ":0"],
  [[], "PFCOUNT none none", ":0"],
  [["PFADD h a b", "PFADD g b c", "PFMERGE m h g"], "PFCOUNT m", ":3"],
  [["PFADD m x", "PFADD g b c", "PFMERGE m g"], "PFCOUNT m", ":3"],
  [["PFMERGE m"], "PFCOUNT m", ":0"],
  [[], "PFMERGE m none", "+OK"],
  [["PFADD h"], "STRLEN h", ":18"],
  [["PFADD h"], "PFDEBUG DECODE h", "$7 Z:16384"],
  [["PFADD h a b c"], "PFDEBUG decode h", "$44 Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"],
  [["PFADD h a"], "PFDEBUG ENCODING h", "+sparse"],
  [["PFADD h a"], "PFDEBUG TODENSE h", ":1"],
  [["PFADD h a", "PFDEBUG TODENSE h"], "PFDEBUG TODENSE h", ":0"],
  [["PFADD h a", "PFDEBUG TODENSE h"], "STRLEN h", ":12304"],
  [["PFADD h a", "PFDEBUG TODENSE h"], "PFDEBUG DECODE h", "-ERR HLL encoding is not sparse"],
  [["PFADD h a b c", "PFDEBUG TODENSE h"], "PFCOUNT h", ":3"],
  [["PFADD h a b c", "PFDEBUG TODENSE h", "PFADD g c d", "PFMERGE m g h"], "PFDEBUG ENCODING m", "+dense"],
  [[], "PFDEBUG ENCODING none", "-ERR The specified key does not exist"],
  [["PFADD h a"], "PFDEBUG NOPE h", "-ERR Unknown PFDEBUG subcommand 'NOPE'"],
  [["PFADD h a"], "OBJECT ENCODING h", "$3 raw"],

  // What is no HyperLogLog
  [["SET s text"], "PFADD s a", NOT_HLL],
  [["SET s 12"], "PFCOUNT s", NOT_HLL],
  [["SET s text", "PFADD h a"], "PFCOUNT h s", NOT_HLL],
  [["SET s text"], "PFMERGE s", NOT_HLL],
  [["SET s text", "PFADD h a"], "PFMERGE h s", NOT_HLL],
  [["SET s text"], "PFDEBUG GETREG s", NOT_HLL],
  [['SET s "HYLL\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x7f\\xff"'], "PFCOUNT s", NOT_HLL],
  [['SET s "HYLL\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x7f\\xff"'], "PFCOUNT s", NOT_HLL],
  [[`SET s "${HEADER}\\x7f\\xff"`], "PFCOUNT s", ":0"],
  // Too few registers, too many, half an opcode
  [[`SET s "${HEADER}\\x7f\\xfe"`], "PFCOUNT s", CORRUPT],
  [[`SET s "${HEADER}\\x7f\\xff\\x00"`], "PFCOUNT s", CORRUPT],
  [[`SET s "${HEADER}\\x7f\\xff\\x80"`], "PFCOUNT s", CORRUPT],
  [[`SET s "${HEADER}\\x7f"`], "PFCOUNT s", CORRUPT],
  [[`SET s "${HEADER}"`], "PFCOUNT s", CORRUPT],
  [[`SET s "${HEADER}"`], "PFADD s a", CORRUPT],
  [[`SET s "${HEADER}\\x7f\\xfe"`], "PFMERGE m s", CORRUPT],
  [[`SET s "${HEADER}\\x7f\\xfe"`], "PFCOUNT s none", CORRUPT],
  [[`SET s "${HEADER}\\x7f\\xfe"`], "PFDEBUG TODENSE s", CORRUPT],
]);

testEffects([
  [[], "PFADD h a", ["n new@0 h", "$ pfadd@0 h"], ["PFADD h a"]],
  [["PFADD h a"], "PFADD h a", [], []],
  [["PFADD h a"], "PFADD h b c", ["$ pfadd@0 h"], ["PFADD h b c"]],
  [["PFADD h a"], "PFCOUNT h", [], ["PFCOUNT h"]],
  [["PFADD h a", "PFCOUNT h"], "PFCOUNT h", [], []],
  [["PFADD h a"], "PFCOUNT h h", [], []],
  [[], "PFCOUNT h", ["m keymiss@0 h"], []],
  [["PFADD h a"], "PFMERGE m h", ["m keymiss@0 m", "n new@0 m", "$ pfadd@0 m"], ["PFMERGE m h"]],
  [["PFADD h a"], "PFDEBUG TODENSE h", [], ["PFDEBUG TODENSE h"]],
  [["PFADD h a"], "PFDEBUG GETREG h", [], ["PFDEBUG GETREG h"]],
  [["PFADD h a", "PFDEBUG TODENSE h"], "PFDEBUG GETREG h", [], []],
  [["PFADD h a"], "PFDEBUG ENCODING h", [], []],
]);

test("the self test passes", () => {
  assert.equal(new Harness().run("PFSELFTEST"), "+OK");
});

test("a HyperLogLog becomes dense where the sparse form would grow too long, and keeps its expiry", () => {
  const harness = new Harness();
  harness.engine.policy.hllSparseMaxBytes = 200;
  harness.run("PFADD h a");
  harness.run("EXPIRE h 100");
  let elements = 1;
  for (; harness.run("PFDEBUG ENCODING h") === "+sparse"; elements++) {
    assert.ok(Number(harness.run("STRLEN h").slice(1)) <= 200);
    harness.run(`PFADD h element:${elements}`);
  }
  assert.ok(elements > 50 && elements < 120, `${elements} elements`);
  assert.equal(harness.run("TTL h"), ":100");
  const counted = Number(harness.run("PFCOUNT h").slice(1));
  assert.ok(Math.abs(counted - elements) <= 2, `${counted} of ${elements}`);
});

test("both forms hold the same registers, whatever the order", () => {
  const harness = new Harness();
  harness.run("PFADD dense");
  harness.run("PFDEBUG TODENSE dense");
  for (let i = 0; i < 600; i++) {
    const elements = `${i} x${i * 7} ${"long".repeat(i % 9)}${i % 50}`;
    harness.run(`PFADD dense ${elements}`);
    harness.run(`PFADD sparse ${elements.split(" ").reverse().join(" ")}`);
    if (i % 50 === 0) assert.equal(harness.run("PFCOUNT dense"), harness.run("PFCOUNT sparse"));
  }
  assert.equal(harness.run("PFDEBUG ENCODING sparse"), "+sparse");
  assert.equal(harness.run("PFDEBUG GETREG sparse"), harness.run("PFDEBUG GETREG dense"));
});
