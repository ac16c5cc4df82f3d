import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerLog } from "../../src/server/log.ts";

function logged(level: "debug" | "verbose" | "notice" | "warning", write: (log: ServerLog) => void): string[] {
  const lines: string[] = [];
  const now = new Date(2026, 10, 2, 3, 4, 5, 6).getTime();
  write(
    new ServerLog({ pid: 42, clock: { now: () => now }, role: () => "M", sink: (line) => lines.push(line), level }),
  );
  return lines;
}

test("a line has Redis' form", () => {
  const lines = logged("notice", (log) => log.notice("Ready to accept connections"));
  assert.deepEqual(lines, ["42:M 02 Nov 2026 03:04:05.006 * Ready to accept connections\n"]);
});

test("what is below the level is left out", () => {
  const all = (log: ServerLog) => {
    log.debug("d");
    log.verbose("v");
    log.notice("n");
    log.warning("w");
  };
  const marks = (level: "debug" | "verbose" | "notice" | "warning") =>
    logged(level, all).map((line) => line.trim().split(" ").slice(-2).join(" "));
  assert.deepEqual(marks("debug"), [". d", "- v", "* n", "# w"]);
  assert.deepEqual(marks("verbose"), ["- v", "* n", "# w"]);
  assert.deepEqual(marks("notice"), ["* n", "# w"]);
  assert.deepEqual(marks("warning"), ["# w"]);
});

test("a line is bounded", () => {
  const [line] = logged("notice", (log) => log.notice("x".repeat(100000)));
  assert.ok(line!.length < 9000);
});
