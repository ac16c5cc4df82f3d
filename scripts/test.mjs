// Runs the tests: all of them, or the files given. The end-to-end ones run the built command, so that is built first.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
const given = process.argv.slice(2);
const files = given.length > 0 ? given : testFiles("test").sort();
// A file that hangs is ended, and has failed. The longest of them needs less than a minute where nobody else wants the machine.
const limit = "--test-timeout=300000";
const { status } = spawnSync(
  process.execPath,
  ["--import", "tsx", "--test", "--test-concurrency=2", limit, "--test-reporter=spec", ...files],
  { stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: "1" } },
);
process.exit(status ?? 1);
