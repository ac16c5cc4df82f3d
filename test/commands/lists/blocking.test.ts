import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, type EffectCase, Harness, testEffects, testReplies } from "../harness.ts";

const abc = "RPUSH l a b c";

const replies: Case[] = [
  [[abc], "BLPOP l 0", "*2 $1 l $1 a"],
  [[abc], "BRPOP none l 0.5", "*2 $1 l $1 c"],
  [[abc], "BLMOVE l m LEFT RIGHT 0", "$1 a"],
  [[abc], "BRPOPLPUSH l l 0", "$1 c"],
  [[abc], "BLMPOP 0 2 none l RIGHT COUNT 2", "*2 $1 l *2 $1 c $1 b"],
  [["SET s x"], "BLPOP s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"],
  [["SET s x", abc], "BLMOVE l s LEFT LEFT 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"],
  [[], "BLPOP l foo", "-ERR timeout is not a float or out of range"],
  [[], "BLPOP l -1", "-ERR timeout is negative"],
  [[], "BLPOP l inf", "-ERR timeout is out of range"],
  [[], "BLPOP l 1e300", "-ERR timeout is out of range"],
  [[], "BLPOP l 9223372036854775", "-ERR timeout is out of range"],
  [[], "BLMPOP 0 0 l LEFT", "-ERR numkeys should be greater than 0"],
  [[], "BLMPOP foo 0 l LEFT", "-ERR numkeys should be greater than 0"],
  [[], "BLMPOP foo 1 l LEFT", "-ERR timeout is not a float or out of range"],
  [[], "BLMOVE l m UP LEFT foo", "-ERR syntax error"],
];

testReplies(replies);

const effects: EffectCase[] = [
  [[abc], "BLPOP l 0", ["l lpop@0 l"], ["LPOP l"]],
  [["RPUSH l a"], "BRPOP l 0", ["l rpop@0 l", "g del@0 l"], ["RPOP l"]],
  [[abc], "BLMPOP 0 1 l RIGHT COUNT 5", ["l rpop@0 l", "g del@0 l"], ["RPOP l 3"]],
  [[abc], "BLMOVE l m LEFT right 0", ["n new@0 m", "l rpush@0 m", "l lpop@0 l"], ["LMOVE l m LEFT right"]],
  [[abc], "BRPOPLPUSH l l 0", ["l lpush@0 l", "l rpop@0 l"], ["RPOPLPUSH l l"]],
  [[], "BLPOP l 0", [], []],
];

testEffects(effects);

const waits: [command: string, waits: string][] = [
  ["BLPOP a b 0", "list a b 0"],
  ["BRPOP a 1.5", "list a 1500"],
  ["BRPOP a 0.0001", "list a 1"],
  ["BRPOP a -0.0001", "list a 0"],
  ["BLPOP a 0x10", "list a 16000"],
  ["BLMOVE a b LEFT LEFT 2", "list a 2000"],
  ["BRPOPLPUSH a b 3e2", "list a 300000"],
  ["BLMPOP 1 2 a b LEFT COUNT 2", "list a b 1000"],
];

for (const [command, expected] of waits)
  test(`${command} waits`, () => {
    const harness = new Harness();
    assert.equal(harness.run(command), "");
    assert.equal(harness.waits, expected);
  });

for (const [command, reply] of [
  ["BLPOP a 0", "*-1"],
  ["BRPOP a 0", "*-1"],
  ["BLMPOP 0 1 a LEFT", "*-1"],
  ["BLMOVE a b LEFT LEFT 0", "$-1"],
  ["BRPOPLPUSH a b 0", "$-1"],
] as const)
  test(`${command} where nobody may wait`, () => {
    const harness = new Harness();
    Object.assign(harness.session, { denyBlocking: true });
    assert.equal(harness.run(command), reply);
    assert.equal(harness.waits, "");
  });
