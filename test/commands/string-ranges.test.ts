import { testEffects, testReplies } from "./harness.ts";

const TOO_LONG = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const NOT_INTEGER = "-ERR value is not an integer or out of range";

testReplies([
  [[], "APPEND k abc", ":3"],
  [["APPEND k abc"], "APPEND k de", ":5"],
  [["APPEND k abc", "APPEND k de"], "GET k", "$5 abcde"],
  [["SET k 12 EX 9", "APPEND k 3"], "TTL k", ":9"],
  [["APPEND k 12"], "OBJECT ENCODING k", "$3 int"],
  [["SET k 12", "APPEND k 3"], "OBJECT ENCODING k", "$3 raw"],
  [[], "APPEND k ''", ":0"],
  [["APPEND k ''"], "EXISTS k", ":1"],

  [["SET k hello"], "STRLEN k", ":5"],
  [["SET k -12"], "STRLEN k", ":3"],
  [[], "STRLEN k", ":0"],

  [["SET k 'Hello World'"], "SETRANGE k 6 Redis", ":11"],
  [["SET k 'Hello World'", "SETRANGE k 6 Redis"], "GET k", "$11 Hello Redis"],
  [[], "SETRANGE k 3 abc", ":6"],
  [["SETRANGE k 3 abc"], "GET k", "$6 \0\0\0abc"],
  [["SET k 1234"], "SETRANGE k 1 x", ":4"],
  [["SET k 1234", "SETRANGE k 1 x"], "OBJECT ENCODING k", "$3 raw"],
  [[], "SETRANGE k 3 ''", ":0"],
  [["SETRANGE k 3 ''"], "EXISTS k", ":0"],
  [["SET k abc"], "SETRANGE k 9 ''", ":3"],
  [[], "SETRANGE k -1 a", "-ERR offset is out of range"],
  [[], "SETRANGE k x a", NOT_INTEGER],
  [[], "SETRANGE k 536870912 a", TOO_LONG],
  [["SET k abc"], "SETRANGE k 9223372036854775807 a", TOO_LONG],

  [["SET k 'This is a string'"], "GETRANGE k 0 3", "$4 This"],
  [["SET k 'This is a string'"], "GETRANGE k -3 -1", "$3 ing"],
  [["SET k 'This is a string'"], "GETRANGE k 0 -1", "$16 This is a string"],
  [["SET k 'This is a string'"], "GETRANGE k 10 100", "$6 string"],
  [["SET k abc"], "GETRANGE k 2 1", "$0"],
  [["SET k abc"], "GETRANGE k -1 -2", "$0"],
  [["SET k abc"], "GETRANGE k -100 -50", "$1 a"],
  [["SET k abc"], "GETRANGE k 5 9", "$0"],
  [["SET k ''"], "GETRANGE k 0 -1", "$0"],
  [["SET k 1234"], "SUBSTR k 1 2", "$2 23"],
  [[], "GETRANGE k 0 -1", "$0"],
  [[], "GETRANGE k x 1", NOT_INTEGER],
]);

testEffects([
  [[], "APPEND k a", ["n new@0 k", "$ append@0 k"], ["APPEND k a"]],
  [["SET k a"], "APPEND k b", ["$ append@0 k"], ["APPEND k b"]],
  [[], "SETRANGE k 1 a", ["n new@0 k", "$ setrange@0 k"], ["SETRANGE k 1 a"]],
  [["SET k abc"], "SETRANGE k 1 ''", [], []],
]);
