/** Looks at a running group again and again, over one connection a node that is made anew when it breaks. */
import { RedisConnection } from "../client/connection.ts";
import { infoFields } from "../client/replies.ts";
import type { Io, Timer } from "../io/io.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { ownSlots } from "./cluster-formation.ts";
import type { GroupFile, NodeFile } from "./group-file.ts";
import {
  type Failover,
  findFailover,
  type GroupStatus,
  parseSwitch,
  type SentinelStatus,
  serverStatus,
  withLag,
} from "./status.ts";
import { labIo } from "./tls.ts";

const ANSWER_WITHIN_MS = 400;

export class Watch {
  readonly #io: Io;
  readonly #group: GroupFile;
  readonly #probes: Map<string, Probe>;
  readonly #listeners: Probe[];
  readonly #onFailover: (failover: Failover) => void;
  #lastFailover: Failover | undefined;
  /** Of a cluster: as it was, each node as it was last seen. */
  #last: GroupStatus | undefined;
  #timer: Timer | undefined;

  constructor(io: Io, group: GroupFile, onFailover: (failover: Failover) => void = () => {}) {
    this.#io = io;
    this.#group = group;
    this.#onFailover = onFailover;
    const links = labIo(io, group.tls);
    this.#probes = new Map(group.nodes.map((node) => [node.name, new Probe(links, node)]));
    const sentinels = group.nodes.filter((node) => node.kind === "sentinel");
    this.#listeners = sentinels.map((node) => new Probe(links, node, (connection) => this.#listen(connection)));
  }

  /** Calls `onStatus` every `periodMs`, or as fast as the nodes answer. */
  start(periodMs: number, onStatus: (status: GroupStatus) => void): void {
    let asking = false;
    const look = async () => {
      if (asking) return;
      asking = true;
      const status = await this.look();
      asking = false;
      if (this.#timer) onStatus(status);
    };
    this.#timer = this.#io.clock.every(periodMs, look);
    look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const probe of [...this.#probes.values(), ...this.#listeners]) probe.close();
  }

  /** Asks every node once; the silent ones are down. */
  async look(): Promise<GroupStatus> {
    const { nodes } = this.#group;
    for (const listener of this.#listeners) listener.connect();
    const servers = Promise.all(
      nodes
        .filter((node) => node.kind === "server")
        .map(async (node) => {
          const probe = this.#probes.get(node.name)!;
          const reply = await probe.ask(["INFO", "replication"]);
          const status = serverStatus(node, reply === undefined ? undefined : infoFields(reply));
          if (this.#group.kind !== "cluster" || !status.up) return status;
          const cluster = infoFields((await probe.ask(["CLUSTER", "INFO"])) ?? "");
          const serves = cluster.get("cluster_state") === "ok";
          if (status.role !== "primary") return { ...status, serves };
          return { ...status, serves, slots: ownSlots((await probe.ask(["CLUSTER", "NODES"])) ?? null) };
        }),
    );
    const sentinels = nodes.filter((node) => node.kind === "sentinel").map((node) => this.#lookAtSentinel(node));
    const status: GroupStatus = {
      servers: withLag(await servers),
      sentinels: await Promise.all(sentinels),
      lastFailover: this.#lastFailover,
    };
    return this.#group.kind === "cluster" ? this.#compared(status) : status;
  }

  /** Who has taken whose place since the last look. */
  #compared(status: GroupStatus): GroupStatus {
    const failover = this.#last && findFailover(this.#last, status, this.#io.clock.now());
    // One that was silent for a while is still known by what it was.
    const remembered = status.servers.map((server) => {
      const was = this.#last?.servers.find((other) => other.name === server.name);
      return server.up || was === undefined ? server : was;
    });
    this.#last = { ...status, servers: remembered };
    if (failover === undefined) return status;
    this.#lastFailover = failover;
    this.#onFailover(failover);
    return { ...status, lastFailover: failover };
  }

  async #lookAtSentinel(node: NodeFile): Promise<SentinelStatus> {
    const { name, port } = node;
    const words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#group.masterName];
    const reply = await this.#probes.get(name)!.ask(words);
    if (reply === undefined) return { name, port, up: false };
    return { name, port, up: true, primaryPort: Array.isArray(reply) ? Number(reply[1]) : undefined };
  }

  #listen(connection: RedisConnection): void {
    const heard = (_channel: string, payload: string | Buffer) => {
      const failover = parseSwitch(String(payload), this.#io.clock.now());
      if (failover === undefined) return;
      // Every Sentinel tells of it; the first to do so is news.
      const known = this.#lastFailover;
      if (known && known.from === failover.from && known.to === failover.to && failover.at - known.at < 10_000) return;
      this.#lastFailover = failover;
      this.#onFailover(failover);
    };
    connection.subscribe(["+switch-master"], heard).catch(() => {});
  }
}

/** A connection to one node, made anew when it is needed and broken. */
class Probe {
  readonly #io: Io;
  readonly #node: NodeFile;
  readonly #onConnection: ((connection: RedisConnection) => void) | undefined;
  #connection: RedisConnection | undefined;

  constructor(io: Io, node: NodeFile, onConnection?: (connection: RedisConnection) => void) {
    this.#io = io;
    this.#node = node;
    this.#onConnection = onConnection;
  }

  connect(): RedisConnection {
    if (this.#connection && this.#connection.error === null) return this.#connection;
    const { host, port } = this.#node;
    const options = { name: "nines-watch", connectTimeoutMs: ANSWER_WITHIN_MS, timeoutMs: ANSWER_WITHIN_MS };
    this.#connection = new RedisConnection(this.#io, { host, port }, options);
    this.#onConnection?.(this.#connection);
    return this.#connection;
  }

  /** The answer, or undefined if the node gave none in time. */
  async ask(words: string[]): Promise<Reply | undefined> {
    try {
      return await this.connect().call(...words);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#connection?.close();
  }
}
