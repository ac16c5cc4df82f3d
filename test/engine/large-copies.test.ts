/** COPY of values of many elements: each has what the other had, and neither knows of the other's changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../src/engine/engine.ts";
import { EntryText } from "../../src/memory/listpack.ts";
import { engineAt, slice } from "./helpers.ts";

const COUNT = 5000;
const LONG = "x".repeat(3000);
const name = (i: number) => (i % 1000 === 7 ? `${i}${LONG}` : `element:${i}`);

interface Kind {
  fill(engine: Engine): void;
  /** All it holds, in some order. */
  show(engine: Engine, key: string): string[];
  change(engine: Engine, key: string): void;
}

const kinds: Record<string, Kind> = {
  set: {
    fill: (engine) => {
      const set = engine.sets.createFor(slice("a"), COUNT, engine.sets.value(0));
      engine.databases[0]!.setRoot(slice("from"), "set", set.root);
      for (let i = 0; i < COUNT; i++) set.add(slice(name(i)));
    },
    show: (engine, key) => {
      const set = engine.sets.read(engine.databases[0]!, slice(key))!;
      const text = new EntryText();
      const all: string[] = [];
      let cursor = 0;
      do cursor = set.scan(cursor, (place) => all.push(set.memberAt(place, text).latin1()));
      while (cursor !== 0);
      for (const one of all) assert.ok(set.has(slice(one)));
      return all;
    },
    change: (engine, key) => {
      const set = engine.sets.open(engine.databases[0]!, slice(key))!;
      for (let i = 0; i < COUNT; i += 3) set.delete(slice(name(i)));
      for (let i = 0; i < COUNT; i++) set.add(slice(`new:${i}`));
    },
  },
  hash: {
    fill: (engine) => {
      const hash = engine.hashes.create(engine.databases[0]!, slice("from"));
      for (let i = 0; i < COUNT; i++) hash.set(slice(name(i)), slice(`value:${i}`));
      engine.hashes.makeExpiring(engine.databases[0]!, slice("from"), hash);
      for (let i = 0; i < 100; i++) {
        assert.ok(hash.find(slice(name(i))));
        hash.setExpireAt(engine.now + 1000 + ((i * 37) % 100));
      }
      engine.hashes.settle(engine.databases[0]!, hash);
    },
    show: (engine, key) => {
      const hash = engine.hashes.read(engine.databases[0]!, slice(key))!;
      const all: string[] = [];
      for (let more = hash.first(); more; more = hash.next())
        all.push(`${hash.field().latin1()} ${hash.value().latin1()} ${hash.expireAt()}`);
      for (const one of all) assert.ok(hash.find(slice(one.split(" ")[0]!)));
      assert.ok(hash.soonest());
      assert.equal(hash.nextExpiry(), engine.now + 1000);
      return all;
    },
    change: (engine, key) => {
      const hash = engine.hashes.open(engine.databases[0]!, slice(key))!;
      for (let i = 0; i < COUNT; i++) hash.set(slice(name(i)), slice("another"), true);
    },
  },
  zset: {
    fill: (engine) => {
      const zset = engine.sortedSets.openOrCreate(engine.databases[0]!, slice("from"));
      for (let i = 0; i < COUNT; i++) zset.add(slice(name(i)), (i * 7919) % 100);
    },
    show: (engine, key) => {
      const zset = engine.sortedSets.read(engine.databases[0]!, slice(key))!;
      const all: string[] = [];
      for (let there = zset.at(0); there; there = zset.next()) all.push(`${zset.member.latin1()} ${zset.score}`);
      for (const [rank, one] of all.entries()) assert.equal(zset.rank(slice(one.split(" ")[0]!)), rank);
      return all;
    },
    change: (engine, key) => {
      const zset = engine.sortedSets.open(engine.databases[0]!, slice(key))!;
      zset.removeRange(100, 2000);
      for (let i = 0; i < COUNT; i++) zset.add(slice(`new:${i}`), i);
    },
  },
};

for (const [type, { fill, show, change }] of Object.entries(kinds))
  test(`a copy of a large ${type}`, () => {
    const engine = engineAt(1, 1);
    const db = engine.databases[0]!;
    const { arena } = engine.store;
    fill(engine);
    const before = show(engine, "from");
    const used = arena.used;
    assert.ok(db.copy(slice("from"), db, slice("to")));
    assert.deepEqual(show(engine, "to").sort(), [...before].sort());
    change(engine, "to");
    assert.deepEqual(show(engine, "from"), before);
    change(engine, "from");
    for (const key of ["to"]) db.delete(slice(key));
    engine.lazyfree.step(() => false);
    db.delete(slice("from"));
    engine.lazyfree.step(() => false);
    assert.ok(arena.used < used / 2);
    assert.equal(db.size, 0);
  });
