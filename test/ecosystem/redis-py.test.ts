/** redis-py, as applications use it. What is tried is in the Python files beside this one; each reports as one test. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { startSentinelGroup, startServer } from "../../src/main/index.ts";
import { needsRedisPy, PYTHON } from "../peers.ts";

function python(file: string, args: readonly (string | number)[]): { child: ChildProcess; output: () => string } {
  const child = spawn(PYTHON, [join(import.meta.dirname, file), ...args.map(String)], { timeout: 30_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return { child, output: () => output };
}

for (const [title, file] of [
  ["redis-py against one server", "redis_py_standalone.py"],
  ["redis-py and the types", "redis_py_types.py"],
] as const)
  test(title, { ...needsRedisPy(), timeout: 40_000 }, async () => {
    await using server = await startServer();
    const { child, output } = python(file, [server.port]);
    const [code] = await once(child, "close");
    assert.equal(code, 0, output());
    assert.match(output(), /^OK$/m);
  });

test("redis-py through Sentinels", { ...needsRedisPy(), timeout: 40_000 }, async () => {
  await using group = await startSentinelGroup();
  const old = group.primary;
  const ports = group.sentinels.map(({ port }) => port);
  const { child, output } = python("redis_py_sentinel.py", [group.name, ...ports]);
  child.stdout!.on("data", () => {
    if (output().includes("kill the primary") && old.state === "running") void old.kill();
  });
  const [code] = await once(child, "close");
  assert.equal(code, 0, output());
  assert.notEqual(group.primary.port, old.port);
});
