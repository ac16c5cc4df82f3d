import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalLoadError } from "../../src/persistence/persistence.ts";
import { contents, load, NOW, newEngine, save, set } from "../rdb/engines.ts";
import { bytesOf, writeFile } from "../rdb/files.ts";
import { newHouse } from "./house.ts";

const PATH = "/data/dump.rdb";
const TEMPORARY = "/data/temp-4711.rdb";

function saved(file: Uint8Array | undefined): string[] {
  const copy = newEngine(2);
  load(copy, file!);
  return contents(copy);
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("SAVE writes the file and starts the count of changes anew", () => {
  const { persistence, host, disk, log, clock } = newHouse();
  set(host.engine, 0, "k", "v");
  host.dirty = 5;
  clock.advance(5000);
  assert.ok(persistence.saveNow());
  assert.deepEqual(saved(disk.files.get(PATH)), contents(host.engine));
  assert.equal(host.dirty, 0);
  assert.equal(persistence.lastSaveAt, NOW / 1000 + 5);
  assert.deepEqual(log, ["DB saved on disk"]);
});

test("a SAVE that fails leaves the old file and says so", () => {
  const { persistence, host, disk, log } = newHouse();
  persistence.saveNow();
  const before = disk.files.get(PATH);
  host.dirty = 3;
  disk.failure = new Error("ENOSPC: no space left on device, write");
  assert.equal(persistence.saveNow(), false);
  assert.equal(disk.files.get(PATH), before);
  assert.equal(host.dirty, 3);
  assert.equal(log.at(-1), "# Write error saving DB on disk(/data/dump.rdb): ENOSPC: no space left on device, write");
});

test("BGSAVE writes the data as they were, while they change", async () => {
  const { persistence, host, disk, log } = newHouse({ rdbcompression: false });
  for (let i = 0; i < 3000; i++) set(host.engine, i % 3, `key:${i}`, "x".repeat(3000));
  const expected = contents(host.engine);
  host.dirty = 3000;
  persistence.startBackgroundSave();
  assert.ok(persistence.saving);
  assert.deepEqual(persistence.savedKeys, { processed: 0, total: 3000 });
  let turns = 0;
  for (; persistence.saving; turns++) {
    set(host.engine, 0, `key:${turns * 3}`, "changed");
    host.engine.databases[1]!.delete(bytesOf(`key:${turns * 3 + 1}`));
    host.dirty += 2;
    await turn();
  }
  assert.ok(turns > 10, `${turns} turns`);
  assert.deepEqual(saved(disk.files.get(PATH)), expected);
  assert.equal(host.dirty, turns * 2);
  assert.deepEqual(disk.journal, [
    `open ${TEMPORARY}`,
    `sync ${TEMPORARY}`,
    `sync ${TEMPORARY}`,
    `sync ${TEMPORARY}`,
    `close ${TEMPORARY}`,
    `renaming ${TEMPORARY}`,
    `rename ${TEMPORARY} ${PATH}`,
  ]);
  assert.deepEqual(log, [
    "Background saving started by pid 4711",
    "DB saved on disk",
    "Background saving terminated with success",
  ]);
  assert.deepEqual([persistence.lastBgsaveOk, persistence.saves], [true, 1]);
});

test("a background save does not run ahead of the disk", async () => {
  const { persistence, host, disk } = newHouse({ rdbcompression: false });
  for (let i = 0; i < 100; i++) set(host.engine, 0, `key:${i}`, "x".repeat(100_000));
  let open = () => {};
  disk.writeGate = new Promise((resolve) => {
    open = resolve;
  });
  persistence.startBackgroundSave();
  for (let i = 0; i < 50; i++) await turn();
  assert.ok(persistence.savedKeys.processed < 60, `${persistence.savedKeys.processed}`);
  open();
  await persistence.idle();
  assert.equal(saved(disk.files.get(PATH)).length, 100);
});

test("save points are kept", async () => {
  const { persistence, host, clock, log } = newHouse({
    save: [
      { seconds: 3600, changes: 1 },
      { seconds: 60, changes: 10 },
    ],
  });
  host.dirty = 9;
  clock.advance(61_000);
  persistence.cron();
  assert.equal(persistence.saving, false);
  host.dirty = 10;
  persistence.cron();
  assert.ok(persistence.saving);
  assert.equal(log[0], "10 changes in 60 seconds. Saving...");
  await persistence.idle();
  assert.equal(host.dirty, 0);
  host.dirty = 10;
  persistence.cron();
  assert.equal(persistence.saving, false);
  clock.advance(61_000);
  persistence.cron();
  assert.ok(persistence.saving);
  await persistence.idle();
});

test("while snapshots fail, writes are refused; then they are tried again, every five seconds", async () => {
  const { persistence, host, disk, clock, log } = newHouse();
  set(host.engine, 0, "k", "v");
  disk.failure = new Error("EIO");
  host.dirty = 10;
  clock.advance(61_000);
  persistence.cron();
  await persistence.idle();
  assert.equal(log.at(-1), "# Background saving error");
  assert.ok(!disk.files.has(TEMPORARY));
  assert.equal(host.dirty, 10);
  assert.match(
    persistence.refuseWrite()!.message,
    /^MISCONF Redis is configured to save RDB snapshots, but it's currently/,
  );
  host.isPrimary = false;
  assert.equal(persistence.refuseWrite(), null);
  host.isPrimary = true;
  host.settings["stop-writes-on-bgsave-error"] = false;
  assert.equal(persistence.refuseWrite(), null);
  host.settings["stop-writes-on-bgsave-error"] = true;

  disk.failure = undefined;
  clock.advance(5000);
  persistence.cron();
  assert.equal(persistence.saving, false);
  clock.advance(1000);
  persistence.cron();
  assert.ok(persistence.saving);
  await persistence.idle();
  assert.equal(persistence.refuseWrite(), null);
  assert.equal(host.dirty, 0);
});

test("a disk that fails midway ends the save", async () => {
  const { persistence, host, disk } = newHouse({ rdbcompression: false });
  for (let i = 0; i < 100; i++) set(host.engine, 0, `key:${i}`, "x".repeat(100_000));
  persistence.startBackgroundSave();
  for (let i = 0; i < 5; i++) await turn();
  disk.failure = new Error("ENOSPC");
  await persistence.idle();
  assert.equal(persistence.lastBgsaveOk, false);
  assert.deepEqual([...disk.files.keys()], []);
});

test("an aborted save leaves nothing behind and is no failure", async () => {
  const { persistence, host, disk, log } = newHouse();
  for (let i = 0; i < 5000; i++) set(host.engine, 0, `key:${i}`, "v");
  persistence.startBackgroundSave();
  await turn();
  await turn();
  persistence.abortBackgroundSave();
  await persistence.idle();
  assert.deepEqual([...disk.files.keys()], []);
  assert.equal(persistence.lastBgsaveOk, true);
  assert.equal(log.at(-1), "Background saving terminated: it was not wanted any more");
});

test("FLUSHALL: no snapshot of the old data comes after it, even one that was being renamed", async () => {
  const { persistence, host, disk } = newHouse();
  set(host.engine, 0, "old", "data");
  let goOn = () => {};
  disk.renameGate = new Promise((resolve) => {
    goOn = resolve;
  });
  persistence.startBackgroundSave();
  while (!disk.journal.includes(`renaming ${TEMPORARY}`)) await turn();
  host.engine.flushAll();
  persistence.afterFlushAll();
  assert.deepEqual(saved(disk.files.get(PATH)), []);
  goOn();
  await persistence.idle();
  assert.ok(disk.journal.includes(`rename ${TEMPORARY} ${PATH}`));
  assert.deepEqual(saved(disk.files.get(PATH)), []);
});

test("FLUSHALL without save points leaves the file alone", () => {
  const { persistence, disk } = newHouse({ save: [] });
  persistence.afterFlushAll();
  assert.deepEqual([...disk.files.keys()], []);
});

test("what was saved is loaded at the start", async () => {
  const before = newHouse();
  for (let i = 0; i < 5000; i++) set(before.host.engine, i % 4, `key:${i}`, `value ${i}`, i % 5 === 0 ? NOW + i : -1);
  before.persistence.saveNow();

  const { persistence, host, disk, clock, log } = newHouse();
  disk.files.set(PATH, disk.files.get(PATH) ?? before.disk.files.get(PATH)!);
  clock.advance(2000);
  host.engine.now = clock.now();
  assert.equal(await persistence.load(), "loaded");
  const expired = 400;
  assert.equal(contents(host.engine).length, 5000 - expired);
  assert.equal(host.engine.expiryMode, "delete");
  assert.deepEqual(
    log.map((line) => line.replace(/\d+\.\d\d Mb/, "N Mb")),
    [
      "Loading RDB produced by version 7.2.4",
      "RDB age 2 seconds",
      "RDB memory usage when created N Mb",
      "Done loading RDB, keys loaded: 4600, keys expired: 400.",
      "DB loaded from disk: 0.000 seconds",
    ],
  );
  assert.ok(persistence.info.persistence().includes("rdb_last_load_keys_expired:400"));
  assert.ok(persistence.info.persistence().includes("rdb_last_load_keys_loaded:4600"));
});

test("a replica keeps what has expired until its primary says so", async () => {
  const { persistence, host, disk } = newHouse();
  disk.files.set(PATH, writeFile([{ key: "k", value: "v", expireAt: NOW - 1 }]));
  host.isPrimary = false;
  await persistence.load();
  assert.equal(host.engine.databases[0]!.size, 1);
});

test("without a file the server starts empty", async () => {
  const { persistence, log } = newHouse();
  assert.equal(await persistence.load(), "missing");
  assert.deepEqual(log, []);
});

test("INFO tells how far a load is", async () => {
  const engine = newEngine(3);
  for (let i = 0; i < 20_000; i++) set(engine, 0, `key:${i}`, `value number ${i}`);
  const { persistence, disk, clock } = newHouse({ "key-load-delay": 1000 });
  disk.files.set(PATH, save(engine));
  const loading = persistence.load();
  for (let i = 0; i < 10 && !persistence.loading.loadedBytes; i++) await turn();
  clock.advance(1000);
  const lines = persistence.info.persistence();
  assert.ok(lines.includes("loading:1"));
  assert.ok(lines.includes(`loading_start_time:${NOW / 1000}`));
  const percent = Number(lines.find((line) => line.startsWith("loading_loaded_perc:"))!.split(":")[1]);
  assert.ok(percent > 10 && percent < 90, `${percent}`);
  assert.match(lines.find((line) => line.startsWith("loading_eta_seconds:"))!, /:[0-9]+$/);
  while (persistence.loading.active) {
    clock.advance(100_000);
    await turn();
  }
  assert.equal(await loading, "loaded");
  assert.ok(persistence.info.persistence().includes("loading:0"));
});

const broken: [what: string, file: Buffer, reason: RegExp][] = [
  ["no RDB file", Buffer.from("*1\r\n$4\r\nPING\r\n"), /^# Wrong signature trying to load DB from file$/],
  ["an empty file", Buffer.alloc(0), /^# Short read or OOM loading DB\. Unrecoverable error, aborting now\./],
  ["a file cut short", writeFile([{ key: "k", value: "v" }]).subarray(0, -20), /^# Short read or OOM loading DB/],
  [
    "a flipped bit",
    flipped(writeFile([{ key: "k", value: "some value" }])),
    /^# Wrong RDB checksum expected: \([0-9a-f]{16}\) but got/,
  ],
  ["a newer version", Buffer.from("REDIS0099"), /^# Can't handle RDB format version 99$/],
  [
    "a module's value",
    Buffer.from("REDIS0010\x07\x01x\x01", "latin1"),
    /^# type 7 \(.*module.*\) of key "x" in db 0 is not supported yet$/,
  ],
];
for (const [what, file, reason] of broken) {
  test(`a server does not start with ${what}`, async () => {
    const { persistence, disk, log } = newHouse();
    disk.files.set(PATH, file);
    await assert.rejects(persistence.load(), FatalLoadError);
    assert.match(log.at(-2)!, reason);
    assert.match(
      log.at(-1)!,
      /^# Fatal error loading the DB, check server logs\. Exiting\. The file \/data\/dump\.rdb was left as it is\.$/,
    );
    assert.deepEqual(disk.files.get(PATH), file);
    assert.equal(persistence.loading.active, false);
  });
}

function flipped(file: Buffer): Buffer {
  const at = file.indexOf("some value");
  file[at]! ^= 1;
  return file;
}

test("SHUTDOWN saves what is to be kept", async () => {
  const cases: [save: boolean, mode: "save" | "nosave" | "default", saves: boolean][] = [
    [true, "default", true],
    [true, "save", true],
    [true, "nosave", false],
    [false, "default", false],
    [false, "save", true],
    [false, "nosave", false],
  ];
  for (const [points, mode, saves] of cases) {
    const { persistence, host, disk } = newHouse(points ? {} : { save: [] });
    set(host.engine, 0, "k", "v");
    assert.equal(persistence.saveForShutdown(mode), true);
    await persistence.stop();
    assert.equal(disk.files.has(PATH), saves, `${points} ${mode}`);
  }
  const { persistence, disk, log } = newHouse();
  disk.failure = new Error("EROFS");
  assert.equal(persistence.saveForShutdown("default"), false);
  assert.equal(log.at(-1), "# Error trying to save the DB, can't exit.");
});

test("SHUTDOWN ends a background save, and the last word is the newest", async () => {
  const { persistence, host, disk, log } = newHouse();
  for (let i = 0; i < 5000; i++) set(host.engine, 0, `key:${i}`, "v");
  persistence.startBackgroundSave();
  await turn();
  set(host.engine, 0, "last", "word");
  assert.ok(persistence.saveForShutdown("save"));
  await persistence.stop();
  assert.deepEqual(saved(disk.files.get(PATH)), contents(host.engine));
  assert.deepEqual([...disk.files.keys()], [PATH]);
  assert.ok(log.includes("# There is a child saving an .rdb. Killing it!"));
});

test("half a data set does not replace the file it is read from", async () => {
  const { persistence, disk } = newHouse();
  const file = writeFile([{ key: "k", value: "v" }]);
  disk.files.set(PATH, file);
  const loading = persistence.load();
  await Promise.resolve();
  assert.equal(persistence.saveForShutdown("save"), true);
  await loading;
  assert.equal(disk.files.get(PATH), file);
});

test("a file that only fed a sync is removed where nothing is to be kept", async () => {
  const { persistence, host, disk } = newHouse();
  persistence.saveNow();
  await persistence.removeFileForSync();
  assert.ok(disk.files.has(PATH));
  persistence.noteFileForSync();
  await persistence.removeFileForSync();
  assert.ok(disk.files.has(PATH), "there are save points");
  host.settings.save = [];
  host.settings["rdb-del-sync-files"] = false;
  await persistence.removeFileForSync();
  assert.ok(disk.files.has(PATH));
  host.settings["rdb-del-sync-files"] = true;
  await persistence.removeFileForSync();
  assert.ok(!disk.files.has(PATH));
});

test("a delay for each key slows a background save down", async () => {
  const { persistence, host, clock } = newHouse({ "rdb-key-save-delay": 10_000 });
  for (let i = 0; i < 100; i++) set(host.engine, 0, `key:${i}`, "v");
  persistence.startBackgroundSave();
  for (let i = 0; i < 50; i++) {
    clock.advance(10);
    await turn();
  }
  assert.ok(persistence.saving);
  const { processed } = persistence.savedKeys;
  assert.ok(processed > 10 && processed < 80, `${processed}`);
  clock.advance(2000);
  persistence.abortBackgroundSave();
  clock.advance(100);
  await persistence.idle();
});
