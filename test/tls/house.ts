/** Servers of both kinds over TLS, with certificates of an authority of the test's own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { silent } from "../../src/base/log.ts";
import { RedisConnection } from "../../src/client/connection.ts";
import type { Io } from "../../src/io/io.ts";
import type { TlsContext } from "../../src/io/net.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { nodeProcessFacts } from "../../src/io/process-facts.ts";
import { withTls } from "../../src/io/tls-net.ts";
import { LocalAuthority } from "../../src/lab/certificates.ts";
import { clientContext } from "../../src/lab/tls.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import type { Server } from "../../src/server/server.ts";
import { Ends } from "../ends.ts";
import { freePort } from "../ports.ts";
import { endProcess, tether } from "../processes.ts";
import { until } from "../until.ts";

export const io = nodeIo();
const run = promisify(execFile);

/** A folder with certificates: `ca.crt`, and of each name `NAME.crt` and `NAME.key`. */
export class TlsHouse implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "nines-tls-"));
  readonly authority = new LocalAuthority(io.clock, io.random);
  readonly #ends = new Ends();

  constructor() {
    // Something may still be written, by a server of ours that is ending.
    this.#ends.add(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
    this.write("ca.crt", this.authority.certificate);
    this.issue("node");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Another authority's, if one is given. */
  issue(name: string, authority = this.authority): void {
    const { certificate, key } = authority.issue(name);
    this.write(`${name}.crt`, certificate);
    this.write(`${name}.key`, key);
  }

  /** Called when the test ends, the last one first. */
  atEnd(end: () => unknown): void {
    this.#ends.add(end);
  }

  /** Lines that both kinds of server understand: TLS alone, on every link. */
  lines(port: number, ...more: string[]): string[] {
    return [
      "port 0",
      `tls-port ${port}`,
      `tls-ca-cert-file ${this.path("ca.crt")}`,
      `tls-cert-file ${this.path("node.crt")}`,
      `tls-key-file ${this.path("node.key")}`,
      "tls-replication yes",
      "bind 127.0.0.1",
      `dir ${this.folder}`,
      ...more,
    ];
  }

  /** Ours, in this process. */
  async nines(lines: readonly string[], mode: "server" | "sentinel" = "server"): Promise<NinesServer> {
    const file = mode === "sentinel" ? this.write(`nines-${this.#ends.count}.conf`, `${lines.join("\n")}\n`) : "";
    const text = mode === "sentinel" ? "" : `save ""\nrepl-diskless-sync-delay 0\n${lines.join("\n")}\n`;
    const { config, extras } = readConfig(io.disk, file, text, mode === "sentinel");
    const log: string[] = [];
    const server = assemble({
      io,
      processes: new NodeProcesses(),
      config,
      extras,
      configFile: file,
      log: { ...silent, notice: (line) => log.push(line), warning: (line) => log.push(line) },
      pid: process.pid,
      facts: nodeProcessFacts(),
      mode,
      exit: () => {},
    });
    this.atEnd(() => server.stop());
    await server.start();
    return { server, log };
  }

  /** Debian's. */
  redis(lines: readonly string[], command: "redis-server" | "redis-sentinel" = "redis-server"): ChildProcess {
    const more = command === "redis-server" ? ['save ""', "repl-diskless-sync-delay 0"] : [];
    const file = this.write(`redis-${this.#ends.count}.conf`, `${[...lines, ...more].join("\n")}\n`);
    const child = tether(spawn(command, [file], { stdio: "ignore" }));
    this.atEnd(() => endProcess(child));
    return child;
  }

  /** What our own client needs to connect, with the certificate of that name. */
  context(name = "node"): TlsContext {
    const read = (file: string) => io.disk.readSync(this.path(file))!;
    return clientContext(io.net, read("ca.crt"), read(`${name}.crt`), read(`${name}.key`));
  }

  /** The world in which all connections are TLS. */
  secureIo(name?: string): Io {
    const context = this.context(name);
    return withTls(io, { outgoing: () => context, incoming: null });
  }

  connect(port: number, name?: string): RedisConnection {
    const connection = new RedisConnection(this.secureIo(name), { host: "127.0.0.1", port }, { timeoutMs: 10_000 });
    this.atEnd(() => connection.close());
    return connection;
  }

  async ask(port: number, ...words: string[]): Promise<unknown> {
    const connection = new RedisConnection(this.secureIo(), { host: "127.0.0.1", port }, { timeoutMs: 5000 });
    try {
      return await connection.call(...words);
    } finally {
      connection.close();
    }
  }

  async field(port: number, section: string, name: string): Promise<string | undefined> {
    return new RegExp(`^${name}:(.*)\r$`, "m").exec(String(await this.ask(port, "INFO", section)))?.[1];
  }

  async answers(port: number): Promise<void> {
    await until(`${port} to answer`, async () => (await this.ask(port, "PING")) === "PONG");
  }

  /** redis-cli's options for a connection with our certificate. */
  get cli(): string[] {
    return ["--tls", "--cacert", this.path("ca.crt"), "--cert", this.path("node.crt"), "--key", this.path("node.key")];
  }

  async redisCli(port: number, ...words: string[]): Promise<string> {
    const { stdout } = await run("redis-cli", [...this.cli, "-p", `${port}`, ...words]);
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ends[Symbol.asyncDispose]();
  }
}

export interface NinesServer {
  readonly server: Server;
  readonly log: readonly string[];
}

export { freePort, until };
