import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArgumentDocs, CommandRow } from "../../src/commands/call.ts";
import { dataFamilies } from "../../src/commands/data-families.ts";
import { CommandTable } from "../../src/commands/table.ts";

const table = new CommandTable(dataFamilies);

/** Redis 7.2's groups, as far as they are served; the rest of "generic" and "server" is elsewhere or comes later. */
const GROUPS: Record<string, string> = {
  string:
    "append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex set setex setnx setrange strlen substr",
  geo: "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore",
  hash: "hdel hexists hexpire hexpireat hexpiretime hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hset hsetnx hstrlen httl hvals",
  hyperloglog: "pfadd pfcount pfdebug pfmerge pfselftest",
  list: "blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush rpush rpushx",
  bitmap: "bitcount bitfield bitfield_ro bitop bitpos getbit setbit",
  generic:
    "copy del dump exists expire expireat expiretime keys move object persist pexpire pexpireat pexpiretime pttl randomkey rename renamenx restore scan sort sort_ro touch ttl type unlink",
  set: "sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem sscan sunion sunionstore",
  stream: "xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim",
  "sorted-set":
    "bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore",
  server: "dbsize flushall flushdb restore-asking swapdb",
};

for (const [group, names] of Object.entries(GROUPS))
  test(`the ${group} commands are there`, () => {
    const rows = [...table.rows.values()].filter((row) => (row.docs.group ?? row.family) === group);
    assert.deepEqual(rows.map((row) => row.name).sort(), names.split(" "));
  });

test("every row says what COMMAND DOCS shows", () => {
  for (const { name, docs } of table.all()) {
    assert.match(docs.since ?? "", /^\d+\.\d+\.\d+$/, name);
    assert.match(docs.summary ?? "", /^[A-Z].*\.$/, name);
    assert.ok(docs.complexity, name);
  }
});

test("documented keys are those of the key specs", () => {
  for (const row of table.all()) {
    const documented = new Set(keySpecsOf(row.docs.arguments ?? []));
    assert.deepEqual([...documented].sort(), [...row.keys.keys()], row.name);
  }
});

test("writers are no readers, and only writers change keys", () => {
  for (const row of table.all()) {
    assert.ok(!(row.flags.includes("write") && row.flags.includes("readonly")), row.name);
    const changes = row.keys.some(({ flags }) => flags.some((flag) => flag === "RW" || flag === "OW" || flag === "RM"));
    // PFCOUNT keeps what it has counted.
    assert.ok(!changes || row.flags.includes("write") || row.name === "pfcount", row.name);
  }
});

// The positions that COMMAND GETKEYS and cluster routing work out of them.
const positions: [command: string, first: number, last: number, step: number][] = [
  ["get", 1, 0, 1],
  ["mget", 1, -1, 1],
  ["mset", 1, -1, 2],
  ["lcs", 1, 1, 1],
  ["object|encoding", 2, 0, 1],
];
for (const [command, first, last, step] of positions)
  test(`keys of ${command}`, () => {
    const [spec] = (table.get(command) as CommandRow).keys;
    assert.deepEqual(spec!.begin, { index: first });
    assert.deepEqual(spec!.find, { lastKey: last, step, limit: 0 });
  });

function keySpecsOf(documented: readonly ArgumentDocs[]): number[] {
  return documented.flatMap((argument) => [
    ...(argument.keySpecIndex === undefined ? [] : [argument.keySpecIndex]),
    ...keySpecsOf(argument.arguments ?? []),
  ]);
}
