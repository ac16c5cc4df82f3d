import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyError } from "../../src/base/reply-error.ts";
import { type Reply, ReplyProtocolError, ReplyReader, type ReplyReaderOptions } from "../../src/resp/reply-reader.ts";

/** Everything that a run of bytes says, fed in pieces of the given sizes (the last one repeats). */
function read(wire: string | Buffer, sizes: number[], options?: ReplyReaderOptions) {
  const bytes = Buffer.from(wire as string, "utf8");
  const said = {
    replies: [] as Reply[],
    pushes: [] as Reply[][],
    attributes: [] as Map<Reply, Reply>[],
    midReply: false,
  };
  const reader = new ReplyReader(
    {
      onReply: (reply) => said.replies.push(reply),
      onPush: (items) => said.pushes.push(items),
      onAttribute: (attributes) => said.attributes.push(attributes),
    },
    options,
  );
  // One buffer for all, as sockets lend it: what the reader keeps it must have copied.
  const lent = Buffer.alloc(bytes.length);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.min(sizes[Math.min(i, sizes.length - 1)]!, bytes.length - at);
    lent.fill(0x58);
    bytes.copy(lent, 0, at, at + size);
    reader.feed(lent, size);
    at += size;
  }
  said.midReply = reader.midReply;
  return said;
}

const values: [wire: string, value: Reply][] = [
  ["+OK\r\n", "OK"],
  ["+\r\n", ""],
  ["-ERR no such key\r\n", new ReplyError("ERR", "no such key")],
  ["-LOADING\r\n", new ReplyError("LOADING", "")],
  [":0\r\n", 0],
  [":-42\r\n", -42],
  [":9007199254740991\r\n", 9007199254740991],
  [":9007199254740993\r\n", 9007199254740993n],
  [":-9223372036854775808\r\n", -9223372036854775808n],
  ["$0\r\n\r\n", ""],
  ["$5\r\nhello\r\n", "hello"],
  ["$4\r\na\r\nb\r\n", "a\r\nb"],
  ["$6\r\nhéa€\r\n".replace("$6", "$7"), "héa€"],
  ["$-1\r\n", null],
  ["*-1\r\n", null],
  ["_\r\n", null],
  ["*0\r\n", []],
  ["*2\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n", ["a", [1, []]]],
  ["*2\r\n-ERR x\r\n$-1\r\n", [new ReplyError("ERR", "x"), null]],
  ["#t\r\n", true],
  ["#f\r\n", false],
  [",1.5\r\n", 1.5],
  [",-inf\r\n", Number.NEGATIVE_INFINITY],
  [",nan\r\n", Number.NaN],
  [",1e+20\r\n", 1e20],
  ["(12345678901234567890123\r\n", 12345678901234567890123n],
  ["(-7\r\n", -7n],
  ["!9\r\nERR a\r\nb\r\n".replace("!9", "!8"), new ReplyError("ERR", "a\r\nb")],
  ["=7\r\ntxt:abc\r\n", "abc"],
  [
    "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n",
    new Map<Reply, Reply>([
      ["a", 1],
      ["b", [null]],
    ]),
  ],
  ["%0\r\n", new Map()],
  ["~2\r\n+a\r\n+b\r\n", new Set<Reply>(["a", "b"])],
];

for (const [wire, value] of values) {
  test(`${JSON.stringify(wire)} at every split`, () => {
    assert.deepEqual(read(wire, [wire.length * 4]).replies, [value]);
    const length = Buffer.byteLength(wire);
    for (let split = 1; split < length; split++) {
      assert.deepEqual(read(wire, [split, length]).replies, [value], `split at ${split}`);
      assert.equal(read(Buffer.from(wire).subarray(0, split), [split]).midReply, true, `whole at ${split}`);
    }
  });
}

test("all of them in one stream, at every chunk size, with pushes and attributes between", () => {
  const wire = values
    .map(([text]) => `${text}>2\r\n+message\r\n$2\r\nhi\r\n|1\r\n+ttl\r\n:3\r\n*2\r\n|1\r\n+in\r\n_\r\n:1\r\n:2\r\n`)
    .join("");
  for (const size of [1, 2, 3, 5, 7, 13, 64, 1000, 100_000]) {
    const said = read(wire, [size]);
    assert.deepEqual(
      said.replies,
      values.flatMap(([, value]) => [value, [1, 2]]),
    );
    assert.equal(said.pushes.length, values.length);
    assert.deepEqual(said.pushes[0], ["message", "hi"]);
    assert.equal(said.attributes.length, values.length * 2);
    assert.deepEqual(said.attributes[0], new Map([["ttl", 3]]));
    assert.equal(said.midReply, false);
  }
});

function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

test("strings as bytes keep every byte and are copies", () => {
  const wire = Buffer.concat([Buffer.from("*2\r\n$4\r\n"), Buffer.from([0, 255, 13, 10]), Buffer.from("\r\n+OK\r\n")]);
  for (const size of [1, 3, 100]) {
    assert.deepEqual(read(wire, [size], { strings: "buffer" }).replies, [[Buffer.from([0, 255, 13, 10]), "OK"]]);
  }
  assert.deepEqual(read(wire, [5], { strings: "latin1" }).replies, [["\0\xff\r\n", "OK"]]);
});

test("a long bulk string in small pieces", () => {
  const text = "x".repeat(300_000);
  assert.deepEqual(read(`$300000\r\n${text}\r\n:1\r\n`, [1000]).replies, [text, 1]);
});

const refused: [wire: string, why: RegExp][] = [
  ["HTTP/1.1 400\r\n", /expected a reply, got 'H'/],
  ["\r\n+OK\r\n", /expected a reply|LF/],
  ["+OK\rX", /expected LF/],
  [":12a\r\n", /invalid integer '12a'/],
  [":\r\n", /invalid integer ''/],
  [":9223372036854775808\r\n", /invalid integer/],
  ["$-2\r\n", /invalid length '-2'/],
  ["$?\r\n", /invalid length/],
  ["%-1\r\n", /invalid length/],
  ["$3\r\nabcd\r\n", /does not end/],
  ["$1073741825\r\n", /larger than/],
  ["*1073741824\r\n", /larger than/],
  ["#x\r\n", /invalid value 'x'/],
  ["_x\r\n", /invalid value/],
  [",1.2.3\r\n", /invalid double/],
  ["(12x\r\n", /invalid value/],
  ["=3\r\nabc\r\n", /names no format/],
  ["*1\r\n>1\r\n+a\r\n", /push inside/],
  ["*1\r\n".repeat(65), /too deeply/],
  [`+${"x".repeat(70_000)}`, /too long/],
  [`+${"x".repeat(70_000)}\r\n`, /too long/],
];

for (const [wire, why] of refused) {
  test(`refused: ${JSON.stringify(wire.slice(0, 30))}`, () => {
    for (const size of [1, 3, 100_000]) {
      assert.throws(
        () => read(wire, [size]),
        (error: Error) => error instanceof ReplyProtocolError && why.test(error.message),
      );
    }
  });
}

test("the size of a whole reply is bounded, that of a stream of replies is not", () => {
  const options = { maxReplyBytes: 100 };
  assert.equal(read("$90\r\n".padEnd(95, "x").concat("\r\n").repeat(50), [64], options).replies.length, 50);
  assert.throws(
    () => read("*20\r\n:1000000\r\n:1000000\r\n".concat(":1000000\r\n".repeat(20)), [7], options),
    /larger/,
  );
});

test("a handler that stops the reader sees nothing more of the chunk", () => {
  const seen: Reply[] = [];
  const reader: ReplyReader = new ReplyReader({
    onReply(reply) {
      seen.push(reply);
      reader.stop();
    },
    onPush() {},
  });
  reader.feed(Buffer.from(":1\r\n:2\r\n$5\r\nab"));
  assert.deepEqual(seen, [1]);
  assert.equal(reader.midReply, false);
});

test("whatever arrives is read or refused, never more and never a crash (seeds 1 to 300)", () => {
  const whole = Buffer.from(values.map(([wire]) => wire).join(""));
  for (let seed = 1; seed <= 300; seed++) {
    const random = seeded(seed);
    const bytes = Buffer.from(whole);
    const changes = 1 + Math.floor(random() * 6);
    const alphabet = "+-:$*%~>|=(#,_!0123456789\r\n\0\xff";
    for (let i = 0; i < changes; i++) {
      bytes[Math.floor(random() * bytes.length)] = alphabet.charCodeAt(Math.floor(random() * alphabet.length));
    }
    try {
      read(bytes, [1 + Math.floor(random() * 40)], { maxReplyBytes: 10_000 });
    } catch (error) {
      assert.ok(error instanceof ReplyProtocolError, `seed ${seed}: ${(error as Error).stack}`);
    }
  }
});
