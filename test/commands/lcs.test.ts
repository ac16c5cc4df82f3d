import { testEffects, testReplies } from "./harness.ts";

const given = ["MSET a ohmytext b mynewtext"];
const both = "*4 $7 matches *2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1 $3 len :6";

testReplies([
  [given, "LCS a b", "$6 mytext"],
  [given, "LCS a b LEN", ":6"],
  [given, "LCS a b IDX", both, both.replace("*4 $7", "%2 $7")],
  [
    given,
    "LCS a b IDX MINMATCHLEN 4",
    "*4 $7 matches *1 *2 *2 :4 :7 *2 :5 :8 $3 len :6",
    "%2 $7 matches *1 *2 *2 :4 :7 *2 :5 :8 $3 len :6",
  ],
  [
    given,
    "LCS a b IDX MINMATCHLEN -1 WITHMATCHLEN",
    "*4 $7 matches *2 *3 *2 :4 :7 *2 :5 :8 :4 *3 *2 :2 :3 *2 :0 :1 :2 $3 len :6",
    "%2 $7 matches *2 *3 *2 :4 :7 *2 :5 :8 :4 *3 *2 :2 :3 *2 :0 :1 :2 $3 len :6",
  ],
  [given, "LCS a none", "$0"],
  [given, "LCS a none LEN", ":0"],
  [given, "LCS a none IDX", "*4 $7 matches *0 $3 len :0", "%2 $7 matches *0 $3 len :0"],
  [["MSET a 12345 b 345"], "LCS a b", "$3 345"],
  [given, "LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX."],
  [given, "LCS a b FOO", "-ERR syntax error"],
  [given, "LCS a b MINMATCHLEN", "-ERR syntax error"],
  [given, "LCS a b MINMATCHLEN x", "-ERR value is not an integer or out of range"],
  [
    ["SETBIT a 160000 1", "SETBIT b 160000 1"],
    "LCS a b",
    "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
  ],
]);

testEffects([[given, "LCS a none", ["m keymiss@0 none"], []]]);
