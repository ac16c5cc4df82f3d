/** A lab over TLS: it comes up whole, is watched and drilled, and what `up` prints lets one in. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { howToConnect } from "../../src/cli/group-text.ts";
import { runDrill } from "../../src/lab/drill/drill.ts";
import { Group } from "../../src/lab/group.ts";
import { readGroupFile } from "../../src/lab/group-file.ts";
import { Watch } from "../../src/lab/watch.ts";
import { needs } from "../lab/peers.ts";
import { realWorld, self, temporaryFolder } from "../lab/world.ts";
import { needsRedisCli } from "../peers.ts";
import { groupPort } from "../ports.ts";

const run = promisify(execFile);
const world = realWorld();

for (const engine of ["redis-server", "nines"] as const) {
  test(`a Sentinel group of ${engine}`, { ...needs("redis-server"), timeout: 60_000 }, async (t) => {
    const folder = temporaryFolder(t);
    const port = groupPort();
    const group = await Group.start(world, { kind: "sentinel", engine, folder, self, port, replicas: 1, tls: true });
    t.after(() => group.stop());
    assert.deepEqual(readGroupFile(world.io.disk, folder), group.file);
    const watch = new Watch(world.io, group.file);
    t.after(() => watch.stop());
    const { servers, sentinels } = await watch.look();
    assert.deepEqual(
      servers.map(({ role }) => role),
      ["primary", "replica"],
    );
    assert.deepEqual(
      sentinels.map(({ primaryPort }) => primaryPort),
      [port, port, port],
    );
    const shell = howToConnect(group.file)
      .find((line) => line.includes("shell"))!
      .replace(/^\s*shell\s*/, "");
    assert.equal((await run("sh", ["-c", `${shell} set k v`])).stdout, "OK\n");
    await assert.rejects(run("redis-cli", ["-p", `${port}`, "ping"]));
    // What a drill says of redis-server is told in docs/drills.md; it takes its time.
    if (engine !== "nines") return;
    const { verdict } = await runDrill(world, { fault: "switchover", folder, limitMs: 10_000 });
    assert.equal(verdict.newPrimaryPort, port + 1);
    assert.ok(verdict.acknowledged > 100);
  });
}

test("a cluster of ours", { timeout: 40_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const group = await Group.start(world, {
    kind: "cluster",
    engine: "nines",
    folder,
    self,
    port: groupPort(),
    replicas: 0,
    tls: true,
  });
  t.after(() => group.stop());
  const shell = howToConnect(group.file)
    .find((line) => line.includes("shell"))!
    .replace(/^\s*shell\s*/, "");
  const { ca, certificate, key: ownKey } = group.file.tls!;
  const flags = ["--tls", "--cacert", ca, "--cert", certificate, "--key", ownKey];
  const check = await run(self.command, [...self.args, "cluster", "check", `${group.file.nodes[0]!.port}`, ...flags]);
  assert.match(check.stdout, /16384|16,384/);
  const { skip } = needsRedisCli();
  if (skip !== undefined) return t.diagnostic(skip);
  for (const key of ["a", "b", "c", "d"])
    assert.equal((await run("sh", ["-c", `${shell} set ${key} v`])).stdout, "OK\n");
});
