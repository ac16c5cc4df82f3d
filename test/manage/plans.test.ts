/** The plans of the cluster's manager are pure: these hold for any cluster. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Candidate, planLayout } from "../../src/manage/layout-plan.ts";
import { planRepair, type Repair, type SlotFacts } from "../../src/manage/repair-plan.ts";
import { apportion, planDrain, planRebalance, planReshard, type SlotMove } from "../../src/manage/slot-plan.ts";
import { describeSlots, parseSlots } from "../../src/manage/slots.ts";

/** Slots shared out among few nodes at random, some of which have none. */
const holdings = fc
  .array(fc.nat(5), { minLength: 60, maxLength: 200 })
  .chain((owners) => fc.nat(5).map((spare) => ({ owners, spare })))
  .map(({ owners }) => {
    const map = new Map<string, number[]>(["a", "b", "c", "d", "e", "f"].map((id) => [id, []]));
    for (const [slot, owner] of owners.entries()) map.get("abcdef"[owner]!)!.push(slot);
    return map;
  });

/** The holdings after the moves, each of which must take a slot from the one that has it. */
function apply(before: ReadonlyMap<string, readonly number[]>, moves: readonly SlotMove[]): Map<string, Set<number>> {
  const after = new Map([...before].map(([id, slots]) => [id, new Set(slots)]));
  for (const { slot, from, to } of moves) {
    assert.notEqual(from, to);
    assert.ok(after.get(from)!.delete(slot), `${slot} is not at ${from}`);
    after.get(to)!.add(slot);
  }
  return after;
}

test("parts add up, and none is further than one from what is due", () => {
  const weights = fc.array(fc.nat(50), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(16384), weights, (total, w) => {
      const parts = apportion(total, w);
      const sum = w.reduce((a, b) => a + b, 0);
      if (sum === 0) return parts.every((part) => part === 0);
      assert.equal(
        parts.reduce((a, b) => a + b, 0),
        total,
      );
      return parts.every((part, i) => Math.abs(part - (total * w[i]!) / sum) < 1);
    }),
  );
});

test("reshard takes as many as it was told, from each in the measure of what it has", () => {
  fc.assert(
    fc.property(holdings, fc.nat(250), (before, count) => {
      const from = ["a", "b", "c"];
      const moves = planReshard(before, from, "d", count);
      const total = from.reduce((sum, id) => sum + before.get(id)!.length, 0);
      assert.equal(moves.length, Math.min(count, total));
      apply(before, moves);
      for (const id of from) {
        const due = total === 0 ? 0 : (Math.min(count, total) * before.get(id)!.length) / total;
        assert.ok(Math.abs(moves.filter((move) => move.from === id).length - due) < 1);
      }
    }),
  );
});

test("rebalance: everyone has his share afterwards, no slot moves twice, and then there is nothing to do", () => {
  const weights = fc.array(fc.nat(4), { minLength: 4, maxLength: 6 }).filter((w) => w.some((weight) => weight > 0));
  fc.assert(
    fc.property(holdings, weights, (before, w) => {
      const map = new Map(w.map((weight, i) => ["abcdef"[i]!, weight]));
      const moves = planRebalance(before, map, 0);
      assert.equal(new Set(moves.map((move) => move.slot)).size, moves.length);
      const after = apply(before, moves);
      const ids = [...map.keys()];
      const total = ids.reduce((sum, id) => sum + before.get(id)!.length, 0);
      const shares = apportion(total, w);
      for (const [i, id] of ids.entries()) assert.equal(after.get(id)!.size, shares[i]);
      const now = new Map([...after].map(([id, slots]) => [id, [...slots]]));
      assert.deepEqual(planRebalance(now, map, 0), []);
      // No more than must move.
      const surplus = ids.map((id, i) => Math.max(0, before.get(id)!.length - shares[i]!)).reduce((a, b) => a + b, 0);
      assert.equal(moves.length, surplus);
    }),
  );
});

test("rebalance leaves a cluster alone that is within the threshold", () => {
  const before = new Map([
    ["a", Array.from({ length: 101 }, (_, i) => i)],
    ["b", Array.from({ length: 99 }, (_, i) => 101 + i)],
  ]);
  const even = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  assert.deepEqual(planRebalance(before, even, 2), []);
  assert.equal(planRebalance(before, even, 0.5).length, 1);
});

test("drain empties one and levels the others", () => {
  fc.assert(
    fc.property(holdings, (before) => {
      const moves = planDrain(before, "a", ["b", "c", "d"]);
      const after = apply(before, moves);
      // In pieces: slots that take turns would make a map of a thousand ranges.
      const changes = moves.filter((move, i) => i > 0 && move.to !== moves[i - 1]!.to);
      assert.ok(changes.length <= 2);
      assert.equal(after.get("a")!.size, 0);
      const sizes = (["b", "c", "d"] as const).map((id) => [before.get(id)!.length, after.get(id)!.size] as const);
      const given = sizes.filter(([was, is]) => is > was).map(([, is]) => is);
      // Those that got something ended level, and no one that got nothing had less.
      if (given.length > 0) {
        assert.ok(Math.max(...given) - Math.min(...given) <= 1);
        for (const [was, is] of sizes) if (is === was) assert.ok(is >= Math.max(...given) - 1);
      }
    }),
  );
});

const nodes = fc
  .array(fc.nat(3), { minLength: 3, maxLength: 14 })
  .map((hosts) => hosts.map((host, i): Candidate => ({ name: `n${i}`, host: `h${host}` })));

test("a layout uses every node once, gives out every slot, and has no replica beside its primary that need not be", () => {
  fc.assert(
    fc.property(nodes, fc.nat(2), (all, replicas) => {
      if (all.length < 3 * (replicas + 1)) {
        assert.throws(() => planLayout(all, replicas), /needs 3 primaries/);
        return;
      }
      const { shards, warnings } = planLayout(all, replicas);
      const used = shards.flatMap((shard) => [shard.primary, ...shard.replicas]);
      assert.deepEqual(used.map((node) => node.name).sort(), all.map((node) => node.name).sort());
      assert.equal(shards[0]!.slots[0], 0);
      assert.equal(shards.at(-1)!.slots[1], 16383);
      for (const [i, shard] of shards.entries()) {
        if (i > 0) assert.equal(shard.slots[0], shards[i - 1]!.slots[1] + 1);
        assert.ok(shard.replicas.length >= replicas);
      }
      const beside = shards.flatMap((shard) => shard.replicas.filter((replica) => replica.host === shard.primary.host));
      if (new Set(all.map((node) => node.host)).size > 1) assert.equal(warnings.length, beside.length);
      assert.equal(beside.length, leastBeside(shards));
    }),
  );
});

/** By Hall: of the replicas of one host, at most as many can stand elsewhere as there are seats at primaries of other hosts. */
function leastBeside(shards: ReturnType<typeof planLayout>["shards"]): number {
  const seats = new Map<string, number>();
  const followers = new Map<string, number>();
  let total = 0;
  for (const { primary, replicas } of shards) {
    seats.set(primary.host, (seats.get(primary.host) ?? 0) + replicas.length);
    for (const replica of replicas) followers.set(replica.host, (followers.get(replica.host) ?? 0) + 1);
    total += replicas.length;
  }
  const over = [...followers].map(([host, count]) => count - (total - (seats.get(host) ?? 0)));
  return Math.max(0, ...over);
}

test("replicas of one primary stand on different hosts if there are enough", () => {
  const all = ["a", "b", "c"].flatMap((host) => [1, 2, 3].map((i) => ({ name: `${host}${i}`, host })));
  for (const { primary, replicas } of planLayout(all, 2).shards) {
    assert.equal(new Set([primary, ...replicas].map((node) => node.host)).size, 3);
  }
});

const ids = ["a", "b", "c", "d"];
const someOf = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.option(value, { nil: undefined }), { minLength: 4, maxLength: 4 }).map((values) => {
    const pairs = values.flatMap((v, i) => (v === undefined ? [] : [[ids[i]!, v] as [string, T]]));
    return new Map(pairs);
  });
const facts = fc.record({
  slot: fc.constant(7),
  claims: someOf(fc.nat(4)),
  migrating: someOf(fc.constantFrom(...ids, "gone")),
  importing: someOf(fc.constantFrom(...ids, "gone")),
  keys: someOf(fc.integer({ min: 1, max: 9 })),
});

test("a repair leaves one owner, all keys with it, and nothing open, and moves no key through a node that refuses it", () => {
  const primaries = new Map(ids.map((id, i) => [id, i]));
  fc.assert(
    fc.property(facts, (given) => {
      const state = simulate(given, planRepair(given, primaries));
      assert.equal(state.claims.size, 1, JSON.stringify([...state.claims]));
      const [owner] = state.claims as Set<string>;
      assert.deepEqual(
        [...state.keys.keys()].filter((id) => id !== owner && state.keys.get(id)! > 0),
        [],
      );
      const before = [...given.keys.values()].reduce((a, b) => a + b, 0);
      assert.equal(state.keys.get(owner!) ?? 0, before);
      assert.equal(state.migrating.size + state.importing.size, 0, JSON.stringify(planRepair(given, primaries)));
    }),
    { numRuns: 3000 },
  );
});

test("a repair of what is in order is nothing, and of a move under way its end", () => {
  const none = new Map<string, string>();
  const primaries = new Map(ids.map((id) => [id, 1]));
  const sound = { slot: 7, claims: new Map([["a", 1]]), migrating: none, importing: none, keys: new Map([["a", 5]]) };
  assert.deepEqual(planRepair(sound, primaries), []);
  const moving = { ...sound, migrating: new Map([["a", "b"]]), importing: new Map([["b", "a"]]) };
  assert.deepEqual(planRepair(moving, primaries), [{ kind: "finish", slot: 7, from: "a", to: "b" }]);
});

/** What the nodes make of the steps, by Redis' rules. */
function simulate(given: SlotFacts, steps: readonly Repair[]) {
  const claims = new Set(given.claims.keys());
  const keys = new Map(given.keys);
  const migrating = new Map(given.migrating);
  const importing = new Map(given.importing);
  const carry = (from: string, to: string) => {
    keys.set(to, (keys.get(to) ?? 0) + (keys.get(from) ?? 0));
    keys.delete(from);
  };
  const shut = (id: string) => {
    migrating.delete(id);
    importing.delete(id);
  };
  for (const step of steps) {
    if (step.kind === "own") claims.add(step.node);
    if (step.kind === "own") importing.delete(step.node);
    if (step.kind === "disown") {
      assert.ok(claims.delete(step.node));
      migrating.delete(step.node);
      importing.set(step.node, step.owner);
    }
    if (step.kind === "gather") {
      assert.ok(!claims.has(step.from), "an owner cannot import its own slot");
      assert.ok(
        !migrating.has(step.owner),
        "an owner whose slot is on its way answers ASK for a key that it does not have",
      );
      carry(step.from, step.owner);
      shut(step.from);
    }
    if (step.kind === "finish") {
      assert.ok(claims.has(step.from));
      carry(step.from, step.to);
      shut(step.from);
      shut(step.to);
      claims.delete(step.from);
      claims.add(step.to);
    }
    if (step.kind === "close") shut(step.node);
  }
  return { claims, keys, migrating, importing };
}

test("lists of slots", () => {
  assert.deepEqual(parseSlots("0-2,7 9"), [0, 1, 2, 7, 9]);
  for (const wrong of ["", "x", "3-1", "16384", "1-", "1,,2"]) assert.equal(parseSlots(wrong), undefined, wrong);
  assert.equal(describeSlots([9, 1, 2, 3, 5]), "1-3 5 9");
  assert.equal(describeSlots([1, 3, 5], 2), "1 3 and 1 more range");
});
