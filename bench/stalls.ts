/** Operations on very large values: how long another client waits meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { infoFields } from "../src/client/replies.ts";
import { type Contender, RunningServer } from "./contender.ts";
import { element, Filler, fillCommands, type ValueType } from "./filling.ts";
import { probe } from "./prober.ts";
import { formatTable, ratio } from "./table.ts";
import { measureWhole, WHOLE_TYPES } from "./whole-values.ts";

export interface StallsRow {
  readonly type: ValueType;
  readonly elements: number;
  readonly operation: string;
  /** By contender: the slowest answer, and how long the operation took. */
  readonly slowestMs: Record<string, number>;
  readonly tookMs: Record<string, number>;
}

const TYPES: readonly ValueType[] = ["zset", "hash", "list", "set"];
/** An operation is done so often, each on another element. */
const TIMES = 500;

type Operation = (filler: Filler, count: number) => Promise<void>;

/** On elements that are spread over the whole value. */
function spread(words: (number: number, count: number) => string[]): Operation {
  return async (filler, count) => {
    for (let i = 0; i < TIMES; i++) await filler.call(...words(Math.floor((i * count) / TIMES), count));
  };
}

const EACH: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  zset: {
    add: spread((i, n) => ["ZADD", "zset", `${i}`, element(n + i)]),
    "change a score": spread((i) => ["ZINCRBY", "zset", "1000", element(i)]),
    rank: spread((i) => ["ZRANK", "zset", element(i)]),
    "range by rank": spread((i) => ["ZRANGE", "zset", `${i}`, `${i + 9}`]),
    remove: spread((i) => ["ZREM", "zset", element(i)]),
    pop: spread(() => ["ZPOPMIN", "zset"]),
  },
  hash: {
    add: spread((i, n) => ["HSET", "hash", element(n + i), "value"]),
    get: spread((i) => ["HGET", "hash", element(i)]),
    remove: spread((i) => ["HDEL", "hash", element(i)]),
    "random field": spread(() => ["HRANDFIELD", "hash"]),
  },
  list: {
    add: spread((i) => ["RPUSH", "list", element(i)]),
    index: spread((i) => ["LINDEX", "list", `${i}`]),
    set: spread((i) => ["LSET", "list", `${i}`, "another"]),
    pop: spread(() => ["LPOP", "list"]),
  },
  set: {
    add: spread((i, n) => ["SADD", "set", element(n + i)]),
    remove: spread((i) => ["SREM", "set", element(i)]),
    pop: spread(() => ["SPOP", "set"]),
  },
};

async function snapshot(filler: Filler): Promise<void> {
  await filler.call("BGSAVE");
  while (infoFields(await filler.call("INFO", "persistence")).get("rdb_bgsave_in_progress") !== "0") await sleep(50);
}

/** Until the key is gone and what it held is free. */
async function untilFreed(filler: Filler): Promise<void> {
  for (;;) {
    const pending = infoFields(await filler.call("INFO", "memory")).get("lazyfree_pending_objects");
    if (pending === "0" && (await filler.call("DBSIZE")) === 0) break;
    await sleep(20);
  }
}

/** Each needs the value anew. */
const ENDS: Readonly<Record<string, (filler: Filler, key: string) => Promise<void>>> = {
  DEL: async (filler, key) => {
    await filler.call("DEL", key);
    await untilFreed(filler);
  },
  UNLINK: async (filler, key) => {
    await filler.call("UNLINK", key);
    await untilFreed(filler);
  },
  "the key expires": async (filler, key) => {
    await filler.call("PEXPIRE", key, "50");
    await untilFreed(filler);
  },
};

export async function measureStalls(contenders: readonly Contender[], quick: boolean): Promise<StallsRow[]> {
  const elements = Number(process.env["NINES_BENCH_ELEMENTS"] ?? (quick ? 500_000 : 10_000_000));
  const rows: StallsRow[] = [];
  for (const type of TYPES) {
    const byOperation = new Map<string, StallsRow>();
    for (const contender of contenders) await measureType(contender, type, elements, byOperation);
    rows.push(...byOperation.values());
    process.stderr.write(".");
  }
  // Single commands that go through all of a value take long on any server: a tenth of the elements shows it.
  for (const type of WHOLE_TYPES) {
    const byOperation = new Map<string, StallsRow>();
    for (const contender of contenders) await measureWhole(contender, type, elements / 10, byOperation);
    rows.push(...byOperation.values());
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return rows;
}

async function measureType(
  contender: Contender,
  type: ValueType,
  elements: number,
  rows: Map<string, StallsRow>,
): Promise<void> {
  const server = await RunningServer.start(contender);
  const filler = await Filler.open(server.port);
  const timed = async (operation: string, during: () => Promise<void>) => {
    // What went before is not to be measured: the machine calms down first.
    await sleep(200);
    const startedAt = performance.now();
    let tookMs = 0;
    const { slowestMs } = await probe(server.port, async () => {
      await during();
      tookMs = performance.now() - startedAt;
      // A quick one is to have some samples too.
      await sleep(20);
    });
    let row = rows.get(operation);
    if (row === undefined) rows.set(operation, (row = { type, elements, operation, slowestMs: {}, tookMs: {} }));
    row.slowestMs[contender.name] = slowestMs;
    row.tookMs[contender.name] = tookMs;
  };
  try {
    await timed("grow from nothing", () => filler.all(fillCommands(type, elements)));
    for (const [name, operation] of Object.entries(EACH[type]!))
      await timed(`${TIMES} times ${name}`, () => operation(filler, elements));
    await timed("a snapshot", () => snapshot(filler));
    for (const [name, end] of Object.entries(ENDS)) {
      await timed(name, () => end(filler, type));
      if (name !== Object.keys(ENDS).at(-1)) await filler.all(fillCommands(type, elements));
    }
  } finally {
    filler.close();
    await server.stop();
  }
}

export function stallsTable(rows: readonly StallsRow[], contenders: readonly Contender[]): string {
  const [us, them] = contenders.map(({ name }) => name);
  return formatTable(
    [
      "slowest answer of another client, ms",
      us!,
      ...(them ? [them, "ratio"] : []),
      `${us} took`,
      ...(them ? [`${them} took`] : []),
    ],
    rows.map(({ type, elements, operation, slowestMs: slowest, tookMs: took }) => [
      `${type} of ${elements / 1e6} M: ${operation}`,
      slowest[us!]!.toFixed(1),
      ...(them ? [slowest[them]!.toFixed(1), verdict(slowest[us!]!, slowest[them]!)] : []),
      took[us!]!.toFixed(0),
      ...(them ? [took[them]!.toFixed(0)] : []),
    ]),
  );
}

/** Below this the machine's own noise is all there is to see. */
const NOISE_MS = 5;

function verdict(ours: number, theirs: number): string {
  return `${ratio(ours / theirs)} ${ours <= Math.max(theirs, NOISE_MS) ? "ok" : "HIGH"}`;
}
