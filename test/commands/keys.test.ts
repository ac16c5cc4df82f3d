import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "./harness.ts";

const SYNTAX = "-ERR syntax error";
const NO_KEY = "-ERR no such key";
const NO_DB = "-ERR DB index is out of range";
const NOT_INTEGER = "-ERR value is not an integer or out of range";
const NOT_INT32 = "-ERR value is out of range, value must between -2147483648 and 2147483647";
const SAME = "-ERR source and destination objects are the same";

testReplies([
  [["MSET a 1 b 2"], "DEL a b c a", ":2"],
  [["MSET a 1 b 2", "DEL a"], "EXISTS a b", ":1"],
  [["MSET a 1 b 2"], "UNLINK a b c", ":2"],
  [["SET a 1"], "EXISTS a a b", ":2"],
  [["SET a 1"], "TOUCH a a b", ":2"],
  [["SET a 1"], "TYPE a", "+string"],
  [[], "TYPE a", "+none"],
  [[], "DEL", "-ERR wrong number of arguments for 'del' command"],

  [["SET a 1", "SET b 2"], "RENAME a b", "+OK"],
  [["SET a 1", "SET b 2", "RENAME a b"], "MGET a b", "*2 $-1 $1 1", "*2 _ $1 1"],
  [["SET a 1 EX 10", "SET b 2", "RENAME a b"], "TTL b", ":10"],
  [["SET a 1", "SET b 2 EX 10", "RENAME a b"], "TTL b", ":-1"],
  [[], "RENAME a b", NO_KEY],
  [[], "RENAME a a", NO_KEY],
  [["SET a 1"], "RENAME a a", "+OK"],
  [["SET a 1"], "RENAMENX a b", ":1"],
  [["SET a 1", "SET b 2"], "RENAMENX a b", ":0"],
  [["SET a 1"], "RENAMENX a a", ":0"],
  [[], "RENAMENX a b", NO_KEY],

  [["SET a 1"], "COPY a b", ":1"],
  [["SET a 1 EX 10", "COPY a b"], "TTL b", ":10"],
  [["SET a 1", "COPY a b", "APPEND a x"], "GET b", "$1 1"],
  [[], "COPY a b", ":0"],
  [["MSET a 1 b 2"], "COPY a b", ":0"],
  [["MSET a 1 b 2"], "COPY a b REPLACE", ":1"],
  [["MSET a 1 b 2", "COPY a b REPLACE"], "GET b", "$1 1"],
  [["SET a 1"], "COPY a a", SAME],
  [["SET a 1"], "COPY a a DB 0", SAME],
  [["SET a 1"], "COPY a a DB 1", ":1"],
  [[], "COPY a b DB 16", NO_DB],
  [[], "COPY a b DB -1", NO_DB],
  [[], "COPY a b DB x", NOT_INTEGER],
  [[], "COPY a b DB 3000000000", NOT_INT32],
  [[], "COPY a b DB", SYNTAX],
  [[], "COPY a b FOO", SYNTAX],

  [["SET a 1"], "MOVE a 1", ":1"],
  [["SET a 1", "MOVE a 1"], "EXISTS a", ":0"],
  [["SET a 1", "COPY a a DB 1"], "MOVE a 1", ":0"],
  [[], "MOVE a 1", ":0"],
  [["SET a 1"], "MOVE a 0", SAME],
  [["SET a 1"], "MOVE a 16", NO_DB],
  [["SET a 1"], "MOVE a x", NOT_INTEGER],

  [[], "RANDOMKEY", "$-1", "_"],
  [["SET a 1"], "RANDOMKEY", "$1 a"],
]);

testEffects([
  [["MSET a 1 b 2"], "DEL a x b", ["g del@0 a", "g del@0 b"], ["DEL a x b"]],
  [[], "DEL a", [], []],
  [["SET a 1"], "UNLINK a", ["g del@0 a"], ["UNLINK a"]],
  [[], "EXISTS a", ["m keymiss@0 a"], []],
  [[], "TYPE a", ["m keymiss@0 a"], []],
  [["SET a 1"], "RENAME a b", ["n new@0 b", "g rename_from@0 a", "g rename_to@0 b"], ["RENAME a b"]],
  [["SET a 1"], "RENAME a a", [], []],
  [["SET a 1"], "RENAMENX a b", ["n new@0 b", "g rename_from@0 a", "g rename_to@0 b"], ["RENAMENX a b"]],
  [["SET a 1"], "COPY a b DB 1", ["n new@1 b", "g copy_to@1 b"], ["COPY a b DB 1"]],
  [["MSET a 1 b 2"], "COPY a b REPLACE", ["n new@0 b", "g copy_to@0 b"], ["COPY a b REPLACE"]],
  [["SET a 1"], "MOVE a 1", ["n new@1 a", "g move_from@0 a", "g move_to@1 a"], ["MOVE a 1"]],
]);

test("MOVE and COPY take value and expiry to the other database", () => {
  const harness = new Harness();
  harness.run("SET a 1 EX 10");
  harness.run("COPY a b DB 3");
  harness.run("MOVE a 3");
  harness.session.dbIndex = 3;
  assert.equal(harness.run("MGET a b"), "*2 $1 1 $1 1");
  assert.equal(harness.run("TTL a"), ":10");
  assert.equal(harness.run("TTL b"), ":10");
});

test("a change of two keys marks the watchers of both", () => {
  const harness = new Harness();
  harness.run("SET a 1");
  harness.run("RENAME a b");
  assert.deepEqual(harness.watched, ["0 a", "0 b"]);
  harness.run("MOVE b 1");
  assert.deepEqual(harness.watched, ["0 b", "1 b"]);
});

test("RANDOMKEY names every key sooner or later", () => {
  const harness = new Harness();
  for (let i = 0; i < 10; i++) harness.run(`SET k${i} v`);
  const names = new Set<string>();
  for (let i = 0; i < 500; i++) names.add(harness.run("RANDOMKEY"));
  assert.equal(names.size, 10);
});
