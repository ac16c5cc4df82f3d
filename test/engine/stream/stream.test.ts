/** Streams against a model: entries added, deleted, trimmed and read in both directions, whatever the limits of nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stream, Trimming } from "../../../src/engine/stream/stream.ts";
import { mulberry32 } from "../../commands/harness.ts";
import { append, fromId, type ModelEntry, makeStore, read, toId } from "./model.ts";

const TOP = (1n << 128n) - 1n;
const TEXTS = [
  "",
  "a",
  "0",
  "-1",
  "127",
  "128",
  "4095",
  "-4097",
  "70000",
  "9007199254740993",
  "x".repeat(70),
  "y".repeat(5000),
];

/** What a change has left over. */
function free(stream: Stream): void {
  while (stream.leftovers !== null && stream.leftovers.pending > 0) stream.leftovers.step(3);
  stream.leftovers = null;
}

for (let seed = 1; seed <= 40; seed++)
  test(`entries of a stream (seed ${seed})`, () => {
    const uint32 = mulberry32(seed);
    const chance = (outOf: number) => uint32() % outOf === 0;
    const below = (limit: number) => uint32() % limit;
    const store = makeStore(seed);
    store.policy.streamNodeMaxEntries = [100, 1, 3, 0, 10][seed % 5]!;
    store.policy.streamNodeMaxBytes = [4096, 0, 200, 1 << 20][seed % 4]!;
    const before = store.arena.used;
    const stream = new Stream(store).create();
    let model: ModelEntry[] = [];
    let last = 0n;
    let added = 0n;
    const fields = ["name", "age", "7"];

    const step = () => {
      const action = below(10);
      if (action < 6) {
        const gap = chance(20) ? BigInt(uint32()) << BigInt(below(80)) : chance(3) ? 1n << 64n : 1n;
        if (last + gap > TOP) return;
        last += gap;
        const pairs: string[] = [];
        const own = chance(4) ? below(6) + 1 : 3;
        for (let i = 0; i < own; i++)
          pairs.push(chance(10) ? TEXTS[below(11)]! : (fields[i] ?? "z"), TEXTS[below(12)]!);
        append(stream, last, pairs);
        model.push({ id: last, pairs });
        added++;
      } else if (action < 9) {
        const ids: bigint[] = [];
        for (let i = below(4); i >= 0; i--)
          ids.push(chance(4) || model.length === 0 ? BigInt(uint32()) : model[below(model.length)]!.id);
        const left = model.filter(({ id }) => !ids.includes(id));
        assert.equal(stream.delete(ids.map(toId), ids.length), model.length - left.length);
        model = left;
      } else trim();
    };
    const trim = () => {
      const trimming = new Trimming();
      trimming.approximate = chance(2);
      if (chance(2)) {
        trimming.length = chance(10) ? 0 : Math.max(0, model.length - below(12));
        const gone = stream.trim(trimming);
        free(stream);
        if (trimming.approximate) assert.ok(model.length - gone >= Math.min(trimming.length, model.length));
        else assert.equal(model.length - gone, Math.min(trimming.length, model.length));
        model = model.slice(gone);
      } else {
        const limit = model.length > 0 ? model[below(Math.min(model.length, 12))]!.id + BigInt(below(2)) : 0n;
        trimming.by = "id";
        trimming.id.copy(toId(limit));
        const gone = stream.trim(trimming);
        free(stream);
        assert.ok(model.slice(0, gone).every(({ id }) => id < limit));
        model = model.slice(gone);
        if (!trimming.approximate) assert.ok(model.every(({ id }) => id >= limit));
      }
    };
    const compare = () => {
      assert.equal(stream.length, model.length);
      assert.equal(stream.entriesAdded, added);
      assert.equal(fromId(stream.lastId(toId(0n))), last);
      assert.equal(fromId(stream.firstId(toId(0n))), model[0]?.id ?? 0n);
      const id = toId(0n);
      assert.equal(stream.lastEntryId(id), model.length > 0);
      if (model.length > 0) assert.equal(fromId(id), model.at(-1)!.id);
      const a = model.length > 0 && !chance(5) ? model[below(model.length)]!.id : BigInt(uint32());
      const b = model.length > 0 && !chance(5) ? model[below(model.length)]!.id + 1n : TOP;
      const expected = model.filter((entry) => entry.id >= a && entry.id <= b);
      assert.deepEqual(read(stream.range(toId(a), toId(b))), expected);
      assert.deepEqual(read(stream.range(toId(a), toId(b), true)), expected.toReversed());
      assert.deepEqual(
        read(stream.range(toId(a), toId(a))),
        model.filter((entry) => entry.id === a),
      );
    };
    for (let i = 0; i < 400; i++) {
      step();
      if (i % 10 === 0) compare();
    }
    assert.deepEqual(read(stream.range(toId(0n), toId(TOP))), model);

    const copy = store.streams.clone(stream.root);
    assert.deepEqual(read(new Stream(store).position(copy).range(toId(0n), toId(TOP))), model);
    for (const root of [copy, stream.root]) {
      assert.ok(store.streams.bytes(root, 0) > 0);
      const job = store.streams.freeing(root);
      while (job.pending > 0) job.step(7);
    }
    assert.equal(store.arena.used, before);
  });
