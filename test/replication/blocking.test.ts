/** What clients that waited were served reaches the replicas as what it was: pops and moves, in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { noRedis, withRedis } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withServer } from "../server/with-server.ts";
import { until } from "../until.ts";

const CLIENTS = 8;

test("a redis-server and a nines replica follow pops and moves of clients that wait", { skip: noRedis }, () =>
  withServer(({ port }) =>
    withServer((replica) =>
      withRedis(
        async (redis) => {
          const random = new Seeded(1);
          const primary = await RespClient.connect(port);
          const ours = await replica.client();
          await ours.do("REPLICAOF", "127.0.0.1", port);
          await redis.client.call("REPLICAOF", "127.0.0.1", String(port));
          await until("two replicas", async () =>
            /connected_slaves:2(.*online){2}/s.test(await primary.do("INFO", "replication")),
          );
          const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RespClient.connect(port)));
          const key = () => `k${random.below(4)}`;
          for (const client of clients)
            for (let i = 0; i < 100; i++) {
              const commands = [
                ["BLPOP", key(), key(), "0"],
                ["BLMOVE", key(), key(), "LEFT", "RIGHT", "0"],
                ["BRPOPLPUSH", key(), key(), "0"],
                ["BLMPOP", "0", "2", key(), key(), "RIGHT", "COUNT", "2"],
                ["BZPOPMIN", "z", "0"],
              ];
              client.send(...commands[random.below(commands.length)]!);
            }
          for (let i = 0; i < 400; i++) {
            if (random.below(4) === 0)
              await primary.do("ZADD", "z", random.below(100), `m${i}`, random.below(9), `n${i}`);
            else await primary.do("RPUSH", key(), `a${i}`, `b${i}`, `c${i}`);
          }
          for (const client of clients) await client.quit();
          await primary.do("SET", "last", "1");
          await until("the replicas have it all", async () => {
            const theirs = await redis.client.call("GET", "last");
            return theirs === "1" && (await ours.do("GET", "last")) === '"1"';
          });
          const digest = await primary.do("DEBUG", "DIGEST");
          assert.equal(`+${await redis.client.call("DEBUG", "DIGEST")}`, digest);
          assert.equal(await ours.do("DEBUG", "DIGEST"), digest);
          assert.match(await ours.do("BLPOP", "k0", "0"), /^-READONLY/);
          await primary.quit();
        },
        undefined,
        ["--enable-debug-command", "yes"],
      ),
    ),
  ),
);
