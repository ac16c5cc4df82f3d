import assert from "node:assert/strict";
import { test } from "node:test";
import type { Master } from "../../src/sentinel/instances.ts";
import { State } from "../../src/sentinel/state.ts";
import { weaknesses } from "../../src/sentinel/topology.ts";

interface Group {
  quorum?: number;
  /** The hosts of the other Sentinels. */
  sentinels?: string[];
  replicas?: { priority?: number }[];
  downSentinels?: number;
}

function told({
  quorum = 2,
  sentinels = ["10.0.0.2", "10.0.0.3"],
  replicas = [{}],
  downSentinels = 0,
}: Group): string[] {
  const s = new State({ float: () => 0 });
  s.now = 1000;
  const master: Master = s.newMaster("mymaster", s.address("10.0.0.1", 6379)!, quorum);
  for (const [i, { priority }] of replicas.entries()) {
    const replica = s.newReplica(master, s.address("10.0.0.8", 6380 + i)!)!;
    replica.link.command.state = "up";
    replica.infoAt = 900;
    replica.masterLinkUp = true;
    replica.priority = priority ?? 100;
  }
  for (const [i, host] of sentinels.entries()) {
    const peer = s.newPeer(master, `id${i}`, s.address(host, 26379 + i)!);
    peer.sdown = i < downSentinels;
  }
  return weaknesses(s, master);
}

const cases: [name: string, group: Group, flaw: RegExp | null][] = [
  ["three Sentinels on three hosts, one replica", {}, null],
  ["all on one host, as on a developer's machine", { sentinels: ["10.0.0.1", "10.0.0.1"] }, null],
  ["no replica", { replicas: [] }, /^it has no replica$/],
  ["no replica that may be promoted", { replicas: [{ priority: 0 }] }, /replica-priority is 0/],
  ["one that may is enough", { replicas: [{ priority: 0 }, {}] }, null],
  ["a quorum of more Sentinels than there are", { quorum: 4 }, /its quorum is 4 and only 3 of its Sentinels are known/],
  ["a single Sentinel", { quorum: 1, sentinels: [] }, /this is its only Sentinel/],
  ["two Sentinels", { sentinels: ["10.0.0.2"] }, /all 2 Sentinels have to vote/],
  ["a majority that is down", { downSentinels: 2 }, /only 1 of 3 Sentinels are up and 2 have to vote/],
  [
    "the majority on the master's own host",
    { sentinels: ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"], quorum: 3 },
    /3 of 6 Sentinels run on the master's own host/,
  ],
];
for (const [name, group, flaw] of cases) {
  test(`${flaw ? "cannot be relied on" : "fine"}: ${name}`, () => {
    const flaws = told(group);
    if (flaw === null) assert.deepEqual(flaws, []);
    else assert.match(flaws.join("; "), flaw);
  });
}
