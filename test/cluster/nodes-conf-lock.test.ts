/** One nodes.conf, one node: a second process is refused, of whatever kind the first is, and nothing is left behind by a crash. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { needs } from "../lab/peers.ts";
import { self, temporaryFolder } from "../lab/world.ts";
import { freePort } from "../ports.ts";

const noFlock = spawnSync("flock", ["--version"]).error === undefined ? {} : { skip: "flock is not installed" };

async function words(folder: string): Promise<string[]> {
  const ports = ["--port", `${await freePort()}`, "--cluster-port", `${await freePort()}`];
  return [...ports, "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--cluster-enabled", "yes"];
}

async function start(t: TestContext, command: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(command, args);
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (;;) {
    const [chunk] = await Promise.race([once(child.stdout!, "data"), once(child, "exit").then(() => [null])]);
    if (chunk === null) throw new Error(output);
    output += chunk;
    if (output.includes("Ready to accept connections")) return child;
  }
}

const nines = async (folder: string) => [...self.args, "server", ...(await words(folder))];

/** Starts it where it cannot: what it says and ends with. */
async function refused(command: string, args: readonly string[]): Promise<{ status: number | null; output: string }> {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  return { status, output: stdout + stderr };
}

const ALREADY_USED =
  /Sorry, the cluster configuration file .*nodes\.conf is already used by a different Redis Cluster node/;

describe("nodes.conf", noFlock, () => {
  test("of a running node is refused to another; of one that was killed, it is free", async (t) => {
    const folder = temporaryFolder(t);
    const first = await start(t, self.command, await nines(folder));
    const kept = readFileSync(join(folder, "nodes.conf"), "latin1");
    const second = await refused(self.command, await nines(folder));
    assert.equal(second.status, 1);
    assert.match(second.output, ALREADY_USED);
    assert.equal(readFileSync(join(folder, "nodes.conf"), "latin1"), kept);
    first.kill("SIGKILL");
    await once(first, "exit");
    const third = await start(t, self.command, await nines(folder));
    assert.equal(readFileSync(join(folder, "nodes.conf"), "latin1").slice(0, 40), kept.slice(0, 40));
    third.kill("SIGTERM");
    await once(third, "exit");
  });

  test("of a running redis-server is refused to us", needs("redis-server"), async (t) => {
    const folder = temporaryFolder(t);
    await start(t, "redis-server", await words(folder));
    const ours = await refused(self.command, await nines(folder));
    assert.equal(ours.status, 1);
    assert.match(ours.output, ALREADY_USED);
  });

  test("that cannot be believed ends the start, as redis-server's", needs("redis-server"), async (t) => {
    const folder = temporaryFolder(t);
    const me = `${"a".repeat(40)} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected`;
    const files = [
      "garbage\n",
      `${me} 0-99999\nvars currentEpoch 1 lastVoteEpoch 0\n`,
      `${me.replace("127.0.0.1:7000@17000", "nowhere")}\n`,
      `${me} "0-5\n`,
    ];
    for (const text of files) {
      writeFileSync(join(folder, "nodes.conf"), text);
      for (const [command, args] of [
        [self.command, await nines(folder)],
        ["redis-server", await words(folder)],
      ] as const) {
        const { status, output } = await refused(command, args);
        assert.match(output, /Unrecoverable error: corrupted cluster config file/, `${command}: ${text}`);
        assert.equal(status, 1);
      }
      assert.equal(readFileSync(join(folder, "nodes.conf"), "latin1"), text);
    }
  });
});
