/** The slowest command: while the data set grows, and while a replica copies it. */
import { type ChildProcess, spawn } from "node:child_process";
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
/** No full sync takes so long. */
const MOST_SECONDS = 120;

export async function load(port: number, first: number, count: number, perSecond: number): Promise<void> {
  const [code] = await once(startLoad(port, first, count, perSecond), "exit");
  if (code !== 0) throw new Error(`the load ended with code ${code}`);
}

function startLoad(port: number, first: number, count: number, perSecond: number): ChildProcess {
  const words = ["--import", "tsx", resolve(import.meta.dirname, "load.ts"), port, first, count, perSecond].map(String);
  return spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
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
        // That processes start takes the cores for a while: it is not to be taken for a pause of the server.
        const writing = startLoad(
          primary.port,
          0,
          WRITES_A_SECOND_DURING_SYNC * MOST_SECONDS,
          WRITES_A_SECOND_DURING_SYNC,
        );
        const replica = await RunningServer.start(contender, []);
        try {
          await sleep(2000);
          const before = performance.now();
          result.fullSync.push(await probe(primary.port, () => fullSync(replica, primary.port)));
          result.fullSyncMs.push(performance.now() - before);
        } finally {
          writing.kill();
          await replica.stop();
        }
      } finally {
        await primary.stop();
      }
      process.stderr.write(".");
    }
  }
  process.stderr.write("\n");
  return results;
}

/** Makes a server a replica of the primary and waits until it is in step. */
async function fullSync(replica: RunningServer, primaryPort: number): Promise<void> {
  const connection = await RedisConnection.open(nodeIo(), { host: "127.0.0.1", port: replica.port });
  await connection.call("REPLICAOF", "127.0.0.1", primaryPort);
  for (;;) {
    const info = infoFields(await connection.call("INFO", "replication"));
    if (info.get("master_link_status") === "up") break;
    await sleep(20);
  }
  connection.close();
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
