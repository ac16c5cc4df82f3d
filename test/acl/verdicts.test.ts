/** A bounded run of what `run.ts` does at length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noRedis } from "../rdb/real-redis.ts";
import { compareVerdicts } from "./verdicts.ts";

for (const seed of [1, 20_260_101])
  test(`generated users may do what redis-server lets them do (seed ${seed})`, { skip: noRedis }, async () => {
    const { differences, verdicts } = await compareVerdicts({ cases: 1500, seed });
    assert.deepEqual(differences, []);
    for (const verdict of ["allowed", "command", "key", "channel"]) assert.ok(verdicts[verdict]! > 0, verdict);
  });
