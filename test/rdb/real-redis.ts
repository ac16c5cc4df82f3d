/** A real redis-server for a test, in a folder of its own. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";

function findServer(): string | undefined {
  try {
    return execFileSync("which", ["redis-server"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

const server = findServer();

/** For a test's `skip`: why it cannot run. With NINES_REQUIRE_PEERS=1 it runs and fails instead. */
export const noRedis: string | false =
  server === undefined && process.env["NINES_REQUIRE_PEERS"] !== "1" ? "no redis-server on this machine" : false;

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "nines-rdb-"));
}

export interface RealRedis {
  readonly client: Redis;
  readonly folder: string;
  /** What it logged so far. */
  log(): string;
  /** Resolves when it has exited. */
  readonly exited: Promise<void>;
}

/** Runs `work` with a server whose `dir` is `folder`; both are gone afterwards. */
export async function withRedis(
  work: (redis: RealRedis) => Promise<void>,
  folder = temporaryFolder(),
  args: string[] = [],
): Promise<void> {
  const port = await freePort();
  const words = ["--port", `${port}`, "--dir", folder, "--save", "", "--loglevel", "notice", ...args];
  const child = tether(spawn(server ?? "redis-server", words, { stdio: ["ignore", "pipe", "inherit"] }));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
  const client = new Redis({ port, lazyConnect: true, retryStrategy: () => 30, maxRetriesPerRequest: null });
  client.on("error", () => {});
  try {
    const ready = client.ping();
    await Promise.race([ready, exited.then(() => Promise.reject(new Error(`redis-server ended:\n${output}`)))]);
    await work({ client, folder, log: () => output, exited });
  } finally {
    client.disconnect();
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  }
}
