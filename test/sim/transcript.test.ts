/**
 * One failover as it reads, to be reviewed when it changes: who voted, why this replica, what the others did.
 * `UPDATE=1 npm test -- test/sim/transcript.test.ts` writes it anew.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readable } from "../../sim/transcript.ts";
import { World } from "../../sim/world.ts";

const FILE = join(import.meta.dirname, "failover.txt");

for (const seed of [1, 2, 3])
  test(`a primary is killed and comes back (seed ${seed})`, async () => {
    const serverLines = (name: string) => (name === "s3" ? ["replica-priority 50"] : []);
    const world = new World({ seed, followers: 1, loyalists: 0, serverLines });
    await world.begin();
    await world.loop.run(3000);
    world.transcript.length = 0;
    world.kill(world.servers[0]!);
    await world.loop.run(2000);
    world.start(world.servers[0]!);
    await world.loop.run(2000);
    const text = readable(world);
    if (process.env["UPDATE"]) writeFileSync(FILE, text);
    assert.equal(text, readFileSync(FILE, "utf8"));
  });
