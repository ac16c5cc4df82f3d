import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { VERSION } from "../../src/base/version.ts";
import { buildProgram, type DrillFlags, type UpFlags } from "../../src/cli/program.ts";

/** What the words after `nines` come to: the calls made, or the error shown. */
async function run(...words: string[]): Promise<unknown> {
  const calls: unknown[] = [];
  let shown = "";
  const program = buildProgram(
    async (kind: string, flags: UpFlags) => void calls.push(["up", kind, flags]),
    async (fault: string, flags: DrillFlags) => void calls.push(["drill", fault, flags]),
  );
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({ writeErr: (text) => (shown += text), writeOut: (text) => (shown += text) });
  }
  await program.parseAsync(["node", "nines", ...words]).catch(() => {});
  return calls[0] ?? shown.split("\n")[0];
}

const dir = resolve(".nines");
const defaults = { engine: "nines", shards: 3, sentinels: 3, dir };
const cases: [words: string, outcome: unknown][] = [
  ["up sentinel", ["up", "sentinel", defaults]],
  [
    "up replication --engine redis-server --port 7000",
    ["up", "replication", { ...defaults, engine: "redis-server", port: 7000 }],
  ],
  [
    "up sentinel --replicas 1 --sentinels 5 --dir /tmp/x",
    ["up", "sentinel", { ...defaults, replicas: 1, sentinels: 5, dir: "/tmp/x" }],
  ],
  ["up cluster --shards 4 --replicas 0", ["up", "cluster", { ...defaults, shards: 4, replicas: 0 }]],
  ["up ring", "error: 'ring' is not one of: replication, sentinel, cluster"],
  [
    "up sentinel --engine mysql",
    "error: option '--engine <engine>' argument 'mysql' is invalid. Allowed choices are nines, redis-server, valkey-server.",
  ],
  [
    "up sentinel --replicas 1.5",
    "error: option '--replicas <n>' argument '1.5' is invalid. A whole number from 0 to 20 is expected.",
  ],
  [
    "up sentinel --sentinels 0",
    "error: option '--sentinels <n>' argument '0' is invalid. A whole number from 1 to 9 is expected.",
  ],
  ["up", "error: missing required argument 'topology'"],
  ["drill kill", ["drill", "kill", { rounds: 1, seconds: 30, dir }]],
  ["drill pause --json --rounds 10 --seconds 60", ["drill", "pause", { json: true, rounds: 10, seconds: 60, dir }]],
  ["drill explode", "error: 'explode' is not one of: kill, pause, switchover"],
  ["dril kill", "error: unknown command 'dril'"],
  ["--version", VERSION],
];
for (const [words, outcome] of cases)
  test(`nines ${words}`, async () => assert.deepEqual(await run(...words.split(" ")), outcome));

test("the version is package.json's", () => {
  assert.equal(JSON.parse(readFileSync("package.json", "utf8")).version, VERSION);
});
