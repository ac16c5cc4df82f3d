/** Nodes of either engine, each a process of its own, that know nothing of each other. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RedisConnection, type Word } from "../../src/client/connection.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import type { ChildProcess } from "../../src/io/processes.ts";
import { eventually } from "../../src/lab/world.ts";
import { createCluster, readNewNode } from "../../src/manage/create.ts";
import { isSound } from "../../src/manage/health.ts";
import { planLayout } from "../../src/manage/layout-plan.ts";
import { Links } from "../../src/manage/links.ts";
import { lookUntilSound } from "../../src/manage/look.ts";
import type { Reply } from "../../src/resp/reply-reader.ts";
import { self } from "../lab/world.ts";
import { freePort } from "../ports.ts";

export const io = nodeIo();
const run = promisify(execFile);

export class Node {
  readonly host = "127.0.0.1";
  readonly folder = mkdtempSync(join(tmpdir(), "nines-manage-"));
  connection!: RedisConnection;
  #process!: ChildProcess;

  constructor(
    readonly kind: "nines" | "redis",
    readonly port: number,
    readonly busPort: number,
  ) {}

  get name(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(more: readonly string[]): Promise<void> {
    const words = [
      ...["--port", `${this.port}`, "--cluster-port", `${this.busPort}`, "--bind", "127.0.0.1", "--save", ""],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0", ...more],
    ];
    const { command, args } = self;
    const processes = new NodeProcesses();
    const logPath = join(this.folder, "log");
    this.#process =
      this.kind === "nines"
        ? processes.spawn({ command, args: [...args, "server", ...words], cwd: this.folder, logPath })
        : processes.spawn({ command: "redis-server", args: words, cwd: this.folder, logPath });
    const up = await eventually(io.clock, 15_000, 30, async () => {
      this.connection = new RedisConnection(io, { host: "127.0.0.1", port: this.port });
      return this.connection.call("PING").catch((error) => /NOAUTH/.test(String(error)) || undefined);
    });
    assert.ok(up);
  }

  call(...words: Word[]): Promise<Reply> {
    return this.connection.call(...words);
  }

  async id(): Promise<string> {
    return String(await this.call("CLUSTER", "MYID"));
  }

  async kill(): Promise<void> {
    this.connection.close();
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

export class Nodes implements AsyncDisposable {
  readonly all: Node[] = [];
  readonly links = new Links(io);

  static async start(kinds: readonly Node["kind"][], more: readonly string[] = []): Promise<Nodes> {
    const nodes = new Nodes();
    for (const kind of kinds) nodes.all.push(new Node(kind, await freePort(), await freePort()));
    await Promise.all(nodes.all.map((node) => node.start(more)));
    return nodes;
  }

  /** The first of them made a cluster of primaries without replicas. */
  static async cluster(kinds: readonly Node["kind"][], spare = 0): Promise<Nodes> {
    const nodes = await Nodes.start(kinds);
    const members = nodes.all.slice(0, kinds.length - spare);
    const news = await Promise.all(members.map((node) => readNewNode(nodes.links, node)));
    await createCluster(nodes.links, planLayout(news, 0), () => {});
    await nodes.sound();
    return nodes;
  }

  async sound(): Promise<void> {
    const { findings } = await lookUntilSound(this.links, this.all[0]!, 15_000);
    assert.ok(isSound(findings), JSON.stringify(findings, null, 1));
  }

  /** What redis-cli thinks of it. */
  async redisCliIsContent(): Promise<void> {
    let said = "";
    const content = await eventually(io.clock, 10_000, 200, async () => {
      const result = await run("redis-cli", ["--cluster", "check", this.all[0]!.name]).catch((error) => error);
      said = result.stdout;
      return result.code === undefined && !/\[ERR\]|\[WARNING\]/.test(said) ? true : undefined;
    });
    assert.ok(content, said);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.links.close();
    await Promise.all(this.all.map((node) => node.kill()));
    for (const node of this.all) rmSync(node.folder, { recursive: true, force: true });
  }
}
