/** How keys hold, move and drop values that are not strings, with the simplest container there is: blocks in a chain. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerType } from "../../src/engine/containers.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FreeJob } from "../../src/engine/lazyfree.ts";
import { engineAt, get, set, slice } from "./helpers.ts";

class Chain implements ContainerType {
  constructor(readonly engine: Engine) {}

  make(length: number): number {
    let root = 0;
    for (let i = 0; i < length; i++) {
      const { arena } = this.engine.store;
      const ref = arena.alloc(32);
      arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 1] = root;
      root = ref;
    }
    return root;
  }

  next(ref: number): number {
    return this.engine.store.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 1]!;
  }

  effort(root: number): number {
    let length = 0;
    for (let ref = root; ref !== 0; ref = this.next(ref)) length++;
    return length;
  }

  freeing(root: number): FreeJob {
    let left = root;
    let pending = this.effort(root);
    return {
      get pending() {
        return pending;
      },
      ready: true,
      step: (count) => {
        let freed = 0;
        for (; left !== 0 && freed < count; freed++) {
          const next = this.next(left);
          this.engine.store.arena.free(left);
          left = next;
        }
        pending -= freed;
        return freed;
      },
    };
  }

  clone(root: number): number {
    return this.make(this.effort(root));
  }

  bytes(root: number): number {
    return this.effort(root) * 32;
  }

  encoding(): string {
    return "chain";
  }
}

function withChains() {
  const engine = engineAt(1, 2);
  const chains = new Chain(engine);
  engine.store.containers.register("list", chains);
  const add = (key: string, length: number) => engine.databases[0]!.setRoot(slice(key), "list", chains.make(length));
  const lengthOf = (key: string, db = 0) => chains.effort(engine.databases[db]!.getRoot(slice(key), "list"));
  return { engine, db: engine.databases[0]!, add, lengthOf };
}

test("a container's key is looked at by its type", () => {
  const { engine, db, add, lengthOf } = withChains();
  add("chain", 10);
  assert.equal(lengthOf("chain"), 10);
  assert.equal(db.type(slice("chain")), "list");
  assert.equal(db.encoding(slice("chain")), "chain");
  assert.equal(db.memoryUsage(slice("chain")), 32 + 4 + 320);
  assert.throws(() => db.getString(slice("chain")), /WRONGTYPE/);
  assert.throws(() => db.openString(slice("chain")), /WRONGTYPE/);
  set(engine, "text", "x");
  assert.throws(() => db.openRoot(slice("text"), "list"), /WRONGTYPE/);
  assert.equal(db.openRoot(slice("none"), "list"), 0);
});

test("it keeps its container through expiry, rename, move and swap; a copy has its own", () => {
  const { engine, db, add, lengthOf } = withChains();
  for (let i = 0; i < 5; i++) {
    const key = "k".repeat(i + 1);
    add(key, 10 + i);
    db.setExpire(slice(key), engine.now + 1000);
    assert.equal(lengthOf(key), 10 + i);
    db.persist(slice(key));
    db.copy(slice(key), engine.databases[1]!, slice(`${key}copy`));
    db.rename(slice(key), slice(`${key}long`));
    assert.equal(lengthOf(`${key}long`), 10 + i);
    engine.swap(0, 1);
    assert.equal(lengthOf(`${key}copy`), 10 + i);
    engine.swap(0, 1);
    assert.ok(db.delete(slice(`${key}long`)));
    assert.equal(lengthOf(`${key}copy`, 1), 10 + i);
  }
  engine.databases[1]!.clear();
  assert.equal(engine.store.arena.used, 0);
});

const drops: [name: string, drop: (t: ReturnType<typeof withChains>) => void, later: boolean][] = [
  ["DEL", ({ db }) => void db.delete(slice("chain")), false],
  [
    "DEL with lazyfree-lazy-user-del",
    ({ engine, db }) => {
      engine.policy.lazyfreeLazyUserDel = true;
      db.delete(slice("chain"));
    },
    true,
  ],
  ["UNLINK", ({ db }) => void db.unlink(slice("chain")), true],
  ["SET", ({ engine }) => set(engine, "chain", "text"), false],
  ["FLUSHDB", ({ db }) => void db.clear(), false],
  ["FLUSHDB ASYNC", ({ db }) => void db.clear(true), true],
  [
    "expiry",
    ({ engine, db }) => {
      db.setExpire(slice("chain"), engine.now + 1);
      engine.now += 2;
      assert.equal(db.has(slice("chain")), false);
    },
    false,
  ],
];
for (const [name, drop, later] of drops) {
  test(`${name} frees what the key held${later ? ", later" : ""}`, () => {
    const all = withChains();
    const { engine, db, add } = all;
    set(engine, "elsewhere", "x", 1);
    const before = engine.store.arena.used;
    add("chain", 1000);
    drop(all);
    assert.equal(db.has(slice("chain")), name === "SET");
    db.delete(slice("chain"));
    assert.equal(engine.lazyfree.pending > 0, later);
    while (engine.resizeStep(5));
    assert.equal(engine.lazyfree.pending, 0);
    assert.equal(engine.store.arena.used, before);
    assert.equal(get(engine, "elsewhere", 1), "x");
  });
}
