/** A snapshot is the data at its start, whatever is written while it is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../src/engine/engine.ts";
import type { Snapshot } from "../../src/engine/snapshot.ts";
import { Seeded } from "../memory/random.ts";
import { engineAt, get, line, set, slice } from "./helpers.ts";

const DATABASES = 3;

/** Everything there is, as `line` writes it. */
function contents(engine: Engine): string[] {
  const lines: string[] = [];
  const snapshot = engine.snapshot();
  while (snapshot.step(1000, (entry) => void lines.push(line(entry))));
  return lines.sort();
}

function anyWrite(engine: Engine, random: Seeded, keys: number): void {
  const db = engine.databases[random.below(DATABASES)]!;
  const key = slice(`key:${random.below(keys)}`);
  const other = slice(`key:${random.below(keys)}`);
  const kind = random.below(100);
  if (kind < 30) db.setString(key, slice(`v${random.uint32()}`), random.below(2) === 0);
  else if (kind < 35) db.setString(key, slice("x".repeat(random.below(3000))), false, engine.now + random.below(1000));
  else if (kind < 60) db.delete(key);
  else if (kind < 68) db.openString(key)?.append(slice("-more"));
  else if (kind < 72) db.openString(key)?.setByte(0, 65);
  else if (kind < 76) db.openString(key)?.replace(slice(String(random.below(1000))));
  else if (kind < 82) db.setExpire(key, engine.now + random.below(500));
  else if (kind < 84) db.persist(key);
  else if (kind < 88) {
    if (db.has(key)) db.rename(key, other);
  } else if (kind < 90) db.move(key, engine.databases[random.below(DATABASES)]!);
  else if (kind < 92) db.copy(key, engine.databases[random.below(DATABASES)]!, slice(`copy:${random.below(keys)}`));
  else if (kind < 94) engine.now += random.below(100);
  else if (kind < 95) engine.activeExpire(50, false);
  else if (kind < 96) engine.resizeStep(random.below(50));
  else if (kind < 97) engine.swap(random.below(DATABASES), random.below(DATABASES));
  else if (random.below(40) === 0) db.clear(random.below(2) === 0);
  else if (random.below(80) === 0) engine.flushAll(random.below(2) === 0);
  else db.createString(key, random.below(100));
}

for (let seed = 1; seed <= 15; seed++) {
  test(`snapshots tell the state at their start, up to three at a time (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const engine = engineAt(seed, DATABASES);
    const keys = [30, 1000, 3000][seed % 3]!;
    for (let i = 0; i < keys * 2; i++) anyWrite(engine, random, keys);
    const running: { snapshot: Snapshot; expected: string[]; got: string[] }[] = [];
    for (let started = 0; started < 8 || running.length > 0; ) {
      if (started < 8 && running.length < 3 && random.below(20) === 0) {
        const expected = contents(engine);
        const snapshot = engine.snapshot();
        const got: string[] = [];
        snapshot.onEntry = (entry) => void got.push(line(entry));
        running.push({ snapshot, expected, got });
        started++;
      }
      for (let i = random.below(40); i > 0; i--) anyWrite(engine, random, keys);
      const at = random.below(3);
      const one = running[at];
      if (one === undefined) continue;
      if (random.below(60) === 0) {
        one.snapshot.close();
        running.splice(at, 1);
      } else if (!one.snapshot.step(1 + random.below(200))) {
        assert.deepEqual(one.got.sort(), one.expected);
        running.splice(at, 1);
      }
    }
    assert.ok(!engine.store.snapshots.active);
    engine.flushAll();
    assert.equal(engine.store.arena.used, 0);
  });
}

test("a key is emitted before it changes, with what it was", () => {
  const engine = engineAt(1, 1);
  set(engine, "key", "old");
  const snapshot = engine.snapshot();
  const got: string[] = [];
  snapshot.onEntry = (entry) => void got.push(line(entry));
  set(engine, "key", "new");
  set(engine, "key", "newer");
  set(engine, "another", "x");
  assert.deepEqual(got, ["0 key=old -1 false"]);
  assert.equal(snapshot.step(10), false);
  assert.equal(got.length, 1);
  assert.equal(snapshot.step(10), false, "over is over");
});

test("what was flushed under a snapshot is freed when it ends", () => {
  const engine = engineAt(1, 1);
  for (let i = 0; i < 1000; i++) set(engine, `key:${i}`, "x");
  const snapshot = engine.snapshot();
  let emitted = 0;
  snapshot.onEntry = () => void emitted++;
  assert.equal(engine.flushAll(), 1000);
  assert.equal(engine.lazyfree.pending, 1000);
  engine.resizeStep(1000);
  assert.equal(engine.lazyfree.pending, 1000);
  set(engine, "fresh", "x");
  while (snapshot.step(10));
  assert.equal(emitted, 1000);
  while (engine.resizeStep(1000));
  assert.deepEqual([engine.lazyfree.pending, engine.lazyfree.freed], [0, 1000]);
  assert.equal(engine.databases[0]!.delete(slice("fresh")), true);
  assert.equal(engine.store.arena.used, 0);
});

test("a consumer may close it", () => {
  const engine = engineAt(1, 1);
  for (let i = 0; i < 100; i++) set(engine, `key:${i}`, "x");
  const snapshot = engine.snapshot();
  let emitted = 0;
  snapshot.onEntry = () => {
    if (++emitted === 10) snapshot.close();
  };
  assert.equal(snapshot.step(1000), false);
  assert.equal(emitted, 10);
  set(engine, "key:1", "y");
  assert.equal(emitted, 10);
  assert.ok(!engine.store.snapshots.active);
});

test("the contents of another engine can be taken over, under a running snapshot too", () => {
  const engine = engineAt(1, 2);
  for (let i = 0; i < 100; i++) set(engine, `old:${i}`, "x", 1);
  const other = engineAt(2, 2);
  for (let i = 0; i < 50; i++) set(other, `new:${i}`, "y");
  const snapshot = engine.snapshot();
  const got: string[] = [];
  snapshot.onEntry = (entry) => void got.push(entry.key.latin1());
  engine.adopt(other);
  assert.deepEqual([engine.databases[0]!.size, engine.databases[1]!.size], [50, 0]);
  for (let i = 0; i < 50; i++) {
    assert.equal(get(engine, `new:${i}`), "y");
    assert.ok(engine.databases[0]!.delete(slice(`new:${i}`)));
  }
  assert.equal(engine.store.arena.used, 0);
  while (snapshot.step(7));
  assert.equal(got.length, 100);
  assert.ok(got.every((key) => key.startsWith("old:")));
});
