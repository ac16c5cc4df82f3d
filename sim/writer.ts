/**
 * A client that writes unique values, one after the other, and remembers which were acknowledged, by whom, when. It finds the
 * primary through Sentinel, or never leaves one server ("loyal"), as applications do that were given an address.
 */
import { RedisConnection } from "../src/client/connection.ts";
import type { Io, Random } from "../src/io/io.ts";
import { MemoryDisk } from "../src/io/memory-disk.ts";
import type { Endpoint } from "../src/io/net.ts";
import type { Network } from "./net.ts";
import { SimProcess } from "./process.ts";
import { ProcessNet } from "./process-net.ts";

export interface Acknowledgement {
  readonly writer: string;
  readonly key: string;
  readonly value: string;
  readonly by: Endpoint;
  /** When the reply left the server, and when the client had it. */
  readonly sentAt: number;
  readonly at: number;
  /** The key is never touched again: it must be found at the end if nothing is lost. */
  readonly lasting: boolean;
}

export interface WriterOptions {
  readonly name: string;
  readonly address: string;
  readonly network: Network;
  readonly random: Random;
  readonly sentinels: readonly Endpoint[];
  /** The one server it writes to; null to ask Sentinels. */
  readonly home: Endpoint | null;
  readonly told: (acknowledgement: Acknowledgement) => void;
}

const TIMEOUT_MS = 700;
const RETRY_MS = 50;

export class Writer {
  readonly name: string;
  readonly address: string;
  readonly loyal: boolean;
  /** Writes whose fate is unknown: the connection broke before the answer. */
  unknown = 0;
  /** Writes that were refused. */
  refused = 0;
  readonly #options: WriterOptions;
  readonly #io: Io;
  #running = false;
  #serial = 0;
  #nextSentinel = 0;

  constructor(options: WriterOptions) {
    const { name, address, network, random } = options;
    this.#options = options;
    this.name = name;
    this.address = address;
    this.loyal = options.home !== null;
    const process = new SimProcess(network.clock);
    const net = new ProcessNet(network, network.host(address), process);
    this.#io = { clock: process.clock, random, net, disk: new MemoryDisk() };
    this.#nextSentinel = random.uint32() % Math.max(1, options.sentinels.length);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    this.#running = false;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        await this.#session();
      } catch {
        // Whatever it was: a new connection, to whoever is primary by then.
      }
      await this.#sleep(RETRY_MS * (0.5 + this.#options.random.float()));
    }
  }

  /** Writes on one connection for as long as it works. */
  async #session(): Promise<void> {
    const endpoint = this.#options.home ?? (await this.#findPrimary());
    const connection = await this.#open(endpoint);
    try {
      if (!this.loyal && (await roleOf(connection)) !== "master") return;
      while (this.#running) {
        await this.#write(connection, endpoint);
        await this.#sleep(5 + 60 * this.#options.random.float());
      }
    } finally {
      connection.close();
    }
  }

  async #findPrimary(): Promise<Endpoint> {
    const { sentinels } = this.#options;
    const sentinel = sentinels[this.#nextSentinel++ % sentinels.length]!;
    const connection = await this.#open(sentinel);
    try {
      const [host, port] = (await connection.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")) as string[];
      return { host: host!, port: Number(port) };
    } finally {
      connection.close();
    }
  }

  #open(endpoint: Endpoint): Promise<RedisConnection> {
    return RedisConnection.open(this.#io, endpoint, { connectTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS });
  }

  /** One write, acknowledged or refused; throws if its fate is unknown, or if this is no primary. */
  #write(connection: RedisConnection, by: Endpoint): Promise<void> {
    const { random, network } = this.#options;
    const key = `${this.name}:${++this.#serial}`;
    const value = `${this.#serial}`;
    const chance = random.float();
    const lasting = chance >= 0.2;
    const words =
      chance < 0.1
        ? ["SET", key, value, "PX", String(100 + Math.floor(2000 * random.float()))]
        : chance < 0.2
          ? ["INCR", `${this.name}:count`]
          : ["SET", key, value];
    return new Promise((resolve, reject) => {
      connection.request(words, (error) => {
        if (error === null) {
          this.#options.told({
            writer: this.name,
            key,
            value,
            by,
            sentAt: network.deliveredSentAt,
            at: network.now,
            lasting,
          });
          resolve();
          return;
        }
        if (error.name === "ReplyError") this.refused++;
        else this.unknown++;
        reject(error);
      });
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#io.clock.after(ms, () => resolve()));
  }
}

async function roleOf(connection: RedisConnection): Promise<string> {
  const [role] = (await connection.call("ROLE")) as string[];
  return role!;
}
