import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, testReplies } from "./harness.ts";

const SYNTAX = "-ERR syntax error";
const CURSOR = "-ERR invalid cursor";

testReplies([
  [[], "KEYS *", "*0"],
  [["MSET hello 1 hallo 2 x 3"], "KEYS x", "*1 $1 x"],
  [["MSET hello 1 hallo 2 x 3"], "KEYS h[^e]llo", "*1 $5 hallo"],
  [["SET '' 1"], "KEYS *", "*1 $0"],
  [["SET '' 1"], "KEYS **", "*0"],
  [["SET a 1"], "SCAN 0", "*2 $1 0 *1 $1 a"],
  [["SET a 1"], "SCAN 0 MATCH b* COUNT 100", "*2 $1 0 *0"],
  [["SET a 1"], "SCAN 0 TYPE STRING", "*2 $1 0 *1 $1 a"],
  [["SET a 1"], "SCAN 0 TYPE hash", "*2 $1 0 *0"],
  [["SET a 1"], "SCAN 0 TYPE unheard-of", "*2 $1 0 *0"],
  [[], "SCAN x", CURSOR],
  [[], "SCAN ' 1'", CURSOR],
  [[], "SCAN 18446744073709551616", CURSOR],
  [[], "SCAN 18446744073709551615", "*2 $1 0 *0"],
  [[], "SCAN 0 COUNT 0", SYNTAX],
  [[], "SCAN 0 COUNT x", "-ERR value is not an integer or out of range"],
  [[], "SCAN 0 COUNT", SYNTAX],
  [[], "SCAN 0 FOO", SYNTAX],
  [[], "SCAN x COUNT 0", CURSOR],
]);

/** All keys that SCAN gives, and in how many calls. */
function walk(harness: Harness, options: string): { names: string[]; calls: number } {
  const names: string[] = [];
  let calls = 0;
  let cursor = "0";
  do {
    const [, , next, , ...found] = harness.raw(`SCAN ${cursor} ${options}`).split("\r\n");
    cursor = next!;
    calls++;
    names.push(...found.filter((_, index) => index % 2 === 1));
  } while (cursor !== "0");
  return { names, calls };
}

test("a walk finds every key, COUNT or more in a call", () => {
  const harness = new Harness();
  for (let i = 0; i < 1000; i++) harness.run(`SET key:${i} v`);
  const all = walk(harness, "");
  assert.equal(new Set(all.names).size, 1000);
  assert.ok(all.calls <= 101, `${all.calls} calls`);
  const large = walk(harness, "COUNT 500");
  assert.equal(new Set(large.names).size, 1000);
  assert.ok(large.calls <= 3, `${large.calls} calls`);
  assert.equal(new Set(walk(harness, "MATCH key:1?").names).size, 10);
  assert.equal(harness.raw("KEYS key:*5").split("\r\n")[0], "*100");
});

test("a key that stays is found though others come and go", () => {
  const harness = new Harness();
  for (let i = 0; i < 300; i++) harness.run(`SET stays:${i} v`);
  const found = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const [, , next, , ...keys] = harness.raw(`SCAN ${cursor} MATCH stays:*`).split("\r\n");
    cursor = next!;
    for (const key of keys) found.add(key);
    for (let i = 0; i < 40; i++) harness.run(round < 20 ? `SET other:${round}:${i} v` : `DEL other:${round - 20}:${i}`);
    round++;
  } while (cursor !== "0");
  for (let i = 0; i < 300; i++) assert.ok(found.has(`stays:${i}`), `stays:${i}`);
});

test("keys whose time has come are not shown", () => {
  const harness = new Harness();
  harness.run("SET a 1 PX 10");
  harness.run("SET b 1");
  harness.advance(11);
  assert.equal(harness.run("KEYS *"), "*1 $1 b");
  assert.equal(harness.run("SCAN 0"), "*2 $1 0 *1 $1 b");
});
