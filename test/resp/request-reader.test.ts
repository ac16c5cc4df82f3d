/** Requests, cut at every place, whole and in pieces, right and wrong. */
import assert from "node:assert/strict";
import test from "node:test";
import { Args } from "../../src/commands/args.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { ProtocolError, RequestReader } from "../../src/resp/request-reader.ts";

const makeReader = () => new RequestReader<Args>(new Args(), () => new Args());

/** Feeds the pieces one read after another, as a connection does. */
function read(reader: RequestReader<Args>, pieces: readonly Uint8Array[]): string[][] {
  const requests: string[][] = [];
  for (const piece of pieces) {
    // The buffer of a read is used again: what is kept must have been copied.
    const lent = Buffer.alloc(piece.length + 8, "#");
    lent.set(piece);
    reader.lend(lent, piece.length);
    for (let args = reader.next(); args !== null; args = reader.next())
      requests.push(Array.from({ length: args.count }, (_, i) => args!.at(i).latin1()));
    reader.release();
    lent.fill("#");
  }
  return requests;
}

const bulk = (words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;

const valid: [name: string, input: string, requests: string[][]][] = [
  ["one request", bulk(["GET", "key"]), [["GET", "key"]]],
  [
    "a pipeline",
    bulk(["SET", "k", "v"]) + bulk(["GET", "k"]),
    [
      ["SET", "k", "v"],
      ["GET", "k"],
    ],
  ],
  ["empty words", bulk(["SET", "", ""]), [["SET", "", ""]]],
  ["words with line ends", bulk(["SET", "a\r\nb", "\r\n"]), [["SET", "a\r\nb", "\r\n"]]],
  ["lengths of several digits", bulk(["SET", "k", "x".repeat(1234)]), [["SET", "k", "x".repeat(1234)]]],
  ["empty and null requests are nothing", `*0\r\n*-1\r\n${bulk(["PING"])}`, [["PING"]]],
  ["inline", "PING\r\n", [["PING"]]],
  [
    "inline with a bare line feed",
    "SET a 1\nGET a\n",
    [
      ["SET", "a", "1"],
      ["GET", "a"],
    ],
  ],
  ["inline between blanks of every kind", "  SET\t\ta \v\fb  \r\n\r\n \r\nPING\n", [["SET", "a", "b"], ["PING"]]],
  ["inline with bytes that are no blanks", "SET a\xa0b \x85\r\n", [["SET", "a\xa0b", "\x85"]]],
  [
    "inline with quotes behind plain words",
    "SET a 'b c'\r\nGET a\r\n",
    [
      ["SET", "a", "b c"],
      ["GET", "a"],
    ],
  ],
  ["inline with quotes", 'SET "a b" \'c d\' "\\x41\\n"\r\n', [["SET", "a b", "c d", "A\n"]]],
  ["empty lines are nothing", "\r\n  \r\nPING\r\n", [["PING"]]],
  ["both forms", `PING\r\n${bulk(["GET", "k"])}ECHO x\r\n`, [["PING"], ["GET", "k"], ["ECHO", "x"]]],
];

for (const [name, input, requests] of valid) {
  test(`${name}, whole and cut at every place`, () => {
    const bytes = Buffer.from(input, "latin1");
    assert.deepEqual(read(makeReader(), [bytes]), requests);
    for (let cut = 1; cut < bytes.length; cut++)
      assert.deepEqual(read(makeReader(), [bytes.subarray(0, cut), bytes.subarray(cut)]), requests, `cut at ${cut}`);
    assert.deepEqual(
      read(
        makeReader(),
        [...bytes].map((byte) => Buffer.of(byte)),
      ),
      requests,
      "byte by byte",
    );
  });
}

const wrong: [input: string, error: string][] = [
  ["*abc\r\n", "invalid multibulk length"],
  ["*03\r\n", "invalid multibulk length"],
  ["*2147483648\r\n", "invalid multibulk length"],
  ["*1\r\n:3\r\n", "expected '$', got ':'"],
  ["*1\r\n$-1\r\n", "invalid bulk length"],
  ["*1\r\n$x\r\n", "invalid bulk length"],
  ["*1\r\n$536870913\r\n", "invalid bulk length"],
  ['SET "a\r\n', "unbalanced quotes in request"],
  [`*1${"1".repeat(70_000)}`, "too big mbulk count string"],
  [`*1\r\n$${"1".repeat(70_000)}`, "too big bulk count string"],
  ["x".repeat(70_000), "too big inline request"],
];

for (const [input, error] of wrong) {
  test(`${JSON.stringify(input.slice(0, 24))} is refused: ${error}`, () => {
    assert.throws(() => read(makeReader(), [Buffer.from(input, "latin1")]), {
      name: "ReplyError",
      message: `ERR Protocol error: ${error}`,
    });
  });
}

test("before AUTH requests are small", () => {
  const strict = () => {
    const reader = makeReader();
    reader.limits.strict = true;
    return reader;
  };
  assert.throws(() => read(strict(), [Buffer.from("*11\r\n")]), ProtocolError);
  assert.throws(() => read(strict(), [Buffer.from("*2\r\n$4\r\nAUTH\r\n$16385\r\n")]), ProtocolError);
  assert.deepEqual(read(strict(), [Buffer.from(bulk(["AUTH", "x"]))]), [["AUTH", "x"]]);
});

test("a header costs nothing before its words come", () => {
  const reader = makeReader();
  const before = process.memoryUsage().arrayBuffers;
  assert.deepEqual(read(reader, [Buffer.from("*1000000\r\n$500000000\r\nabc")]), []);
  assert.ok(reader.bufferBytes < 4096);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

test("nor does the length of a word before its bytes come", () => {
  const reader = makeReader();
  read(reader, [Buffer.from("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc")]);
  assert.ok(reader.bufferBytes <= 1024, `${reader.bufferBytes} bytes`);
});

test("a line that comes byte by byte is looked through once", () => {
  for (const begin of ["SET a ", "*", "*1\r\n$"]) {
    const reader = makeReader();
    read(reader, [Buffer.from(begin)]);
    const startedAt = performance.now();
    const byte = Buffer.from("1");
    for (let i = 0; i < 65_000; i++) {
      reader.lend(byte, 1);
      reader.next();
      reader.release();
    }
    // Looked through from its beginning each time it would be two thousand million steps: seconds.
    const ms = performance.now() - startedAt;
    assert.ok(ms < 500, `${begin.trim()}: ${ms.toFixed()} ms`);
    assert.equal(reader.pendingBytes, begin.length + 65_000);
  }
  const reader = makeReader();
  assert.deepEqual(read(reader, [Buffer.from("*1\r\n$1"), Buffer.from("0\r"), Buffer.from("\n0123456789\r\n")]), [
    ["0123456789"],
  ]);
});

test("words that have come of a request in pieces are counted beside their bytes", () => {
  const reader = makeReader();
  read(reader, [Buffer.from(`*1000000\r\n${"$0\r\n\r\n".repeat(1000)}`)]);
  assert.equal(reader.pendingBytes, 10 + 6000);
  assert.ok(reader.wordBytes >= 50_000);
});

test("a request that is taken back comes again", () => {
  const reader = makeReader();
  const bytes = Buffer.from(bulk(["SET", "k", "v"]) + bulk(["GET", "k"]));
  reader.lend(bytes, bytes.length);
  assert.equal(reader.next()?.at(0).latin1(), "SET");
  reader.unread();
  reader.release();
  assert.deepEqual(read(reader, [Buffer.alloc(0)]), [
    ["SET", "k", "v"],
    ["GET", "k"],
  ]);
});

test("random pipelines in random pieces are what was sent", () => {
  const random = new SeededRandom(7);
  const below = (limit: number) => random.uint32() % limit;
  for (let round = 0; round < 200; round++) {
    const requests = Array.from({ length: 1 + below(20) }, () =>
      Array.from({ length: 1 + below(12) }, () =>
        Buffer.from(random.bytes(below(4) === 0 ? below(5000) : below(30))).toString("latin1"),
      ),
    );
    const bytes = Buffer.from(requests.map(bulk).join(""), "latin1");
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + below(below(2) === 0 ? 40 : 4000);
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    assert.deepEqual(read(makeReader(), pieces), requests, `round ${round}`);
  }
});

test("of what follows a request in two pieces nothing is copied but what is cut again", () => {
  const value = "x".repeat(4096);
  const stream = Buffer.from(Array.from({ length: 12 }, (_, i) => bulk(["SET", `key${i}`, value])).join(""));
  const reader = makeReader();
  const keys: string[] = [];
  const READ = 16 * 1024;
  for (let at = 0; at < stream.length; at += READ) {
    const lent = Buffer.from(stream.subarray(at, at + READ));
    reader.lend(lent, lent.length);
    let inPlace = 0;
    for (let args = reader.next(); args !== null; args = reader.next()) {
      keys.push(args.at(1).latin1());
      assert.equal(args.at(2).latin1(), value);
      if (args.at(2).bytes === lent) inPlace++;
    }
    assert.ok(inPlace >= (lent.length === READ ? 2 : 0), `${inPlace} of the read at ${at}`);
    reader.release();
    assert.ok(reader.bufferBytes <= 16 * 1024);
  }
  assert.deepEqual(
    keys,
    Array.from({ length: 12 }, (_, i) => `key${i}`),
  );
  assert.equal(reader.bufferBytes, 0);
});

test("a request in two pieces that is taken back comes again, and so does what follows it", () => {
  const requests = [["SET", "k", "v".repeat(3000)], ["GET", "k"], ["PING"]];
  const bytes = Buffer.from(requests.map(bulk).join(""));
  for (let cut = 1; cut < bytes.length; cut += 7) {
    const reader = makeReader();
    const [first, second] = [bytes.subarray(0, cut), Buffer.from(bytes.subarray(cut))];
    const before = read(reader, [first]).length;
    reader.lend(second, second.length);
    assert.equal(reader.next()?.at(0).latin1(), requests[before]![0]);
    reader.unread();
    reader.release();
    second.fill("#");
    assert.deepEqual(read(reader, [Buffer.alloc(0)]), requests.slice(before), `cut at ${cut}`);
  }
});
