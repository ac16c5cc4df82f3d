import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";
import { Engine } from "../../src/engine/engine.ts";
import { Policy } from "../../src/engine/policy.ts";
import { SeededRandom } from "../../src/io/random.ts";

function clustered(seed: number): Engine {
  const policy = new Policy();
  policy.clusterEnabled = true;
  const clock = { now: () => 1_700_000_000_000, monotonicMicros: () => 0 };
  return new Engine({ databases: 1, clock: clock as never, random: new SeededRandom(seed), policy });
}

test("counts and lists the keys of every slot, whatever happens to them", () => {
  const engine = clustered(1);
  const [db] = engine.databases;
  const random = new SeededRandom(2);
  const model = new Map<string, number>();
  const used = new Set<number>();
  for (let i = 0; i < 40_000; i++) {
    // Few tags, so that slots have many keys, and many keys without.
    const name =
      random.uint32() % 2 ? `{tag${random.uint32() % 5}}:${random.uint32() % 2000}` : `key${random.uint32() % 2000}`;
    const key = Slice.of(name);
    used.add(hashSlot(key));
    const what = random.uint32() % 100;
    if (what < 55) {
      db!.setString(key, Slice.of("x".repeat(random.uint32() % 200)));
      model.set(name, hashSlot(key));
    } else if (what < 75) {
      assert.equal(db!.delete(key), model.delete(name));
    } else if (what < 85) {
      db!.setExpire(key, engine.now + 1_000_000);
    } else if (what < 95) {
      db!.openString(key)?.append(Slice.of("more".repeat(random.uint32() % 50)));
    } else {
      const to = Slice.of(`${name}'`);
      if (model.has(name)) {
        db!.rename(key, to);
        model.delete(name);
        model.set(`${name}'`, hashSlot(to));
        used.add(hashSlot(to));
      }
    }
    if (i === 20_000) {
      db!.clear();
      model.clear();
    }
  }
  for (const slot of used) {
    const expected = [...model].filter(([, other]) => other === slot).map(([name]) => name);
    assert.equal(db!.countInSlot(slot), expected.length);
    const listed: string[] = [];
    db!.visitSlot(slot, Number.MAX_SAFE_INTEGER, (key) => listed.push(key.latin1()));
    assert.deepEqual(listed.sort(), expected.sort());
    listed.length = 0;
    db!.visitSlot(slot, 3, (key) => listed.push(key.latin1()));
    assert.equal(listed.length, Math.min(3, expected.length));
  }
  assert.equal(db!.countInSlot(16_383) + db!.countInSlot(0) >= 0, true);
});

test("a flush gives back what the index took", () => {
  const engine = clustered(3);
  const [db] = engine.databases;
  const empty = engine.usedMemory();
  for (let i = 0; i < 5000; i++) db!.setString(Slice.of(`k${i}`), Slice.of("v"));
  assert.equal(db!.countInSlot(hashSlot(Slice.of("k1"))) > 0, true);
  engine.flushAll();
  assert.equal(engine.usedMemory(), empty);
  assert.equal(db!.countInSlot(hashSlot(Slice.of("k1"))), 0);
});
