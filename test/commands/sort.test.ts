import { testEffects, testReplies } from "./harness.ts";

const LIST = "RPUSH l 3 1 2";
const NOT_NUMBERS = "-ERR One or more scores can't be converted into double";

testReplies([
  [[LIST], "SORT l", "*3 $1 1 $1 2 $1 3"],
  [[LIST], "SORT l DESC LIMIT 1 1", "*1 $1 2"],
  [[LIST], "SORT_RO l BY nosort DESC", "*3 $1 2 $1 1 $1 3"],
  [
    [LIST, "MSET w_1 9 w_2 5 w_3 7"],
    "SORT l BY w_* GET # GET v_*",
    "*6 $1 2 $-1 $1 3 $-1 $1 1 $-1",
    "*6 $1 2 _ $1 3 _ $1 1 _",
  ],
  [[LIST, "HSET o_1 f 2", "HSET o_2 f 1"], "SORT l BY o_*->f GET o_*->f", "*3 $-1 $1 1 $1 2", "*3 _ $1 1 $1 2"],
  [["SADD s b a"], "SORT s", NOT_NUMBERS],
  [["SADD s b a"], "SORT s ALPHA DESC", "*2 $1 b $1 a"],
  [["SET k 1"], "SORT k", "-WRONGTYPE Operation against a key holding the wrong kind of value"],
  [["SET k 1"], "SORT k LIMIT 1", "-ERR syntax error"],
  [[LIST], "SORT_RO l STORE d", "-ERR syntax error"],
  [[LIST, "SORT l STORE l"], "LRANGE l 0 -1", "*3 $1 1 $1 2 $1 3"],
  [[LIST, "SORT l GET none_* STORE d"], "LRANGE d 0 -1", "*3 $0  $0  $0"],
]);

testEffects([
  [[LIST], "SORT l STORE d", ["n new@0 d", "l sortstore@0 d"], ["SORT l STORE d"]],
  [[LIST, "SET d x"], "SORT l STORE d", ["l sortstore@0 d"], ["SORT l STORE d"]],
  [["SET d x"], "SORT none STORE d", ["m keymiss@0 none", "g del@0 d"], ["SORT none STORE d"]],
  [[LIST], "SORT l", [], []],
  // What is no number is only complained of when all others have been looked at.
  [[LIST, "SET w_3 x"], "SORT l BY w_*", ["m keymiss@0 w_1", "m keymiss@0 w_2"], []],
  // What weighs the same stands in a set by chance.
  [
    ["SADD s 1 2", "MSET w_1 a w_2 b", "SET d x"],
    "SORT s BY w_* ALPHA STORE d",
    ["l sortstore@0 d"],
    ["DEL d", "RPUSH d 1 2"],
  ],
]);
