import assert from "node:assert/strict";
import { test } from "node:test";
import type { Slice } from "../../src/base/bytes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { Arena } from "../../src/memory/arena.ts";
import { Listpack } from "../../src/memory/listpack.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { Seeded } from "../memory/random.ts";
import { load, newEngine, save, sliceOf } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { payload } from "./payloads.ts";
import { ziplist } from "./ziplists.ts";

const KEY = bytesOf("k");

function fill(engine: Engine, values: readonly string[]): void {
  const list = engine.lists.create(engine.databases[0]!, KEY);
  for (const value of values) {
    list.grow(value.length, 1);
    list.push(bytesOf(value), false);
  }
}

function valuesOf(engine: Engine): string[] {
  const values: string[] = [];
  const list = engine.lists.read(engine.databases[0]!, KEY)!;
  for (let more = list.seek(0); more; more = list.forward()) values.push(list.text().latin1());
  assert.equal(values.length, list.length);
  return values;
}

const encodingOf = (engine: Engine) => engine.databases[0]!.encoding(KEY);

/** A string as it stands in a file, without any compression. */
function rdbString(bytes: Uint8Array | string): Buffer {
  const raw = Buffer.from(bytes as string, "latin1");
  const length = Buffer.alloc(5, 0x80);
  length.writeUInt32BE(raw.length, 1);
  return Buffer.concat([length, raw]);
}

/** A payload of this form. */
function formOf(form: number, ...parts: (Uint8Array | number[])[]): Slice {
  return payload(Buffer.concat([Buffer.from([form]), ...parts.map((part) => Buffer.from(part))]), 10);
}

function listpack(values: readonly string[]): Uint8Array {
  const packed = new Listpack(new Arena());
  packed.create();
  for (const value of values) packed.append(bytesOf(value));
  return packed.bytes.slice(packed.base, packed.base + packed.size);
}

function restored(given: Slice): Engine {
  const engine = newEngine();
  restore(engine.store, given).store(engine.databases[0]!, KEY);
  return engine;
}

const long = "x".repeat(20_000);
const numbers = ["0", "-1", "70000", "9223372036854775807", "00"];
const many = Array.from({ length: 5000 }, (_, i) => `element ${i}`);

for (const [name, values, encoding] of [
  ["small", ["a", "", ...numbers], "listpack"],
  ["of one large element", [long], "quicklist"],
  ["of large elements between small ones", ["a", long, "b", "y".repeat(200_000), "17", long], "quicklist"],
  ["of many", many, "quicklist"],
] as const) {
  test(`a list ${name} goes through DUMP and RESTORE, and through a file`, () => {
    const engine = newEngine();
    fill(engine, values);
    assert.equal(encodingOf(engine), encoding);
    const copy = restored(sliceOf(dump(engine, engine.databases[0]!, KEY)!));
    assert.deepEqual(valuesOf(copy), values);
    assert.equal(encodingOf(copy), encoding);
    const loaded = newEngine();
    load(loaded, save(engine));
    assert.deepEqual(valuesOf(loaded), values);
    assert.equal(encodingOf(loaded), encoding);
    for (const one of [copy, loaded]) {
      one.databases[0]!.delete(KEY);
      assert.equal(one.usedMemory(), newEngine().usedMemory());
    }
  });
}

const integers = [0, 12, -1, 200, 70_000, 2147483648, 9223372036854775807n];
const integerTexts = integers.map(String);
const forms: [name: string, payload: Slice, values: readonly string[]][] = [
  ["element by element (1)", formOf(1, [3], rdbString("a"), [0xc0, 5], rdbString("")), ["a", "5", ""]],
  ["a ziplist (10)", formOf(10, rdbString(ziplist(["a", ...integers, "b"]))), ["a", ...integerTexts, "b"]],
  [
    "nodes of ziplists (14)",
    formOf(14, [3], rdbString(ziplist(["a", 1])), rdbString(ziplist([])), rdbString(ziplist([long]))),
    ["a", "1", long],
  ],
  [
    "nodes of listpacks, and plain ones (18)",
    formOf(18, [4, 2], rdbString(listpack(["a", "1"])), [1], rdbString("plain"), [2], rdbString(listpack([])), [1], rdbString("17")),
    ["a", "1", "plain", "17"],
  ],
  ["a listpack beyond any limit (18)", formOf(18, [1, 2], rdbString(listpack([...many, ...many, long]))), [...many, ...many, long]],
]; // biome-ignore format: a table
for (const [name, given, values] of forms) {
  test(`a list is read from ${name}`, () => {
    const engine = restored(given);
    assert.deepEqual(valuesOf(engine), values);
    assert.equal(encodingOf(engine), values.join("").length > 8000 ? "quicklist" : "listpack");
  });
}

const broken: [name: string, payload: Slice][] = [
  ["no elements", formOf(1, [0])],
  ["no nodes", formOf(18, [0])],
  ["empty nodes alone", formOf(18, [1, 2], rdbString(listpack([])))],
  ["an empty ziplist", formOf(10, rdbString(ziplist([])))],
  ["fewer elements than it says", formOf(1, [2], rdbString("a"))],
  ["a node of another kind", formOf(18, [1, 3], rdbString("a"))],
  ["no listpack where there should be one", formOf(18, [1, 2], rdbString("abcdefgh"))],
  ["no ziplist where there should be one", formOf(14, [1], rdbString("abcdefghijklmnop"))],
  ["something behind it", formOf(1, [1], rdbString("a"), [0])],
  ["half a listpack", formOf(18, [1, 2], rdbString(listpack(["a", "b"]).subarray(0, 9)))],
];
for (const [name, given] of broken) {
  test(`a payload with ${name} is refused, and nothing is left of it`, () => {
    const engine = newEngine();
    const used = engine.usedMemory();
    assert.throws(() => restore(engine.store, given), /Bad data format/);
    assert.equal(engine.usedMemory(), used);
  });
}

test("whatever the bytes of a payload, it is read or refused, and can be walked", () => {
  const random = new Seeded(5);
  const engine = newEngine();
  const used = engine.usedMemory();
  let read = 0;
  for (const [, given] of forms.filter(([, { length }]) => length < 1000)) {
    for (let round = 0; round < 1500; round++) {
      const bytes = given.copy();
      for (let changes = random.below(3); changes >= 0; changes--) {
        bytes[random.below(bytes.length - 10)] = random.below(256);
      }
      if (bytes[0] !== given.bytes[given.start]) continue;
      try {
        restore(engine.store, sliceOf(bytes), { skipChecksum: true }).store(engine.databases[0]!, KEY);
      } catch (error) {
        assert.match(String(error), /Bad data format/);
        continue;
      }
      read++;
      valuesOf(engine);
      engine.databases[0]!.delete(KEY);
      assert.equal(engine.usedMemory(), used);
    }
  }
  assert.ok(read > 100, `${read} read`);
});
