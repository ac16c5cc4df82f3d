/** HEXPIRE and its sisters: Redis 7.4's, which the real server of the tests does not have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, START, testEffects, testReplies } from "../harness.ts";

const HASH = "HSET h a 1 b 2 c 3";
const WRONG_TYPE = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NO_FIELDS = "-ERR Mandatory argument FIELDS is missing or not at the right position";
const MISMATCH = "-ERR The `numfields` parameter must match the number of arguments";
const LATER = START + 100_000;

testReplies([
  [[HASH], "HEXPIRE h 10 FIELDS 2 a x", "*2 :1 :-2"],
  [[HASH, "HEXPIRE h 10 FIELDS 2 a b"], "HTTL h FIELDS 4 a b c x", "*4 :10 :10 :-1 :-2"],
  [[HASH, "HPEXPIRE h 1500 FIELDS 1 a"], "HTTL h FIELDS 1 a", "*1 :2"],
  [[HASH, "HPEXPIRE h 1500 FIELDS 1 a"], "HPTTL h FIELDS 1 a", "*1 :1500"],
  [[HASH, "HPEXPIRE h 1500 FIELDS 1 a"], "HEXPIRETIME h FIELDS 1 a", `*1 :${START / 1000 + 2}`],
  [[HASH, "HPEXPIRE h 1500 FIELDS 1 a"], "HPEXPIRETIME h FIELDS 1 a", `*1 :${START + 1500}`],
  [[HASH, `HEXPIREAT h ${LATER / 1000} FIELDS 1 a`], "HTTL h FIELDS 1 a", "*1 :100"],
  [[HASH, `HPEXPIREAT h ${LATER} FIELDS 1 a`], "HPTTL h FIELDS 1 a", "*1 :100000"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HPERSIST h FIELDS 3 a b x", "*3 :1 :-1 :-2"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a", "HPERSIST h FIELDS 1 a"], "HTTL h FIELDS 1 a", "*1 :-1"],
  // No key is no field
  [[], "HEXPIRE h 10 FIELDS 2 a b", "*2 :-2 :-2"],
  [[], "HTTL h FIELDS 2 a b", "*2 :-2 :-2"],
  [[], "HPERSIST h FIELDS 1 a", "*1 :-2"],
  // Conditions
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 5 NX FIELDS 2 a b", "*2 :0 :1"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 5 xx fields 2 a b", "*2 :1 :0"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 11 GT FIELDS 2 a b", "*2 :1 :0"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 10 GT FIELDS 1 a", "*1 :0"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 9 LT FIELDS 2 a b", "*2 :1 :1"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HEXPIRE h 10 LT FIELDS 1 a", "*1 :0"],
  // A time that is past deletes
  [[HASH], "HEXPIRE h 0 FIELDS 2 a x", "*2 :2 :-2"],
  [[HASH, "HEXPIRE h 0 FIELDS 1 a"], "HKEYS h", "*2 $1 b $1 c"],
  [[HASH, "HEXPIREAT h 1 FIELDS 3 a b c"], "EXISTS h", ":0"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HPEXPIREAT h 1 NX FIELDS 2 a b", "*2 :0 :2"],
  // Errors
  [["SET s x"], "HEXPIRE s x y z w", WRONG_TYPE],
  [["SET s x"], "HTTL s x y z", WRONG_TYPE],
  [["SET s x"], "HPERSIST s FIELDS 1 z", WRONG_TYPE],
  [[], "HEXPIRE h 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"],
  [[], "HTTL h FIELDS 1", "-ERR wrong number of arguments for 'httl' command"],
  [[], "HPERSIST h FIELDS 1", "-ERR wrong number of arguments for 'hpersist' command"],
  [[], "HEXPIRE h x FIELDS 1 a", "-ERR value is not an integer or out of range"],
  [[], "HEXPIRE h -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"],
  [[], "HEXPIRE h 70368744177 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"],
  [[], "HPEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command"],
  [[], "HPEXPIREAT h 70368744177664 FIELDS 1 a", "-ERR invalid expire time in 'hpexpireat' command"],
  [[HASH], "HPEXPIREAT h 70368744177663 FIELDS 1 a", "*1 :1"],
  [[], "HEXPIRE h 10 1 FIELDS a", NO_FIELDS],
  [[], "HEXPIRE h 10 NX XX FIELDS 1 a", NO_FIELDS],
  [[], "HEXPIRE h 10 FIELDS 0 a", "-ERR Parameter `numFields` should be greater than 0"],
  [[], "HEXPIRE h 10 FIELDS x a", "-ERR Parameter `numFields` should be greater than 0"],
  [[], "HEXPIRE h 10 FIELDS 2 a", MISMATCH],
  [[], "HEXPIRE h 10 FIELDS 1 a b", MISMATCH],
  [[], "HEXPIRE h 10 NX FIELDS 1", MISMATCH],
  [[], "HTTL h x 1 a", NO_FIELDS],
  [[], "HTTL h FIELDS 0 a", "-ERR Number of fields must be a positive integer"],
  [[], "HTTL h FIELDS 2 a", MISMATCH],
  [[], "HPERSIST h FIELDS -1 a", "-ERR Number of fields must be a positive integer"],
  // What it does to the rest
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "OBJECT ENCODING h", "$10 listpackex"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a", "HSET h a 2"], "HTTL h FIELDS 1 a", "*1 :-1"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a", "HINCRBY h a 2"], "HTTL h FIELDS 1 a", "*1 :10"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a", "HINCRBYFLOAT h a 2"], "HTTL h FIELDS 1 a", "*1 :10"],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a", "COPY h i"], "HTTL i FIELDS 2 a b", "*2 :10 :-1"],
  [[HASH, "HEXPIRE h 20 FIELDS 1 a", "HEXPIRE h 10 FIELDS 1 b"], "HKEYS h", "*3 $1 b $1 a $1 c"],
]);

testEffects([
  [[HASH], "HEXPIRE h 10 FIELDS 2 a x", ["h hexpire@0 h"], [`HPEXPIREAT h ${START + 10_000} FIELDS 1 a`]],
  [[HASH], "HPEXPIRE h 10 LT FIELDS 2 a b", ["h hexpire@0 h"], [`HPEXPIREAT h ${START + 10} LT FIELDS 2 a b`]],
  [[HASH], "HEXPIRE h 10 XX FIELDS 1 a", [], []],
  [[HASH], "HEXPIRE h 0 FIELDS 2 a b", ["h hdel@0 h"], ["HDEL h a", "HDEL h b"]],
  [["HSET h a 1"], "HEXPIRE h 0 FIELDS 1 a", ["h hdel@0 h", "g del@0 h"], ["HDEL h a"]],
  [[HASH, "HEXPIRE h 10 FIELDS 1 a"], "HPERSIST h FIELDS 2 a b", ["h hpersist@0 h"], ["HPERSIST h FIELDS 2 a b"]],
  [[HASH], "HPERSIST h FIELDS 1 a", [], []],
  [
    [HASH, "HEXPIRE h 10 FIELDS 1 a"],
    "HINCRBYFLOAT h a 1",
    ["h hincrbyfloat@0 h"],
    ["HSET h a 2", `HPEXPIREAT h ${START + 10_000} FIELDS 1 a`],
  ],
]);

/** A harness that shows what expires, in either form of a hash. */
function harness(limit: number): Harness & { gone: string[] } {
  const made = Object.assign(new Harness(), { gone: [] as string[] });
  made.engine.policy.hashMaxListpackEntries = limit;
  made.engine.hooks.onFieldsExpired = (_db, key, fields, emptied) => {
    for (const field of fields) made.gone.push(`${key.latin1()} ${field.latin1()}`);
    if (emptied) made.gone.push(`${key.latin1()} is gone`);
  };
  return made;
}

for (const [form, limit] of [
  ["listpackex", 512],
  ["hashtable", 0],
] as const) {
  test(`who asks for a field whose time has come removes it (${form})`, () => {
    for (const [command, reply] of [
      ["HGET h a", "$-1"],
      ["HMGET h a b", "*2 $-1 $1 2"],
      ["HEXISTS h a", ":0"],
      ["HSTRLEN h a", ":0"],
      ["HSETNX h a 5", ":1"],
      ["HINCRBY h a 5", ":5"],
      ["HINCRBYFLOAT h a 5", "$1 5"],
      ["HRANDFIELD h 5", "*1 $1 b"],
    ] as const) {
      const h = harness(limit);
      h.run("HSET h a 1 b 2");
      h.run("HPEXPIRE h 10 FIELDS 1 a");
      h.advance(11);
      assert.equal(h.run("HLEN h"), ":2");
      assert.equal(h.run(command), reply, command);
      assert.deepEqual(h.gone, ["h a"], command);
    }
  });

  test(`with the last field the key is gone (${form})`, () => {
    for (const [command, reply] of [
      ["HGET h a", "$-1"],
      ["HMGET h a a", "*2 $-1 $-1"],
      ["HRANDFIELD h", "$-1"],
      ["HRANDFIELD h 2", "*0"],
    ] as const) {
      const h = harness(limit);
      h.run("HSET h a 1");
      h.run("HPEXPIRE h 10 FIELDS 1 a");
      h.advance(11);
      assert.equal(h.run(command), reply, command);
      assert.deepEqual(h.gone, ["h a", "h is gone"]);
      assert.equal(h.run("EXISTS h"), ":0");
    }
    const h = harness(limit);
    h.run("HSET h a 1");
    h.run("HPEXPIRE h 10 FIELDS 1 a");
    h.advance(11);
    assert.equal(h.run("HINCRBY h a 2"), ":2");
    assert.equal(h.run("HPTTL h FIELDS 1 a"), "*1 :-1");
    assert.deepEqual(h.gone, ["h a", "h is gone"]);
  });

  test(`who asks for all passes them over (${form})`, () => {
    for (const [command, reply] of [
      ["HGETALL h", "*2 $1 b $1 2"],
      ["HKEYS h", "*1 $1 b"],
      ["HVALS h", "*1 $1 2"],
      ["HSCAN h 0 COUNT 100", "*2 $1 0 *2 $1 b $1 2"],
      ["HPTTL h FIELDS 2 a b", "*2 :-2 :-1"],
      ["HPERSIST h FIELDS 1 a", "*1 :-2"],
      ["HLEN h", ":2"],
      ["HDEL h a", ":1"],
    ] as const) {
      const h = harness(limit);
      h.run("HSET h a 1 b 2");
      h.run("HPEXPIRE h 10 FIELDS 1 a");
      h.advance(11);
      assert.equal(h.run(command), reply, command);
      assert.deepEqual(h.gone, []);
    }
  });

  test(`a replica hides them, and does what its primary says (${form})`, () => {
    const h = harness(limit);
    h.run("HSET h a 1 b 2");
    h.engine.expiryMode = "keep";
    h.session.fromPrimary = true;
    h.run(`HPEXPIREAT h ${START - 1000} FIELDS 1 a`);
    assert.equal(h.run("HLEN h"), ":2");
    h.run(`HPEXPIREAT h ${START + 10} FIELDS 1 a`);
    h.advance(11);
    assert.equal(h.run("HGET h a"), "$1 1", "for the primary");
    h.engine.expiryMode = "hide";
    h.session.fromPrimary = false;
    assert.equal(h.run("HGET h a"), "$-1");
    assert.equal(h.run("HGETALL h"), "*2 $1 b $1 2");
    assert.equal(h.run("HLEN h"), ":2");
    assert.deepEqual(h.gone, []);
  });
}
