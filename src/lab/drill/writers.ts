/** The clients of a drill. Each writes value after value, every one under a key of its own, and notes what became of it. */
import { Redis, type RedisOptions } from "ioredis";
import { RedisConnection } from "../../client/connection.ts";
import { ConnectionError } from "../../client/connection-error.ts";
import type { Io } from "../../io/io.ts";
import type { Endpoint } from "../../io/net.ts";
import type { GroupFile } from "../group-file.ts";
import { clientTls } from "../tls.ts";
import { monotonicMs, sleep } from "../world.ts";
import type { Ack, WriterHistory } from "./history.ts";

/** Between a writer's acknowledgement and its next write: enough to see a gap to the ms, not enough to fill the memory. */
const PAUSE_MS = 2;
const RECONNECT_MS = 20;

export function keyOf(run: string, writer: string, sequence: number): string {
  return `nines-drill:${run}:${writer}:${sequence}`;
}

export interface Writer extends WriterHistory {
  /** Writes until `stop`. */
  run(): Promise<void>;
  stop(): void;
}

export abstract class RecordingWriter implements Writer {
  abstract readonly kind: WriterHistory["kind"];
  readonly name: string;
  readonly acks: Ack[] = [];
  readonly errors = new Map<string, number>();
  protected readonly io: Io;
  protected stopped = false;
  readonly #run: string;

  constructor(io: Io, run: string, name: string) {
    this.io = io;
    this.#run = run;
    this.name = name;
  }

  async run(): Promise<void> {
    for (let sequence = 0; !this.stopped; sequence++) {
      const sentAt = this.now();
      try {
        const port = await this.write(keyOf(this.#run, this.name, sequence), String(sequence));
        this.acks.push({ sequence, sentAt, at: this.now(), port });
      } catch (error) {
        // What our own end has torn off is no finding.
        if (!this.stopped) this.#count(errorKind(error as Error));
        if (!this.stopped) await sleep(this.io.clock, RECONNECT_MS);
      }
      await sleep(this.io.clock, PAUSE_MS);
    }
  }

  stop(): void {
    this.stopped = true;
    this.end();
  }

  protected now(): number {
    return monotonicMs(this.io.clock);
  }

  #count(kind: string): void {
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }

  /** Resolves when the write was acknowledged, to the port of the server that did. */
  protected abstract write(key: string, value: string): Promise<number>;
  protected abstract end(): void;
}

/** An application: ioredis, which asks the Sentinels where the primary is. */
export class SentinelWriter extends RecordingWriter {
  readonly kind = "sentinel";
  readonly #redis: Redis;

  constructor(io: Io, run: string, name: string, group: GroupFile) {
    super(io, run, name);
    this.#redis = new Redis({ ...sentinelClientOptions(group), ...tlsOptions(io, group) });
    // Without a listener ioredis prints; what matters arrives as the failure of a write.
    this.#redis.on("error", () => {});
    // When +switch-master arrives while ioredis is asking the Sentinels already, it takes its own detector's
    // disconnect() for the application's, and ends for good. An application has to begin again, or never writes again.
    this.#redis.on("end", () => {
      if (!this.stopped) this.#redis.connect().catch(() => {});
    });
  }

  protected async write(key: string, value: string): Promise<number> {
    await this.#redis.set(key, value);
    const { stream } = this.#redis as unknown as { stream?: { remotePort?: number } };
    return stream?.remotePort ?? 0;
  }

  protected end(): void {
    this.#redis.disconnect();
  }
}

/**
 * ioredis as an application should use it through a failover; docs/drills.md explains each choice. With the defaults it
 * hears of a failover only when its connection breaks, which that to a stopped server never does.
 */
export function sentinelClientOptions(group: GroupFile): RedisOptions {
  const sentinels = group.nodes.filter((node) => node.kind === "sentinel");
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: group.masterName,
    failoverDetector: true,
    sentinelReconnectStrategy: () => 500,
    sentinelRetryStrategy: (times) => Math.min(times * 20, 200),
    sentinelCommandTimeout: 500,
    retryStrategy: (times) => Math.min(times * 20, 200),
    connectTimeout: 500,
    disconnectTimeout: 50,
    socketTimeout: 2000,
    maxRetriesPerRequest: null,
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
  };
}

function tlsOptions(io: Io, group: GroupFile): RedisOptions {
  if (group.tls === undefined) return {};
  const tls = clientTls(io, group.tls);
  return { tls, sentinelTLS: tls, enableTLSForSentinelMode: true };
}

/** A client that was told one address and stays with it: it would keep a second primary in business. */
export class DirectWriter extends RecordingWriter {
  readonly kind = "direct";
  readonly #endpoint: Endpoint;
  #connection: RedisConnection | undefined;

  constructor(io: Io, run: string, name: string, endpoint: Endpoint) {
    super(io, run, name);
    this.#endpoint = endpoint;
  }

  protected async write(key: string, value: string): Promise<number> {
    if (this.#connection === undefined || this.#connection.error) {
      this.#connection = await RedisConnection.open(this.io, this.#endpoint, { connectTimeoutMs: 500 });
      // It was on its way when the end came, which could not close it: left alone it would wait for an answer that may never come.
      if (this.stopped) this.end();
    }
    await this.#connection.call("SET", key, value);
    return this.#endpoint.port;
  }

  protected end(): void {
    this.#connection?.close();
  }
}

/** A few words for the kinds that matter; the rest by its own text. */
export function errorKind(error: Error & { code?: string }): string {
  if (error instanceof ConnectionError) return error.kind;
  if (error.name === "ReplyError") return error.message.split(" ", 1)[0]!;
  if (error.name === "MaxRetriesPerRequestError") return "gave up";
  if (/timed out|timeout/i.test(error.message)) return "timeout";
  if (error.message === "Connection is closed.") return "closed";
  return error.code ?? error.message.slice(0, 60);
}
