/** The engine against a plain Map: random commands, small and large values, tables that grow and shrink on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Database } from "../../src/engine/database.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { Seeded } from "../memory/random.ts";
import { engineAt, START, scanAll, slice } from "./helpers.ts";

interface Expected {
  value: string;
  expireAt: number;
}
type Model = Map<string, Expected>[];

function anyValue(random: Seeded): string {
  const kind = random.below(100);
  if (kind < 20) return String(random.below(1 << 30) - (1 << 29));
  const length = kind < 90 ? random.below(120) : kind < 99 ? random.below(5000) : random.below(100_000);
  return String.fromCharCode(33 + random.below(90)).repeat(length);
}

class Run {
  readonly engine: Engine;
  readonly model: Model = [new Map(), new Map()];
  readonly random: Seeded;
  readonly #keys: number;

  constructor(seed: number, keys: number) {
    this.engine = engineAt(seed, 2);
    this.random = new Seeded(seed);
    this.#keys = keys;
    this.engine.hooks = {
      onExpired: (db, key) => assert.ok(this.model[db.index]!.delete(key.latin1()), `expired ${key.latin1()}`),
      onEvicted: () => assert.fail("evicted"),
    };
  }

  anyKey(): string {
    const key = `key:${this.random.below(this.#keys)}`;
    return this.random.below(50) === 0 ? key + "-".repeat(300) : key;
  }

  /** What counts as there; the engine tells of the rest through the hook when it is asked. */
  expected(db: number, key: string): Expected | undefined {
    const entry = this.model[db]!.get(key);
    return entry !== undefined && entry.expireAt !== -1 && entry.expireAt < this.engine.now ? undefined : entry;
  }

  step(writes: number): void {
    const { random, engine, model } = this;
    const index = random.below(2);
    const db = engine.databases[index]!;
    const map = model[index]!;
    const name = this.anyKey();
    const key = slice(name);
    const entry = this.expected(index, name);
    const kind = random.below(100);
    if (kind < writes) this.#set(db, name);
    else if (kind < 70) {
      assert.equal(db.delete(key), entry !== undefined);
      map.delete(name);
    } else if (kind < 75) assert.equal(db.getString(key)?.latin1(), entry?.value);
    else if (kind < 80) this.#change(db, name, entry);
    else if (kind < 84) {
      const at = engine.now + random.below(2000);
      assert.equal(db.setExpire(key, at), entry !== undefined);
      if (entry) entry.expireAt = at;
    } else if (kind < 86) {
      assert.equal(db.persist(key), entry !== undefined && entry.expireAt !== -1);
      if (entry) entry.expireAt = -1;
    } else if (kind < 89) this.#rename(db, name, this.anyKey());
    else if (kind < 91) {
      const there = this.expected(1 - index, name) !== undefined;
      const moves = entry !== undefined && !there;
      assert.equal(db.move(key, engine.databases[1 - index]!), moves);
      if (moves) {
        model[1 - index]!.set(name, entry);
        map.delete(name);
      }
    } else if (kind < 93) {
      const to = this.anyKey();
      if (to !== name) assert.equal(db.copy(key, db, slice(to)), entry !== undefined);
      if (to !== name && entry) map.set(to, { ...entry });
    } else if (kind < 95) assert.equal(db.expireAt(key), entry?.expireAt ?? -2);
    else if (kind < 97) engine.now += random.below(20);
    else if (kind < 98) engine.activeExpire(random.below(500), false);
    else if (kind < 99) engine.resizeStep(random.below(100));
    else if (random.below(500) === 0) {
      const flushed = random.below(3);
      if (flushed === 0) {
        engine.flushAll(random.below(2) === 0);
        for (const map of model) map.clear();
      } else if (flushed === 1) {
        assert.equal(db.clear(random.below(2) === 0), map.size);
        map.clear();
      } else {
        engine.swap(0, 1);
        model.reverse();
      }
    }
  }

  #set(db: Database, name: string): void {
    const { random } = this;
    const value = anyValue(random);
    const entry = this.expected(db.index, name);
    const how = random.below(4);
    if (how === 0) {
      db.setString(slice(name), slice(value), true);
      this.model[db.index]!.set(name, { value, expireAt: entry?.expireAt ?? -1 });
      return;
    }
    const expireAt = how === 1 ? this.engine.now + random.below(2000) : -1;
    db.setString(slice(name), slice(value), false, expireAt);
    this.model[db.index]!.set(name, { value, expireAt });
  }

  #change(db: Database, name: string, entry: Expected | undefined): void {
    const { random } = this;
    const part = anyValue(random);
    const how = random.below(4);
    const value = db.openString(slice(name));
    assert.equal(value?.latin1(), entry?.value);
    if (value === null || entry === undefined) {
      const length = random.below(200);
      db.createString(slice(name), length);
      this.model[db.index]!.set(name, { value: "\0".repeat(length), expireAt: -1 });
      return;
    }
    if (how === 0) {
      value.append(slice(part));
      entry.value += part;
    } else if (how === 1) {
      const offset = random.below(entry.value.length + 50);
      value.setRange(offset, slice(part));
      const old = entry.value.padEnd(offset, "\0");
      entry.value = old.slice(0, offset) + part + old.slice(offset + part.length);
    } else if (how === 2) {
      value.replace(slice(part));
      entry.value = part;
    } else {
      value.append(value);
      entry.value += entry.value;
    }
    assert.equal(value.latin1(), entry.value);
  }

  #rename(db: Database, from: string, to: string): void {
    const map = this.model[db.index]!;
    const entry = this.expected(db.index, from);
    if (entry === undefined) {
      assert.throws(() => db.rename(slice(from), slice(to)), /no such key/);
      return;
    }
    db.rename(slice(from), slice(to));
    map.delete(from);
    map.set(to, entry);
  }

  /** Everything, by SCAN and by lookup, and the counters. */
  check(): void {
    const { engine, model } = this;
    model.forEach((map, index) => {
      const db = engine.databases[index]!;
      const there = [...map].filter(([name]) => this.expected(index, name));
      assert.deepEqual([...scanAll(engine, index).keys()].sort(), there.map(([name]) => name).sort());
      assert.equal(db.size, map.size);
      assert.equal(db.volatileSize, [...map.values()].filter(({ expireAt }) => expireAt !== -1).length);
      for (const [name, entry] of there) {
        assert.equal(db.getString(slice(name))!.latin1(), entry.value);
        assert.equal(db.expireAt(slice(name)), entry.expireAt);
      }
      const picked = new Slice();
      if (there.length > 0) assert.ok(db.randomKey(picked) && map.has(picked.latin1()));
    });
  }

  finish(): void {
    const { engine, model } = this;
    for (const [index, map] of model.entries()) {
      engine.expiryMode = "keep";
      for (const name of map.keys()) assert.ok(engine.databases[index]!.delete(slice(name)));
    }
    while (engine.resizeStep(1000));
    assert.equal(engine.lazyfree.pending, 0);
    assert.equal(engine.store.arena.used, 0, "bytes left over");
    for (const db of engine.databases) assert.deepEqual([db.size, db.volatileSize], [0, 0]);
  }
}

for (let seed = 1; seed <= 12; seed++) {
  test(`the engine does what a map does (seed ${seed})`, () => {
    const run = new Run(seed, seed % 3 === 0 ? 40 : 3000);
    for (let phase = 0; phase < 4; phase++) {
      // Mostly sets, then mostly deletes: the tables go up and down.
      for (let i = 0; i < 2500; i++) run.step(phase % 2 === 0 ? 60 : 5);
      run.check();
    }
    assert.ok(run.engine.now >= START);
    run.finish();
  });
}
