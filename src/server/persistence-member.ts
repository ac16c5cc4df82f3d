/** Persistence in a server: what it needs of the server, and when it is asked. */
import type { ReplyError } from "../base/reply-error.ts";
import { persistenceCommands } from "../persistence/commands.ts";
import type { PersistenceHost } from "../persistence/host.ts";
import { FatalLoadError, Persistence } from "../persistence/persistence.ts";
import { type ReloadOptions, reload } from "../persistence/reload.ts";
import type { ReplicationPosition } from "../rdb/writer.ts";
import { Guard } from "./connection.ts";
import type { Member } from "./member.ts";
import type { ReplicationMember } from "./replication-member.ts";
import { type Server, StartError } from "./server.ts";

export class PersistenceMember implements Member {
  readonly persistence: Persistence;
  readonly families;
  readonly info;
  readonly #server: Server;

  readonly #replication: ReplicationMember;

  constructor(server: Server, replication: ReplicationMember) {
    this.#server = server;
    this.#replication = replication;
    this.persistence = new Persistence(hostOf(server, () => replication.position()));
    this.families = [persistenceCommands(this.persistence)];
    this.info = this.persistence.info;
  }

  async start(): Promise<void> {
    const server = this.#server;
    server.loading = true;
    server.refreshGuards();
    try {
      await this.persistence.load();
      const { loadedPosition } = this.persistence;
      if (loadedPosition !== undefined) this.#replication.replication.restore(loadedPosition);
    } catch (error) {
      if (error instanceof FatalLoadError) throw new StartError(error.message);
      throw error;
    } finally {
      server.loading = false;
      server.refreshGuards();
    }
  }

  guards(): number {
    return this.persistence.refuseWrite() === null ? 0 : Guard.misconf;
  }

  refuseWrite(): ReplyError | null {
    return this.persistence.refuseWrite();
  }

  cron(): void {
    this.persistence.cron();
  }

  /** A snapshot of the old data must not be written over what comes. */
  beforeReplacement(): void {
    this.persistence.abortBackgroundSave();
  }

  flushedAll(): void {
    this.persistence.afterFlushAll();
  }

  reload(options: ReloadOptions): void {
    reload(this.persistence, options);
  }

  saveBeforeExit(): boolean {
    return this.persistence.saveNow();
  }

  stop(): Promise<void> {
    return this.persistence.stop();
  }
}

function hostOf(server: Server, position: () => ReplicationPosition | undefined): PersistenceHost {
  return {
    engine: server.engine,
    clock: server.clock,
    disk: server.io.disk,
    log: server.log,
    settings: server.config.values,
    pid: server.options.pid,
    redisVersion: server.version.redis,
    get dirty() {
      return server.call.totalDirty;
    },
    set dirty(changes: number) {
      server.call.totalDirty = changes;
    },
    get isPrimary() {
      return !server.isReplica && server.config.values.replicaof === null;
    },
    replicationPosition: position,
  };
}
