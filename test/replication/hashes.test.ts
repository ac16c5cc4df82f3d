/** Hashes on both sides of a link, whichever server is at either end: copied at first, then followed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { assertTwins, eventually, follow, House, infoOf, noRedis, type Peer } from "./house.ts";

const KEYS = 8;

/** Commands on a few hashes, small ones and large; those that travel in another form than they came are among them. */
async function change(peer: Peer, random: Seeded, commands: number): Promise<void> {
  const pipeline = peer.client.pipeline();
  const key = () => `hash:${random.below(KEYS)}`;
  const field = () => `f${random.below(random.below(20) === 0 ? 2000 : 30)}`;
  const pairs = () =>
    Array.from({ length: 1 + random.below(60) }, () => [
      field(),
      "v".repeat(random.below(70)) + random.below(9),
    ]).flat();
  for (let i = 0; i < commands; i++) {
    const kind = random.below(10);
    if (kind < 4) pipeline.hset(key(), ...pairs());
    else if (kind < 5) pipeline.hsetnx(key(), field(), "new");
    else if (kind < 7) pipeline.hdel(key(), field(), field(), field());
    else if (kind < 8) pipeline.hincrby(`counts:${random.below(3)}`, field(), random.below(1000) - 500);
    else if (kind < 9) pipeline.hincrbyfloat(`counts:${random.below(3)}`, field(), (random.below(1000) - 500) / 7);
    else pipeline.call("COPY", key(), key(), "REPLACE");
  }
  await pipeline.exec();
}

for (const [of, by] of [
  ["nines", "redis"],
  ["redis", "nines"],
] as const) {
  test(`a ${by} replica of ${of} has the same hashes`, { skip: noRedis }, async () => {
    await using house = new House();
    const random = new Seeded(12);
    const [primary, replica] = [await house[of](), await house[by]()];
    await change(primary, random, 800);
    await follow(replica, primary);
    await change(primary, random, 800);
    await assertTwins(primary, replica);
  });
}

test("fields expire on the primary, and the replica is told", async () => {
  await using house = new House();
  const [primary, replica] = [await house.nines("hash-max-listpack-entries 50\n"), await house.nines()];
  const { client } = primary;
  for (const [key, count] of [
    ["small", 10],
    ["large", 500],
  ] as const) {
    const names = Array.from({ length: count }, (_, i) => `f${i}`);
    await client.hset(
      key,
      names.flatMap((name) => [name, "v"]),
    );
    await client.call("HEXPIRE", key, 1000, "FIELDS", 2, "f0", "f1");
  }
  await follow(replica, primary);
  for (const key of ["small", "large"]) {
    await client.call("HPEXPIRE", key, 30, "FIELDS", 3, "f1", "f2", "f3");
    await client.call("HPERSIST", key, "FIELDS", 1, "f0");
    await client.call("HEXPIRE", key, 2000, "FIELDS", 1, "f4");
    await client.call("HINCRBYFLOAT", key, "f5", 1).catch(() => {});
  }
  await client.hset("short", "only", "v");
  await client.call("HPEXPIRE", "short", 30, "FIELDS", 1, "only");
  await eventually(async () => assert.equal((await infoOf(primary, "stats"))["expired_subkeys"], "7"));
  await assertTwins(primary, replica);
  for (const peer of [primary, replica]) {
    assert.equal(await peer.client.exists("short"), 0);
    assert.deepEqual([await peer.client.hlen("small"), await peer.client.hlen("large")], [7, 497]);
    assert.match((await infoOf(peer, "keyspace"))["db0"]!, /^keys=2,.*,subexpiry=2$/);
  }
  const times = (peer: Peer) => peer.client.call("HPEXPIRETIME", "large", "FIELDS", 3, "f0", "f1", "f4");
  assert.deepEqual(await times(replica), await times(primary));
  assert.equal((await infoOf(replica, "stats"))["expired_subkeys"], "0");
});
