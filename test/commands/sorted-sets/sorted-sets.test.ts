/** Replies that differ between RESP2 and RESP3, events, outcomes. The whole vocabulary is compared in test/differential. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testEffects, testReplies } from "../harness.ts";

const ABC = "ZADD z 1 a 2.5 b 3 c";

testReplies([
  // given, command, RESP2, RESP3
  [[], "ZADD z 1 a 2 b", ":2"],
  [[ABC], "ZADD z INCR 0.25 b", "$4 2.75", ",2.75"],
  [[ABC], "ZADD z NX INCR 1 a", "$-1", "_"],
  [[ABC], "ZADD z XX CH 9 a 9 x", ":1"],
  [[ABC], "ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"],
  [[ABC], "ZADD z GT NX 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"],
  [[ABC], "ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"],
  [[ABC], "ZADD z 1 a x b", "-ERR value is not a valid float"],
  [["ZADD z inf a"], "ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"],
  [["SET s x"], "ZADD s 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"],
  [[ABC], "ZINCRBY z 1 a", "$1 2", ",2"],
  [[ABC], "ZSCORE z b", "$3 2.5", ",2.5"],
  [["ZADD z 0.1 a"], "ZSCORE z a", "$3 0.1", ",0.1"],
  [["ZADD z 1e20 a"], "ZSCORE z a", "$5 1e+20", ",1e+20"],
  [["ZADD z 1e15 a"], "ZSCORE z a", "$16 1000000000000000", ",1000000000000000"],
  [["ZADD z -inf a"], "ZSCORE z a", "$4 -inf", ",-inf"],
  [[ABC], "ZSCORE z x", "$-1", "_"],
  [[], "ZSCORE z x", "$-1", "_"],
  [[ABC], "ZMSCORE z a x", "*2 $1 1 $-1", "*2 ,1 _"],
  [[ABC], "ZRANK z b", ":1"],
  [[ABC], "ZREVRANK z a", ":2"],
  [[ABC], "ZRANK z b WITHSCORE", "*2 :1 $3 2.5", "*2 :1 ,2.5"],
  [[ABC], "ZREVRANK z b withscore", "*2 :1 $3 2.5", "*2 :1 ,2.5"],
  [[ABC], "ZRANK z x", "$-1", "_"],
  [[ABC], "ZRANK z x WITHSCORE", "*-1", "_"],
  [[], "ZRANK z x WITHSCORE", "*-1", "_"],
  [[ABC], "ZRANK z b WITHSCORES", "-ERR syntax error"],
  [[ABC], "ZRANK z b WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command"],
  [[ABC], "ZRANGE z 0 0 WITHSCORES", "*2 $1 a $1 1", "*1 *2 $1 a ,1"],
  [[ABC], "ZRANGE z 0 -1 REV", "*3 $1 c $1 b $1 a"],
  [[ABC], "ZRANGEBYSCORE z (1 +inf WITHSCORES LIMIT 1 5", "*2 $1 c $1 3", "*1 *2 $1 c ,3"],
  [[], "ZRANGE z 0 -1 WITHSCORES", "*0"],
  [[ABC], "ZPOPMIN z", "*2 $1 a $1 1", "*2 $1 a ,1"],
  [[ABC], "ZPOPMIN z 1", "*2 $1 a $1 1", "*1 *2 $1 a ,1"],
  [[ABC], "ZPOPMAX z 2", "*4 $1 c $1 3 $1 b $3 2.5", "*2 *2 $1 c ,3 *2 $1 b ,2.5"],
  [[], "ZPOPMAX z 2", "*0"],
  [[ABC], "ZMPOP 2 x z MAX", "*2 $1 z *1 *2 $1 c $1 3", "*2 $1 z *1 *2 $1 c ,3"],
  [[], "ZMPOP 2 x z MAX", "*-1", "_"],
  [["ZADD z 1 a"], "ZRANDMEMBER z 2 WITHSCORES", "*2 $1 a $1 1", "*1 *2 $1 a ,1"],
  [["ZADD z 1 a"], "ZRANDMEMBER z -2", "*2 $1 a $1 a"],
  [["ZADD z 1.5 a"], "ZSCAN z 0", "*2 $1 0 *2 $1 a $3 1.5"],
  [["ZADD z 1 a", "SADD s a b"], "ZUNION 2 z s WITHSCORES", "*4 $1 b $1 1 $1 a $1 2", "*2 *2 $1 b ,1 *2 $1 a ,2"],
  [["ZADD z 1 a", "SADD s a b"], "ZINTER 2 z s WEIGHTS 2 5", "*1 $1 a"],
  [["ZADD z 1 a", "SADD s a b"], "ZDIFF 2 s z WITHSCORES", "*2 $1 b $1 1", "*1 *2 $1 b ,1"],
  [[], "ZUNION 0 z", "-ERR at least 1 input key is needed for 'zunion' command"],
  [[], "ZINTERSTORE d 0 z", "-ERR at least 1 input key is needed for 'zinterstore' command"],
]);

testEffects([
  // given, command, keyspace events, what replicas run
  [[], "ZADD z 1 a", ["n new@0 z", "z zadd@0 z"], ["ZADD z 1 a"]],
  [[ABC], "ZADD z 1 a", [], []],
  [[ABC], "ZADD z NX 5 a", [], []],
  [[], "ZADD z XX 5 a", [], []],
  [[ABC], "ZADD z INCR 2 a", ["z zincr@0 z"], ["ZADD z INCR 2 a"]],
  [[ABC], "ZINCRBY z 2 a", ["z zincr@0 z"], ["ZINCRBY z 2 a"]],
  [[ABC], "ZINCRBY z 0 a", [], []],
  [[ABC], "ZREM z a x", ["z zrem@0 z"], ["ZREM z a x"]],
  [[ABC], "ZREM z a b c", ["z zrem@0 z", "g del@0 z"], ["ZREM z a b c"]],
  [[ABC], "ZREM z x", [], []],
  [[ABC], "ZREMRANGEBYRANK z 0 0", ["z zremrangebyrank@0 z"], ["ZREMRANGEBYRANK z 0 0"]],
  [[ABC], "ZREMRANGEBYSCORE z 0 9", ["z zremrangebyscore@0 z", "g del@0 z"], ["ZREMRANGEBYSCORE z 0 9"]],
  [[ABC], "ZREMRANGEBYSCORE z 8 9", [], []],
  [["ZADD z 0 a"], "ZREMRANGEBYLEX z - +", ["z zremrangebylex@0 z", "g del@0 z"], ["ZREMRANGEBYLEX z - +"]],
  [[ABC], "ZPOPMIN z 2", ["z zpopmin@0 z"], ["ZPOPMIN z 2"]],
  [[ABC], "ZPOPMAX z 5", ["z zpopmax@0 z", "g del@0 z"], ["ZPOPMAX z 5"]],
  [[ABC], "ZPOPMAX z 0", [], []],
  [[ABC], "ZMPOP 2 x z MIN COUNT 9", ["z zpopmin@0 z", "g del@0 z"], ["ZPOPMIN z 3"]],
  [[ABC], "ZMPOP 2 x z MAX", ["z zpopmax@0 z"], ["ZPOPMAX z 1"]],
  [[], "ZMPOP 1 x MAX", [], []],
  [[ABC], "ZRANGESTORE d z 0 1", ["n new@0 d", "z zrangestore@0 d"], ["ZRANGESTORE d z 0 1"]],
  [[ABC, "SET d x"], "ZRANGESTORE d z 5 1", ["g del@0 d"], ["ZRANGESTORE d z 5 1"]],
  [[], "ZRANGESTORE d z 0 1", ["m keymiss@0 z"], []],
  [[ABC, "SET d x"], "ZUNIONSTORE d 2 z x", ["m keymiss@0 x", "z zunionstore@0 d"], ["ZUNIONSTORE d 2 z x"]],
  [[ABC], "ZINTERSTORE z 2 z x", ["m keymiss@0 x", "g del@0 z"], ["ZINTERSTORE z 2 z x"]],
  [[ABC], "ZDIFFSTORE d 1 z", ["n new@0 d", "z zdiffstore@0 d"], ["ZDIFFSTORE d 1 z"]],
  [[], "ZSCORE z a", ["m keymiss@0 z"], []],
  [[ABC], "ZRANGE z 0 -1", [], []],
]);

test("a stored result drops the expiry of what it replaces, a change keeps it", () => {
  const harness = new Harness();
  for (const line of [ABC, "EXPIRE z 100", "ZADD z 7 d", "ZREM z d", "SET d x EX 100", "ZUNIONSTORE d 1 z"])
    harness.run(line);
  assert.equal(harness.run("TTL z"), ":100");
  assert.equal(harness.run("TTL d"), ":-1");
});

test("more pairs than a packed set may have make a table of it, whatever they are", () => {
  const harness = new Harness();
  const pairs = Array.from({ length: 129 }, (_, i) => `${i} same`).join(" ");
  harness.run(`ZADD z ${pairs}`);
  assert.equal(harness.run("OBJECT ENCODING z"), "$8 skiplist");
  harness.run("ZADD y 1 a");
  assert.equal(harness.run("OBJECT ENCODING y"), "$8 listpack");
  harness.run(`ZADD y ${pairs}`);
  assert.equal(harness.run("OBJECT ENCODING y"), "$8 skiplist");
  assert.equal(harness.run("ZCARD y"), ":2");
});

test("what is picked by chance is different, there, and any of it", () => {
  for (const size of [10, 500]) {
    const harness = new Harness();
    for (let i = 0; i < size; i++) harness.run(`ZADD z ${i} m${i}`);
    for (const count of [3, size / 2, size - 1]) {
      const seen = new Set<string>();
      for (let round = 0; round < 60; round++) {
        const picked = harness
          .run(`ZRANDMEMBER z ${count}`)
          .split(" ")
          .filter((word) => word.startsWith("m"));
        assert.equal(new Set(picked).size, count);
        for (const member of picked) seen.add(member);
      }
      if (size === 10) assert.equal(seen.size, size);
    }
    assert.equal(harness.run("ZRANDMEMBER z -7").split("$").length, 8);
  }
});

test("a whole walk shows every member once, and its score", () => {
  const harness = new Harness();
  for (let i = 0; i < 1000; i++) harness.run(`ZADD z ${i}.5 m${i}`);
  const seen = new Map<string, string>();
  let cursor = "0";
  do {
    const words = harness.run(`ZSCAN z ${cursor} COUNT 50`).split(" ");
    cursor = words[2]!;
    for (let i = 4; i < words.length; i += 4) seen.set(words[i + 1]!, words[i + 3]!);
  } while (cursor !== "0");
  assert.equal(seen.size, 1000);
  assert.equal(seen.get("m77"), "77.5");
});
