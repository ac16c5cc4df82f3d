import { testEffects, testReplies } from "./harness.ts";

const SYNTAX = "-ERR syntax error";
const BAD_TYPE = "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const BAD_OFFSET = "-ERR bit offset is not an integer or out of range";

testReplies([
  [[], "BITFIELD k", "*0"],
  [[], "BITFIELD k GET u8 0", "*1 :0"],
  [["BITFIELD k GET u8 0"], "EXISTS k", ":0"],
  [["SET k foo"], "BITFIELD k GET u8 0 GET i8 #1 GET u4 4", "*3 :102 :111 :6"],
  [["SET k '\xff\xff'"], "BITFIELD k get i8 0 GET u16 4", "*2 :-1 :65520"],
  [[], "BITFIELD k SET u8 0 255 GET u8 0", "*2 :0 :255"],
  [["BITFIELD k SET i8 #1 -2"], "GET k", "$2 \0\xfe"],
  [["BITFIELD k SET u5 3 31"], "GET k", "$1 \x1f"],
  [["BITFIELD k SET i64 1 -1"], "STRLEN k", ":9"],
  [["BITFIELD k SET i64 1 -1"], "BITFIELD k GET i64 1 GET u1 0", "*2 :-1 :0"],
  [
    ["BITFIELD k SET u63 1 9223372036854775807"],
    "BITFIELD k GET u63 1 GET i64 0",
    "*2 :9223372036854775807 :9223372036854775807",
  ],
  [["SET k 123"], "BITFIELD k INCRBY u8 #2 1", "*1 :52"],
  [["SET k 123", "BITFIELD k INCRBY u8 #2 1"], "GET k", "$3 124"],

  // Overflow
  [[], "BITFIELD k INCRBY u2 0 5", "*1 :1"],
  [[], "BITFIELD k OVERFLOW SAT INCRBY u2 0 5", "*1 :3"],
  [[], "BITFIELD k OVERFLOW sat INCRBY u2 0 -5", "*1 :0"],
  [[], "BITFIELD k OVERFLOW FAIL INCRBY u2 0 5", "*1 $-1", "*1 _"],
  [["BITFIELD k SET i8 0 127"], "BITFIELD k INCRBY i8 0 1", "*1 :-128"],
  [
    ["BITFIELD k SET i8 0 127"],
    "BITFIELD k OVERFLOW SAT INCRBY i8 0 1 OVERFLOW FAIL INCRBY i8 0 1",
    "*2 :127 $-1",
    "*2 :127 _",
  ],
  [["BITFIELD k SET i64 0 9223372036854775807"], "BITFIELD k INCRBY i64 0 1", "*1 :-9223372036854775808"],
  [[], "BITFIELD k SET u8 0 256 GET u8 0", "*2 :0 :0"],
  [[], "BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0", "*2 :0 :255"],
  [[], "BITFIELD k OVERFLOW SAT SET i8 0 -200 GET i8 0", "*2 :0 :-128"],
  [[], "BITFIELD k OVERFLOW FAIL SET i8 0 200 GET i8 0", "*2 $-1 :0", "*2 _ :0"],

  [[], "BITFIELD k GET u64 0", BAD_TYPE],
  [[], "BITFIELD k GET i65 0", BAD_TYPE],
  [[], "BITFIELD k GET u0 0", BAD_TYPE],
  [[], "BITFIELD k GET I8 0", BAD_TYPE],
  [[], "BITFIELD k GET '' 0", BAD_TYPE],
  [[], "BITFIELD k GET u8 -1", BAD_OFFSET],
  [[], "BITFIELD k GET u8 #536870912", BAD_OFFSET],
  [[], "BITFIELD k GET u8 #", BAD_OFFSET],
  [[], "BITFIELD k SET u8 0 x", "-ERR value is not an integer or out of range"],
  [[], "BITFIELD k OVERFLOW FOO", "-ERR Invalid OVERFLOW type specified"],
  [[], "BITFIELD k GET u8", SYNTAX],
  [[], "BITFIELD k SET u8 0", SYNTAX],
  [[], "BITFIELD k FOO", SYNTAX],
  // Nothing is done if anything is wrong.
  [["SET k a"], "BITFIELD k SET u8 0 1 FOO", SYNTAX],

  [["SET k foo"], "BITFIELD_RO k GET u8 0", "*1 :102"],
  [[], "BITFIELD_RO k GET u8 0 GET i64 100", "*2 :0 :0"],
  [[], "BITFIELD_RO k SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"],
  [[], "BITFIELD_RO k SET u8 0", SYNTAX],
]);

testEffects([
  [[], "BITFIELD k SET u8 0 1", ["n new@0 k", "$ setbit@0 k"], ["BITFIELD k SET u8 0 1"]],
  [["BITFIELD k SET u8 0 1"], "BITFIELD k SET u8 0 1", [], []],
  [["BITFIELD k SET u8 0 1"], "BITFIELD k INCRBY u8 0 1", ["$ setbit@0 k"], ["BITFIELD k INCRBY u8 0 1"]],
  [["SET k a"], "BITFIELD k GET u8 0", [], []],
  [[], "BITFIELD k GET u8 0", ["m keymiss@0 k"], []],
  // It grew: Redis says nothing then, and its replicas lack the bytes.
  [["SET k a"], "BITFIELD k OVERFLOW FAIL SET u4 8 16", [], ["BITFIELD k OVERFLOW FAIL SET u4 8 16"]],
]);
