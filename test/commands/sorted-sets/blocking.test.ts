import assert from "node:assert/strict";
import { test } from "node:test";
import { type Case, type EffectCase, Harness, testEffects, testReplies } from "../harness.ts";

const abc = "ZADD z 1 a 2 b 3.5 c";

const replies: Case[] = [
  [[abc], "BZPOPMIN none z 0", "*3 $1 z $1 a $1 1", "*3 $1 z $1 a ,1"],
  [[abc], "BZPOPMAX z 0.5", "*3 $1 z $1 c $3 3.5", "*3 $1 z $1 c ,3.5"],
  [
    [abc],
    "BZMPOP 0 2 none z MAX COUNT 2",
    "*2 $1 z *2 *2 $1 c $3 3.5 *2 $1 b $1 2",
    "*2 $1 z *2 *2 $1 c ,3.5 *2 $1 b ,2",
  ],
  [["SET s x"], "BZPOPMIN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"],
  [["SET s x"], "BZPOPMIN s foo", "-ERR timeout is not a float or out of range"],
  [[], "BZPOPMAX z -1", "-ERR timeout is negative"],
  [[], "BZMPOP foo 0 z MIN", "-ERR numkeys should be greater than 0"],
  [[], "BZMPOP foo 1 z LEFT", "-ERR syntax error"],
  [[], "BZMPOP foo 1 z MIN COUNT 0", "-ERR count should be greater than 0"],
  [[], "BZMPOP foo 1 z MIN", "-ERR timeout is not a float or out of range"],
];

testReplies(replies);

const effects: EffectCase[] = [
  [[abc], "BZPOPMIN z 0", ["z zpopmin@0 z"], ["ZPOPMIN z"]],
  [["ZADD z 1 a"], "BZPOPMAX z 0", ["z zpopmax@0 z", "g del@0 z"], ["ZPOPMAX z"]],
  [[abc], "BZMPOP 0 1 z MIN COUNT 9", ["z zpopmin@0 z", "g del@0 z"], ["ZPOPMIN z 3"]],
  [[], "BZPOPMIN z 0", [], []],
];

testEffects(effects);

for (const [command, waits] of [
  ["BZPOPMIN a b 0", "zset a b 0"],
  ["BZPOPMAX a 1.5", "zset a 1500"],
  ["BZMPOP 2 2 a b MIN COUNT 2", "zset a b 2000"],
] as const)
  test(`${command} waits, but not where nobody may`, () => {
    const harness = new Harness();
    assert.equal(harness.run(command), "");
    assert.equal(harness.waits, waits);
    Object.assign(harness.session, { denyBlocking: true });
    assert.equal(harness.run(command), "*-1");
    assert.equal(harness.waits, "");
  });
