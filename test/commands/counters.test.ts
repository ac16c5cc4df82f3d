import { testEffects, testReplies } from "./harness.ts";

const NOT_INTEGER = "-ERR value is not an integer or out of range";
const OVERFLOW = "-ERR increment or decrement would overflow";
const NOT_FLOAT = "-ERR value is not a valid float";
const MAX = "9223372036854775807";
const MIN = "-9223372036854775808";

testReplies([
  [[], "INCR k", ":1"],
  [["SET k 41"], "INCR k", ":42"],
  [["SET k 41", "INCR k"], "GET k", "$2 42"],
  [["SET k 41 EX 10", "INCR k"], "TTL k", ":10"],
  [["SET k 41", "INCR k"], "OBJECT ENCODING k", "$3 int"],
  [["SET k 4", "APPEND k 1", "INCR k"], "OBJECT ENCODING k", "$3 int"],
  [[], "DECR k", ":-1"],
  [["SET k 100"], "DECR k", ":99"],
  [["SET k 99"], "INCRBY k 12", ":111"],
  [["SET k 99"], "INCRBY k -100", ":-1"],
  [["SET k 5"], "DECRBY k 7", ":-2"],
  [["SET k 5"], "DECRBY k -7", ":12"],
  [[], "INCRBY k x", NOT_INTEGER],
  [["SET k x"], "INCR k", NOT_INTEGER],
  [["SET k ' 1'"], "INCR k", NOT_INTEGER],
  [["SET k 01"], "INCR k", NOT_INTEGER],
  [["SET k ''"], "INCR k", NOT_INTEGER],
  [["SET k 9223372036854775808"], "INCR k", NOT_INTEGER],

  // All 64 bits
  [["SET k 9007199254740993"], "INCR k", ":9007199254740994"],
  [["SET k 9007199254740993", "INCR k"], "GET k", "$16 9007199254740994"],
  [["SET k 999999999999999"], "INCR k", ":1000000000000000"],
  [["SET k -999999999999999"], "DECR k", ":-1000000000000000"],
  [["SET k 17179869184"], "INCRBY k 17179869184", ":34359738368"],
  [[], `INCRBY k ${MAX}`, `:${MAX}`],
  [[`SET k ${MAX}`], "DECRBY k 7", ":9223372036854775800"],
  [[`SET k ${MAX}`], "INCR k", OVERFLOW],
  [[`SET k ${MIN}`], "DECR k", OVERFLOW],
  [[`SET k ${MIN}`], `INCRBY k ${MAX}`, ":-1"],
  [["SET k -1"], `INCRBY k ${MIN}`, OVERFLOW],
  [[], `DECRBY k ${MIN}`, "-ERR decrement would overflow"],
  [[], `DECRBY k ${MAX}`, ":-9223372036854775807"],

  [[], "INCRBYFLOAT k 1", "$1 1"],
  [["SET k 10.50"], "INCRBYFLOAT k 0.1", "$4 10.6"],
  [["SET k 10.50", "INCRBYFLOAT k 0.1"], "GET k", "$4 10.6"],
  [["SET k 5.0e3"], "INCRBYFLOAT k 2.0e2", "$4 5200"],
  [["SET k 3"], "INCRBYFLOAT k 1000.6", "$22 1003.59999999999999998"],
  [["SET k 1"], "INCRBYFLOAT k -1", "$1 0"],
  [["SET k 1.5 EX 10", "INCRBYFLOAT k 1"], "TTL k", ":10"],
  [["SET k x"], "INCRBYFLOAT k 1", NOT_FLOAT],
  [["SET k ' 1'"], "INCRBYFLOAT k 1", NOT_FLOAT],
  [[], "INCRBYFLOAT k x", NOT_FLOAT],
  [[], "INCRBYFLOAT k nan", NOT_FLOAT],
  [[], "INCRBYFLOAT k inf", "-ERR increment would produce NaN or Infinity"],
]);

testEffects([
  [[], "INCR k", ["n new@0 k", "$ incrby@0 k"], ["INCR k"]],
  [["SET k 1"], "DECRBY k 2", ["$ incrby@0 k"], ["DECRBY k 2"]],
  [["SET k x"], "INCR k", [], []],
  [["SET k 1.5"], "INCRBYFLOAT k 1", ["$ incrbyfloat@0 k"], ["SET k 2.5 KEEPTTL"]],
]);
