import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "./harness.ts";

/** What redis-server 7.0.15 dumps for the strings 10 and hello. */
const TEN = '"\\x00\\xc0\\n\\n\\x00n\\x9fWE\\x0e\\xaec\\xbb"';
const HELLO = '"\\x00\\x05hello\\n\\x00cr\\xdfve4 \\n"';
const WRONG_CHECKSUM = "-ERR DUMP payload version or checksum are wrong";
const NOT_INTEGER = "-ERR value is not an integer or out of range";
const SYNTAX = "-ERR syntax error";

testReplies([
  [[], "DUMP k", "$-1", "_"],
  [[], `RESTORE k 0 ${HELLO}`, "+OK"],
  [[`RESTORE k 0 ${HELLO}`], "GET k", "$5 hello"],
  [[`RESTORE k 0 ${TEN}`], "GET k", "$2 10"],
  [[`RESTORE k 0 ${TEN}`], "TTL k", ":-1"],
  [[`RESTORE k 5000 ${TEN}`], "PTTL k", ":5000"],
  [[`RESTORE k 1700000005000 ${TEN} ABSTTL`], "PTTL k", ":5000"],
  [["SET k v"], `RESTORE k 0 ${TEN}`, "-BUSYKEY Target key name already exists."],
  [["SET k v EX 10"], `RESTORE k 0 ${TEN} REPLACE`, "+OK"],
  [["SET k v EX 10", `RESTORE k 0 ${TEN} replace`], "TTL k", ":-1"],
  [["SET k v", `RESTORE k 1 ${TEN} ABSTTL REPLACE`], "EXISTS k", ":0"],
  [[`RESTORE k 0 ${TEN} IDLETIME 100`], "OBJECT IDLETIME k", ":100"],
  [[`RESTORE k 0 ${TEN} FREQ 100`], "OBJECT IDLETIME k", ":0"],
  [[], `RESTORE k -1 ${TEN}`, "-ERR Invalid TTL value, must be >= 0"],
  [[], `RESTORE k x ${TEN}`, NOT_INTEGER],
  [[], "RESTORE k 0 junk", WRONG_CHECKSUM],
  [[], `RESTORE k 0 ${TEN.replace("\\n\\x00", "\\n\\x01")}`, WRONG_CHECKSUM],
  [[], `RESTORE k 0 ${TEN} IDLETIME -1`, "-ERR Invalid IDLETIME value, must be >= 0"],
  [[], `RESTORE k 0 ${TEN} FREQ 256`, "-ERR Invalid FREQ value, must be >= 0 and <= 255"],
  [[], `RESTORE k 0 ${TEN} FREQ x`, NOT_INTEGER],
  [[], `RESTORE k 0 ${TEN} FREQ 1 IDLETIME 1`, SYNTAX],
  [[], `RESTORE k 0 ${TEN} FREQ`, SYNTAX],
  [[], `RESTORE k 0 ${TEN} FOO`, SYNTAX],
]);

testEffects([
  [[], "DUMP k", ["m keymiss@0 k"], []],
  [["SET k v"], "DUMP k", [], []],
]);

test("the outcome of RESTORE has the time as unix time", () => {
  const harness = new Harness();
  harness.raw(`RESTORE k 5000 ${HELLO} REPLACE`);
  assert.deepEqual(harness.events, ["n new@0 k", "g restore@0 k"]);
  assert.match(harness.outcomes[0]!, /^RESTORE k 1700000005000 .* REPLACE ABSTTL$/s);
  harness.raw(`RESTORE k 1700000005000 ${HELLO} ABSTTL REPLACE`);
  assert.match(harness.outcomes[0]!, /^RESTORE k 1700000005000 .* ABSTTL REPLACE$/s);
  harness.raw(`RESTORE k 0 ${HELLO} REPLACE`);
  assert.match(harness.outcomes[0]!, /^RESTORE k 0 .* REPLACE$/s);
});

test("restored into the past, a key that was there is deleted, and one that was not is none of the replicas' business", () => {
  const harness = new Harness();
  harness.raw(`RESTORE k 1 ${HELLO} ABSTTL`);
  assert.deepEqual([harness.events, harness.outcomes], [[], []]);
  harness.run("SET k v");
  harness.raw(`RESTORE k 1 ${HELLO} ABSTTL REPLACE`);
  assert.deepEqual([harness.events, harness.outcomes], [["g del@0 k"], ["DEL k"]]);
});

test("with an LFU policy FREQ is kept", () => {
  const harness = new Harness();
  harness.engine.policy.maxmemoryPolicy = "allkeys-lfu";
  harness.raw(`RESTORE k 0 ${TEN} FREQ 100`);
  assert.equal(harness.run("OBJECT FREQ k"), ":100");
});

test("what DUMP answers RESTORE takes", () => {
  const harness = new Harness();
  for (const value of ["", "v", "-12", "300", "100000", "9223372036854775807", "x".repeat(50_000), "ab".repeat(300)]) {
    harness.run(["SET", "k", value]);
    const payload = harness
      .raw("DUMP k")
      .replace(/^\$\d+\r\n/, "")
      .slice(0, -2);
    assert.equal(harness.run(["RESTORE", "copy", "0", payload, "REPLACE"]), "+OK");
    assert.equal(harness.raw("GET copy"), `$${value.length}\r\n${value}\r\n`);
  }
});
