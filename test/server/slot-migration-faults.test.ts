/** What becomes of a migration when something happens while keys are copied: it ends cleanly, and nothing is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedNode } from "../../src/main/embedded.ts";
import {
  assertServes,
  failed,
  KEY,
  KEYS,
  SLOTS,
  slotOf,
  streaming,
  tagBelow,
  type World,
  worldWithKeys,
} from "./slot-migration-world.ts";

test("the target shows nothing of what comes, and the source serves all of it", async () => {
  await using world = await worldWithKeys({ shards: 2, replicas: 1 });
  const [a, b, , replicaOfB] = world.nodes;
  const name = await streaming(world, a!, b!);
  await world.ask(a!, "SET", `{${tagBelow(SLOTS)}}new`, "x");
  await world.until("everything is there", () => b!.server.engine.databases[0]!.size === KEYS + 1);
  assert.equal(Number((await world.status(a!, name))?.["keys_sent"]), KEYS);
  await world.until("at the replica too", () => replicaOfB!.server.engine.databases[0]!.size === KEYS + 1);
  for (const node of [b!, replicaOfB!]) {
    assert.equal(await world.ask(node, "DBSIZE"), 0);
    assert.deepEqual(await world.ask(node, "KEYS", "*"), []);
    assert.deepEqual(await world.ask(node, "SCAN", "0", "COUNT", "10000"), ["0", []]);
    assert.equal(await world.ask(node, "RANDOMKEY"), null);
    assert.equal(await world.ask(node, "CLUSTER", "COUNTKEYSINSLOT", slotOf(KEY[0]!)), 0);
    assert.deepEqual(await world.ask(node, "CLUSTER", "GETKEYSINSLOT", slotOf(KEY[0]!), 10), []);
    assert.doesNotMatch(String(await world.ask(node, "INFO", "keyspace")), /db0/);
    await assert.rejects(world.ask(node, "GET", KEY[0]!), /MOVED/);
  }
  assert.equal(await world.ask(a!, "DBSIZE"), KEYS + 1);
  await assert.rejects(world.begin(a!, b!, "3000"), /under way/);
  await assertServes(world, a!, "before");
});

test("it can be cancelled on either side, and begun again", async () => {
  await using world = await worldWithKeys();
  const [a, b] = world.nodes;
  for (const side of [a!, b!]) {
    const name = await streaming(world, a!, b!);
    assert.equal(await world.ask(side, "CLUSTER", "MIGRATE", "CANCEL", name), 1);
    const ended = await world.ended(a!, name);
    assert.equal(ended["state"], side === a ? "cancelled" : "failed");
    await world.settled();
    assert.equal(b!.server.engine.databases[0]!.size, 0);
    assert.equal(await world.ask(side, "CLUSTER", "MIGRATE", "CANCEL", "ALL"), 0);
  }
  await assertServes(world, a!, "before");
  const { migrations } = a!.server.cluster!;
  migrations.times = { ...migrations.times, smallBytes: 1000 };
  assert.equal((await world.migrate(a!, b!, `0-${SLOTS - 1}`))["state"], "success");
  await assertServes(world, b!, "before");
});

const ends: [what: string, act: (world: World, a: EmbeddedNode, b: EmbeddedNode) => unknown, message: RegExp][] = [
  ["the target dies", (_, __, b) => b.kill(), /connection/],
  [
    "they are cut off from each other",
    (world, a, b) => world.cluster.partition([a], [b]),
    /connection|answered nothing/,
  ],
  ["the source is flushed", (world, a) => world.ask(a, "FLUSHALL"), /flushed|replaced/],
  ["the target is flushed", (world, _, b) => world.ask(b, "FLUSHALL"), /flushed/],
  [
    "SETSLOT moves one of the slots",
    (world, a, b) => world.ask(a, "CLUSTER", "SETSLOT", 5, "MIGRATING", world.id(b)),
    /owner/,
  ],
];
for (const [what, act, message] of ends)
  test(`it fails when ${what}`, async () => {
    await using world = await worldWithKeys();
    const [a, b] = world.nodes;
    const { migrations } = a!.server.cluster!;
    migrations.times = { ...migrations.times, silence: 1500 };
    b!.server.cluster!.migrations.times = migrations.times;
    const name = await streaming(world, a!, b!);
    await act(world, a!, b!);
    failed(await world.ended(a!, name), message);
    assert.equal(a!.server.pause.mode, null);
    if (what.includes("source is")) return;
    await assertServes(world, a!, "before");
    if (b!.state !== "running") return;
    await world.until("the target gave up too", async () => (await world.status(b!, name))?.["state"] === "failed");
    await world.until("what came is gone", () => b!.server.engine.databases[0]!.size === 0);
  });

test("the target discards what came when the source dies", async () => {
  await using world = await worldWithKeys({ replicas: 1 });
  const [a, b] = world.nodes;
  const name = await streaming(world, a!, b!);
  await world.until("something came", () => b!.server.engine.databases[0]!.size === KEYS);
  await a!.kill();
  await world.until("the target gave up", async () => (await world.status(b!, name))?.["state"] === "failed");
  await world.until("what came is gone", () => b!.server.engine.databases[0]!.size === 0);
  await world.until("the source's replica serves", () => world.cluster.isWhole);
  await assertServes(world, world.cluster.primaryOf(0), "before");
});

test("a target that fails over ends it, and its replica removes what came", async () => {
  await using world = await worldWithKeys({ replicas: 1 });
  const [a, b, , , replicaOfB] = world.nodes;
  const name = await streaming(world, a!, b!);
  await world.until("it came to the replica", () => replicaOfB!.server.engine.databases[0]!.size === KEYS);
  await world.ask(replicaOfB!, "CLUSTER", "FAILOVER");
  failed(await world.ended(a!, name), /./);
  await world.until("the replica is primary", () => replicaOfB!.role === "primary" && b!.role === "replica");
  await world.settled();
  assert.equal(replicaOfB!.server.engine.databases[0]!.size, 0);
  assert.equal(await world.size(...world.nodes.slice(0, 3)), KEYS);
  await assertServes(world, a!, "before");
});

test("more changes than may wait end it", async () => {
  await using world = await worldWithKeys({
    config: { "client-output-buffer-limit": ["replica", "256kb", "0", "0"] },
  });
  const [a, b] = world.nodes;
  const name = await streaming(world, a!, b!);
  b!.pause();
  for (let i = 0; i < 40; i++) await world.ask(a!, "SET", KEY[0]!, "x".repeat(20_000));
  failed(await world.ended(a!, name), /more than 262144 bytes/);
  b!.resume();
});

test("a target without memory refuses", async () => {
  await using world = await worldWithKeys();
  const [a, b] = world.nodes;
  await world.ask(b!, "CONFIG", "SET", "maxmemory", "1");
  failed(await world.migrate(a!, b!, `0-${SLOTS - 1}`), /memory/);
  await world.ask(b!, "CONFIG", "SET", "maxmemory", "0");
  await world.settled();
  assert.equal(await world.size(a!), KEYS);
});
