/** Generated commands of every family on a primary: its replicas, of both makes, hold the same data afterwards. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../differential/generator/report.ts";
import { layouts } from "./generator/group.ts";
import { runReplication } from "./generator/run.ts";
import { noRedis } from "./house.ts";

for (const [title, layout] of Object.entries(layouts))
  test(title, {
    skip: [layout.primary, ...layout.replicas].includes("redis") && noRedis,
    timeout: 60_000,
  }, async () => {
    const { commands, difference } = await runReplication({ layout, seed: 1, commands: 6000, forMs: 4000 });
    assert.equal(difference && (typeof difference === "string" ? difference : describe(difference)), null);
    assert.ok(commands > 1000, `only ${commands} commands were sent`);
  });
