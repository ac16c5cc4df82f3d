import assert from "node:assert/strict";
import { test } from "node:test";
import { drillReport, roundLine, roundsSummary } from "../../src/cli/drill-text.ts";
import { howToBreak, howToConnect } from "../../src/cli/group-text.ts";
import { statusBlock, statusChanges } from "../../src/cli/status-text.ts";
import type { DrillResult } from "../../src/lab/drill/drill.ts";
import type { GroupFile } from "../../src/lab/group-file.ts";
import {
  findFailover,
  type GroupStatus,
  parseSwitch,
  type ServerStatus,
  serverStatus,
  withLag,
} from "../../src/lab/status.ts";

const primary: ServerStatus = { name: "a", port: 6379, up: true, role: "primary", offset: 1234567 };
const replica: ServerStatus = {
  name: "b",
  port: 6380,
  up: true,
  role: "replica",
  offset: 1234000,
  follows: 6379,
  linkUp: true,
};
const down: ServerStatus = { name: "c", port: 6381, up: false, role: "unknown", offset: 0 };
const sentinel = (name: string, primaryPort?: number, up = true) => ({ name, port: 26379, up, primaryPort });

test("the status on a screen", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  const status: GroupStatus = {
    servers: withLag([primary, replica, { ...replica, name: "d", linkUp: false, syncing: true }, down]),
    sentinels: [sentinel("s", 6379), sentinel("t", 6379), sentinel("u", undefined, false)],
    lastFailover: { at, from: 6380, to: 6379 },
  };
  const pids = new Map([
    ["a", 712],
    ["b", 20344],
  ]);
  assert.deepEqual(statusBlock(status, at + 5000, pids), [
    "server            pid  role        offset    lag",
    "127.0.0.1:6379    712  primary  1,234,567         1 replica in step",
    "127.0.0.1:6380  20344  replica  1,234,000  567 B  follows 6379",
    "127.0.0.1:6380         replica  1,234,000  567 B  copies the data of 6379",
    "127.0.0.1:6381         down                       does not answer",
    "",
    "Sentinels: 2 of 3 answer, all take 6379 for the primary",
    "Last failover: 6380 -> 6379 at 03:04:05 (5 s ago)",
  ]);
});

test("only changes make a line", () => {
  const before: GroupStatus = { servers: [primary, replica], sentinels: [sentinel("s", 6379)] };
  assert.deepEqual(statusChanges(undefined, before), [
    "127.0.0.1:6379 is the primary",
    "127.0.0.1:6380 is a replica of 6379",
    "Sentinel 127.0.0.1:26379 takes 6379 for the primary",
  ]);
  assert.deepEqual(statusChanges(before, { ...before, servers: [{ ...primary, offset: 9e6 }, replica] }), []);
  const after: GroupStatus = {
    servers: [
      { ...down, name: "a", port: 6379 },
      { ...primary, name: "b", port: 6380 },
    ],
    sentinels: [sentinel("s", 6380)],
  };
  assert.deepEqual(statusChanges(before, after), [
    "127.0.0.1:6379 does not answer",
    "127.0.0.1:6380 is the primary",
    "Sentinel 127.0.0.1:26379 takes 6380 for the primary",
  ]);
});

test("a cluster on a screen: by shards, whether it serves, and who took whose place", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  const slots = { serves: true, offset: 7 };
  const before: GroupStatus = {
    servers: withLag([
      { ...primary, ...slots, port: 7000, slots: "8192-16383" },
      { ...primary, ...slots, name: "b", port: 7001, slots: "0-8191" },
      { ...replica, ...slots, name: "c", port: 7002, follows: 7000 },
    ]),
    sentinels: [],
  };
  assert.deepEqual(statusBlock(before, at, new Map()), [
    "server          pid  role     offset  lag",
    "127.0.0.1:7001       primary       7       slots 0-8191, 0 replicas in step",
    "127.0.0.1:7000       primary       7       slots 8192-16383, 1 replica in step",
    "127.0.0.1:7002       replica       7  0 B  follows 7000",
    "",
    "Cluster: 3 of 3 nodes answer; all serve; 16,384 of 16,384 slots on 2 shards; without a replica in step: 7001",
    "Last failover: none yet",
  ]);
  const [first, second, third] = before.servers as [ServerStatus, ServerStatus, ServerStatus];
  const away = { ...first, up: false, role: "unknown", serves: undefined, slots: undefined } as const;
  const failed = { ...second, serves: false };
  const after: GroupStatus = {
    servers: [away, failed, { ...third, role: "primary", slots: "8192-16383" }],
    sentinels: [],
  };
  assert.deepEqual(findFailover(before, after, at), { at, from: 7000, to: 7002 });
  assert.equal(findFailover(after, after, at), undefined);
  const lines = statusBlock({ ...after, lastFailover: { at, from: 7000, to: 7002 } }, at + 1000, new Map());
  assert.equal(
    lines.at(-2),
    "Cluster: 2 of 3 nodes answer; 1 of them take the cluster for down; 16,384 of 16,384 slots on 2 shards; " +
      "without a replica in step: 7001, 7002",
  );
  assert.equal(lines.at(-1), "Last failover: 7000 -> 7002 at 03:04:05 (1 s ago)");
  assert.deepEqual(statusChanges(before, after), [
    "127.0.0.1:7000 does not answer",
    "127.0.0.1:7001 is a primary, slots 0-8191; takes the cluster for down",
    "127.0.0.1:7002 is a primary, slots 8192-16383",
  ]);
});

test("a server's status is taken from INFO", () => {
  const node = { name: "n", port: 1 } as GroupFile["nodes"][number];
  const info = (fields: Record<string, string>) => serverStatus(node, new Map(Object.entries(fields)));
  assert.equal(info({ role: "master", master_repl_offset: "42" }).offset, 42);
  const fields = {
    role: "slave",
    master_port: "7",
    master_link_status: "down",
    master_sync_in_progress: "1",
    slave_repl_offset: "5",
  };
  assert.deepEqual(info(fields), {
    name: "n",
    port: 1,
    up: true,
    role: "replica",
    offset: 5,
    follows: 7,
    linkUp: false,
    syncing: true,
  });
  assert.deepEqual(parseSwitch("mymaster 127.0.0.1 6379 127.0.0.1 6380", 5), { at: 5, from: 6379, to: 6380 });
  assert.equal(parseSwitch("mymaster", 5), undefined);
});

test("how to connect, and how to break it", () => {
  const node = (kind: "server" | "sentinel", port: number) => ({
    kind,
    host: "127.0.0.1",
    port,
    process: { pid: port * 2 },
  });
  const group = {
    kind: "sentinel",
    engine: "nines",
    masterName: "mymaster",
    nodes: [node("server", 6379), node("sentinel", 26379)],
  };
  const lines = howToConnect(group as unknown as GroupFile).join("\n");
  assert.match(lines, /redis-cli -p 26379 sentinel get-master-addr-by-name mymaster/);
  assert.match(lines, /new Redis\(\{ sentinels: \[\{ host: "127.0.0.1", port: 26379 \}\], name: "mymaster"/);
  assert.match(lines, /Sentinel\(\[\("127.0.0.1", 26379\)\].*\.master_for\("mymaster"\)/);
  assert.match(
    howToBreak(group as unknown as GroupFile, "x", "npx nines").join(),
    /kill -9 12758.*npx nines drill kill --dir x/,
  );
  const plain = howToConnect({ ...group, kind: "replication", nodes: group.nodes.slice(0, 1) } as unknown as GroupFile);
  assert.match(plain.join("\n"), /redis-cli -p 6379\n.*new Redis\(6379, "127.0.0.1"\)/);
  // What is pasted into a shell survives blanks in a folder's name.
  const tls = { ca: "/it's here/ca.crt", certificate: "/a b/c", key: "/k" };
  const secured = howToConnect({ ...group, tls } as unknown as GroupFile).join("\n");
  assert.ok(secured.includes("redis-cli --tls --cacert '/it'\\''s here/ca.crt' --cert '/a b/c' --key /k -p"), secured);
  assert.match(howToBreak(group as unknown as GroupFile, "a b", "npx nines").join(), /--dir 'a b'$/);
});

test("a drill's report", () => {
  const result: DrillResult = {
    fault: "kill",
    engine: "nines",
    oldPrimaryPort: 6379,
    servers: 3,
    sentinels: 3,
    writers: 10,
    durationMs: 9000,
    verdict: {
      good: false,
      problems: ["12 acknowledged writes lost"],
      writeGapMs: { median: 412, worst: 1430 },
      promotionMs: 350,
      acknowledged: 23412,
      lost: 12,
      lostExamples: [],
      acknowledgedByOldPrimary: 0,
      errors: { sentinel: {}, direct: { refused: 1320, READONLY: 2 } },
      oldPrimaryReplicaAfterMs: 340,
      failovers: 1,
      newPrimaryPort: 6380,
      sentinelsAgree: true,
      sameData: true,
      keys: 23400,
    },
  };
  assert.deepEqual(drillReport(result), [
    "drill kill on nines, 3 servers, 3 Sentinels",
    "",
    "  write gap      412 ms without a write (median of the clients; worst 1,430 ms)",
    "  promotion      350 ms after the fault",
    "  failovers      1: 6379 -> 6380",
    "  acknowledged   23,412 writes, 12 lost",
    "  two primaries  never: the old primary acknowledged nothing after the promotion",
    "  old primary    a replica 340 ms after its return",
    "  same data      yes, on 3 servers (23,400 keys)",
    "  errors         none",
    "                 1,320 refused, 2 READONLY for the clients that never leave 6379",
    "",
    "verdict: bad",
    "  - 12 acknowledged writes lost",
  ]);
  const good = { ...result, verdict: { ...result.verdict, good: true, problems: [], acknowledgedByOldPrimary: 3 } };
  assert.deepEqual(drillReport(good).slice(-1), ["verdict: good"]);
  assert.deepEqual(roundLine(3, result), [
    "  3  bad   gap 412 ms, promotion 350 ms, 23,412 acknowledged, 12 lost, 0 by the old primary, a replica after 340 ms",
    "     - 12 acknowledged writes lost",
  ]);
  assert.deepEqual(roundsSummary([result, good]), [
    "1 of 2 good",
    "write gap: median 412 ms, worst 412 ms",
    "46,824 writes acknowledged, 24 lost, 3 acknowledged by an old primary after the promotion",
  ]);
  assert.match(drillReport(good).join("\n"), /the old one acknowledged 3 writes after the promotion/);
});
