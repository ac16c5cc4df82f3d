import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { Engine } from "../../src/engine/engine.ts";
import { SetCursor } from "../../src/engine/set/set-cursor.ts";
import { Encoding, SetValue } from "../../src/engine/set/set-value.ts";
import { EntryText } from "../../src/memory/listpack.ts";
import { Seeded } from "../memory/random.ts";

function newEngine(seed = 1): Engine {
  const random = new Seeded(seed);
  return new Engine({ databases: 2, clock: { now: () => 0, monotonicMicros: () => 0 }, random });
}

const name = (text: string) => Slice.of(text);

function members(set: SetValue): string[] {
  const cursor = new SetCursor().start(set);
  const found: string[] = [];
  while (cursor.next()) found.push(cursor.member.latin1());
  return found;
}

/** What a member looks like in each of the kinds of sets that are tried. */
const KINDS: Record<string, (random: Seeded) => string> = {
  "small numbers": (random) => String(random.below(300) - 150),
  "numbers of all widths": (random) => {
    const wide = BigInt(random.uint32()) | (BigInt(random.uint32()) << 32n);
    return String(BigInt.asIntN(1 + random.below(64), wide));
  },
  words: (random) => "word".repeat(random.below(3)) + random.below(200),
  "numbers, words, long ones and empty ones": (random) => {
    const kind = random.below(40);
    if (kind === 0) return "";
    if (kind === 1) return "long".repeat(random.below(30)) + random.below(10);
    return kind < 20 ? String(random.below(1000)) : `m${random.below(1000)}`;
  },
};

for (const [kind, draw] of Object.entries(KINDS))
  test(`a set of ${kind} is what a JS Set is, in every form`, () => {
    const random = new Seeded(5);
    for (let round = 0; round < 30; round++) {
      const engine = newEngine(round);
      const { arena } = engine.store;
      engine.policy.setMaxIntsetEntries = random.below(100);
      engine.policy.setMaxListpackEntries = random.below(100);
      const set = engine.sets.createFor(name(draw(random)), 1, engine.sets.value(0));
      const model = new Set<string>();
      const limit = 5 + random.below(400);
      for (let i = 0; i < 800; i++) {
        const member = draw(random);
        if (random.below(10) < (model.size < limit ? 7 : 3)) {
          assert.equal(set.add(name(member)), !model.has(member));
          model.add(member);
        } else if (random.below(2) === 0) assert.equal(set.delete(name(member)), model.delete(member));
        else if (model.size > 0) {
          const text = new EntryText();
          const place = set.randomPlace();
          const any = set.memberAt(place, text).latin1();
          assert.ok(model.delete(any), `${any} is no member`);
          set.deleteAt(place);
        }
        assert.equal(set.has(name(member)), model.has(member));
        assert.equal(set.size, model.size);
      }
      assert.deepEqual(members(set).sort(), [...model].sort());
      const copy = new SetValue(engine.store).position(engine.sets.clone(set.root));
      assert.equal(copy.encoding, set.encoding);
      assert.deepEqual(members(copy).sort(), [...model].sort());
      assert.equal(engine.sets.bytes(copy.root, 0) + engine.sets.bytes(set.root, 0), arena.used);
      engine.sets.drop(copy);
      engine.sets.drop(set);
      assert.equal(arena.used, 0);
    }
  });

test("a set changes its form when Redis does", () => {
  const engine = newEngine();
  const set = engine.sets.createFor(name("1"), 1, engine.sets.value(0));
  const fill = (from: number, to: number, prefix = "") => {
    for (let i = from; i < to; i++) set.add(name(prefix + i));
  };
  const is = (encoding: string, size: number) => {
    assert.deepEqual([engine.sets.encoding(set.root), set.size], [encoding, size]);
  };
  fill(0, 512);
  is("intset", 512);
  fill(512, 513);
  is("hashtable", 513);

  const small = engine.sets.createFor(name("1"), 1, engine.sets.value(0));
  fill(0, 127);
  small.add(name("a"));
  is("listpack", 128);
  fill(0, 127);
  is("listpack", 128);
  small.add(name("b"));
  is("hashtable", 129);

  engine.sets.createFor(name("1"), 1, engine.sets.value(0));
  fill(0, 128);
  set.add(name("a"));
  is("hashtable", 129);

  engine.sets.createFor(name("x"), 1, engine.sets.value(0));
  set.add(name("x".repeat(64)));
  is("listpack", 1);
  set.add(name("y".repeat(65)));
  is("hashtable", 2);

  assert.equal(engine.sets.createFor(name("1"), 513, set).encoding, Encoding.table);
  assert.equal(engine.sets.createFor(name("1"), 512, set).encoding, Encoding.intset);
  assert.equal(engine.sets.createFor(name("x"), 129, set).encoding, Encoding.table);
  assert.equal(engine.sets.createFor(name("x"), 128, set).encoding, Encoding.listpack);

  engine.policy.setMaxListpackValue = 5;
  engine.sets.createFor(name("1"), 1, set).add(name("-12345"));
  set.add(name("a"));
  is("hashtable", 2);
});

test("a large set is freed in slices", () => {
  const engine = newEngine();
  const set = engine.sets.create(Encoding.table);
  for (let i = 0; i < 5000; i++) set.add(name(`member:${i}`));
  const job = engine.sets.freeing(set.root);
  assert.equal(engine.sets.effort(set.root), 5000);
  let steps = 0;
  for (; job.pending > 0; steps++) job.step(64);
  assert.ok(steps > 60, `${steps} steps`);
  assert.equal(engine.store.arena.used, 0);
});

test("each member is drawn as often as any other, whatever the form", () => {
  for (const [first, size] of [
    ["number", 100],
    ["word", 100],
    ["word", 1000],
  ] as const) {
    const engine = newEngine(9);
    const set = engine.sets.createFor(name(first === "word" ? "w" : "1"), 1, engine.sets.value(0));
    for (let i = 0; i < size; i++) set.add(name(first === "word" ? `w${i}` : String(i)));
    const counts = new Map<string, number>();
    const text = new EntryText();
    const draws = size * 200;
    for (let i = 0; i < draws; i++) {
      const member = set.memberAt(set.randomPlace(), text).latin1();
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    assert.equal(counts.size, size);
    let chi = 0;
    for (const count of counts.values()) chi += (count - 200) ** 2 / 200;
    const spread = Math.sqrt(2 * (size - 1));
    assert.ok(Math.abs(chi - (size - 1)) < 6 * spread, `chi squared ${chi} for ${size} members (${first})`);
  }
});
