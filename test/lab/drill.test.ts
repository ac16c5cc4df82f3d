import assert from "node:assert/strict";
import { test } from "node:test";
import { RedisConnection } from "../../src/client/connection.ts";
import { runDrill } from "../../src/lab/drill/drill.ts";
import { readNodeData } from "../../src/lab/drill/node-data.ts";
import { Group } from "../../src/lab/group.ts";
import { readGroupFile } from "../../src/lab/group-file.ts";
import { eventually } from "../../src/lab/world.ts";
import { groupPort } from "../ports.ts";
import { needs } from "./peers.ts";
import { realWorld, self, temporaryFolder } from "./world.ts";

const world = realWorld();
const { clock, disk } = world.io;

test("a drill on real servers: kills, restarts, measures, leaves no key behind", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const group = await Group.start(world, { kind: "sentinel", engine: "redis-server", folder, self, port: groupPort() });
  t.after(() => group.stop());
  const progress: string[] = [];
  // redis-sentinel takes some 10 s to make the old primary a replica: more than this test waits.
  const options = { fault: "kill", folder, limitMs: 6000, onProgress: (text: string) => progress.push(text) } as const;
  const { verdict, oldPrimaryPort } = await runDrill(world, options);
  assert.ok(verdict.promotionMs! > 500 && verdict.promotionMs! < 5000, `${verdict.promotionMs}`);
  assert.ok(verdict.writeGapMs.median >= verdict.promotionMs! && verdict.writeGapMs.median < 6000);
  assert.ok(verdict.acknowledged > 500);
  assert.ok(verdict.failovers >= 1);
  assert.notEqual(verdict.newPrimaryPort, oldPrimaryPort);
  assert.equal(verdict.good, verdict.problems.length === 0);
  assert.ok(progress.length >= 4, progress.join("; "));

  const file = readGroupFile(disk, folder)!;
  const restarted = file.nodes.find((node) => node.port === oldPrimaryPort)!;
  assert.notEqual(restarted.process.pid, group.file.nodes[0]!.process.pid);
  assert.equal(world.processes.isAlive(restarted.process), true);
  const primary = file.nodes.find((node) => node.port === verdict.newPrimaryPort)!;
  assert.equal((await readNodeData(world.io, primary)).keys, 0);
  await group.stop();
  assert.equal(world.processes.isAlive(restarted.process), false);
});

test("our own group passes its drills, one after the other", { timeout: 90_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const group = await Group.start(world, { kind: "sentinel", engine: "nines", folder, self, port: groupPort() });
  t.after(() => group.stop());
  for (const fault of ["switchover", "kill", "pause"] as const) {
    const { verdict } = await runDrill(world, { fault, folder });
    assert.deepEqual(verdict.problems, [], `${fault}: ${JSON.stringify(verdict)}`);
    assert.ok(verdict.acknowledged > 200);
  }
  const nodes = readGroupFile(disk, folder)!.nodes;
  await group.stop();
  for (const node of nodes) assert.equal(world.processes.isAlive(node.process), false, node.name);
});

test("a drill that is cut short mends what it broke", { ...needs("redis-server"), timeout: 30_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const group = await Group.start(world, { kind: "sentinel", engine: "redis-server", folder, self, port: groupPort() });
  t.after(() => group.stop());
  let paused = false;
  const onProgress = (text: string) => {
    if (text.includes("now: pause")) clock.after(200, () => (paused = true));
  };
  const cut = runDrill(world, { fault: "pause", folder, onProgress, cancelled: () => paused });
  await assert.rejects(cut, /interrupted/);
  const { host, port } = group.file.nodes[0]!;
  const answered = await eventually(clock, 2000, 50, async () => {
    const connection = new RedisConnection(world.io, { host, port }, { timeoutMs: 200 });
    const reply = await connection.call("PING").catch(() => undefined);
    connection.close();
    return reply;
  });
  assert.equal(answered, "PONG");
});

test("no group, or one without Sentinels, is told so", { ...needs("redis-server"), timeout: 20_000 }, async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(runDrill(world, { fault: "kill", folder }), /no group is running in .*nines up sentinel/);
  const options = {
    kind: "replication",
    engine: "redis-server",
    replicas: 1,
    folder,
    self,
    port: groupPort(),
  } as const;
  const group = await Group.start(world, options);
  t.after(() => group.stop());
  await assert.rejects(runDrill(world, { fault: "kill", folder }), /has no Sentinels/);
});

test("data are compared key by key where DEBUG is not allowed", {
  ...needs("redis-server"),
  timeout: 20_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const options = {
    kind: "replication",
    engine: "redis-server",
    replicas: 1,
    folder,
    self,
    port: groupPort(),
  } as const;
  const group = await Group.start(world, options);
  t.after(() => group.stop());
  const [primary, replica] = group.file.nodes as [(typeof group.file.nodes)[0], (typeof group.file.nodes)[0]];
  const open = (node: typeof primary) => RedisConnection.open(world.io, { host: node.host, port: node.port });
  const [onPrimary, onReplica] = await Promise.all([open(primary), open(replica)]);
  t.after(() => [onPrimary, onReplica].map((connection) => connection.close()));
  for (let i = 0; i < 2500; i++) onPrimary.request(["SET", `key:${i}`, `value:${i * i}`], () => {});
  await onPrimary.call("RPUSH", "list", "a", "b");
  await onPrimary.call("WAIT", 1, 2000);
  const both = () => Promise.all([readNodeData(world.io, primary), readNodeData(world.io, replica)]);
  const [byDebug] = await both();
  for (const node of [onPrimary, onReplica]) await node.call("ACL", "SETUSER", "default", "-debug");
  const [a, b] = await both();
  assert.equal(a.keys, 2501);
  assert.notEqual(a.digest, byDebug.digest);
  assert.equal(a.digest, b.digest);
  await onReplica.call("CONFIG", "SET", "replica-read-only", "no");
  await onReplica.call("SET", "key:7", "value:50");
  const [, changed] = await both();
  assert.equal(changed.keys, 2501);
  assert.notEqual(changed.digest, a.digest);
});
