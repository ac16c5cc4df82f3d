/** Clients that wait for keys, here and at a real redis-server. */
import { test } from "node:test";
import { mulberry32 } from "../commands/harness.ts";
import { noRedis } from "./both.ts";
import { compare, withTwo } from "./several.ts";

const scripts: Record<string, string[]> = {
  "BLPOP and BRPOP are served by a push": [
    "a: BLPOP k 0",
    "b: BRPOP k 0",
    "c: RPUSH k 1 2 3",
    "c: LRANGE k 0 -1",
    "a: BLPOP none k 0",
    "c: DEL k",
    "a: BLPOP x k 0",
    "b: BLPOP k x 0",
    "c: LPUSH x 1",
    "c: LPUSH k 2",
    "c: EXISTS x k",
  ],
  "those who wait for the same key are served in their order": [
    "a: BLPOP k 0",
    "b: BRPOP k k 0",
    "c: BLMOVE k j LEFT RIGHT 0",
    "d: BRPOPLPUSH k i 0",
    "e: BLMPOP 0 2 x k RIGHT COUNT 5",
    "p: RPUSH k 1 2 3 4 5 6 7",
    "p: LRANGE i 0 -1",
    "p: LRANGE j 0 -1",
    "p: EXISTS k",
  ],
  "chains of moves": [
    "d: BLPOP l4 0",
    "c: BLMOVE l3 l4 RIGHT LEFT 0",
    "b: BRPOPLPUSH l2 l3 0",
    "a: BLMOVE l1 l2 LEFT LEFT 0",
    "e: BLMOVE l1 l1 LEFT RIGHT 0",
    "p: RPUSH l1 x y",
    "p: LRANGE l1 0 -1",
  ],
  "a list that moves to itself": ["a: BRPOPLPUSH k k 0", "b: BLPOP k 0", "p: RPUSH k 1 2", "p: LRANGE k 0 -1"],
  "transactions are looked at as a whole": [
    "a: BLPOP k 0",
    "b: BLPOP z 0",
    "p: MULTI",
    "p: LPUSH k 1",
    "p: DEL k",
    "p: LPUSH z 1",
    "p: LPUSH z 2",
    "p: EXEC",
    "p: MULTI",
    "p: LPUSH k 1",
    "p: SET k 1",
    "p: EXEC",
    "p: DEL k",
    "p: MULTI",
    "p: LPUSH k 1",
    "p: LPOP k",
    "p: LPUSH k 2",
    "p: BLPOP k 0",
    "p: BLPOP k 0",
    "p: BRPOPLPUSH k j 0",
    "p: BLMOVE k j LEFT LEFT 0",
    "p: BLMPOP 0 1 k LEFT",
    "p: BZPOPMIN k 0",
    "p: BZMPOP 0 1 k MIN",
    "p: RPUSH k 3",
    "p: EXEC",
    "p: EXISTS k",
  ],
  "RENAME, MOVE, COPY, RESTORE, SORT STORE and SWAPDB serve": [
    "a: BLPOP k 0",
    "p: RPUSH from 1 2",
    "p: RENAME from k",
    "p: LRANGE k 0 -1",
    "p: DEL k",
    "a: BLPOP k 0",
    "p: RPUSH from 1 2",
    "p: COPY from k",
    "p: DEL k",
    "a: BLPOP k 0",
    "p: SORT from STORE k",
    "p: DEL k",
    "a: BLPOP k 0",
    "p: SELECT 3",
    "p: RPUSH k x y z",
    "p: MOVE k 0",
    "p: RPUSH k v w",
    "p: SELECT 0",
    "p: DEL k",
    "a: BLPOP k 0",
    "b: SELECT 3",
    "b: BLPOP nothing 0",
    "p: SWAPDB 0 3",
    "p: LRANGE k 0 -1",
  ],
  "a key of another type serves nobody": [
    "a: BLPOP k 0",
    "b: BZPOPMIN k 0",
    "p: SET k v",
    "p: DEL k",
    "p: SADD k v",
    "c: BLPOP x k 0",
    "c: BLMOVE k x LEFT LEFT 0",
    "c: BZMPOP 0 2 x k MIN",
    "p: DEL k",
    "p: ZADD k 1 m",
    "p: LPUSH k v",
  ],
  "an error when it is served": [
    "a: BLMOVE k target LEFT LEFT 0",
    "b: BRPOPLPUSH k target 0",
    "c: BLPOP k 0",
    "p: SET target x",
    "p: RPUSH k 1 2 3",
    "p: LRANGE k 0 -1",
  ],
  "expiry, FLUSHALL and UNLINK serve nobody": [
    "a: BLPOP k 0",
    "p: FLUSHALL",
    "p: MULTI",
    "p: LPUSH k 1",
    "p: PEXPIRE k -1",
    "p: EXEC",
    "p: MULTI",
    "p: RPUSH k 1",
    "p: FLUSHDB",
    "p: EXEC",
    "p: RPUSH k 2",
  ],
  timeouts: [
    "a!: BLPOP k 0.01",
    "a!: BRPOP k l 0.001",
    "a!: BLMOVE k l LEFT LEFT 0.01",
    "a!: BRPOPLPUSH k l 0.01",
    "a!: BLMPOP 0.01 1 k LEFT",
    "a!: BZPOPMIN k 0.01",
    "a!: BZPOPMAX k 1e-2",
    "a!: BZMPOP 0.01 1 k MAX COUNT 2",
    "a: BLPOP k -1",
    "a: BLPOP k -0.5",
    "a: BLPOP k -1.5",
    "a: BLPOP k foo",
    "a: BLPOP k nan",
    "a: BLPOP k ''",
    "a!: BLPOP k 0x1p-6",
    "a: BLMOVE k l LEFT LEFT -1",
    "a: BRPOPLPUSH k l bar",
    "a: BZPOPMIN k -1",
    "a: BLMPOP foo 1 k LEFT",
    "a: BZMPOP foo 1 k MIN",
  ],
  "wrong words": [
    "a: BLPOP k",
    "a: BRPOPLPUSH k l",
    "a: BLMOVE k l LEFT 0",
    "a: BLMOVE k l LEFT MIDDLE foo",
    "a: BLMOVE k l UP LEFT 0",
    "a: BLMPOP 0 0 k LEFT",
    "a: BLMPOP 0 -1 k LEFT",
    "a: BLMPOP 0 foo k LEFT",
    "a: BLMPOP 0 2 k LEFT",
    "a: BLMPOP 0 1 k MIN",
    "a: BLMPOP 0 1 k LEFT COUNT",
    "a: BLMPOP 0 1 k LEFT COUNT 0",
    "a: BLMPOP 0 1 k LEFT COUNT foo",
    "a: BLMPOP 0 1 k LEFT COUNT 1 COUNT 1",
    "a: BLMPOP 0 1 k LEFT bar",
    "a: BLMPOP -1 1 k LEFT bar",
    "a: BLMPOP -1 1 k LEFT",
    "a: BZMPOP 0 0 k MIN",
    "a: BZMPOP 0 1 k LEFT",
    "a: BZMPOP 0 2 k MIN",
    "a: BZMPOP 0 1 k MIN COUNT 0",
    "a: BZMPOP 0 1 k MIN COUNT 1 foo",
    "a: BZMPOP 0 9223372036854775807 k MIN",
    "a: SET s v",
    "a: BLPOP s 0",
    "a: BLPOP s foo",
    "a: BZPOPMIN none s 0",
    "a!: BRPOPLPUSH none s 0.01",
    "a: RPUSH l 1",
    "a: BRPOPLPUSH l s 0",
    "a: BLMOVE s l LEFT LEFT 0",
    "a: LRANGE l 0 -1",
  ],
  "what is there already is taken at once": [
    "a: RPUSH l 1 2 3 4 5 6",
    "a: BLPOP none l 0",
    "a: BRPOP l none 0",
    "a: BLMOVE l m LEFT RIGHT 0",
    "a: BRPOPLPUSH l m 0",
    "a: BLMPOP 0 2 none l RIGHT COUNT 10",
    "a: EXISTS l",
    "a: LRANGE m 0 -1",
    "a: ZADD z 1 a 2 b 3 c 4.5 d inf e",
    "a: BZPOPMIN none z 0",
    "a: BZPOPMAX z 0",
    "a: BZPOPMAX z 0",
    "a: BZMPOP 0 2 none z MAX",
    "a: BZMPOP 0 2 none z MIN COUNT 10",
    "a: EXISTS z",
  ],
  "sorted sets": [
    "a: BZPOPMIN z 0",
    "b: BZPOPMAX y z 0",
    "c: BZMPOP 0 2 z y MIN COUNT 2",
    "d: BZMPOP 0 1 z MAX",
    "p: ZADD z 1 a 2 b 3 c 4 d 5 e 6 f",
    "p: ZRANGE z 0 -1 WITHSCORES",
    "p: DEL z",
    "a: BZPOPMIN z 0",
    "p: ZADD from 1.5 x 2 y",
    "p: ZUNIONSTORE z 1 from",
    "a: BZPOPMIN k 0",
    "p: ZINCRBY k 3 m",
    "a: BZPOPMAX k 0",
    "p: ZRANGESTORE k from 0 -1",
    "a: BZPOPMAX other 0",
    "p: GEOADD other 13 38 Palermo",
  ],
  "CLIENT UNBLOCK": [
    "a: BLPOP k 0",
    "p: CLIENT UNBLOCK {id:a}",
    "a: BZPOPMIN k 0",
    "p: CLIENT UNBLOCK {id:a} ERROR",
    "a: BLMOVE k l LEFT LEFT 0",
    "p: CLIENT UNBLOCK {id:a} TIMEOUT",
    "p: CLIENT UNBLOCK {id:a}",
    "p: CLIENT UNBLOCK {id:p}",
    "p: CLIENT UNBLOCK 999999",
    "p: CLIENT UNBLOCK {id:a} foo",
    "p: LPUSH k 1",
    "a: LRANGE k 0 -1",
  ],
  "a client that is killed is not served": [
    "a: BLPOP k 0",
    "b: BLPOP k 0",
    "p: CLIENT KILL ID {id:a}",
    "p: RPUSH k 1 2",
    "p: LRANGE k 0 -1",
  ],
};

for (const protocol of [2, 3] as const)
  test(`scripts, RESP${protocol}`, { skip: noRedis }, () =>
    withTwo(async (ours, theirs) => {
      for (const script of Object.values(scripts))
        await compare(ours, theirs, protocol, ["p: FLUSHALL", ...script], masked);
    }),
  );

/** Both close a killed client's connection; what is said of it here is our own test's. */
function masked(line: string): string {
  return line.replace(/connection closed.*/, "closed");
}

for (const seed of [1, 2, 3])
  test(`many clients by chance (seed ${seed})`, { skip: noRedis }, () =>
    withTwo(async (ours, theirs) => {
      await compare(ours, theirs, seed % 2 === 0 ? 2 : 3, byChance(seed, 400));
    }),
  );

/**
 * Of several keys that become ready at once 7.0 takes the one that was filled first, 7.2 (and nines) the one that the waiting
 * command names first. So at most one key is filled in a transaction, and what clients move to others that wait they move
 * to keys (m1, m2) for which nobody waits together with another.
 */
function byChance(seed: number, steps: number): string[] {
  const uint32 = mulberry32(seed);
  const pick = <T>(from: readonly T[]): T => from[uint32() % from.length]!;
  const list = () => pick(["l1", "l2", "l3", "l4"]);
  const target = () => pick(["m1", "m2"]);
  const zset = () => pick(["z1", "z2"]);
  const some = (key: () => string) => Array.from({ length: 1 + (uint32() % 3) }, key);
  let value = 0;
  const values = () => Array.from({ length: 1 + (uint32() % 3) }, () => `v${value++}`).join(" ");
  const members = () => Array.from({ length: 1 + (uint32() % 3) }, () => `${uint32() % 9} m${value++}`).join(" ");
  const keysOf = (key: () => string) => {
    const keys = some(key);
    return `${keys.length} ${keys.join(" ")}`;
  };
  const waiting = [
    () => `BLPOP ${some(list).join(" ")} 0`,
    () => `BRPOP ${some(list).join(" ")} 0`,
    () => `BLMOVE ${pick([list, target])()} ${target()} ${pick(["LEFT", "RIGHT"])} ${pick(["LEFT", "RIGHT"])} 0`,
    () => `BRPOPLPUSH ${list()} ${target()} 0`,
    () => `BLPOP ${target()} 0`,
    () => `BLMPOP 0 ${keysOf(list)} ${pick(["LEFT", "RIGHT"])} COUNT ${1 + (uint32() % 3)}`,
    () => `BZPOPMIN ${some(zset).join(" ")} 0`,
    () => `BZMPOP 0 ${keysOf(zset)} ${pick(["MIN", "MAX"])} COUNT ${1 + (uint32() % 3)}`,
  ];
  const filling = [
    () => `RPUSH ${list()} ${values()}`,
    () => `LPUSH ${list()} ${values()}`,
    () => `ZADD ${zset()} ${members()}`,
    () => `LMOVE ${list()} ${list()} LEFT RIGHT`,
    () => `RENAME ${list()} ${list()}`,
    () => `SORT ${list()} ALPHA STORE fresh${value++}`,
  ];
  const others = [
    () => `DEL ${list()} ${target()} ${zset()}`,
    () => `LRANGE ${pick([list, target])()} 0 -1`,
    () => `ZRANGE ${zset()} 0 -1 WITHSCORES`,
    () => `CLIENT UNBLOCK {id:c${uint32() % 8}} ${pick(["TIMEOUT", "ERROR"])}`,
    () => "DBSIZE",
  ];
  const script = ["p: FLUSHALL"];
  for (let i = 0; i < 8; i++) script.push(`c${i}: PING`);
  for (let i = 0; i < steps; i++) {
    const kind = uint32() % 10;
    if (kind < 5) script.push(`c${uint32() % 8}?: ${pick(waiting)()}`);
    else if (kind < 8) script.push(`p: ${pick(filling)()}`);
    else if (kind < 9) script.push(`p: ${pick(others)()}`);
    else {
      const key = list();
      script.push("p: MULTI", `p: RPUSH ${key} ${values()}`, `p: LPOP ${key}`, `p: BLPOP ${key} 0`, "p: EXEC");
    }
  }
  return script;
}
