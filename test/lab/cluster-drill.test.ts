/** Drills on whole clusters; what a drill makes of what it saw is tested without any. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterDrillReport } from "../../src/cli/cluster-drill-text.ts";
import { type ClusterDrillResult, runClusterDrill } from "../../src/lab/drill/cluster-drill.ts";
import { readEvents } from "../../src/lab/drill/cluster-events.ts";
import { type ClusterRecord, judgeCluster } from "../../src/lab/drill/cluster-verdict.ts";
import { namesIn, slotOf } from "../../src/lab/drill/cluster-writers.ts";
import { Group } from "../../src/lab/group.ts";
import { groupPort } from "../ports.ts";
import { needs } from "./peers.ts";
import { realWorld, self, temporaryFolder } from "./world.ts";

const world = realWorld();

test("a cluster of ours passes its drills", { timeout: 90_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const group = await Group.start(world, { kind: "cluster", engine: "nines", folder, self, port: groupPort() });
  // Before the folder goes: group.json tells of the node that the drill has started anew.
  try {
    for (const fault of ["switchover", "kill", "reshard"] as const) {
      const result = await runClusterDrill(world, group.file, { fault, folder });
      const { verdict } = result;
      assert.deepEqual(verdict.problems, [], `${fault}: ${JSON.stringify(verdict)}`);
      assert.ok(verdict.acknowledged > 100);
      if (fault !== "reshard") assert.ok(verdict.promotionMs !== null && verdict.failovers === 1);
      if (fault === "kill")
        assert.match(clusterDrillReport(result).join("\n"), /FAIL(.|\n)*asks for votes(.|\n)*has the votes/);
      if (fault === "reshard") assert.equal(verdict.moved!.slots, 200);
    }
  } finally {
    await group.stop();
  }
});

test("a drill on a cluster of real servers tells what they did", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const options = {
    kind: "cluster",
    engine: "redis-server",
    folder,
    self,
    port: groupPort(),
    nodeTimeoutMs: 1000,
  } as const;
  const group = await Group.start(world, options);
  try {
    const { verdict, events, nodeTimeoutMs } = await runClusterDrill(world, group.file, { fault: "kill", folder });
    assert.equal(nodeTimeoutMs, 1000);
    assert.ok(verdict.promotionMs! > 500, `${verdict.promotionMs}`);
    assert.ok(verdict.writeGapMs.median >= verdict.promotionMs! - 50, JSON.stringify(verdict));
    const texts = events.map(({ text }) => text).join("\n");
    for (const what of [
      /PFAIL/,
      /a majority holds \d+ for failing/,
      /asks for votes/,
      /votes for \d+/,
      /has the votes/,
    ]) {
      assert.match(texts, what);
    }
  } finally {
    await group.stop();
  }
});

test("events of a node's log: those since the fault, in words", () => {
  const id = "f".repeat(40);
  const log = [
    "12:M 01 Nov 2026 10:00:00.100 * Marking node x as failing (quorum reached).",
    `12:M 22 Nov 2026 17:45:54.192 * FAIL message received from ${id} about ${"a".repeat(40)}`,
    "12:S 22 Nov 2026 17:45:54.300 # Start of election delayed for 519 milliseconds (rank #0, offset 98).",
    "12:S 22 Nov 2026 17:45:54.900 # Failover election won: I'm the new master.",
    "not a line",
  ].join("\n");
  const since = new Date(2026, 10, 22, 17, 45, 54).getTime();
  const events = readEvents(log, 7001, since, (node) => (node === id ? 7002 : undefined));
  assert.deepEqual(
    events.map(({ at, text }) => [at - since, text]),
    [
      [192, "hears of the FAIL from 7002"],
      [300, "will ask for votes in 519 ms"],
      [900, "has the votes: it is the primary"],
    ],
  );
});

test("writers' names: the keys of each lie in a slot that was asked for", () => {
  const slots = new Set(Array.from({ length: 4000 }, (_, i) => i));
  const names = namesIn(slots, "c", 8);
  assert.equal(new Set(names.map(({ name }) => name)).size, 8);
  for (const { name, slot } of names) {
    assert.ok(slots.has(slot));
    assert.equal(slotOf(`nines-drill:run:${name}:17`), slot);
  }
});

const ack = (sequence: number, at: number, port = 0) => ({ sequence, sentAt: at - 1, at, port });
const writer = (
  kind: "cluster" | "neighbour" | "direct",
  acks: ReturnType<typeof ack>[],
  errors: [string, number][] = [],
) => ({
  name: kind,
  kind,
  acks,
  errors: new Map(errors),
});
const node = (port: number) => ({ port, keys: 3, digest: "d" });
const good: ClusterRecord = {
  fault: "kill",
  oldPrimaryPort: 7000,
  writers: [
    writer("cluster", [ack(0, 90), ack(1, 700), ack(2, 990)]),
    writer("neighbour", [ack(0, 95), ack(1, 105), ack(2, 500), ack(3, 999)]),
    writer("direct", [ack(0, 99, 7000)], [["refused", 9]]),
  ],
  timeline: {
    startedAt: 0,
    faultAt: 100,
    promotedAt: 600,
    returnedAt: 800,
    replicaAt: 850,
    stoppedAt: 1000,
    switches: [{ at: 600, from: 7000, to: 7003 }],
  },
  final: { findings: [], shards: [[node(7003), node(7000)]], missing: [] },
};

test("a good drill's figures", () => {
  const verdict = judgeCluster(good);
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual(verdict.writeGapMs, { median: 610, worst: 610 });
  assert.deepEqual(verdict.neighboursGapMs, { median: 499, worst: 499 });
  assert.deepEqual([verdict.promotionMs, verdict.oldPrimaryReplicaAfterMs, verdict.newPrimaryPort], [500, 50, 7003]);
});

const bad: [name: string, change: Partial<ClusterRecord>, problem: RegExp][] = [
  [
    "lost writes",
    { final: { ...good.final, missing: [{ writer: "cluster", sequence: 1 }] } },
    /^1 acknowledged write lost$/,
  ],
  ["an unsound cluster", { final: { ...good.final, findings: ["slot 1 is open"] } }, /^slot 1 is open$/],
  [
    "different data",
    { final: { ...good.final, shards: [[node(1), { ...node(2), digest: "e" }]] } },
    /not hold the same data/,
  ],
  ["no promotion", { timeline: { ...good.timeline, promotedAt: undefined } }, /^no replica was promoted$/],
  [
    "two primaries",
    { writers: [...good.writers, writer("direct", [ack(0, 820, 7000)])] },
    /^two primaries: .* 1 write after/,
  ],
  ["a writer that is stuck", { writers: [writer("neighbour", [ack(0, 90)])] }, /1 of 1 writers never wrote again/],
  [
    "a reshard that failed requests",
    { fault: "reshard", writers: [writer("cluster", [ack(0, 900)], [["TRYAGAIN", 2]])] },
    /^2 requests failed, none need to in a reshard$/,
  ],
];
for (const [name, change, problem] of bad) {
  test(`a bad drill: ${name}`, () => {
    const { problems, good: isGood } = judgeCluster({ ...good, ...change });
    assert.equal(isGood, false);
    assert.ok(
      problems.some((text) => problem.test(text)),
      problems.join("; "),
    );
  });
}

test("the report in words", () => {
  const result: ClusterDrillResult = {
    kind: "cluster",
    fault: "kill",
    engine: "nines",
    oldPrimaryPort: 7000,
    primaries: 3,
    replicas: 3,
    nodeTimeoutMs: 5000,
    writers: 14,
    durationMs: 9000,
    verdict: judgeCluster(good),
    events: [{ at: 12, port: 7001, text: "does not reach 7000: PFAIL" }],
  };
  const text = clusterDrillReport(result).join("\n");
  assert.match(text, /drill kill on nines, 3 primaries, 3 replicas, cluster-node-timeout 5,000 ms/);
  assert.match(text, /write gap {6}610 ms without a write .* for the slots of 7000/);
  assert.match(text, / \+12 ms {2}7001 {2}does not reach 7000: PFAIL/);
  assert.match(text, /verdict: good$/);
});
