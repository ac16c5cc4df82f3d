import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BusError,
  decodeMessage,
  encodedLength,
  encodeMessage,
  HEADER_BYTES,
  messageLength,
} from "../../src/cluster/codec.ts";
import { MESSAGE_KINDS, type Message, type Sender } from "../../src/cluster/messages.ts";
import { SlotSet } from "../../src/cluster/slot-set.ts";
import { SeededRandom } from "../../src/io/random.ts";

const id = (digit: string) => digit.repeat(40);

const sender: Sender = {
  id: id("a"),
  port: 7000,
  plainPort: 7001,
  busPort: 17000,
  ip: "10.0.0.1",
  flags: 1 | 16,
  replicaOf: "",
  currentEpoch: 2 ** 40 + 7,
  configEpoch: 6,
  replicationOffset: 2 ** 45 + 1,
  slots: SlotSet.of(0, 1, 8191, 16383),
  clusterOk: true,
  messageFlags: 1,
};

const gossip = {
  id: id("b"),
  pingSent: 1_700_000_000,
  pongReceived: 4_000_000_000,
  ip: "::1",
  port: 7002,
  busPort: 17002,
  plainPort: 0,
  flags: 2 | 4,
};

const messages: Message[] = [
  { kind: "ping", sender, gossip: [], extensions: {} },
  {
    kind: "pong",
    sender: { ...sender, replicaOf: id("c"), flags: 2, clusterOk: false, ip: "" },
    gossip: [gossip, { ...gossip, id: id("d") }],
    extensions: {},
  },
  {
    kind: "meet",
    sender,
    gossip: [gossip],
    extensions: {
      hostname: "db1.example.org",
      humanName: "first",
      shardId: id("e"),
      forgotten: [
        { id: id("f"), seconds: 60 },
        { id: id("0"), seconds: 1 },
      ],
    },
  },
  { kind: "fail", sender, id: id("b") },
  { kind: "publish", sender, channel: Uint8Array.of(1, 0, 255), message: new Uint8Array(0) },
  { kind: "publishshard", sender, channel: Buffer.from("news"), message: Buffer.alloc(100_000, 7) },
  { kind: "auth-req", sender: { ...sender, messageFlags: 2 } },
  { kind: "auth-ack", sender },
  { kind: "mfstart", sender },
  { kind: "update", sender, id: id("b"), configEpoch: 9, slots: SlotSet.of(5, 6, 7) },
];

function plain(message: Message | null): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value) => {
      if (value instanceof SlotSet) return value.ranges();
      return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
    }).replace(/\{"type":"Buffer","data":\[([\d,]*)\]\}/g, (_, list: string) =>
      JSON.stringify(Buffer.from(list === "" ? [] : list.split(",").map(Number)).toString("hex")),
    ),
  );
}

describe("the bytes of the bus", () => {
  for (const message of messages) {
    test(`${message.kind} comes back as it went`, () => {
      const bytes = encodeMessage(message);
      assert.equal(messageLength(bytes, 0, bytes.length), bytes.length);
      assert.equal(encodedLength(message), bytes.length);
      assert.deepEqual(plain(decodeMessage(bytes, 0, bytes.length)), plain(message));
      // Wherever it lies in what came.
      const shifted = Buffer.concat([Buffer.alloc(13, 1), bytes, Buffer.alloc(5, 2)]);
      assert.deepEqual(plain(decodeMessage(shifted, 13, bytes.length)), plain(message));
    });
  }

  test("fields stand where Redis has them", () => {
    const bytes = encodeMessage(messages[1]!);
    assert.equal(bytes.toString("latin1", 0, 4), "RCmb");
    assert.equal(bytes.length, HEADER_BYTES + 2 * 104);
    assert.equal(bytes.readUInt32BE(4), bytes.length);
    assert.deepEqual(
      [8, 10, 12, 14].map((at) => bytes.readUInt16BE(at)),
      [1, 7000, 1, 2],
    );
    assert.equal(bytes.toString("latin1", 40, 80), id("a"));
    assert.equal(bytes[80], 0b11);
    assert.equal(bytes[80 + 2047], 0x80);
    assert.equal(bytes.toString("latin1", 2128, 2168), id("c"));
    assert.deepEqual(
      [2246, 2248, 2250].map((at) => bytes.readUInt16BE(at)),
      [7001, 17000, 2],
    );
    assert.equal(bytes[2252], 1);
  });

  test("a message of a kind or version that is not known is passed over", () => {
    const bytes = encodeMessage(messages[0]!);
    bytes.writeUInt16BE(MESSAGE_KINDS.length, 12);
    assert.equal(decodeMessage(bytes, 0, bytes.length), null);
    bytes.writeUInt16BE(0, 12);
    bytes.writeUInt16BE(2, 8);
    assert.equal(decodeMessage(bytes, 0, bytes.length), null);
  });

  const spoiled: [what: string, message: number, spoil: (bytes: Buffer) => void][] = [
    ["another signature", 0, (bytes) => bytes.write("RCmc")],
    ["more gossip than bytes", 1, (bytes) => bytes.writeUInt16BE(0xffff, 14)],
    ["less gossip than bytes", 1, (bytes) => bytes.writeUInt16BE(1, 14)],
    ["an epoch beyond reason", 0, (bytes) => bytes.writeUInt8(0x7f, 16)],
    ["a node id that breaks a line", 0, (bytes) => bytes.write("\n", 45)],
    ["an address with a blank", 0, (bytes) => bytes.write("1 2", 2168)],
    ["an extension without end", 2, (bytes) => bytes.writeUInt32BE(0xffffff8, HEADER_BYTES + 104)],
    ["an extension of no length", 2, (bytes) => bytes.writeUInt32BE(0, HEADER_BYTES + 104)],
    ["more extensions than bytes", 2, (bytes) => bytes.writeUInt16BE(9, 2214)],
    ["a channel longer than the message", 4, (bytes) => bytes.writeUInt32BE(0xffffffff, HEADER_BYTES)],
  ];
  for (const [what, index, spoil] of spoiled) {
    test(`refused: ${what}`, () => {
      const bytes = encodeMessage(messages[index]!);
      spoil(bytes);
      assert.throws(() => decodeMessage(bytes, 0, bytes.length), BusError);
    });
  }

  test("refused: lengths that no message has", () => {
    const bytes = encodeMessage(messages[0]!);
    for (const length of [0, HEADER_BYTES - 1, 0xffffffff]) {
      bytes.writeUInt32BE(length, 4);
      assert.throws(() => messageLength(bytes, 0, bytes.length), BusError);
    }
    assert.equal(messageLength(bytes, 0, 7), 0);
  });

  test("100,000 changed messages are read, passed over or refused, and nothing else happens", () => {
    const random = new SeededRandom(1);
    const originals = messages.map((message) => encodeMessage(message)).filter(({ length }) => length < 10_000);
    let refused = 0;
    for (let i = 0; i < 100_000; i++) {
      const bytes = Buffer.from(originals[random.uint32() % originals.length]!);
      for (let n = random.uint32() % 4; n >= 0; n--) bytes[random.uint32() % bytes.length] = random.uint32() & 0xff;
      const length = random.uint32() % 4 === 0 ? random.uint32() % (bytes.length + 1) : bytes.length;
      try {
        decodeMessage(bytes, 0, length);
      } catch (error) {
        assert.ok(error instanceof BusError, String(error));
        refused++;
      }
    }
    assert.ok(refused > 20_000 && refused < 80_000, `${refused} refused`);
  });
});

test("a name that would break a line of nodes.conf is refused", () => {
  for (const hostname of ['a"b', "a'b", "a,b", "a=b", "a b", "a\nb"]) {
    const bytes = encodeMessage({ kind: "meet", sender, gossip: [], extensions: { hostname } });
    assert.throws(() => decodeMessage(bytes, 0, bytes.length), BusError, hostname);
  }
});
