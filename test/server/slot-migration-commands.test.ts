/** CLUSTER MIGRATE and Valkey's names: what they take and answer, and what clients see that wait, watch or name several keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyError } from "../../src/base/reply-error.ts";
import { KEY, KEYS, SLOTS, streaming, succeeded, tagBelow, World, worldWithKeys } from "./slot-migration-world.ts";

test("orders that cannot be carried out are refused, and change nothing", async () => {
  await using world = await World.start({ shards: 2, replicas: 1 });
  const [a, b, replicaOfA] = world.nodes;
  const [idA, idB] = [world.id(a!), world.id(b!)];
  const orders: [words: string, error: RegExp][] = [
    [`MIGRATE SLOTS 0-5 TO ${"0".repeat(40)}`, /ERR Unknown node 0000/],
    [`MIGRATE SLOTS 0-5 TO ${idA}`, /the target is this node/],
    [`MIGRATE SLOTS 0-5 16000 TO ${idB}`, /I'm not the owner of hash slot 16000/],
    [`MIGRATE SLOTS 0-5 3 TO ${idB}`, /Invalid slots/],
    [`MIGRATE SLOTS 5-0 TO ${idB}`, /Invalid slots/],
    [`MIGRATE SLOTS TO ${idB}`, /Invalid slots/],
    [`MIGRATE SLOTS 0-5 ${idB}`, /syntax error/],
    [`MIGRATE SLOTS 0-5 TO ${world.id(replicaOfA!)}`, /only to a primary/],
    ["MIGRATE NOTHING", /syntax error/],
    ["MIGRATE CANCEL", /syntax error/],
    [`MIGRATESLOTS SLOTSRANGE 0 5 NODE ${idB} SLOTSRANGE 5 6 NODE ${idB}`, /Invalid slots/],
    [`MIGRATESLOTS SLOTSRANGE 0 5 NODE ${idB} SLOTSRANGE 7 16000 NODE ${idB}`, /not the owner/],
    [`MIGRATESLOTS SLOTSRANGE 0 NODE ${idB} x`, /Invalid slots/],
    ["IMPORT COPY nothing x", /No such slot migration/],
    [`IMPORT BEGIN 99 name ${idB} 16000`, /different versions/],
    [`IMPORT BEGIN 1 name ${idB} 0-5`, /Hash slot 0 is not the source's/],
  ];
  for (const [words, error] of orders)
    await assert.rejects(world.ask(a!, "CLUSTER", ...words.split(" ")), error, words);
  await assert.rejects(
    world.ask(replicaOfA!, "CLUSTER", "MIGRATE", "SLOTS", "0", "TO", idB),
    /MOVED|Only a primary|is this node/,
  );
  assert.deepEqual(await world.ask(a!, "CLUSTER", "GETSLOTMIGRATIONS"), []);
});

test("a target that does not know it is named by an error of its own", async () => {
  await using world = await World.start({ shards: 2 });
  const [a, b] = world.nodes;
  b!.server.cluster!.migrations.serve = () => {
    throw new ReplyError("ERR", "unknown subcommand 'IMPORT'. Try CLUSTER HELP.");
  };
  await assert.rejects(world.begin(a!, b!, "0-5"), /^ReplyError: NOATOMIC|NOATOMIC the target/);
  assert.equal(a!.server.pause.mode, null);
});

test("Valkey's names: several targets one after the other", async () => {
  await using world = await worldWithKeys();
  const [a, b, c] = world.nodes;
  const order = [
    "SLOTSRANGE",
    "0",
    "399",
    "500",
    "599",
    "NODE",
    world.id(b!),
    "SLOTSRANGE",
    "400",
    "499",
    "NODE",
    world.id(c!),
  ];
  assert.equal(await world.ask(a!, "CLUSTER", "MIGRATESLOTS", ...order), "OK");
  const states = async () => {
    const jobs = (await world.ask(a!, "CLUSTER", "GETSLOTMIGRATIONS")) as string[][];
    return jobs.map((words) => [words[5], words[words.indexOf("state") + 1]]);
  };
  const done = [
    ["400-499", "success"],
    ["0-399 500-599", "success"],
  ];
  await world.until("both are done", async () => JSON.stringify(await states()) === JSON.stringify(done));
  assert.equal(b!.server.cluster!.shell.state.owners[450]!.id, world.id(c!));
  await world.settled();
  assert.equal(await world.size(...world.nodes), KEYS);
  assert.equal(await world.ask(a!, "CLUSTER", "CANCELSLOTMIGRATIONS"), "OK");
});

test("those who wait for a key are sent to its new owner; who watches one is told that it changed", async () => {
  await using world = await worldWithKeys({ shards: 2 });
  const [a, b] = world.nodes;
  const client = world.client();
  const tag = `{${tagBelow(SLOTS)}}`;
  const popped = client.blpop(`${tag}waiting`, 20);
  await world.until("it waits", () => [...a!.server.blocking.waiters()].length > 0);
  await world.ask(a!, "WATCH", KEY[0]!);
  succeeded(await world.migrate(a!, b!, `0-${SLOTS - 1}`));
  await world.until("it waits there", () => [...b!.server.blocking.waiters()].length > 0);
  await world.ask(b!, "RPUSH", `${tag}waiting`, "served");
  assert.deepEqual(await popped, [`${tag}waiting`, "served"]);
  succeeded(await world.migrate(b!, a!, `0-${SLOTS - 1}`));
  await world.ask(a!, "MULTI");
  await world.ask(a!, "SET", KEY[0]!, "x");
  assert.equal(await world.ask(a!, "EXEC"), null);
});

test("a replica that is given a copy of everything meanwhile hides what is hidden", async () => {
  await using world = await worldWithKeys({ shards: 2, replicas: 1 });
  const [a, b, , replicaOfB] = world.nodes;
  const large = Array.from({ length: 4000 }, (_, i) => `element ${i}`);
  await world.ask(a!, "RPUSH", `{${tagBelow(SLOTS)}}large`, ...large);
  const name = await streaming(world, a!, b!);
  await world.until("it came", () => replicaOfB!.server.engine.databases[0]!.size === KEYS + 1);
  await world.ask(b!, "DEBUG", "CHANGE-REPL-ID");
  await world.ask(b!, "CLIENT", "KILL", "TYPE", "replica");
  await world.until(
    "it has a copy",
    () => b!.server.replication!.stats.syncFull === 2 && replicaOfB!.server.replication!.linkUp,
  );
  assert.equal(replicaOfB!.server.engine.databases[0]!.size, KEYS + 1);
  assert.equal(await world.ask(replicaOfB!, "DBSIZE"), 0);
  const { migrations } = a!.server.cluster!;
  assert.equal(migrations.cancel(name), 1);
  await world.settled();
  assert.equal(replicaOfB!.server.engine.databases[0]!.size, 0);
  migrations.times = { ...migrations.times, smallBytes: 1000 };
  succeeded(await world.migrate(a!, b!, `0-${SLOTS - 1}`));
  await world.settled();
  assert.equal(await world.ask(replicaOfB!, "DBSIZE"), KEYS + 1);
  assert.deepEqual(await world.ask(b!, "LRANGE", `{${tagBelow(SLOTS)}}large`, 0, -1), large);
});

test("a replica that is promoted goes on with slots that SETSLOT moves", async () => {
  await using world = await World.start({ shards: 2, replicas: 1 });
  const [a, b, replicaOfA, replicaOfB] = world.nodes;
  await world.ask(b!, "CLUSTER", "SETSLOT", 5, "IMPORTING", world.id(a!));
  await world.ask(a!, "CLUSTER", "SETSLOT", 5, "MIGRATING", world.id(b!));
  await world.ask(a!, "CLUSTER", "SETSLOT", 6, "MIGRATING", world.id(b!));
  await world.ask(a!, "CLUSTER", "SETSLOT", 6, "STABLE");
  for (const [replica, sign] of [
    [replicaOfA!, `[5->-${world.id(b!)}]`],
    [replicaOfB!, `[5-<-${world.id(a!)}]`],
  ] as const) {
    await world.until("it was told", () => replica.server.cluster!.hidden.moves.includes("5="));
    await world.ask(replica, "CLUSTER", "FAILOVER");
    await world.until("it is primary", () => replica.role === "primary");
    const nodes = String(await world.ask(replica, "CLUSTER", "NODES"));
    const line = nodes.split("\n").find((one) => one.includes("myself"))!;
    assert.deepEqual(line.match(/\[.*?\]/g), [sign]);
  }
});
