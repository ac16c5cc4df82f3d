import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ListValue } from "../../../src/engine/list/list-value.ts";
import { EntryText, readText } from "../../../src/memory/listpack-entry.ts";
import { Seeded } from "../../memory/random.ts";
import { engineAt, slice } from "../helpers.ts";

function valuesOf(list: ListValue): string[] {
  const values: string[] = [];
  for (let more = list.seek(0); more; more = list.forward()) values.push(list.text().latin1());
  return values;
}

function valuesBackwards(list: ListValue): string[] {
  const values: string[] = [];
  for (let more = list.seek(-1); more; more = list.back()) values.unshift(list.text().latin1());
  return values;
}

function push(list: ListValue, value: string, front: boolean): void {
  list.grow(value.length, 1);
  list.push(slice(value), front);
}

/** Values as they come: short ones of few kinds, so that they repeat, and now and then a large one. */
function anyValue(random: Seeded, large: number): string {
  const kind = random.below(100);
  if (kind < 20) return String(random.below(1000));
  if (kind < 80) return `value:${random.below(60)}`;
  if (kind < 99) return "x".repeat(random.below(120));
  return "y".repeat(random.below(large));
}

class Pair {
  readonly engine: Engine = engineAt(1);
  readonly list: ListValue;
  readonly model: string[] = [];

  constructor(limit: number) {
    this.engine.policy.listMaxListpackSize = limit;
    this.list = this.engine.lists.at(this.engine.lists.createRoot());
  }

  check(): void {
    const { list, model } = this;
    assert.equal(list.length, model.length);
    assert.deepEqual(valuesOf(list), model);
    assert.deepEqual(valuesBackwards(list), model);
    let elements = 0;
    list.nodes((_bytes, begin, end, count) => {
      assert.ok(count > 0 && end > begin);
      elements += count;
    });
    assert.equal(elements, model.length);
    assert.equal(this.engine.store.arena.used, this.engine.lists.bytes(list.root, 0), "all blocks are the list's");
  }
}

const limits = [-2, -1, 3, 40];
for (const limit of limits) {
  for (let seed = 1; seed <= 3; seed++) {
    test(`a list with list-max-listpack-size ${limit} is as an array (seed ${seed})`, () => {
      const random = new Seeded(seed);
      const pair = new Pair(limit);
      const { list, model, engine } = pair;
      for (let step = 0; step < 4000; step++) {
        const shrinking = step % 1000 > 750;
        const index = random.below(model.length);
        const value = anyValue(random, 20_000);
        const action = model.length === 0 ? 0 : random.below(shrinking ? 30 : 20);
        if (action < 4) {
          push(list, value, false);
          model.push(value);
        } else if (action < 8) {
          push(list, value, true);
          model.unshift(value);
        } else if (action < 11) {
          const behind = random.below(2) === 1;
          list.grow(value.length, 1);
          assert.ok(list.seek(index));
          list.insert(slice(value), behind);
          model.splice(index + (behind ? 1 : 0), 0, value);
        } else if (action < 13) {
          list.grow(value.length, 1);
          assert.ok(list.seek(index - model.length));
          list.replace(slice(value));
          list.shrink();
          model[index] = value;
        } else if (action < 14) {
          const most = random.below(3) === 0 ? model.length : 1 + random.below(4);
          const fromEnd = random.below(2) === 1;
          removeFrom(model, model[index]!, most, fromEnd, list.remove(slice(model[index]!), most, fromEnd));
          if (model.length > 0) list.shrink();
        } else if (action < 15) {
          assert.ok(list.seek(index));
          assert.equal(list.text().latin1(), model[index]);
          list.lookFor(slice(model[index]!));
          assert.ok(list.matches());
          assert.equal(list.seek(model.length), false);
          assert.equal(list.seek(-model.length - 1), false);
        } else if (action < 16) {
          const count = random.below(random.below(3) === 0 ? model.length - index + 1 : 5);
          const there = Math.min(count, model.length - index);
          list.removeRange(index, there);
          model.splice(index, there);
          if (model.length > 0) list.shrink();
        } else {
          const front = random.below(2) === 1;
          assert.equal(list.take(front).latin1(), front ? model[0] : model.at(-1));
          if (front) model.shift();
          else model.pop();
          if (model.length > 0) list.shrink();
        }
        if (model.length === 0 && !list.isPacked) {
          // As a command would: an empty list goes.
          const job = engine.lists.freeing(list.root);
          while (job.pending > 0) job.step(3);
          assert.equal(engine.store.arena.used, 0);
          list.position(engine.lists.createRoot());
        }
        if (step % 50 === 0 && model.length > 0) pair.check();
      }
      pair.check();
      const copy = engine.lists.clone(list.root);
      const other = engine.lists.another().position(copy);
      assert.deepEqual(valuesOf(other), model);
      assert.equal(other.isPacked, list.isPacked);
      for (const root of [copy, list.root]) {
        const job = engine.lists.freeing(root);
        while (job.pending > 0) job.step(7);
      }
      assert.equal(engine.store.arena.used, 0);
    });
  }
}

function removeFrom(model: string[], value: string, most: number, fromEnd: boolean, removed: number): void {
  let left = most;
  let count = 0;
  const places = model.map((_, place) => place);
  if (fromEnd) places.reverse();
  const gone = new Set<number>();
  for (const place of places) {
    if (left > 0 && model[place] === value) {
      gone.add(place);
      left--;
      count++;
    }
  }
  assert.equal(removed, count);
  const kept = model.filter((_, place) => !gone.has(place));
  model.splice(0, model.length, ...kept);
}

test("a list becomes one of nodes at Redis' limits, and is packed again at half of them", () => {
  // An entry of 8 characters takes 10 bytes; one more is asked for by its characters alone.
  for (const [limit, most] of [
    [3, 3],
    [100, 100],
    [0, 1],
    [-1, 409],
    [-2, 818],
    [-9, 6553],
    [100_000, 818],
  ] as const) {
    const { list } = new Pair(limit);
    for (let i = 0; i < most; i++) push(list, "xxxxxxxx", false);
    assert.ok(list.isPacked, `${most} with ${limit}`);
    push(list, "xxxxxxxx", false);
    assert.ok(!list.isPacked, `${most + 1} with ${limit}`);
    for (let left = most; left > 0; left--) {
      list.take(false);
      list.shrink();
      const small = limit < 0 ? left * 10 + 7 <= [4096, 8192, 65536][Math.min(2, -limit - 1)]! / 2 : left <= limit / 2;
      assert.equal(list.isPacked, small, `${left} left with ${limit}`);
    }
  }
});

test("pushing and popping at both ends leaves nothing behind, however often", () => {
  const { list, engine } = new Pair(-2);
  for (let i = 0; i < 200; i++) push(list, `job:${i}`, false);
  const used = engine.store.arena.used;
  for (let i = 200; i < 20_000; i++) {
    push(list, `job:${i}`, false);
    assert.equal(list.take(true).latin1(), `job:${i - 200}`);
    list.shrink();
  }
  assert.equal(list.length, 200);
  assert.ok(engine.store.arena.used < used * 3, `${used} then ${engine.store.arena.used}`);
});

test("a million entries take less than 1 % beyond their bytes, and are found from both ends", () => {
  const { list, engine } = new Pair(-2);
  for (let i = 0; i < 1_000_000; i++) push(list, `element:${i}`, false);
  const bytes = engine.lists.bytes(list.root, 0);
  let entries = 0;
  list.nodes((_, begin, end) => (entries += end - begin));
  assert.ok(bytes < entries * 1.01, `${bytes} for ${entries}`);
  for (const index of [0, 1, 499_999, 500_000, 999_999]) {
    assert.ok(list.seek(index));
    assert.equal(list.text().latin1(), `element:${index}`);
    assert.ok(list.seek(index - 1_000_000));
    assert.equal(list.text().latin1(), `element:${index}`);
  }
  list.removeRange(1, 999_998);
  list.shrink();
  assert.deepEqual(valuesOf(list), ["element:0", "element:999999"]);
  assert.equal(engine.lists.bytes(list.root, 5), engine.store.arena.used);
});

test("a node that is begun while the first page moves gets its first element", () => {
  for (const front of [false, true])
    for (let filled = 0; filled < 70_000; filled += 331) {
      const pair = new Pair(4);
      if (filled > 0) pair.engine.store.arena.alloc(filled);
      for (let i = 0; i < 40; i++) {
        push(pair.list, `value:${i}`, front);
        if (front) pair.model.unshift(`value:${i}`);
        else pair.model.push(`value:${i}`);
      }
      assert.deepEqual(valuesOf(pair.list), pair.model);
    }
});

test("very many elements that are taken out are freed bit by bit, and after a snapshot that reads them", () => {
  const { list, engine } = new Pair(-2);
  for (let i = 0; i < 300_000; i++) push(list, `element:${i}`, false);
  const { lists, lazyfree } = engine;
  const before = engine.store.arena.used;
  lists.removeRange(list, 100, 200_000, lazyfree);
  assert.ok(lazyfree.pending > 100 && engine.store.arena.used > before * 0.7);
  assert.equal(list.length, 100_000);
  assert.ok(list.seek(100));
  assert.equal(list.text().latin1(), "element:200100");
  while (lazyfree.pending > 0) lazyfree.step(() => true);
  assert.equal(engine.store.arena.used, lists.bytes(list.root, 0));

  const db = engine.databases[0]!;
  db.setRoot(slice("key"), "list", list.root);
  const snapshot = engine.snapshot();
  const shown: string[] = [];
  snapshot.onLargeValue = () => ({
    element: () => {},
    node: (bytes, begin, _end, count) => {
      shown.push(`${count} from ${readText(bytes, begin, new EntryText()).latin1()}`);
    },
    end: () => shown.push("end"),
  });
  snapshot.step(1);
  const opened = lists.open(db, slice("key"))!;
  lists.removeRange(opened, 0, 99_999, lazyfree);
  opened.shrink();
  lazyfree.step(() => true);
  assert.ok(lazyfree.pending > 100, "not while it is read");
  while (snapshot.step(1000));
  const counted = shown.slice(0, -1).reduce((sum, line) => sum + Number.parseInt(line, 10), 0);
  assert.deepEqual([counted, shown[0]!.split(" ")[2], shown.at(-1)], [100_000, "element:0", "end"]);
  while (lazyfree.pending > 0) lazyfree.step(() => true);
  db.delete(slice("key"));
  assert.equal(engine.store.arena.used, 0);
});
