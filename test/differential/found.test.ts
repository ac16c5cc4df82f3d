/** What the generator found once: the shortest scripts in which nines and a real Redis differed, so that they never do again. */
import { test } from "node:test";
import { noRedis, withBoth } from "./both.ts";

const scripts: Readonly<Record<string, readonly string[]>> = {
  "an error repeats the bytes of a request as they came, up to a zero byte": [
    'OBJECT "\\xe9" k',
    'OBJECT "\\x00\\xff" k',
    'EXPIRE k 100 "\\xe9"',
    '"\\xff\\xe9" "\\xe9\\x00a" b',
    'OBJECT "\\r\\n" k',
    "PFADD hll a",
    'PFDEBUG "\\x00" hll',
    'XGROUP "\\xe9"',
    'XINFO "\\xe9" k',
  ],
  "EXEC with words too many": ["EXEC x", "MULTI", "EXEC x", "EXEC"],
  "the number of a database has 32 bits": ["SELECT 99999999999", "SELECT 99", "SELECT x", "SELECT 1.0"],
  "a sum of INCRBYFLOAT is kept as text": [
    "INCRBYFLOAT new -59",
    "OBJECT ENCODING new",
    "SET old 1",
    "INCRBYFLOAT old 1",
    "OBJECT ENCODING old",
    "INCR old",
    "OBJECT ENCODING old",
  ],
  "ranges of bits are read only where there are bits": [
    "BITCOUNT none 9",
    "BITCOUNT none a b c",
    "BITPOS none 0 a b FOO c",
    "BITPOS none 2",
    "SETBIT bits 100 1",
    "BITCOUNT bits -6 -7 FOO",
    "BITCOUNT bits -7 -6 FOO",
    "RPUSH list a",
    "BITCOUNT list a",
    "BITPOS list 1 a",
  ],
  "a BITFIELD that is cut short may write": [
    "COMMAND GETKEYSANDFLAGS BITFIELD k GET",
    "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8",
    "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 OVERFLOW",
    "COMMAND GETKEYSANDFLAGS BITFIELD k OVERFLOW WRAP GET u8 0",
  ],
  "a score whose seventeenth digit is rounded from one half has Redis' digest": [
    "ZADD z 2914423600913006.5 m",
    "ZUNIONSTORE y 1 z WEIGHTS 0.5",
    "ZRANGE y 0 -1 WITHSCORES",
    "DEBUG DIGEST-VALUE y",
  ],
  "a node of a list that is begun while memory moves has its first element": [
    "CONFIG SET list-max-listpack-size 4",
    `LPUSH big ${"abcdefgh".repeat(500)}`,
    'RPUSH list 18 m1 w:119 m4 ""',
    "LRANGE list 0 -1",
    `RPUSH long ${Array.from({ length: 60 }, (_, i) => `value:${i}`).join(" ")}`,
    "LRANGE long 0 -1",
  ],
  "OBJECT counts as a hit or a miss": [
    "CONFIG RESETSTAT",
    "SET k v",
    "OBJECT ENCODING k",
    "OBJECT IDLETIME none",
    "INFO stats",
  ],
};

for (const [title, lines] of Object.entries(scripts))
  test(title, { skip: noRedis }, () =>
    withBoth(2, async ({ same }) => {
      for (const line of lines) await same(line, onlyHits);
    }),
  );

function onlyHits(reply: string): string {
  return reply.includes("keyspace_hits") ? (reply.match(/keyspace_(hits|misses):\d+/g) ?? []).join() : reply;
}
