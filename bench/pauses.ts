/** The slowest command: while the data set grows, and while a replica copies it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisConnection } from "../src/client/connection.ts";
import { infoFields } from "../src/client/replies.ts";
import { nodeIo } from "../src/io/node-io.ts";
import { type Contender, RunningServer } from "./contender.ts";
import { type Latency, probe } from "./prober.ts";
import { median } from "./statistics.ts";
import { formatTable } from "./table.ts";

export interface PausesResult {
  readonly name: string;
  readonly keys: number;
  readonly writing: Latency[];
  readonly fullSync: Latency[];
  readonly fullSyncMs: number[];
}

const KEYS_A_SECOND = 150_000;
/** Goes on during a full sync: a server that only serves a snapshot has it easy. */
const WRITES_A_SECOND_DURING_SYNC = 10_000;

export async function load(port: number, first: number, count: number, perSecond: number): Promise<void> {
  const words = ["--import", "tsx", resolve(import.meta.dirname, "load.ts"), port, first, count, perSecond].map(String);
  const child = spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the load ended with code ${code}`);
}

export async function measurePauses(contenders: readonly Contender[], quick: boolean): Promise<PausesResult[]> {
  const keys = quick ? 1_000_000 : 5_000_000;
  const rounds = quick ? 1 : 3;
  const results = contenders.map(({ name }) => ({
    name,
    keys,
    writing: [] as Latency[],
    fullSync: [] as Latency[],
    fullSyncMs: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const result = results[i]!;
      // As redis-server is tuned for replication: no wait for further replicas.
      const primary = await RunningServer.start(contender, ["--repl-diskless-sync-delay", "0"]);
      try {
        result.writing.push(await probe(primary.port, () => load(primary.port, 0, keys, KEYS_A_SECOND)));
        await sleep(1000);
        const before = performance.now();
        result.fullSync.push(await probe(primary.port, () => fullSync(contender, primary.port)));
        result.fullSyncMs.push(performance.now() - before);
      } finally {
        await primary.stop();
      }
      process.stderr.write(".");
    }
  }
  process.stderr.write("\n");
  return results;
}

/** Starts a replica of the same kind and waits until it is in step, while a light load goes on. */
async function fullSync(contender: Contender, primaryPort: number): Promise<void> {
  const replica = await RunningServer.start(contender, ["--replicaof", "127.0.0.1", `${primaryPort}`]);
  const endpoint = { host: "127.0.0.1", port: replica.port };
  try {
    const connection = await RedisConnection.open(nodeIo(), endpoint);
    const writing = load(primaryPort, 0, WRITES_A_SECOND_DURING_SYNC * 3, WRITES_A_SECOND_DURING_SYNC);
    for (;;) {
      const info = infoFields(await connection.call("INFO", "replication"));
      if (info.get("master_link_status") === "up") break;
      await sleep(20);
    }
    await writing;
    connection.close();
  } finally {
    await replica.stop();
  }
}

export function pausesTable(results: readonly PausesResult[]): string {
  const rows = results.flatMap(({ name, keys, writing, fullSync, fullSyncMs }) => [
    latencyRow(`${name}: ${keys / 1e6} M keys written`, writing, ""),
    latencyRow(`${name}: full sync`, fullSync, (median(fullSyncMs) / 1000).toFixed(1)),
  ]);
  return formatTable(["a paced GET, ms", "median", "p99", "p99.9", "slowest", "seconds"], rows);
}

function latencyRow(name: string, rounds: readonly Latency[], seconds: string): string[] {
  const of = (pick: (latency: Latency) => number) => median(rounds.map(pick)).toFixed(2);
  return [name, of((l) => l.medianMs), of((l) => l.p99Ms), of((l) => l.p999Ms), of((l) => l.slowestMs), seconds];
}
