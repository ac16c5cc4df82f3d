/** `nines server` that cannot start says why in words, without a stack, and ends with exit code 1. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { self } from "../lab/world.ts";

const cases: [words: string[], said: RegExp][] = [
  [["/nonexistent.conf"], /can't open config file '\/nonexistent\.conf': No such file/],
  [["/tmp"], /can't open config file '\/tmp': EISDIR/],
  [["--dir", "/nonexistent"], /'?\/nonexistent'?.*(ENOENT|No such file)/s],
  [["--dir", "/etc/passwd"], /'?\/etc\/passwd'?.*(ENOTDIR|Not a directory)/s],
  [
    ["--logfile", "/nonexistent/log"],
    /FATAL CONFIG FILE ERROR.*\nCan't open the log file: No such file or directory\n/,
  ],
  [["--logfile", "/tmp"], /Can't open the log file: Is a directory/],
  [["--port", "abc"], /port "abc"/],
  [["-", "--daemonize", "yes"], /a configuration that comes from stdin cannot be read a second time/],
];
for (const [words, said] of cases) {
  test(`nines server ${words.join(" ")}`, () => {
    const options = { encoding: "utf8", input: "", timeout: 10_000 } as const;
    const { status, stderr } = spawnSync(self.command, [...self.args, "server", ...words], options);
    assert.equal(status, 1);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  });
}
