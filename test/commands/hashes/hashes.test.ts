import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "../harness.ts";

const WRONG_TYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const LONG = "x".repeat(65);

testReplies([
  [[], "HSET h a 1 b 2 a 3", ":2"],
  [["HSET h a 1"], "HSET h a 2 b 1", ":1"],
  [["HSET h a 1"], "HGET h a", "$1 1"],
  [["HSET h a 1", "HSET h a 2"], "HGET h a", "$1 2"],
  [[], "HSET h a", "-ERR wrong number of arguments for 'hset' command"],
  [[], "HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"],
  [["SET s x"], "HSET s a 1 b", "-ERR wrong number of arguments for 'hset' command"],
  [["SET s x"], "HSET s a 1", WRONG_TYPE],
  [[], "HMSET h a 1", "+OK"],
  [[], "HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"],
  [[], "HSETNX h a 1", ":1"],
  [["HSET h a 1"], "HSETNX h a 2", ":0"],
  [["HSET h a 1"], "HSETNX h b 2", ":1"],
  [["SET s x"], "HSETNX s b 2", WRONG_TYPE],
  [["HSET h a 1"], "HGET h b", "$-1", "_"],
  [[], "HGET h b", "$-1", "_"],
  [["SET s x"], "HGET s b", WRONG_TYPE],
  [["HSET h a 1 b 2"], "HMGET h b c a b", "*4 $1 2 $-1 $1 1 $1 2", "*4 $1 2 _ $1 1 $1 2"],
  [[], "HMGET h a b", "*2 $-1 $-1", "*2 _ _"],
  [["SET s x"], "HMGET s a b", WRONG_TYPE],
  [["HSET h a 1 b 2"], "HGETALL h", "*4 $1 a $1 1 $1 b $1 2", "%2 $1 a $1 1 $1 b $1 2"],
  [[], "HGETALL h", "*0", "%0"],
  [["HSET h a 1 b 2"], "HKEYS h", "*2 $1 a $1 b"],
  [["HSET h a 1 b 2"], "HVALS h", "*2 $1 1 $1 2"],
  [[], "HVALS h", "*0"],
  [["SET s x"], "HVALS s", WRONG_TYPE],
  [["HSET h a 1 b 2"], "HLEN h", ":2"],
  [[], "HLEN h", ":0"],
  [["HSET h a 12345"], "HSTRLEN h a", ":5"],
  [["HSET h a 12345"], "HSTRLEN h b", ":0"],
  [["HSET h a 12345"], "HEXISTS h a", ":1"],
  [["HSET h a 12345"], "HEXISTS h b", ":0"],
  [["HSET h a 1 b 2 c 3"], "HDEL h a b x a", ":2"],
  [["HSET h a 1", "HDEL h a"], "EXISTS h", ":0"],
  [["HSET h a 1"], "HDEL h a b c", ":1"],
  [[], "HDEL h a", ":0"],
  [["SET s x"], "HDEL s a", WRONG_TYPE],
  // Encodings
  [["HSET h a 1"], "OBJECT ENCODING h", "$8 listpack"],
  [[`HSET h a ${LONG}`], "OBJECT ENCODING h", "$9 hashtable"],
  [[`HSET h ${LONG} a`], "OBJECT ENCODING h", "$9 hashtable"],
  [["HSET h a 1", `HSET h a ${LONG}`, "HSET h a 1"], "OBJECT ENCODING h", "$9 hashtable"],
  [["HSET h a 1", "RENAME h i"], "HGET i a", "$1 1"],
  [[`HSET h a 1 b ${LONG}`, "COPY h i", "HSET h a 2"], "HGET i a", "$1 1"],
  [["HSET h a 1"], "TYPE h", "+hash"],
  // Numbers
  [[], "HINCRBY h a 5", ":5"],
  [["HSET h a 10"], "HINCRBY h a -11", ":-1"],
  [["HSET h a 10"], "HINCRBY h a x", "-ERR value is not an integer or out of range"],
  [["HSET h a x"], "HINCRBY h a 1", "-ERR hash value is not an integer"],
  [["HSET h a 1.5"], "HINCRBY h a 1", "-ERR hash value is not an integer"],
  [["HSET h a 9223372036854775807"], "HINCRBY h a 1", "-ERR increment or decrement would overflow"],
  [["HSET h a 9223372036854775806"], "HINCRBY h a 1", ":9223372036854775807"],
  [["HSET h a -9223372036854775808"], "HINCRBY h a -1", "-ERR increment or decrement would overflow"],
  [["HSET h a -9223372036854775808"], "HINCRBY h a 9223372036854775807", ":-1"],
  [["SET s x"], "HINCRBY s a 1", WRONG_TYPE],
  [["SET s x"], "HINCRBY s a x", "-ERR value is not an integer or out of range"],
  [[], "HINCRBYFLOAT h a 1.5", "$3 1.5"],
  [["HSET h a 10.50"], "HINCRBYFLOAT h a 0.1", "$4 10.6"],
  [["HSET h a 5.0e3"], "HINCRBYFLOAT h a 2.0e2", "$4 5200"],
  [["HSET h a x"], "HINCRBYFLOAT h a 1", "-ERR hash value is not a float"],
  [["HSET h a 1"], "HINCRBYFLOAT h a x", "-ERR value is not a valid float"],
  [["HSET h a 1"], "HINCRBYFLOAT h a inf", "-ERR value is NaN or Infinity"],
  [["SET s x"], "HINCRBYFLOAT s a 1", WRONG_TYPE],
  // Random fields
  [["HSET h a 1"], "HRANDFIELD h", "$1 a"],
  [[], "HRANDFIELD h", "$-1", "_"],
  [["HSET h a 1"], "HRANDFIELD h 5", "*1 $1 a"],
  [["HSET h a 1"], "HRANDFIELD h -3", "*3 $1 a $1 a $1 a"],
  [["HSET h a 1"], "HRANDFIELD h 1 WITHVALUES", "*2 $1 a $1 1", "*1 *2 $1 a $1 1"],
  [["HSET h a 1"], "HRANDFIELD h -2 WITHVALUES", "*4 $1 a $1 1 $1 a $1 1", "*2 *2 $1 a $1 1 *2 $1 a $1 1"],
  [["HSET h a 1"], "HRANDFIELD h 0", "*0"],
  [[], "HRANDFIELD h 10 WITHVALUES", "*0"],
  [[], "HRANDFIELD h x", "-ERR value is not an integer or out of range"],
  [[], "HRANDFIELD h 1 WITHVALUE", "-ERR syntax error"],
  [[], "HRANDFIELD h 1 WITHVALUES x", "-ERR syntax error"],
  [[], "HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range"],
  [["SET s x"], "HRANDFIELD s", WRONG_TYPE],
  // Scanning
  [["HSET h a 1 b 2"], "HSCAN h 0", "*2 $1 0 *4 $1 a $1 1 $1 b $1 2"],
  [["HSET h a 1 b 2"], "HSCAN h 0 NOVALUES", "*2 $1 0 *2 $1 a $1 b"],
  [["HSET h aa 1 b 2"], "HSCAN h 0 MATCH a* COUNT 1", "*2 $1 0 *2 $2 aa $1 1"],
  [[], "HSCAN h 0 COUNT x", "*2 $1 0 *0"],
  [["HSET h a 1"], "HSCAN h 0 COUNT x", "-ERR value is not an integer or out of range"],
  [["HSET h a 1"], "HSCAN h 0 COUNT 0", "-ERR syntax error"],
  [["HSET h a 1"], "HSCAN h 0 TYPE hash", "-ERR syntax error"],
  [[], "HSCAN h x", "-ERR invalid cursor"],
  [["SET s x"], "HSCAN s 0", WRONG_TYPE],
]);

testEffects([
  [[], "HSET h a 1 b 2", ["n new@0 h", "h hset@0 h"], ["HSET h a 1 b 2"]],
  [["HSET h a 1"], "HMSET h a 1", ["h hset@0 h"], ["HMSET h a 1"]],
  [["HSET h a 1"], "HSETNX h a 2", [], []],
  [["HSET h a 1"], "HSETNX h b 2", ["h hset@0 h"], ["HSETNX h b 2"]],
  [["HSET h a 1"], "HDEL h x", [], []],
  [["HSET h a 1 b 2"], "HDEL h a", ["h hdel@0 h"], ["HDEL h a"]],
  [["HSET h a 1 b 2"], "HDEL h a b", ["h hdel@0 h", "g del@0 h"], ["HDEL h a b"]],
  [["HSET h a 1"], "HINCRBY h a 2", ["h hincrby@0 h"], ["HINCRBY h a 2"]],
  [["HSET h a 1"], "HINCRBYFLOAT h a 2.5", ["h hincrbyfloat@0 h"], ["HSET h a 3.5"]],
  [[], "HGET h a", ["m keymiss@0 h"], []],
]);

test("counts as many changes as fields were set or deleted", () => {
  const harness = new Harness();
  harness.run("HSET h a 1 b 2 a 3");
  assert.equal(harness.dirty, 3);
  harness.run("HDEL h a b c");
  assert.equal(harness.dirty, 2);
});

test("HSCAN of a table shows every field, whatever comes and goes", () => {
  const harness = new Harness(3);
  harness.engine.policy.hashMaxListpackEntries = 4;
  for (let i = 0; i < 500; i++) harness.run(`HSET h stays:${i} ${i}`);
  const seen = new Map<string, string>();
  let cursor = "0";
  let step = 0;
  do {
    const words = harness.raw(`HSCAN h ${cursor} COUNT 7`).split("\r\n");
    cursor = words[2]!;
    for (let i = 5; i + 2 < words.length; i += 4) seen.set(words[i]!, words[i + 2]!);
    for (let i = 0; i < 20; i++)
      harness.run(step % 40 < 20 ? `HSET h guest:${step}:${i} x` : `HDEL h guest:${step - 20}:${i}`);
    step++;
  } while (cursor !== "0");
  for (let i = 0; i < 500; i++) assert.equal(seen.get(`stays:${i}`), String(i));
});

for (const [form, limit] of [
  ["listpack", 512],
  ["hashtable", 0],
] as const)
  test(`HRANDFIELD is fair, and answers as many different fields as were asked for (${form})`, () => {
    const harness = new Harness();
    harness.engine.policy.hashMaxListpackEntries = limit;
    for (let i = 0; i < 30; i++) harness.run(`HSET h f${i} v${i}`);
    const words = (reply: string) => reply.split(" ").filter((word) => /^f\d+$/.test(word));
    for (const count of [1, 2, 9, 10, 11, 29, 30, 31]) {
      const counts = new Map<string, number>();
      const rounds = Math.ceil(6000 / count);
      for (let i = 0; i < rounds; i++) {
        const fields = words(harness.run(`HRANDFIELD h ${count}`));
        assert.equal(fields.length, Math.min(count, 30));
        assert.equal(new Set(fields).size, fields.length);
        for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
      }
      const expected = (rounds * Math.min(count, 30)) / 30;
      for (const [field, seen] of counts)
        assert.ok(Math.abs(seen - expected) < expected * 0.5, `${field}: ${seen} of ${expected}`);
      assert.equal(counts.size, 30);
    }
    assert.equal(words(harness.run("HRANDFIELD h -1000 WITHVALUES")).length, 1000);
  });
