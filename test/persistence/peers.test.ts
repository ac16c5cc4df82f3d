/** Files on a real disk, shared with a real redis-server; and what it says of itself beside what we say. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { NodeDisk } from "../../src/io/node-disk.ts";
import { persistenceCommands } from "../../src/persistence/commands.ts";
import { contents, set } from "../rdb/engines.ts";
import { noRedis, temporaryFolder, withRedis } from "../rdb/real-redis.ts";
import { houseOn, newHouse } from "./house.ts";

test("a background save on a real disk is what redis-server starts with, and the other way round", {
  skip: noRedis,
}, async () => {
  const dir = temporaryFolder();
  const { persistence, host } = houseOn(new NodeDisk(), { dir });
  for (let i = 0; i < 20_000; i++) set(host.engine, i % 2, `key:${i}`, `value ${i}`.repeat(1 + (i % 40)));
  persistence.startBackgroundSave();
  await persistence.idle();
  assert.ok(persistence.lastBgsaveOk);
  await withRedis(async ({ client }) => {
    assert.equal(await client.dbsize(), 10_000);
    assert.equal(await client.get("key:38"), "value 38".repeat(39));
    await client.set("theirs", "too");
    await client.save();
    const again = houseOn(new NodeDisk(), { dir });
    assert.equal(await again.persistence.load(), "loaded");
    const keys = contents(again.host.engine);
    assert.equal(keys.length, 20_001);
    assert.deepEqual(
      keys.filter((line) => !line.startsWith("0 theirs=")),
      contents(host.engine),
    );
    assert.match(again.log[0]!, /^Loading RDB produced by version 7\./);
  }, dir);
});

test("SAVE on a real disk; a folder that is missing is an error, not a crash", async () => {
  const dir = temporaryFolder();
  try {
    const { persistence, host } = houseOn(new NodeDisk(), { dir });
    set(host.engine, 0, "k", "v".repeat(200_000));
    assert.ok(persistence.saveNow());
    const again = houseOn(new NodeDisk(), { dir });
    await again.persistence.load();
    assert.deepEqual(contents(again.host.engine), contents(host.engine));
    host.settings.dir = `${dir}/missing`;
    assert.equal(persistence.saveNow(), false);
    persistence.startBackgroundSave();
    await persistence.idle();
    assert.equal(persistence.lastBgsaveOk, false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("INFO persistence has redis-server's fields, in its order", { skip: noRedis }, async () => {
  const names = (lines: string[]) => lines.map((line) => line.split(":")[0]);
  await withRedis(async ({ client }) => {
    const theirs = (await client.info("persistence")).split("\r\n").filter((line) => line.includes(":"));
    assert.deepEqual(names(newHouse().persistence.info.persistence()), names(theirs));
  });
});

test("COMMAND INFO is redis-server's", { skip: noRedis }, async () => {
  await withRedis(async ({ client }) => {
    for (const row of persistenceCommands(newHouse().persistence)) {
      const [theirs] = (await client.call("COMMAND", "INFO", row.name)) as [unknown[]];
      assert.equal(row.arity, theirs[1], row.name);
      assert.deepEqual([...row.flags].sort(), [...(theirs[2] as string[])].sort(), row.name);
      assert.deepEqual([...row.tips], theirs[7], row.name);
    }
  });
});
