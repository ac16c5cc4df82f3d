import { testEffects, testReplies } from "./harness.ts";

const SYNTAX = "-ERR syntax error";
const NOT_INTEGER = "-ERR value is not an integer or out of range";
const BAD_OFFSET = "-ERR bit offset is not an integer or out of range";
const BAD_BIT = "-ERR bit is not an integer or out of range";

testReplies([
  [[], "SETBIT k 7 1", ":0"],
  [["SETBIT k 7 1"], "SETBIT k 7 0", ":1"],
  [["SETBIT k 7 1"], "GET k", "$1 \x01"],
  [["SETBIT k 9 1"], "GET k", "$2 \0@"],
  [["SET k 1"], "SETBIT k 6 1", ":0"],
  [["SET k 1", "SETBIT k 6 1"], "GET k", "$1 3"],
  [["SET k 1", "SETBIT k 6 1"], "OBJECT ENCODING k", "$3 raw"],
  [[], "SETBIT k 4294967296 1", BAD_OFFSET],
  [[], "SETBIT k -1 1", BAD_OFFSET],
  [[], "SETBIT k x 1", BAD_OFFSET],
  [[], "SETBIT k #1 1", BAD_OFFSET],
  [[], "SETBIT k 0 2", BAD_BIT],
  [[], "SETBIT k 0 x", BAD_BIT],

  [["SET k a"], "GETBIT k 1", ":1"],
  [["SET k a"], "GETBIT k 0", ":0"],
  [["SET k a"], "GETBIT k 100", ":0"],
  [["SET k 1"], "GETBIT k 7", ":1"],
  [[], "GETBIT k 4294967295", ":0"],
  [[], "GETBIT k 4294967296", BAD_OFFSET],

  [["SET k foobar"], "BITCOUNT k", ":26"],
  [["SET k foobar"], "BITCOUNT k 0 0", ":4"],
  [["SET k foobar"], "BITCOUNT k 1 1 BYTE", ":6"],
  [["SET k foobar"], "BITCOUNT k 5 30 BIT", ":17"],
  [["SET k foobar"], "BITCOUNT k 0 -5", ":10"],
  [["SET k foobar"], "BITCOUNT k -2 -3", ":0"],
  [["SET k foobar"], "BITCOUNT k 3 1", ":0"],
  [["SET k foobar"], "BITCOUNT k -100 100 bit", ":26"],
  [["SETRANGE k 100 foobar"], "BITCOUNT k", ":26"],
  [["SETRANGE k 100 foobar"], "BITCOUNT k 3 -1 BIT", ":26"],
  [[], "BITCOUNT k", ":0"],
  [["SET k ''"], "BITCOUNT k 0 -1", ":0"],
  [["SET k a"], "BITCOUNT k 0", SYNTAX],
  [[], "BITCOUNT k 0", ":0"],
  [["SET k a"], "BITCOUNT k 0 1 FOO", SYNTAX],
  [["SET k a"], "BITCOUNT k 0 1 BIT x", SYNTAX],
  [[], "BITCOUNT k 0 1 BIT x", ":0"],
  [["SET k a"], "BITCOUNT k x 1", NOT_INTEGER],
  [[], "BITCOUNT k x 1", ":0"],

  [["SET k '\xff\xf0\x00'"], "BITPOS k 0", ":12"],
  [["SET k '\x00\xff\xf0'"], "BITPOS k 1 0", ":8"],
  [["SET k '\x00\xff\xf0'"], "BITPOS k 1 2", ":16"],
  [["SET k '\x00\xff\xf0'"], "BITPOS k 1 2 -1 BYTE", ":16"],
  [["SET k '\x00\xff\xf0'"], "BITPOS k 1 7 15 BIT", ":8"],
  [["SET k '\x00\xff\xf0'"], "BITPOS k 1 7 -3 bit", ":8"],
  [["SET k '\x00\x00\x00'"], "BITPOS k 1", ":-1"],
  [["SET k '\xff\xff'"], "BITPOS k 0", ":16"],
  [["SET k '\xff\xff'"], "BITPOS k 0 1", ":16"],
  [["SET k '\xff\xff'"], "BITPOS k 0 0 -1", ":-1"],
  [["SET k '\xff\xff'"], "BITPOS k 0 0 9 BIT", ":-1"],
  [["SET k '\xff\xff'"], "BITPOS k 0 5", ":-1"],
  [[], "BITPOS k 0", ":0"],
  [[], "BITPOS k 1", ":-1"],
  [[], "BITPOS k 2", "-ERR The bit argument must be 1 or 0."],
  [[], "BITPOS k x", NOT_INTEGER],
  [["SET k a"], "BITPOS k 0 0 1 FOO", SYNTAX],
  [[], "BITPOS k 0 0 1 FOO", ":0"],
  [["SET k a"], "BITPOS k 0 0 1 BIT x", SYNTAX],
]);

testEffects([
  [[], "SETBIT k 7 0", ["n new@0 k", "$ setbit@0 k"], ["SETBIT k 7 0"]],
  [["SETBIT k 7 1"], "SETBIT k 7 1", [], []],
  [["SETBIT k 7 1"], "SETBIT k 8 0", ["$ setbit@0 k"], ["SETBIT k 8 0"]],
  [["SETBIT k 7 1"], "SETBIT k 7 0", ["$ setbit@0 k"], ["SETBIT k 7 0"]],
  [[], "GETBIT k 1", ["m keymiss@0 k"], []],
]);
