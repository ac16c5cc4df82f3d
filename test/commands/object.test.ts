import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "./harness.ts";

const SWITCHING =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

testReplies([
  [["SET k 123"], "OBJECT ENCODING k", "$3 int"],
  [["SET k 9223372036854775807"], "OBJECT ENCODING k", "$3 int"],
  [["SET k 9223372036854775808"], "OBJECT ENCODING k", "$6 embstr"],
  [["SET k 0123"], "OBJECT ENCODING k", "$6 embstr"],
  [[`SET k ${"x".repeat(44)}`], "OBJECT ENCODING k", "$6 embstr"],
  [[`SET k ${"x".repeat(45)}`], "OBJECT ENCODING k", "$3 raw"],
  [["SET k v"], "object refcount k", ":1"],
  [["SET k v"], "OBJECT IDLETIME k", ":0"],
  [
    ["SET k v"],
    "OBJECT FREQ k",
    `-ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHING}`,
  ],
  [[], "OBJECT ENCODING k", "$-1", "_"],
  [[], "OBJECT REFCOUNT k", "$-1", "_"],
  [[], "OBJECT IDLETIME k", "$-1", "_"],
  [[], "OBJECT FREQ k", "$-1", "_"],
  [[], "OBJECT", "-ERR wrong number of arguments for 'object' command"],
  [[], "OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"],
  [[], "OBJECT FOO k", "-ERR unknown subcommand 'FOO'. Try OBJECT HELP."],
]);

testEffects([[[], "OBJECT ENCODING k", [], []]]);

test("IDLETIME counts seconds since the last use, which OBJECT itself is not", () => {
  const harness = new Harness();
  harness.run("SET k v");
  harness.advance(90_000);
  assert.equal(harness.run("OBJECT IDLETIME k"), ":90");
  assert.equal(harness.run("OBJECT IDLETIME k"), ":90");
  assert.equal(harness.run("TTL k"), ":-1");
  assert.equal(harness.run("OBJECT IDLETIME k"), ":90");
  harness.run("TOUCH k");
  assert.equal(harness.run("OBJECT IDLETIME k"), ":0");
});

test("with an LFU policy FREQ answers, and IDLETIME does not", () => {
  const harness = new Harness();
  harness.engine.policy.maxmemoryPolicy = "allkeys-lfu";
  harness.run("SET k v");
  assert.equal(harness.run("OBJECT FREQ k"), ":5");
  assert.equal(
    harness.run("OBJECT IDLETIME k"),
    `-ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHING}`,
  );
});

test("HELP lists the subcommands", () => {
  const lines = new Harness().raw("OBJECT HELP").split("\r\n");
  assert.equal(lines[0], "*11");
  assert.equal(lines[1], "+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const name of ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]) assert.ok(lines.includes(`+${name} <key>`), name);
});
