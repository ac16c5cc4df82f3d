/** Whole failovers as transcripts: what each Sentinel published, and what the servers did, in the order of time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyError } from "../../src/base/reply-error.ts";
import { isWell } from "./chaos.ts";
import { type SentinelNode, World, type WorldOptions } from "./world.ts";

/** A group that has found itself, with some data. Sentinels s1, s2, ... on 26379 and up. */
function settled(options: WorldOptions = {}): World {
  const world = new World({ seed: 7, ...options });
  world.run(5000);
  for (let i = 0; i < 10; i++) world.server(6379)!.write();
  world.run(100);
  world.transcript.length = 0;
  return world;
}

/** The transcript of one Sentinel and of the servers, without times, run ids by name: "me" is the one that tells. */
function told(world: World, by: SentinelNode): string[] {
  const names = world.sentinels.map((one, i) => [one.machine.state.myid, one === by ? "me" : `s${i + 1}`] as const);
  const lines = world.transcript.filter((line) => !/^ *\d+ \[/.test(line) || line.includes(`[${by.port}]`));
  return lines.map((line) => {
    const text = line.replace(/^ *\d+ (\[\d+\] )?/, "");
    return names.reduce((shown, [id, name]) => shown.replaceAll(id, name), text).replaceAll("10.0.0.1", "ip");
  });
}

function leaderOf(world: World): SentinelNode {
  return world.sentinels.find((one) => one.events.some((event) => event.startsWith("+elected-leader")))!;
}

test("a killed primary is replaced at once: the refused connection is proof enough", () => {
  const world = settled();
  const [primary] = world.servers;
  world.kill(primary!);
  const publishedMs = world.until(() => world.switches.length === 3, 5000);
  assert.ok(publishedMs >= 0 && publishedMs < 150, `published after ${publishedMs} ms`);
  world.run(1000);
  assert.deepEqual(told(world, leaderOf(world)), [
    "6379 is killed",
    "+sdown master mymaster ip 6379",
    "+odown master mymaster ip 6379 #quorum 2/2",
    "+new-epoch 1",
    "+try-failover master mymaster ip 6379",
    "+vote-for-leader me 1",
    "+elected-leader master mymaster ip 6379",
    "+failover-state-select-slave master mymaster ip 6379",
    "+selected-slave slave ip:6380 ip 6380 @ mymaster ip 6379",
    "+failover-state-send-slaveof-noone slave ip:6380 ip 6380 @ mymaster ip 6379",
    "+failover-state-wait-promotion slave ip:6380 ip 6380 @ mymaster ip 6379",
    "6380 is a master",
    "-role-change slave ip:6380 ip 6380 @ mymaster ip 6379 new reported role is master",
    "+promoted-slave slave ip:6380 ip 6380 @ mymaster ip 6379",
    "+failover-state-reconf-slaves master mymaster ip 6379",
    "+switch-master mymaster ip 6379 ip 6380",
    "+slave slave ip:6381 ip 6381 @ mymaster ip 6380",
    "+slave slave ip:6379 ip 6379 @ mymaster ip 6380",
    "+slave-reconf-sent slave ip:6381 ip 6381 @ mymaster ip 6380",
    "6381 follows 6380",
    "+slave-reconf-inprog slave ip:6381 ip 6381 @ mymaster ip 6380",
    "+slave-reconf-done slave ip:6381 ip 6381 @ mymaster ip 6380",
    "+failover-end master mymaster ip 6380",
    "+sdown slave ip:6379 ip 6379 @ mymaster ip 6380",
  ]);
});

test("the others learn the new address from the leader's hello", () => {
  const world = settled();
  world.kill(world.servers[0]!);
  world.run(1000);
  const leader = leaderOf(world);
  const observer = world.sentinels.find((one) => one !== leader)!;
  const lines = told(world, observer).filter((line) => line.startsWith("+config") || line.startsWith("+switch"));
  const name = `s${world.sentinels.indexOf(leader) + 1}`;
  assert.deepEqual(lines, [
    `+config-update-from sentinel ${name} ip ${leader.port} @ mymaster ip 6379`,
    "+switch-master mymaster ip 6379 ip 6380",
  ]);
});

test("a primary that only falls silent is given its down-after-milliseconds, and not much more", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const world = settled({ seed });
    world.stop(world.servers[0]!);
    const publishedMs = world.until(() => world.switches.length === 3, 5000);
    assert.ok(publishedMs > 1000 && publishedMs < 2000, `seed ${seed}: published after ${publishedMs} ms`);
  }
});

test("the old primary is demoted by the first thing it reads when it wakes up", () => {
  const world = settled();
  const [primary] = world.servers;
  world.stop(primary!);
  world.run(10_000);
  assert.equal(primary!.master, null);
  world.resume(primary!);
  assert.equal(primary!.master, 6380, "the order was waiting for it");
  world.run(2000);
  assert.ok(isWell(world));
  assert.ok(
    world.sentinels.some((one) =>
      one.events.some((event) => event.startsWith("+convert-to-slave slave 10.0.0.1:6379")),
    ),
  );
});

test("the old primary is demoted within a fifth of a second of its return", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const world = settled({ seed });
    const [primary] = world.servers;
    world.kill(primary!);
    world.run(30_000);
    world.restart(primary!);
    const demotedMs = world.until(() => primary!.master === 6380, 5000);
    assert.ok(demotedMs >= 0 && demotedMs <= 200, `seed ${seed}: demoted after ${demotedMs} ms`);
  }
});

test("a planned failover is handed over by the primary itself", () => {
  const world = settled();
  world.sentinels[0]!.step({ kind: "failover", name: "mymaster" });
  world.run(1000);
  const lines = told(world, world.sentinels[0]!);
  assert.deepEqual(
    lines.slice(lines.indexOf("+failover-state-wait-promotion slave ip:6380 ip 6380 @ mymaster ip 6379")).slice(1, 5),
    [
      "6380 is a master",
      "6379 follows 6380",
      "-role-change slave ip:6380 ip 6380 @ mymaster ip 6379 new reported role is master",
      "+promoted-slave slave ip:6380 ip 6380 @ mymaster ip 6379",
    ],
  );
  assert.deepEqual(world.server(6380)!.ordered, ["no one"], "by FAILOVER, which is not counted as an order of ours");
  assert.ok(isWell(world));
});

test("where the primary refuses to hand over the classical way is taken", () => {
  const world = settled();
  world.refuseHandover = true;
  world.sentinels[0]!.step({ kind: "failover", name: "mymaster" });
  world.run(2000);
  assert.ok(isWell(world));
  assert.equal(world.switches.length, 3);
});

test("a leader that dies is not waited for", () => {
  const world = settled();
  world.kill(world.servers[0]!);
  world.until(() => world.leaders.size > 0, 1000);
  world.kill(leaderOf(world));
  const publishedMs = world.until(() => world.switches.length >= 2, 60_000);
  assert.ok(publishedMs >= 0 && publishedMs < 2500, `published after ${publishedMs} ms`);
});

test("no replica fit to be promoted: the reason for each is told, and it is tried again", () => {
  const world = settled();
  world.server(6380)!.priority = 0;
  world.kill(world.server(6381)!);
  world.run(11_000);
  world.kill(world.server(6379)!);
  world.run(3000);
  const { record, history } = leaderOf(world).master;
  assert.equal(record, null);
  assert.equal(history.at(-1)!.outcome, "aborted");
  const [first, second] = [...history.at(-1)!.candidates].sort();
  assert.match(first!, /^10\.0\.0\.1:6380: its replica-priority is 0/);
  assert.match(second!, /^10\.0\.0\.1:6381: it is down/);
  world.restart(world.server(6381)!);
  const publishedMs = world.until(() => world.switches.length >= 3, 30_000);
  assert.ok(publishedMs >= 0 && publishedMs < 2000, `promoted ${publishedMs} ms after it came back`);
});

test("the replica with the most data is chosen by what it has now, not by the last periodic INFO", () => {
  const world = settled();
  world.isolate(6380);
  for (const one of world.sentinels) world.cuts.delete(`6380 ${one.port}`);
  for (let i = 0; i < 50; i++) world.server(6379)!.write();
  world.kill(world.server(6379)!);
  world.run(2000);
  assert.deepEqual(world.opinions, [6381, 6381, 6381]);
});

test("a Sentinel that stood still distrusts what it sees: TILT", () => {
  const world = settled();
  const [one] = world.sentinels;
  world.stop(one!);
  world.run(5000);
  world.resume(one!);
  world.kill(world.servers[0]!);
  world.run(2000);
  assert.ok(one!.events.some((event) => event.startsWith("+tilt")));
  assert.ok(!one!.events.some((event) => event.startsWith("+sdown master")), "it only watches");
  assert.deepEqual(world.opinions, [6380, 6380, 6380], "the other two were enough");
  world.run(31_000);
  assert.ok(one!.events.some((event) => event.startsWith("-tilt")));
});

test("one crash, one failover: opinions about the old address do not touch the new one", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = settled({ seed, sentinels: 3 + 2 * (seed % 2) });
    world.kill(world.servers[0]!);
    world.run(15_000);
    assert.equal(world.switches.length, world.sentinels.length, `seed ${seed}: ${world.switches.join("; ")}`);
    assert.ok(!world.transcript.some((line) => line.includes("+odown master mymaster 10.0.0.1 638")), `seed ${seed}`);
  }
});

for (const parallel of [1, 2]) {
  test(`parallel-syncs ${parallel}: no more replicas than that are pointed elsewhere at a time`, () => {
    const world = settled({ replicas: 5 });
    for (const one of world.sentinels) one.master.parallelSyncs = parallel;
    world.kill(world.servers[0]!);
    world.run(3000);
    let [running, most] = [0, 0];
    for (const event of leaderOf(world).events) {
      if (event.startsWith("+slave-reconf-sent ")) most = Math.max(most, ++running);
      if (event.startsWith("+slave-reconf-done ")) running--;
    }
    assert.equal(most, parallel);
    assert.equal(running, 0);
    assert.ok(world.servers.every((server) => server.port === 6379 || server.port === 6380 || server.master === 6380));
  });
}

test("a primary that restarted and does not come up is down after master-reboot-down-after-period", () => {
  const world = settled({ downAfterMs: 10_000 });
  for (const one of world.sentinels) one.master.rebootDownAfterMs = 500;
  const [primary] = world.servers;
  primary!.runid = "f".repeat(40);
  primary!.pingError = new ReplyError("LOADING", "Redis is loading the dataset in memory");
  const downMs = world.until(() => world.sentinels.some((one) => one.master.sdown), 15_000);
  const rebooted = world.sentinels.flatMap((one) => one.events.filter((event) => event.startsWith("+reboot")));
  assert.equal(rebooted[0], "+reboot master mymaster 10.0.0.1 6379");
  assert.ok(downMs >= 500 && downMs < 12_000, `down after ${downMs} ms`);
});

test("a Sentinel can be made to crash at the points that matter, and the others go on", () => {
  for (const point of ["crashAfterElection", "crashAfterPromotion"] as const) {
    const world = settled();
    for (const one of world.sentinels) one.machine.state[point] = true;
    world.kill(world.servers[0]!);
    const crashed = world.until(() => world.sentinels.some((one) => one.exits.length > 0), 2000);
    assert.ok(crashed >= 0);
    const [one] = world.sentinels.filter(({ exits }) => exits.length > 0);
    assert.deepEqual(one!.exits, [99]);
    for (const other of world.sentinels) other.machine.state[point] = false;
    world.kill(one!);
    const publishedMs = world.until(() => world.opinions.every((port) => port === 6380 || port === 6381), 5000);
    assert.ok(publishedMs >= 0, point);
    world.restart(one!);
    world.run(3000);
    assert.equal(new Set(world.opinions).size, 1);
    assert.equal(world.masters.length, 1);
  }
});

test("every failover leaves a timeline", () => {
  const world = settled();
  world.kill(world.servers[0]!);
  world.run(1000);
  const record = leaderOf(world).master.history.at(-1)!;
  assert.equal(record.part, "leader");
  assert.equal(record.outcome, "done");
  assert.equal(record.reason, "its port is closed: the process is gone");
  assert.equal(record.from, "10.0.0.1:6379");
  assert.equal(record.to, "10.0.0.1:6380");
  assert.equal(record.votes.length, 3);
  assert.match(record.candidates[0]!, /^10\.0\.0\.1:6380: chosen/);
});
