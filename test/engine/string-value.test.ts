import assert from "node:assert/strict";
import { test } from "node:test";
import { isIntegerText } from "../../src/engine/integer-text.ts";
import { engineAt, get, START, set, slice } from "./helpers.ts";

const encodings: [value: string, encoding: string][] = [
  ["", "embstr"],
  ["0", "int"],
  ["-0", "embstr"],
  ["12", "int"],
  ["012", "embstr"],
  ["-12", "int"],
  ["+12", "embstr"],
  ["-", "embstr"],
  ["1 ", "embstr"],
  ["9223372036854775807", "int"],
  ["9223372036854775808", "embstr"],
  ["-9223372036854775808", "int"],
  ["-9223372036854775809", "embstr"],
  ["9999999999999999999", "embstr"],
  ["10000000000000000000", "embstr"],
  ["x".repeat(44), "embstr"],
  ["x".repeat(45), "raw"],
];
for (const [value, encoding] of encodings) {
  test(`SET ${value}: ${encoding}`, () => {
    const engine = engineAt();
    for (const before of [null, "other", "77", "x".repeat(300)]) {
      if (before !== null) set(engine, "key", before);
      set(engine, "key", value);
      assert.equal(get(engine, "key"), value);
      assert.equal(engine.databases[0]!.encoding(slice("key")), encoding);
    }
    assert.equal(isIntegerText(Buffer.from(value), 0, value.length), encoding === "int");
  });
}

test("what is changed in place is raw, until it is replaced", () => {
  const engine = engineAt();
  const db = engine.databases[0]!;
  const changes: [() => void, string][] = [
    [() => db.openString(slice("key"))!.append(slice("3")), "123"],
    [() => db.openString(slice("key"))!.setRange(1, slice("0")), "10"],
    [() => db.openString(slice("key"))!.setByte(0, 0x39), "92"],
    [() => db.openString(slice("key"))!.grow(3), "12\0"],
    [() => db.openString(slice("key"))!.grow(1), "12"],
  ];
  for (const [change, value] of changes) {
    set(engine, "key", "12");
    change();
    assert.equal(get(engine, "key"), value);
    assert.equal(db.encoding(slice("key")), "raw");
  }
  db.openString(slice("key"))!.replace(slice("77"));
  assert.equal(db.encoding(slice("key")), "int");
  assert.equal(db.openString(slice("key"))!.byteAt(1), 0x37);
});

test("a value of the same size goes where the old one was", () => {
  const engine = engineAt();
  set(engine, "key", "x".repeat(60));
  const used = engine.usedMemory();
  const at = engine.databases[0]!.getString(slice("key"))!.start;
  set(engine, "key", "y".repeat(58));
  assert.equal(engine.databases[0]!.getString(slice("key"))!.start, at);
  assert.equal(engine.usedMemory(), used);
});

test("appending byte by byte does not copy byte by byte", () => {
  const engine = engineAt();
  set(engine, "key", "");
  const places = new Set<string>();
  const part = slice("0123456789");
  for (let i = 0; i < 100_000; i++) {
    const value = engine.databases[0]!.openString(slice("key"))!;
    value.append(part);
    places.add(`${value.bytes.length} ${value.start}`);
  }
  assert.equal(engine.databases[0]!.getString(slice("key"))!.length, 1_000_000);
  assert.ok(places.size < 40, `${places.size} places`);
});

const lengths = [254, 255, 256, 70_000, (1 << 24) - 1, 1 << 24, (1 << 24) + 100, 40_000_000];
for (const length of lengths) {
  test(`keys and values of ${length} bytes`, () => {
    const engine = engineAt();
    const db = engine.databases[0]!;
    const long = "k".repeat(length);
    if (length < 1_000_000) {
      set(engine, long, "value");
      assert.equal(get(engine, long), "value");
      db.setExpire(slice(long), engine.now + 10);
      assert.equal(get(engine, long), "value");
      assert.ok(db.delete(slice(long)));
    }
    db.setString(slice("key"), slice(long));
    db.setExpire(slice("key"), engine.now + 10);
    const value = db.openString(slice("key"))!;
    value.append(slice("end"));
    assert.equal(value.length, length + 3);
    assert.equal(value.byteAt(length - 1), 0x6b);
    assert.equal(value.byteAt(length + 2), 0x64);
    db.rename(slice("key"), slice("other"));
    assert.equal(db.getString(slice("other"))!.length, length + 3);
    assert.equal(db.expireAt(slice("other")), engine.now + 10);
    assert.ok(db.memoryUsage(slice("other"))! >= length);
    set(engine, "other", "short");
    assert.equal(get(engine, "other"), "short");
    db.delete(slice("other"));
    assert.equal(engine.store.arena.used, 0);
    engine.purge();
    assert.equal(engine.store.arena.reserved, 65536);
  });
}

test("100,000 keys of 16 and 64 bytes take at most 110 bytes each, a fresh engine next to nothing", () => {
  const engine = engineAt();
  assert.ok(engine.usedMemory() < 1024);
  assert.equal(engine.store.arena.reserved, 65536);
  for (let i = 0; i < 100_000; i++) set(engine, `key:${String(i).padStart(12, "0")}`, "x".repeat(64));
  assert.ok(engine.usedMemory() / 100_000 <= 110, `${engine.usedMemory() / 100_000} bytes a key`);
});

test("a number is added to where it lies, as long as it keeps its length", () => {
  const db = engineAt().databases[0]!;
  const key = slice("n");
  const cases: [text: string, increment: number, sum: number, after: string][] = [
    ["5", 4, 9, "9"],
    ["9", 1, Number.NaN, "9"],
    ["10", -1, Number.NaN, "10"],
    ["-5", -4, -9, "-9"],
    ["-5", 5, Number.NaN, "-5"],
    ["-10", 1, Number.NaN, "-10"],
    ["0", 0, 0, "0"],
    ["123456789012345", 1, 123456789012346, "123456789012346"],
    ["1234567890123456", 1, Number.NaN, "1234567890123456"],
    ["abc", 1, Number.NaN, "abc"],
  ];
  for (const keepsTime of [false, true])
    for (const [text, increment, sum, after] of cases) {
      db.setString(key, slice(text));
      if (keepsTime) db.setExpire(key, START + 1000);
      const expireAt = db.expireAt(key);
      assert.equal(db.addInPlace(key, increment), sum, `${text} + ${increment}`);
      assert.equal(db.getString(key)!.latin1(), after);
      assert.equal(db.expireAt(key), expireAt);
    }
  assert.equal(db.addInPlace(slice("missing"), 1), Number.NaN);
});
