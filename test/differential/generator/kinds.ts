/**
 * The kinds of words that commands take: keys by what they usually hold, numbers, ranges, times, ids. Each is mostly
 * sound, sometimes at an edge and sometimes wrong. What would make the servers answer by the clock (a key that expires
 * in a while, a score that sums differently by order) is kept out of here.
 */
import type { Dice } from "./dice.ts";

/** What a generator knows while it makes a command. */
export interface Scene {
  readonly dice: Dice;
  /** The key that was drawn last. */
  key: string;
  /** How many keys the last list of keys had. */
  count: number;
  /** Grows with every stream entry, so that most ids are new. */
  clock: number;
  /** Whether keys may expire while the script runs: where only the outcome counts, and no reply. */
  readonly live: boolean;
  /** DUMPs of values of all types, for RESTORE. */
  readonly payloads: readonly string[];
}

export type Kind = (scene: Scene) => string | readonly string[];

/** How many keys there are of what is usually of one type. */
const POPULATION: Readonly<Record<string, number>> = {
  str: 5,
  num: 4,
  bits: 3,
  hll: 4,
  list: 4,
  hash: 4,
  set: 6,
  zset: 4,
  stream: 3,
  odd: 2,
};
const TYPES = Object.keys(POPULATION);
/** Keys that no generic command writes to: texts stay short, members have one score, and places different distances. */
const GUARDED = ["text", "lex", "geo"];

const ODD_KEYS = ["", "\x00\xff\r\n"];
const keyNames = (type: string, count: number) =>
  type === "odd" ? ODD_KEYS.slice(0, count) : Array.from({ length: count }, (_, i) => `${type}:${i}`);

/** Every name that a key may have. */
export const allKeys: readonly string[] = [
  ...TYPES.flatMap((type) => keyNames(type, POPULATION[type]!)),
  ...GUARDED.flatMap((type) => keyNames(type, 3)),
  ...keyNames("none", 3),
];

function anyKey({ dice }: Scene): string {
  if (dice.chance(0.05)) return `none:${dice.int(0, 2)}`;
  const type = dice.pick(TYPES);
  return type === "odd" ? dice.pick(ODD_KEYS) : `${type}:${dice.int(0, POPULATION[type]! - 1)}`;
}

/** Mostly a key that holds such a value. */
function keyOf(type: string): (scene: Scene) => string {
  return (scene) => {
    const { dice } = scene;
    return (scene.key = dice.chance(0.06) ? anyKey(scene) : `${type}:${dice.int(0, POPULATION[type]! - 1)}`);
  };
}

/** A guarded key; when it is wrong, then by a type that reads it in vain. */
function guarded(type: string, wrong: readonly string[]): (scene: Scene) => string {
  return (scene) => (scene.key = scene.dice.chance(0.06) ? scene.dice.pick(wrong) : `${type}:${scene.dice.int(0, 2)}`);
}

/** A count and as many keys: `numkeys key [key ...]`. */
function counted(key: (scene: Scene) => string): Kind {
  return (scene) => {
    const { dice } = scene;
    const keys = Array.from({ length: dice.int(1, 4) }, () => key(scene));
    scene.count = keys.length;
    const said = dice.chance(0.96) ? `${keys.length}` : dice.pick(["0", "-1", "9", "x", "", `${keys.length + 1}`]);
    return [said, ...keys];
  };
}

const EDGE_INTEGERS = ["9223372036854775807", "-9223372036854775808", "9223372036854775806", "4294967296"];
/** None of these is a whole number for Redis. */
const NO_INTEGERS = [
  "9223372036854775808",
  "abc",
  "",
  " 1",
  "1 ",
  "+1",
  "01",
  "0x10",
  "1e3",
  "1.5",
  "-",
  "nan",
  "\x001",
];
const NO_FLOATS = ["abc", "", " 1", "1 ", "1e", "--1", "nan", "1,5", "0x", "\x00", "in", "1.5\x00"];
const EDGE_FLOATS = ["inf", "-inf", "+inf", "1e308", "-1e308", "INF", "infinity", "0x10", "+5", "1e2", ".5", "5."];

/** A number of a range; sometimes at the edge of 64 bits; sometimes none at all. */
function integer(least: number, most: number, edges: readonly string[] = EDGE_INTEGERS): Kind {
  return ({ dice }) => {
    if (dice.chance(0.92)) return `${dice.int(least, most)}`;
    return dice.chance(0.5) && edges.length > 0 ? dice.pick(edges) : dice.pick(NO_INTEGERS);
  };
}

/** Quarters, whose sums are exact in whatever order they are added. */
function quarters(least: number, most: number): Kind {
  return ({ dice }) => {
    if (dice.chance(0.93)) return `${dice.int(least * 4, most * 4) / 4}`;
    return dice.pick(dice.chance(0.5) ? EDGE_FLOATS : NO_FLOATS);
  };
}

const TEXTS = ["a", "hello", "world", "foobar", "x".repeat(44), "y".repeat(45), "\x00\xff\x80", "\r\n", "é", " "];
const VALUES: Kind = ({ dice }) => {
  const kind = dice.int(0, 99);
  if (kind < 40) return `v${dice.int(0, 60)}`;
  if (kind < 60) return `${dice.int(-1000, 1000)}`;
  if (kind < 75) return dice.pick(TEXTS);
  if (kind < 80) return dice.pick([...EDGE_INTEGERS, ...NO_INTEGERS]);
  if (kind < 85) return "";
  if (kind < 95) return `${dice.int(0, 9)}`.repeat(dice.int(50, 120));
  if (kind < 99) return Array.from({ length: dice.int(1, 40) }, () => String.fromCharCode(dice.int(0, 255))).join("");
  return "abcdefgh".repeat(dice.int(100, 700));
};

/** What stands in sets, sorted sets and hashes: from few enough to meet again, and from many. */
const MEMBERS: Kind = (scene) => {
  const { dice, key } = scene;
  // Some sets hold numbers only, mostly.
  if (/^set:[345]/.test(key) && dice.chance(0.98)) {
    return `${dice.chance(0.9) ? dice.int(-40, 600) : dice.pick([40_000, -40_000, 3_000_000_000, Number.MAX_SAFE_INTEGER])}`;
  }
  const kind = dice.int(0, 99);
  if (kind < 55) return `m${dice.int(0, 11)}`;
  if (kind < 80) return `w:${dice.int(0, 300)}`;
  if (kind < 92) return `${dice.int(-20, 20)}`;
  if (kind < 94) return "";
  if (kind < 96) return dice.pick(EDGE_INTEGERS);
  if (kind < 98) return "z".repeat(dice.int(60, 70));
  return dice.pick(TEXTS);
};

/** A time to live that no run is long enough to see the end of, or one that ended long ago. */
function lifetime(unit: 1 | 1000): Kind {
  return ({ dice, live }) => {
    if (live && unit === 1000 && dice.chance(0.5)) return `${dice.int(1, 60)}`;
    const kind = dice.int(0, 99);
    if (kind < 86) return `${dice.int(10_000, 9_000_000) * unit + (unit === 1 ? 0 : dice.int(0, 999))}`;
    if (kind < 90) return `${-dice.int(1, 1000)}`;
    if (kind < 92) return "0";
    return dice.pick([...EDGE_INTEGERS, ...NO_INTEGERS]);
  };
}

/** The last moment that both can name: nines keeps moments as whole numbers below 2^53, which are 285,000 years. */
const LAST_MOMENT = "9007199254740991";

/** A moment between 2050 and 2100, or before now unless `onlyLater`. */
function moment(unit: 1 | 1000, onlyLater = false): Kind {
  return ({ dice }) => {
    const kind = dice.int(0, 99);
    if (kind < 86 || (onlyLater && kind < 92)) return `${dice.int(2_524_608_000, 4_102_444_800) * unit}`;
    if (kind < 92) return `${dice.int(1, 1_500_000_000) * unit}`;
    const edges = unit === 1 ? EDGE_INTEGERS : [LAST_MOMENT, "-9223372036854775808"];
    return dice.pick(["0", "-1", ...edges, ...NO_INTEGERS]);
  };
}

/** An id of about the present of the streams. */
function streamId({ dice, clock }: Scene): string {
  const ms = dice.int(Math.max(0, clock - 40), clock + 2);
  return dice.chance(0.3) ? `${ms}` : `${ms}-${dice.int(0, 2)}`;
}
const NO_IDS = ["", "abc", "1-", "-1", "1-1-1", "1-x", "18446744073709551616", "0x1-1", "(", "1 -1", "*-1"];
const EDGE_IDS = ["0", "0-0", "0-1", "18446744073709551615", "18446744073709551615-18446744073709551615"];

function badId({ dice }: Scene): string {
  return dice.pick(dice.chance(0.5) ? NO_IDS : EDGE_IDS);
}

function idOf(special: readonly string[]): Kind {
  return (scene) => {
    const { dice } = scene;
    if (special.length > 0 && dice.chance(0.3)) return dice.pick(special);
    return dice.chance(0.06) ? badId(scene) : streamId(scene);
  };
}

function newId(scene: Scene): string {
  const { dice } = scene;
  const kind = dice.int(0, 99);
  if (kind < 60) return `${++scene.clock}-${dice.int(0, 2)}`;
  if (kind < 70) return `${scene.clock}-*`;
  if (kind < 80) return `${++scene.clock}`;
  if (kind < 88) return `${scene.clock}-${dice.int(0, 9)}`;
  if (kind < 91) return "*";
  return dice.chance(0.9) ? streamId(scene) : badId(scene);
}

const streamKey = keyOf("stream");

/** `STREAMS key ... id ...`: as many of one as of the other, mostly. */
function streams(ids: readonly string[]): Kind {
  const id = idOf(ids);
  return (scene) => {
    const { dice } = scene;
    const many = dice.int(1, 3);
    const keys = Array.from({ length: many }, () => streamKey(scene));
    return [...keys, ...Array.from({ length: dice.chance(0.97) ? many : dice.int(0, 3) }, () => id(scene) as string)];
  };
}

const bound =
  (inner: Kind, prefixes: readonly string[], special: readonly string[]): Kind =>
  (scene) =>
    scene.dice.chance(0.25) ? scene.dice.pick(special) : scene.dice.pick(prefixes) + (inner(scene) as string);

const GLOBS = [
  "*",
  "m*",
  "w:1*",
  "?",
  "[0-9]*",
  "[^m]*",
  "*[a-",
  "\\*",
  "",
  "m[0-5]",
  "**",
  "*:*",
  "str:?",
  "h*",
  "[a-]*",
];
const PATTERNS = ["str:*", "num:*", "none:*", "hash:*->m1", "hash:0->*", "nosort", "weight", "*", "num:*->", "#"];
const scores = quarters(-20, 20);
const timeouts: Kind = ({ dice, live }) =>
  live
    ? dice.pick(["0.03", "0.01", "0.001"])
    : dice.chance(0.9)
      ? dice.pick(["0.001", "0.01", "0.002", "1e-3"])
      : dice.pick(["-1", "abc", "", "nan", "1e400", "-2.5"]);

const anyOf =
  (...words: readonly string[]): Kind =>
  ({ dice }) =>
    dice.pick(words);

export const kinds: Readonly<Record<string, Kind>> = {
  // Keys
  key: (scene) => (scene.key = anyKey(scene)),
  keys: (scene) => Array.from({ length: scene.dice.int(1, 4) }, () => anyKey(scene)),
  ...Object.fromEntries(TYPES.filter((type) => type !== "odd").map((type) => [type, keyOf(type)])),
  text: guarded("text", ["list:0", "hash:0", "none:0"]),
  geo: guarded("geo", ["text:0", "none:8"]),
  lex: guarded("lex", ["text:0", "none:9"]),
  numsets: counted(keyOf("set")),
  numzsets: counted((scene) => keyOf(scene.dice.chance(0.8) ? "zset" : "set")(scene)),
  numlists: counted(keyOf("list")),
  numfields: counted((scene) => MEMBERS(scene) as string),

  // Values and numbers
  value: VALUES,
  member: MEMBERS,
  int: integer(-20, 20),
  // Of a BITFIELD that only failed redis-server tells its replicas nothing, though it has made the string longer.
  overflow: ({ dice, live }) => dice.pick(live ? ["WRAP", "SAT"] : ["WRAP", "SAT", "FAIL", "FOO"]),
  // Beyond 2^62 redis-server's test for overflow overflows itself.
  fieldint: integer(-300, 300, ["4294967296", "-4294967296", "4611686018427387903"]),
  small: integer(0, 12),
  count: integer(-6, 6, ["1000000", "-100"]),
  positive: integer(1, 8, ["0", "-1", "1000000"]),
  index: integer(-12, 12),
  float: quarters(-100, 100),
  score: scores,
  // More than zero: zero times less than that is -0, which a packed sorted set of 7.2 does not tell from 0.
  weight: ({ dice }) => `${dice.pick([0.25, 0.5, 1, 1.25, 2, 3])}`,
  weights: (scene) =>
    Array.from(
      { length: scene.dice.chance(0.95) ? scene.count : scene.count + scene.dice.pick([-1, 1]) },
      () => kinds["weight"]!(scene) as string,
    ),
  any: ({ dice }) => dice.pick([...TEXTS, ...EDGE_INTEGERS, ...NO_INTEGERS, ...EDGE_FLOATS, "*", "0", "1"]),

  // Ranges and patterns
  scorebound: bound(scores, ["", "", "("], ["-inf", "+inf", "inf", "(inf", "(-inf", "[1"]),
  lexbound: bound(MEMBERS, ["[", "(", "[", "(", ""], ["-", "+", "[", "("]),
  glob: anyOf(...GLOBS),
  pattern: anyOf(...PATTERNS),
  nosort: anyOf("nosort"),
  type: anyOf("string", "list", "set", "zset", "hash", "stream", "nosuch", "STRING"),
  cursor: ({ dice }) => (dice.chance(0.9) ? "0" : dice.pick(["17", "abc", "-1", "18446744073709551616", " 0"])),
  // A whole walk at once: steps of one have other cursors on the other side.
  all: ({ dice }) => (dice.chance(0.8) ? "1000000" : dice.pick(["1", "10", "0", "-1", "abc"])),

  // Bits of strings; none so far away that a value grows without bounds
  offset: integer(0, 300, ["-1", "536870912", "4294967296", "9223372036854775807"]),
  bitoffset: integer(0, 1500, ["-1", "4294967296", "9223372036854775807"]),
  bit: integer(0, 1, ["2", "-1"]),
  bitpos: ({ dice }) =>
    `${dice.chance(0.2) ? "#" : ""}${integer(0, 100, ["-1", "4294967296"])({ dice } as Scene) as string}`,
  bittype: ({ dice }) =>
    dice.chance(0.9)
      ? dice.pick(["u", "i"]) + dice.int(1, 63)
      : dice.pick(["u64", "i64", "u0", "i65", "x8", "u", "", "u08"]),

  // Times
  seconds: lifetime(1),
  millis: lifetime(1000),
  unixseconds: moment(1),
  unixmillis: moment(1000),
  // A key that is set as expired already is gone at once here, and when it is looked at there.
  latersecond: moment(1, true),
  latermilli: moment(1000, true),
  restorettl: ({ dice }) => (dice.chance(0.7) ? "0" : dice.pick(["1000000000", "-1", "abc", "9223372036854775808"])),
  timeout: timeouts,
  blockms: ({ dice }) => (dice.chance(0.9) ? dice.pick(["1", "2", "5"]) : dice.pick(["-1", "abc", "1.5", ""])),

  // Streams
  newid: newId,
  id: idOf([]),
  idstart: bound(streamId as Kind, ["", "", "("], ["-", "0", "(-", "+"]),
  idend: bound(streamId as Kind, ["", "", "("], ["+", "+", "(+", "-"]),
  // Not so many that one more is a number below zero.
  entriesread: integer(-3, 20, ["4294967296"]),
  // Before the top item it is refused, and before a deleted one by 7.2 alone.
  laterid: ({ dice, clock }) => `${clock + dice.int(0, 1)}-9`,
  lastid: idOf(["0", "$"]),
  streams: streams(["0", "$", "0-0", "+"]),
  streamsnew: streams([">", ">", ">", "0", "$"]),
  group: anyOf("g1", "g2", "g1", "g1", "g2", "nogroup"),
  consumer: anyOf("alice", "bob", "carol", ""),
  // Nothing is idle for long, everything is idle for longer than nothing.
  idle: ({ dice }) =>
    dice.chance(0.9) ? dice.pick(["0", "0", "100000000"]) : dice.pick(["-1", "abc", "9223372036854775807"]),

  // Geo
  longitude: ({ dice }) =>
    dice.chance(0.93) ? `${dice.int(-180_000, 180_000) / 1000}` : dice.pick(["181", "-180.1", ...NO_FLOATS]),
  latitude: ({ dice }) =>
    dice.chance(0.93) ? `${dice.int(-85_000, 85_000) / 1000}` : dice.pick(["86", "-90", ...NO_FLOATS]),
  radius: ({ dice }) => (dice.chance(0.93) ? `${dice.int(0, 9000)}` : dice.pick(["-1", "0", "1e9", ...NO_FLOATS])),
  unit: ({ dice }) => (dice.chance(0.95) ? dice.pick(["m", "km", "ft", "mi", "KM"]) : dice.pick(["cm", ""])),

  db: ({ dice }) => (dice.chance(0.9) ? `${dice.int(0, 2)}` : dice.pick(["-1", "16", "abc", "1.0", "99999999999"])),
  payload: ({ dice, payloads }) => dice.pick(payloads),
};
