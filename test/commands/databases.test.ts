import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "./harness.ts";

const SYNTAX = "-ERR syntax error";

testReplies([
  [[], "DBSIZE", ":0"],
  [["MSET a 1 b 2"], "DBSIZE", ":2"],
  [["MSET a 1 b 2", "FLUSHDB"], "DBSIZE", ":0"],
  [["MSET a 1 b 2", "FLUSHDB sync"], "DBSIZE", ":0"],
  [["MSET a 1 b 2", "FLUSHALL ASYNC"], "DBSIZE", ":0"],
  [[], "FLUSHDB FOO", SYNTAX],
  [[], "FLUSHALL SYNC ASYNC", SYNTAX],
  [["SET a 1", "SWAPDB 0 1"], "DBSIZE", ":0"],
  [["SET a 1", "SWAPDB 0 0"], "DBSIZE", ":1"],
  [[], "SWAPDB x 1", "-ERR invalid first DB index"],
  [[], "SWAPDB 0 3000000000", "-ERR invalid second DB index"],
  [[], "SWAPDB 0 16", "-ERR DB index is out of range"],
  [[], "SWAPDB -1 0", "-ERR DB index is out of range"],
]);

testEffects([
  [["SET a 1"], "FLUSHDB", [], ["FLUSHDB"]],
  [[], "FLUSHDB", [], ["FLUSHDB"]],
  [[], "FLUSHALL ASYNC", [], ["FLUSHALL ASYNC"]],
  [[], "SWAPDB 0 1", [], ["SWAPDB 0 1"]],
]);

test("FLUSHDB empties one database, FLUSHALL all; each says whose watchers are concerned", () => {
  const harness = new Harness();
  harness.run("SET a 1");
  harness.run("COPY a a DB 1");
  harness.run("FLUSHDB");
  assert.deepEqual([harness.watched, harness.dirty], [["0 *"], 1]);
  assert.equal(harness.engine.databases[1]!.size, 1);
  harness.run("FLUSHALL");
  assert.deepEqual([harness.watched, harness.dirty], [["all"], 1]);
  assert.equal(harness.engine.databases[1]!.size, 0);
});

test("SWAPDB exchanges what two databases hold, expiry included", () => {
  const harness = new Harness();
  harness.run("SET a 1 EX 10");
  harness.run("SWAPDB 0 2");
  assert.deepEqual(harness.watched, ["0 *", "2 *"]);
  harness.session.dbIndex = 2;
  assert.equal(harness.run("TTL a"), ":10");
});
