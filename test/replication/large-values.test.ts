/** A full synchronisation of large values, which change while they are sent in slices. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { noRedis, withRedis } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withServer } from "../server/with-server.ts";
import { until } from "../until.ts";

const ELEMENTS = 20_000;

/** Sends all of it at once, then takes the replies. */
async function pipeline(client: RespClient, commands: (string | number)[][]): Promise<void> {
  for (const words of commands) client.send(...words);
  for (const reply of await client.replies(commands.length)) assert.ok(!reply.startsWith("-"), reply);
}

function change(random: Seeded): (string | number)[] {
  const member = `member:${random.below(ELEMENTS * 2)}`;
  const changes: (string | number)[][] = [
    ["ZADD", "zset", random.below(1000) - 500, member],
    ["ZREM", "zset", member],
    ["ZPOPMAX", "zset", 3],
    ["HSET", "hash", member, random.uint32()],
    ["HDEL", "hash", member],
    ["SADD", "set", member],
    ["SREM", "set", member],
    ["SPOP", "set", 2],
    ["RPUSH", "list", member],
    ["LPOP", "list", 5],
    ["LSET", "list", random.below(ELEMENTS >> 1), member],
    ["SET", `small${random.below(50)}`, random.uint32()],
  ];
  return changes[random.below(changes.length)]!;
}

test(
  "large values reach a redis-server and a nines replica as they were, and the changes behind them",
  { skip: noRedis },
  () =>
    withServer(({ port }) =>
      withServer((replica) =>
        withRedis(
          async (redis) => {
            const random = new Seeded(1);
            const primary = await RespClient.connect(port);
            await primary.do("CONFIG", "SET", "repl-diskless-sync-delay", "0");
            const fill: (string | number)[][] = [];
            for (let i = 0; i < ELEMENTS; i++) {
              const member = `member:${i}`;
              fill.push(["ZADD", "zset", i % 1000, member], ["HSET", "hash", member, `value of ${i}`]);
              fill.push(["SADD", "set", member], ["RPUSH", "list", `element number ${i}`]);
            }
            await pipeline(primary, fill);
            const ours = await replica.client();
            await ours.do("REPLICAOF", "127.0.0.1", port);
            await redis.client.call("REPLICAOF", "127.0.0.1", String(port));
            const both = async () =>
              /connected_slaves:2(.*online){2}/s.test(await primary.do("INFO", "replication")) &&
              /master_link_status:up/.test(await redis.client.info("replication"));
            while (!(await both()))
              await pipeline(
                primary,
                Array.from({ length: 50 }, () => change(random)),
              );
            await pipeline(primary, [
              ["DEL", "hash"],
              ["RENAME", "zset", "other"],
              ["SET", "last", "1"],
            ]);
            await until("the replicas have it all", async () => {
              const theirs = await redis.client.call("GET", "last");
              return theirs === "1" && (await ours.do("GET", "last")) === '"1"';
            });
            const digest = await primary.do("DEBUG", "DIGEST");
            assert.equal(await ours.do("DEBUG", "DIGEST"), digest);
            assert.equal(`+${await redis.client.call("DEBUG", "DIGEST")}`, digest);
            await primary.quit();
          },
          undefined,
          ["--enable-debug-command", "yes"],
        ),
      ),
    ),
);
