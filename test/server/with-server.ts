/** A whole server in this process, on a free port of the loopback interface, its disk in memory. */
import { silent } from "../../src/base/log.ts";
import type { Clock } from "../../src/io/io.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { nodeProcessFacts, type ProcessFacts } from "../../src/io/process-facts.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import type { Server } from "../../src/server/server.ts";
import { RespClient } from "./resp-client.ts";

export interface TestServer {
  readonly server: Server;
  readonly port: number;
  /** Warnings and notices, oldest first. */
  readonly log: readonly string[];
  /** What `exit` was called with. */
  readonly exits: readonly number[];
  client(protocol?: 2 | 3): Promise<RespClient>;
}

export interface TestServerOptions {
  /** Lines of redis.conf. */
  readonly config?: string;
  readonly clock?: Clock;
  readonly facts?: ProcessFacts;
}

const DEFAULTS = 'port 0\nbind 127.0.0.1\nsave ""\nenable-debug-command yes\n';

export async function withServer(
  work: (test: TestServer) => Promise<void>,
  { config = "", clock, facts = nodeProcessFacts() }: TestServerOptions = {},
): Promise<void> {
  const io = { ...nodeIo(), random: new SeededRandom(1), disk: new MemoryDisk() };
  if (clock) io.clock = clock;
  const log: string[] = [];
  const exits: number[] = [];
  const settings = readConfig(io.disk, "", DEFAULTS + config, false);
  const server = assemble({
    io,
    processes: new NodeProcesses(),
    config: settings.config,
    extras: settings.extras,
    log: { ...silent, notice: (text) => log.push(text), warning: (text) => log.push(text) },
    pid: process.pid,
    facts,
    ephemeralPort: "tcp",
    exit: (code) => exits.push(code),
  });
  await server.start();
  const clients: RespClient[] = [];
  try {
    const { port } = server.listeners;
    await work({
      server,
      port,
      log,
      exits,
      async client(protocol = 2) {
        const client = await RespClient.connect(port, protocol);
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const client of clients) client.socket.destroy();
    await server.stop();
  }
}
