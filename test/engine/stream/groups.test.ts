/** Groups, consumers and what is pending against a model, and that all of it is given back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../../src/base/bytes.ts";
import { StreamId } from "../../../src/engine/stream/id.ts";
import type { PendingList } from "../../../src/engine/stream/pending.ts";
import { Stream } from "../../../src/engine/stream/stream.ts";
import { mulberry32 } from "../../commands/harness.ts";
import { fromId, makeStore, toId } from "./model.ts";

interface Pending {
  consumer: string;
  time: number;
  deliveries: bigint;
}

interface Group {
  readonly consumers: Set<string>;
  readonly pending: Map<bigint, Pending>;
}

const NAMES = ["a", "b", "c", "abcdefgh", "abcdefghi", "abcdefgh\0", "", "x".repeat(300)];
const sorted = (names: Iterable<string>) =>
  [...names].sort((a, b) => Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1")));

for (let seed = 1; seed <= 20; seed++)
  test(`groups of a stream (seed ${seed})`, () => {
    const uint32 = mulberry32(seed);
    const below = (limit: number) => uint32() % limit;
    const store = makeStore(seed);
    const before = store.arena.used;
    const stream = new Stream(store).create();
    const model = new Map<string, Group>();
    const slice = new Slice();
    const pick = () => Slice.of(NAMES[below(NAMES.length)]!);
    const anyId = () => (BigInt(below(20)) << 64n) | BigInt(below(20));
    let next = 1n << 64n;

    const consumerOf = (group: number, own: Group, name: Slice): number => {
      const found = stream.groups.findConsumer(group, name);
      assert.equal(found !== 0, own.consumers.has(name.latin1()));
      own.consumers.add(name.latin1());
      return found !== 0 ? found : stream.groups.createConsumer(group, name, 7);
    };
    const step = (i: number) => {
      const name = pick();
      const own = model.get(name.latin1());
      const group = stream.findGroup(name);
      assert.equal(group !== 0, own !== undefined);
      if (own === undefined) {
        stream.createGroup(name, toId(5n), BigInt(below(9)) - 1n);
        model.set(name.latin1(), { consumers: new Set(), pending: new Map() });
        return;
      }
      const action = below(40);
      if (action === 0) {
        stream.destroyGroup(group);
        while (stream.leftovers!.pending > 0) stream.leftovers!.step(2);
        model.delete(name.latin1());
      } else if (action < 20) {
        const consumerName = pick();
        const consumer = consumerOf(group, own, consumerName);
        const id = below(3) > 0 ? (next += BigInt(1 + below(3))) : anyId();
        stream.groups.deliver(group, consumer, toId(id), i);
        own.pending.set(id, { consumer: consumerName.latin1(), time: i, deliveries: 1n });
      } else if (action < 30) {
        const ids = [...own.pending.keys()];
        const id = ids.length > 0 && below(4) > 0 ? ids[below(ids.length)]! : anyId();
        const ref = stream.groups.pendingOf(group).find(toId(id));
        assert.equal(ref !== 0, own.pending.delete(id));
        if (ref !== 0) stream.groups.settle(group, ref);
      } else if (action < 38) {
        const [id] = [...own.pending.keys()].slice(below(3));
        if (id === undefined) return;
        const consumerName = pick();
        const consumer = consumerOf(group, own, consumerName);
        const ref = stream.groups.pendingOf(group).find(toId(id));
        const deliveries = [1n, 2n ** 53n + 1n, 2n ** 63n - 1n][below(3)]!;
        stream.groups.entries.setDeliveries(ref, deliveries);
        stream.groups.assign(ref, consumer);
        Object.assign(own.pending.get(id)!, { consumer: consumerName.latin1(), deliveries });
      } else {
        const consumerName = pick();
        const consumer = stream.groups.findConsumer(group, consumerName);
        if (consumer === 0) return;
        const gone = [...own.pending].filter(([, { consumer: owner }]) => owner === consumerName.latin1());
        assert.equal(stream.groups.deleteConsumer(group, consumer), gone.length);
        own.consumers.delete(consumerName.latin1());
        for (const [id] of gone) own.pending.delete(id);
      }
    };
    const idsOf = (list: PendingList, of: Stream) => {
      const ids: bigint[] = [];
      const id = new StreamId();
      for (let ref = list.first(); ref !== 0; ref = list.next()) ids.push(fromId(of.groups.entries.id(ref, id)));
      assert.equal(list.size, ids.length);
      return ids;
    };
    const compare = (of: Stream) => {
      const { groups } = of;
      const refs = of.sortedGroups();
      assert.deepEqual(
        refs.map((ref) => groups.name(ref, slice).latin1()),
        sorted(model.keys()),
      );
      for (const [name, own] of model) {
        const group = of.findGroup(Slice.of(name));
        const ids = [...own.pending.keys()].sort((a, b) => (a < b ? -1 : 1));
        assert.deepEqual(idsOf(groups.pendingOf(group), of), ids);
        const consumers = groups.sortedConsumers(group);
        assert.deepEqual(
          consumers.map((ref) => groups.consumerName(ref, slice).latin1()),
          sorted(own.consumers),
        );
        for (const consumer of consumers) {
          const consumerName = groups.consumerName(consumer, slice).latin1();
          const owned = ids.filter((id) => own.pending.get(id)!.consumer === consumerName);
          assert.deepEqual(idsOf(groups.pendingOfConsumer(consumer), of), owned);
        }
        for (const [id, pending] of own.pending) {
          const ref = groups.pendingOf(group).find(toId(id));
          assert.equal(groups.entries.time(ref), pending.time);
          assert.equal(BigInt(groups.entries.deliveries(ref)), pending.deliveries);
        }
        const probe = anyId();
        const from = groups.pendingOf(group).from(toId(probe));
        const expected = ids.find((id) => id >= probe);
        assert.equal(from === 0 ? undefined : fromId(groups.entries.id(from, new StreamId())), expected);
      }
    };
    for (let i = 0; i < 1500; i++) {
      step(i);
      if (i % 100 === 0) compare(stream);
    }
    compare(stream);
    const copy = store.streams.clone(stream.root);
    compare(new Stream(store).position(copy));
    for (const root of [stream.root, copy]) {
      assert.ok(store.streams.bytes(root, 5) > 0);
      const job = store.streams.freeing(root);
      assert.ok(job.pending > 0);
      for (let steps = 0; job.pending > 0; steps++) {
        assert.ok(steps < 100_000);
        job.step(5);
      }
    }
    assert.equal(store.arena.used, before);
  });
