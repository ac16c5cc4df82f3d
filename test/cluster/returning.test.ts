import assert from "node:assert/strict";
import { test } from "node:test";
import { watchAll } from "../../sim/cluster/checkers/all.ts";
import type { Member } from "../../sim/cluster/member.ts";
import { ClusterWorld } from "../../sim/cluster/world.ts";

/** Three primaries, each with a replica, whose rules are watched. */
function formed(seed: number): { world: ClusterWorld; primary: Member; replica: Member } {
  const world = ClusterWorld.formed(seed, 3, 1);
  watchAll(world);
  const primary = world.members[0]!;
  const replica = world.members.find(({ state }) => state.myself.primary?.id === primary.id)!;
  return { world, primary, replica };
}

const slotOf = ({ state }: Member) => [...state.myself.slots][0]!;

test("a primary that was stopped until it was replaced writes nothing of what it finds in its sockets", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { world, primary, replica } = formed(seed);
    const slot = slotOf(primary);
    primary.freeze();
    world.until(() => replica.state.owners[slot] === replica.state.myself);
    world.run(seed * 100);
    primary.thaw();
    // It takes itself for the owner until it is told.
    while (primary.state.myself.isPrimary) {
      assert.equal(primary.write(slot), false, `seed ${seed}`);
      world.run(1);
    }
    assert.equal(primary.holdsWrites, false);
    world.look();
    assert.deepEqual(world.violations, []);
  }
});

test("a primary that was stopped for a moment goes on as soon as the others have spoken twice", () => {
  const { world, primary } = formed(1);
  const slot = slotOf(primary);
  primary.freeze();
  world.run(700);
  primary.thaw();
  assert.equal(primary.write(slot), false);
  assert.ok(world.until(() => primary.write(slot), 1000, 1) < 100);
});

test("who is away is waited for only for a moment, if a majority speaks", () => {
  const { world, primary } = formed(2);
  const slot = slotOf(primary);
  primary.freeze();
  world.run(600);
  for (const other of world.members.slice(2)) world.cut(primary, other);
  primary.thaw();
  const waited = world.until(() => primary.write(slot), 5000, 1);
  assert.ok(waited >= 300 && waited < 1000, `${waited} ms`);
});

test("without a majority it writes nothing, and holds nobody for ever", () => {
  const { world, primary } = formed(3);
  const slot = slotOf(primary);
  primary.freeze();
  world.run(600);
  world.isolate([primary]);
  primary.thaw();
  for (let ms = 0; ms < 20_000 && primary.state.myself.isPrimary; ms += 10) {
    assert.equal(primary.write(slot), false);
    world.run(10);
  }
  assert.equal(primary.holdsWrites, false);
  assert.equal(primary.state.ok, false);
});

test("an only primary asks its replicas, and one without others nobody", () => {
  const world = ClusterWorld.formed(4, 1, 1);
  const primary = world.members[0]!;
  const slot = slotOf(primary);
  primary.freeze();
  world.run(1000);
  primary.thaw();
  assert.equal(primary.write(slot), false);
  assert.ok(world.until(() => primary.write(slot), 1000, 1) < 100);

  const alone = ClusterWorld.formed(5, 1, 0).members[0]!;
  alone.freeze();
  alone.thaw();
  assert.equal(alone.write(slotOf(alone)), true);
});
