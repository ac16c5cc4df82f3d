import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { watchAll } from "../../sim/cluster/checkers/all.ts";
import { Dataset } from "../../sim/cluster/dataset.ts";
import type { Member } from "../../sim/cluster/member.ts";
import { ClusterWorld as World } from "../../sim/cluster/world.ts";
import { slotShare } from "../../src/base/hash-slot.ts";
import { NodeFlag } from "../../src/cluster/messages.ts";
import { nodeLine } from "../../src/cluster/nodes-conf.ts";
import { bumpEpoch, setSlot } from "../../src/cluster/orders.ts";
import { seedRange } from "../sim/seed-range.ts";

const nodeTimeoutMs = 2000;

/** The replica that took the place of `primary`. */
function successor(world: World, primary: Member): Member {
  const found = world.members.find(
    (member) =>
      member !== primary && member.isAlive && member.state.owners[slotOf(world, primary)] === member.state.myself,
  );
  assert.ok(found, "somebody owns its slots");
  return found;
}

/** A world whose rules are watched. */
function formed(...how: Parameters<typeof World.formed>): World {
  const world = World.formed(...how);
  watchAll(world);
  return world;
}

function assertRules(world: World): void {
  world.look();
  assert.deepEqual([...world.violations, ...rivals(world)], []);
}

/**
 * Two who take themselves for a slot's owner, dead or cut off though one may be, have different epochs where nobody took one by
 * TAKEOVER: the checkers, which allow for that, look at majorities.
 */
function rivals({ members }: World): string[] {
  const owners = members.filter(({ state }) => state.myself.votes).map(({ state }) => state.myself);
  return owners.flatMap((one, i) =>
    owners.slice(i + 1).flatMap((other) => {
      const shared = [...one.slots].find((slot) => other.slots.has(slot));
      const clash = one.configEpoch === other.configEpoch && shared !== undefined;
      return clash ? [`slot ${shared} has two owners in epoch ${one.configEpoch}`] : [];
    }),
  );
}

const slotOf = (world: World, primary: Member) => slotShare(world.members.indexOf(primary), 3)[0];

describe("forming", () => {
  test("nodes that one of them met learn of each other, and agree on every slot", () => {
    const world = formed(1, 3, 1);
    assert.ok(world.isHealed);
    for (const { state } of world.members) {
      assert.equal(state.size, 3);
      assert.equal(state.nodes.size, 6);
      assert.equal(state.currentEpoch >= 3, true);
    }
    // A shard has one name, whoever is asked. A replica hears it with its primary's next message.
    const shards = () => new Set(world.members.map(({ state }) => state.shardOf(state.myself)));
    world.until(() => shards().size === 3);
    const isAgreed = (asked: Member) =>
      world.members.every(
        ({ id, state }) => asked.state.shardOf(asked.state.node(id)!) === state.shardOf(state.myself),
      );
    world.until(() => world.members.every(isAgreed));
  });

  test("two primaries that took the same epoch end with different ones", () => {
    const world = formed(2, 3, 0);
    for (const { state } of world.members) state.myself.configEpoch = state.currentEpoch = 7;
    const epochs = () => new Set(world.members.map(({ state }) => state.myself.configEpoch));
    world.until(() => epochs().size === 3);
  });

  test("whoever takes a new epoch for that tells all others, who may elect somebody in the next moment", () => {
    const world = formed(3, 10, 0);
    const [one, other] = world.members;
    const next = 1 + Math.max(...world.members.map(({ state }) => state.currentEpoch));
    for (const { state } of world.members) state.currentEpoch = next;
    one!.state.myself.configEpoch = other!.state.myself.configEpoch = next;
    world.until(() => one!.state.myself.configEpoch !== other!.state.myself.configEpoch);
    const told = () => world.members.filter(({ state }) => state.currentEpoch > next).length;
    world.until(() => told() === world.members.length, 150);
  });

  test("a stranger that cannot be reached is given up", () => {
    const world = formed(3, 3, 0);
    const dead = world.member();
    dead.kill();
    world.members[0]!.meet(dead);
    assert.equal(world.members[0]!.state.nodes.size, 4);
    world.until(() => world.members[0]!.state.nodes.size === 3);
  });

  test("a node that moved is found again", () => {
    const world = formed(4, 3, 1);
    const { state } = world.members[1]!;
    // As if it had been told wrong: others know better.
    state.updateAddress(state.node(world.members[2]!.id)!, { ip: "127.0.0.1", port: 1, busPort: 1, plainPort: 0 });
    world.until(() => state.node(world.members[2]!.id)!.address.port === 7002);
  });
});

test("a question that got lost is asked again, also one that was asked as the answer to another came", () => {
  const world = formed(19, 3, 0, { nodeTimeoutMs });
  const { state } = world.members[0]!;
  const node = state.node(world.members[1]!.id)!;
  // No PONG is on its way.
  world.until(() => node.pingSentAt === 0, 5000, 1);
  node.pingSentAt = node.pongReceivedAt = state.now;
  world.run(nodeTimeoutMs * 4);
  assert.ok(!node.is(NodeFlag.pfail));
  assert.ok(state.now - node.pongReceivedAt < nodeTimeoutMs);
});

test("what a node says of itself may change, and all hear of it", () => {
  const world = formed(16, 3, 1);
  const replica = world.members[3]!;
  replica.settings.announceHostname = "db.example.org";
  replica.settings.replicaNoFailover = true;
  const seen = () => world.members.map(({ state }) => state.node(replica.id)!);
  const took = world.until(() =>
    seen().every((node) => node.hostname === "db.example.org" && node.is(NodeFlag.noFailover)),
  );
  assert.ok(took < 500, `${took} ms`);
});

test("strangers who say MEET do not grow without bound", () => {
  const world = formed(17, 3, 0);
  const [member] = world.members;
  const before = member!.state.nodes.size;
  for (let i = 0; i < 3000; i++) member!.meetsStranger(i);
  assert.equal(member!.state.nodes.size, before + 1000);
});

test("a slot that its owner gave away goes to whoever claims it, whatever epoch its old owner has meanwhile", () => {
  const world = formed(18, 3, 0);
  const [giver, taker, bystander] = world.members as [Member, Member, Member];
  world.cut(taker, bystander);
  giver.data = new Dataset(0);
  taker.order((state) => setSlot(state, 0, { kind: "importing", id: giver.id }));
  giver.order((state) => setSlot(state, 0, { kind: "node", id: taker.id }));
  taker.order((state) => setSlot(state, 0, { kind: "node", id: taker.id }));
  world.run(100);
  giver.order((state) => bumpEpoch(state));
  world.until(() => bystander.state.node(giver.id)!.configEpoch > taker.state.myself.configEpoch, 60_000);
  world.heal();
  world.until(() => world.isHealed);
  assert.equal(bystander.state.owners[0]!.id, taker.id);
});

describe("a primary dies", () => {
  test("a crash is noticed at once: its replica has its slots within two seconds, with every write it had", () => {
    const world = formed(5, 3, 1, { nodeTimeoutMs: 15_000 });
    const [primary] = world.members;
    for (let i = 0; i < 100; i++) assert.ok(primary!.write(0));
    world.run(100);
    primary!.kill();
    const took = world.until(() => world.isHealed);
    assert.ok(took < 2000, `${took} ms`);
    assert.equal(successor(world, primary!).offset, 100);
    assertRules(world);
  });

  test("silence is noticed after the node timeout", () => {
    const world = formed(6, 3, 1, { nodeTimeoutMs });
    const [primary] = world.members;
    primary!.freeze();
    const took = world.until(
      () =>
        world.members.slice(1).every(({ state }) => state.owners[0]?.id !== primary!.id && state.owners[0] !== null),
      30_000,
    );
    assert.ok(took > nodeTimeoutMs && took < nodeTimeoutMs + 2000, `${took} ms`);
    primary!.thaw();
    world.until(() => world.isHealed && !primary!.isPrimary);
    assert.equal(primary!.state.myself.primary!.id, world.members[3]!.id);
    assertRules(world);
  });

  test("the replica with more data goes first", () => {
    const world = formed(7, 3, 3, { nodeTimeoutMs });
    const [primary] = world.members;
    const replicas = world.members.filter(({ state }) => state.myself.primary?.id === primary!.id);
    assert.equal(replicas.length, 3);
    const [, behind, best] = replicas;
    for (const replica of replicas) if (replica !== best) world.cut(primary!, replica);
    for (let i = 0; i < 10; i++) primary!.write(0);
    world.run(300);
    assert.ok(best!.offset > behind!.offset);
    primary!.kill();
    world.until(() => world.isHealed);
    assert.equal(successor(world, primary!), best);
  });

  test("a replica whose data are too old does not stand, unless asked to", () => {
    const world = formed(8, 3, 1, { nodeTimeoutMs, replicaValidityFactor: 1, replPingMs: 1000 });
    const [primary, , , replica] = world.members;
    world.cut(primary!, replica!);
    world.run(60_000);
    primary!.kill();
    world.run(20_000);
    assert.ok(!replica!.isPrimary);
    assert.ok(world.logs.some((line) => line.includes("data too old")));
    replica!.failover("takeover");
    world.until(() => world.isHealed);
  });

  test("without a majority nobody is promoted, and the rest stops serving", () => {
    const world = formed(9, 3, 1, { nodeTimeoutMs });
    const [a, b, c] = world.members;
    a!.kill();
    b!.kill();
    world.until(() => !c!.state.ok, 10_000);
    world.run(20_000);
    for (const member of world.members.slice(3)) assert.ok(!member.isPrimary);
    a!.restart();
    world.until(() => world.isHealed);
    assertRules(world);
  });

  test("nofailover is respected", () => {
    const world = formed(10, 3, 1, { nodeTimeoutMs, replicaNoFailover: true });
    world.members[0]!.kill();
    world.run(20_000);
    assert.ok(!world.members[3]!.isPrimary);
  });

  test("one that comes back to its slots, which nobody took, serves them again", () => {
    const world = formed(11, 3, 0, { nodeTimeoutMs });
    const [primary] = world.members;
    primary!.kill();
    world.until(() => world.members.slice(1).every(({ state }) => state.node(primary!.id)!.is(NodeFlag.fail)));
    primary!.restart();
    world.until(() => world.isHealed);
    assert.ok(primary!.isPrimary);
  });

  test("an orphaned primary gets a replica from where there are two", () => {
    const world = formed(12, 3, 1, { nodeTimeoutMs });
    const extra = world.member({ nodeTimeoutMs });
    extra.meet(world.members[0]!);
    world.until(() => world.members.every(({ state }) => state.nodes.size === 7));
    world.run(1000);
    extra.follow(world.members[0]!);
    world.until(() => world.members.every(({ state }) => state.node(world.members[0]!.id)!.replicas.length === 2));
    world.members[4]!.kill();
    const orphan = world.members[1]!;
    world.until(() => orphan.state.myself.replicas.some(({ id }) => id !== world.members[4]!.id), 30_000);
  });
});

describe("a wall clock that jumps by an hour", () => {
  const HOUR = 3_600_000;

  for (const byMs of [HOUR, -HOUR]) {
    test(`is no time that passes: nobody is missed, nobody replaced (${byMs} ms)`, () => {
      const world = formed(20, 3, 1, { nodeTimeoutMs });
      for (let i = 0; i < 1000; i++) {
        if (i % 37 === 0) world.members[i % world.members.length]!.jumpClock(byMs);
        world.run(2);
        if (i % 5 === 0) {
          for (const { state } of world.members) {
            assert.ok(state.ok && state.roll.nodes.every((node) => !node.is(NodeFlag.pfail | NodeFlag.fail)));
          }
        }
      }
      assert.equal(world.promotions, 0);
      assertRules(world);
    });

    test(`delays no failover, and no vote is forgotten (${byMs} ms)`, () => {
      const world = formed(21, 3, 2, { nodeTimeoutMs });
      const [primary] = world.members;
      primary!.freeze();
      let jumps = 0;
      const took = world.until(
        () => {
          world.members[jumps++ % world.members.length]!.jumpClock(byMs);
          return world.members.some(
            (member) => member.isPrimary && member.state.owners[0] === member.state.myself && member !== primary,
          );
        },
        30_000,
        97,
      );
      assert.ok(took > nodeTimeoutMs && took < nodeTimeoutMs + 2500, `${took} ms`);
      assertRules(world);
      primary!.thaw();
      world.until(() => world.isHealed && !primary!.isPrimary);
      assert.equal(world.promotions, 1);
      assertRules(world);
    });
  }

  test("is shown: CLUSTER NODES has times of day", () => {
    const world = formed(22, 3, 0, { nodeTimeoutMs });
    const { state } = world.members[0]!;
    const times = () =>
      [...state.nodes.values()]
        .filter((node) => !node.isMyself)
        .map((node) => Number(nodeLine(state, node, false).split(" ")[5]));
    const near = () =>
      times().every((time) => Math.abs(time - (world.now + world.members[0]!.clockErrorMs)) < nodeTimeoutMs);
    assert.ok(near());
    world.members[0]!.jumpClock(HOUR);
    world.run(200);
    assert.ok(near());
  });

  test("a manual failover goes on", () => {
    const world = formed(23, 3, 1, { nodeTimeoutMs });
    const [primary, , , replica] = world.members;
    replica!.failover("");
    for (const member of [primary!, replica!]) member.jumpClock(HOUR);
    world.until(() => replica!.isPrimary && world.isHealed, 2000);
    assertRules(world);
  });
});

describe("a manual failover", () => {
  test("loses nothing, and the old primary follows", () => {
    const world = formed(13, 3, 1);
    const [primary, , , replica] = world.members;
    let written = 0;
    const writing = () => {
      if (primary!.write(0)) written++;
      world.after(1, writing);
    };
    writing();
    world.run(500);
    replica!.failover("");
    const took = world.until(() => replica!.isPrimary && world.isHealed);
    assert.ok(took < 1500, `${took} ms`);
    assert.equal(primary!.state.myself.primary!.id, replica!.id);
    assert.equal(replica!.offset, written);
    assertRules(world);
  });

  test("is given up when the primary does not answer, and nothing has changed", () => {
    const world = formed(14, 3, 1, { nodeTimeoutMs: 15_000 });
    const [primary, , , replica] = world.members;
    primary!.freeze();
    replica!.failover("");
    world.run(6000);
    assert.ok(!replica!.isPrimary);
    assert.equal(replica!.state.manual.endsAt, 0);
    primary!.thaw();
    world.run(20_000);
    assert.ok(world.isHealed && primary!.isPrimary);
  });
});

test("votes that come when the primary holds its writes no longer are of no use", () => {
  const world = formed(15, 3, 1);
  const [primary, , , replica] = world.members as [Member, Member, Member, Member];
  replica.failover("");
  world.until(() => replica.state.election.asked, 2000, 1);
  replica.freeze();
  world.run(30_000);
  assert.ok(primary.write(0, "written meanwhile"));
  replica.thaw();
  assert.ok(!replica.isPrimary);
  world.run(5000);
  assert.ok(primary.isPrimary && world.isHealed);
  assertRules(world);
});

/** Crashes, stops and cuts by chance; checks all the time, and that all is well some time after they have ended. */
function trouble(seed: number, forgetful = false): World {
  const world = formed(seed, 3, 2, { nodeTimeoutMs });
  world.forgetful = forgetful;
  const { random, members } = world;
  const chance = (n: number) => random.uint32() % n;
  for (let i = 0; i < 12; i++) {
    const one = members[chance(members.length)]!;
    const what = chance(5);
    if (what === 0 && one.isAlive) one.kill();
    else if (what === 1 && !one.isAlive) one.restart();
    else if (what === 2 && one.isAlive) one.freeze();
    else if (what === 3) for (const other of members) if (chance(2) === 0 && other !== one) world.cut(one, other);
    if (what === 4) for (const member of members) if (member.isFrozen) member.thaw();
    for (let n = 0; n < 20; n++) {
      world.run(chance(400));
      assertRules(world);
    }
  }
  world.heal();
  for (const member of members) {
    if (member.isFrozen) member.thaw();
    if (!member.isAlive) member.restart();
  }
  world.until(() => world.isHealed, 60_000);
  assertRules(world);
  return world;
}

test("worlds with every trouble heal, and no slot ever has two owners in an epoch", () => {
  let [promotions, worlds] = [0, 0];
  for (const seed of seedRange(100, 20)) {
    worlds++;
    try {
      promotions += trouble(seed).promotions;
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  assert.ok(promotions >= worlds / 2, `${promotions} promotions: the worlds were idle`);
});

/**
 * One replica wins the votes of both primaries that are left, and is cut off before anybody hears of it; they crash, come back, and
 * the other replica asks for the same epoch.
 */
function askTwice(forgetful: boolean): World {
  const world = formed(1, 3, 2, { nodeTimeoutMs });
  world.forgetful = forgetful;
  const [dead, one, two] = world.members as [Member, Member, Member];
  const [winner, other] = world.members.filter(({ state }) => state.myself.primary?.id === dead.id) as [Member, Member];
  // Bystanders would tell of the epoch.
  for (const member of world.members) if (![dead, one, two, winner, other].includes(member)) member.kill();
  for (const member of world.members) if (member !== other) world.cut(member, other);
  dead.kill();
  while (!winner.isPrimary) world.run(1);
  one.kill();
  two.kill();
  world.heal();
  for (const member of world.members) if (member !== winner) world.cut(member, winner);
  one.restart();
  two.restart();
  world.until(() => other.isPrimary);
  assertRules(world);
  return world;
}

test("a vote survives a crash: the next winner has an epoch of its own", () => {
  const world = askTwice(false);
  world.heal();
  for (const member of world.members) if (!member.isAlive) member.restart();
  world.until(() => world.isHealed);
});

test("the checker bites: primaries that forget their votes give two owners to a slot", () => {
  assert.throws(
    () => askTwice(true),
    ({ message }: Error) => /was won by/.test(message) && /has two owners/.test(message),
  );
});
