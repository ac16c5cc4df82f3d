/** A primary of a cluster that stood still: what it shows while it finds out whether it was replaced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "./slot-migration-world.ts";

test("INFO says that it holds writes", async () => {
  await using world = await World.start({ shards: 3, replicas: 1 });
  const [a] = world.nodes;
  const { server } = a!;
  const held = async () => /returning_primary_hold:(\d)/.exec(String(await world.ask(a!, "INFO", "replication")))?.[1];
  assert.equal(await held(), "0");
  // Those whom it asks say nothing for a moment.
  world.cluster.partition([a!], world.nodes.slice(1));
  server.cluster!.shell.stoodStill(5000);
  assert.equal(await held(), "1");
  assert.equal(server.pause.mode, "write");
  world.cluster.heal();
  await world.until("it goes on", async () => (await held()) === "0");
});
