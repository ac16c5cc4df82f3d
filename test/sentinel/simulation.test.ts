/** Seeded worlds in which servers and Sentinels die, stand still, restart and lose each other; one checker a property. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chaos, isWell } from "./chaos.ts";
import { World } from "./world.ts";

/** In an epoch two Sentinels never lead. */
function leadersPerEpoch(world: World): number {
  return Math.max(0, ...[...world.leaders.values()].map((leaders) => leaders.size));
}

/** TILT lasts 30 s, and what it held up takes a while. */
const HEALED_WITHIN_MS = 50_000;

const SEEDS = 40;

test(`${SEEDS} worlds: at most one leader an epoch, and a healed world agrees on one primary`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world, healedAfterMs } = chaos({ seed, sentinels: 3 + 2 * (seed % 2), limitMs: HEALED_WITHIN_MS });
    assert.ok(leadersPerEpoch(world) <= 1, `seed ${seed}: two leaders in an epoch`);
    assert.ok(
      healedAfterMs >= 0,
      `seed ${seed}: not healed; ${world.opinions} ${world.transcript.slice(-30).join("\n")}`,
    );
  }
});

test("worlds without TILT heal within ten seconds", () => {
  for (let seed = 1; seed <= 25; seed++) {
    const prepare = (world: World) => {
      for (const one of world.sentinels) one.machine.state.timings.tiltPeriodMs = 100;
    };
    const { healedAfterMs } = chaos({ seed, sentinelsCrash: false, prepare, limitMs: 30_000 });
    assert.ok(healedAfterMs >= 0 && healedAfterMs < 10_000, `seed ${seed}: healed after ${healedAfterMs} ms`);
  }
});

/** A leader is elected, everybody crashes at that moment, and there is another election. */
function electionsAroundACrash(forgetful: boolean): World {
  const world = new World({ seed: 5 });
  world.run(5000);
  for (const one of world.sentinels) one.forgetful = forgetful;
  world.kill(world.servers[0]!);
  world.until(() => world.leaders.size > 0, 5000);
  const first = [...world.leaders.values()][0]!;
  for (const one of world.sentinels) world.kill(one);
  const others = world.sentinels.filter((one) => !first.has(one.machine.state.myid));
  for (const one of others) world.restart(one);
  world.run(40_000);
  return world;
}

test("a vote survives a crash: the next election is another epoch's", () => {
  const world = electionsAroundACrash(false);
  assert.ok(world.leaders.size >= 2);
  assert.equal(leadersPerEpoch(world), 1);
});

test("the checker bites: Sentinels that forget their votes in a crash elect two leaders in an epoch", () => {
  assert.equal(leadersPerEpoch(electionsAroundACrash(true)), 2);
});

test("without a majority nobody leads", () => {
  const world = new World({ seed: 9, sentinels: 5, quorum: 2 });
  world.run(5000);
  const [a, b] = world.sentinels;
  world.isolate(6379, a!.port, b!.port);
  world.cuts.clear();
  for (const one of [a!, b!]) {
    for (const node of [...world.sentinels.filter((other) => other !== a && other !== b), world.server(6379)!]) {
      world.cuts.add(`${one.port} ${node.port}`);
    }
  }
  world.run(30_000);
  assert.ok(a!.master.odown, "the two agree that it is down");
  assert.equal(world.leaders.size, 0);
  assert.equal(world.masters.length, 1);
  world.heal();
  world.run(20_000);
  assert.ok(isWell(world));
});

test("a split vote is repeated in a new epoch without waiting for two failover timeouts", () => {
  const world = new World({ seed: 2, failoverTimeoutMs: 180_000 });
  world.run(5000);
  // Candidates all at once: each votes for itself.
  for (const one of world.sentinels) one.machine.state.timings.askPeriodMs = 100;
  world.kill(world.servers[0]!);
  world.until(() => world.sentinels.every((one) => one.master.odown), 100);
  for (const one of world.sentinels) {
    one.master.candidacyAt = world.now;
    one.step({ kind: "wake" });
  }
  const publishedMs = world.until(() => world.switches.length === 3, 10_000);
  assert.ok(world.transcript.some((line) => line.includes("-failover-abort-not-elected")));
  assert.ok(publishedMs >= 0 && publishedMs < 1500, `published after ${publishedMs} ms`);
  assert.equal(leadersPerEpoch(world), 1);
});
