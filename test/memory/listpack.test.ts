import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { Arena } from "../../src/memory/arena.ts";
import { EntryText, Listpack, ListpackView, validateListpack } from "../../src/memory/listpack.ts";
import { Seeded } from "./random.ts";

const slice = (text: string) => new Slice(Buffer.from(text, "latin1"));
const text = new EntryText();

function bytesOf(listpack: ListpackView): Buffer {
  return Buffer.from(listpack.bytes.subarray(listpack.base, listpack.base + listpack.size));
}

function textsOf(listpack: ListpackView): string[] {
  const texts: string[] = [];
  for (let at = listpack.first(); at !== 0; at = listpack.next(at)) texts.push(listpack.text(at, text).latin1());
  return texts;
}

const x = (length: number) => "x".repeat(length);
/** What a value is kept as: the entry's bytes, the data of long strings left out. */
const forms: [value: string, hex: string][] = [
  ["0", "0001"],
  ["127", "7f01"],
  ["128", "c08002"],
  ["-1", "dfff02"],
  ["4095", "cfff02"],
  ["-4096", "d00002"],
  ["4096", "f1001003"],
  ["-4097", "f1ffef03"],
  ["32767", "f1ff7f03"],
  ["-32768", "f1008003"],
  ["32768", "f200800004"],
  ["8388607", "f2ffff7f04"],
  ["-8388608", "f200008004"],
  ["8388608", "f30000800005"],
  ["-8388609", "f3ffff7fff05"],
  ["2147483647", "f3ffffff7f05"],
  ["-2147483648", "f30000008005"],
  ["2147483648", "f4000000800000000009"],
  ["-2147483649", "f4ffffff7fffffffff09"],
  ["9007199254740993", "f4010000000000200009"],
  ["9223372036854775807", "f4ffffffffffffff7f09"],
  ["-9223372036854775808", "f4000000000000008009"],
  ["9223372036854775808", "93393232333337323033363835343737353830" + "3814"],
  ["", "8001"],
  ["a", "816102"],
  ["-", "812d02"],
  ["-0", "822d3003"],
  ["00", "82303003"],
  ["1a", "82316103"],
  ["+1", "822b3103"],
  ["1.5", "83312e3504"],
  [x(63), `bf${"78".repeat(63)}40`],
  [x(64), `e040${"78".repeat(64)}42`],
  [x(125), `e07d${"78".repeat(125)}7f`],
  [x(126), `e07e${"78".repeat(126)}0180`],
  [x(4095), `efff${"78".repeat(4095)}2081`],
  [x(4096), `f000100000${"78".repeat(4096)}2085`],
  [x(16377), `f0f93f0000${"78".repeat(16377)}7ffe`],
  [x(16378), `f0fa3f0000${"78".repeat(16378)}00ffff`],
  [x(2097149), `f0fdff1f00${"78".repeat(2097149)}01808082`],
];

for (const [value, hex] of forms) {
  test(`an entry for ${value.length > 30 ? `${value.length} bytes` : `"${value}"`}`, () => {
    const listpack = new Listpack(new Arena());
    listpack.create();
    listpack.append(slice("before"));
    const at = listpack.append(slice(value));
    listpack.append(slice("after"));
    const entry = bytesOf(listpack).subarray(at, listpack.next(at));
    assert.ok(
      entry.toString("hex") === hex,
      `${entry.subarray(0, 10).toString("hex")}...${entry.subarray(-6).toString("hex")}`,
    );
    assert.ok(listpack.text(at, text).latin1() === value);
    assert.ok(listpack.equals(at, slice(value)));
    assert.ok(!listpack.equals(at, slice(`${value}0`)));
    assert.equal(listpack.previous(listpack.last()), at);
    assert.equal(listpack.find(slice(value)), at);
    const integer = /^(0|-?[1-9]\d*)$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
    assert.equal(listpack.isInteger(at), integer);
    assert.equal(listpack.integer(at), integer ? Number(value) : Number.NaN);
    assert.equal(listpack.bigint(at), integer ? BigInt(value) : null);
    const whole = bytesOf(listpack);
    assert.equal(validateListpack(whole, 0, whole.length), 3);
    if (!integer) return;
    listpack.replace(at, BigInt(value));
    assert.deepEqual(bytesOf(listpack), whole);
    if (!Number.isSafeInteger(Number(value))) return;
    listpack.replace(at, 5);
    listpack.replace(at, Number(value));
    assert.deepEqual(bytesOf(listpack), whole);
    assert.ok(listpack.equals(at, Number(value)));
  });
}

/** Values as they come: small and large integers, and strings of all forms. */
function anyValue(random: Seeded): string {
  switch (random.below(8)) {
    case 0:
      return String(random.below(300) - 100);
    case 1:
      return String(BigInt(random.uint32()) * BigInt(random.below(0x7fffffff)) * (random.below(2) === 0 ? 1n : -1n));
    case 2:
      return String.fromCharCode(random.below(256)).repeat(random.below(140));
    case 3:
      return random.below(20) === 0 ? x(random.below(20_000)) : "";
    default:
      return `v${random.below(20)}`;
  }
}

for (let seed = 1; seed <= 6; seed++) {
  test(`it is as an array of strings, whatever is done (seed ${seed})`, () => {
    const random = new Seeded(seed);
    const arena = new Arena();
    const listpack = new Listpack(arena);
    let owned = listpack.create();
    let model: string[] = [];
    for (let step = 0; step < 1500; step++) {
      listpack.open(owned);
      const index = random.below(model.length + 1);
      const at = index < model.length ? listpack.seek(random.below(2) === 0 ? index : index - model.length) : 0;
      assert.equal(at === 0, index === model.length);
      const value = anyValue(random);
      const action = random.below(step % 500 > 350 ? 20 : 11);
      if (action < 2) {
        model.push(value);
        listpack.append(slice(value));
      } else if (action < 4) {
        model.unshift(value);
        listpack.prepend(slice(value));
      } else if (action === 4 && at !== 0) {
        model.splice(index, 0, value);
        listpack.insertBefore(at, slice(value));
      } else if (action === 5 && at !== 0) {
        model.splice(index + 1, 0, value);
        listpack.insertAfter(at, slice(value));
      } else if (action < 8 && at !== 0) {
        model[index] = value;
        assert.equal(listpack.replace(at, slice(value)), at);
      } else if (action === 8) {
        assert.equal(listpack.seek(model.length), 0);
        assert.equal(listpack.seek(-model.length - 1), 0);
        const found = model.indexOf(value);
        assert.equal(listpack.find(slice(value)), found === -1 ? 0 : listpack.seek(found));
        const pairwise = model.findIndex((one, place) => place % 2 === 0 && one === value);
        assert.equal(listpack.find(slice(value), listpack.first(), 1), pairwise === -1 ? 0 : listpack.seek(pairwise));
      } else if (action === 9 && at !== 0) {
        const count = random.below(4);
        assert.equal(listpack.removeRange(at, count), model.splice(index, count).length);
      } else if (at !== 0) {
        const after = listpack.remove(at);
        model.splice(index, 1);
        assert.equal(after, index < model.length ? listpack.seek(index) : 0);
      }
      if (random.below(400) === 0) {
        listpack.clear();
        model = [];
      }
      owned = listpack.ref;
      assert.equal(listpack.count, model.length);
      assert.equal(listpack.isEmpty, model.length === 0);
      if (step % 20 !== 0) continue;
      assert.deepEqual(textsOf(listpack), model);
      const bytes = bytesOf(listpack);
      assert.equal(validateListpack(bytes, 0, bytes.length), model.length);
      assert.ok(listpack.blockBytes >= bytes.length && arena.used === listpack.blockBytes);
      const copy = new Listpack(arena);
      copy.load(bytes, 0);
      assert.deepEqual(bytesOf(copy), bytes);
      const clone = copy.clone();
      copy.free();
      copy.open(clone);
      assert.deepEqual(bytesOf(copy), bytes);
      copy.free();
    }
    listpack.free();
  });
}

test("entries can be taken over from another listpack as they stand", () => {
  const arena = new Arena();
  const from = new Listpack(arena);
  from.create();
  for (const value of ["one", "2", x(100), "-4", "five"]) from.append(slice(value));
  const to = new Listpack(arena);
  to.create();
  to.append(slice("zero"));
  const start = from.seek(1);
  const end = from.seek(4);
  to.appendEntries(from.bytes, from.base + start, from.base + end, 3);
  assert.deepEqual(textsOf(to), ["zero", "2", x(100), "-4"]);
  assert.equal(to.count, 4);
});

test("beyond 65,534 entries they are counted by walking", () => {
  const listpack = new Listpack(new Arena());
  listpack.create(70_000 * 2);
  for (let i = 0; i < 70_000; i++) listpack.append(7);
  assert.equal(listpack.count, 70_000);
  assert.notEqual(listpack.seek(69_999), 0);
  assert.equal(listpack.seek(70_000), 0);
  assert.equal(listpack.seek(-70_000), listpack.first());
  const bytes = bytesOf(listpack);
  assert.equal(validateListpack(bytes, 0, bytes.length), 70_000);
  listpack.removeRange(listpack.first(), 69_000);
  assert.equal(listpack.count, 1000);
});

test("entries of other writers: an integer that is kept as a string, or in more bytes than needed", () => {
  const view = new ListpackView();
  const bytes = Buffer.from("0f000000 0200 823132 03 f10c00 03 ff".replaceAll(" ", ""), "hex");
  bytes[0] = bytes.length;
  assert.equal(validateListpack(bytes, 0, bytes.length), 2);
  view.over(bytes, 0);
  assert.deepEqual(textsOf(view), ["12", "12"]);
  for (let at = view.first(); at !== 0; at = view.next(at)) {
    assert.ok(view.equals(at, slice("12")) && view.equals(at, 12) && view.equals(at, 12n));
    assert.ok(!view.equals(at, slice("13")) && !view.equals(at, slice("012")));
  }
});

test("whatever the bytes, what is not sound is refused, and what passes can be walked", () => {
  const random = new Seeded(7);
  const listpack = new Listpack(new Arena());
  listpack.create();
  for (let i = 0; i < 12; i++) listpack.append(slice(anyValue(random).slice(0, 150)));
  const sound = bytesOf(listpack);
  let passed = 0;
  for (let round = 0; round < 20_000; round++) {
    const start = random.below(3);
    let bytes = Buffer.concat([Buffer.alloc(start, 0x80), sound]);
    for (let changes = random.below(4); changes >= 0; changes--) {
      const at = start + random.below(random.below(2) === 0 ? bytes.length - start : 12);
      bytes[at] = random.below(256);
    }
    if (random.below(5) === 0) bytes = bytes.subarray(0, start + random.below(bytes.length - start));
    const count = validateListpack(bytes, start, bytes.length);
    if (count === -1) continue;
    passed++;
    const view = new ListpackView().over(bytes, start);
    assert.equal(textsOf(view).length, count);
    let backwards = 0;
    for (let at = view.last(); at !== 0; at = view.previous(at)) backwards++;
    assert.equal(backwards, count);
  }
  assert.ok(passed > 100, `${passed} passed`);
  assert.equal(
    validateListpack(sound, 0, sound.length, (_, index) => index < 5),
    -1,
  );
  assert.equal(validateListpack(new Uint8Array(0), 0, 0), -1);
});
