/** One quorum of our Sentinel and redis-sentinels over TLS guards a mixed group, also of which one end has no plain port at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { freePort, TlsHouse, until } from "./house.ts";

test("two of ours and one redis-sentinel replace a killed redis-server by a nines replica", {
  ...needs("redis-server"),
  timeout: 40_000,
}, async () => {
  await using house = new TlsHouse();
  const [primary, replica, ...sentinels] = await Promise.all([1, 2, 3, 4, 5].map(() => freePort()));
  const killed = house.redis(house.lines(primary!));
  await house.answers(primary!);
  await house.nines(house.lines(replica!, `replicaof 127.0.0.1 ${primary}`));
  await until("the replica to follow", async () => {
    return (await house.field(replica!, "replication", "master_link_status")) === "up";
  });
  for (const [i, port] of sentinels.entries()) {
    const lines = house.lines(
      port,
      `sentinel monitor mymaster 127.0.0.1 ${primary} 2`,
      "sentinel down-after-milliseconds mymaster 1000",
      "sentinel failover-timeout mymaster 10000",
    );
    if (i < 2) await house.nines(lines, "sentinel");
    else house.redis(lines, "redis-sentinel");
    await house.answers(port);
  }
  const field = async (port: number, name: string) => {
    const words = (await house.ask(port, "SENTINEL", "MASTER", "mymaster")) as string[];
    return words[words.indexOf(name) + 1];
  };
  for (const port of sentinels)
    await until(`${port} to know the others and the replica`, async () => {
      return (await field(port, "num-other-sentinels")) === "2" && (await field(port, "num-slaves")) === "1";
    });
  // What they announce of themselves is the port that speaks TLS.
  const others = (await house.ask(sentinels[2]!, "SENTINEL", "SENTINELS", "mymaster")) as string[][];
  assert.deepEqual(
    others.map((words) => Number(words[words.indexOf("port") + 1])).sort(),
    sentinels.slice(0, 2).sort(),
  );

  await house.ask(primary!, "SET", "kept", "1");
  assert.equal(await house.ask(primary!, "WAIT", "1", "5000"), 1);
  killed.kill("SIGKILL");
  for (const port of sentinels)
    await until(`${port} to name the replica`, async () => {
      return (
        String(await house.ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")) === `127.0.0.1,${replica}`
      );
    });
  assert.equal(await house.field(replica!, "replication", "role"), "master");
  assert.equal(await house.ask(replica!, "GET", "kept"), "1");
});
