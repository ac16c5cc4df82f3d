/** What other clients notice of clients that do a server no good, and what memory these take. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisConnection } from "../src/client/connection.ts";
import { nodeIo } from "../src/io/node-io.ts";
import { type Contender, RunningServer } from "./contender.ts";
import { type Latency, probe } from "./prober.ts";
import { median } from "./statistics.ts";
import { formatTable } from "./table.ts";

export interface StrangersRow {
  readonly stranger: string;
  readonly name: string;
  readonly quiet: Latency[];
  readonly disturbed: Latency[];
  /** Connections that were accepted a second, and the share of a core that the server used, while it was disturbed. */
  readonly connectionsPerSecond: number[];
  readonly load: number[];
  /** The most that the process had resident above what it had before the stranger came. */
  grownBytes: number;
}

const STRANGERS: Readonly<Record<string, string>> = {
  drip: "a byte a second on 1,000 connections",
  "never-read": "never reads its replies, 1 MB each",
  knock: "connects as fast as it can",
};
/** Other clients wait no longer than this many times as long. */
const GOAL = 2;
const OUTPUT_LIMIT = "64mb";
const LARGEST = 1_000_000;

export async function measureStrangers(contenders: readonly Contender[], quick: boolean): Promise<StrangersRow[]> {
  const seconds = quick ? 3 : 8;
  const rounds = quick ? 1 : 3;
  const rows: StrangersRow[] = [];
  for (const stranger of Object.keys(STRANGERS))
    for (const { name } of contenders)
      rows.push({ stranger, name, quiet: [], disturbed: [], connectionsPerSecond: [], load: [], grownBytes: 0 });
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) await measureOne(row, contenders.find(({ name }) => name === row.name)!, seconds);
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return rows;
}

async function measureOne(row: StrangersRow, contender: Contender, seconds: number): Promise<void> {
  const limits = ["--client-output-buffer-limit", `normal ${OUTPUT_LIMIT} 0 0`, "--maxclients", "3000"];
  const server = await RunningServer.start(contender, limits);
  let stranger: ChildProcess | undefined;
  let connection: RedisConnection | undefined;
  try {
    connection = await RedisConnection.open(nodeIo(), { host: "127.0.0.1", port: server.port });
    await connection.call("SET", "largest", "x".repeat(LARGEST));
    row.quiet.push(await probe(server.port, () => sleep(seconds * 1000)));
    const before = server.residentBytes();
    const words = [
      "--import",
      "tsx",
      resolve(import.meta.dirname, "stranger-client.ts"),
      row.stranger,
      `${server.port}`,
    ];
    stranger = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
    await once(stranger.stdout!, "data");
    await sleep(500);
    const watch = setInterval(() => {
      row.grownBytes = Math.max(row.grownBytes, server.residentBytes() - before);
    }, 50);
    const [accepted, micros] = [await acceptedBy(connection), server.cpuMicros()];
    const startedAt = performance.now();
    row.disturbed.push(await probe(server.port, () => sleep(seconds * 1000)));
    clearInterval(watch);
    const ms = performance.now() - startedAt;
    row.load.push((server.cpuMicros() - micros) / 1000 / ms);
    row.connectionsPerSecond.push(((await acceptedBy(connection)) - accepted) / (ms / 1000));
  } finally {
    connection?.close();
    if (stranger) {
      stranger.kill("SIGKILL");
      if (stranger.exitCode === null && stranger.signalCode === null) await once(stranger, "exit");
    }
    await server.stop();
  }
}

async function acceptedBy(connection: RedisConnection): Promise<number> {
  const stats = String(await connection.call("INFO", "stats"));
  return Number(/total_connections_received:(\d+)/.exec(stats)?.[1]);
}

export function strangersTable(rows: readonly StrangersRow[]): string {
  const of = (rounds: readonly Latency[], pick: (latency: Latency) => number) => median(rounds.map(pick));
  return formatTable(
    [
      "a paced GET of another client, ms",
      "p50",
      "with",
      "p99",
      "with",
      `times (goal ${GOAL})`,
      "memory, MB",
      "connections/s",
      "of a core",
    ],
    rows.map(({ stranger, name, quiet, disturbed, connectionsPerSecond, load, grownBytes }) => {
      const [p99, disturbedP99] = [of(quiet, (l) => l.p99Ms), of(disturbed, (l) => l.p99Ms)];
      return [
        `${name}: ${STRANGERS[stranger]}`,
        of(quiet, (l) => l.medianMs).toFixed(2),
        of(disturbed, (l) => l.medianMs).toFixed(2),
        p99.toFixed(2),
        disturbedP99.toFixed(2),
        (disturbedP99 / p99).toFixed(2),
        (grownBytes / 1e6).toFixed(0),
        median(connectionsPerSecond).toFixed(0),
        `${(100 * median(load)).toFixed(0)} %`,
      ];
    }),
  );
}
