/** Streams in files and payloads: all forms, to and from a real Redis, and broken ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { EngineLoader } from "../../src/rdb/load.ts";
import { dump, restore } from "../../src/rdb/payload.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { Harness } from "../commands/harness.ts";
import { noRedis } from "../differential/both.ts";
import { Seeded } from "../memory/random.ts";
import { newEngine, save } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { payload } from "./payloads.ts";
import { withRedis } from "./real-redis.ts";

/** Nodes of several shapes, gaps, groups at several places, and pending entries of several histories. */
const SCRIPT = [
  "XADD none 1-1 a b",
  "XDEL none 1-1",
  "XGROUP CREATE bare g $ MKSTREAM",
  ...Array.from({ length: 250 }, (_, i) => `XADD s ${i * 3 + 1}-${i % 4} name n${i} age ${i * 1000}`),
  "XADD s 5000-9223372036854775808 other x y -5 z 4611686018427387904",
  "XADD s 18446744073709551614-1 name last age 0",
  "XGROUP CREATE s all 0",
  "XGROUP CREATE s some 300-0",
  "XGROUP CREATE s fresh $",
  "XREADGROUP GROUP all alice COUNT 20 STREAMS s >",
  "XREADGROUP GROUP all bob COUNT 30 STREAMS s >",
  "XREADGROUP GROUP some bob COUNT 10 NOACK STREAMS s >",
  "XGROUP CREATECONSUMER s some idle",
  "XCLAIM s all carol 0 1-0 4-1 RETRYCOUNT 1152921504606846976 TIME 5",
  "XACK s all 7-2",
  "XDEL s 10-3 700-1 736-1",
  "XTRIM s MAXLEN 230",
];
const KEYS = ["none", "bare", "s"];

function filled(): Harness {
  const harness = new Harness(3);
  for (const line of SCRIPT) assert.ok(!harness.run(line).startsWith("-"), line);
  return harness;
}

const about = (harness: Harness, key: string) => harness.run(`XINFO STREAM ${key} FULL COUNT 0`);

for (const [version, form] of [
  [10, 19],
  [11, 21],
] as const)
  test(`streams are written in form ${form} by version ${version}, and read back`, () => {
    const harness = filled();
    for (const key of KEYS) {
      const bytes = dump(harness.engine, harness.db, bytesOf(key), version)!;
      assert.equal(bytes[0], form);
      restore(harness.engine.store, new Slice(bytes)).store(harness.db, bytesOf("copy"));
      // Version 10 does not know when a consumer was last active.
      const mask = (text: string) => (version === 11 ? text : text.replace(/\$11 active-time :-?\d+/g, ""));
      assert.equal(mask(about(harness, "copy")), mask(about(harness, key)));
      assert.deepEqual(
        dump(harness.engine, harness.db, bytesOf("copy"), 10),
        dump(harness.engine, harness.db, bytesOf(key), 10),
      );
    }
  });

test("a file of streams is read in chunks of any size", () => {
  const harness = filled();
  const file = save(harness.engine, { version: 11 });
  for (const bytes of [1, 97, 4096]) {
    const engine = newEngine();
    const reader = new RdbReader(new EngineLoader(engine, { now: 0, dropExpired: true }));
    for (let at = 0; at < file.length; at += bytes) reader.feed(file.subarray(at, at + bytes));
    reader.end();
    for (const key of KEYS) {
      const loaded = dump(engine, engine.databases[0]!, bytesOf(key), 11);
      assert.deepEqual(loaded, dump(harness.engine, harness.db, bytesOf(key), 11));
    }
  }
});

const ID = (ms: number, seq: number) => `${ms.toString(16).padStart(16, "0")}${seq.toString(16).padStart(16, "0")}`;
/** Two entries, of which the first is deleted: 1-1 and 1-2 with a: 1 and a: 2. */
const ENTRIES = "0101 0101 0101 816102 0001  0301 0001 0001 0101 0401  0201 0001 0101 0201 0401";
const listpack = (entries: string, count: number) => {
  const body = entries.replaceAll(" ", "");
  const size = body.length / 2 + 7;
  const hex = `${size.toString(16).padStart(2, "0")}000000${count.toString(16).padStart(2, "0")}00${body}ff`;
  return `${size.toString(16).padStart(2, "0")}${hex}`;
};
const NODE = `10${ID(1, 1)}${listpack(ENTRIES, 15)}`;
const TIME = "0100000000000000";

test("the first form says less: the rest is worked out", () => {
  const harness = new Harness(2);
  // One entry, last ID 1-2, a group at 1-1 with the entry pending at a consumer.
  const group = `01 0167 01 01  01 ${ID(1, 2)} ${TIME} 03  01 0163 ${TIME} 01 ${ID(1, 2)}`;
  restore(harness.engine.store, payload(`0f 01 ${NODE} 01 01 02 ${group}`)).store(harness.db, bytesOf("s"));
  assert.equal(harness.run("XRANGE s - +"), "*1 *2 $3 1-2 *2 $1 a $1 2");
  const told = harness.run("XINFO STREAM s FULL");
  assert.match(told, /\$13 entries-added :1 /);
  assert.match(told, /\$23 recorded-first-entry-id \$3 1-2 /);
  assert.match(told, /\$17 last-delivered-id \$3 1-1 \$12 entries-read :0 \$3 lag :1 /);
  assert.match(told, /\$9 seen-time :1 \$11 active-time :1 /);
  assert.equal(harness.run("XPENDING s g - + 5 c"), `*1 *4 $3 1-2 $1 c :${harness.now - 1} :3`);
});

const WHOLE = "01 01 02 01 02 00 00 02";
const BROKEN: [what: string, hex: string][] = [
  ["nothing", "13"],
  ["no nodes, but entries", `13 00 ${WHOLE} 00`],
  ["a node twice", `13 02 ${NODE} ${NODE} 02 01 02 01 02 00 00 02 00`],
  ["a node of a short ID", `13 01 0f${ID(1, 1).slice(2)}${listpack(ENTRIES, 15)} ${WHOLE} 00`],
  ["a node with another count", `13 01 10${ID(1, 1)}${listpack(ENTRIES, 14)} ${WHOLE} 00`],
  ["a node without a master entry", `13 01 10${ID(1, 1)}${listpack("0101", 1)} ${WHOLE} 00`],
  [
    "a node with fewer entries than it says",
    `13 01 10${ID(1, 1)}${listpack(ENTRIES.replace("0101 0101", "0201 0101"), 15)} ${WHOLE} 00`,
  ],
  [
    "a node with more entries than it says",
    `13 01 10${ID(1, 1)}${listpack(ENTRIES.replace("0101 0101", "0101 0001"), 15)} ${WHOLE} 00`,
  ],
  [
    "a node with more fields than it has",
    `13 01 10${ID(1, 1)}${listpack(ENTRIES.replace("0101 8161", "0901 8161"), 15)} ${WHOLE} 00`,
  ],
  [
    "a node whose entry counts wrong",
    `13 01 10${ID(1, 1)}${listpack(ENTRIES.replace("0101 0401", "0101 0501"), 15)} ${WHOLE} 00`,
  ],
  [
    "a node whose master entry does not end",
    `13 01 10${ID(1, 1)}${listpack(ENTRIES.replace("816102 0001", "816102 0101"), 15)} ${WHOLE} 00`,
  ],
  ["a node with a text for a number", `13 01 10${ID(1, 1)}${listpack(`813102${ENTRIES.slice(4)}`, 15)} ${WHOLE} 00`],
  ["a group twice", `13 01 ${NODE} ${WHOLE} 02 0167 01 01 00 00 00 0167 01 01 00 00 00`],
  [
    "a pending entry twice",
    `13 01 ${NODE} ${WHOLE} 01 0167 01 01 00 02 ${ID(1, 2)} ${TIME} 01 ${ID(1, 2)} ${TIME} 01 01 0163 ${TIME} 01 ${ID(1, 2)}`,
  ],
  ["a pending entry of nobody", `13 01 ${NODE} ${WHOLE} 01 0167 01 01 00 01 ${ID(1, 2)} ${TIME} 01 00`],
  [
    "a pending entry of two",
    `13 01 ${NODE} ${WHOLE} 01 0167 01 01 00 01 ${ID(1, 2)} ${TIME} 01 02 0163 ${TIME} 01 ${ID(1, 2)} 0164 ${TIME} 01 ${ID(1, 2)}`,
  ],
  ["a pending entry that the group lacks", `13 01 ${NODE} ${WHOLE} 01 0167 01 01 00 00 01 0163 ${TIME} 01 ${ID(1, 2)}`],
  ["a consumer twice", `13 01 ${NODE} ${WHOLE} 01 0167 01 01 00 00 02 0163 ${TIME} 00 0163 ${TIME} 00`],
  ["more than it says", `13 01 ${NODE} ${WHOLE} 00 00`],
];
for (const [what, hex] of BROKEN)
  test(`a payload is refused: ${what}`, () => {
    const { engine } = new Harness();
    const before = engine.store.arena.used;
    assert.throws(() => restore(engine.store, payload(hex)), { message: "ERR Bad data format" });
    assert.equal(engine.store.arena.used, before);
  });

for (let seed = 1; seed <= 3; seed++)
  test(`a payload with wrong bytes is refused, or harmless (seed ${seed})`, () => {
    const seeded = new Seeded(seed);
    const harness = filled();
    harness.run("XTRIM s MAXLEN 60");
    const whole = dump(harness.engine, harness.db, bytesOf("s"), 11)!;
    harness.run("FLUSHALL");
    const { store } = harness.engine;
    const empty = store.arena.used;
    for (let i = 0; i < 150; i++) {
      const body = Buffer.from(whole.subarray(0, whole.length - 10 - (seeded.below(4) === 0 ? seeded.below(200) : 0)));
      for (let left = seeded.below(4); left >= 0; left--) body[1 + seeded.below(body.length - 1)] = seeded.below(256);
      try {
        restore(store, payload(body)).store(harness.db, bytesOf("s"));
      } catch (error) {
        assert.equal((error as Error).message, "ERR Bad data format");
        assert.equal(store.arena.used, empty);
        continue;
      }
      for (const command of USES) assert.ok(harness.run(command).length > 0, command);
      harness.run("DEL s");
      harness.run("DEL t");
      assert.equal(store.arena.used, empty);
    }
  });

const USES = [
  "XINFO STREAM s FULL COUNT 0",
  "XRANGE s - +",
  "XREVRANGE s + -",
  "COPY s t",
  "XADD s 18446744073709551615-5 a b",
  "XREADGROUP GROUP all alice STREAMS s 0",
  "XREADGROUP GROUP all alice STREAMS s >",
  "XAUTOCLAIM s all bob 0 - COUNT 1000",
  "XTRIM s MINID 500",
  "XDEL s 508-1 511-2 18446744073709551614-1",
  "XTRIM s MAXLEN 3",
  "XGROUP DELCONSUMER s all bob",
  "XGROUP DESTROY s all",
  "XTRIM s MAXLEN 0",
];

test("payloads go to a real Redis and come back", { skip: noRedis }, () =>
  withRedis(async ({ client }) => {
    const harness = filled();
    for (const line of SCRIPT) {
      const [name, ...words] = line.split(" ");
      await client.call(name!, ...words);
    }
    const mask = (text: string) => text.replace(/\b1[678]\d{11}\b/g, "now");
    for (const key of KEYS) {
      const theirs = await client.callBuffer("DUMP", key);
      restore(harness.engine.store, new Slice(theirs as Buffer)).store(harness.db, bytesOf("theirs"));
      const active = (text: string) => mask(text).replace(/\$11 active-time :(now|-1)/g, "");
      assert.equal(active(about(harness, "theirs")), active(about(harness, key)));
      const ours = dump(harness.engine, harness.db, bytesOf(key))!;
      await client.call("RESTORE", `${key}:ours`, "0", Buffer.from(ours));
      const full = async (name: string) =>
        mask(JSON.stringify(await client.call("XINFO", "STREAM", name, "FULL", "COUNT", "0")));
      assert.equal(await full(`${key}:ours`), await full(key));
    }
  }),
);
