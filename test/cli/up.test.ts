import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { NodeDisk } from "../../src/io/node-disk.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { readGroupFile } from "../../src/lab/group-file.ts";
import { needs } from "../lab/peers.ts";
import { self, temporaryFolder } from "../lab/world.ts";
import { groupPort } from "../ports.ts";

/** `nines up ...` as a child, and what it prints. */
function nines(...words: string[]): { child: ChildProcess; said(what: RegExp): Promise<string>; all(): string } {
  const child = spawn(self.command, [...self.args, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk) => {
      output += chunk;
      for (const look of waiting) look();
    });
  }
  const said = (what: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => what.test(output) && resolve(output);
      waiting.push(look);
      child.on("exit", () => reject(new Error(`ended without saying ${what}: ${output}`)));
      look();
    });
  return { child, said, all: () => output };
}

test("nines up: says what runs, ends everything on Ctrl-C, exit code 0", {
  ...needs("redis-server"),
  timeout: 30_000,
}, async (t) => {
  const dir = join(temporaryFolder(t), "deep/state");
  const run = nines(
    "up",
    "sentinel",
    "--engine",
    "redis-server",
    "--port",
    `${groupPort()}`,
    "--dir",
    dir,
    "--replicas",
    "1",
  );
  t.after(() => run.child.kill("SIGKILL"));
  const text = await run.said(/Sentinel 127\.0\.0\.1:\d+ takes \d+ for the primary/);
  assert.match(text, /redis-server: a Sentinel group/);
  assert.match(text, /Ctrl-C ends it/);
  const group = readGroupFile(new NodeDisk(), dir)!;
  assert.equal(group.nodes.length, 5);
  const processes = new NodeProcesses();
  for (const node of group.nodes) assert.equal(processes.isAlive(node.process), true);
  run.child.kill("SIGINT");
  const [code] = await once(run.child, "exit");
  assert.equal(code, 0, run.all());
  for (const node of group.nodes) assert.equal(processes.isAlive(node.process), false, node.name);
  assert.match(run.all(), /all nodes have ended\n$/);
});

test("nines up: Ctrl-C while it starts leaves nothing", { ...needs("redis-server"), timeout: 30_000 }, async (t) => {
  const dir = temporaryFolder(t);
  const run = nines("up", "sentinel", "--engine", "redis-server", "--port", `${groupPort()}`, "--dir", dir);
  t.after(() => run.child.kill("SIGKILL"));
  await run.said(/starting/);
  run.child.kill("SIGINT");
  await once(run.child, "exit");
  assert.equal(readGroupFile(new NodeDisk(), dir), undefined);
});

test("nines up: an engine that is not there is an error, exit code 1", async (t) => {
  const dir = temporaryFolder(t);
  const env = { ...process.env, PATH: "/nonexistent" };
  const words = [
    ...self.args,
    "up",
    "replication",
    "--engine",
    "valkey-server",
    "--port",
    `${groupPort()}`,
    "--dir",
    dir,
  ];
  const child = spawn(self.command, words, { stdio: ["ignore", "ignore", "pipe"], env });
  let error = "";
  child.stderr.on("data", (chunk) => (error += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(error, /valkey-server is not installed/);
});
