import assert from "node:assert/strict";
import { test } from "node:test";
import type { Master, Replica } from "../../src/sentinel/instances.ts";
import { selectReplica } from "../../src/sentinel/selection.ts";
import { State } from "../../src/sentinel/state.ts";

const NOW = 100_000;

/** A master that is down, with replicas that are fit but for `changes`. */
function group(...changes: Partial<Replica>[]): { s: State; master: Master } {
  const s = new State({ float: () => 0 });
  s.now = NOW;
  const master = s.newMaster("mymaster", s.address("10.0.0.1", 6379)!, 2);
  master.downAfterMs = 1000;
  master.sdown = true;
  master.sdownAt = NOW - 2000;
  for (const [i, change] of changes.entries()) {
    const replica = s.newReplica(master, s.address("10.0.0.1", 6380 + i)!)!;
    replica.link.command.state = "up";
    replica.infoAt = NOW - 100;
    replica.offset = 100;
    replica.runid = String(i);
    Object.assign(replica, change);
  }
  return { s, master };
}

const cases: [name: string, replicas: Partial<Replica>[], chosen: number | null][] = [
  ["the only one", [{}], 6380],
  ["none", [], null],
  [
    "the lower priority number",
    [
      { priority: 50, offset: 1 },
      { priority: 20, offset: 0 },
    ],
    6381,
  ],
  ["the greater offset", [{ offset: 5 }, { offset: 7 }, { offset: 6 }], 6381],
  ["the smaller run id", [{ runid: "b" }, { runid: "a" }], 6381],
  ["a run id rather than none", [{ runid: null }, { runid: "f" }], 6381],
  ["not one that is down", [{ sdown: true, offset: 999 }, {}], 6381],
  ["not one with priority 0", [{ priority: 0 }], null],
  ["not one whose INFO is old", [{ infoAt: NOW - 5001 }], null],
  ["not one that never answered INFO", [{ infoAt: Number.NEGATIVE_INFINITY }], null],
  ["not one that lost its master long ago", [{ masterLinkDownMs: 12_001 }], null],
  ["one that lost it when the master went down", [{ masterLinkDownMs: 12_000 }], 6380],
  [
    "not one that never was in sync and is empty: the dead master's data would be gone for good",
    [{ masterLinkDownMs: -1000, offset: 1, hasKeys: false }],
    null,
  ],
  [
    "one that restarted without a master, with its data",
    [{ masterLinkDownMs: -1000, offset: 500, hasKeys: true }],
    6380,
  ],
  ["not a former master that has not become a replica", [{ stale: true }], null],
];
for (const [name, replicas, chosen] of cases) {
  test(`selects ${name}`, () => {
    const { s, master } = group(...replicas);
    const selection = selectReplica(s, master);
    assert.equal(selection.chosen?.address.port ?? null, chosen);
    assert.equal(selection.reasons.length, replicas.length, "each has its reason");
  });
}

test("an empty one is good enough for a master that was empty", () => {
  const { s, master } = group({ masterLinkDownMs: -1000, offset: 1, hasKeys: false });
  master.hasKeys = false;
  assert.equal(selectReplica(s, master).chosen?.address.port, 6380);
});

test("while the master is up, only one that is in sync with it", () => {
  const { s, master } = group({}, { masterLinkUp: true });
  master.sdown = false;
  assert.equal(selectReplica(s, master).chosen?.address.port, 6381);
});

test("not one without a connection, nor one that has not answered PING for five periods", () => {
  const { s, master } = group({}, {});
  const [first, second] = [...master.replicas.values()];
  first!.link.command.state = "down";
  second!.link.availableAt = NOW - 5001;
  const { chosen, reasons } = selectReplica(s, master);
  assert.equal(chosen, null);
  assert.deepEqual(reasons, [
    "10.0.0.1:6380: there is no connection to it",
    "10.0.0.1:6381: it answered PING 5001 ms ago (at most 5000)",
  ]);
});
