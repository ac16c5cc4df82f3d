import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { SetCursor } from "../../src/engine/set/set-cursor.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { newEngine } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { assertHarmless, assertRefused, payload } from "./payloads.ts";

function withSet(members: readonly string[]): Engine {
  const engine = newEngine();
  const db = engine.databases[0]!;
  const set = engine.sets.createFor(bytesOf(members[0]!), members.length, engine.sets.value(0));
  db.setRoot(bytesOf("k"), "set", set.root);
  for (const member of members) set.add(bytesOf(member));
  return engine;
}

function members(engine: Engine, key: string): string[] {
  const cursor = new SetCursor().start(engine.sets.read(engine.databases[0]!, bytesOf(key))!);
  const found: string[] = [];
  while (cursor.next()) found.push(cursor.member.latin1());
  return found.sort();
}

const many = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => prefix + i);

const FORMS: [members: string[], encoding: string, form10: number, form11: number][] = [
  [["1", "-7", "300"], "intset", 11, 11],
  [["1", "-7", "9223372036854775807"], "intset", 11, 11],
  [["a", "12", ""], "listpack", 2, 20],
  [many(128, "w"), "listpack", 2, 20],
  [many(1000, "w"), "hashtable", 2, 2],
  [many(600, ""), "hashtable", 2, 2],
  [["a", "x".repeat(500)], "hashtable", 2, 2],
];
for (const [list, encoding, form10, form11] of FORMS)
  test(`a set of ${list.length} as ${encoding} is written in forms ${form10} and ${form11}, and read back`, () => {
    const engine = withSet(list);
    const db = engine.databases[0]!;
    assert.equal(db.encoding(bytesOf("k")), encoding);
    for (const [version, form] of [
      [10, form10],
      [11, form11],
    ] as const) {
      const bytes = dump(engine, db, bytesOf("k"), version)!;
      assert.equal(bytes[0], form);
      restore(engine.store, new Slice(bytes), { deep: true }).store(db, bytesOf("copy"));
      assert.deepEqual(members(engine, "copy"), [...list].sort());
      assert.equal(db.encoding(bytesOf("copy")), encoding);
    }
  });

const BROKEN: [what: string, hex: string, deepOnly?: boolean][] = [
  ["no members", "02 00"],
  ["fewer members than it says", "02 02 01 61"],
  ["a member twice", "02 02 01 61 01 61"],
  ["a number twice", "02 02 c0 01 01 31"],
  ["more than it says", "02 01 01 61 01 62"],
  ["an intset without numbers", "0b 08 02000000 00000000"],
  ["an intset of another width", "0b 0c 03000000 01000000 01000200"],
  ["an intset cut short", "0b 0a 02000000 02000000 0100"],
  ["an intset out of order", "0b 0c 02000000 02000000 0200 0100", true],
  ["an intset with a number twice", "0b 0c 02000000 02000000 0100 0100", true],
  ["a listpack without entries", "14 07 07000000 0000 ff"],
  ["a listpack with another length", "14 0a 0b000000 0100 81 61 02 ff"],
  ["a listpack with a wrong count", "14 0a 0a000000 0200 81 61 02 ff"],
  ["a listpack with a broken entry", "14 0a 0a000000 0100 81 61 03 ff"],
  ["a listpack with a member twice", "14 0d 0d000000 0200 81 61 02 81 61 02 ff", true],
  ["a listpack with a number twice", "14 0c 0c000000 0200 01 01 81 31 02 ff", true],
];
for (const [what, hex, deepOnly = false] of BROKEN)
  test(`a payload of ${what} is refused${deepOnly ? " if looked at closely" : ""}`, () => {
    const engine = newEngine();
    for (const deep of deepOnly ? [true] : [false, true]) {
      assertRefused(engine, hex, deep);
    }
  });

test("a packed set above the limits of this server becomes a table", () => {
  const engine = newEngine();
  const db = engine.databases[0]!;
  engine.policy.setMaxIntsetEntries = 2;
  engine.policy.setMaxListpackEntries = 1;
  restore(engine.store, payload("0b 0e 02000000 03000000 0100 0200 0300")).store(db, bytesOf("i"));
  restore(engine.store, payload("14 0d 0d000000 0200 81 61 02 81 62 02 ff")).store(db, bytesOf("l"));
  assert.deepEqual([db.encoding(bytesOf("i")), members(engine, "i")], ["hashtable", ["1", "2", "3"]]);
  assert.deepEqual([db.encoding(bytesOf("l")), members(engine, "l")], ["hashtable", ["a", "b"]]);
});

test("whatever bytes of a payload change, nothing but Redis' error comes of it, and no memory is lost", () => {
  const engine = newEngine();
  for (const list of [["1", "2", "70000"], ["a", "b", "12"], many(40, "word")]) {
    const source = withSet(list);
    const good = dump(source, source.databases[0]!, bytesOf("k"), 11)!;
    assertHarmless(engine, good, [0, 1, 0x7f, 0x80, 0xff]);
  }
});
