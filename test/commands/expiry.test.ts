import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "./harness.ts";

const NOT_INTEGER = "-ERR value is not an integer or out of range";
const BAD_EXPIRE = (name: string) => `-ERR invalid expire time in '${name}' command`;
const k = "SET k v";

testReplies([
  [[k], "EXPIRE k 10", ":1"],
  [[k, "EXPIRE k 10"], "TTL k", ":10"],
  [[k, "PEXPIRE k 1500"], "PTTL k", ":1500"],
  [[k, "PEXPIRE k 1499"], "TTL k", ":1"],
  [[k, "PEXPIRE k 1500"], "TTL k", ":2"],
  [[k, "EXPIREAT k 1700000010"], "TTL k", ":10"],
  [[k, "PEXPIREAT k 1700000010000"], "PTTL k", ":10000"],
  [[k, "EXPIRE k 10"], "EXPIRETIME k", ":1700000010"],
  [[k, "EXPIRE k 10"], "PEXPIRETIME k", ":1700000010000"],
  [[], "EXPIRE k 10", ":0"],
  [[], "TTL k", ":-2"],
  [[k], "TTL k", ":-1"],
  [[], "PTTL k", ":-2"],
  [[k], "PTTL k", ":-1"],
  [[], "EXPIRETIME k", ":-2"],
  [[k], "PEXPIRETIME k", ":-1"],

  // In the past
  [[k], "EXPIRE k 0", ":1"],
  [[k, "EXPIRE k 0"], "EXISTS k", ":0"],
  [[k, "EXPIRE k -1"], "EXISTS k", ":0"],
  [[k, "PEXPIREAT k 1700000000000"], "EXISTS k", ":0"],
  [[k, "PEXPIREAT k 1700000000001"], "EXISTS k", ":1"],
  [[], "EXPIRE k -1", ":0"],

  // Conditions
  [[k], "EXPIRE k 10 NX", ":1"],
  [[k, "EXPIRE k 10"], "EXPIRE k 20 NX", ":0"],
  [[k], "EXPIRE k 10 xx", ":0"],
  [[k, "EXPIRE k 10"], "EXPIRE k 20 XX", ":1"],
  [[k], "EXPIRE k 10 GT", ":0"],
  [[k, "EXPIRE k 10"], "EXPIRE k 10 GT", ":0"],
  [[k, "EXPIRE k 10"], "EXPIRE k 11 GT", ":1"],
  [[k], "EXPIRE k 10 LT", ":1"],
  [[k, "EXPIRE k 10"], "EXPIRE k 10 LT", ":0"],
  [[k, "EXPIRE k 10"], "EXPIRE k 9 LT", ":1"],
  [[k], "EXPIRE k 10 XX LT", ":0"],
  [[k, "EXPIRE k 10"], "EXPIRE k 9 XX LT", ":1"],
  [[k, "EXPIRE k 10", "EXPIRE k 20 NX"], "TTL k", ":10"],
  [[k, "EXPIRE k 10"], "EXPIRE k -1 GT", ":0"],
  [[k, "EXPIRE k 10", "EXPIRE k -1 LT"], "EXISTS k", ":0"],
  [[], "EXPIRE k 10 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"],
  [[], "EXPIRE k 10 LT NX", "-ERR NX and XX, GT or LT options at the same time are not compatible"],
  [[], "EXPIRE k 10 GT LT", "-ERR GT and LT options at the same time are not compatible"],
  [[], "EXPIRE k 10 FOO", "-ERR Unsupported option FOO"],
  [[], "EXPIRE k x FOO", "-ERR Unsupported option FOO"],

  [[], "EXPIRE k x", NOT_INTEGER],
  [[], "EXPIRE k 9223372036854775808", NOT_INTEGER],
  [[k], "EXPIRE k 9223372036854775807", BAD_EXPIRE("expire")],
  [[k], "EXPIRE k 9223372036854775", BAD_EXPIRE("expire")],
  [[k], "EXPIRE k -9223372036854776", BAD_EXPIRE("expire")],
  [[k], "PEXPIRE k 9223372036854770000", BAD_EXPIRE("pexpire")],
  [[k], "EXPIREAT k 9223372036854776", BAD_EXPIRE("expireat")],
  [[k], "PEXPIREAT k 9223372036854775807", ":1"],
  [[k, "PEXPIREAT k 9223372036854775807"], "GET k", "$1 v"],

  [[k, "EXPIRE k 10"], "PERSIST k", ":1"],
  [[k, "EXPIRE k 10", "PERSIST k"], "TTL k", ":-1"],
  [[k], "PERSIST k", ":0"],
  [[], "PERSIST k", ":0"],
]);

testEffects([
  [[k], "EXPIRE k 10", ["g expire@0 k"], ["PEXPIREAT k 1700000010000"]],
  [[k], "PEXPIRE k 10 nx", ["g expire@0 k"], ["PEXPIREAT k 1700000000010 nx"]],
  [[k], "EXPIREAT k 1700000010", ["g expire@0 k"], ["PEXPIREAT k 1700000010000"]],
  [[k], "PEXPIREAT k 1700000010000", ["g expire@0 k"], ["PEXPIREAT k 1700000010000"]],
  [[k], "EXPIRE k 10 XX", [], []],
  [[k], "EXPIRE k 0", ["g del@0 k"], ["DEL k"]],
  [[], "EXPIRE k 10", [], []],
  [[], "TTL k", ["m keymiss@0 k"], []],
  [[`${k} EX 10`], "PERSIST k", ["g persist@0 k"], ["PERSIST k"]],
]);

test("with lazyfree-lazy-expire a key of the past leaves as UNLINK", () => {
  const harness = new Harness();
  harness.engine.policy.lazyfreeLazyExpire = true;
  harness.run(k);
  harness.run("EXPIRE k -1");
  assert.deepEqual(harness.outcomes, ["UNLINK k"]);
});

test("a key ends after its last millisecond", () => {
  const harness = new Harness();
  harness.run("SET k v PX 100");
  harness.advance(100);
  assert.equal(harness.run("PTTL k"), ":0");
  assert.equal(harness.run("GET k"), "$1 v");
  harness.advance(1);
  assert.equal(harness.run("GET k"), "$-1");
  assert.deepEqual(harness.events, ["x expired@0 k", "m keymiss@0 k"]);
});

test("a key in the place of one that has just expired is new", () => {
  const harness = new Harness();
  harness.run("SET k v PX 100");
  harness.advance(101);
  harness.run("INCR k");
  assert.deepEqual(harness.events, ["x expired@0 k", "n new@0 k", "$ incrby@0 k"]);
  harness.run("PEXPIRE k 100");
  harness.advance(101);
  harness.run("SET k w");
  assert.deepEqual(harness.events, ["x expired@0 k", "n new@0 k", "$ set@0 k"]);
});

test("a replica leaves keys of the past to its primary", () => {
  const harness = new Harness();
  harness.engine.expiryMode = "keep";
  harness.session.fromPrimary = true;
  harness.run(k);
  assert.equal(harness.run("PEXPIREAT k 1"), ":1");
  assert.deepEqual(harness.events, ["g expire@0 k"]);
  harness.engine.expiryMode = "hide";
  assert.equal(harness.run("GET k"), "$-1");
  assert.equal(harness.db.size, 1);
});
