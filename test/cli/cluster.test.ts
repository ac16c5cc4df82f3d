/** `nines cluster` as it is typed: what it says, what it asks, how it ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { self } from "../lab/world.ts";
import { Nodes } from "../manage/nodes.ts";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function nines(env: Record<string, string>, ...words: (string | number)[]): Promise<Ended> {
  const child = spawn(self.command, [...self.args, "cluster", ...words.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("nines cluster: make one of nodes with a password, look at it, change it, break it, mend it", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async () => {
  await using nodes = await Nodes.start(
    ["nines", "redis", "nines", "nines"],
    ["--requirepass", "secret", "--masterauth", "secret"],
  );
  const [a, b, c, d] = nodes.all.map((node) => node.port) as [number, number, number, number];
  const env = { REDISCLI_AUTH: "secret" };
  const run = (...words: (string | number)[]) => nines(env, ...words);

  const asked = await run("create", a, b, c);
  assert.equal(asked.code, 2);
  assert.match(asked.out, /A cluster of 3 primaries/);
  assert.match(asked.err, /nobody to ask, so say --yes/);
  const dry = await run("create", a, b, c, "--dry-run");
  assert.deepEqual([dry.code, /Nothing was done/.test(dry.out)], [0, true]);
  const made = await run("create", a, b, c, "--yes");
  assert.equal(made.code, 0, made.out + made.err);
  assert.match(made.out, /The cluster is sound/);

  const refused = await nines({ REDISCLI_AUTH: "" }, "check", a);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /NOAUTH|refused/);
  const checked = await run("check", b, "--json");
  const cluster = JSON.parse(checked.out);
  assert.deepEqual([checked.code, cluster.sound, cluster.nodes.length], [0, true, 3]);

  const added = await run("add-node", d, a, "--yes");
  assert.equal(added.code, 0, added.out + added.err);
  const balanced = await run("rebalance", a, "--use-empty-masters", "--weight", `${b}=0.05`, "--dry-run");
  assert.match(balanced.out, /To be moved: \d+ slots/);
  // By MIGRATE, and with the password.
  const source = nodes.all[1]!;
  await source.connection.call("AUTH", "secret");
  const slot = Number(await source.call("CLUSTER", "KEYSLOT", "key"));
  const owner = cluster.nodes.find((node: { slots: string }) => {
    const [first, last] = node.slots.split("-").map(Number) as [number, number];
    return slot >= first && slot <= last;
  });
  const holder = nodes.all.find((node) => node.port === owner.port)!;
  await holder.connection.call("AUTH", "secret");
  await holder.call("SET", "key", "value");
  const moved = await run("reshard", a, "--to", d, "--from", owner.port, "--range", slot, "--migrate", "--yes");
  assert.equal(moved.code, 0, moved.out + moved.err);
  assert.match(moved.out, /Moved 1 slot with 1 keys?\./);

  await holder.call("CLUSTER", "SETSLOT", owner.slots.split("-")[1], "MIGRATING", await idOf(nodes, d));
  const unsound = await run("check", a);
  assert.equal(unsound.code, 1);
  assert.match(unsound.out, /wrong: .*slot \d+ is open/);
  const stopped = await run("reshard", a, "--to", d, "--slots", 5, "--yes");
  assert.equal(stopped.code, 2);
  assert.match(stopped.err, /mend the cluster first \("nines cluster fix/);
  const fixed = await run("fix", a, "--yes");
  assert.equal(fixed.code, 0, fixed.out + fixed.err);
  assert.match(fixed.out, /is closed at/);

  const twice = await run(
    "reshard",
    a,
    "--to",
    d,
    "--from",
    `${b},127.0.0.1:${b}`,
    "--slots",
    4,
    "--dry-run",
    "--json",
  );
  const slots = JSON.parse(twice.out).moves.map((move: { slot: number }) => move.slot);
  assert.deepEqual([slots.length, new Set(slots).size], [4, 4], twice.out);
  for (const [words, said] of [
    [["--slots", 4, "--range", "0-9"], /give one of the two/],
    [["--from", b, "--range", "0-16383"], /slots are not at --from \d+: /],
    [["--range", "9-0"], /no list of slots/],
    [[], /say how many/],
    [["--from", d, "--slots", 4], /cannot give slots to itself/],
    [["--from", "", "--slots", 4], /no node ''/],
  ] as const) {
    const wrong = await run("reshard", a, "--to", d, ...words, "--yes");
    assert.deepEqual([wrong.code, said.test(wrong.err)], [2, true], wrong.err);
  }

  const full = await run("del-node", a, d, "--yes");
  assert.deepEqual([full.code, /--drain moves them/.test(full.err)], [2, true]);
  const gone = await run("del-node", a, d, "--drain", "--yes");
  assert.equal(gone.code, 0, gone.out + gone.err);
  assert.equal(JSON.parse((await run("check", a, "--json")).out).nodes.length, 3);
  assert.equal((await run("reshard", a, "--to", "nowhere", "--slots", 5, "--yes")).code, 2);
});

test("nines cluster: options that would do nothing without another one are refused", async () => {
  for (const [words, said] of [
    [["--cacert", "ca.crt"], /are for --tls/],
    [["--tls", "--cert", "node.crt"], /--cert and --key go together/],
    [["--tls", "--cacert", "/nonexistent"], /\/nonexistent is not there/],
    [["--user", "alice"], /--user needs a password/],
  ] as const) {
    const { code, err } = await nines({}, "check", 1, ...words);
    assert.deepEqual([code, said.test(err)], [2, true], err);
  }
});

async function idOf(nodes: Nodes, port: number): Promise<string> {
  const node = nodes.all.find((other) => other.port === port)!;
  await node.call("AUTH", "secret");
  return node.id();
}
