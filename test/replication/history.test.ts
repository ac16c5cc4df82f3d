import assert from "node:assert/strict";
import { test } from "node:test";
import { History, NO_REPLID } from "../../src/replication/history.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const C = "c".repeat(40);

function primaryWith(bytes: number): History {
  const history = new History("0123456789".repeat(4));
  history.beginBacklog(16_384, A);
  history.append(new Uint8Array(bytes), 0, bytes, -1);
  return history;
}

test("the backlog begins a history of its own, whose next byte it begins with", () => {
  const history = primaryWith(0);
  assert.equal(history.replid, A);
  assert.equal(history.replid2, NO_REPLID);
  assert.equal(history.offset, 0);
  assert.equal(history.backlog!.first, 1);
});

const cases: [replid: string, offset: number, kind: string, why?: RegExp][] = [
  [A, 1, "continue"],
  [A, 101, "continue"],
  [A.toUpperCase(), 50, "continue"],
  [A, 102, "full", /for lack of backlog \(Replica request was: 102\)/],
  [A, 0, "full", /for lack of backlog/],
  [C, 50, "full", /Replication ID mismatch \(Replica asked for 'c+', my replication IDs are 'a+' and '0+'\)/],
  ["?", -1, "full", /Full resync requested by replica peer/],
];
for (const [replid, offset, kind, why] of cases) {
  test(`PSYNC ${replid.slice(0, 3)} ${offset} to a history with bytes 1 to 100 is answered by a ${kind} sync`, () => {
    const verdict = primaryWith(100).judge(replid, offset, "peer");
    assert.equal(verdict.kind, kind);
    if (verdict.kind === "full") assert.match(verdict.why, why!);
  });
}

test("after a promotion the former history is good up to the place where it branched", () => {
  const history = primaryWith(100);
  history.promote(B);
  history.append(new Uint8Array(50), 0, 50, -1);
  assert.equal(history.judge(A, 101, "").kind, "continue");
  assert.equal(history.judge(B, 120, "").kind, "continue");
  const late = history.judge(A, 102, "");
  assert.ok(late.kind === "full" && /Requested offset for second ID was 102, but I can reply up to 101/.test(late.why));
});

test("a stream that goes on under another name keeps the former name for our own replicas", () => {
  const history = primaryWith(100);
  assert.equal(history.continueAs(A), false);
  assert.equal(history.continueAs(B), true);
  assert.deepEqual([history.replid, history.replid2, history.secondOffset], [B, A, 101]);
});

test("a full copy and a backlog given up leave nothing of the former history", () => {
  const history = primaryWith(100);
  history.adopt(C, 7000, 16_384);
  assert.deepEqual([history.replid, history.replid2, history.offset], [C, NO_REPLID, 7000]);
  assert.equal(history.judge(C, 7001, "").kind, "continue");
  history.freeBacklog(B);
  assert.equal(history.judge(C, 7001, "").kind, "full");
  assert.equal(history.judge(B, 7001, "").kind, "full");
});
