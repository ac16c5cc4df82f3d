import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import { type Node, World } from "./world.ts";

function pair(settings = {}): { world: World; primary: Node; replica: Node } {
  const world = new World();
  const primary = world.node("primary", settings);
  const replica = world.node("replica", settings);
  for (const node of world.nodes) node.replication.start();
  return { world, primary, replica };
}

function assertTwins(a: Node, b: Node): void {
  // What is under way arrives.
  a.world.run(7);
  assert.ok(b.contents === a.contents, "the data differ");
  assert.equal(b.offset, a.offset);
  assert.equal(b.info["master_replid"], a.info["master_replid"]);
}

test("a replica copies what is there and follows what comes, database by database", () => {
  const { world, primary, replica } = pair();
  primary.command("SET", "before", "1");
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  primary.command("SET", "after", "2");
  primary.transaction(2, ["SET", "a", "1"], ["INCR", "n"]);
  world.run(50);
  assertTwins(primary, replica);
  assert.equal(replica.get("n", 2), "1");
  assert.equal(replica.info["role"], "slave");
  assert.equal(replica.info["master_link_status"], "up");
  assert.match(primary.info["slave0"]!, /^ip=replica,port=6379,state=online,offset=\d+,lag=0$/);
  const log = replica.lines.join("\n");
  for (const line of [
    "MASTER <-> REPLICA sync started",
    "Master replied to PING, replication can continue...",
    `Full resync from master: ${primary.info["master_replid"]}:0`,
    "MASTER <-> REPLICA sync: Finished with success",
  ]) {
    assert.ok(log.includes(line), line);
  }
});

test("an RDB of known size serves replicas that know no end mark, and one that joins late", () => {
  const { world, primary } = pair({ replDisklessSync: false });
  const late = world.node("late");
  late.replication.start();
  for (let i = 0; i < 200; i++) primary.command("SET", `k${i}`, "v".repeat(20));
  world.nodes[1]!.command("REPLICAOF", "primary", "6379");
  world.run(20);
  late.command("REPLICAOF", "primary", "6379");
  for (let i = 0; i < 50; i++) primary.command("INCR", "n");
  world.run(500);
  assertTwins(primary, world.nodes[1]!);
  assertTwins(primary, late);
});

test("replicas that arrive within the delay share one snapshot", () => {
  const { world, primary, replica } = pair({ replDisklessSyncDelaySeconds: 2 });
  const second = world.node("second");
  second.replication.start();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(1500);
  second.command("REPLICAOF", "primary", "6379");
  world.run(300);
  assert.equal(replica.info["master_link_status"], "down");
  assert.match(primary.info["slave0"]!, /state=wait_bgsave/);
  world.run(800);
  assertTwins(primary, replica);
  assertTwins(primary, second);
  assert.equal(primary.lines.filter((line) => line.startsWith("Starting BGSAVE")).length, 1);
});

test("enough replicas need not wait for the delay", () => {
  const { world, primary, replica } = pair({ replDisklessSyncDelaySeconds: 60, replDisklessSyncMaxReplicas: 1 });
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  assertTwins(primary, replica);
});

test("a link that was cut is resumed at once and partially", () => {
  const { world, primary, replica } = pair();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  for (let round = 0; round < 5; round++) {
    primary.command("INCR", "n");
    world.reset("replica");
    primary.command("INCR", "n");
    world.run(60);
    assertTwins(primary, replica);
  }
  assert.equal(replica.get("n"), "10");
  assert.equal(primary.replication.stats.syncFull, 1);
  assert.equal(primary.replication.stats.syncPartialOk, 5);
});

test("a replica that was away for longer than the backlog gets all of it again", () => {
  const { world, primary, replica } = pair({ replBacklogSize: 16_384 });
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  world.partition("replica");
  world.reset("replica");
  for (let i = 0; i < 300; i++) primary.command("SET", `k${i}`, "v".repeat(100));
  world.run(1000);
  world.heal("replica");
  world.run(1500);
  assertTwins(primary, replica);
  assert.equal(primary.replication.stats.syncFull, 2);
  assert.equal(primary.replication.stats.syncPartialErr, 2, "its first, with its own id, and this one");
});

test("silence is found on both ends by repl-timeout", () => {
  const { world, primary, replica } = pair({ replTimeoutSeconds: 5, replPingReplicaPeriodSeconds: 1 });
  replica.command("REPLICAOF", "primary", "6379");
  world.run(20_000);
  assert.equal(replica.info["master_link_status"], "up", "pings keep it up");
  world.partition("replica");
  world.run(7000);
  assert.equal(replica.info["master_link_status"], "down");
  assert.equal(primary.info["connected_slaves"], "0");
  assert.ok(primary.lines.some((line) => line.includes("Disconnecting timedout replica (streaming sync)")));
  assert.ok(replica.lines.some((line) => line.includes("MASTER timeout: no data nor PING received...")));
  world.heal("replica");
  world.run(3000);
  assertTwins(primary, replica);
});

test("a chained replica gets its grandparent's stream byte for byte, and survives the promotion of its parent", () => {
  const { world, primary, replica } = pair();
  const leaf = world.node("leaf");
  leaf.replication.start();
  replica.command("REPLICAOF", "primary", "6379");
  leaf.command("REPLICAOF", "replica", "6379");
  world.run(1500);
  primary.transaction(1, ["SET", "a", "1"], ["SET", "b", "2"]);
  primary.command("INCR", "n");
  world.run(50);
  assertTwins(primary, replica);
  assertTwins(primary, leaf);
  replica.command("REPLICAOF", "NO", "ONE");
  replica.command("INCR", "n");
  world.run(500);
  assertTwins(replica, leaf);
  assert.equal(leaf.get("n"), "2");
  assert.equal(replica.replication.stats.syncPartialOk, 1, "the leaf went on under the new id");
  assert.equal(replica.info["master_replid2"], primary.info["master_replid"]);
});

test("a former primary and its replica change places without a full copy", () => {
  const { world, primary, replica } = pair();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  primary.command("SET", "k", "1");
  world.run(30);
  replica.command("REPLICAOF", "NO", "ONE");
  replica.command("SET", "k", "2");
  primary.command("REPLICAOF", "replica", "6379");
  world.run(100);
  assertTwins(replica, primary);
  assert.equal(primary.get("k"), "2");
  assert.equal(replica.replication.stats.syncFull, 0);
  assert.equal(replica.replication.stats.syncPartialOk, 1);
});

test("a primary that restarts with its data serves its replica partially", () => {
  const { world, primary, replica } = pair();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  primary.command("SET", "k", "1");
  world.run(50);
  const { databases } = primary;
  const point = primary.replication.point()!;
  primary.kill();
  world.run(300);
  primary.boot();
  primary.databases = databases;
  primary.replication.restore(point);
  primary.replication.start();
  primary.command("SET", "k", "2");
  world.run(1500);
  assertTwins(primary, replica);
  assert.equal(primary.replication.stats.syncPartialOk, 1);
});

test("writes are refused on a replica, and stale reads where that is wanted", () => {
  const { world, primary, replica } = pair();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  assert.match(replica.command("SET", "k", "1").answer!, /^-READONLY You can't write against a read only replica\./);
  replica.settings.replicaServeStaleData = false;
  assert.equal(replica.replication.staleRefusal(), null);
  primary.kill();
  world.run(50);
  assert.match(replica.replication.staleRefusal()!.message, /^MASTERDOWN Link with MASTER is down/);
});

test("min-replicas-to-write counts replicas whose lag is small enough", () => {
  const { world, primary, replica } = pair({ minReplicasToWrite: 1, minReplicasMaxLagSeconds: 3 });
  assert.match(primary.command("SET", "k", "1").answer!, /^-NOREPLICAS Not enough good replicas to write\./);
  replica.command("REPLICAOF", "primary", "6379");
  world.run(100);
  assert.equal(primary.command("SET", "k", "1").answer, "+OK\r\n");
  assert.equal(primary.info["min_slaves_good_slaves"], "1");
  world.partition("replica");
  world.run(5000);
  assert.match(primary.command("SET", "k", "1").answer!, /^-NOREPLICAS/);
});

test("WAIT is answered by acknowledgements that it asks for, or by its timeout", () => {
  const { world, primary, replica } = pair();
  assert.equal(primary.command("WAIT", "0", "0").answer, ":0\r\n");
  replica.command("REPLICAOF", "primary", "6379");
  world.run(100);
  primary.command("SET", "k", "1");
  const served = primary.command("WAIT", "1", "0");
  assert.equal(served.answer, null);
  world.run(10);
  assert.equal(served.answer, ":1\r\n");
  primary.command("SET", "k", "2");
  const late = primary.command("WAIT", "2", "300");
  world.run(250);
  assert.equal(late.answer, null);
  world.run(100);
  assert.equal(late.answer, ":1\r\n");
  assert.match(replica.command("WAIT", "1", "0").answer!, /^-ERR WAIT cannot be used with replica instances\./);
});

test("a replica too slow for its output buffer limit is dropped", () => {
  const { world, primary, replica } = pair({
    replBacklogSize: 16_384,
    replicaOutputLimit: { hardBytes: 20_000, softBytes: 0, softSeconds: 0 },
  });
  replica.command("REPLICAOF", "primary", "6379");
  while (!primary.info["slave0"]?.includes("online")) world.run(1);
  // It does not say that it has loaded its copy; meanwhile more is written than it may have before it.
  world.partition("replica");
  for (let i = 0; i < 600; i++) primary.command("SET", `m${i}`, "v".repeat(50));
  world.run(300);
  assert.ok(
    primary.lines.some((line) => line.includes("overcoming of output buffer limits")),
    primary.lines.join("\n"),
  );
});

test("what is no command in the stream costs the link, and a full copy", () => {
  const { world, primary, replica } = pair();
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  const junk = Buffer.from("*1\r\n$x\r\n");
  primary.replication.feed(junk, junk.length, 0);
  world.run(50);
  primary.command("SET", "k", "1");
  world.run(1500);
  assertTwins(primary, replica);
  assert.equal(primary.replication.stats.syncFull, 2);
});

test("the backlog is given up when nobody came for long, and its history with it", () => {
  const { world, primary, replica } = pair({ replBacklogTtlSeconds: 10 });
  replica.command("REPLICAOF", "primary", "6379");
  world.run(50);
  const before = primary.info["master_replid"];
  replica.kill();
  world.run(9000);
  assert.equal(primary.info["repl_backlog_active"], "1");
  world.run(2000);
  assert.equal(primary.info["repl_backlog_active"], "0");
  assert.notEqual(primary.info["master_replid"], before);
});

for (let seed = 1; seed <= 25; seed++) {
  test(`three servers converge to the same bytes through cuts and fragments (seed ${seed})`, () => {
    const world = new World(seed);
    world.fragment = true;
    const random = new SeededRandom(seed * 7919);
    const settings = {
      replBacklogSize: 16_384,
      replDisklessSync: seed % 3 !== 0,
      replTimeoutSeconds: 5,
      replPingReplicaPeriodSeconds: 1,
    };
    const [primary, replica, leaf] = ["primary", "replica", "leaf"].map((host) => world.node(host, settings)) as [
      Node,
      Node,
      Node,
    ];
    for (const node of world.nodes) node.replication.start();
    for (let i = 0; i < 20; i++) primary.command("SET", `old${i}`, "x".repeat(random.uint32() % 100));
    replica.command("REPLICAOF", "primary", "6379");
    leaf.command("REPLICAOF", "replica", "6379");
    for (let step = 0; step < 120; step++) {
      switch (random.uint32() % 8) {
        case 0:
          world.reset(["primary", "replica", "leaf"][random.uint32() % 3]!);
          break;
        case 1: {
          const host = ["replica", "leaf"][random.uint32() % 2]!;
          world.partition(host);
          world.clock.after(random.uint32() % 9000, () => world.heal(host));
          break;
        }
        case 2:
          primary.transaction(
            random.uint32() % 4,
            ["INCR", "t"],
            ["INCR", "t"],
            ["SET", "big", "y".repeat(random.uint32() % 5000)],
          );
          break;
        default:
          for (let i = random.uint32() % 20; i >= 0; i--) primary.command("INCR", `n${random.uint32() % 10}`);
      }
      world.run(random.uint32() % 400);
    }
    for (const host of ["replica", "leaf"]) world.heal(host);
    world.run(30_000);
    assertTwins(primary, replica);
    assertTwins(primary, leaf);
    assert.equal(replica.info["master_link_status"], "up");
    assert.equal(leaf.info["master_link_status"], "up");
  });
}
