/** Writes that are acknowledged only when a replica has them: a candidate shows that it has all of them, or is not elected. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "../../sim/cluster/member.ts";
import { ClusterWorld } from "../../sim/cluster/world.ts";

/** One of three primaries with two replicas each acknowledges ten writes that only one of its replicas has, and dies. */
function oneReplicaBehind(fences: boolean) {
  const world = ClusterWorld.formed(1, 3, 2, { nodeTimeoutMs: 1000 });
  world.acksNeeded = 1;
  world.fences = fences;
  const [primary] = world.members as [Member];
  const [behind, ahead] = world.members.filter(({ source }) => source === primary) as [Member, Member];
  world.cut(primary, behind);
  for (let i = 0; i < 10; i++) {
    assert.ok(primary.write(0, `key ${i}`));
    assert.ok(primary.isAcknowledged);
  }
  world.run(100);
  ahead.freeze();
  primary.kill();
  world.run(10_000);
  return { world, primary, behind, ahead };
}

test("without the promises of its siblings the one that lacks acknowledged writes takes over, and they are lost", () => {
  const { behind } = oneReplicaBehind(false);
  assert.ok(behind.isPrimary);
  assert.equal(behind.data.countIn(0), 0);
});

test("with them it waits for the one that has them, which takes over when it is back", () => {
  const { world, behind, ahead } = oneReplicaBehind(true);
  assert.ok(!behind.isPrimary);
  assert.ok(world.logs.some((line) => line.includes("waiting for its siblings' promises")));
  ahead.thaw();
  world.until(() => ahead.isPrimary, 30_000);
  assert.equal(ahead.data.countIn(0), 10);
  world.run(2000);
  assert.ok(!behind.isPrimary);
});

test("a sibling that promised acknowledges nothing more of the primary that was cut off", () => {
  const world = ClusterWorld.formed(2, 3, 2, { nodeTimeoutMs: 1000 });
  world.acksNeeded = 1;
  const [primary] = world.members as [Member];
  const replicas = world.members.filter(({ source }) => source === primary);
  // The other primaries do not hear it any more; its replicas and clients do.
  for (const member of world.members) if (!replicas.includes(member)) world.cut(primary, member);
  let acknowledged = 0;
  world.until(() => {
    if (primary.write(0, `key ${acknowledged}`) && primary.isAcknowledged) acknowledged++;
    return replicas.some(({ isPrimary }) => isPrimary);
  }, 30_000);
  const winner = replicas.find(({ isPrimary }) => isPrimary)!;
  assert.ok(acknowledged > 10, `${acknowledged}`);
  assert.ok(winner.data.countIn(0) >= acknowledged, `${winner.data.countIn(0)} of ${acknowledged}`);
});

test("a promise about a primary that came back proves nothing when it fails again", () => {
  const { world, primary, behind } = oneReplicaBehind(true);
  assert.equal(behind.state.fencing.of, primary.id);
  world.heal();
  primary.restart();
  world.until(() => !behind.state.node(primary.id)!.is(8), 30_000);
  world.run(500);
  assert.equal(behind.state.fencing.of, "");
});
