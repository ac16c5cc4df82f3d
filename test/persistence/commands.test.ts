import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { ReplyError } from "../../src/base/reply-error.ts";
import { Args } from "../../src/commands/args.ts";
import type { Call } from "../../src/commands/call.ts";
import { persistenceCommands } from "../../src/persistence/commands.ts";
import { NOW, set } from "../rdb/engines.ts";
import { type House, newHouse } from "./house.ts";

/** Runs a command; the answer as it would stand on the wire, roughly. */
function run({ persistence }: House, line: string, inTransaction = false): string {
  const words = line.split(" ");
  const row = persistenceCommands(persistence).find(({ name }) => name === words[0]!.toLowerCase())!;
  const args = new Args();
  args.reset(words.length);
  words.forEach((word, i) => void Object.assign(args.slots[i]!, Slice.of(word)));
  let answer = "";
  const reply = {
    ok: () => (answer = "+OK"),
    simple: (text: string) => (answer = `+${text}`),
    integer: (value: number) => (answer = `:${value}`),
  };
  try {
    row.run({ reply, session: { denyBlocking: inTransaction } } as unknown as Call, args);
  } catch (error) {
    assert.ok(error instanceof ReplyError, String(error));
    return `-${error.message}`;
  }
  return answer;
}

test("SAVE, BGSAVE and LASTSAVE answer as Redis does", async () => {
  const house = newHouse();
  const { persistence, clock, disk, log } = house;
  set(house.host.engine, 0, "k", "v");
  assert.equal(run(house, "LASTSAVE"), `:${NOW / 1000}`);
  clock.advance(7000);
  assert.equal(run(house, "SAVE"), "+OK");
  assert.equal(run(house, "LASTSAVE"), `:${NOW / 1000 + 7}`);
  assert.equal(run(house, "BGSAVE"), "+Background saving started");
  assert.equal(run(house, "BGSAVE"), "-ERR Background save already in progress");
  assert.equal(run(house, "BGSAVE SCHEDULE"), "-ERR Background save already in progress");
  assert.equal(run(house, "SAVE"), "-ERR Background save already in progress");
  await persistence.idle();
  assert.equal(run(house, "bgsave schedule"), "+Background saving started");
  await persistence.idle();
  assert.equal(run(house, "BGSAVE NOW"), "-ERR syntax error");
  assert.equal(run(house, "BGSAVE SCHEDULE SCHEDULE"), "-ERR syntax error");
  disk.failure = new Error("full");
  assert.equal(run(house, "SAVE"), "-ERR");
  assert.equal(persistence.saves, 4);
  assert.equal(log.filter((line) => line === "DB saved on disk").length, 3);
});

test("inside a transaction BGSAVE waits for its end", async () => {
  const house = newHouse();
  assert.equal(run(house, "BGSAVE", true), "+Background saving scheduled");
  assert.equal(house.persistence.saving, false);
  assert.equal(house.log[0], "Background saving scheduled to run after transaction execution");
  house.persistence.cron();
  assert.ok(house.persistence.saving);
  await house.persistence.idle();
  house.persistence.cron();
  assert.equal(house.persistence.saving, false);
});

test("BGSAVE CANCEL", async () => {
  const house = newHouse();
  assert.equal(run(house, "BGSAVE CANCEL"), "-ERR Background saving is currently not in progress or scheduled");
  run(house, "BGSAVE");
  assert.equal(run(house, "BGSAVE CANCEL"), "+Background saving cancelled");
  await house.persistence.idle();
  assert.deepEqual([...house.disk.files.keys()], []);
  run(house, "BGSAVE", true);
  assert.equal(run(house, "BGSAVE CANCEL"), "+Scheduled background saving cancelled");
  house.persistence.cron();
  assert.equal(house.persistence.saving, false);
});
