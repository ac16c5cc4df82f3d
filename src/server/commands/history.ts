/**
 * What became of commands after their first version, for COMMAND DOCS: by name, a version and what came with it, and again.
 * It stands apart from the rows since nobody else asks, and it only grows.
 */
const DOUBLE_TIMEOUT = ["6.0.0", "The timeout may be a fraction of seconds."] as const;
const CONDITIONS = ["7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`."] as const;
const BITS = ["7.0.0", "`BYTE|BIT`: the range may be one of bits."] as const;
const ASYNC = ["4.0.0", "`ASYNC`.", "6.2.0", "`SYNC`."] as const;
const UPPER_CASE = ["7.0.0", "Units in upper case."] as const;
const ANY = ["6.2.0", "`ANY` behind `COUNT`."] as const;
const COUNT = ["6.2.0", "`count`."] as const;
const EXCLUSIVE = ["6.2.0", "Ranges that leave out their ends."] as const;
const NO_KEY = ["2.8.0", "-2 for a key that is not there."] as const;
const SEVERAL = (version: string, what: string) => [version, `Any number of ${what}.`] as const;
const RESTORED = ["3.0.0", "`REPLACE`.", "5.0.0", "`ABSTTL`.", "5.0.0", "`IDLETIME` and `FREQ`."] as const;

const HISTORY: Readonly<Record<string, readonly string[]>> = {
  "acl|getuser": ["6.2.0", "Channel patterns.", "7.0.0", "Selectors; patterns as the rules that make them."],
  "acl|setuser": ["6.2.0", "Channel patterns.", "7.0.0", "Selectors, and patterns of keys to be read or written only."],
  auth: ["6.0.0", "A user's name before the password."],
  bgsave: ["3.2.2", "`SCHEDULE`."],
  bitcount: BITS,
  bitpos: BITS,
  blpop: DOUBLE_TIMEOUT,
  brpop: DOUBLE_TIMEOUT,
  brpoplpush: DOUBLE_TIMEOUT,
  bzpopmax: DOUBLE_TIMEOUT,
  bzpopmin: DOUBLE_TIMEOUT,
  "client|kill": [
    ...["2.8.12", "Filters.", "2.8.12", "`ID`.", "3.2.0", "`TYPE master`."],
    ...["5.0.0", "`TYPE replica`, of which `slave` stays another name.", "6.2.0", "`LADDR`."],
  ],
  "client|list": [
    ...["2.8.12", "The field `id`.", "5.0.0", "`TYPE`.", "6.0.0", "The field `user`."],
    ...["6.2.0", "The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and `ID`."],
    ...["7.0.0", "The fields `resp`, `multi-mem`, `rbs` and `rbp`.", "7.0.3", "The field `ssub`."],
  ],
  "client|pause": ["6.2.0", "`WRITE` and `ALL`."],
  "cluster|meet": ["4.0.0", "The port of the bus."],
  "cluster|slots": ["4.0.0", "The ids of nodes.", "7.0.0", "Other addresses of nodes."],
  "command|info": ["7.0.0", "Without names it tells of all commands."],
  "config|get": SEVERAL("7.0.0", "patterns"),
  "config|set": SEVERAL("7.0.0", "parameters"),
  exists: SEVERAL("3.0.3", "keys"),
  expire: CONDITIONS,
  expireat: CONDITIONS,
  flushall: ASYNC,
  flushdb: ASYNC,
  geoadd: ["6.2.0", "`CH`, `NX` and `XX`."],
  georadius: [...ANY, ...UPPER_CASE],
  georadius_ro: ANY,
  georadiusbymember: UPPER_CASE,
  geosearch: UPPER_CASE,
  geosearchstore: UPPER_CASE,
  hdel: SEVERAL("2.4.0", "fields"),
  hello: ["6.2.0", "Without a version it only answers."],
  hset: SEVERAL("4.0.0", "fields with their values"),
  info: SEVERAL("7.0.0", "sections"),
  lpop: COUNT,
  lpush: SEVERAL("2.4.0", "elements"),
  lpushx: SEVERAL("4.0.0", "elements"),
  migrate: ["3.0.0", "`COPY` and `REPLACE`.", "3.0.6", "`KEYS`.", "4.0.7", "`AUTH`.", "6.0.0", "`AUTH2`."],
  pexpire: CONDITIONS,
  pexpireat: CONDITIONS,
  pttl: NO_KEY,
  renamenx: ["3.2.0", "A key may be given the name that it has."],
  restore: RESTORED,
  "restore-asking": RESTORED,
  rpop: COUNT,
  rpush: SEVERAL("2.4.0", "elements"),
  rpushx: SEVERAL("4.0.0", "elements"),
  sadd: SEVERAL("2.4.0", "members"),
  scan: ["6.0.0", "`TYPE`."],
  set: [
    ...["2.6.12", "`EX`, `PX`, `NX` and `XX`.", "6.0.0", "`KEEPTTL`."],
    ...["6.2.0", "`GET`, `EXAT` and `PXAT`.", "7.0.0", "`GET` together with `NX`."],
  ],
  shutdown: ["7.0.0", "`NOW`, `FORCE` and `ABORT`."],
  "slowlog|get": ["4.0.0", "The client's address and name."],
  spop: ["3.2.0", "`count`."],
  srandmember: ["2.6.0", "`count`."],
  srem: SEVERAL("2.4.0", "members"),
  ttl: NO_KEY,
  xadd: ["6.2.0", "`NOMKSTREAM`, `MINID` and `LIMIT`.", "7.0.0", "Ids of the form `<ms>-*`."],
  xautoclaim: ["7.0.0", "A third element: entries that are deleted."],
  "xgroup|create": ["7.0.0", "`ENTRIESREAD`."],
  "xgroup|setid": ["7.0.0", "`ENTRIESREAD`."],
  "xinfo|consumers": ["7.2.0", "The field `inactive`."],
  "xinfo|groups": ["7.0.0", "The fields `entries-read` and `lag`."],
  "xinfo|stream": [
    ...["6.0.0", "`FULL`."],
    ...[
      "7.0.0",
      "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.",
    ],
    ...["7.2.0", "The field `active-time` of consumers; `seen-time` is when one last tried."],
  ],
  xpending: ["6.2.0", "`IDLE`, and ranges that leave out their ends."],
  xrange: EXCLUSIVE,
  xrevrange: EXCLUSIVE,
  xsetid: ["7.0.0", "`ENTRIESADDED` and `MAXDELETEDID`."],
  xtrim: ["6.2.0", "`MINID` and `LIMIT`."],
  zadd: [...SEVERAL("2.4.0", "members"), "3.0.2", "`XX`, `NX`, `CH` and `INCR`.", "6.2.0", "`GT` and `LT`."],
  zrange: ["6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`."],
  zrangebyscore: ["2.0.0", "`WITHSCORES`."],
  zrank: ["7.2.0", "`WITHSCORE`."],
  zrem: SEVERAL("2.4.0", "members"),
  zrevrangebyscore: ["2.1.6", "Ranges that leave out their ends."],
  zrevrank: ["7.2.0", "`WITHSCORE`."],
};

/** What came with which version, in order. */
export function historyOf(name: string): [version: string, what: string][] {
  const words = HISTORY[name] ?? [];
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i]!, words[2 * i + 1]!]);
}
