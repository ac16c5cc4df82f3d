import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import {
  EndMark,
  encodeCommand,
  type LinkHandler,
  LinkReader,
  parsePreamble,
  parsePsyncReply,
} from "../../src/replication/codec.ts";

const A = "a".repeat(40);

/** Plays a link: at +FULLRESYNC the RDB follows, at +CONTINUE and behind the RDB the stream does. */
class Recorder implements LinkHandler {
  readonly said: string[] = [];
  data = "";
  commands = "";
  readonly reader: LinkReader = new LinkReader(this);

  line(text: string): void {
    this.said.push(text);
    if (text.startsWith("+FULLRESYNC")) this.reader.expectRdb();
    if (text.startsWith("+CONTINUE")) this.reader.expectStream();
  }
  bulk(text: string): void {
    this.said.push(`bulk ${text}`);
  }
  rdbBegins(size: number): void {
    this.said.push(`rdb ${size}`);
  }
  rdb(bytes: Uint8Array, start: number, end: number): void {
    this.data += Buffer.from(bytes.subarray(start, end)).toString("latin1");
  }
  rdbEnds(): void {
    this.said.push("end");
    this.reader.expectStream();
  }
  stream(bytes: Uint8Array, start: number, end: number): void {
    this.commands += Buffer.from(bytes.subarray(start, end)).toString("latin1");
  }
  broken(why: string): void {
    this.said.push(`broken ${why}`);
  }
}

// A mark that begins like itself, behind data that begins like the mark.
const MARK = `${"ab".repeat(19)}ac`;
const transcripts: [name: string, wire: string, said: string[], data: string, commands: string][] = [
  [
    "a sized RDB",
    `+PONG\r\n+OK\r\n$9\r\nrole:me\r\n\r\n\n\n+FULLRESYNC ${A} 17\r\n\n\n$11\r\nREDIS\r\n0011*1\r\n$4\r\nPING\r\n`,
    ["+PONG", "+OK", "bulk role:me\r\n", "", "", `+FULLRESYNC ${A} 17`, "", "", "rdb 11", "end"],
    "REDIS\r\n0011",
    "*1\r\n$4\r\nPING\r\n",
  ],
  [
    "an RDB up to a mark",
    `+FULLRESYNC ${A} 17\r\n\n$EOF:${MARK}\r\nREDIS${MARK.slice(0, 20)}abab${MARK}*1\r\n`,
    [`+FULLRESYNC ${A} 17`, "", "rdb -1", "end"],
    `REDIS${MARK.slice(0, 20)}abab`,
    "*1\r\n",
  ],
  ["a partial resynchronisation", `+PONG\r\n\n+CONTINUE ${A}\r\n*2\r\n`, ["+PONG", "", `+CONTINUE ${A}`], "", "*2\r\n"],
  ["an empty RDB", `+FULLRESYNC ${A} 0\r\n$0\r\nx`, [`+FULLRESYNC ${A} 0`, "rdb 0", "end"], "", "x"],
];

for (const [name, wire, said, data, commands] of transcripts) {
  test(`${name} is read alike wherever the wire is cut`, () => {
    const bytes = Buffer.from(wire, "latin1");
    const check = (cuts: number[]) => {
      const recorder = new Recorder();
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        recorder.reader.feed(bytes, from, cut);
        from = cut;
      }
      assert.deepEqual([recorder.said, recorder.data, recorder.commands], [said, data, commands], `cut at ${cuts}`);
    };
    for (let cut = 0; cut <= bytes.length; cut++) check([cut]);
    check(Array.from(bytes, (_, i) => i));
    const random = new SeededRandom(7);
    for (let round = 0; round < 300; round++) {
      const cuts = Array.from({ length: 1 + (random.uint32() % 6) }, () => random.uint32() % bytes.length);
      check(cuts.sort((a, b) => a - b));
    }
  });
}

test("what cannot be an RDB ends the link", () => {
  const recorder = new Recorder();
  recorder.reader.expectRdb();
  recorder.reader.feed(Buffer.from("*3\r\nmore"), 0, 8);
  assert.equal(recorder.said.length, 1);
  assert.match(recorder.said[0]!, /^broken Bad protocol from MASTER, the first byte is not '\$' \(we received '\*3'\)/);
  assert.equal(recorder.commands, "");
});

test("an error in the place of the RDB is a line", () => {
  const recorder = new Recorder();
  recorder.reader.expectRdb();
  recorder.reader.feed(Buffer.from("-ERR BGSAVE failed\r\n"), 0, 20);
  assert.deepEqual(recorder.said, ["-ERR BGSAVE failed"]);
});

test("a line that does not end is not gathered for ever", () => {
  const recorder = new Recorder();
  const junk = Buffer.alloc(40_000, 0x61);
  recorder.reader.feed(junk, 0, junk.length);
  recorder.reader.feed(junk, 0, junk.length);
  assert.deepEqual(recorder.said, ["broken MASTER sent a line without an end"]);
});

test("the mark is found behind its own beginnings", () => {
  const random = new SeededRandom(3);
  for (let round = 0; round < 500; round++) {
    const mark = Array.from({ length: 40 }, () => "ab"[random.uint32() % 2]).join("");
    let data = "";
    while (data.length < 200) data += mark.slice(0, random.uint32() % 40);
    if (data.includes(mark)) continue;
    const at = (data + mark).indexOf(mark);
    const wire = Buffer.from(`${data}${mark}tail`);
    const end = new EndMark(mark);
    let got = "";
    let from = 0;
    let behind = -1;
    while (behind < 0) {
      const to = Math.min(wire.length, from + 1 + (random.uint32() % 50));
      behind = end.feed(wire, from, to, (b, s, e) => {
        got += Buffer.from(b.subarray(s, e)).toString();
      });
      from = to;
    }
    assert.equal(got, data.slice(0, at));
    assert.equal(behind, at + 40);
  }
});

const psync: [line: string, expected: object][] = [
  [`+FULLRESYNC ${A} 12`, { kind: "full", replid: A, offset: 12 }],
  [`+FULLRESYNC ${A} -1`, { kind: "malformed", text: "Master replied with wrong +FULLRESYNC syntax." }],
  ["+FULLRESYNC", { kind: "malformed", text: "Master replied with wrong +FULLRESYNC syntax." }],
  [`+CONTINUE ${A}`, { kind: "continue", replid: A }],
  ["+CONTINUE", { kind: "continue", replid: null }],
  ["-NOMASTERLINK Can't SYNC", { kind: "later", text: "-NOMASTERLINK Can't SYNC" }],
  ["-LOADING Redis is loading", { kind: "later", text: "-LOADING Redis is loading" }],
  ["-ERR unknown command", { kind: "unsupported", text: "-ERR unknown command" }],
  ["+WHAT", { kind: "malformed", text: "+WHAT" }],
];
for (const [line, expected] of psync)
  test(`PSYNC's reply ${line}`, () => assert.deepEqual(parsePsyncReply(line), expected));

test("preambles", () => {
  assert.deepEqual(parsePreamble("$12"), { kind: "sized", bytes: 12 });
  assert.deepEqual(parsePreamble(`$EOF:${A}`), { kind: "marked", mark: A });
  for (const bad of ["$EOF:short", "$-1", "$", "12", "$1x"]) assert.equal(parsePreamble(bad), null, bad);
});

test("the words of commands are one character a byte, as the configuration has them", () => {
  assert.equal(Buffer.from(encodeCommand(["AUTH", "Ã©"])).toString(), "*2\r\n$4\r\nAUTH\r\n$2\r\né\r\n");
});
