import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Slice } from "../../src/base/bytes.ts";
import { dump, type RestoreOptions, restore } from "../../src/rdb/payload.ts";
import { newEngine, set } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { payload } from "./payloads.ts";

const scratch = newEngine();

/** The string that a payload holds. */
function restored(bytes: Slice, options?: RestoreOptions): string {
  const db = scratch.databases[0]!;
  restore(scratch.store, bytes, options).store(db, bytesOf("k"));
  return db.getString(bytesOf("k"))!.latin1();
}

const BAD = { message: "ERR Bad data format" };
const WRONG = { message: "ERR DUMP payload version or checksum are wrong" };

test("what was dumped is restored", () => {
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.integer().map(String),
    fc.nat(200_000).map((length) => "abc".repeat(length).slice(0, length)),
  );
  const engine = newEngine();
  const db = engine.databases[0]!;
  fc.assert(
    fc.property(text, (value) => {
      set(engine, 0, "k", value);
      const bytes = dump(engine, db, bytesOf("k"))!;
      restore(engine.store, new Slice(Buffer.concat([Buffer.from("xx"), bytes]), 2)).store(db, bytesOf("copy"));
      assert.equal(db.getString(bytesOf("copy"))!.latin1(), value);
    }),
    { seed: 5, numRuns: 200 },
  );
  assert.equal(dump(engine, db, bytesOf("missing")), null);
});

const OF_REDIS: [value: string, payload: string, same: boolean][] = [
  ["hello", "000568656c6c6f0a006372df766534200a", true],
  ["12345", "00c139300a009d94ea2793fc08b9", true],
  // There are several ways to compress a string.
  ["a".repeat(50), "00c30932016161e025000161610a0009ac48b9ab15fbc9", false],
];
for (const [text, bytes, same] of OF_REDIS) {
  test(`what Redis 7.0.15 dumps for ${text}`, () => {
    const engine = newEngine();
    set(engine, 0, "k", text);
    assert.equal(restored(new Slice(Buffer.from(bytes, "hex"))), text);
    const ours = Buffer.from(dump(engine, engine.databases[0]!, bytesOf("k"))!).toString("hex");
    if (same) assert.equal(ours, bytes);
    else assert.ok(ours.length <= bytes.length);
  });
}

test("all versions up to 12 are taken, none above", () => {
  for (const version of [1, 6, 9, 10, 11, 12]) assert.equal(restored(payload("00 01 76", version)), "v");
  for (const version of [13, 80, 256, 65535]) assert.throws(() => restored(payload("00 01 76", version)), WRONG);
});

const refused: [what: string, payload: Slice, error: object][] = [
  ["nothing", new Slice(), WRONG],
  ["too short for a footer", bytesOf("123456789"), WRONG],
  ["a footer alone", payload(""), BAD],
  ["a type we lack", payload("12 01 01 01"), BAD],
  ["no type at all", payload("c8 01 01"), BAD],
  ["an opcode", payload("fe 00"), BAD],
  ["a string cut short", payload("00 05 6162"), BAD],
  ["an unknown encoding", payload("00 c4"), BAD],
  ["broken LZF", payload("00 c3 05 09 00 61 e0 00 00"), BAD],
  ["bytes behind the value", payload("00 01 76 00"), BAD],
  ["a huge length", payload("00 81ffffffffffffffff"), BAD],
];
for (const [what, bytes, error] of refused) test(`refused: ${what}`, () => assert.throws(() => restored(bytes), error));

test("any flipped bit is noticed, unless told not to look", () => {
  const good = payload("00 05 68656c6c6f");
  for (let at = 0; at < good.length; at++) {
    const broken = good.copy();
    broken[at]! ^= 1 << (at % 8);
    assert.throws(() => restored(new Slice(broken)), WRONG);
  }
  const wrong = good.copy();
  wrong[wrong.length - 1]! ^= 1;
  assert.equal(restored(new Slice(wrong), { skipChecksum: true }), "hello");
});

test("random payloads with a right footer never cause anything but the two errors", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        restored(payload(`00${Buffer.from(bytes).toString("hex")}`));
      } catch (error) {
        assert.equal((error as Error).message, BAD.message);
      }
    }),
    { seed: 6, numRuns: 5000 },
  );
});
