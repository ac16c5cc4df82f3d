import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { HashValue } from "../../../src/engine/hash/hash-value.ts";
import { Seeded } from "../../memory/random.ts";
import { engineAt, slice } from "../helpers.ts";

interface Field {
  value: string;
  /** 0 for never. */
  expireAt: number;
}

/** All of a hash, the times checked as well. */
function contents(hash: HashValue): Map<string, Field> {
  const all = new Map<string, Field>();
  for (let more = hash.first(); more; more = hash.next()) {
    all.set(hash.field().latin1(), { value: hash.value().latin1(), expireAt: hash.expireAt() });
  }
  return all;
}

function sorted(fields: Map<string, Field>): [string, Field][] {
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
}

function free(engine: Engine, root: number): void {
  const job = engine.hashes.freeing(root);
  while (job.pending > 0) job.step(7);
}

const names = ["", "field", "1", "-4096", "9223372036854775807", "9007199254740993", "007", "\u0000", "x".repeat(64)];
const values = ["", "0", "value", "12345", "-1", "1.5", "y".repeat(64), "99999999999999999999", "18446744073709551615"];

for (let seed = 1; seed <= 12; seed++)
  test(`holds what a Map would, in any form (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const engine = engineAt(1);
    const { policy, store } = engine;
    policy.hashMaxListpackEntries = [8, 512, 0, 60][seed % 4]!;
    const model = new Map<string, Field>();
    const hash = new HashValue(store).create();
    const expiring = seed % 3 !== 0;
    for (let i = 0; i < 1500; i++) {
      // As commands do: positioned anew each time.
      hash.position(hash.root);
      const name = random.below(3) === 0 ? names[random.below(names.length)]! : `f${random.below(50)}`;
      const roll = random.below(100);
      if (roll < 45) {
        const long = seed > 6 && i > 1000 && random.below(50) === 0;
        const value = long ? "z".repeat(random.below(3000)) : values[random.below(values.length)]!;
        const keep = random.below(2) === 0;
        assert.equal(hash.set(slice(name), slice(value), keep), !model.has(name));
        model.set(name, { value, expireAt: keep ? (model.get(name)?.expireAt ?? 0) : 0 });
      } else if (roll < 70) {
        assert.equal(hash.find(slice(name)), model.has(name));
        if (model.delete(name)) hash.remove();
      } else if (roll < 90 && expiring) {
        if (hash.find(slice(name))) {
          const expireAt = random.below(4) === 0 ? 0 : 1_700_000_000_000 + random.below(20) * 0x40000000;
          hash.makeExpiring();
          assert.ok(hash.find(slice(name)));
          hash.setExpireAt(expireAt);
          model.get(name)!.expireAt = expireAt;
        }
      } else if (hash.find(slice(name))) {
        const value = values[random.below(values.length)]!;
        hash.setValue(slice(value));
        assert.equal(hash.value().latin1(), value);
        model.get(name)!.value = value;
      }
      assert.equal(hash.size, model.size);
      if (i % 50 === 0) {
        assert.deepEqual(sorted(contents(hash)), sorted(model));
        const times = [...model.values()].map((field) => field.expireAt).filter((time) => time !== 0);
        assert.equal(hash.nextExpiry(), times.length === 0 ? 0 : Math.min(...times));
        if (hash.isExpiring) {
          const now = 1_700_000_000_000 + random.below(20) * 0x40000000;
          assert.equal(hash.countExpired(now), times.filter((time) => time < now).length);
        }
        if (model.size > 0) {
          hash.random();
          assert.ok(model.has(hash.field().latin1()));
        }
        const copy = new HashValue(store).position(engine.hashes.clone(hash.root));
        assert.deepEqual(sorted(contents(copy)), sorted(model));
        free(engine, copy.root);
      }
    }
    free(engine, hash.root);
    assert.equal(store.arena.used, 0, "all is freed");
  });

test("is packed up to the limits, and a table beyond", () => {
  const engine = engineAt(1);
  const { hashes, store, policy } = engine;
  const hash = new HashValue(store).create();
  const encoding = () => hashes.encoding(hash.root);
  for (let i = 0; i < policy.hashMaxListpackEntries; i++) hash.set(slice(`f${i}`), slice(`v${i}`));
  assert.equal(encoding(), "listpack");
  hash.set(slice("one more"), slice("v"));
  assert.equal(encoding(), "hashtable");
  for (const [field, value, form] of [
    ["f".repeat(64), "v".repeat(64), "listpack"],
    ["f".repeat(65), "v", "hashtable"],
    ["f", "v".repeat(65), "hashtable"],
  ] as const) {
    hash.create();
    hash.set(slice(field), slice(value));
    assert.equal(encoding(), form);
  }
  hash.create();
  hash.set(slice("f"), slice("v"));
  hash.makeExpiring();
  assert.equal(encoding(), "listpackex");
  hash.find(slice("f"));
  hash.setExpireAt(5);
  hash.convert();
  assert.equal(encoding(), "hashtable");
  assert.ok(hash.find(slice("f")));
  assert.equal(hash.expireAt(), 5);
});

test("says what it takes, near enough", () => {
  const engine = engineAt(1);
  const { store, hashes } = engine;
  for (const count of [1, 100, 2000]) {
    for (const expiring of [false, true]) {
      const before = store.arena.used;
      const hash = new HashValue(store).create();
      for (let i = 0; i < count; i++) hash.set(slice(`field:${i}`), slice(`value:${i}`));
      if (expiring) {
        hash.makeExpiring();
        for (let i = 0; i < count; i++) {
          hash.find(slice(`field:${i}`));
          hash.setExpireAt(1000 + i);
        }
      }
      const taken = store.arena.used - before;
      for (const samples of [0, 5]) {
        const said = hashes.bytes(hash.root, samples);
        assert.ok(said > taken * 0.8 && said < taken * 1.25, `${count} ${expiring} ${samples}: ${said} of ${taken}`);
      }
    }
  }
});
