/**
 * A node of a simulated world: a machine, its disk, and the process on it, which is a whole nines server or Sentinel. The process
 * can be stopped, killed, started again; the machine can lose its power, and then forgets what was not synced.
 */
import { dirname } from "node:path";
import type { Io, Random } from "../src/io/io.ts";
import { MemoryDisk } from "../src/io/memory-disk.ts";
import { noProcess } from "../src/io/process-facts.ts";
import { SeededRandom } from "../src/io/random.ts";
import { readConfig } from "../src/main/config-file.ts";
import { assemble } from "../src/server/assemble.ts";
import { ReplicationMember } from "../src/server/replication-member.ts";
import { SentinelMember } from "../src/server/sentinel-member.ts";
import type { Server } from "../src/server/server.ts";
import type { Host, Network } from "./net.ts";
import { noProcesses } from "./no-processes.ts";
import { SimProcess } from "./process.ts";
import { ProcessNet } from "./process-net.ts";

export interface NodeOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly mode: "server" | "sentinel";
  /** The text of its configuration file. */
  readonly config: string;
}

/** What a node tells the world. */
export interface NodeWatcher {
  /** A line of its log. */
  logged(node: SimNode, level: LogLevel, text: string): void;
  /** Its process is ready, or could not start. */
  started(node: SimNode, error?: Error): void;
  ended(node: SimNode): void;
}

export type LogLevel = "debug" | "verbose" | "notice" | "warning";

export class SimNode {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly mode: "server" | "sentinel";
  readonly disk = new MemoryDisk();
  readonly host: Host;
  /** Null while no process runs. */
  server: Server | null = null;
  process: SimProcess | null = null;
  /** It listens and answers. */
  ready = false;
  /** How far its wall clock is off. */
  skewMs = 0;
  readonly #network: Network;
  readonly #random: Random;
  readonly #watcher: NodeWatcher;

  constructor(network: Network, random: Random, options: NodeOptions, watcher: NodeWatcher) {
    this.#network = network;
    this.#random = random;
    this.#watcher = watcher;
    this.name = options.name;
    this.address = options.address;
    this.port = options.port;
    this.mode = options.mode;
    this.host = network.host(options.address);
    this.disk.replaceSync(this.#configFile, Buffer.from(options.config));
  }

  get state(): "running" | "stopped" | "dead" {
    return this.process?.state ?? "dead";
  }

  get replication() {
    return this.#member(ReplicationMember)?.replication ?? null;
  }

  get sentinel() {
    return this.#member(SentinelMember)?.shell ?? null;
  }

  // ---- What befalls it

  start(): void {
    if (this.process !== null || !this.host.powered) return;
    const process = new SimProcess(this.#network.clock, this.skewMs);
    this.process = process;
    const io: Io = {
      clock: process.clock,
      random: new SeededRandom(this.#random.uint32()),
      net: new ProcessNet(this.#network, this.host, process),
      disk: this.disk,
    };
    void this.#boot(io, process);
  }

  /** SIGKILL */
  kill(): void {
    const { process } = this;
    if (process === null) return;
    this.#end(process);
    this.#network.processEnded(this.host, process);
  }

  /** SIGSTOP */
  stop(): void {
    this.process?.stop();
  }

  /** SIGCONT */
  resume(): void {
    this.process?.resume();
  }

  losePower(): void {
    if (this.process !== null) this.#end(this.process);
    this.#network.powerLost(this.host);
    this.disk.crash();
  }

  getPower(): void {
    this.#network.powerBack(this.host);
    this.start();
  }

  /** Its wall clock is set. */
  jumpClock(byMs: number): void {
    this.skewMs += byMs;
    if (this.process !== null) this.process.clock.skewMs = this.skewMs;
  }

  // ---- The process

  get #configFile(): string {
    return this.mode === "sentinel" ? "/data/sentinel.conf" : "/data/redis.conf";
  }

  async #boot(io: Io, process: SimProcess): Promise<void> {
    const sentinel = this.mode === "sentinel";
    try {
      const { config, extras, file } = readConfig(
        this.disk,
        this.#configFile,
        `dir ${dirname(this.#configFile)}\n`,
        sentinel,
      );
      const log = (level: LogLevel) => (text: string) => {
        if (this.process === process) this.#watcher.logged(this, level, text);
      };
      const server = assemble({
        io,
        processes: noProcesses,
        config,
        extras,
        log: { debug: log("debug"), verbose: log("verbose"), notice: log("notice"), warning: log("warning") },
        mode: this.mode,
        configFile: file,
        pid: 1,
        facts: noProcess,
        exit: () => this.#exited(process),
      });
      this.server = server;
      await server.start();
      if (this.process !== process) return;
      this.ready = true;
      this.#watcher.started(this);
    } catch (error) {
      if (this.process === process) this.#watcher.started(this, error as Error);
    }
  }

  #exited(process: SimProcess): void {
    if (this.process === process) this.kill();
  }

  #end(process: SimProcess): void {
    process.end();
    this.process = null;
    this.server = null;
    this.ready = false;
    this.#watcher.ended(this);
  }

  #member<T>(kind: abstract new (...args: never[]) => T): T | null {
    return (this.server?.members.find((member) => member instanceof kind) as T | undefined) ?? null;
  }
}
