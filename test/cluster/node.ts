/** A node of a cluster: a process of nines or of the real redis-server, in a folder of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisConnection, type Word } from "../../src/client/connection.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { eventually } from "../../src/lab/world.ts";
import type { Reply } from "../../src/resp/reply-reader.ts";
import { self } from "../lab/world.ts";
import { freePort } from "../ports.ts";
import { endProcess, hasEnded, tether } from "../processes.ts";

const io = nodeIo();
const START_WITHIN_MS = 15_000;

export type Kind = "nines" | "redis";

export class Node {
  readonly host = "127.0.0.1";
  readonly #folder = mkdtempSync(join(tmpdir(), "nines-cluster-"));
  readonly #directives: readonly string[];
  #connection: RedisConnection | null = null;
  #process: ChildProcess | null = null;

  private constructor(
    readonly kind: Kind,
    readonly port: number,
    readonly busPort: number,
    directives: readonly string[],
  ) {
    this.#directives = directives;
  }

  /** @param directives  words of its command line beside those that every node has */
  static async make(kind: Kind, directives: readonly string[] = []): Promise<Node> {
    return new Node(kind, await freePort(), await freePort(), directives);
  }

  get name(): string {
    return `${this.host}:${this.port}`;
  }

  async start(): Promise<void> {
    const words = [
      ...["--port", `${this.port}`, "--cluster-port", `${this.busPort}`, "--bind", this.host, "--save", ""],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"],
      ...this.#directives,
    ];
    const [command, args] =
      this.kind === "nines" ? [self.command, [...self.args, "server", ...words]] : ["redis-server", words];
    const log = openSync(this.#logPath, "a");
    const child = tether(spawn(command, args, { cwd: this.#folder, stdio: ["ignore", log, log] }));
    closeSync(log);
    this.#process = child;
    const up = await eventually(io.clock, START_WITHIN_MS, 30, async () =>
      hasEnded(child) ? false : (await this.#answers()) || undefined,
    );
    assert.ok(up, `${this.kind} did not start: ${readFileSync(this.#logPath, "utf8")}`);
    this.#connection = new RedisConnection(io, this);
  }

  get #logPath(): string {
    return join(this.#folder, "log");
  }

  /** Whether it serves, be it only those who know its password. */
  async #answers(): Promise<boolean> {
    const connection = new RedisConnection(io, this, { connectTimeoutMs: 2000, timeoutMs: 2000 });
    try {
      return (await connection.call("PING")) === "PONG";
    } catch (error) {
      return /NOAUTH/.test(String(error));
    } finally {
      connection.close();
    }
  }

  /** Ours to it, from its last start on. */
  get connection(): RedisConnection {
    assert.ok(this.#connection, `${this.name} was not started`);
    return this.#connection;
  }

  call(...words: Word[]): Promise<Reply> {
    return this.connection.call(...words);
  }

  async kill(): Promise<void> {
    this.#connection?.close();
    if (this.#process !== null) await endProcess(this.#process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async field(section: string, name: string): Promise<string | undefined> {
    const text = String(await this.call(...section.split(" ")));
    return new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1];
  }

  async id(): Promise<string> {
    return String(await this.call("CLUSTER", "MYID"));
  }
}
