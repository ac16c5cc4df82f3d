/** Shard channels while a replica of their shard takes over: nobody's subscription ends, and what is published arrives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "../differential/clusters.ts";

test("subscribers of a shard's channels stay when its replica takes over, and hear of both nodes", async () => {
  await using stage = await Stage.start("nines", []);
  const lines = await stage.play([
    "x@a: SSUBSCRIBE b",
    "y@c: SSUBSCRIBE b",
    "f@c: CLUSTER FAILOVER",
    "c is MASTER",
    "a is SLAVE",
    "all ok",
    "f@c: SPUBLISH b new",
    "x hears",
    "y hears",
    "z@a: SPUBLISH b old",
    "x hears",
    "y hears",
  ]);
  const confirmed = '["ssubscribe", "b", :1]';
  const heard = (text: string) => `["smessage", "b", "${text}"]`;
  assert.deepEqual(
    lines.filter((line) => line.startsWith("  [")).map((line) => line.trim()),
    [confirmed, confirmed, heard("new"), heard("new"), heard("old"), heard("old")],
  );
});
