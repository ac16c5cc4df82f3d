/** What test/differential/sets.test.ts cannot see: events, outcomes, forms that Redis 7.0 lacks, chance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../../src/base/bytes.ts";
import { EntryText } from "../../../src/engine/set/set-value.ts";
import { Harness, testEffects, testReplies } from "../harness.ts";

const WRONG = "-WRONGTYPE Operation against a key holding the wrong kind of value";

testReplies([
  [[], "SADD s a b a", ":2"],
  [["SADD s a"], "SADD s a", ":0"],
  [["SET s text"], "SADD s a", WRONG],
  [["SADD s 3 1 2"], "SMEMBERS s", "*3 $1 1 $1 2 $1 3", "~3 $1 1 $1 2 $1 3"],
  [["SADD s b a"], "SMEMBERS s", "*2 $1 b $1 a", "~2 $1 b $1 a"],
  [[], "SMEMBERS s", "*0", "~0"],
  [["SADD s a", "SADD t a b"], "SINTER s t", "*1 $1 a", "~1 $1 a"],
  [["SADD s a"], "SINTER s none", "*0", "~0"],
  [["SADD s 1", "SADD t 2"], "SUNION s t", "*2 $1 1 $1 2", "~2 $1 1 $1 2"],
  [["SADD s 1 2", "SADD t 2"], "SDIFF s t", "*1 $1 1", "~1 $1 1"],
  [["SADD s a"], "SPOP s", "$1 a"],
  [[], "SPOP s", "$-1", "_"],
  [["SADD s a"], "SPOP s 5", "*1 $1 a", "~1 $1 a"],
  [[], "SPOP s 5", "*0", "~0"],
  [["SADD s a"], "SRANDMEMBER s", "$1 a"],
  [[], "SRANDMEMBER s", "$-1", "_"],
  [["SADD s a"], "SRANDMEMBER s -3", "*3 $1 a $1 a $1 a"],
  [["SADD s a"], "SRANDMEMBER s 3", "*1 $1 a"],
  [["SADD s a"], "SMISMEMBER s a b", "*2 :1 :0"],
  [["SADD s a b"], "SSCAN s 0", "*2 $1 0 *2 $1 a $1 b"],
  [["SADD s a b"], "SSCAN s 17 MATCH b* COUNT 1", "*2 $1 0 *1 $1 b"],

  // Forms
  [["SADD s 1 2"], "OBJECT ENCODING s", "$6 intset"],
  [["SADD s 1 2", "SADD s a"], "OBJECT ENCODING s", "$8 listpack"],
  [["SADD s a", `SADD s ${"x".repeat(65)}`], "OBJECT ENCODING s", "$9 hashtable"],
  [["SADD s a b 1", "SADD t 1 a", "SINTERSTORE r s t"], "OBJECT ENCODING r", "$8 listpack"],
  [["SADD s a b 1 2", "SADD t 1 2 c", "SINTERSTORE r s t"], "OBJECT ENCODING r", "$6 intset"],
  [["SADD s a 1 2", "SADD t a", "SDIFFSTORE r s t"], "OBJECT ENCODING r", "$6 intset"],
  [["SADD s 1 2", "SADD t a", "SUNIONSTORE r s t"], "OBJECT ENCODING r", "$8 listpack"],
  [["SADD s 1 2", "SMOVE s t 1"], "OBJECT ENCODING t", "$6 intset"],
  [["SADD s a b", "COPY s t"], "OBJECT ENCODING t", "$8 listpack"],
]);

testEffects([
  [[], "SADD s a b", ["n new@0 s", "s sadd@0 s"], ["SADD s a b"]],
  [["SADD s a"], "SADD s a", [], []],
  [["SADD s a"], "SADD s a b", ["s sadd@0 s"], ["SADD s a b"]],
  [["SADD s a b"], "SREM s a z", ["s srem@0 s"], ["SREM s a z"]],
  [["SADD s a b"], "SREM s z", [], []],
  [["SADD s a b"], "SREM s a b c", ["s srem@0 s", "g del@0 s"], ["SREM s a b c"]],
  [["SADD s a b"], "SMOVE s t a", ["s srem@0 s", "n new@0 t", "s sadd@0 t"], ["SMOVE s t a"]],
  [["SADD s a"], "SMOVE s t a", ["s srem@0 s", "g del@0 s", "n new@0 t", "s sadd@0 t"], ["SMOVE s t a"]],
  [["SADD s a b", "SADD t a"], "SMOVE s t a", ["s srem@0 s"], ["SMOVE s t a"]],
  [["SADD s a"], "SMOVE s s a", [], []],
  [["SADD s a"], "SMOVE s t b", [], []],
  [[], "SISMEMBER s a", ["m keymiss@0 s"], []],
  [[], "SMEMBERS s", ["m keymiss@0 s"], []],
  [["SADD s a"], "SINTER s none t", ["m keymiss@0 none", "m keymiss@0 t"], []],
  [["SADD s a"], "SPOP s", ["s spop@0 s", "g del@0 s"], ["SREM s a"]],
  [["SADD s a a"], "SPOP s 0", [], []],
  [["SADD s a"], "SPOP s 1", ["s spop@0 s", "g del@0 s"], ["DEL s"]],
  [[], "SPOP s", [], []],
  [["SADD s a"], "SUNIONSTORE t s", ["n new@0 t", "s sunionstore@0 t"], ["SUNIONSTORE t s"]],
  [["SADD s a", "SET t x"], "SINTERSTORE t s", ["s sinterstore@0 t"], ["SINTERSTORE t s"]],
  [["SADD s a", "SADD t b"], "SDIFFSTORE s s t", ["s sdiffstore@0 s"], ["SDIFFSTORE s s t"]],
  [["SADD s a"], "SDIFFSTORE s s s", ["g del@0 s"], ["SDIFFSTORE s s s"]],
  [["SADD s a"], "SINTERSTORE t none", ["m keymiss@0 none"], []],
]);

/** The words of a reply's elements. */
function elements(reply: string): string[] {
  return reply.split(" ").filter((_, index) => index > 0 && index % 2 === 0);
}

function fill(harness: Harness, size: number, prefix: string): void {
  for (let i = 0; i < size; i += 500) {
    const some = Array.from({ length: Math.min(500, size - i) }, (_, at) => prefix + (i + at));
    harness.run(`SADD s ${some.join(" ")}`);
  }
}

for (const [prefix, size] of [
  ["", 100],
  ["w", 100],
  ["w", 3000],
] as const)
  for (const count of [1, 2, 30, size - 5, size - 1])
    test(`SPOP of ${count} of ${size} (${prefix}): what it answers is gone, and gone at the replicas`, () => {
      const harness = new Harness();
      fill(harness, size, prefix);
      const popped = elements(harness.run(`SPOP s ${count}`));
      assert.equal(new Set(popped).size, count);
      assert.deepEqual(harness.events, ["s spop@0 s"]);
      assert.equal(harness.dirty, count);
      const outcomes = harness.outcomes.map((line) => line.split(" "));
      assert.equal(outcomes.length, Math.ceil(count / 1024));
      for (const words of outcomes) assert.deepEqual(words.slice(0, 2), ["SREM", "s"]);
      assert.deepEqual(
        outcomes.flatMap((words) => words.slice(2)),
        popped,
      );
      const left = elements(harness.run("SMEMBERS s"));
      assert.equal(left.length, size - count);
      assert.equal(new Set([...left, ...popped]).size, size);
    });

test("SPOP of all is DEL for the replicas, or UNLINK where that is configured", () => {
  const harness = new Harness();
  harness.engine.policy.lazyfreeLazyServerDel = true;
  fill(harness, 1000, "w");
  assert.equal(elements(harness.run("SPOP s 1000")).length, 1000);
  assert.deepEqual(harness.outcomes, ["UNLINK s"]);
  assert.equal(harness.engine.lazyfree.idle, false);
});

test("a set that few members are left of lies small again, as in Redis, and keeps its expiry", () => {
  const harness = new Harness();
  fill(harness, 1000, "w");
  harness.run("EXPIRE s 100");
  harness.run("SPOP s 990");
  assert.equal(harness.run("OBJECT ENCODING s"), "$8 listpack");
  assert.equal(harness.run("TTL s"), ":100");
  harness.run("DEL s");
  assert.equal(harness.engine.store.arena.used, 0);
});

/** Asks for members many times over, and looks whether each came as often as any other. */
function fair(size: number, prefix: string, command: string, each: number): void {
  test(`${command} of ${size} members (${prefix}) prefers none`, () => {
    const harness = new Harness();
    const counts = new Map<string, number>();
    fill(harness, size, prefix);
    const asks = (150 * size) / each;
    for (let i = 0; i < asks; i++) {
      const reply = harness.run(command);
      const members = each === 1 && reply.startsWith("$") ? [reply.split(" ")[1]!] : elements(reply);
      assert.equal(members.length, each);
      for (const member of members) counts.set(member, (counts.get(member) ?? 0) + 1);
      if (command.startsWith("SPOP")) harness.run(`SADD s ${members.join(" ")}`);
    }
    assert.equal(counts.size, size);
    let chi = 0;
    for (const count of counts.values()) chi += (count - 150) ** 2 / 150;
    // With several a time a member is drawn at most once each: the spread is smaller, never larger.
    const limit = size - 1 + 6 * Math.sqrt(2 * (size - 1));
    assert.ok(chi < limit, `chi squared ${chi}, limit ${limit}`);
  });
}

for (const [size, prefix] of [
  [40, ""],
  [40, "w"],
  [300, "w"],
] as const) {
  fair(size, prefix, "SRANDMEMBER s", 1);
  fair(size, prefix, "SRANDMEMBER s -5", 5);
  fair(size, prefix, "SRANDMEMBER s 4", 4);
  fair(size, prefix, `SRANDMEMBER s ${size / 2}`, size / 2);
  fair(size, prefix, "SPOP s", 1);
  fair(size, prefix, "SPOP s 4", 4);
  fair(size, prefix, `SPOP s ${size - 4}`, size - 4);
}

test("SSCAN of a large set sees all that stays, whatever comes and goes between its calls", () => {
  const harness = new Harness();
  fill(harness, 3000, "w");
  const seen = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const reply = harness.run(`SSCAN s ${cursor} COUNT 20`).split(" ");
    cursor = reply[2]!;
    for (let i = 5; i < reply.length; i += 2) seen.add(reply[i]!);
    // Those from 1000 on go, others come: the table shrinks and grows.
    const first = 1000 + round * 20;
    if (first < 3000) harness.run(`SREM s ${Array.from({ length: 20 }, (_, i) => `w${first + i}`).join(" ")}`);
    else harness.run(`SADD s ${Array.from({ length: 50 }, (_, i) => `new${first * 50 + i}`).join(" ")}`);
    round++;
  } while (cursor !== "0");
  for (let i = 0; i < 1000; i++) assert.ok(seen.has(`w${i}`), `w${i}`);
});

test("SPOP of most members leaves a snapshot, which is in the middle of the set, what it was", () => {
  const harness = new Harness();
  fill(harness, 2000, "w");
  const { sets, store } = harness.engine;
  const seen = new Set<string>();
  const text = new EntryText();
  const snapshot = harness.engine.snapshot();
  snapshot.onLargeValue = () => ({
    element: (ref) => {
      const member = sets
        .value(5)
        .position(sets.read(harness.db, Slice.of("s"))!.root)
        .memberAt(ref, text);
      assert.ok(!seen.has(member.latin1()));
      seen.add(member.latin1());
    },
    node() {},
    end() {},
  });
  snapshot.step(20);
  assert.ok(seen.size > 0 && seen.size < 1000, `${seen.size} seen`);
  assert.ok(store.arena.watch.open);
  assert.equal(elements(harness.run("SPOP s 1990")).length, 1990);
  harness.run("SADD s new");
  while (snapshot.step(100));
  assert.equal(seen.size, 2000);
  assert.ok(!seen.has("new"));
  assert.equal(harness.run("SCARD s"), ":11");
});
