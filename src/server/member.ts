/** What a room brings into a server, and when the server calls it: replication, persistence, Sentinel. */
import type { Slice } from "../base/bytes.ts";
import type { ReplyError } from "../base/reply-error.ts";
import type { CommandRow } from "../commands/call.ts";
import type { ReloadOptions } from "../persistence/reload.ts";
import type { Connection } from "./connection.ts";

/** A room that takes part in the server's life: replication, persistence, Sentinel. */
export interface Member {
  /** Families of commands it brings; a later family's row replaces an earlier one's of the same name. */
  readonly families?: readonly (readonly CommandRow[])[];
  /** Guard bits it wants in force now. */
  guards?(): number;
  /** The error that keeps writes out now, or null. */
  refuseWrite?(): ReplyError | null;
  /** At the start of each read, before its commands are run: what it pauses now (`Server.pause`) they wait for. */
  beforeBatch?(): void;
  /** At the end of each tick, behind the outcomes and before the replies. */
  endOfTick?(): void;
  /** At each turn of the cron: `hz` times a second. */
  cron?(now: number): void;
  /** The server listens, and is loading: clients are told to wait. */
  start?(): Promise<void>;
  /** Clients are gone, nothing more will be asked. */
  stop?(): Promise<void>;
  connectionClosed?(connection: Connection): void;
  /** A message was published through us: to all, or to the shard of its channel. */
  published?(channel: string, message: Slice): void;
  publishedInShard?(channel: string, message: Slice): void;
  isReplica?(): boolean;
  /** A full sync is about to replace all data. */
  beforeReplacement?(): void;
  /** FLUSHALL has emptied all databases. */
  flushedAll?(): void;
  /** CONFIG RESETSTAT */
  resetStatistics?(): void;
  /** Before an orderly end: resolves when others have all that we have, or time is up. */
  handOver?(): Promise<unknown>;
  /** It does not end after all. */
  abortHandOver?(): void;
  /** Saves the data, since the process is to end; false if that failed. */
  saveBeforeExit?(): boolean;
  /** DEBUG RELOAD */
  reload?(options: ReloadOptions): void;
  /** DEBUG CHANGE-REPL-ID */
  changeReplicationId?(): void;
  /** Sections of INFO by name: lines `field:value`. They take the place of lines of the same field. */
  readonly info?: Readonly<Record<string, () => string[]>>;
}
