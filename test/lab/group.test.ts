import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Exit } from "../../src/io/processes.ts";
import { Group } from "../../src/lab/group.ts";
import { type GroupFile, type NodeFile, readGroupFile, withProcess, writeGroupFile } from "../../src/lab/group-file.ts";
import type { Failover } from "../../src/lab/status.ts";
import { Watch } from "../../src/lab/watch.ts";
import { eventually } from "../../src/lab/world.ts";
import { groupPort } from "../ports.ts";
import { needs } from "./peers.ts";
import { realWorld, self, temporaryFolder } from "./world.ts";

const world = realWorld();
const { clock, disk } = world.io;

function assertAllGone(group: GroupFile): void {
  for (const node of group.nodes) assert.equal(world.processes.isAlive(node.process), false, `${node.name} lives on`);
}

test("a Sentinel group of real servers: comes up whole, survives its primary, ends without leftovers", {
  ...needs("redis-server"),
  timeout: 40_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const crashes: [NodeFile, Exit][] = [];
  const group = await Group.start(world, {
    kind: "sentinel",
    engine: "redis-server",
    folder,
    self,
    port: groupPort(),
    onCrash: (node, exit) => crashes.push([node, exit]),
  });
  t.after(() => group.stop());
  const file = readGroupFile(disk, folder)!;
  assert.deepEqual(file, group.file);
  assert.deepEqual(
    file.nodes.map((node) => node.kind),
    ["server", "server", "server", "sentinel", "sentinel", "sentinel"],
  );
  for (const node of file.nodes) assert.ok(existsSync(node.logPath), node.logPath);

  const failovers: Failover[] = [];
  const watch = new Watch(world.io, file, (failover) => failovers.push(failover));
  t.after(() => watch.stop());
  const before = await watch.look();
  const [primary, ...replicas] = before.servers;
  assert.equal(primary!.role, "primary");
  for (const replica of replicas) {
    assert.equal(replica.role, "replica");
    assert.equal(replica.follows, primary!.port);
    assert.equal(replica.linkUp, true);
    assert.ok(replica.lagBytes! < 1000);
  }
  assert.deepEqual(
    before.sentinels.map((sentinel) => sentinel.primaryPort),
    [primary!.port, primary!.port, primary!.port],
  );

  world.processes.signal(file.nodes[0]!.process, "SIGKILL");
  const promoted = await eventually(clock, 15_000, 50, async () => {
    const status = await watch.look();
    const now = status.servers.find((server) => server.role === "primary");
    return now && status.sentinels.every((sentinel) => sentinel.primaryPort === now.port) ? now : undefined;
  });
  assert.ok(promoted && promoted.port !== primary!.port);
  assert.deepEqual(
    crashes.map(([node, exit]) => [node.port, exit.signal]),
    [[primary!.port, "SIGKILL"]],
  );
  assert.deepEqual(
    failovers.map(({ from, to }) => [from, to]),
    [[primary!.port, promoted.port]],
  );

  await group.stop();
  assertAllGone(file);
  assert.equal(readGroupFile(disk, folder), undefined);
  assert.equal(crashes.length, 1, "an end that was asked for is no crash");
});

test("taken ports are passed over; a second group in the same folder is refused; leftovers are ended", {
  ...needs("redis-server"),
  timeout: 30_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const port = groupPort();
  const taken = await world.io.net.listen({ host: "127.0.0.1", port }, () => {});
  t.after(() => taken.close());
  const options = { kind: "replication", engine: "redis-server", replicas: 1, folder, self, port } as const;
  const first = await Group.start(world, options);
  t.after(() => first.stop());
  assert.equal(
    first.file.nodes.some((node) => node.port === port),
    false,
  );
  await assert.rejects(Group.start(world, options), /is running in .* already/);

  // As after a SIGKILL of the supervisor: the nodes live on, the file names a process that is gone.
  const orphaned: GroupFile = { ...first.file, supervisor: { pid: process.pid, startTime: "1" } };
  writeFileSync(join(folder, "group.json"), JSON.stringify(orphaned));
  const stale = join(first.file.nodes[0]!.folder, "dump.rdb");
  writeFileSync(stale, "not a snapshot");
  const second = await Group.start(world, options);
  t.after(() => second.stop());
  assertAllGone(orphaned);
  assert.equal(existsSync(stale), false);
  await second.stop();
  assertAllGone(second.file);
});

test("a node that a drill has started again is ended too, even if group.json is gone by then", {
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
  const [primary] = group.file.nodes;
  world.processes.signal(primary!.process, "SIGKILL");
  const again = world.processes.spawn({ ...primary!.run, cwd: primary!.folder, detached: true });
  writeGroupFile(disk, folder, withProcess(group.file, primary!.name, again.id));
  assert.equal(group.pids().get(primary!.name), again.id.pid);
  rmSync(join(folder, "group.json"));
  await group.stop();
  assert.equal(world.processes.isAlive(again.id), false);
  assertAllGone(group.file);
});

const broken: [script: string, message: RegExp][] = [
  ["echo the reason; exit 3", /server-\d+ ended as soon as it was started \(exit code 3\): sh -c .*the reason$/s],
  ["kill -9 $$", /server-\d+ ended as soon as it was started \(killed by SIGKILL\)/],
];
for (const [script, message] of broken) {
  test(`a node that does not come up is named, with the end of its log: ${script}`, async (t) => {
    const folder = temporaryFolder(t);
    const sh = { command: "sh", args: ["-c", script] };
    const options = { kind: "replication", engine: "nines", folder, self: sh, port: groupPort() } as const;
    await assert.rejects(Group.start(world, options), message);
    assert.equal(readGroupFile(disk, folder), undefined);
  });
}

test("an engine that is not installed is named", async (t) => {
  const folder = temporaryFolder(t);
  const options = {
    kind: "replication",
    engine: "no-such-server" as "nines",
    folder,
    self,
    port: groupPort(),
  } as const;
  await assert.rejects(Group.start(world, options), /no-such-server is not installed/);
});

test("a damaged group.json is not mistaken for none", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "group.json"), "{");
  assert.throws(() => readGroupFile(disk, folder), /is damaged/);
  assert.equal(readFileSync(join(folder, "group.json"), "utf8"), "{");
});

for (const engine of ["nines", "redis-server"] as const) {
  test(`a cluster of ${engine}: comes up whole, and its status tells who has which slots`, {
    ...(engine === "nines" ? {} : needs("redis-server")),
    timeout: 60_000,
  }, async (t) => {
    const folder = temporaryFolder(t);
    const options = { kind: "cluster", engine, folder, self, shards: 3, replicas: 1, port: groupPort() } as const;
    const group = await Group.start(world, options);
    t.after(() => group.stop());
    const watch = new Watch(world.io, group.file);
    t.after(() => watch.stop());
    const { servers, sentinels } = await watch.look();
    assert.deepEqual(sentinels, []);
    assert.deepEqual(
      servers.map(({ role, slots, linkUp }) => slots ?? `${role}, ${linkUp}`),
      ["0-5460", "5461-10922", "10923-16383", "replica, true", "replica, true", "replica, true"],
    );
  });
}
