/** What commands on streams tell those who listen, and what replicas are given to run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, START, testEffects } from "../harness.ts";

const GROUP = ["XADD s 1-1 a b", "XADD s 1-2 c d", "XGROUP CREATE s g 0"];
const READ = [...GROUP, "XREADGROUP GROUP g c STREAMS s >"];
const claim = (id: string, consumer: string, count: number, last = "1-2", time = START) =>
  `XCLAIM s g ${consumer} 0 ${id} TIME ${time} RETRYCOUNT ${count} FORCE JUSTID LASTID ${last}`;

testEffects([
  [[], "XADD s 1-1 a b", ["n new@0 s", "t xadd@0 s"], ["XADD s 1-1 a b"]],
  [["XADD s 1-1 a b"], "XADD s 1-2 a b", ["t xadd@0 s"], ["XADD s 1-2 a b"]],
  [[], "XADD s NOMKSTREAM 1-1 a b", [], []],
  [[], "XADD s * a b", ["n new@0 s", "t xadd@0 s"], [`XADD s ${START}-0 a b`]],
  [[], "XADD s 7-* a b", ["n new@0 s", "t xadd@0 s"], ["XADD s 7-0 a b"]],
  [["XADD s * a b"], "XADD s MAXLEN 1 * c d", ["t xadd@0 s", "t xtrim@0 s"], [`XADD s MAXLEN 1 ${START}-1 c d`]],
  [GROUP, "XADD s MAXLEN ~ 1 2-1 c d", ["t xadd@0 s"], ["XADD s MAXLEN = 3 2-1 c d"]],
  [GROUP, "XADD s MINID ~ 1-2 LIMIT 5 2-1 c d", ["t xadd@0 s"], ["XADD s MINID = 1-1 LIMIT 5 2-1 c d"]],
  [
    [],
    "XADD s MINID ~ 9-9 2-1 c d",
    ["n new@0 s", "t xadd@0 s", "t xtrim@0 s"],
    ["XADD s MINID = 18446744073709551615-18446744073709551615 2-1 c d"],
  ],
  [GROUP, "XTRIM s MAXLEN ~ 1", [], []],
  [GROUP, "XTRIM s MAXLEN ~ 0", ["t xtrim@0 s"], ["XTRIM s MAXLEN = 0"]],
  [GROUP, "XTRIM s MINID 1-2", ["t xtrim@0 s"], ["XTRIM s MINID 1-2"]],
  [GROUP, "XTRIM s MAXLEN 5", [], []],
  [GROUP, "XDEL s 1-1 7-7", ["t xdel@0 s"], ["XDEL s 1-1 7-7"]],
  [GROUP, "XDEL s 7-7", [], []],
  [GROUP, "XSETID s 5-5", ["t xsetid@0 s"], ["XSETID s 5-5"]],
  [[], "XGROUP CREATE s g $ MKSTREAM", ["n new@0 s", "t xgroup-create@0 s"], ["XGROUP CREATE s g $ MKSTREAM"]],
  [GROUP, "XGROUP CREATE s h 0", ["t xgroup-create@0 s"], ["XGROUP CREATE s h 0"]],
  [GROUP, "XGROUP SETID s g 1-1", ["t xgroup-setid@0 s"], ["XGROUP SETID s g 1-1"]],
  [GROUP, "XGROUP SETID s g 0 ENTRIESREAD -2", [], []],
  [GROUP, "XGROUP DESTROY s g", ["t xgroup-destroy@0 s"], ["XGROUP DESTROY s g"]],
  [GROUP, "XGROUP DESTROY s h", [], []],
  [GROUP, "XGROUP CREATECONSUMER s g c", ["t xgroup-createconsumer@0 s"], ["XGROUP CREATECONSUMER s g c"]],
  [READ, "XGROUP CREATECONSUMER s g c", [], []],
  [READ, "XGROUP DELCONSUMER s g c", ["t xgroup-delconsumer@0 s"], ["XGROUP DELCONSUMER s g c"]],
  [READ, "XGROUP DELCONSUMER s g d", [], []],
  [
    GROUP,
    "XREADGROUP GROUP g c STREAMS s >",
    ["t xgroup-createconsumer@0 s"],
    [claim("1-1", "c", 1, "1-1"), claim("1-2", "c", 1)],
  ],
  [
    GROUP,
    "XREADGROUP GROUP g c NOACK COUNT 1 STREAMS s >",
    ["t xgroup-createconsumer@0 s"],
    ["XGROUP CREATECONSUMER s g c", "XGROUP SETID s g 1-1 ENTRIESREAD 1"],
  ],
  [READ, "XREADGROUP GROUP g c STREAMS s 0", [], []],
  [READ, "XREADGROUP GROUP g c STREAMS s >", [], []],
  [READ, "XREADGROUP GROUP g d STREAMS s >", ["t xgroup-createconsumer@0 s"], []],
  [[], "XREAD STREAMS s 0", ["m keymiss@0 s", "m keymiss@0 s"], []],
  [READ, "XACK s g 1-1 9-9", [], ["XACK s g 1-1 9-9"]],
  [READ, "XACK s g 9-9", [], []],
  [READ, "XCLAIM s g d 0 1-1", ["t xgroup-createconsumer@0 s"], [claim("1-1", "d", 2)]],
  [READ, "XCLAIM s g c 0 1-1 JUSTID", [], [claim("1-1", "c", 1)]],
  [READ, "XCLAIM s g c 0 1-1 RETRYCOUNT 9 TIME 5", [], [claim("1-1", "c", 9, "1-2", 5)]],
  [READ, "XCLAIM s g c 5 1-1", [], []],
  [READ, "XCLAIM s g c 5 1-1 LASTID 7-7", [], ["XGROUP SETID s g 7-7 ENTRIESREAD 2"]],
  [[...READ, "XDEL s 1-1"], "XCLAIM s g c 0 1-1", [], [claim("1-1", "c", 1)]],
  [READ, "XAUTOCLAIM s g d 0 -", ["t xgroup-createconsumer@0 s"], [claim("1-1", "d", 2), claim("1-2", "d", 2)]],
  [[...READ, "XDEL s 1-1"], "XAUTOCLAIM s g c 0 - JUSTID", [], [claim("1-1", "c", 1), claim("1-2", "c", 1)]],
  [READ, "XAUTOCLAIM s g c 5 -", [], []],
]);

test("what is no change of the key is none to those who WATCH it", () => {
  const quiet = ["XGROUP SETID s g 0", "XACK s g 1-1", "XCLAIM s g d 0 1-2", "XGROUP DESTROY s g", "XSETID s 9-9"];
  for (const command of quiet) {
    const harness = new Harness();
    for (const given of READ) harness.run(given);
    harness.run(command);
    assert.deepEqual(harness.watched, [], command);
    assert.ok(harness.dirty > 0, command);
  }
  const harness = new Harness();
  harness.run("XGROUP CREATE s g 0 MKSTREAM");
  assert.deepEqual(harness.watched, ["0 s"]);
});

test("who finds nothing waits, for what comes from now on", () => {
  const cases: [command: string, waits: string][] = [
    ["XREAD BLOCK 0 STREAMS s t 1-2 0", "stream s t 0"],
    ["XREAD BLOCK 1500 STREAMS s $", "stream s 1500"],
    ["XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "stream s 0 missing"],
  ];
  for (const [command, waits] of cases) {
    const harness = new Harness();
    for (const given of READ) harness.run(given);
    assert.equal(harness.run(command), "");
    assert.equal(harness.waits, waits);
  }
});

test("a group's count that goes beyond 64 bits wraps, as the lag does, and our primary may tell it", () => {
  const harness = new Harness();
  for (const line of [
    "XADD s 1-1 a b",
    "XGROUP CREATE s g $ ENTRIESREAD 9223372036854775807",
    "XADD s 2-1 a b",
    "XADD s 3-1 a b",
  ])
    harness.run(line);
  harness.run("XREADGROUP GROUP g c COUNT 1 STREAMS s >");
  const info = () => harness.run("XINFO GROUPS s").split(" ");
  const after = (name: string) => info()[info().indexOf(name) + 1];
  assert.equal(after("entries-read"), ":-9223372036854775808");
  assert.equal(after("lag"), ":-9223372036854775805");
  const setId = "XGROUP SETID s g 2-1 ENTRIESREAD -9223372036854775808";
  assert.equal(harness.run(setId), "-ERR value for ENTRIESREAD must be positive or -1");
  harness.session.fromPrimary = true;
  assert.equal(harness.run(setId), "+OK");
});
