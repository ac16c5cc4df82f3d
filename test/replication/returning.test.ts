import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/replication/dataset.ts";
import { GROUP_FILE, Group, parseHello } from "../../src/replication/group.ts";
import { type Node, World } from "./world.ts";

interface Belief {
  primary: string;
  epoch: number;
  flags: string;
}

/** Three Sentinels that answer what they are told to believe; null does not answer. */
function group(beliefs: (Belief | null)[] = Array.from({ length: 3 }, () => ({ ...OURS }))) {
  const world = new World();
  const settings = { returningPrimaryTimeoutMs: 2000 };
  const primary = world.node("primary", settings);
  const replica = world.node("replica", settings);
  beliefs.forEach((_, i) => {
    world.others.set(`sentinel${i}`, (command): Answer => {
      assert.deepEqual(command, ["SENTINEL", "MASTERS"]);
      const belief = beliefs[i];
      if (!belief) throw new Error("gone");
      const { primary: ip, epoch, flags } = belief;
      return [["name", "mymaster", "ip", ip, "port", "6379", "flags", flags, "config-epoch", `${epoch}`]];
    });
  });
  for (const node of world.nodes) node.replication.start();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  return { world, primary, replica, beliefs };
}

const OURS: Belief = { primary: "primary", epoch: 1, flags: "master" };

function hello(node: Node, sentinel: number, primary = "primary", epoch = 1): void {
  const message = `sentinel${sentinel},26379,${`${sentinel}`.repeat(40)},${epoch},mymaster,${primary},6379,${epoch}`;
  node.replication.sawHello("__sentinel__:hello", message);
}

async function met(world: World, node: Node): Promise<void> {
  for (const sentinel of [0, 1, 2]) hello(node, sentinel);
  await world.runAsking(100);
}

test("hello messages are read, and only they", () => {
  const line = `10.0.0.1,26379,${"f".repeat(40)},7,mymaster,10.0.0.2,6379,6`;
  assert.deepEqual(parseHello(line), {
    sentinel: { host: "10.0.0.1", port: 26379 },
    runId: "f".repeat(40),
    name: "mymaster",
    primary: { host: "10.0.0.2", port: 6379 },
    epoch: 6,
  });
  for (const bad of ["", "a,b", "h,x,r,1,n,h,1,1", ",1,r,1,n,h,1,1"]) assert.equal(parseHello(bad), null, bad);
});

test("what is known of the group survives in its file", async () => {
  const { world, primary } = group();
  await met(world, primary);
  const text = Buffer.from(primary.disk.readSync(`/primary/${GROUP_FILE}`)!).toString();
  const read = Group.fromJson(text);
  assert.equal(read.name, "mymaster");
  assert.equal(read.sentinels.length, 3);
  assert.deepEqual(read.self, { host: "primary", port: 6379 });
  for (const broken of ["", "{", "[]", "null", '{"sentinels":[1]}'])
    assert.equal(Group.fromJson(broken).sentinels.length, 0);
});

test("a primary that restarts holds writes until its Sentinels confirm it", async () => {
  const { world, primary } = group();
  await met(world, primary);
  primary.kill();
  world.run(10);
  primary.boot();
  primary.replication.start();
  const held = primary.command("SET", "k", "1");
  assert.equal(held.answer, null);
  assert.equal(primary.info["returning_primary_hold"], "1");
  await world.runAsking(50);
  assert.equal(held.answer, "+OK\r\n");
  assert.equal(primary.info["returning_primary_hold"], "0");
});

test("a primary that restarts after a failover acknowledges nothing and follows the new one", async () => {
  const { world, primary, replica, beliefs } = group();
  await met(world, primary);
  primary.command("SET", "k", "1");
  world.run(20);
  primary.kill();
  world.run(10);
  replica.command("REPLICAOF", "NO", "ONE");
  beliefs.fill({ primary: "replica", epoch: 2, flags: "master" });
  primary.boot();
  primary.replication.start();
  const held = primary.command("SET", "k", "2");
  await world.runAsking(300);
  assert.match(held.answer!, /^-READONLY/);
  assert.equal(primary.info["role"], "slave");
  assert.equal(primary.get("k"), "1");
});

test("a doubting Sentinel prolongs the hold", async () => {
  const { world, primary, beliefs } = group();
  await met(world, primary);
  primary.kill();
  world.run(10);
  beliefs[1] = { ...OURS, flags: "master,s_down,o_down,failover_in_progress" };
  primary.boot();
  primary.replication.start();
  const held = primary.command("SET", "k", "1");
  await world.runAsking(600);
  assert.equal(held.answer, null);
  beliefs[1] = OURS;
  await world.runAsking(300);
  assert.equal(held.answer, "+OK\r\n");
});

test("a word of one Sentinel out of three is not enough, and the hold ends with its time", async () => {
  const { world, primary, beliefs } = group();
  await met(world, primary);
  primary.kill();
  world.run(10);
  beliefs[0] = beliefs[1] = null;
  primary.boot();
  primary.replication.start();
  const held = primary.command("SET", "k", "1");
  await world.runAsking(1800);
  assert.equal(held.answer, null);
  await world.runAsking(400);
  assert.equal(held.answer, "+OK\r\n");
  assert.ok(primary.lines.some((line) => line.includes("Nobody has told within 20")));
});

test("where no Sentinel process is left the hold is short", async () => {
  const { world, primary } = group();
  await met(world, primary);
  primary.kill();
  world.run(10);
  world.others.clear();
  primary.boot();
  primary.replication.start();
  const held = primary.command("SET", "k", "1");
  await world.runAsking(900);
  assert.equal(held.answer, null);
  await world.runAsking(300);
  assert.equal(held.answer, "+OK\r\n");
});

test("a Sentinel that names a server which is no primary is not followed", async () => {
  const { world, primary, beliefs } = group();
  await met(world, primary);
  primary.kill();
  world.run(10);
  beliefs[0] = { primary: "replica", epoch: 2, flags: "master" };
  primary.boot();
  primary.replication.start();
  await world.runAsking(1000);
  assert.equal(primary.info["role"], "master");
});

test("a stopped primary holds the writes it finds when it goes on, and follows who replaced it", async () => {
  const { world, primary, replica, beliefs } = group();
  await met(world, primary);
  primary.command("SET", "k", "1");
  await world.runAsking(50);
  primary.freeze();
  await world.runAsking(3000);
  replica.command("REPLICAOF", "NO", "ONE");
  beliefs.fill({ primary: "replica", epoch: 2, flags: "master" });
  const found = primary.command("SET", "k", "2");
  primary.thaw();
  assert.equal(found.answer, null);
  assert.equal(primary.info["returning_primary_hold"], "1");
  await world.runAsking(200);
  assert.match(found.answer!, /^-READONLY/);
  assert.equal(primary.info["master_link_status"], "up");
  assert.equal(primary.get("k"), "1");
});

test("a stopped primary that is still the primary goes on within milliseconds", async () => {
  const { world, primary } = group();
  await met(world, primary);
  primary.freeze();
  await world.runAsking(700);
  const found = primary.command("SET", "k", "2");
  primary.thaw();
  assert.equal(found.answer, null);
  await world.runAsking(20);
  assert.equal(found.answer, "+OK\r\n");
});

test("a primary that was stopped in the middle of a tick keeps its replies until it knows", async () => {
  for (const replaced of [false, true]) {
    const { world, primary, replica, beliefs } = group();
    await met(world, primary);
    primary.freeze();
    await world.runAsking(700);
    if (replaced) {
      replica.command("REPLICAOF", "NO", "ONE");
      beliefs.fill({ primary: "replica", epoch: 2, flags: "master" });
    }
    // Commands ran before; now their replies are about to leave.
    primary.replication.beforeAnswers();
    assert.equal(primary.replies, "held");
    primary.thaw();
    await world.runAsking(100);
    assert.equal(primary.replies, replaced ? "dropped" : "free");
  }
});

test("a hello of a later epoch that names another primary ends ours, without any pause", async () => {
  const { world, primary, replica } = group();
  await met(world, primary);
  replica.command("REPLICAOF", "NO", "ONE");
  hello(primary, 0, "replica", 2);
  await world.runAsking(50);
  assert.equal(primary.info["role"], "slave");
  // A late word of the old epoch does not turn the new primary back.
  hello(replica, 0, "replica", 2);
  hello(replica, 1, "primary", 1);
  await world.runAsking(50);
  assert.equal(replica.info["role"], "master");
});

test("a primary without Sentinels asks the members of its roster", async () => {
  const world = new World();
  const primary = world.node("primary", {
    replicas: [{ host: "replica", port: 6379 }],
    returningPrimaryTimeoutMs: 2000,
  });
  const replica = world.node("replica");
  for (const node of world.nodes) node.replication.start();
  await world.runAsking(500);
  assert.equal(replica.info["role"], "slave", "the roster made it one");
  primary.command("SET", "k", "1");
  await world.runAsking(20);
  primary.freeze();
  await world.runAsking(1000);
  replica.command("REPLICAOF", "NO", "ONE");
  replica.command("SET", "k", "2");
  const found = primary.command("SET", "k", "3");
  primary.thaw();
  await world.runAsking(200);
  assert.match(found.answer!, /^-READONLY/);
  assert.equal(primary.get("k"), "2");
});

test("without knowledge of a group nothing is held", async () => {
  const world = new World();
  const primary = world.node("primary");
  primary.replication.start();
  primary.freeze();
  await world.runAsking(5000);
  const found = primary.command("SET", "k", "1");
  primary.thaw();
  assert.equal(found.answer, "+OK\r\n");
});

// ---- The roster

function roster() {
  const world = new World();
  const primary = world.node("primary", { replicas: ["one", "two"].map((host) => ({ host, port: 6379 })) });
  const [one, two] = [world.node("one"), world.node("two")];
  for (const node of world.nodes) node.replication.start();
  return { world, primary, one, two };
}

test("the roster enrols its members, and those that come back without a primary", async () => {
  const { world, primary, one, two } = roster();
  await world.runAsking(500);
  assert.deepEqual([one.info["role"], two.info["role"]], ["slave", "slave"]);
  primary.command("SET", "k", "1");
  one.kill();
  await world.runAsking(1000);
  one.boot();
  one.replication.start();
  await world.runAsking(6000);
  assert.equal(one.get("k"), "1");
});

test("the roster leaves alone who follows a living primary, and who was promoted", async () => {
  const { world, primary, one, two } = roster();
  const other = world.node("other");
  other.replication.start();
  one.command("REPLICAOF", "other", "6379");
  await world.runAsking(1500);
  assert.equal(one.info["master_host"], "other");
  two.command("REPLICAOF", "NO", "ONE");
  two.command("SET", "k", "1");
  two.command("SET", "k", "2");
  const said = (text: string) => primary.lines.filter((line) => line.includes(text)).length;
  await world.runAsking(6000);
  assert.equal(said("Leaving one:6379 of the roster alone: it follows other:6379"), 1);
});

test("an empty primary enrols nobody who has data", async () => {
  const { world, primary, one } = roster();
  one.command("SET", "k", "1");
  await world.runAsking(2000);
  assert.equal(one.info["role"], "master");
  assert.ok(primary.lines.some((line) => line.includes("it has data (1 keys) and this server has none")));
  primary.command("SET", "k", "2");
  await world.runAsking(6000);
  assert.equal(one.get("k"), "2");
});
