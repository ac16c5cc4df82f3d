/** What seeds have found, told as short stories, so that it stays found whatever the seeds draw next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { watchAll } from "../../sim/checkers/all.ts";
import { disagreements } from "../../sim/state.ts";
import { GROUP, World, type WorldOptions } from "../../sim/world.ts";

async function settled(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = new World({ seed: 1, followers: 1, loyalists: 0, ...options });
  watchAll(world);
  await world.begin();
  await world.loop.run(3000);
  return world;
}

const said = (world: World, text: string) => world.transcript.filter((line) => line.includes(text));

for (const waitMs of [0, 400, 800, 1200, 1600])
  test(`a primary that waits for the target of its FAILOVER is not taken for down (${waitMs} ms after)`, async () => {
    const world = await settled({ serverLines: (name) => (name === "s3" ? ["replica-priority 50"] : []) });
    // Hellos come every two seconds: one of them while the primary holds its writes.
    await world.loop.run(waitMs);
    world.losePower(world.servers[2]!);
    world.sentinels[0]!.sentinel!.order({ kind: "failover", name: GROUP });
    await world.loop.run(6000);
    assert.equal(said(world, "FAILOVER requested to 10.0.0.3:6379").length, 1);
    assert.deepEqual(said(world, "+sdown master"), []);
    assert.equal(said(world, "FAILOVER to 10.0.0.3:6379 aborted: Failover manually aborted").length, 1);
    assert.equal(world.servers[0]!.server!.pause.mode, null);
  });

test("two masters of one epoch, of which one was forced in a minority, become one", async () => {
  const world = await settled({ together: true });
  world.isolate("10.0.0.2");
  world.sentinels[1]!.sentinel!.order({ kind: "failover", name: GROUP });
  await world.loop.run(500);
  world.kill(world.servers[0]!);
  await world.loop.run(2000);
  const epochs = world.sentinels.map(({ sentinel }) => sentinel!.state.masters.get(GROUP)!.configEpoch);
  assert.deepEqual(epochs, [1, 1, 1]);
  assert.equal(world.servers.filter(({ replication }) => replication?.role === "master").length, 2);
  world.heal();
  assert.notEqual(await world.loop.runUntil(() => disagreements(world).length === 0, 30_000, 50), -1);
});

test("a primary that has just been promoted does not follow the one that wakes up from before", async () => {
  const world = await settled();
  const old = world.servers[0]!;
  world.checkers.push({
    name: "",
    violations: [],
    logged(node, text) {
      if (node === old || !text.startsWith("MASTER MODE enabled")) return;
      // No Sentinel tells it that it is right, or the old one that it is wrong; one that has not heard speaks of the old one.
      for (const { address } of world.sentinels)
        for (const server of [old, node]) {
          world.cut(address, server.address);
          world.cut(server.address, address);
        }
      world.resume(old);
      const hello = `10.0.1.9,26379,${"9".repeat(40)},1,${GROUP},${old.address},6379,0`;
      world.clock.after(0.1, () => node.replication!.sawHello("__sentinel__:hello", hello));
    },
  });
  world.stop(old);
  await world.loop.runUntil(() => said(world, "MASTER MODE enabled").length > 0, 5000, 50);
  const promoted = world.servers.slice(1).find(({ replication }) => replication?.role === "master")!;
  await world.loop.run(500);
  assert.equal(promoted.replication!.role, "master");
  world.heal();
  assert.notEqual(await world.loop.runUntil(() => disagreements(world).length === 0, 30_000, 50), -1);
});
