import assert from "node:assert/strict";
import { test } from "node:test";
import { median, writeGap } from "../../src/lab/drill/figures.ts";
import type { Ack, FinalState, Timeline, WriterHistory } from "../../src/lab/drill/history.ts";
import { type DrillRecord, judge, type Verdict } from "../../src/lab/drill/verdict.ts";

const OLD = 6379;
const NEW = 6380;

/** Acknowledgements at these times by this server, each 1 ms after its request. */
function acks(port: number, ...times: number[]): Ack[] {
  return times.map((at) => ({ sequence: at, sentAt: at - 1, at, port }));
}

function writer(kind: "sentinel" | "direct", list: Ack[], errors: Record<string, number> = {}): WriterHistory {
  return { name: kind === "sentinel" ? "s0" : "d0", kind, acks: list, errors: new Map(Object.entries(errors)) };
}

const timeline: Timeline = {
  startedAt: 0,
  faultAt: 1000,
  promotedAt: 1400,
  returnedAt: 3000,
  replicaAt: 3200,
  stoppedAt: 5000,
  switches: [{ at: 1450, from: OLD, to: NEW }],
};

const final: FinalState = {
  primaryPort: NEW,
  sentinelsAgree: true,
  nodes: [OLD, NEW, 6381].map((port) => ({ port, keys: 10, digest: "d" })),
  missing: [],
};

/** A client's view of a drill in which all went well. */
const fine = [...acks(OLD, 500, 900, 999), ...acks(NEW, 1500, 2000, 3000, 4000, 4990)];
const good: DrillRecord = {
  fault: "kill",
  oldPrimaryPort: OLD,
  writers: [writer("sentinel", fine), writer("direct", acks(OLD, 500, 999), { refused: 7 })],
  timeline,
  final,
};

test("a good drill, with its figures", () => {
  assert.deepEqual(judge(good), {
    good: true,
    problems: [],
    writeGapMs: { median: 1000, worst: 1000 },
    promotionMs: 400,
    acknowledged: 10,
    lost: 0,
    lostExamples: [],
    acknowledgedByOldPrimary: 0,
    errors: { sentinel: {}, direct: { refused: 7 } },
    oldPrimaryReplicaAfterMs: 200,
    failovers: 1,
    newPrimaryPort: NEW,
    sentinelsAgree: true,
    sameData: true,
    keys: 10,
  });
});

const missing = [
  { writer: "s0", sequence: 3 },
  { writer: "d0", sequence: 4 },
];
const nodes = (...digests: (string | undefined)[]) =>
  digests.map((digest, i) => ({ port: OLD + i, keys: digest === undefined ? undefined : 10, digest }));

const cases: [name: string, change: Partial<DrillRecord>, problem: RegExp, figures: Partial<Verdict>][] = [
  ["lost writes", { final: { ...final, missing } }, /^2 acknowledged writes lost$/, { lost: 2, lostExamples: missing }],
  [
    "a request made after the promotion, acknowledged by the old primary",
    { writers: [good.writers[0]!, writer("direct", acks(OLD, 999, 3100, 3101))] },
    /^two primaries: the old one acknowledged 2 writes after the promotion$/,
    { acknowledgedByOldPrimary: 2 },
  ],
  [
    "a request made before, acknowledged when the old primary came back",
    { writers: [good.writers[0]!, writer("direct", [{ sequence: 1, sentAt: 1001, at: 3001, port: OLD }])] },
    /old one acknowledged 1 write after/,
    { acknowledgedByOldPrimary: 1 },
  ],
  [
    "a client of the Sentinels that was left with the old primary",
    { writers: [writer("sentinel", [...fine, ...acks(OLD, 4995)])] },
    /old one acknowledged 1 write/,
    { acknowledgedByOldPrimary: 1 },
  ],
  [
    "nobody took over",
    { timeline: { ...timeline, promotedAt: undefined, switches: [] } },
    /^no replica was promoted$/,
    { promotionMs: null, failovers: 0 },
  ],
  [
    "a writer that never wrote again",
    { writers: [writer("sentinel", fine), writer("sentinel", acks(OLD, 500, 999))] },
    /^1 of 2 writers never wrote again$/,
    { writeGapMs: { median: 2501, worst: 4001 } },
  ],
  [
    "the old primary stays away",
    { timeline: { ...timeline, replicaAt: undefined } },
    /^the old primary \(6379\) did not become a replica$/,
    { oldPrimaryReplicaAfterMs: null },
  ],
  [
    "a second failover",
    { timeline: { ...timeline, switches: [...timeline.switches, { at: 2500, from: NEW, to: 6381 }] } },
    /^the primary changed 2 times/,
    { failovers: 2 },
  ],
  ["two primaries in the end", { final: { ...final, primaryPort: undefined } }, /not one primary/, {}],
  ["Sentinels of two minds", { final: { ...final, sentinelsAgree: false } }, /Sentinels do not agree/, {}],
  ["other data on one node", { final: { ...final, nodes: nodes("d", "d", "e") } }, /6381: 10 keys, e$/, {}],
  ["a node without an answer", { final: { ...final, nodes: nodes("d", undefined, "d") } }, /6380: no answer/, {}],
];

for (const [name, change, problem, figures] of cases) {
  test(`bad: ${name}`, () => {
    const verdict = judge({ ...good, ...change });
    assert.equal(verdict.good, false);
    assert.equal(verdict.problems.length, 1, verdict.problems.join("; "));
    assert.match(verdict.problems[0]!, problem);
    for (const [figure, value] of Object.entries(figures)) {
      assert.deepEqual(verdict[figure as keyof Verdict], value, figure);
    }
  });
}

test("after a second failover the old primary may be the primary by right", () => {
  const switches = [...timeline.switches, { at: 2500, from: NEW, to: OLD }];
  const writers = [writer("sentinel", [...fine, ...acks(OLD, 4995)])];
  assert.equal(judge({ ...good, writers, timeline: { ...timeline, switches } }).acknowledgedByOldPrimary, 0);
});

test("nothing was written", () => {
  const { problems } = judge({ ...good, writers: [writer("sentinel", [])] });
  assert.ok(problems.includes("nothing was written at all"), problems.join("; "));
});

const gaps: [name: string, times: number[], gap: number][] = [
  ["only what touches the time after the fault counts", [0, 900, 1100, 5000], 3900],
  ["a pause that the fault falls into counts whole", [100, 2100, 3000, 4000, 4900], 2000],
  ["before the fault there may be pauses", [0, 950, 1100, 2000, 3000, 4000, 4999], 1000],
  ["the end closes the last one", [999, 1000, 2000], 3000],
];
for (const [name, times, gap] of gaps) {
  test(`write gap: ${name}`, () => assert.equal(writeGap(writer("sentinel", acks(OLD, ...times)), timeline), gap));
}

test("median", () => {
  assert.deepEqual([[], [3], [4, 1], [5, 1, 3]].map(median), [0, 3, 2.5, 3]);
});
