/** When a replica asks for votes, and what it says before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FACTS, SETTINGS } from "../../sim/cluster/settings.ts";
import { considerElection, onVote, onVoteRequest } from "../../src/cluster/election.ts";
import type { ClusterFacts, ClusterSettings } from "../../src/cluster/facts.ts";
import { NodeFlag, type Sender } from "../../src/cluster/messages.ts";
import { ClusterNode } from "../../src/cluster/node.ts";
import { ClusterState } from "../../src/cluster/state.ts";

const START = 1_000_000_000;

const settings: ClusterSettings = { ...SETTINGS, nodeTimeoutMs: 5000, replicaValidityFactor: 0, replPingMs: 1000 };
const facts: ClusterFacts = { ...FACTS, replicationOffset: () => 100, hasKeys: () => true };
const random = { uint32: () => 250, bytes: (count: number) => new Uint8Array(count).fill(7) };

/** We are a replica of `p1`; `siblings` are the others of it. p0, p1 and p2 share the slots. */
function group(siblings: readonly string[]): { s: ClusterState; primaries: ClusterNode[] } {
  const s = new ClusterState("f".repeat(40), settings, facts, random as never);
  s.now = START;
  let slot = 0;
  const add = (name: string, flags: number) => {
    const address = { ip: "127.0.0.1", port: 7001, busPort: 17_001, plainPort: 0 };
    const node = new ClusterNode(name.padEnd(40, "0"), flags, address, START);
    s.add(node);
    s.connect(node);
    node.link!.isUp = true;
    return node;
  };
  const primaries = ["b", "c", "d"].map((name) => {
    const node = add(name, NodeFlag.master);
    for (const end = slot + 10; slot < end; slot++) s.assign(slot, node);
    return node;
  });
  s.size = 3;
  s.makeReplica(s.myself, primaries[1]!);
  for (const name of siblings) s.makeReplica(add(name, NodeFlag.replica), primaries[1]!);
  s.takeEffects();
  return { s, primaries };
}

function saidAt(s: ClusterState, ms: number): string[] {
  s.now = START + ms;
  considerElection(s);
  return s.takeEffects().flatMap((effect) => (effect.kind === "send" ? [effect.message.kind] : []));
}

test("without siblings it asks at once, and whoever has not heard of the failure hears of it first", () => {
  const { s, primaries } = group([]);
  assert.deepEqual(saidAt(s, 0), []);
  primaries[1]!.flags |= NodeFlag.fail;
  const three = (kind: string) => [kind, kind, kind];
  assert.deepEqual(saidAt(s, 100), [...three("fail"), ...three("auth-req")]);
});

test("with siblings it waits until it knows how much they have, and no longer", () => {
  const asked = (answersAt: number | null, ms: number) => {
    const { s, primaries } = group(["e"]);
    primaries[1]!.flags |= NodeFlag.fail;
    assert.deepEqual(saidAt(s, 0), ["ping"]);
    if (answersAt !== null && answersAt <= ms) {
      assert.deepEqual(saidAt(s, answersAt), []);
      s.node("e".padEnd(40, "0"))!.link!.pongs++;
    }
    return saidAt(s, ms).includes("auth-req");
  };
  assert.equal(asked(null, 749), false);
  assert.equal(asked(null, 751), true);
  assert.equal(asked(10, 240), false);
  assert.equal(asked(10, 251), true);
  assert.equal(asked(600, 601), true);
});

test("a sibling that turns out to have more goes first, however soon it says so", () => {
  const { s, primaries } = group(["e"]);
  const sibling = s.node("e".padEnd(40, "0"))!;
  primaries[1]!.flags |= NodeFlag.fail;
  saidAt(s, 0);
  sibling.link!.pongs++;
  sibling.replicationOffset = 101;
  assert.equal(saidAt(s, 1249).includes("auth-req"), false);
  assert.equal(saidAt(s, 1251).includes("auth-req"), true);
});

test("a sibling that has failed, or will not take over, is none to wait for", () => {
  const { s, primaries } = group(["e", "g"]);
  s.node("e".padEnd(40, "0"))!.flags |= NodeFlag.fail;
  s.node("g".padEnd(40, "0"))!.flags |= NodeFlag.noFailover;
  primaries[1]!.flags |= NodeFlag.fail;
  assert.ok(saidAt(s, 0).includes("auth-req"));
});

test("shards that lose their primaries together ask one after another", () => {
  const { s, primaries } = group([]);
  for (const primary of primaries) primary.flags |= NodeFlag.fail;
  assert.ok(!saidAt(s, 0).includes("auth-req"));
  assert.ok(!saidAt(s, 299).includes("auth-req"));
  assert.ok(saidAt(s, 300).includes("auth-req"));
});

test("whom nobody votes for asks again after a node timeout; who has some votes waits until they can be given again", () => {
  const asked = (votes: number, ms: number) => {
    const { s, primaries } = group([]);
    primaries[1]!.flags |= NodeFlag.fail;
    saidAt(s, 0);
    for (let i = 0; i < votes; i++) onVote(s, primaries[0]!, { currentEpoch: s.currentEpoch } as Sender);
    return saidAt(s, ms).includes("auth-req");
  };
  assert.equal(asked(0, 5000), false);
  assert.equal(asked(0, 5001), true);
  assert.equal(asked(1, 5001), false);
  assert.equal(asked(1, 20_001), true);
});

test("a primary that took its slots back since may be replaced again at once", () => {
  const { s, primaries } = group([]);
  const [first, dead] = primaries as [ClusterNode, ClusterNode];
  const candidate = new ClusterNode("e".padEnd(40, "0"), NodeFlag.replica, dead.address, START);
  s.add(candidate);
  s.makePrimary(s.myself);
  s.releaseAll(first);
  s.assign(0, s.myself);
  s.makeReplica(candidate, dead);
  dead.flags |= NodeFlag.fail;
  s.takeEffects();
  const asks = (ms: number, epoch: number) => {
    s.now = START + ms;
    s.currentEpoch = epoch;
    onVoteRequest(s, candidate, { currentEpoch: epoch, configEpoch: dead.configEpoch, slots: dead.slots } as Sender);
    return s.lastVoteEpoch === epoch;
  };
  assert.equal(asks(0, 5), true);
  assert.equal(asks(1000, 6), false);
  dead.configEpoch = 7;
  assert.equal(asks(2000, 8), true);
  assert.equal(asks(3000, 9), false);
  assert.equal(asks(12_001, 10), true);
});
