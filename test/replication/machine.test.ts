import assert from "node:assert/strict";
import { test } from "node:test";
import { divergence, type PrimaryInfo, parsePrimaryInfo } from "../../src/replication/divergence.ts";
import type { Effect } from "../../src/replication/effects.ts";
import { Group } from "../../src/replication/group.ts";
import { History, NO_REPLID } from "../../src/replication/history.ts";
import { type Input, ReplicationMachine } from "../../src/replication/machine.ts";
import { noIntroduction } from "../../src/replication/primary.ts";
import { defaultSettings } from "./default-settings.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const C = "c".repeat(40);

function machine(settings = {}) {
  let ids = 0;
  const all = { ...defaultSettings(), replDisklessSyncDelaySeconds: 0, ...settings };
  return new ReplicationMachine({
    settings: all,
    group: new Group(),
    runId: "f".repeat(40),
    newReplid: () => `${ids++}`.padStart(40, "1"),
  });
}

/** What a step wants done, in a line a piece; log lines left out. */
function wants(effects: readonly Effect[]): string[] {
  return effects
    .filter((effect) => effect.kind !== "log")
    .map((effect) => {
      if (effect.kind === "say") return `say ${effect.words.join(" ")}`;
      if (effect.kind === "sendTo")
        return `sendTo ${effect.id} ${JSON.stringify(Buffer.from(effect.bytes).toString())}`;
      const { kind, ...rest } = effect;
      return `${kind} ${Object.values(rest).map(String).join(" ")}`.trim();
    });
}

function play(subject: ReplicationMachine, steps: [input: Input, at: number, wanted: string[]][]): void {
  for (const [input, at, wanted] of steps)
    assert.deepEqual(wants(subject.step(input, at)), wanted, JSON.stringify(input));
}

const PRIMARY = { host: "p", port: 1 };

test("a link from REPLICAOF to the stream", () => {
  const subject = machine({ masteruser: "u", masterauth: "s", replicaAnnounceIp: "9.9.9.9", port: 7 });
  subject.history.resumable = false;
  play(subject, [
    [
      { kind: "replicaOf", endpoint: PRIMARY, by: "", trusted: true },
      0,
      ["roleChanged slave", "connect [object Object]"],
    ],
    [{ kind: "linkConnected" }, 1, ["say PING"]],
    [
      { kind: "linkLine", text: "-NOAUTH Authentication required." },
      2,
      [
        "say AUTH u s",
        "say REPLCONF listening-port 7",
        "say REPLCONF ip-address 9.9.9.9",
        "say REPLCONF capa eof capa psync2",
        "say REPLCONF version 7.2.4",
      ],
    ],
    [{ kind: "linkLine", text: "+OK" }, 3, []],
    [{ kind: "linkLine", text: "+OK" }, 3, []],
    [{ kind: "linkLine", text: "-ERR no ip-address here" }, 3, []],
    [{ kind: "linkLine", text: "+OK" }, 3, []],
    [{ kind: "linkLine", text: "-ERR no version here" }, 3, ["say PSYNC ? -1"]],
    [{ kind: "linkLine", text: "" }, 4, []],
    [{ kind: "linkLine", text: `+FULLRESYNC ${A} 100` }, 5, ["expectRdb"]],
    [{ kind: "rdbBegins", size: -1 }, 6, ["beginLoad"]],
    [{ kind: "rdbBytes", count: 10 }, 7, []],
    [{ kind: "rdbLoaded", keys: 3, ourKeys: 0 }, 8, ["dropReplicas", "commitLoad", "expectStream", "sendAck"]],
    [{ kind: "tick" }, 500, []],
    [{ kind: "tick" }, 1008, ["sendAck"]],
    [{ kind: "ackAsked" }, 1100, ["sendAck"]],
  ]);
  assert.deepEqual([subject.history.replid, subject.history.offset, subject.follower.state], [A, 100, "connected"]);
});

test("attempts that fail are repeated at growing distances, and at once after a link that stood", () => {
  const subject = machine();
  subject.step({ kind: "replicaOf", endpoint: PRIMARY, by: "", trusted: true }, 0);
  const attempts: number[] = [];
  for (let at = 0; at < 6000; at += 100) {
    if (subject.follower.state === "connecting") subject.step({ kind: "linkClosed", why: "refused" }, at);
    if (wants(subject.step({ kind: "tick" }, at)).length > 0) attempts.push(at);
  }
  // Each is refused 100 ms after it began.
  assert.deepEqual(attempts.slice(0, 7), [0, 200, 500, 1000, 1900, 3000, 4100]);
  for (let at = 6000; subject.follower.state !== "connecting"; at += 100) subject.step({ kind: "tick" }, at);
  subject.step({ kind: "linkConnected" }, 6000);
  subject.step({ kind: "linkLine", text: "+PONG" }, 6000);
  for (let i = 0; i < 3; i++) subject.step({ kind: "linkLine", text: "+OK" }, 6000);
  subject.step({ kind: "linkLine", text: `+CONTINUE ${subject.history.replid}` }, 6000);
  assert.equal(subject.follower.state, "connected");
  const lost = wants(subject.step({ kind: "linkClosed", why: "reset" }, 7000));
  assert.deepEqual(lost, ["hangUp", "connect [object Object]"]);
});

test("a transfer that breaks leaves data and history as they were", () => {
  const subject = machine();
  subject.history.beginBacklog(16_384, A);
  subject.step({ kind: "replicaOf", endpoint: PRIMARY, by: "", trusted: true }, 0);
  subject.step({ kind: "linkConnected" }, 0);
  for (const text of ["+PONG", "+OK", "+OK", "+OK"]) subject.step({ kind: "linkLine", text }, 0);
  subject.step({ kind: "linkBulk", text: "role:master\r\n" }, 0);
  subject.step({ kind: "linkLine", text: `+FULLRESYNC ${B} 100` }, 0);
  subject.step({ kind: "rdbBegins", size: 1000 }, 0);
  assert.deepEqual(wants(subject.step({ kind: "linkClosed", why: "reset" }, 0)), ["abortLoad", "hangUp"]);
  assert.equal(subject.history.replid, A);
});

const full: Input = {
  kind: "sync",
  id: 5,
  host: "r",
  introduction: { ...noIntroduction(), eof: true, psync2: true, listeningPort: 2 },
  psync: { replid: "?", offset: -1 },
};

test("a replica from PSYNC to the stream, which waits for its first ACK", () => {
  const subject = machine();
  play(subject, [
    [full, 0, ["selectAgain", "snapshot 5 false", `sendTo 5 "+FULLRESYNC ${"1".repeat(39)}1 0\\r\\n"`]],
    [{ kind: "rdbSent", id: 5, sized: false }, 10, []],
    [{ kind: "snapshotEnded" }, 10, []],
    [{ kind: "ack", id: 5, offset: 0 }, 20, ["streamBehindRdb 5"]],
    [{ kind: "ack", id: 5, offset: 0 }, 30, []],
    [{ kind: "replicaGone", id: 5 }, 40, []],
  ]);
  const log = machine()
    .step(full, 0)
    .filter((effect) => effect.kind === "log");
  assert.ok(log.some((effect) => effect.kind === "log" && effect.text === "Replica r:2 asks for synchronization"));
});

test("a replica that comes while an unsized snapshot is under way waits for the next", () => {
  const subject = machine();
  subject.step(full, 0);
  assert.deepEqual(wants(subject.step({ ...full, id: 6 }, 1)), []);
  assert.deepEqual(wants(subject.step({ kind: "tick" }, 1000)).slice(-1), ['sendTo 6 "\\n"']);
  const next = wants(subject.step({ kind: "snapshotEnded" }, 1100));
  assert.equal(next[1], "snapshot 6 false");
});

test("a snapshot that fails costs those who waited for it their link", () => {
  const subject = machine();
  subject.step(full, 0);
  assert.deepEqual(wants(subject.step({ kind: "snapshotEnded", failed: "disk on fire" }, 1)), ["dropReplica 5"]);
});

test("the offset promised to a replica counts the PING of the same tick", () => {
  const subject = machine({ replDisklessSyncDelaySeconds: 5 });
  subject.step(full, 0);
  const effects = wants(subject.step({ kind: "tick" }, 5000));
  assert.match(effects[0]!, /^stream /);
  assert.match(effects.at(-1)!, / 14\\r\\n"$/);
});

test("a group that has decided otherwise ends a FAILOVER under way; a client's REPLICAOF does not", () => {
  const subject = machine();
  subject.step(full, 0);
  subject.step({ kind: "rdbSent", id: 5, sized: false }, 0);
  subject.step({ kind: "failover", request: { target: null, force: false, timeoutMs: 0 } }, 0);
  const replicaOf = { kind: "replicaOf", endpoint: PRIMARY, trusted: true } as const;
  assert.throws(() => subject.step({ ...replicaOf, by: "id=1" }, 1), /REPLICAOF not allowed while failing over/);
  const effects = wants(subject.step({ ...replicaOf, by: "" }, 1));
  assert.deepEqual(effects, ["roleChanged slave", "connect [object Object]", "resumeWrites failover"]);
});

test("a replica adds nothing to the stream it passes on", () => {
  const subject = machine();
  subject.step(full, 0);
  subject.step({ kind: "replicaOf", endpoint: PRIMARY, by: "", trusted: true }, 0);
  const { offset } = subject.history;
  subject.step({ kind: "getAck" }, 1);
  subject.step({ kind: "tick" }, 60_000);
  assert.equal(subject.history.offset, offset);
});

// ---- Where histories part

/** Ours: bytes 1 to 100 as history A, or as B from byte `promotedAt` on. */
function ours(promotedAt?: number): History {
  const history = new History(A);
  history.beginBacklog(16_384, A);
  const bytes = new Uint8Array(100);
  if (promotedAt === undefined) history.append(bytes, 0, 100, -1);
  else {
    history.append(bytes, 0, promotedAt - 1, -1);
    history.promote(B);
    history.append(bytes, 0, 101 - promotedAt, -1);
  }
  return history;
}

const info = (replid: string, replid2 = NO_REPLID, secondOffset = -1): PrimaryInfo => ({
  role: "master",
  replid,
  replid2,
  offset: 0,
  secondOffset,
});

const partings: [
  name: string,
  History,
  PrimaryInfo | null,
  replid: string,
  offset: number,
  safe: number | null,
  from: number | null,
][] = [
  ["it was promoted out of our history", ours(), info(C, A, 81), C, 500, null, 81],
  ["it has all of ours", ours(), info(C, A, 101), C, 500, null, null],
  ["it is behind us on our own history", ours(), info(A), A, 50, null, 51],
  ["it is ahead of us on our own history", ours(), info(A), A, 5000, null, null],
  ["we were promoted out of its history", ours(61), info(A), A, 500, null, 61],
  ["both were promoted out of the same history, it first", ours(61), info(C, A, 41), C, 500, null, 41],
  ["both were promoted out of the same history, we first", ours(61), info(C, A, 90), C, 500, null, 61],
  ["nothing in common, and we took no writes", ours(), info(C), C, 500, null, null],
  ["nothing in common: what no replica has", ours(), info(C), C, 500, 70, 71],
  ["nothing in common, all of it acknowledged", ours(), info(C), C, 500, 100, null],
  ["it does not say, and we took writes", ours(), null, C, 500, 70, 71],
  ["no history to speak of", new History(A), info(C), C, 1, 0, null],
];
for (const [name, history, said, replid, offset, safe, from] of partings) {
  test(`lost writes: ${name}`, () => assert.equal(divergence(history, said, replid, offset, safe), from));
}

test("a primary's INFO is read, whatever else it says", () => {
  const text = `# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_replid:${A}\r\nmaster_replid2:${B}\r\nsecond_repl_offset:12\r\nmaster_repl_offset:40\r\n`;
  assert.deepEqual(parsePrimaryInfo(text), { role: "master", replid: A, replid2: B, offset: 40, secondOffset: 12 });
  assert.equal(parsePrimaryInfo("").replid2, NO_REPLID);
});

test("a primary that continues what was not asked for is not followed", () => {
  const subject = machine();
  subject.history.resumable = false;
  subject.step({ kind: "replicaOf", endpoint: PRIMARY, by: "", trusted: true }, 0);
  subject.step({ kind: "linkConnected" }, 1);
  for (let i = 0; i < 4; i++) subject.step({ kind: "linkLine", text: "+OK" }, 2);
  assert.deepEqual(wants(subject.step({ kind: "linkLine", text: `+CONTINUE ${A}` }, 3)), ["hangUp"]);
  assert.notEqual(subject.follower.state, "connected");
});
