/** The clients of a drill on a cluster. The keys of each lie in one slot, so that it is known whom a fault concerns. */
import { Cluster, type ClusterOptions, type RedisOptions } from "ioredis";
import { Slice } from "../../base/bytes.ts";
import { hashSlot } from "../../base/hash-slot.ts";
import type { Io } from "../../io/io.ts";
import type { GroupFile } from "../group-file.ts";
import { clientTls } from "../tls.ts";
import { RecordingWriter } from "./writers.ts";

/** How often the client looks at the map unasked, and how long it waits for that. */
const REFRESH_MS = 500;
const REFRESH_TIMEOUT_MS = 500;

/** As many names as asked for, each with a tag by which its keys fall into one of the slots. */
export function namesIn(slots: ReadonlySet<number>, prefix: string, count: number): { name: string; slot: number }[] {
  const names: { name: string; slot: number }[] = [];
  for (let i = 0; names.length < count; i++) {
    const name = `${prefix}{${prefix}${i}}`;
    const slot = slotOf(name);
    if (slots.has(slot)) names.push({ name, slot });
  }
  return names;
}

/** Of all keys of the writer of that name. */
export function slotOf(name: string): number {
  return hashSlot(new Slice(Buffer.from(name)));
}

/** An application: ioredis' Cluster, which asks any node for the map and follows redirections. */
export class ClusterWriter extends RecordingWriter {
  readonly kind: "cluster" | "neighbour";
  readonly #cluster: Cluster;

  /** @param hit  whether its slot is of the shard that the drill hits */
  constructor(io: Io, run: string, name: string, group: GroupFile, hit: boolean) {
    super(io, run, name);
    this.kind = hit ? "cluster" : "neighbour";
    const addresses = group.nodes.map(({ host, port }) => ({ host, port }));
    this.#cluster = new Cluster(addresses, clusterClientOptions(group.tls && clientTls(io, group.tls)));
    // Without a listener ioredis prints; what matters arrives as the failure of a write.
    this.#cluster.on("error", () => {});
  }

  protected async write(key: string, value: string): Promise<number> {
    await this.#cluster.set(key, value);
    // Which node it was ioredis does not say.
    return 0;
  }

  protected end(): void {
    this.#cluster.disconnect();
    // A look at the map that is under way plans the next one when it ends, in spite of the disconnect (ioredis 6.0.0).
    this.io.clock.after(REFRESH_MS + 2 * REFRESH_TIMEOUT_MS, () => this.#cluster.disconnect());
  }
}

/**
 * ioredis' Cluster as an application should use it through a failover; docs/drills.md explains each choice. With the defaults
 * a write fails after 16 attempts, about 1.6 s, and one to a stopped node waits for ever.
 */
export function clusterClientOptions(tls?: RedisOptions["tls"]): ClusterOptions {
  return {
    maxRedirections: 10_000,
    retryDelayOnFailover: 20,
    retryDelayOnClusterDown: 20,
    retryDelayOnTryAgain: 10,
    slotsRefreshTimeout: REFRESH_TIMEOUT_MS,
    slotsRefreshInterval: REFRESH_MS,
    clusterRetryStrategy: (times) => Math.min(times * 20, 200),
    redisOptions: { connectTimeout: 500, socketTimeout: 1000, tls },
  };
}
