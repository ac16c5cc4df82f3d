/** A primary with replicas under Sentinels, where each link has a user that may do what redis.io says it needs, and nothing else. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silent } from "../../src/base/log.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { nodeProcessFacts } from "../../src/io/process-facts.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import { Ends } from "../ends.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";
import { RespClient } from "../server/resp-client.ts";
import { until } from "../until.ts";

export type Engine = "nines" | "redis";

/** As https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ has them for replicas and Sentinels. */
export const SERVER_USERS = [
  "user default off",
  "user admin on >admin ~* &* +@all",
  "user follower on >follows +psync +replconf +ping",
  "user guard on >guards allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info " +
    "+client|setname +client|kill +script|kill",
];
export const SENTINEL_USERS = [
  "user default off",
  "user admin on >admin &* +@all",
  "user peer on >peers &__sentinel__:hello +client|setname +ping +publish +sentinel|is-master-down-by-addr",
];

interface Node {
  readonly port: number;
  kill(): Promise<void>;
}

export class GuardedGroup {
  readonly #folder = mkdtempSync(join(tmpdir(), "nines-acl-"));
  /** The primary first. */
  readonly ports: number[] = [];
  readonly sentinelPorts: number[] = [];
  readonly #nodes = new Map<number, Node>();
  readonly log: string[] = [];

  static async start(servers: Engine, sentinels: readonly Engine[]): Promise<GuardedGroup> {
    const group = new GuardedGroup();
    try {
      await group.#start(servers, sentinels);
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  async #start(servers: Engine, sentinels: readonly Engine[]): Promise<void> {
    const [primary, ...others] = await Promise.all(Array.from({ length: 3 + sentinels.length }, freePort));
    const replicas = others.splice(0, 2);
    for (const port of [primary!, ...replicas]) {
      const follow = port === primary ? [] : [`replicaof 127.0.0.1 ${primary}`];
      await this.#run(servers, port, [...SERVER_USERS, "masteruser follower", "masterauth follows", ...follow], false);
      this.ports.push(port);
    }
    await until("the replicas to be in sync", async () => {
      const info = await this.ask(primary!, "INFO", "replication");
      return (info.match(/state=online/g) ?? []).length === 2;
    });
    for (const [i, port] of others.entries()) {
      const lines = [
        ...SENTINEL_USERS,
        `sentinel monitor mymaster 127.0.0.1 ${primary} 2`,
        "sentinel auth-user mymaster guard",
        "sentinel auth-pass mymaster guards",
        "sentinel sentinel-user peer",
        "sentinel sentinel-pass peers",
        "sentinel down-after-milliseconds mymaster 800",
        "sentinel failover-timeout mymaster 6000",
      ];
      await this.#run(sentinels[i]!, port, lines, true);
      this.sentinelPorts.push(port);
    }
    await until("the Sentinels to know each other and the replicas", async () => {
      const shown = await Promise.all(
        this.sentinelPorts.map((port) => this.ask(port, "SENTINEL", "MASTER", "mymaster")),
      );
      return shown.every((text) => text.includes('"num-other-sentinels", "2"') && text.includes('"num-slaves", "2"'));
    });
  }

  async #run(engine: Engine, port: number, lines: readonly string[], sentinel: boolean): Promise<void> {
    const file = join(this.#folder, `${port}.conf`);
    const common = [`port ${port}`, "bind 127.0.0.1", `dir ${this.#folder}`];
    if (!sentinel) common.push(`dbfilename ${port}.rdb`, 'save ""', "repl-diskless-sync-delay 0");
    writeFileSync(file, [...common, ...lines, ""].join("\n"));
    this.#nodes.set(
      port,
      engine === "nines" ? await this.#ours(file, port, sentinel) : this.#theirs(file, port, sentinel),
    );
  }

  #theirs(file: string, port: number, sentinel: boolean): Node {
    const child = tether(spawn(sentinel ? "redis-sentinel" : "redis-server", [file], { stdio: "ignore" }));
    return { port, kill: () => endProcess(child) };
  }

  async #ours(file: string, port: number, sentinel: boolean): Promise<Node> {
    const io = nodeIo();
    const { config, extras } = readConfig(io.disk, file, "", sentinel);
    const note = (text: string) => this.log.push(`${port} ${text}`);
    const server = assemble({
      io,
      processes: new NodeProcesses(),
      config,
      extras,
      log: { ...silent, notice: note, warning: note },
      mode: sentinel ? "sentinel" : "server",
      configFile: file,
      pid: process.pid,
      facts: nodeProcessFacts(),
      exit: () => {},
    });
    await server.start();
    return { port, kill: () => server.stop() };
  }

  async kill(port: number): Promise<void> {
    await this.#nodes.get(port)!.kill();
    this.#nodes.delete(port);
  }

  /** As the one user that may do everything. */
  async ask(port: number, ...words: string[]): Promise<string> {
    const client = await RespClient.connect(port);
    try {
      await client.do("AUTH", "admin", "admin");
      return await client.do(...words);
    } finally {
      client.socket.destroy();
    }
  }

  /** Whom all Sentinels name as primary, once they agree and it is one. */
  async primary(otherThan: number): Promise<number> {
    let found = 0;
    await until("another primary", async () => {
      const named = await Promise.all(
        this.sentinelPorts.map((port) => this.ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")),
      );
      const ports = new Set(named.map((text) => Number(/"(\d+)"\]/.exec(text)?.[1])));
      found = [...ports][0]!;
      return ports.size === 1 && found !== otherThan && (await this.ask(found, "ROLE")).startsWith('["master"');
    });
    return found;
  }

  /** Every Sentinel is done with the last failover, and has seen that one replica at least follows. */
  async settled(): Promise<void> {
    const ask = (what: string) => this.sentinelPorts.map((port) => this.ask(port, "SENTINEL", what, "mymaster"));
    await until("the Sentinels to be done", async () => {
      const masters = await Promise.all(ask("MASTER"));
      const replicas = await Promise.all(ask("REPLICAS"));
      return (
        masters.every((text) => text.includes('"flags", "master"')) &&
        replicas.every((text) => text.includes('"flags", "slave"') && text.includes('"master-link-status", "ok"'))
      );
    });
  }

  async stop(): Promise<void> {
    const ends = new Ends();
    ends.add(() => rmSync(this.#folder, { recursive: true, force: true }));
    for (const node of this.#nodes.values()) ends.add(() => node.kill());
    await ends[Symbol.asyncDispose]();
  }
}
