import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, World } from "./world.ts";

function group(hosts: number, settings = {}): { world: World; primary: Node; replicas: Node[] } {
  const world = new World();
  const primary = world.node("primary", settings);
  const replicas = Array.from({ length: hosts - 1 }, (_, i) => world.node(`replica${i + 1}`, settings));
  for (const node of world.nodes) node.replication.start();
  for (const node of replicas) node.command("REPLICAOF", "primary", "6379");
  world.run(50);
  return { world, primary, replicas };
}

function assertTwins(a: Node, b: Node): void {
  a.world.run(7);
  assert.ok(b.contents === a.contents, "the data differ");
  assert.equal(b.offset, a.offset);
}

test("FAILOVER hands over to a replica without losing a write, and nobody copies anything", () => {
  const { world, primary, replicas } = group(3);
  const [first, second] = replicas as [Node, Node];
  primary.command("SET", "k", "1");
  assert.equal(primary.command("FAILOVER", "TO", "replica1", "6379").answer, "+OK\r\n");
  const held = primary.command("SET", "k", "2");
  assert.equal(primary.info["master_failover_state"], "waiting-for-sync");
  world.run(30);
  assert.equal(primary.info["role"], "slave");
  assert.equal(primary.info["master_failover_state"], "no-failover");
  assert.equal(first.info["role"], "master");
  assert.match(held.answer!, /^-READONLY/);
  second.command("REPLICAOF", "replica1", "6379");
  first.command("SET", "k", "3");
  world.run(300);
  assertTwins(first, primary);
  assertTwins(first, second);
  assert.equal(first.replication.stats.syncFull, 0);
  assert.equal(first.info["master_replid2"], second.info["master_replid2"]);
  assert.ok(first.lines.some((line) => line.startsWith("Failover request received for replid")));
  assert.ok(primary.lines.includes("Failover target replica1:6379 is synced, failing over."));
});

test("FAILOVER without a target takes the first that has everything", () => {
  const { world, primary, replicas } = group(3);
  world.partition("replica1");
  primary.command("SET", "k", "1");
  primary.command("FAILOVER");
  world.run(100);
  assert.equal(replicas[1]!.info["role"], "master");
  assertTwins(replicas[1]!, primary);
});

test("FAILOVER gives up after its timeout, unless it is forced", () => {
  const { world, primary, replicas } = group(3);
  world.partition("replica1");
  primary.command("SET", "k", "1");
  primary.command("FAILOVER", "TO", "replica1", "6379", "TIMEOUT", "500");
  const held = primary.command("SET", "k", "2");
  world.run(300);
  assert.equal(held.answer, null);
  world.run(400);
  assert.equal(primary.info["role"], "master");
  assert.equal(held.answer, "+OK\r\n");
  assert.ok(
    primary.lines.includes("# FAILOVER to replica1:6379 aborted: Replica never caught up before timeout"),
    primary.lines.join("\n"),
  );
  world.heal("replica1");
  world.reset("replica1");
  world.run(500);
  world.partition("replica1");
  primary.command("SET", "k", "3");
  primary.command("FAILOVER", "TO", "replica1", "6379", "FORCE", "TIMEOUT", "300");
  world.run(200);
  world.heal("replica1");
  world.run(1500);
  assert.equal(replicas[0]!.info["role"], "master");
  assertTwins(replicas[0]!, primary);
});

test("FAILOVER to a replica that has just died is called off, and writes go on", () => {
  const { world, primary, replicas } = group(2);
  primary.command("SET", "k", "1");
  world.run(1100);
  replicas[0]!.alive = false;
  primary.command("FAILOVER", "TO", "replica1", "6379");
  const held = primary.command("SET", "k", "2");
  world.run(300);
  assert.equal(primary.info["role"], "master");
  assert.equal(held.answer, "+OK\r\n");
});

test("FAILOVER ABORT lets writes go on", () => {
  const { world, primary } = group(2);
  world.partition("replica1");
  primary.command("SET", "k", "1");
  primary.command("FAILOVER");
  const held = primary.command("SET", "k", "2");
  assert.equal(primary.command("FAILOVER", "ABORT").answer, "+OK\r\n");
  world.run(5);
  assert.equal(held.answer, "+OK\r\n");
});

const refused: [words: string[], error: string][] = [
  [["FAILOVER", "ABORT"], "-ERR No failover in progress.\r\n"],
  [["FAILOVER", "TO", "nobody", "1"], "-ERR FAILOVER target HOST and PORT is not a replica.\r\n"],
  [["FAILOVER", "TIMEOUT", "0"], "-ERR FAILOVER timeout must be greater than 0\r\n"],
  [["FAILOVER", "FORCE"], "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.\r\n"],
  [["FAILOVER", "TO", "replica1"], "-ERR syntax error\r\n"],
  [["PSYNC", "?", "-1", "FAILOVER"], "-ERR PSYNC FAILOVER can't be sent to a master.\r\n"],
  [["REPLICAOF", "host", "port"], "-ERR Invalid master port\r\n"],
  [["REPLICAOF", "host", "70000"], "-ERR Invalid master port\r\n"],
  [["REPLCONF", "listening-port"], "-ERR syntax error\r\n"],
  [["REPLCONF", "what", "1"], "-ERR Unrecognized REPLCONF option: what\r\n"],
  [["REPLCONF", "rdb-filter-only", "functions"], "-ERR Unsupported rdb-filter-only option: functions\r\n"],
  [["REPLCONF", "capa", "eof", "capa", "whatever"], "+OK\r\n"],
  [["WAIT", "1", "-1"], "-ERR timeout is negative\r\n"],
  [["WAITAOF", "1", "0", "0"], "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n"],
];
for (const [words, error] of refused) {
  test(`${words.join(" ")} is answered as Redis does`, () => {
    assert.equal(group(2).primary.command(...words).answer, error);
  });
}

test("a replica refuses FAILOVER, and knows whom it follows already", () => {
  const { replicas } = group(2);
  const replica = replicas[0]!;
  assert.equal(replica.command("FAILOVER").answer, "-ERR FAILOVER is not valid when server is a replica.\r\n");
  const again = replica.command("REPLICAOF", "primary", "6379");
  assert.equal(again.answer, "+OK Already connected to specified master\r\n");
});

test("ROLE tells both sides", () => {
  const { primary, replicas } = group(2);
  const { offset } = primary;
  assert.equal(
    primary.command("ROLE").answer,
    `*3\r\n$6\r\nmaster\r\n:${offset}\r\n*1\r\n*3\r\n$8\r\nreplica1\r\n$4\r\n6379\r\n$1\r\n${replicas[0]!.offset}\r\n`,
  );
  assert.equal(
    replicas[0]!.command("ROLE").answer,
    `*5\r\n$5\r\nslave\r\n$7\r\nprimary\r\n:6379\r\n$9\r\nconnected\r\n:${offset}\r\n`,
  );
});

test("a shutdown waits for its replicas, and says who lags when its time is up", async () => {
  const { world, primary } = group(3, { shutdownTimeoutSeconds: 2 });
  primary.command("SET", "k", "1");
  let inSync: boolean | null = null;
  void primary.replication.handOver().then((done) => {
    inSync = done;
  });
  await world.runAsking(150);
  assert.equal(inSync, true);
  assert.ok(primary.lines.includes("2 of 2 replicas are in sync when shutting down."));
  primary.replication.abortHandOver();
  world.partition("replica1");
  primary.command("SET", "k", "2");
  inSync = null;
  void primary.replication.handOver().then((done) => {
    inSync = done;
  });
  await world.runAsking(1500);
  assert.equal(inSync, null);
  await world.runAsking(1000);
  assert.equal(inSync, false);
  assert.ok(primary.lines.some((line) => /^# Lagging replica replica1:6379 reported offset \d+ behind/.test(line)));
});

// ---- What a full synchronisation must not destroy

test("writes that the new primary lacks are kept in a file before they are overwritten", () => {
  const { world, primary, replicas } = group(2);
  const replica = replicas[0]!;
  primary.command("SET", "shared", "1");
  world.run(30);
  world.partition("primary");
  primary.command("SET", "lost", "1");
  primary.transaction(2, ["SET", "lost2", "2"], ["INCR", "n"]);
  world.run(20);
  replica.command("REPLICAOF", "NO", "ONE");
  replica.command("SET", "won", "1");
  world.heal("primary");
  world.reset("primary");
  const branch = Number(replica.info["second_repl_offset"]);
  const { replid, offset } = primary.replication.machine.history;
  primary.command("REPLICAOF", "replica1", "6379");
  world.run(50);
  assertTwins(replica, primary);
  assert.equal(primary.get("lost"), undefined);
  const file = primary.disk.readSync(`/primary/lost-writes-${replid}-${branch}-${offset}.aof`);
  assert.ok(file !== undefined, primary.lines.join("\n"));
  const words = Buffer.from(file)
    .toString()
    .match(/\r\n([A-Za-z]\w*)(?=\r\n)/g)!
    .map((word) => word.trim());
  assert.deepEqual(words, ["SELECT", "SET", "lost", "SELECT", "MULTI", "SET", "lost2", "INCR", "n", "EXEC"]);
  assert.equal(primary.info["lost_writes_files"], "1");
  assert.equal(primary.info["lost_writes_bytes"], String(file.length));
});

test("a tail of pings alone is no loss", () => {
  const { world, primary, replicas } = group(2, { replPingReplicaPeriodSeconds: 1 });
  primary.command("SET", "shared", "1");
  world.run(30);
  world.partition("primary");
  world.run(3000);
  replicas[0]!.command("REPLICAOF", "NO", "ONE");
  world.heal("primary");
  world.reset("primary");
  primary.command("REPLICAOF", "replica1", "6379");
  world.run(300);
  assertTwins(replicas[0]!, primary);
  assert.equal(primary.info["lost_writes_files"], "0");
});

test("with an unrelated new primary, what no replica acknowledged is kept", () => {
  const { world, primary } = group(2);
  const other = world.node("other");
  other.replication.start();
  other.command("SET", "other", "1");
  primary.command("SET", "safe", "1");
  world.run(1200);
  world.partition("replica1");
  primary.command("SET", "unsafe", "1");
  primary.command("REPLICAOF", "other", "6379");
  world.run(100);
  assertTwins(other, primary);
  const [file] = primary.lines.filter((line) => line.includes("writes that the new primary lacks"));
  assert.match(file!, /^# 1 writes that the new primary lacks are kept in/);
});

test("a replica with data does not follow a primary that has just started empty", () => {
  const { world, primary, replicas } = group(2);
  const replica = replicas[0]!;
  primary.command("SET", "k", "1");
  world.run(30);
  primary.kill();
  world.run(100);
  primary.boot();
  primary.replication.start();
  world.run(5000);
  assert.equal(replica.get("k"), "1");
  assert.equal(replica.info["master_link_status"], "down");
  assert.equal(replica.info["master_link_held"], "empty-primary");
  assert.equal(replica.lines.filter((line) => line.includes("has just started and is empty")).length, 1);
  // It has data again: restored by hand, perhaps.
  primary.command("SET", "k", "2");
  world.run(11_000);
  assertTwins(primary, replica);
  assert.equal(replica.info["master_link_status"], "up");
});

test("the empty primary is followed when REPLICAOF is sent again, or the guard is off", () => {
  for (const off of [false, true]) {
    const { world, primary, replicas } = group(2, { emptyPrimaryGuard: !off });
    const replica = replicas[0]!;
    primary.command("SET", "k", "1");
    world.run(30);
    primary.kill();
    world.run(100);
    primary.boot();
    primary.replication.start();
    world.run(2000);
    if (!off) assert.equal(replica.command("REPLICAOF", "primary", "6379").answer, "+OK\r\n");
    world.run(100);
    assert.equal(replica.get("k"), undefined);
    assert.equal(replica.info["master_link_status"], "up");
  }
});

test("a primary that was emptied on purpose is followed", () => {
  const { world, primary, replicas } = group(2, { replBacklogSize: 16_384 });
  primary.command("SET", "k", "1");
  world.run(30);
  world.partition("replica1");
  world.reset("replica1");
  for (let i = 0; i < 400; i++) primary.command("SET", "big", "x".repeat(100));
  primary.command("DEL", "big");
  primary.command("DEL", "k");
  world.run(100);
  world.heal("replica1");
  world.run(1500);
  assertTwins(primary, replicas[0]!);
  assert.equal(replicas[0]!.keyCount(), 0);
});
