/** Lists here and in a real redis-server: the same commands, answered alike; and their values taken over both ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { Seeded } from "../memory/random.ts";
import { type Both, noRedis, withBoth } from "./both.ts";

/** Redis 7.0 keeps every list as a quicklist. */
const form = (reply: string) => reply.replace(/listpack|quicklist/, "listpack or quicklist");

const SAME = [
  ...[
    "LPUSH",
    "LPUSH l",
    "RPUSHX l",
    "RPUSHX l a",
    "EXISTS l",
    "LPUSH l a b c",
    "RPUSH l d 5 -7 00",
    "LPUSHX l z y",
    "LLEN l",
  ],
  ...[
    "LRANGE l 0 -1",
    "LRANGE l 2 3",
    "LRANGE l -3 -2",
    "LRANGE l 5 1",
    "LRANGE l 99 100",
    "LRANGE l -100 0",
    "LRANGE l 0",
  ],
  ...["LRANGE l x 1", "LRANGE l 1 x", "LRANGE l 1.0 2", "LRANGE l -9223372036854775808 9223372036854775807"],
  ...["LRANGE l 0 9223372036854775808", "LRANGE none 0 -1", "LRANGE none x y", "TYPE l", "OBJECT REFCOUNT l"],
  ...[
    "LINDEX l 0",
    "LINDEX l -1",
    "LINDEX l 100",
    "LINDEX l -100",
    "LINDEX l x",
    "LINDEX none x",
    "LINDEX l",
    "LINDEX l 4",
  ],
  ...[
    "LSET l 0 first",
    "LSET l -1 last",
    "LSET l 100 x",
    "LSET l -100 x",
    "LSET l x x",
    "LSET none 0 x",
    "LSET none x x",
    "LSET l 0",
  ],
  ...[
    "LINSERT l BEFORE a x",
    "LINSERT l after a y",
    "LINSERT l AFTER last z",
    "LINSERT l BEFORE first w",
    "LINSERT l NEAR a x",
  ],
  ...[
    "LINSERT none BEFORE a x",
    "LINSERT none NEAR a x",
    "LINSERT l BEFORE nobody x",
    "LINSERT l BEFORE a",
    "LRANGE l 0 -1",
  ],
  ...[
    "RPUSH p a b c 1 2 3 a b c 1 2 3",
    "LPOS p a",
    "LPOS p 3",
    "LPOS p x",
    "LPOS p a RANK 2",
    "LPOS p a RANK 3",
    "LPOS p a RANK -1",
  ],
  ...[
    "LPOS p a RANK 0",
    "LPOS p a RANK x",
    "LPOS p a COUNT 0",
    "LPOS p a COUNT 1",
    "LPOS p a COUNT -1",
    "LPOS p a COUNT x",
  ],
  ...[
    "LPOS p c COUNT 0 RANK -1",
    "LPOS p c COUNT 0 RANK -2",
    "LPOS p c MAXLEN 2",
    "LPOS p c MAXLEN 3",
    "LPOS p c MAXLEN 0",
  ],
  ...[
    "LPOS p c MAXLEN -1",
    "LPOS p c MAXLEN x",
    "LPOS p c maxlen 9 count 2 rank 2",
    "LPOS p c COUNT 1 COUNT 0",
    "LPOS p c COUNT",
  ],
  ...[
    "LPOS p c LIMIT 1",
    "LPOS p",
    "LPOS none c",
    "LPOS none c COUNT 1",
    "LPOS none c RANK 0",
    "LPOS p 1 RANK -9223372036854775807",
  ],
  ...[
    "LREM p 1 a",
    "LREM p -1 3",
    "LREM p 0 b",
    "LREM p 0 nobody",
    "LREM p x a",
    "LREM none 0 a",
    "LREM none x a",
    "LREM p 0",
    "LRANGE p 0 -1",
  ],
  ...["LREM p 9223372036854775807 1", "LREM p -9223372036854775807 2", "LRANGE p 0 -1"],
  ...[
    "LTRIM p x 0",
    "LTRIM none x 0",
    "LTRIM none 0 0",
    "LTRIM p 0",
    "LTRIM p 0 -1",
    "LTRIM p 1 -2",
    "LRANGE p 0 -1",
    "LTRIM p 5 1",
    "EXISTS p",
  ],
  ...[
    "RPUSH q 1 2 3 4 5 6 7 8",
    "LPOP q",
    "RPOP q",
    "LPOP q 2",
    "RPOP q 2",
    "LPOP q 0",
    "LPOP q -1",
    "LPOP q x",
    "LPOP q 1 1",
    "LPOP",
  ],
  ...[
    "LPOP none",
    "RPOP none",
    "LPOP none 1",
    "LPOP none 0",
    "LPOP none -1",
    "LPOP q 9223372036854775808",
    "RPOP q 100",
    "EXISTS q",
  ],
  ...[
    "RPUSH a 1 2 3",
    "RPUSH b 4 5",
    "LMPOP 2 a b LEFT",
    "LMPOP 2 none b RIGHT COUNT 1",
    "LMPOP 2 a b left count 100",
    "LMPOP 2 a b LEFT",
  ],
  ...[
    "LMPOP 2 a b LEFT",
    "LMPOP 0 a LEFT",
    "LMPOP -1 a LEFT",
    "LMPOP x a LEFT",
    "LMPOP 1 a",
    "LMPOP 1 a UP",
    "LMPOP 2 a LEFT",
    "LMPOP",
  ],
  ...[
    "LMPOP 1 a LEFT COUNT",
    "LMPOP 1 a LEFT COUNT 0",
    "LMPOP 1 a LEFT COUNT x",
    "LMPOP 1 a LEFT COUNT 1 COUNT 1",
    "LMPOP 1 a LEFT x",
  ],
  ...[
    "LMPOP 9223372036854775807 a LEFT",
    "LMPOP 9223372036854775808 a LEFT",
    "LMPOP 1 a LEFT COUNT 9223372036854775808",
  ],
  ...[
    "RPUSH a 1 2 3",
    "LMOVE a b LEFT RIGHT",
    "LMOVE a b RIGHT LEFT",
    "LMOVE a a LEFT RIGHT",
    "LMOVE b b left right",
    "LRANGE b 0 -1",
  ],
  ...[
    "RPOPLPUSH b b",
    "RPOPLPUSH b a",
    "LMOVE none a LEFT LEFT",
    "RPOPLPUSH none a",
    "LMOVE a b UP LEFT",
    "LMOVE a b LEFT",
    "RPOPLPUSH a",
  ],
  ...["LMOVE none none UP DOWN", "LRANGE a 0 -1", "LRANGE b 0 -1", "RPOPLPUSH b c", "EXISTS b", "LRANGE c 0 -1"],
  ...[
    "SET s text",
    "LPUSH s a",
    "RPUSHX s a",
    "LPOP s",
    "LPOP s 0",
    "LLEN s",
    "LINDEX s x",
    "LRANGE s 0 1",
    "LSET s x a",
    "LTRIM s 0 0",
  ],
  ...[
    "LREM s 0 a",
    "LINSERT s AFTER a b",
    "LPOS s a",
    "LMOVE a s LEFT LEFT",
    "LMOVE s a LEFT LEFT",
    "LMOVE none s LEFT LEFT",
  ],
  ...["RPOPLPUSH s a", "LMPOP 2 none s LEFT", "LMPOP 2 a s LEFT", "GET a", "INCR a", "STRLEN a", "APPEND a x"],
  ...[
    "COPY l m",
    "COPY l m",
    "COPY l m REPLACE",
    "LPUSH m more",
    "RENAME m n",
    "LRANGE n 0 0",
    "EXPIRE n 100",
    "TTL n",
    "LPUSH n x",
    "TTL n",
  ],
  ...[
    "SET n text",
    "GET n",
    "RPUSH o 1",
    "UNLINK o",
    "RPUSH o a",
    "DEL o",
    "LLEN o",
    "DEBUG DIGEST-VALUE l a none",
    "DEBUG DIGEST",
  ],
];

for (const protocol of [2, 3] as const)
  test(`lists answer as in Redis (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      for (const line of SAME) await both.same(line);
      await both.same("OBJECT ENCODING l", form);
    }),
  );

/** Any of the values that have a form of their own in a list, some of them again and again. */
function anyValue(random: Seeded): string {
  const kind = random.below(40);
  if (kind < 15) return `v${random.below(8)}`;
  if (kind < 25) return String(random.below(20) - 10);
  if (kind < 30)
    return String(BigInt(random.uint32()) * BigInt(random.uint32() >>> 1) * (random.below(2) === 0 ? 1n : -1n));
  if (kind < 39) return "x".repeat(random.below(300));
  return "y".repeat(random.below(20_000)) || "y";
}

function anyCommand(random: Seeded): string {
  const key = `k${random.below(3)}`;
  const index = () => random.below(60) - 30;
  const end = () => (random.below(2) === 0 ? "LEFT" : "RIGHT");
  const side = () => (random.below(2) === 0 ? "L" : "R");
  const value = () => anyValue(random) || '""';
  switch (random.below(14)) {
    case 0:
      return `${side()}PUSHX ${key} ${value()}`;
    case 1:
      return `${side()}POP ${key}`;
    case 2:
      return `${side()}POP ${key} ${random.below(5)}`;
    case 3:
      return `LREM ${key} ${random.below(5) - 2} ${value()}`;
    case 4:
      return `LSET ${key} ${index()} ${value()}`;
    case 5:
    case 6:
      return `LINSERT ${key} ${random.below(2) === 0 ? "BEFORE" : "AFTER"} ${value()} ${value()}`;
    case 7:
      return random.below(4) === 0 ? `LTRIM ${key} ${random.below(9)} ${-1 - random.below(9)}` : `LLEN ${key}`;
    case 8:
      return `LMOVE ${key} k${random.below(3)} ${end()} ${end()}`;
    case 9:
      return `LMPOP 2 ${key} k${random.below(3)} ${end()} COUNT ${1 + random.below(4)}`;
    case 10:
      return `LPOS ${key} ${value()} RANK ${random.below(2) === 0 ? 1 : -2} COUNT ${random.below(3)} MAXLEN ${random.below(90)}`;
    case 11:
      return `LRANGE ${key} ${index()} ${index()}`;
    default:
      return `${side()}PUSH ${key} ${Array.from({ length: 1 + random.below(6) }, value).join(" ")}`;
  }
}

async function sameDigests(both: Both): Promise<void> {
  await both.same("DEBUG DIGEST-VALUE k0 k1 k2");
  await both.same("DEBUG DIGEST");
}

for (const [seed, size] of [
  [1, -2],
  [2, -1],
  [3, 5],
  [4, 0],
] as const)
  test(
    `whatever is done to lists, they are alike (seed ${seed}, list-max-listpack-size ${size})`,
    { skip: noRedis },
    () =>
      withBoth(2, async (both) => {
        const random = new Seeded(seed);
        await both.tell(`CONFIG SET list-max-listpack-size ${size}`);
        for (let step = 0; step < 700; step++) {
          await both.same(anyCommand(random));
          if (step % 100 === 99) await sameDigests(both);
        }
      }),
  );

test("what one dumps the other restores", { skip: noRedis }, () =>
  withBoth(2, async (both) => {
    const options = { lazyConnect: true, maxRetriesPerRequest: 1 };
    const ours = new Redis(both.ours.socket.remotePort!, options);
    const theirs = new Redis(both.theirs.socket.remotePort!, options);
    try {
      const random = new Seeded(9);
      const many = Array.from({ length: 3000 }, () => anyValue(random));
      for (const [key, values] of [
        ["small", ["a", "1", "-1", ""]],
        ["one", ["x".repeat(100_000)]],
        ["many", many],
        ["large", many.map((value) => value.repeat(40)).slice(0, 100)],
      ] as const) {
        for (const [from, to] of [
          [ours, theirs],
          [theirs, ours],
        ] as const) {
          await from.del(key);
          await from.rpush(key, ...values);
          const payload = await from.dumpBuffer(key);
          await to.restore(key, 0, payload, "REPLACE");
          assert.deepEqual(await to.lrange(key, 0, -1), await from.lrange(key, 0, -1), key);
          await both.same(`DEBUG DIGEST-VALUE ${key}`);
          for (const at of [1, 5, payload.length >> 1, payload.length - 1]) {
            const broken = Buffer.from(payload);
            broken[at]! ^= 0x55;
            await assert.rejects(to.restore("broken", 0, broken), /DUMP payload version or checksum are wrong/);
          }
        }
      }
      await both.same("EXISTS broken");
      await both.same("DEBUG DIGEST");
    } finally {
      ours.disconnect();
      theirs.disconnect();
    }
  }),
);
