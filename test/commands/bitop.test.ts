import { testEffects, testReplies } from "./harness.ts";

const given = ["MSET a '\xff\x0f' b '\x0f' c '123456789'"];

testReplies([
  [given, "BITOP AND d a b", ":2"],
  [[...given, "BITOP AND d a b"], "GET d", "$2 \x0f\0"],
  [[...given, "BITOP or d a b"], "GET d", "$2 \xff\x0f"],
  [[...given, "BITOP XOR d b a a b"], "GET d", "$2 \0\0"],
  [[...given, "BITOP XOR d a b"], "GET d", "$2 \xf0\x0f"],
  [[...given, "BITOP NOT d a"], "GET d", "$2 \0\xf0"],
  [[...given, "BITOP NOT a a"], "GET a", "$2 \0\xf0"],
  [[...given, "BITOP OR b none c"], "GET b", "$9 123456789"],
  [[...given, "BITOP OR b none c"], "OBJECT ENCODING b", "$3 raw"],
  [[...given, "BITOP AND d c none"], "GET d", `$9 ${"\0".repeat(9)}`],
  [["SET d x EX 10", "SET a y", "BITOP OR d a"], "TTL d", ":-1"],
  [["SET d x"], "BITOP OR d none", ":0"],
  [["SET d x", "BITOP OR d none"], "EXISTS d", ":0"],
  [given, "BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key."],
  [given, "BITOP FOO d a", "-ERR syntax error"],
  [given, "BITOP AND d", "-ERR wrong number of arguments for 'bitop' command"],
]);

testEffects([
  [given, "BITOP NOT d b", ["n new@0 d", "$ set@0 d"], ["BITOP NOT d b"]],
  [given, "BITOP NOT a b", ["$ set@0 a"], ["BITOP NOT a b"]],
  [given, "BITOP NOT a none", ["m keymiss@0 none", "g del@0 a"], ["BITOP NOT a none"]],
  [given, "BITOP NOT x none", ["m keymiss@0 none"], []],
]);
