import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crc64 } from "../../src/base/crc64.ts";
import { RdbError } from "../../src/rdb/format.ts";
import { RdbReader, type RdbReaderOptions } from "../../src/rdb/reader.ts";
import { bytesOf, type Entry, FIELDS, Notes, noteOf, writeFile } from "./files.ts";

function read(file: Uint8Array, options?: RdbReaderOptions): Notes {
  const notes = new Notes();
  const reader = new RdbReader(notes, options);
  assert.equal(reader.feed(file), file.length);
  reader.end();
  assert.equal(reader.offset, file.length);
  return notes;
}

/** A file of these bytes (given in hex) behind the header, with a right checksum. */
function file(hex: string, version = 11): Buffer {
  const body = Buffer.concat([
    Buffer.from(`REDIS${String(version).padStart(4, "0")}`),
    Buffer.from(hex.replaceAll(" ", ""), "hex"),
    Buffer.from([255]),
  ]);
  const sum = Buffer.alloc(8);
  const crc = new Crc64();
  crc.update(body);
  crc.writeTo(sum, 0);
  return version >= 5 ? Buffer.concat([body, sum]) : body;
}

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");

test("a file says what was written", () => {
  const entries: Entry[] = [
    { key: "a", value: "1" },
    { key: "b", value: "x".repeat(1000), expireAt: 1800000000123 },
    { db: 3, key: "c\0\xff", value: "\0\x01\x02", idleSeconds: 100000 },
    { db: 3, key: "d", value: "", frequency: 255 },
    { db: 0, key: "", value: "-2147483648" },
  ];
  const notes = read(writeFile(entries));
  assert.deepEqual(notes.keys, entries.map(noteOf));
  assert.deepEqual(notes.lines.slice(0, 6), [
    `aux redis-ver=${FIELDS.redisVersion}`,
    "aux redis-bits=64",
    `aux ctime=${FIELDS.createdAt}`,
    `aux used-mem=${FIELDS.usedMemory}`,
    "aux aof-base=0",
    "db 0",
  ]);
});

test("any keys and values survive, compressed or not, with checksum or without", () => {
  const text = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 }),
    fc.integer().map(String),
    fc.constantFrom(
      "127",
      "128",
      "-128",
      "-129",
      "32767",
      "32768",
      "-32769",
      "2147483647",
      "2147483648",
      "-0",
      "01",
      "+1",
    ),
    fc.tuple(fc.string({ maxLength: 9 }), fc.nat(20_000)).map(([part, times]) => part.repeat(times).slice(0, 20_000)),
    fc.nat(300_000).map((length) => "z".repeat(length)),
  );
  const entry: fc.Arbitrary<Entry> = fc.record({
    db: fc.nat(15),
    key: text,
    value: text,
    expireAt: fc.oneof(fc.constant(-1), fc.nat(2 ** 48)),
    idleSeconds: fc.nat(2 ** 31),
    frequency: fc.oneof(fc.constant(-1), fc.nat(255)),
  });
  const options = fc.record({ compress: fc.boolean(), checksum: fc.boolean(), version: fc.constantFrom(10, 11) });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      options,
      fc.integer({ min: 1, max: 100_000 }),
      (entries, how, chunk) => {
        const bytes = writeFile(entries, how as { version: 10 | 11 });
        const notes = new Notes();
        const reader = new RdbReader(notes);
        for (let at = 0; at < bytes.length; at += chunk) reader.feed(bytes, at, Math.min(bytes.length, at + chunk));
        reader.end();
        assert.equal(reader.version, how.version);
        assert.equal(reader.checksummed, how.checksum);
        assert.deepEqual(notes.keys, entries.map(noteOf));
      },
    ),
    { seed: 4, numRuns: 150 },
  );
});

const SMALL: Entry[] = [
  { key: "int8", value: "-5", expireAt: 1800000000000 },
  { key: "int16", value: "-300" },
  { key: "int32", value: "70000", frequency: 7 },
  { db: 2, key: "lzf", value: "ab".repeat(40), idleSeconds: 20_000 },
  { db: 2, key: "12345", value: `${"long ".repeat(30)}text of many different words, some of them repeated` },
];
const SMALL_FILE = Buffer.concat([
  writeFile(SMALL).subarray(0, -9),
  // Beside what we write: seconds of expiry, functions, a module's data, slot hints.
  Buffer.from(
    `fd00a4eb6a 00 ${hex("\x04secs")} 0161 f5 03616263 f7 81${"0102030405060708"} 0201 0205 05 0568656c6c6f 04${"00".repeat(8)} 00 f4 01 02 03`.replaceAll(
      " ",
      "",
    ),
    "hex",
  ),
]);

test("every split point of a small file gives the same", () => {
  const whole = file(SMALL_FILE.subarray(9).toString("hex"), 10);
  const expected = read(whole).lines;
  assert.equal(expected.length, 15);
  for (let first = 0; first <= whole.length; first++) {
    for (const second of [first, first + 1, first + 5, first + 40]) {
      const notes = new Notes();
      const reader = new RdbReader(notes);
      const middle = Math.min(second, whole.length);
      reader.feed(whole.subarray(0, first));
      reader.feed(whole.subarray(first, middle));
      reader.feed(whole.subarray(middle));
      reader.end();
      assert.deepEqual(notes.lines, expected);
    }
  }
  const notes = new Notes();
  const reader = new RdbReader(notes);
  for (const byte of whole) assert.equal(reader.feed(Uint8Array.of(byte)), 1);
  reader.end();
  assert.deepEqual(notes.lines, expected);
});

test("bytes behind the end are left alone", () => {
  const bytes = writeFile([{ key: "k", value: "v" }]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new RdbReader(new Notes());
    let used = reader.feed(bytes.subarray(0, cut));
    used += reader.feed(Buffer.concat([bytes.subarray(cut), Buffer.from("*1\r\n$4\r\nPING\r\n")]));
    assert.equal(used, bytes.length);
    assert.ok(reader.finished);
    assert.equal(reader.feed(Buffer.from("more")), 0);
  }
});

const forms: [name: string, hex: string, line: string][] = [
  ["6-bit length", "00 01 6b 02 6869", "0 k=hi @-1 idle -1 freq -1"],
  ["14-bit length", "00 01 6b 4002 6869", "0 k=hi @-1 idle -1 freq -1"],
  ["32-bit length", "00 01 6b 8000000002 6869", "0 k=hi @-1 idle -1 freq -1"],
  ["64-bit length", "00 01 6b 810000000000000002 6869", "0 k=hi @-1 idle -1 freq -1"],
  ["int8", "00 01 6b c0 80", "0 k=-128 @-1 idle -1 freq -1"],
  ["int16", "00 01 6b c1 0080", "0 k=-32768 @-1 idle -1 freq -1"],
  ["int32", "00 01 6b c2 ffffff7f", "0 k=2147483647 @-1 idle -1 freq -1"],
  ["int key", "00 c0 07 01 76", "0 7=v @-1 idle -1 freq -1"],
  ["lzf", "00 01 6b c3 05 0a 00 61 e0 00 00", "0 k=aaaaaaaaaa @-1 idle -1 freq -1"],
  ["seconds", "fd 01000000 00 01 6b 01 76", "0 k=v @1000 idle -1 freq -1"],
  ["negative seconds", "fd ffffffff 00 01 6b 01 76", "0 k=v @-1000 idle -1 freq -1"],
  ["milliseconds", "fc 0100000001000000 00 01 6b 01 76", "0 k=v @4294967297 idle -1 freq -1"],
  ["idle", "f8 4101 00 01 6b 01 76", "0 k=v @-1 idle 257 freq -1"],
  ["freq", "f9 ff 00 01 6b 01 76", "0 k=v @-1 idle -1 freq 255"],
  ["db", "fe 0f fb 01 00 00 01 6b 01 76", "15 k=v @-1 idle -1 freq -1"],
  ["slot info", "f4 01 02 03 00 01 6b 01 76", "0 k=v @-1 idle -1 freq -1"],
];
for (const [name, body, line] of forms) {
  test(`form: ${name}`, () => assert.deepEqual(read(file(body)).keys, [line]));
}

test("attributes end with their key", () => {
  const notes = read(file("fc 0100000000000000 f9 05 00 01 61 01 76  00 01 62 01 76"));
  assert.deepEqual(notes.keys, ["0 a=v @1 idle -1 freq 5", "0 b=v @-1 idle -1 freq -1"]);
});

test("all versions up to 12 are read, the oldest without a checksum", () => {
  for (let version = 1; version <= 12; version++) {
    assert.deepEqual(read(file("00 01 6b 01 76", version)).keys, ["0 k=v @-1 idle -1 freq -1"]);
  }
});

const refused: [bytes: Buffer, kind: string, message: RegExp | string][] = [
  [Buffer.from("hello there"), "corrupt", "Wrong signature trying to load DB from file"],
  [Buffer.from("R3"), "corrupt", "Wrong signature trying to load DB from file"],
  [Buffer.from("REDIS0013"), "version", "Can't handle RDB format version 13"],
  [Buffer.from("REDIS0000"), "version", "Can't handle RDB format version 0"],
  [Buffer.from("REDIS00x1"), "version", "Can't handle RDB format version 0"],
  [Buffer.from("VALKEY080"), "version", "Can't handle RDB format version 80"],
  [Buffer.from("REDIS0010"), "truncated", "Unexpected EOF reading RDB file: it ends at offset 9"],
  [Buffer.alloc(0), "truncated", "Unexpected EOF reading RDB file: it ends at offset 0"],
  [file("12 01 78 01 01"), "unsupported", 'type 18 (list quicklist2) of key "x" in db 0 is not supported yet'],
  [file("fe 03 0e 02 780a 01"), "unsupported", 'type 14 (list quicklist) of key "x\\n" in db 3 is not supported yet'],
  [
    file("07 01 6a 81 25e3cc67d32a4803 00"),
    "unsupported",
    /^type 7 \(module [\w-]{9}\) of key "j" in db 0 is not supported yet$/,
  ],
  [file("c8 01 78"), "corrupt", "Unknown RDB encoding type 200 at offset 9"],
  [file("f6"), "unsupported", "Pre-release function format not supported."],
  [file("00 01 6b 82"), "corrupt", /^unknown length encoding 130 at offset/],
  [file("00 01 6b c4"), "corrupt", /^unknown string encoding 4 at offset/],
  [file("fe c0"), "corrupt", /^a special encoding where a length is expected at offset/],
  [file("00 01 6b 80ffffffff"), "corrupt", /^string of 4294967295 bytes, more than the limit of 536870912, at offset/],
  [file("00 81ffffffffffffffff"), "corrupt", /^string of 18446744073709552000 bytes, more than the limit/],
  [
    file("00 01 6b c3 05 801fffffff 00 61 e0 00 00"),
    "corrupt",
    /^compressed string with an impossible length at offset/,
  ],
  [file("00 01 6b c3 05 09 00 61 e0 00 00"), "corrupt", /^invalid LZF compressed string at offset/],
  [file("00 01 6b c3 05 0a 00 61 e0 00 01"), "corrupt", /^invalid LZF compressed string at offset/],
  [file("f7 01 09"), "corrupt", /^unknown part 9 of a module's data at offset/],
  [
    Buffer.concat([file("").subarray(0, -8), Buffer.from("0102030405060708", "hex")]),
    "corrupt",
    /^Wrong RDB checksum expected: \([0-9a-f]{16}\) but got \(0807060504030201\)\. Aborting now\.$/,
  ],
];
for (const [bytes, kind, message] of refused) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => {
        const reader = new RdbReader(new Notes());
        reader.feed(bytes);
        reader.end();
      },
      (error) => {
        assert.ok(error instanceof RdbError, String(error));
        assert.equal(error.kind, kind);
        if (typeof message === "string") assert.equal(error.message, message);
        else assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a file cut short anywhere says so", () => {
  const bytes = writeFile(SMALL);
  for (let cut = 0; cut < bytes.length; cut++) {
    const reader = new RdbReader(new Notes());
    reader.feed(bytes.subarray(0, cut));
    assert.throws(() => reader.end(), { name: "RdbError", kind: "truncated" });
  }
});

test("any one flipped bit is noticed", () => {
  const bytes = writeFile(SMALL);
  for (let at = 0; at < bytes.length; at++) {
    const broken = Buffer.from(bytes);
    broken[at]! ^= 1 << (at % 8);
    assert.throws(() => read(broken), { name: "RdbError" }, `byte ${at}`);
  }
});

test("without a checksum, or told not to look, none is verified", () => {
  const none = writeFile(SMALL, { checksum: false });
  assert.deepEqual(none.subarray(-8), Buffer.alloc(8));
  assert.equal(read(none).keys.length, SMALL.length);
  const wrong = writeFile(SMALL);
  wrong[wrong.length - 1]! ^= 1;
  assert.equal(read(wrong, { verifyChecksum: false }).keys.length, SMALL.length);
});

test("a long string in small chunks takes no more room than it has sent", () => {
  const head = file("00 01 6b 8010000000").subarray(0, -9);
  const reader = new RdbReader(new Notes());
  const before = process.memoryUsage().arrayBuffers;
  reader.feed(head);
  for (let i = 0; i < 100; i++) reader.feed(new Uint8Array(1000));
  assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000);
});

test("20,000 mutated files neither crash nor hang the reader, nor make it grow", () => {
  let state = 12345;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const interesting = [
    0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xf4, 0xf5, 0xf7, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe,
    0xff,
  ];
  const seeds = [file(SMALL_FILE.subarray(9).toString("hex"), 10), writeFile(SMALL), file("f7 01 02 01 05 0161 00")];
  const before = process.memoryUsage().arrayBuffers;
  let sound = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(seeds[i % seeds.length]!);
    for (let n = 1 + random(4); n > 0; n--) {
      const at = 9 + random(bytes.length - 9);
      bytes[at] = random(2) === 0 ? interesting[random(interesting.length)]! : random(256);
    }
    const end = random(4) === 0 ? random(bytes.length) : bytes.length;
    const reader = new RdbReader(new Notes(), { verifyChecksum: random(8) === 0 });
    const chunk = 1 + random(bytes.length);
    try {
      for (let at = 0; at < end; at += chunk) reader.feed(bytes, at, Math.min(end, at + chunk));
      reader.end();
      sound++;
    } catch (error) {
      assert.ok(error instanceof RdbError, `mutation ${i}: ${(error as Error).stack}`);
    }
  }
  assert.ok(sound > 100, `${sound} sound`);
  assert.ok(process.memoryUsage().arrayBuffers - before < 200_000_000);
});

test("a value of many parts arrives whole over any split", () => {
  // A list of old: a count, then the elements, each a part of its own.
  const bytes = file("fc 0500000000000000 01 03 6b6579 03 01 61 c0 07 03 626364  00 01 6b 01 76");
  const expected = ["a", "7", "bcd"].map((element) => `0 key=${element} @5 idle -1 freq -1`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const notes = new Notes();
    const reader = new RdbReader(notes);
    // Chunks are lent: what comes next lies in the same place.
    const first = Buffer.from(bytes.subarray(0, cut));
    reader.feed(first);
    first.fill(0xee);
    reader.feed(bytes.subarray(cut));
    reader.end();
    assert.deepEqual(notes.keys, [...expected, "0 k=v @-1 idle -1 freq -1"]);
  }
});

test("what the sink throws comes through, and ends the reading", () => {
  const notes = new Notes();
  notes.key = () => {
    throw new Error("full");
  };
  const reader = new RdbReader(notes);
  const bytes = writeFile([{ key: "k", value: "v" }]);
  assert.throws(() => reader.feed(bytes), { message: "full" });
  assert.throws(() => reader.feed(bytes), { message: "full" });
  assert.throws(() => reader.end(), { message: "full" });
});

test("names of fields and values may be integers", () => {
  assert.deepEqual(read(file(`fa ${hex("\x01a")} c0 05`)).lines, ["aux a=5"]);
  assert.equal(bytesOf("é").length, 1);
});
