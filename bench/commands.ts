/** Every test of redis-benchmark, and three of our own, without pipelining and with pipelines of 16. */
import { type Contender, RunningServer } from "./contender.ts";
import { Filler, fillCommands } from "./filling.ts";
import { redisBenchmark } from "./redis-benchmark.ts";
import { type SpeedRow, speedTable } from "./speed-table.ts";
import { median } from "./statistics.ts";

interface Test {
  readonly name: string;
  readonly words: readonly string[];
  /** What fills the data that the test takes from: as many as it takes. */
  readonly filledBy?: readonly string[];
  /** Other data that it needs, once. */
  readonly needs?: () => Iterable<readonly string[]>;
  readonly keyspace?: number;
  /** How much longer a request takes than a GET, roughly: so that no test lasts longer than others. */
  readonly cost?: number;
}

/** So many different elements and keys. */
const KEYSPACE = 100_000;
/** Elements of the set and sorted set that are popped from: so many that they last. */
const MANY = 100_000_000;

const test = (name: string, rest: Partial<Test> = {}): Test => ({ name, words: ["-t", name], ...rest });
const lrange = (count: number) => test(`lrange_${count}`, { cost: count / 15 });

const TESTS: readonly Test[] = [
  test("ping_inline"),
  test("ping_mbulk"),
  test("set"),
  test("get"),
  test("incr"),
  test("lpush"),
  test("rpush"),
  test("lpop", { filledBy: ["-t", "lpush"] }),
  test("rpop", { filledBy: ["-t", "rpush"] }),
  test("sadd", { keyspace: KEYSPACE }),
  test("hset", { keyspace: KEYSPACE }),
  test("spop", { filledBy: ["-t", "sadd"], keyspace: MANY }),
  test("zadd", { keyspace: KEYSPACE, cost: 2 }),
  test("zpopmin", { filledBy: ["-t", "zadd"], keyspace: MANY, cost: 2 }),
  lrange(100),
  lrange(300),
  lrange(500),
  lrange(600),
  test("mset", { cost: 4 }),
  { name: "xadd", words: ["XADD", "stream", "*", "field", "value:0000000000"], cost: 1.5 },
  {
    name: "hgetall of 20 fields",
    words: ["HGETALL", "hash"],
    needs: () => fillCommands("hash", 20),
    cost: 2,
  },
  {
    name: "zrangebyscore limit 10",
    words: ["ZRANGEBYSCORE", "zset", "__rand_int__", "+inf", "LIMIT", "0", "10"],
    needs: () => fillCommands("zset", KEYSPACE),
    keyspace: 1_000_000,
    cost: 2,
  },
];
const PIPELINES = [1, 16] as const;

export async function measureCommands(contenders: readonly Contender[], quick: boolean): Promise<SpeedRow[]> {
  const rows: SpeedRow[] = [];
  for (const pipeline of PIPELINES)
    for (const test of TESTS) {
      const servers = await Promise.all(contenders.map((contender) => RunningServer.start(contender)));
      try {
        rows.push(await measureTest(contenders, servers, test, pipeline, quick));
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
      process.stderr.write(".");
    }
  process.stderr.write("\n");
  return rows;
}

async function measureTest(
  contenders: readonly Contender[],
  servers: readonly RunningServer[],
  test: Test,
  pipeline: number,
  quick: boolean,
): Promise<SpeedRow> {
  const count = Math.round((pipeline === 1 ? 200_000 : 1_000_000) / (test.cost ?? 1) / (quick ? 8 : 1));
  const speeds: Record<string, number[]> = {};
  const cpu: Record<string, number[]> = {};
  // Code that is compiled while it runs is measured when it is compiled.
  const warmUp = Math.max(count / 4, 50_000 / (test.cost ?? 1));
  for (const server of servers) await once(server, test, pipeline, warmUp);
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    const order = contenders.map((_, i) => (i + round) % contenders.length);
    for (const i of order) {
      const { speed, cpuMicros } = await once(servers[i]!, test, pipeline, count);
      (speeds[contenders[i]!.name] ??= []).push(speed);
      (cpu[contenders[i]!.name] ??= []).push(cpuMicros / count);
    }
  }
  const medians = (of: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(of).map(([name, values]) => [name, median(values)]));
  return {
    test: test.name,
    pipeline,
    requestsPerSecond: medians(speeds),
    cpuMicrosPerRequest: medians(cpu),
    rounds: speeds,
  };
}

/** From an empty server, so that each round finds the same. */
async function once(server: RunningServer, test: Test, pipeline: number, count: number) {
  const { port } = server;
  const filler = await Filler.open(port);
  await filler.call("FLUSHALL");
  if (test.needs) await filler.all(test.needs());
  filler.close();
  const { keyspace } = test;
  if (test.filledBy) await redisBenchmark({ port, words: test.filledBy, pipeline: 16, count, keyspace });
  const before = server.cpuMicros();
  const speed = await redisBenchmark({ port, words: test.words, pipeline, count, keyspace });
  return { speed, cpuMicros: server.cpuMicros() - before };
}

export function commandsTable(rows: readonly SpeedRow[], contenders: readonly Contender[]): string {
  return speedTable(rows, contenders, () => 1);
}
