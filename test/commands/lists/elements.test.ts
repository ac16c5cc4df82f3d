import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "../harness.ts";

const WRONG = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const text = ["SET s text"];
const letters = ["RPUSH l a b c d e"];
const repeated = ["RPUSH l a b 1 b c 1 b"];

testReplies([
  [letters, "LLEN l", ":5"],
  [[], "LLEN l", ":0"],
  [text, "LLEN s", WRONG],

  [letters, "LINDEX l 0", "$1 a"],
  [letters, "LINDEX l -1", "$1 e"],
  [letters, "LINDEX l 5", "$-1", "_"],
  [letters, "LINDEX l -6", "$-1", "_"],
  [letters, "LINDEX l x", "-ERR value is not an integer or out of range"],
  [[], "LINDEX l x", "$-1", "_"],
  [text, "LINDEX s x", WRONG],

  [letters, "LRANGE l 1 3", "*3 $1 b $1 c $1 d"],
  [letters, "LRANGE l -2 -1", "*2 $1 d $1 e"],
  [letters, "LRANGE l -99 1", "*2 $1 a $1 b"],
  [letters, "LRANGE l 3 99", "*2 $1 d $1 e"],
  [letters, "LRANGE l 5 9", "*0"],
  [letters, "LRANGE l 3 2", "*0"],
  [letters, "LRANGE l 0 -6", "*0"],
  [letters, "LRANGE l -9223372036854775808 9223372036854775807", "*5 $1 a $1 b $1 c $1 d $1 e"],
  [[], "LRANGE l 0 -1", "*0"],
  [[], "LRANGE l a 1", "-ERR value is not an integer or out of range"],
  [text, "LRANGE s 0 1.5", "-ERR value is not an integer or out of range"],
  [text, "LRANGE s 0 1", WRONG],

  [repeated, "LPOS l b", ":1"],
  [repeated, "LPOS l 1", ":2"],
  [repeated, "LPOS l x", "$-1", "_"],
  [repeated, "LPOS l b RANK 2", ":3"],
  [repeated, "LPOS l b RANK -1", ":6"],
  [repeated, "LPOS l b RANK -3", ":1"],
  [repeated, "LPOS l b RANK 4", "$-1", "_"],
  [repeated, "LPOS l b COUNT 0", "*3 :1 :3 :6"],
  [repeated, "LPOS l b COUNT 2", "*2 :1 :3"],
  [repeated, "LPOS l b COUNT 2 RANK -1", "*2 :6 :3"],
  [repeated, "LPOS l b COUNT 0 RANK 2 MAXLEN 4", "*1 :3"],
  [repeated, "LPOS l b MAXLEN 1", "$-1", "_"],
  [repeated, "LPOS l b MAXLEN 2", ":1"],
  [repeated, "LPOS l b MAXLEN 2 RANK -1", ":6"],
  [repeated, "LPOS l x COUNT 1", "*0"],
  [[], "LPOS l b", "$-1", "_"],
  [[], "LPOS l b COUNT 1", "*0"],
  [text, "LPOS s b", WRONG],
  [
    text,
    "LPOS s b RANK 0",
    "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
  ],
  [text, "LPOS s b RANK x", "-ERR value is not an integer or out of range"],
  [
    text,
    "LPOS s b RANK -9223372036854775808",
    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
  ],
  [repeated, "LPOS l b RANK -9223372036854775807", "$-1", "_"],
  [text, "LPOS s b COUNT -1", "-ERR COUNT can't be negative"],
  [text, "LPOS s b MAXLEN x", "-ERR MAXLEN can't be negative"],
  [text, "LPOS s b COUNT", "-ERR syntax error"],
  [text, "LPOS s b LIMIT 1", "-ERR syntax error"],

  [[...letters, "LSET l 1 x", "LSET l -1 17"], "LRANGE l 0 -1", "*5 $1 a $1 x $1 c $1 d $2 17"],
  [letters, "LSET l 5 x", "-ERR index out of range"],
  [letters, "LSET l -6 x", "-ERR index out of range"],
  [letters, "LSET l a x", "-ERR value is not an integer or out of range"],
  [[], "LSET l a x", "-ERR no such key"],
  [text, "LSET s a x", WRONG],

  [letters, "LINSERT l BEFORE c x", ":6"],
  [
    [...letters, "LINSERT l before c x", "LINSERT l After e y", "LINSERT l BEFORE a 7"],
    "LRANGE l 0 -1",
    "*8 $1 7 $1 a $1 b $1 x $1 c $1 d $1 e $1 y",
  ],
  [letters, "LINSERT l AFTER x y", ":-1"],
  [[], "LINSERT l AFTER x y", ":0"],
  [text, "LINSERT s NEAR x y", "-ERR syntax error"],
  [text, "LINSERT s AFTER x y", WRONG],

  [repeated, "LREM l 0 b", ":3"],
  [[...repeated, "LREM l 2 b"], "LRANGE l 0 -1", "*5 $1 a $1 1 $1 c $1 1 $1 b"],
  [[...repeated, "LREM l -2 b"], "LRANGE l 0 -1", "*5 $1 a $1 b $1 1 $1 c $1 1"],
  [[...repeated, "LREM l -9 1"], "LRANGE l 0 -1", "*5 $1 a $1 b $1 b $1 c $1 b"],
  [repeated, "LREM l 0 x", ":0"],
  [["RPUSH l b b b", "LREM l 0 b"], "EXISTS l", ":0"],
  [[], "LREM l 0 b", ":0"],
  [text, "LREM s x b", "-ERR value is not an integer or out of range"],
  [text, "LREM s 0 b", WRONG],

  [letters, "LTRIM l 1 3", "+OK"],
  [[...letters, "LTRIM l 1 3"], "LRANGE l 0 -1", "*3 $1 b $1 c $1 d"],
  [[...letters, "LTRIM l -2 -1"], "LRANGE l 0 -1", "*2 $1 d $1 e"],
  [[...letters, "LTRIM l -99 99"], "LRANGE l 0 -1", "*5 $1 a $1 b $1 c $1 d $1 e"],
  [[...letters, "LTRIM l 3 2"], "EXISTS l", ":0"],
  [[...letters, "LTRIM l 5 9"], "EXISTS l", ":0"],
  [[], "LTRIM l 0 1", "+OK"],
  [text, "LTRIM s 0 x", "-ERR value is not an integer or out of range"],
  [text, "LTRIM s 0 1", WRONG],

  [letters, "OBJECT ENCODING l", "$8 listpack"],
  [letters, "TYPE l", "+list"],
  [letters, "SET l text", "+OK"],
  [letters, "COPY l m", ":1"],
  [[...letters, "COPY l m", "LPOP m"], "LRANGE l 0 0", "*1 $1 a"],
  [letters, "GET l", WRONG],
]);

testEffects([
  [[], "LLEN l", ["m keymiss@0 l"], []],
  [letters, "LSET l 0 x", ["l lset@0 l"], ["LSET l 0 x"]],
  [letters, "LINSERT l AFTER a x", ["l linsert@0 l"], ["LINSERT l AFTER a x"]],
  [letters, "LINSERT l AFTER x x", [], []],
  [repeated, "LREM l 0 b", ["l lrem@0 l"], ["LREM l 0 b"]],
  [repeated, "LREM l 0 x", [], []],
  [["RPUSH l b"], "LREM l 0 b", ["l lrem@0 l", "g del@0 l"], ["LREM l 0 b"]],
  [letters, "LTRIM l 1 3", ["l ltrim@0 l"], ["LTRIM l 1 3"]],
  [letters, "LTRIM l 0 -1", ["l ltrim@0 l"], []],
  [letters, "LTRIM l 9 9", ["l ltrim@0 l", "g del@0 l"], ["LTRIM l 9 9"]],
  [[], "LTRIM l 9 9", [], []],
]);

test("encodings follow the limits, with large elements and many", () => {
  const harness = new Harness();
  const encoding = () => harness.run("OBJECT ENCODING l").split(" ")[1];
  harness.engine.policy.listMaxListpackSize = 4;
  harness.run("RPUSH l a b c d");
  assert.equal(encoding(), "listpack");
  harness.run("LINSERT l BEFORE x y");
  assert.equal(encoding(), "quicklist");
  harness.run("RPOP l");
  assert.equal(encoding(), "quicklist");
  harness.run("LTRIM l 1 2");
  assert.equal(encoding(), "listpack");
  harness.engine.policy.listMaxListpackSize = -2;
  harness.run(["LSET", "l", "0", "x".repeat(9000)]);
  assert.equal(encoding(), "quicklist");
  harness.run("LSET l 0 y");
  assert.equal(encoding(), "listpack");
  assert.equal(harness.run("LRANGE l 0 -1"), "*2 $1 y $1 c");
});

test("a change counts as one for each element that came or went", () => {
  const harness = new Harness();
  for (const [command, changes] of [
    ["RPUSH l a b c d e f g", 7],
    ["LPOP l 2", 2],
    ["LTRIM l 1 2", 3],
    ["LREM l 0 d", 1],
    ["LTRIM l 0 -1", 0],
  ] as const) {
    harness.run(command);
    assert.equal(harness.dirty, changes, command);
  }
});
