/** A group of Debian's redis-servers, guarded by our Sentinels in this process and by Debian's redis-sentinels. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../../src/base/log.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { nodeProcessFacts } from "../../src/io/process-facts.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import type { Server } from "../../src/server/server.ts";
import { Ends } from "../ends.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";
import { RespClient } from "../server/resp-client.ts";
import { until } from "../until.ts";

export interface GroupOptions {
  readonly ours: number;
  readonly theirs: number;
  readonly quorum: number;
  readonly replicas?: number;
  /** Further lines of every sentinel.conf. */
  readonly config?: string;
}

export class RealGroup {
  readonly folder = mkdtempSync(join(tmpdir(), "nines-quorum-"));
  /** The primary first. */
  readonly ports: number[] = [];
  readonly sentinelPorts: number[] = [];
  readonly #children = new Map<number, ChildProcess>();
  readonly #sentinels: Server[] = [];
  readonly #clients: RespClient[] = [];

  static async start(options: GroupOptions): Promise<RealGroup> {
    const group = new RealGroup();
    try {
      await group.#start(options);
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  async #start(options: GroupOptions): Promise<void> {
    const { ours, theirs, quorum, replicas = 2 } = options;
    const ports = await Promise.all(Array.from({ length: 1 + replicas + ours + theirs }, freePort));
    for (const [i, port] of ports.slice(0, 1 + replicas).entries()) {
      this.ports.push(port);
      this.#children.set(port, this.#server(port, i === 0 ? null : ports[0]!));
    }
    await until("the replicas to be in sync", async () => {
      const info = await this.ask(ports[0]!, "INFO", "replication").catch(() => "");
      return (info.match(/state=online/g) ?? []).length === replicas;
    });
    for (const [i, port] of ports.slice(1 + replicas).entries()) {
      this.sentinelPorts.push(port);
      const file = join(this.folder, `sentinel-${port}.conf`);
      const lines = [
        `port ${port}`,
        "bind 127.0.0.1",
        `dir ${this.folder}`,
        `sentinel monitor mymaster 127.0.0.1 ${ports[0]} ${quorum}`,
        "sentinel down-after-milliseconds mymaster 1000",
        "sentinel failover-timeout mymaster 10000",
        options.config ?? "",
        "",
      ];
      writeFileSync(file, lines.join("\n"));
      if (i < ours) this.#sentinels.push(await ourSentinel(file));
      else this.#children.set(port, tether(spawn("redis-sentinel", [file], { stdio: "ignore" })));
    }
    await until("the Sentinels to know each other and the replicas", async () => {
      const shown = await Promise.all(
        this.sentinelPorts.map((port) => this.ask(port, "SENTINEL", "MASTER", "mymaster")),
      );
      return shown.every(
        (text) =>
          text.includes(`"num-other-sentinels", "${ours + theirs - 1}"`) &&
          text.includes(`"num-slaves", "${replicas}"`),
      );
    });
  }

  #server(port: number, primary: number | null): ChildProcess {
    const follow = primary === null ? [] : ["--replicaof", "127.0.0.1", String(primary)];
    const file = join(this.folder, `redis-${port}.conf`);
    writeFileSync(
      file,
      `port ${port}\nbind 127.0.0.1\ndir ${this.folder}\ndbfilename ${port}.rdb\nsave ""\nrepl-diskless-sync-delay 0\n`,
    );
    return tether(spawn("redis-server", [file, ...follow], { stdio: "ignore" }));
  }

  kill(port: number, signal: NodeJS.Signals = "SIGKILL"): void {
    this.#children.get(port)!.kill(signal);
  }

  /** Comes back as what it was when it was configured first: a primary. */
  restart(port: number): void {
    this.#children.set(port, this.#server(port, null));
  }

  async ask(port: number, ...words: string[]): Promise<string> {
    const client = await RespClient.connect(port);
    try {
      return await client.do(...words);
    } finally {
      client.socket.destroy();
    }
  }

  async client(port: number, protocol: 2 | 3 = 2): Promise<RespClient> {
    const client = await RespClient.connect(port, protocol);
    this.#clients.push(client);
    return client;
  }

  /** The ports that the Sentinels name, in the order of `sentinelPorts`. */
  async named(): Promise<number[]> {
    const answers = await Promise.all(
      this.sentinelPorts.map((port) => this.ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")),
    );
    return answers.map((text) => Number(/"(\d+)"\]/.exec(text)?.[1]));
  }

  /** "master" or "slave". */
  async role(port: number): Promise<string> {
    return /^\["(\w+)"/.exec(await this.ask(port, "ROLE").catch(() => ""))?.[1] ?? "";
  }

  sentinelFile(port: number): string {
    return readFileSync(join(this.folder, `sentinel-${port}.conf`), "utf8");
  }

  async stop(): Promise<void> {
    const ends = new Ends();
    ends.add(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const child of this.#children.values()) ends.add(() => endProcess(child));
    for (const server of this.#sentinels) ends.add(() => server.stop());
    for (const client of this.#clients) ends.add(() => client.socket.destroy());
    await ends[Symbol.asyncDispose]();
  }
}

async function ourSentinel(file: string): Promise<Server> {
  const io = nodeIo();
  const { config, extras } = readConfig(io.disk, file, "", true);
  const server = assemble({
    io,
    processes: new NodeProcesses(),
    config,
    extras,
    log: silent,
    mode: "sentinel",
    configFile: file,
    pid: process.pid,
    facts: nodeProcessFacts(),
    exit: () => {},
  });
  await server.start();
  return server;
}
