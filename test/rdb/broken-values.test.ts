/** What was broken and yet taken, because it is well formed, can be used by every command as any other value. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Slice } from "../../src/base/bytes.ts";
import { payloadErrors, restore } from "../../src/rdb/payload.ts";
import { Harness } from "../commands/harness.ts";
import { seeded } from "./engines.ts";
import { bytesOf } from "./files.ts";
import { payload } from "./payloads.ts";
import { noRedis, withRedis } from "./real-redis.ts";

const many = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i));
const DATA: string[][] = [
  ["RPUSH", "list", "a", "", "17", "-9223372036854775808", "x".repeat(70), "7".repeat(30), "y".repeat(300)],
  ["RPUSH", "list:nodes", ...many(900, (i) => `element ${i} ${"z".repeat(i % 40)}`)],
  ["SADD", "set:int", "1", "-5", "300", "70000", "-9223372036854775808"],
  ["SADD", "set:table", ...many(30, (i) => `member ${i}`)],
  ["HSET", "hash", "f", "v", "n", "12", "", "empty", "g", ""],
  ["HSET", "hash:table", ...many(700, (i) => (i % 2 === 0 ? `field ${i}` : `${i * i}`))],
  ["ZADD", "zset", "1", "a", "-2.5", "b", "3", "17", "inf", "top", "-inf", "bottom", "1e300", "far", "0.1", "d"],
  ["ZADD", "zset:table", ...many(600, (i) => (i % 2 === 0 ? `${(i * 7919) % 1000}.25` : `member ${i}`))],
  ["XADD", "stream", "1-1", "f", "v", "g", "w"],
  ["XADD", "stream", "1-2", "f", "v2", "g", "w2"],
  ["XADD", "stream", "5-0", "other", "17"],
  ["XDEL", "stream", "1-2"],
  ["XGROUP", "CREATE", "stream", "group", "0"],
  ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "2", "STREAMS", "stream", ">"],
  ["XGROUP", "CREATECONSUMER", "stream", "group", "idle"],
];
/** In any order, each any number of times. */
const USES: Record<string, string[]> = {
  list: [
    "LRANGE k 0 -1",
    "LPOP k",
    "RPOP k 2",
    "LINSERT k BEFORE 17 x",
    "LREM k 0 a",
    "LPUSH k z",
    "RPUSH k 5",
    "LPOS k a",
    "LSET k 0 b",
    "LTRIM k 1 -2",
    "LINDEX k 3",
    "SORT k ALPHA",
    "LLEN k",
  ],
  set: [
    "SMEMBERS k",
    "SADD k 5 a 70001",
    "SREM k 1 300",
    "SISMEMBER k 5",
    "SRANDMEMBER k 5",
    "SPOP k",
    "SADD k text",
    "SSCAN k 0",
    "SUNION k k",
    "SDIFFSTORE d k none",
    "SCARD k",
  ],
  hash: [
    "HGETALL k",
    "HSET k f 1 new 2",
    "HDEL k n",
    "HINCRBY k cnt 1",
    "HRANDFIELD k 3",
    "HSCAN k 0",
    "HGET k f",
    `HSET k big ${"x".repeat(100)}`,
    "HEXPIRE k 100 FIELDS 1 f",
    "HLEN k",
    "HGETALL k",
  ],
  zset: [
    "ZRANGE k 0 -1 WITHSCORES",
    "ZADD k 5 new 6 a",
    "ZREM k b",
    "ZRANGEBYSCORE k -inf 5",
    "ZRANK k a",
    "ZPOPMIN k",
    "ZPOPMAX k",
    "ZREMRANGEBYRANK k 0 1",
    "ZCOUNT k 0 10",
    "ZINCRBY k 1 d",
    `ZADD k 1 ${"x".repeat(100)}`,
    "ZRANGE k 0 -1",
    "ZRANGEBYLEX k - +",
    "ZUNIONSTORE d 1 k",
    "ZSCAN k 0",
  ],
  stream: [
    "XRANGE k - +",
    "XINFO STREAM k FULL",
    "XADD k * a b",
    "XREVRANGE k + - COUNT 2",
    "XREADGROUP GROUP group c2 STREAMS k >",
    "XPENDING k group",
    "XPENDING k group - + 10",
    "XAUTOCLAIM k group c2 0 0",
    "XACK k group 1-1",
    "XDEL k 1-1",
    "XTRIM k MAXLEN 1",
    "XGROUP DELCONSUMER k group consumer",
    "XLEN k",
    "XINFO GROUPS k",
    "XGROUP DESTROY k group",
  ],
};

/** The payload with some other bytes, and a right checksum. */
function broken(body: Uint8Array, changes: number, random: () => number): Slice {
  const changed = Buffer.from(body);
  for (let i = 0; i < changes; i++) changed[1 + (random() % (body.length - 1))] = random();
  return payload(changed, 10);
}

test("values that were broken and taken can be used", { skip: noRedis }, async () => {
  const payloads: [string, Uint8Array][] = [];
  await withRedis(async ({ client }) => {
    for (const [command, ...words] of DATA) await client.call(command!, ...words);
    for (const key of await client.keys("*")) {
      payloads.push([key, ((await client.callBuffer("DUMP", key)) as Buffer).subarray(0, -10)]);
    }
  });
  const random = seeded(1);
  const harness = new Harness();
  const { engine, db } = harness;
  let taken = 0;
  for (const [key, body] of payloads) {
    for (let i = 0; i < 60; i++) {
      try {
        const value = restore(engine.store, broken(body, 1 + (i % 3), random), { deep: i % 2 === 0 });
        value.store(db, bytesOf("k"));
      } catch (error) {
        assert.equal(error, payloadErrors.badFormat);
        continue;
      }
      taken++;
      const uses = USES[db.type(bytesOf("k"))!] ?? [];
      // An error reply is an answer; anything else is thrown.
      for (let n = 0; n < uses.length; n++) harness.raw(uses[random() % uses.length]!);
      harness.raw("DEL k d");
      assert.equal(db.size, 0, key);
    }
  }
  assert.ok(taken > 100, `${taken} taken`);
});
