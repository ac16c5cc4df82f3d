/** Lists on both sides of a link, whichever server is at either end: copied at first, then followed. */
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { assertTwins, follow, House, noRedis, type Peer } from "./house.ts";

const KEYS = 8;

/** Commands on a few lists; those that travel in another form than they came are among them. */
async function change(peer: Peer, random: Seeded, commands: number): Promise<void> {
  const pipeline = peer.client.pipeline();
  const key = () => `list:${random.below(KEYS)}`;
  const values = () =>
    Array.from({ length: 1 + random.below(40) }, () => "v".repeat(random.below(90)) + random.below(9));
  const end = () => (random.below(2) === 0 ? "LEFT" : "RIGHT");
  for (let i = 0; i < commands; i++) {
    const kind = random.below(12);
    if (kind < 5) pipeline.rpush(key(), ...values());
    else if (kind < 6) pipeline.lpush(key(), ...values());
    else if (kind < 7) pipeline.call("LMPOP", 2, key(), key(), end(), "COUNT", 1 + random.below(9));
    else if (kind < 8) pipeline.call("LMOVE", key(), key(), end(), end());
    else if (kind < 9) pipeline.lrem(key(), random.below(5) - 2, "v5");
    else if (kind < 10) pipeline.linsert(key(), "AFTER", "v5", "new");
    else if (kind < 11) pipeline.rpop(key(), random.below(5));
    else pipeline.ltrim(key(), random.below(3), -1 - random.below(3));
  }
  await pipeline.exec();
}

for (const [of, by] of [
  ["nines", "redis"],
  ["redis", "nines"],
] as const) {
  test(`a ${by} replica of ${of} has the same lists`, { skip: noRedis }, async () => {
    await using house = new House();
    const random = new Seeded(11);
    const [primary, replica] = [await house[of](), await house[by]()];
    await change(primary, random, 800);
    await follow(replica, primary);
    await change(primary, random, 800);
    await assertTwins(primary, replica);
  });
}
