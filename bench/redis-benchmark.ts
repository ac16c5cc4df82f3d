/** One run of redis-benchmark with 50 connections: requests a second. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface BenchmarkRun {
  readonly port: number;
  /** `-t name`, or a command of its own. */
  readonly words: readonly string[];
  readonly pipeline: number;
  readonly count: number;
  /** Random numbers below this stand for `__rand_int__`. */
  readonly keyspace?: number;
}

export async function redisBenchmark({ port, words, pipeline, count, keyspace }: BenchmarkRun): Promise<number> {
  const random = keyspace === undefined ? [] : ["-r", keyspace];
  const common = ["-h", "127.0.0.1", "-p", port, "-c", 50, "-P", pipeline, "-n", Math.round(count), ...random, "--csv"];
  const { stdout } = await run("redis-benchmark", [...common, ...words].map(String));
  // Some tests fill their data first, which is a row of its own.
  const row = stdout.trim().split("\n").at(-1)!;
  const speed = Number(
    row
      .slice(row.indexOf('",') + 2)
      .split(",")[0]!
      .replaceAll('"', ""),
  );
  if (!(speed > 0)) throw new Error(`redis-benchmark said: ${stdout}`);
  return speed;
}
