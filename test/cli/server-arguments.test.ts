import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerArguments } from "../../src/cli/server-arguments.ts";

const runs: [
  given: string[],
  expected: { configFile?: string; readStdin?: boolean; configText?: string; sentinel?: boolean },
][] = [
  [[], {}],
  [["redis.conf"], { configFile: "redis.conf" }],
  [["--port", "7000"], { configText: 'port "7000"\n' }],
  [["--port 7000"], { configText: "port 7000\n" }],
  [
    ["a.conf", "--port", "7000", "--loglevel", "debug"],
    { configFile: "a.conf", configText: 'port "7000"\nloglevel "debug"\n' },
  ],
  [["--port", "7000", "--save", ""], { configText: 'port "7000"\nsave ""\n' }],
  [["--save", "--port", "7000"], { configText: 'save ""\nport "7000"\n' }],
  [["--port", "7000", "--save"], { configText: 'port "7000"\nsave ""\n' }],
  [["--save", "900", "1"], { configText: 'save "900" "1"\n' }],
  [["--save", "900 1"], { configText: 'save "900 1"\n' }],
  [["--replicaof", "127.0.0.1", "6379"], { configText: 'replicaof "127.0.0.1" "6379"\n' }],
  [["--masterauth", "--secret"], { configText: 'masterauth "--secret"\n' }],
  [["--masterauth", "--secret", "--port", "1"], { configText: 'masterauth "--secret"\nport "1"\n' }],
  [["--requirepass", 'a"b c'], { configText: 'requirepass "a\\"b c"\n' }],
  [["--requirepass", "ü"], { configText: 'requirepass "\\xc3\\xbc"\n' }],
  [["-"], { readStdin: true }],
  [["-", "--port", "1"], { readStdin: true, configText: 'port "1"\n' }],
  [["a.conf", "--port", "1", "-"], { configFile: "a.conf", readStdin: true, configText: 'port "1"\n' }],
  [["--sentinel", "--port", "1"], { sentinel: true, configText: 'sentinel\nport "1"\n' }],
  [["s.conf", "--sentinel"], { sentinel: true, configFile: "s.conf", configText: "sentinel\n" }],
  [["--port", "7000", "--"], { configText: 'port "7000"\n\n' }],
];

for (const [given, expected] of runs) {
  test(given.join(" ") || "(nothing)", () => {
    const wanted = {
      action: "run",
      configFile: undefined,
      readStdin: false,
      configText: "",
      sentinel: false,
      ...expected,
    };
    assert.deepEqual(parseServerArguments(given), wanted);
  });
}

test("words that do something else than start a server", () => {
  assert.deepEqual(parseServerArguments(["-v"]), { action: "version" });
  assert.deepEqual(parseServerArguments(["--version"]), { action: "version" });
  assert.deepEqual(parseServerArguments(["-h"]), { action: "help" });
  assert.deepEqual(parseServerArguments(["--help"]), { action: "help" });
  assert.equal(parseServerArguments(["--test-memory", "1"]).action, "refuse");
});
