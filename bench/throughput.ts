/** redis-benchmark against each contender in turn: requests a second, and processor time a request. */
import { type Contender, RunningServer } from "./contender.ts";
import { redisBenchmark } from "./redis-benchmark.ts";
import { type SpeedRow, speedTable } from "./speed-table.ts";
import { median } from "./statistics.ts";

const TESTS = ["set", "get", "incr", "mset"] as const;
const PIPELINES = [1, 16, 64] as const;

/** What the project promises of itself against redis-server. */
function goal(test: string, pipeline: number): number {
  if (pipeline === 1) return 0.95;
  return test === "mset" ? 1 : 1.3;
}

function requestCount(test: string, pipeline: number, quick: boolean): number {
  const count = pipeline === 1 ? 200_000 : pipeline === 16 ? 1_500_000 : 2_500_000;
  // An MSET of redis-benchmark sets ten keys.
  return Math.round((count / (quick ? 4 : 1)) * (test === "mset" ? 0.25 : 1));
}

export async function measureThroughput(contenders: readonly Contender[], quick: boolean): Promise<SpeedRow[]> {
  const rounds = quick ? 3 : 5;
  const rows: SpeedRow[] = [];
  for (const pipeline of PIPELINES) {
    const servers = await Promise.all(contenders.map((contender) => RunningServer.start(contender)));
    try {
      for (const test of TESTS) {
        const count = requestCount(test, pipeline, quick);
        // Code that is compiled while it runs is measured when it is compiled.
        for (const server of servers) await benchmark(server, test, pipeline, count / 4);
        const run = (server: RunningServer) => benchmark(server, test, pipeline, count);
        rows.push({ test, pipeline, ...(await compare(contenders, servers, run, count, rounds)) });
        process.stderr.write(".");
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  }
  process.stderr.write("\n");
  return rows;
}

/** Runs `count` requests against each in turn, several times. */
export async function compare(
  contenders: readonly Contender[],
  servers: readonly RunningServer[],
  run: (server: RunningServer) => Promise<number>,
  count: number,
  rounds: number,
): Promise<Omit<SpeedRow, "test" | "pipeline">> {
  const speeds: Record<string, number[]> = {};
  const cpu: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes: a machine that warms up or slows down favours nobody.
    const order = contenders.map((_, i) => (i + round) % contenders.length);
    for (const i of order) {
      const server = servers[i]!;
      const before = server.cpuMicros();
      const speed = await run(server);
      (speeds[contenders[i]!.name] ??= []).push(speed);
      (cpu[contenders[i]!.name] ??= []).push((server.cpuMicros() - before) / count);
    }
  }
  const medians = (of: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(of).map(([name, values]) => [name, median(values)]));
  return { requestsPerSecond: medians(speeds), cpuMicrosPerRequest: medians(cpu), rounds: speeds };
}

function benchmark(server: RunningServer, test: string, pipeline: number, count: number): Promise<number> {
  return redisBenchmark({ port: server.port, words: ["-t", test], pipeline, count });
}

export function throughputTable(rows: readonly SpeedRow[], contenders: readonly Contender[]): string {
  return speedTable(rows, contenders, goal);
}
