/** Scripts as real processes. */
import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { ScriptRunner } from "../../src/sentinel/script-runner.ts";
import { ScriptQueue } from "../../src/sentinel/scripts.ts";
import { defaultTimings, type Timings } from "../../src/sentinel/settings.ts";
import { until } from "../until.ts";

async function withRunner(
  timings: Partial<Timings>,
  work: (tools: {
    run(...lines: string[]): string;
    queue: ScriptQueue;
    events: string[];
    runner: ScriptRunner;
  }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nines-scripts-"));
  const queue = new ScriptQueue();
  const events: string[] = [];
  const runner = new ScriptRunner({
    queue,
    processes: new NodeProcesses(),
    clock: nodeIo().clock,
    timings: { ...defaultTimings(), ...timings },
    tell: ({ name, text }) => events.push(`${name} ${text}`),
  });
  let count = 0;
  const run = (...lines: string[]) => {
    const path = join(folder, `script-${++count}`);
    writeFileSync(path, `#!/bin/sh\n${lines.join("\n").replaceAll("OUT", `${path}.out`)}\n`);
    chmodSync(path, 0o755);
    queue.add([path, "+event", "master mymaster"]);
    runner.run();
    return path;
  };
  try {
    await work({ run, queue, events, runner });
  } finally {
    runner.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a script gets its words, and no file descriptor of ours", { skip: process.platform !== "linux" }, async () => {
  await withRunner({}, async ({ run, queue }) => {
    const open = async () => {
      const path = run('echo "$1|$2" > OUT', "ls /proc/$$/fd >> OUT");
      await until("the script to end", async () => queue.jobs.length === 0);
      const [words, ...fds] = readFileSync(`${path}.out`, "utf8").trim().split("\n");
      assert.equal(words, "+event|master mymaster");
      return fds;
    };
    const before = await open();
    const held = [1, 2, 3].map(() => createServer().listen(0, "127.0.0.1"));
    const file = openSync("/dev/null", "r");
    try {
      assert.deepEqual(await open(), before, "what is opened meanwhile is not inherited");
    } finally {
      for (const server of held) server.close();
      closeSync(file);
    }
  });
});

test("one that exits with 1 is tried again, one that cannot be run is not", async () => {
  await withRunner({ scriptRetryDelayMs: 20 }, async ({ run, queue, events, runner }) => {
    const path = run("echo x >> OUT", 'test "$(wc -l < OUT)" -ge 2 || exit 1');
    await until("the second try", async () => {
      runner.run();
      return queue.jobs.length === 0;
    });
    assert.equal(readFileSync(`${path}.out`, "utf8"), "x\nx\n");
    queue.add(["/nowhere/script"]);
    runner.run();
    await until("the failure", async () => queue.jobs.length === 0);
    assert.ok(events.includes("-script-error /nowhere/script 0 2"));
  });
});

test("one that runs too long is killed, and tried again later", async () => {
  await withRunner({ scriptMaxRuntimeMs: 50 }, async ({ run, queue, events, runner }) => {
    const path = run("exec sleep 30");
    await until("the end of it", async () => {
      runner.run();
      return queue.jobs[0]?.running === false;
    });
    assert.ok(events.some((event) => event.startsWith(`-script-timeout ${path} `)));
    assert.equal(queue.jobs.length, 1);
  });
});
