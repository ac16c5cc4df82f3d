/** OBJECT, MEMORY, COMMAND and DEBUG over values of all types, against a real redis-server. */
import { test } from "node:test";
import { noRedis, withBoth } from "./both.ts";

const KEYS = [
  "str",
  "int",
  "list",
  "nodes",
  "set",
  "ints",
  "big-set",
  "hash",
  "big-hash",
  "zset",
  "big-zset",
  "stream",
];
const words = (count: number, of: (i: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(" ");

const FILL = [
  "SET str text",
  "SET int 123456",
  "RPUSH list a b 3",
  `RPUSH nodes ${words(20, (i) => `${"x".repeat(1000)}${i}`)}`,
  "SADD set a b",
  "SADD ints 1 2 3",
  `SADD big-set ${words(300, (i) => `m${i}`)}`,
  "HSET hash f v",
  `HSET big-hash ${words(600, (i) => `f${i}`)}`,
  "ZADD zset 1 a",
  `ZADD big-zset ${words(200, (i) => `${i} m${i}`)}`,
  "XADD stream 1-1 f v",
];

/** Lists and sets of few words are listpacks since 7.2. */
const NEWER = new Set(["list", "set"]);

const GETKEYS = [
  "XREAD COUNT 1 STREAMS a b 0 0",
  "XREADGROUP GROUP g c STREAMS a b > >",
  "XREAD COUNT 1",
  "XGROUP CREATE k g 0",
  "XINFO STREAM k",
  "ZUNIONSTORE d 2 a b",
  "ZUNIONSTORE d 3 a b",
  "ZUNION 2 a b WEIGHTS 1 2",
  "ZINTERCARD 2 a b LIMIT 1",
  "ZMPOP 2 a b MIN",
  "LMPOP 1 a LEFT",
  "BLMPOP 0 2 a b LEFT",
  "BLPOP a b c 0",
  "BLMOVE a b LEFT RIGHT 0",
  "SINTERCARD 2 a b",
  "SINTERSTORE d a b",
  "SMOVE a b m",
  "LMOVE a b LEFT RIGHT",
  "PFMERGE d a b",
  "PFCOUNT a b",
  "PFDEBUG ENCODING k",
  "GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m",
  "GEORADIUS k 1 1 1 m STORE d",
  "HRANDFIELD k 1",
  "OBJECT FREQ k",
  "MEMORY USAGE k",
  "RESTORE k 0 x",
  "SORT k BY w_* GET # STORE d",
  "ZRANGESTORE d s 0 -1",
  "WATCH a b",
  "UNLINK a b",
  "EXISTS a",
];

for (const protocol of [2, 3] as const)
  test(`OBJECT, MEMORY and DEBUG over all types, RESP${protocol}`, { skip: noRedis }, () =>
    withBoth(protocol, async ({ same, tell }) => {
      for (const line of FILL) await same(line);
      for (const key of KEYS) {
        await same(`TYPE ${key}`);
        await same(`OBJECT REFCOUNT ${key}`);
        await same(`OBJECT IDLETIME ${key}`, (reply) => reply.replace(/^:\d$/, ":0"));
        await same(`OBJECT FREQ ${key}`);
        await same(`MEMORY USAGE ${key} SAMPLES 0`, (reply) => reply.replace(/:\d+/, ":n"));
        await same(`MEMORY USAGE ${key} SAMPLES 3`, (reply) => reply.replace(/:\d+/, ":n"));
        await same(`DEBUG DIGEST-VALUE ${key}`);
        await same(`COPY ${key} copy REPLACE`);
        await same("DEBUG DIGEST-VALUE copy");
        await same(`TOUCH ${key}`);
        if (NEWER.has(key)) continue;
        await same(`OBJECT ENCODING ${key}`);
        await same(`DEBUG LISTPACK ${key}`);
        await same(`DEBUG QUICKLIST ${key}`);
        // The tables are others: only whether there is one is compared.
        await same(`DEBUG HTSTATS-KEY ${key}`, (reply) => (reply.startsWith("-") ? reply : "stats"));
        await same(`DEBUG OBJECT ${key}`, (reply) => reply.replace(/(\w+):[\w.-]+/g, "$1"));
      }
      for (const bytes of ["0", "100b", "4gb", "x", "5gb"]) await same(`DEBUG QUICKLIST-PACKED-THRESHOLD ${bytes}`);
      await same("DEBUG DIGEST");
      await tell("CONFIG SET maxmemory-policy allkeys-lfu");
      for (const key of KEYS) {
        await same(`OBJECT IDLETIME ${key}`);
        await same(`OBJECT FREQ ${key}`, (reply) => reply.replace(/:\d+/, ":n"));
      }
      await tell("CONFIG SET maxmemory-policy noeviction");
    }),
  );

test("COMMAND finds the keys, and lists by category", { skip: noRedis }, () =>
  withBoth(2, async ({ same, ours, theirs }) => {
    for (const line of GETKEYS) {
      await same(`COMMAND GETKEYS ${line}`);
      await same(`COMMAND GETKEYSANDFLAGS ${line}`);
    }
    // Of those that both have; which these are, command-info.test.ts says.
    const list = async (of: typeof ours, filter: string) => {
      const reply = await of.line(`COMMAND LIST ${filter}`.trim());
      return new Set(reply.match(/"[^"]*"/g) ?? []);
    };
    const all = [await list(ours, ""), await list(theirs, "")] as const;
    const categories =
      "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting";
    const known = new Set([`"wait"`]);
    for (const filter of [
      ...categories.split(" ").map((name) => `FILTERBY ACLCAT ${name}`),
      "FILTERBY PATTERN x*",
      "FILTERBY PATTERN *|*t",
      "FILTERBY MODULE none",
    ]) {
      const [our, their] = [await list(ours, filter), await list(theirs, filter)];
      const both = (names: Set<string>) =>
        [...names].filter((name) => all[0].has(name) && all[1].has(name) && !known.has(name));
      const [left, right] = [both(our).sort().join(), both(their).sort().join()];
      if (left !== right) throw new Error(`${filter}:\n${left}\n${right}`);
    }
  }),
);
