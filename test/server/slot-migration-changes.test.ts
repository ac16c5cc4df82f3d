/** What the source of a migration may have us change: keys of the slots that move, and nothing else. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encode, House } from "../../fuzz/house.ts";
import { ChangeCheck } from "../../src/server/slot-migration/change-check.ts";

/** "a" is of slot 15495, "b" of 3300. */
const SLOTS = new Set([15495]);
let house: House;
let check: ChangeCheck;

before(async () => {
  house = await House.start("cluster-enabled yes\n");
  check = new ChangeCheck(house.server.table, SLOTS);
});
after(() => house.stop());

const cases: [commands: string, error?: RegExp][] = [
  ["SET a 1"],
  ["MULTI; INCR {a}n; DEL a {a}2; EXEC"],
  ["XGROUP CREATE a g 0 MKSTREAM"],
  ["RESTORE a 0 payload REPLACE"],
  ["SUNIONSTORE a {a}1 {a}2"],
  ["SPUBLISH a hello", /'SPUBLISH' names no key/],
  ["SET b 1", /'SET' is about a key of another slot/],
  ["SET a 1; RENAME a b", /'RENAME' is about a key of another slot/],
  ["DEL a b", /another slot/],
  ["FLUSHALL", /names no key/],
  ["FLUSHDB", /names no key/],
  ["SWAPDB 0 1", /names no key/],
  ["GET a", /'GET' is no change of a key/],
  ["SELECT 1", /no change/],
  ["CONFIG SET maxmemory 1", /no change/],
  ["REPLCONF capa nines-hidden=0-100", /no change/],
  ["SHUTDOWN", /no change/],
  ["MIGRATE 10.0.0.9 6379 a 0 100", /no change/],
  ["NOSUCH a", /'NOSUCH' is not known here/],
  ["SUNIONSTORE a", /names no key/],
];
for (const [commands, error] of cases)
  test(commands, () => {
    const bytes = Buffer.concat(commands.split("; ").map((line) => encode(line.split(" "))));
    if (error === undefined) check.check(bytes);
    else assert.throws(() => check.check(bytes), error);
  });

test("half of a command is none", () => {
  const bytes = encode(["SET", "a", "1"]);
  assert.throws(() => check.check(bytes.subarray(0, bytes.length - 3)), /in part only/);
  assert.throws(() => check.check(Buffer.from("*1\r\n$-5\r\n")), /Protocol error|invalid/i);
  // What came before does not stay.
  check.check(bytes);
});
