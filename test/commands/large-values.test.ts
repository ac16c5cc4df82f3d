/** Commands that go through values of thousands of elements, held against what a Set or a Map would say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.ts";

const COUNT = 4000;
const element = (i: number) => `e${i}`;

/** The words of a reply that are bulks, without lengths. */
function bulks(reply: string): string[] {
  return reply.split(" ").filter((word) => /^[ev]\d+$/.test(word));
}

function filled(command: string, key: string, words: (i: number) => string[], from = 0, count = COUNT): Harness {
  return fill(new Harness(), command, key, words, from, count);
}

function fill(
  harness: Harness,
  command: string,
  key: string,
  words: (i: number) => string[],
  from: number,
  count: number,
) {
  for (let i = from; i < from + count; i += 100)
    harness.run([command, key, ...Array.from({ length: 100 }, (_, k) => words(i + k)).flat()]);
  return harness;
}

const all = new Set(Array.from({ length: COUNT }, (_, i) => element(i)));

for (const count of [1, 100, 400, 3000, 3900])
  test(`members by chance, ${count} of ${COUNT}`, () => {
    const harness = filled("SADD", "s", (i) => [element(i)]);
    const shown = bulks(harness.run(`SRANDMEMBER s ${count}`));
    assert.equal(new Set(shown).size, count);
    const repeated = bulks(harness.run(`SRANDMEMBER s -${count}`));
    assert.equal(repeated.length, count);
    for (const member of [...shown, ...repeated]) assert.ok(all.has(member));
    const popped = bulks(harness.run(`SPOP s ${count}`));
    assert.equal(new Set(popped).size, count);
    const told = harness.outcomes.flatMap((outcome) => bulks(outcome));
    assert.deepEqual(told.sort(), [...popped].sort());
    const left = bulks(harness.run("SMEMBERS s"));
    assert.deepEqual([...left, ...popped].sort(), [...all].sort());
    for (const member of popped) assert.equal(harness.run(`SISMEMBER s ${member}`), ":0");
  });

for (const count of [1, 100, 400, 3000, 4000])
  test(`fields by chance, ${count} of ${COUNT}`, () => {
    const harness = filled("HSET", "h", (i) => [element(i), `v${i}`]);
    const shown = bulks(harness.run(`HRANDFIELD h ${count} WITHVALUES`));
    assert.equal(shown.length, count * 2);
    const fields = shown.filter((_, i) => i % 2 === 0);
    assert.equal(new Set(fields).size, count);
    fields.forEach((field, i) => {
      assert.equal(shown[i * 2 + 1], `v${field.slice(1)}`);
    });
    const repeated = bulks(harness.run(`HRANDFIELD h -${count}`));
    assert.equal(repeated.length, count);
    for (const field of repeated) assert.ok(all.has(field));
    assert.equal(new Set(bulks(harness.run("HKEYS h"))).size, COUNT);
    assert.equal(bulks(harness.run("HGETALL h")).length, COUNT * 2);
  });

test("unions, intersections and differences of many members", () => {
  const harness = filled("SADD", "a", (i) => [element(i)]);
  fill(harness, "SADD", "b", (i) => [element(i)], COUNT / 2, COUNT);
  const sorted = (reply: string) => bulks(reply).sort();
  const range = (from: number, end: number) => Array.from({ length: end - from }, (_, i) => element(from + i)).sort();
  assert.deepEqual(sorted(harness.run("SUNION a b")), range(0, COUNT * 1.5));
  assert.deepEqual(sorted(harness.run("SINTER a b")), range(COUNT / 2, COUNT));
  assert.deepEqual(sorted(harness.run("SDIFF a b")), range(0, COUNT / 2));
  for (const [command, from, end] of [
    ["SUNIONSTORE", 0, COUNT * 1.5],
    ["SINTERSTORE", COUNT / 2, COUNT],
    ["SDIFFSTORE", 0, COUNT / 2],
  ] as const) {
    assert.equal(harness.run(`${command} a2 a b`), `:${end - from}`);
    assert.deepEqual(sorted(harness.run("SMEMBERS a2")), range(from, end));
    for (const member of range(from, end)) assert.equal(harness.run(`SISMEMBER a2 ${member}`), ":1");
    // It grows and shrinks as any other.
    for (let i = 0; i < 1000; i++) harness.run(`SADD a2 x${i}`);
    for (let i = 0; i < 1000; i++) harness.run(`SREM a2 x${i}`);
    assert.deepEqual(sorted(harness.run("SMEMBERS a2")), range(from, end));
  }
  harness.run("DEL a b a2");
  harness.engine.lazyfree.step(() => false);
  assert.equal(harness.engine.databases[0]!.size, 0);
});

test("sorted sets of many members, combined", () => {
  const harness = filled("ZADD", "a", (i) => [`${i % 7}.5`, element(i)]);
  fill(harness, "ZADD", "b", (i) => [`${i % 5}`, element(i)], COUNT / 2, COUNT);
  const model = (pick: (i: number) => number | null) =>
    Array.from({ length: COUNT * 1.5 }, (_, i) => [pick(i), element(i)] as const)
      .filter((pair): pair is [number, string] => pair[0] !== null)
      .sort((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : 1))
      .map(([score, member]) => `${member} ${score}`);
  const a = (i: number) => (i < COUNT ? (i % 7) + 0.5 : null);
  const b = (i: number) => (i >= COUNT / 2 ? i % 5 : null);
  const stored = (key: string) => {
    const words = harness
      .run(`ZRANGE ${key} 0 -1 WITHSCORES`)
      .split(" ")
      .filter((word) => !/^[*$]/.test(word));
    return words.filter((_, i) => i % 2 === 0).map((member, i) => `${member} ${words[i * 2 + 1]}`);
  };
  const both = (i: number) => (a(i) === null || b(i) === null ? null : a(i)! + b(i)!);
  harness.run("ZUNIONSTORE u 2 a b");
  assert.deepEqual(
    stored("u"),
    model((i) => (a(i) === null && b(i) === null ? null : (a(i) ?? 0) + (b(i) ?? 0))),
  );
  harness.run("ZINTERSTORE n 2 a b");
  assert.deepEqual(stored("n"), model(both));
  harness.run("ZDIFFSTORE d 2 a b");
  assert.deepEqual(
    stored("d"),
    model((i) => (b(i) === null ? a(i) : null)),
  );
  harness.run("ZRANGESTORE r a 0 -1");
  assert.deepEqual(stored("r"), model(a));
  harness.run("ZREMRANGEBYRANK r 500 2999");
  assert.deepEqual(
    stored("r"),
    model(a).filter((_, rank) => rank < 500 || rank >= 3000),
  );
});

for (const behind of [true, false])
  test(`an element of a long list is found, and another put ${behind ? "behind" : "before"} it`, () => {
    const harness = filled("RPUSH", "l", (i) => [element(i)]);
    const model = Array.from({ length: COUNT }, (_, i) => element(i));
    for (let i = 0; i < 200; i++) {
      const pivot = element((i * 2711) % COUNT);
      harness.run(`LINSERT l ${behind ? "AFTER" : "BEFORE"} ${pivot} v${i}`);
      model.splice(model.indexOf(pivot) + (behind ? 1 : 0), 0, `v${i}`);
    }
    assert.equal(harness.run("LINSERT l BEFORE none v1"), ":-1");
    assert.deepEqual(bulks(harness.run("LRANGE l 0 -1")), model);
    assert.deepEqual(bulks(harness.run("LPOP l 1500")), model.splice(0, 1500));
    assert.deepEqual(bulks(harness.run("RPOP l 1500")), model.splice(-1500).reverse());
    assert.deepEqual(bulks(harness.run("LRANGE l 0 -1")), model);
  });
