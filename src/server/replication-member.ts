/** Replication in a server: what it is handed, and when it is called. */
import type { Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import { RedisConnection } from "../client/connection.ts";
import { onWire } from "../client/request-writer.ts";
import type { Io } from "../io/io.ts";
import type { ReplicationPosition } from "../rdb/writer.ts";
import type { Answer, AskOptions, AskPeer } from "../replication/dataset.ts";
import { Replication } from "../replication/shell.ts";
import { Guard } from "./connection.ts";
import { ServerDataset } from "./dataset.ts";
import type { Member } from "./member.ts";
import { ServerReplicationHost } from "./replication-host.ts";
import { replicationSettings } from "./replication-settings.ts";
import type { Server } from "./server.ts";

export class ReplicationMember implements Member {
  readonly replication: Replication;
  readonly families;
  readonly info;
  readonly host: ServerReplicationHost;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    const { config, outcomes } = server;
    const io = server.tls.ioFor("replication");
    const offset = () => this.replication.offset + outcomes.length;
    this.host = new ServerReplicationHost(server, offset, () => {
      config.assign("replicaof", this.replication.primary);
      // The commands behind REPLICAOF NO ONE in the same read write already.
      outcomes.active = this.replication.wantsStream || outcomes.taps.size > 0;
    });
    const replication = new Replication({
      io,
      host: this.host,
      dataset: new ServerDataset(server),
      settings: replicationSettings(config.values, () => server.listeners.linkPort),
      ask: new Asker(io),
    });
    this.replication = replication;
    server.streamOffset = offset;
    outcomes.consume = (bytes, length, db) => replication.feed(bytes, length, db);
    this.families = [replication.commands()];
    this.info = {
      replication: () => replication.info().trimEnd().split("\r\n"),
      stats: () => statistics(replication),
      memory: () => buffers(replication),
    };
    config.onApply(SETTINGS, () => {
      replication.settingsChanged();
      server.refreshGuards();
      return undefined;
    });
  }

  async start(): Promise<void> {
    const { replicaof } = this.#server.config.values;
    if (replicaof !== null) this.replication.follow(replicaof);
    this.replication.start();
    this.#server.refreshGuards();
  }

  async stop(): Promise<void> {
    this.replication.stop();
  }

  isReplica(): boolean {
    return this.replication.role === "slave";
  }

  guards(): number {
    const { replication } = this;
    let guards = 0;
    if (replication.role === "slave") {
      if (this.#server.config.values["replica-read-only"]) guards |= Guard.readonly;
      if (replication.staleRefusal() !== null) guards |= Guard.stale;
    } else if (this.#server.config.values["min-replicas-to-write"] > 0) guards |= Guard.minReplicas;
    return guards;
  }

  refuseWrite(): ReplyError | null {
    return this.replication.refusal(NOBODY, true);
  }

  beforeBatch(): void {
    this.replication.beforeCommands();
    this.#refreshOutcomes();
  }

  endOfTick(): void {
    this.replication.endOfTick();
    // A replica may have come in this very tick: what happens between ticks is for it as well.
    this.#refreshOutcomes();
    this.replication.beforeAnswers();
  }

  #refreshOutcomes(): void {
    const { outcomes } = this.#server;
    outcomes.active = this.replication.wantsStream || outcomes.taps.size > 0;
  }

  published(channel: string, message: Slice): void {
    this.replication.sawHello(channel, message.latin1());
  }

  resetStatistics(): void {
    const { stats } = this.replication;
    stats.syncFull = stats.syncPartialOk = stats.syncPartialErr = 0;
  }

  handOver(): Promise<boolean> {
    return this.replication.handOver();
  }

  abortHandOver(): void {
    this.replication.abortHandOver();
  }

  changeReplicationId(): void {
    this.replication.changeReplid();
  }

  /** What an RDB written now says of where it stands in the stream. */
  position(): ReplicationPosition | undefined {
    return this.replication.point() ?? undefined;
  }
}

function statistics({ stats, inputBytes, outputBytes }: Replication): string[] {
  return [
    `total_net_repl_input_bytes:${inputBytes}`,
    `total_net_repl_output_bytes:${outputBytes}`,
    `sync_full:${stats.syncFull}`,
    `sync_partial_ok:${stats.syncPartialOk}`,
    `sync_partial_err:${stats.syncPartialErr}`,
  ];
}

function buffers({ bufferedBytes, machine }: Replication): string[] {
  return [
    `mem_replication_backlog:${machine.history.backlog?.size ?? 0}`,
    `mem_total_replication_buffers:${bufferedBytes}`,
  ];
}

/** `refusal` asks only whether it is our primary that writes; the gates let that one pass before. */
const NOBODY = { fromPrimary: false } as never;

const SETTINGS = [
  "repl-backlog-size",
  "min-replicas-to-write",
  "min-replicas-max-lag",
  "replica-read-only",
  "replica-serve-stale-data",
  "replicas",
] as const;

/** Questions to other servers, each on a connection of its own. */
class Asker implements AskPeer {
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  async ask(
    endpoint: { host: string; port: number },
    commands: readonly (readonly string[])[],
    options: AskOptions,
  ): Promise<Answer[]> {
    const connection = new RedisConnection(this.#io, endpoint, {
      username: options.user && onWire(options.user),
      password: options.password && onWire(options.password),
      strings: "latin1",
      connectTimeoutMs: options.timeoutMs,
      timeoutMs: options.timeoutMs,
    });
    try {
      return (await Promise.all(
        commands.map((words) => connection.call(...words.map(onWire)).catch(asAnswer)),
      )) as Answer[];
    } finally {
      connection.close();
    }
  }
}

/** An error reply is an answer; anything else means that there is none. */
function asAnswer(error: unknown): ReplyError {
  if (error instanceof ReplyError) return error;
  throw error;
}
