/** What persistence needs of the server it keeps: the server hands it in. */
import type { Log } from "../base/log.ts";
import type { Engine } from "../engine/engine.ts";
import type { Disk } from "../io/disk.ts";
import type { Clock } from "../io/io.ts";
import type { ReplicationPosition } from "../rdb/writer.ts";

/** A snapshot is due after `seconds` if there were at least `changes`. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** Directives, under their own names; read at each use, so that CONFIG SET counts at once. */
export interface PersistenceSettings {
  readonly dir: string;
  readonly dbfilename: string;
  readonly save: readonly SavePoint[];
  readonly rdbcompression: boolean;
  readonly rdbchecksum: boolean;
  readonly "stop-writes-on-bgsave-error": boolean;
  readonly "rdb-save-incremental-fsync": boolean;
  readonly "rdb-del-sync-files": boolean;
  readonly "proto-max-bulk-len": number;
  /** Microseconds a key; negative: so many keys a microsecond. Tests slow things down with it. */
  readonly "rdb-key-save-delay": number;
  readonly "key-load-delay": number;
}

export interface PersistenceHost {
  readonly engine: Engine;
  /** Also what drives background work: one slice at the end of each tick. */
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
  readonly settings: PersistenceSettings;
  readonly pid: number;
  /** `redis-ver` of the files we write. */
  readonly redisVersion: string;
  /** Changes since the last successful save. The server counts up, persistence down. */
  dirty: number;
  /** Whether keys whose time has come are ours to delete: not on a replica. */
  readonly isPrimary: boolean;
  /** Where in the replication stream the data stand; undefined if there is none. */
  replicationPosition(): ReplicationPosition | undefined;
}
