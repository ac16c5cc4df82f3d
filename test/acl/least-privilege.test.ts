/**
 * The smallest rules for replicas and Sentinels are enough for both kinds of failover, whoever the others are. Where all Sentinels are
 * Debian's there is no planned one: for ten seconds after the first, until their next look at INFO, it comes to nothing.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { until } from "../until.ts";
import { type Engine, GuardedGroup } from "./guarded-group.ts";

const GROUPS: [servers: Engine, sentinels: Engine[]][] = [
  ["nines", ["nines", "nines", "nines"]],
  ["nines", ["redis", "redis", "redis"]],
  ["redis", ["nines", "nines", "redis"]],
];

for (const [servers, sentinels] of GROUPS)
  test(
    `${servers} under Sentinels of ${sentinels.join(", ")}: a kill, a planned failover`,
    needs("redis-server"),
    async () => {
      const group = await GuardedGroup.start(servers, sentinels);
      try {
        const [first] = group.ports as [number];
        assert.equal(await group.ask(first, "SET", "key", "value"), "+OK");
        await until(
          "the replicas to have it",
          async () => (await group.ask(group.ports[1]!, "GET", "key")) === '"value"',
        );
        await group.kill(first);
        const second = await group.primary(first);
        const third = group.ports.find((port) => port !== first && port !== second)!;
        assert.equal(await group.ask(second, "SET", "key", "2"), "+OK");
        await until("the other replica to follow", async () => (await group.ask(third, "GET", "key")) === '"2"');
        if (!sentinels.includes("nines")) return;
        const [sentinel] = group.sentinelPorts as [number];
        await group.settled();
        await until("no failover to be under way", async () => {
          return (await group.ask(sentinel, "SENTINEL", "FAILOVER", "mymaster")) === "+OK";
        });
        assert.equal(await group.primary(second), third);
        await until("the former primary to follow", async () => {
          return (
            (await group.ask(third, "SET", "key", "3")) === "+OK" && (await group.ask(second, "GET", "key")) === '"3"'
          );
        });
      } catch (error) {
        console.log(group.log.slice(-40).join("\n"));
        throw error;
      } finally {
        await group.stop();
      }
    },
  );
