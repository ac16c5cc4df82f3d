import assert from "node:assert/strict";
import { test } from "node:test";
import { reload } from "../../src/persistence/reload.ts";
import { contents, NOW, set } from "../rdb/engines.ts";
import { writeFile } from "../rdb/files.ts";
import { newHouse } from "./house.ts";

const PATH = "/data/dump.rdb";
const ALL = { save: true, flush: true, merge: false };

test("DEBUG RELOAD gives back what there was", () => {
  const { persistence, host } = newHouse();
  for (let i = 0; i < 1000; i++) set(host.engine, i % 3, `key:${i}`, `value ${i}`, i % 2 === 0 ? NOW + 5000 : -1);
  const before = contents(host.engine);
  reload(persistence, ALL);
  assert.deepEqual(contents(host.engine), before);
  assert.equal(host.engine.expiryMode, "delete");
});

test("NOSAVE takes the file as it is; NOFLUSH adds to what is there; MERGE lets the file win", () => {
  const { persistence, host, disk, log } = newHouse();
  set(host.engine, 0, "a", "here");
  set(host.engine, 0, "b", "here");
  disk.files.set(
    PATH,
    writeFile([
      { key: "b", value: "file" },
      { key: "c", value: "file" },
    ]),
  );
  const failed = { message: "ERR Error trying to load the RDB dump, check server logs." };
  assert.throws(() => reload(persistence, { save: false, flush: false, merge: false }), failed);
  assert.equal(log.at(-1), '# RDB has duplicated key "b" in DB 0');
  reload(persistence, { save: false, flush: false, merge: true });
  assert.deepEqual(contents(host.engine), ["0 a=here @-1", "0 b=file @-1", "0 c=file @-1"]);
  reload(persistence, { save: false, flush: true, merge: false });
  assert.deepEqual(contents(host.engine), ["0 b=file @-1", "0 c=file @-1"]);
});

test("a broken or missing file costs no data", () => {
  const { persistence, host, disk } = newHouse();
  set(host.engine, 0, "a", "here");
  for (const file of [
    undefined,
    Buffer.from("REDIS0010\x00\x01", "latin1"),
    writeFile([{ key: "k", value: "v" }]).fill(1, 60),
  ]) {
    if (file) disk.files.set(PATH, file);
    assert.throws(
      () => reload(persistence, { save: false, flush: true, merge: false }),
      /^ReplyError: ERR Error trying to load/,
    );
    assert.deepEqual(contents(host.engine), ["0 a=here @-1"]);
  }
  disk.failure = new Error("full");
  assert.throws(() => reload(persistence, ALL), /^ReplyError: ERR$/);
});
