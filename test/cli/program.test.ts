import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { VERSION } from "../../src/base/version.ts";
import { buildProgram, type DrillFlags, type UpFlags } from "../../src/cli/program.ts";
import { self } from "../lab/world.ts";

/** What the words after `nines` come to: the calls made, or the error shown. */
async function run(...words: string[]): Promise<unknown> {
  const calls: unknown[] = [];
  let shown = "";
  const program = buildProgram(
    async (kind: string, flags: UpFlags) => void calls.push(["up", kind, flags]),
    async (fault: string, flags: DrillFlags) => void calls.push(["drill", fault, flags]),
    async ({ what, flags, ...words }) => void calls.push([what, ...Object.values(words), flags]),
  );
  const nested = program.commands.flatMap((command) => command.commands);
  for (const command of [program, ...program.commands, ...nested]) {
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
  ["up cluster --node-timeout 5000", ["up", "cluster", { ...defaults, nodeTimeout: 5000 }]],
  ["drill reshard", ["drill", "reshard", { rounds: 1, seconds: 30, dir }]],
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
  ["up sentinel --shards 5", "error: --shards is for `up cluster`, and would do nothing here"],
  ["up sentinel --node-timeout 5000", "error: --node-timeout is for `up cluster`, and would do nothing here"],
  ["up cluster --sentinels 3", "error: --sentinels is for `up sentinel`, and would do nothing here"],
  [
    "up sentinel --replicas 0x2",
    "error: option '--replicas <n>' argument '0x2' is invalid. A whole number from 0 to 20 is expected.",
  ],
  ["drill kill", ["drill", "kill", { rounds: 1, seconds: 30, dir }]],
  ["drill pause --json --rounds 10 --seconds 60", ["drill", "pause", { json: true, rounds: 10, seconds: 60, dir }]],
  ["drill explode", "error: 'explode' is not one of: kill, pause, switchover, reshard"],
  ["cluster create 7000 b:7001 c:7002", ["create", ["7000", "b:7001", "c:7002"], { replicas: 0 }]],
  ["cluster info 7000 --json", ["check", "7000", { json: true }]],
  ["cluster fix 7000 --yes --user u --password p", ["fix", "7000", { yes: true, user: "u", password: "p" }]],
  [
    "cluster reshard 7000 --to 7001 --from 7002,7003 --slots 10 --batch 5",
    ["reshard", "7000", { to: "7001", from: "7002,7003", slots: 10, batch: 5 }],
  ],
  ["cluster reshard 7000 --slots 10", "error: required option '--to <node>' not specified"],
  [
    "cluster rebalance 7000 --weight a:1=2,b:1=0 --weight c:1=1.5 --dry-run",
    ["rebalance", "7000", { weight: { "a:1": 2, "b:1": 0, "c:1": 1.5 }, dryRun: true, threshold: 2 }],
  ],
  [
    "cluster rebalance 7000 --weight x",
    "error: option '--weight <node=weight>' argument 'x' is invalid. A node, =, and a number from 0 on are expected.",
  ],
  ["cluster add-node 7006 7000 --of 7001", ["add-node", "7006", "7000", { of: "7001" }]],
  ["cluster del-node 7000 7006 --drain", ["del-node", "7000", "7006", { drain: true }]],
  ["cluster fly 7000", "error: unknown command 'fly'"],
  ["dril kill", "error: unknown command 'dril'"],
  ["--version", VERSION],
];
for (const [words, outcome] of cases)
  test(`nines ${words}`, async () => assert.deepEqual(await run(...words.split(" ")), outcome));

for (const [words, code] of [
  ["--help", 0],
  ["--version", 0],
  ["drill explode", 2],
  ["cluster check", 2],
  ["cluster check 1 --bogus", 2],
  ["cluster reshard 1 --to 2 --slots none", 2],
] as const) {
  test(`exit code of nines ${words}`, () => {
    const { command, args } = self;
    const { status, stderr } = spawnSync(command, [...args, ...words.split(" ")], { encoding: "utf8" });
    assert.equal(status, code);
    if (code !== 0) assert.match(stderr, /^error: [^\n]+\n\(--help lists what there is\)\n$/);
  });
}

test("the version is package.json's", () => {
  assert.equal(JSON.parse(readFileSync("package.json", "utf8")).version, VERSION);
});
