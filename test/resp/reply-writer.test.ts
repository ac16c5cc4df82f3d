/** Replies in both protocols, over the ends of chunks, and taken back. */
import assert from "node:assert/strict";
import test from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { ReplyError } from "../../src/base/reply-error.ts";
import { ChunkPool } from "../../src/resp/chunk-pool.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

function makeWriter(version: 2 | 3 = 2): ReplyWriter {
  const writer = new ReplyWriter(new ChunkPool(), () => {});
  writer.version = version;
  return writer;
}

function taken(writer: ReplyWriter): string {
  let text = "";
  writer.take((bytes, length) => {
    text += Buffer.from(bytes.subarray(0, length)).toString("latin1");
    return true;
  });
  return text;
}

const cases: [name: string, write: (reply: ReplyWriter) => void, resp2: string, resp3: string][] = [
  ["ok", (r) => r.ok(), "+OK\r\n", "+OK\r\n"],
  ["simple", (r) => r.simple("PONG"), "+PONG\r\n", "+PONG\r\n"],
  ["error", (r) => r.error(new ReplyError("ERR", "no\r\nway")), "-ERR no  way\r\n", "-ERR no  way\r\n"],
  ["integer", (r) => r.integer(-1234567890123), ":-1234567890123\r\n", ":-1234567890123\r\n"],
  ["64-bit integer", (r) => r.integer(2n ** 63n - 1n), ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
  ["boolean", (r) => r.boolean(true), ":1\r\n", "#t\r\n"],
  ["nil", (r) => r.nil(), "$-1\r\n", "_\r\n"],
  ["nil array", (r) => r.nilArray(), "*-1\r\n", "_\r\n"],
  ["bulk", (r) => r.bulk(Slice.of("h\u00e9")), "$3\r\nh\u00c3\u00a9\r\n", "$3\r\nh\u00c3\u00a9\r\n"],
  ["map", (r) => r.map(2), "*4\r\n", "%2\r\n"],
  ["set", (r) => r.set(2), "*2\r\n", "~2\r\n"],
  ["push", (r) => r.push(3), "*3\r\n", ">3\r\n"],
  ["double", (r) => r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"],
  ["infinity", (r) => r.double(Number.NEGATIVE_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n"],
  ["big number", (r) => r.bigNumber("123"), "$3\r\n123\r\n", "(123\r\n"],
  ["verbatim", (r) => r.verbatim("hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"],
];

for (const [name, write, resp2, resp3] of cases)
  test(`${name} in RESP2 and RESP3`, () => {
    for (const [version, expected] of [
      [2, resp2],
      [3, resp3],
    ] as const) {
      const writer = makeWriter(version);
      write(writer);
      assert.equal(taken(writer), expected);
    }
  });

test("replies go on over the ends of chunks, whatever their size", () => {
  for (const size of [0, 1, 1000, 16_000, 16_384, 20_000, 100_000]) {
    const writer = makeWriter();
    const value = Buffer.alloc(size, "v");
    let expected = "";
    for (let i = 0; i < 10; i++) {
      writer.bulkBytes(value);
      writer.integer(i);
      expected += `$${size}\r\n${value.toString("latin1")}\r\n:${i}\r\n`;
    }
    assert.equal(writer.size, expected.length);
    assert.equal(taken(writer), expected);
    assert.equal(writer.size, 0);
  }
});

test("what was written since a mark can be taken back, over chunks too", () => {
  for (const size of [10, 20_000]) {
    const writer = makeWriter();
    writer.bulkBytes(Buffer.alloc(15_000, "a"));
    const { mark } = writer;
    for (let i = 0; i < 5; i++) writer.bulkBytes(Buffer.alloc(size, "b"));
    writer.rewind(mark);
    writer.ok();
    assert.equal(taken(writer), `$15000\r\n${"a".repeat(15_000)}\r\n+OK\r\n`);
  }
});

test("says that there is something to send once, until it is taken", () => {
  let told = 0;
  const writer = new ReplyWriter(new ChunkPool(), () => told++);
  for (let i = 0; i < 10_000; i++) writer.ok();
  assert.equal(told, 1);
  taken(writer);
  writer.ok();
  assert.equal(told, 2);
});

test("a writer that discards keeps nothing", () => {
  const writer = makeWriter();
  writer.discards = true;
  for (let i = 0; i < 100_000; i++) writer.bulkText("nobody reads this");
  assert.ok(writer.size <= 16 * 1024);
});

test("lengths that are told later, one inside another and over the ends of chunks", () => {
  for (const [outer, inner, bytes] of [
    [0, 0, 0],
    [2, 11, 3],
    [3, 1, 20000],
    [120, 3, 700],
  ] as const) {
    const writer = makeWriter(3);
    const item = "x".repeat(bytes);
    writer.ok();
    const begun = writer.begin();
    let expected = `+OK\r\n%${outer}\r\n`;
    for (let i = 0; i < outer; i++) {
      writer.integer(i);
      const within = writer.begin();
      for (let j = 0; j < inner; j++) writer.bulk(Slice.of(item));
      writer.endArray(within, inner);
      expected += `:${i}\r\n*${inner}\r\n${`$${bytes}\r\n${item}\r\n`.repeat(inner)}`;
    }
    writer.endMap(begun, outer);
    assert.equal(writer.size, expected.length);
    const text = taken(writer);
    assert.ok(text === expected, `${outer} of ${inner}`);
  }
});
