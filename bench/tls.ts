/** redis-benchmark over TLS against each contender in turn, with the same certificates. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeIo } from "../src/io/node-io.ts";
import { makeTlsFiles, type TlsFiles } from "../src/lab/tls.ts";
import { type Contender, freePort, RunningServer } from "./contender.ts";
import { redisBenchmark } from "./redis-benchmark.ts";
import { type SpeedRow, speedTable } from "./speed-table.ts";
import { compare } from "./throughput.ts";

/** `-d`: the bytes of a value. */
const LOADS = [
  { test: "set", pipeline: 1, bytes: 3 },
  { test: "get", pipeline: 1, bytes: 3 },
  { test: "set", pipeline: 16, bytes: 3 },
  { test: "get", pipeline: 16, bytes: 3 },
  { test: "set", pipeline: 64, bytes: 3 },
  { test: "get", pipeline: 64, bytes: 3 },
  { test: "set", pipeline: 16, bytes: 4096 },
  { test: "get", pipeline: 16, bytes: 4096 },
] as const;

export async function measureTls(contenders: readonly Contender[], quick: boolean): Promise<SpeedRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "nines-bench-tls-"));
  const files = await makeTlsFiles(nodeIo(), folder);
  const servers: RunningServer[] = [];
  const ports = new Map<RunningServer, number>();
  const rows: SpeedRow[] = [];
  try {
    for (const contender of contenders) {
      const port = await freePort();
      const server = await RunningServer.start(contender, serverWords(files, port));
      servers.push(server);
      ports.set(server, port);
    }
    for (const { test, pipeline, bytes } of LOADS) {
      const count = (pipeline === 1 ? 80_000 : bytes > 1000 ? 200_000 : 600_000) / (quick ? 4 : 1);
      const words = ["-t", test, "-d", `${bytes}`, ...clientWords(files)];
      const run = (server: RunningServer, requests = count) =>
        redisBenchmark({ port: ports.get(server)!, words, pipeline, count: requests });
      for (const server of servers) await run(server, count / 4);
      const measured = await compare(contenders, servers, run, count, quick ? 3 : 5);
      rows.push({ test: bytes > 1000 ? `${test} ${bytes} B` : test, pipeline, ...measured });
      process.stderr.write(".");
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
  process.stderr.write("\n");
  return rows;
}

function serverWords({ ca, certificate, key }: TlsFiles, port: number): string[] {
  const files = ["--tls-ca-cert-file", ca, "--tls-cert-file", certificate, "--tls-key-file", key];
  return ["--tls-port", `${port}`, ...files];
}

function clientWords({ ca, certificate, key }: TlsFiles): string[] {
  return ["--tls", "--cacert", ca, "--cert", certificate, "--key", key];
}

/** What the project promises of itself against redis-server; redis-benchmark has more to do than either. */
export function tlsTable(rows: readonly SpeedRow[], contenders: readonly Contender[]): string {
  return speedTable(rows, contenders, (_, pipeline) => (pipeline === 1 ? 0.95 : 1));
}
