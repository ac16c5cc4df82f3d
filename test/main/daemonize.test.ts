import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Ends } from "../ends.ts";
import { self } from "../lab/world.ts";
import { freePort } from "../ports.ts";
import { until } from "../until.ts";

test("a daemon finds its file where the command line was given, whatever `dir` says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-daemon-"));
  mkdirSync(join(folder, "data"));
  const lines = ["daemonize yes", `port ${await freePort()}`, "dir data", "logfile nines.log", "pidfile nines.pid"];
  writeFileSync(join(folder, "nines.conf"), `${lines.join("\n")}\n`);
  const log = () => {
    try {
      return readFileSync(join(folder, "data", "nines.log"), "utf8");
    } catch {
      return "";
    }
  };
  try {
    const { status, stderr } = spawnSync(self.command, [...self.args, "server", "nines.conf"], { cwd: folder });
    assert.equal(status, 0, stderr.toString());
    await until("it to serve", () => /Ready to accept connections tcp/.test(log()));
  } finally {
    await using ends = new Ends();
    ends.add(() => rmSync(folder, { recursive: true, force: true }));
    const pid = /PID: (\d+)/.exec(log())?.[1];
    if (pid !== undefined) {
      process.kill(Number(pid), "SIGTERM");
      await until("it to end", () => /bye bye/.test(log()));
    }
  }
});
