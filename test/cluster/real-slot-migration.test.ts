/** Slots move between processes of nines in a cluster that has redis-servers too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { Nodes, until } from "./nodes.ts";

test("to a node whose replica is a redis-server; a redis-server itself is refused", needs("redis-server"), async () => {
  await using nodes = await Nodes.start("nines", "nines", "redis", "redis");
  await nodes.form(3);
  const [target, source, stranger, replica] = nodes.all;
  const key = (name: string) => `${name}{c}`;
  assert.equal(await source!.connection.call("CLUSTER", "KEYSLOT", "{c}"), 7365);
  const numbers = Array.from({ length: 3000 }, (_, i) => i);
  const ask = (...words: (string | number)[]) => source!.connection.call(...words);
  await ask("SET", key("string"), "text", "PX", 600_000);
  await ask("RPUSH", key("list"), ...numbers);
  await ask("SADD", key("set"), ...numbers.map((i) => `member ${i}`));
  await ask("ZADD", key("zset"), ...numbers.flatMap((i) => [i / 4, `m${i}`]));
  await ask("HSET", key("hash"), ...numbers.flatMap((i) => [`f${i}`, i]));
  await ask("XADD", key("stream"), "1-1", "field", "value");
  const state = async (name: string) => {
    const [words] = (await ask("CLUSTER", "MIGRATE", "STATUS", name)) as string[][];
    return words![words!.indexOf("state") + 1];
  };

  await assert.rejects(ask("CLUSTER", "MIGRATE", "SLOTS", "7365", "TO", await stranger!.id()), /NOATOMIC/);
  const name = String(await ask("CLUSTER", "MIGRATE", "SLOTS", "7000-8000", "TO", await target!.id()));
  await until("it is done", async () => (await state(name)) === "success");
  assert.equal(await target!.connection.call("DBSIZE"), 6);
  await until("the source has removed them", async () => (await ask("DBSIZE")) === 0);
  await assert.rejects(ask("GET", key("string")), new RegExp(`MOVED 7365 ${target!.name}`));
  await assert.rejects(stranger!.connection.call("GET", key("string")), new RegExp(`MOVED 7365 ${target!.name}`));

  await until("the redis-server has it all", async () => (await replica!.connection.call("DBSIZE")) === 6);
  await replica!.connection.call("READONLY");
  const of = (node: typeof replica, ...words: (string | number)[]) => node!.connection.call(...words);
  const looks: (string | number)[][] = [
    ["GET", key("string")],
    ["LRANGE", key("list"), 0, -1],
    ["ZRANGE", key("zset"), 0, -1, "WITHSCORES"],
    ["SCARD", key("set")],
    ["HLEN", key("hash")],
    ["HGET", key("hash"), "f77"],
    ["XRANGE", key("stream"), "-", "+"],
  ];
  for (const look of looks) assert.deepEqual(await of(replica, ...look), await of(target, ...look), String(look[0]));
  assert.ok(Number(await of(replica, "PTTL", key("string"))) > 0);
});
