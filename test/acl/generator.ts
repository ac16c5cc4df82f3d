/** Users and requests by chance, of few enough words that rules and requests meet: all of it follows from the dice. */
import type { Dice } from "../differential/generator/dice.ts";

export type Words = readonly string[];

/** A command that both servers have. */
export interface Known {
  /** The command, and its subcommand if it is one. */
  readonly words: Words;
  readonly arity: number;
}

const KEYS = ["a:1", "a:2", "b:1", "b:x", "c", "k", "a:", "ab", "STORE", ""];
const KEY_PATTERNS = ["a:*", "b:*", "*", "c", "a:[12]", "b:?", "k*", "[^a]*", "\\*", "", "a:1", "*1", "STORE"];
const CHANNELS = ["ch:1", "ch:2", "news", "ch:*", "n*", ""];
const CHANNEL_PATTERNS = ["ch:*", "news", "*", "ch:[1]", "n*", "n?ws"];
const NUMBERS = ["0", "1", "2", "3", "-1", "2x", "99", " 1", "+1", "1.5"];
const OPTIONS = (
  "STORE STOREDIST GET BY LIMIT KEYS STREAMS BLOCK COUNT AUTH AUTH2 NOACK GROUP WEIGHTS AGGREGATE COPY REPLACE SET INCRBY " +
  "OVERFLOW ALPHA WITHSCORES LEFT RIGHT MIN MAX FROM TO NX XX ASC get store keys"
).split(" ");
const CATEGORIES =
  "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting".split(
    " ",
  );

/** Requests that are as they should be. In capitals what is drawn: K key, C channel, P channel or pattern, N number, W any word. */
const TEMPLATES = `
SORT K BY W GET W STORE K|SORT K STORE K STORE K|SORT K LIMIT N N GET W ALPHA|SORT_RO K BY W|SORT K STORE K|SORT K GET STORE K
SET K W|SET K W GET|SET K W EX 10 GET|SET K W NX get|SET GET W|SET K GET|BITFIELD K GET u8 0|BITFIELD K SET u8 0 1
BITFIELD K OVERFLOW SAT GET u8 0|BITFIELD K GET u8 0 INCRBY u8 0 1|BITFIELD_RO K GET u8 0|BITFIELD K GET u8
GEORADIUS K 1 2 3 m|GEORADIUS K 1 2 3 m STORE K|GEORADIUS K 1 2 3 m STORE K STOREDIST K|GEORADIUS K 1 2 3 m COUNT 1 STORE
GEORADIUSBYMEMBER K W 3 m STORE K|GEORADIUSBYMEMBER K STORE 3 m|GEORADIUS_RO K 1 2 3 m|GEOSEARCHSTORE K K FROMMEMBER W BYBOX 1 1 m ASC
ZUNIONSTORE K 2 K K|ZUNIONSTORE K N K K K|ZINTERSTORE K 1 K WEIGHTS 1|ZDIFFSTORE K N K|ZUNION 2 K K|ZINTER N K K|ZDIFF 1 K|ZINTERCARD 2 K K
ZUNION N K K WITHSCORES|ZRANGESTORE K K 0 1|SINTERCARD N K K|SINTERCARD 1 K LIMIT 1|LMPOP N K K LEFT|ZMPOP 2 K K MIN|BLMPOP 0 N K K LEFT
BZMPOP 0 2 K K MIN|BLPOP K K 0|BRPOP K 0|BZPOPMIN K K K 0|BLMOVE K K LEFT RIGHT 0|BRPOPLPUSH K K 0|LMOVE K K LEFT LEFT|RPOPLPUSH K K
XREAD STREAMS K 0|XREAD COUNT 1 STREAMS K K 0 0|XREAD BLOCK 0 STREAMS K K K 0|XREADGROUP GROUP g c STREAMS K >|XREADGROUP GROUP STREAMS c STREAMS K K > >
XREADGROUP GROUP g c NOACK COUNT 1 STREAMS K >|XINFO STREAM K|XINFO GROUPS K|XGROUP CREATE K g $|XADD K * a 1|XAUTOCLAIM K g c 0 0|XACK K g 0-1
MIGRATE h 1 K 0 1|MIGRATE h 1 K 0 1 COPY AUTH K|MIGRATE h 1 K 0 1 KEYS K K|MIGRATE h 1 ~ 0 1 KEYS K K K|MIGRATE h 1 ~ 0 1 AUTH2 u KEYS KEYS K
COPY K K|COPY K K REPLACE|RENAME K K|RENAMENX K K|SMOVE K K W|SDIFFSTORE K K K|SUNIONSTORE K K|PFMERGE K K K|PFCOUNT K K|BITOP AND K K K|LCS K K|LCS K K LEN
MSET K W K W|MSETNX K W|MSET K W K|MGET K K K|DEL K K|UNLINK K|EXISTS K K|TOUCH K|WATCH K K|MEMORY USAGE K|MEMORY USAGE K SAMPLES 1|OBJECT ENCODING K|OBJECT FREQ K
DEBUG OBJECT K|DUMP K|RESTORE K 0 W|GETDEL K|GETEX K EX 10|GETSET K W|APPEND K W|INCR K|STRLEN K|TYPE K|EXPIRE K N|TTL K|PERSIST K|SETRANGE K N W|SUBSTR K 0 1
HSET K W W|HGETALL K|HINCRBY K W N|HRANDFIELD K|HSTRLEN K W|LPUSH K W|LRANGE K 0 1|LSET K 0 W|SADD K W|SPOP K|SISMEMBER K W|ZADD K 1 W|ZINCRBY K 1 W|ZPOPMIN K|ZSCORE K W
GETBIT K 0|SETBIT K 0 1|BITCOUNT K|BITPOS K 1|PFADD K W|GEOADD K 1 2 W|GEODIST K W W|GEOPOS K W|GEOSEARCH K FROMMEMBER W BYRADIUS 1 m
PUBLISH C W|SPUBLISH C W|SUBSCRIBE C|SUBSCRIBE C C C|SSUBSCRIBE C C|PSUBSCRIBE P|PSUBSCRIBE P P|UNSUBSCRIBE C|PUNSUBSCRIBE P|PUBSUB CHANNELS P|PUBSUB NUMSUB C
SELECT 0|SELECT 1|CONFIG GET W|CONFIG SET W W|CLIENT LIST|CLIENT KILL W|ACL WHOAMI|ACL LOG|PING|PING W|INFO W|KEYS P|SCAN 0|RANDOMKEY|DBSIZE|FLUSHDB|SWAPDB 0 1|MOVE K 1|ECHO W|AUTH W|HELLO 3
`
  .trim()
  .split(/[|\n]/)
  .map((line) => line.split(" "));

export class Generator {
  readonly #dice: Dice;
  readonly #known: readonly Known[];

  constructor(dice: Dice, known: readonly Known[]) {
    this.#dice = dice;
    this.#known = known;
  }

  /** What follows `ACL SETUSER name`: about one in ten has something wrong in it. */
  rules(): string[] {
    const dice = this.#dice;
    const rules: string[] = [];
    if (dice.chance(0.6)) rules.push(dice.pick(["+@all", "allcommands", "+@all", `+@${dice.pick(CATEGORIES)}`]));
    if (dice.chance(0.2)) rules.push(dice.pick(["allkeys", "~*"]));
    if (dice.chance(0.2)) rules.push(dice.pick(["allchannels", "&*"]));
    for (let i = dice.int(1, 7); i > 0; i--) rules.push(this.#rule());
    for (let i = dice.chance(0.4) ? dice.int(1, 3) : 0; i > 0; i--) rules.push(this.#selector());
    if (dice.chance(0.08)) rules.splice(dice.int(0, rules.length), 0, this.#strange());
    return rules;
  }

  #selector(): string {
    const dice = this.#dice;
    const rules = [dice.pick(["+@all", "+@read", "+@write", this.#command(), this.#command()])];
    for (let i = dice.int(0, 4); i > 0; i--) rules.push(this.#ofSelector());
    return `(${rules.join(" ")})`;
  }

  #rule(): string {
    const dice = this.#dice;
    if (dice.chance(0.85)) return this.#ofSelector();
    return dice.pick([
      ">pw",
      "nopass",
      "resetpass",
      "<pw",
      "on",
      "off",
      "clearselectors",
      "sanitize-payload",
      "reset",
      "",
    ]);
  }

  #ofSelector(): string {
    const dice = this.#dice;
    const kind = dice.int(0, 19);
    if (kind < 7) return this.#command();
    if (kind < 10) return `${dice.pick(["+", "-"])}@${dice.pick(CATEGORIES)}`;
    if (kind < 16) return `${dice.pick(["~", "~", "%R~", "%W~", "%RW~", "%w~"])}${dice.pick(KEY_PATTERNS)}`;
    if (kind < 18) return `&${dice.pick(CHANNEL_PATTERNS)}`;
    return dice.pick(["resetkeys", "resetchannels", "nocommands", "-@all", "allkeys", "allchannels", "+@all"]);
  }

  #command(): string {
    const dice = this.#dice;
    const sign = dice.pick(["+", "-"]);
    // The commands of the requests more often than the rest.
    const words = dice.chance(0.6) ? dice.pick(TEMPLATES) : dice.pick(this.#known).words;
    const name = this.#oddCase(words[0]!);
    const kind = dice.int(0, 9);
    if (kind < 7) return sign + name;
    return `${sign}${name}|${dice.pick([words[1] ?? "get", words[1] ?? "0", "get", "0", "nothing", "a:1"])}`;
  }

  #strange(): string {
    return this.#dice.pick([
      ...[
        "%~a",
        "%R",
        "%",
        "%RR~x",
        "~a b",
        "& b",
        "@read",
        "+",
        "-",
        "+@",
        "+|x",
        "+config|",
        "+config|set|x",
        "-get|x",
        "(",
        "(+get",
      ],
      ...[
        "+get)",
        "()",
        "(on)",
        "(>x)",
        '("+get)',
        "(allkeys ~x)",
        "#abc",
        "!abc",
        "<nothing",
        "nonsense",
        "-@nothing",
        "+nothing",
        "(+nothing)",
      ],
      ...[
        `#${"a".repeat(64)}`,
        `!${"a".repeat(64)}`,
        `#${"A".repeat(64)}`,
        "RESET",
        "AllKeys",
        "+GET",
        "-@READ",
        "+Client|NoSuch",
        "~\t",
        "+get|x|y",
      ],
    ]);
  }

  request(): string[] {
    const dice = this.#dice;
    const words = dice.chance(0.75) ? dice.pick(TEMPLATES).map((word) => this.#filled(word)) : this.#anything();
    words[0] = this.#oddCase(words[0]!);
    if (dice.chance(0.12)) words.splice(dice.int(1, words.length), dice.int(0, 1), this.#word());
    if (dice.chance(0.05) && words.length > 1) words.pop();
    return words;
  }

  #anything(): string[] {
    const { words, arity } = this.#dice.pick(this.#known);
    const count = arity > 0 ? arity : -arity + this.#dice.int(0, 3);
    const request = [...words];
    while (request.length < count) request.push(this.#word());
    return request;
  }

  #filled(word: string): string {
    if (word === "~") return "";
    const draw = { K: KEYS, C: CHANNELS, P: [...CHANNELS, ...CHANNEL_PATTERNS], N: NUMBERS }[word];
    if (draw) return this.#dice.pick(draw);
    return word === "W" ? this.#word() : word;
  }

  #word(): string {
    return this.#dice.pick([KEYS, KEYS, NUMBERS, OPTIONS, CHANNELS].map((words) => this.#dice.pick(words)));
  }

  #oddCase(word: string): string {
    return this.#dice.chance(0.7) ? word.toLowerCase() : this.#dice.chance(0.5) ? word.toUpperCase() : word;
  }
}
