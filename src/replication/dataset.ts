/**
 * What replication needs of the house below it, and is handed: the data (`Dataset`), the process and its clients (`Host`),
 * a connection that became a replica (`ReplicaPeer`), its directives (`ReplicationSettings`) and a way to ask other servers
 * (`AskPeer`). `server/` supplies them; `sim/` and the tests supply small ones. What the server calls in turn is the class
 * `Replication` of `shell.ts`.
 */
import type { Log } from "../base/log.ts";
import type { ReplyError } from "../base/reply-error.ts";
import type { Session } from "../commands/session.ts";
import type { Endpoint } from "../io/net.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";

/** Names a point in a history of writes; travels in the RDB's aux fields `repl-id`, `repl-offset` and `repl-stream-db`. */
export interface ReplicationPoint {
  readonly replid: string;
  readonly offset: number;
  /** The database that the stream has selected there, -1 for none: the stream behind starts with a SELECT. */
  readonly streamDb: number;
}

/** The data set as replication sees it: something to copy out, to replace and to play a stream of commands into. */
export interface Dataset {
  /** No key in any database (nor, later, a function). */
  isEmpty(): boolean;
  keyCount(): number;

  /**
   * Hands all outcomes gathered so far to `Replication.feed`, so that the data and the offset name the same point. Called
   * before a snapshot is begun, an offset is promised or the role changes; may find nothing to do.
   */
  settle(): void;
  /** The next outcome is to start with a SELECT, whatever was selected before: a new reader joins the stream. */
  selectAgain(): void;

  /** An RDB of this very moment, produced piecemeal while writes go on. `point` goes into its aux fields. */
  beginSnapshot(point: ReplicationPoint): SnapshotStream;

  /** Begins to receive an RDB beside the data held, which are served on and stay untouched until `Loader.commit`. */
  load(): Loader;

  /**
   * Runs the whole commands at the front of bytes[0, length) as the primary's: with a session whose `fromPrimary` is set,
   * no replies, writes allowed on a read-only replica, expiry left to the primary, nothing of it in `Replication.feed`
   * (the stream is passed on byte for byte by replication itself). A command of which bytes are missing is left alone.
   * Bytes are lent until this returns.
   * @returns  how many bytes these commands took
   * @throws   when the bytes are no command: the link is then cut and synchronised afresh
   */
  apply(bytes: Uint8Array, length: number): number;
  /** Whether the last `apply` ended between MULTI and EXEC: what was consumed since the MULTI does not count as applied. */
  readonly applyingTransaction: boolean;
  /** The database that the applied stream has selected; 0 after a full sync unless the RDB says otherwise. */
  appliedDb: number;
  /** The link broke: forget a MULTI that has no EXEC yet. The stream starts over at the MULTI. */
  abandonTransaction(): void;
}

export interface SnapshotStream {
  /**
   * About `maxBytes` more of the RDB, or none for the time being, though it goes on; null behind its end. The bytes are lent
   * until the next call.
   */
  next(maxBytes: number): Uint8Array | null;
  /** Lets go of it, finished or not. */
  close(): void;
}

/** An RDB being received. Nothing of it shows before `commit`. */
export interface Loader {
  /** Takes bytes[start, end), lent until this returns. Throws an Error that says what is wrong with the RDB. */
  feed(bytes: Uint8Array, start: number, end: number): void;
  /** All bytes were fed. Throws if the RDB is not whole; otherwise tells what it holds. */
  finish(): LoadedRdb;
  /** What was received takes the place of the data held; `appliedDb` is set from `repl-stream-db`. After `finish`. */
  commit(): void;
  /** Lets go of what was received. */
  abort(): void;
}

export interface LoadedRdb {
  readonly keys: number;
  /** `repl-id`, `repl-offset`, `repl-stream-db`, `redis-ver`, `ctime`... */
  readonly aux: ReadonlyMap<string, string>;
}

export type Role = "master" | "slave";

/** Why writes wait. Several reasons may hold at once; writes go on when none is left. */
export type PauseReason = "failover" | "shutdown" | "returning";

/** The process around replication, and its clients. */
export interface ReplicationHost {
  readonly log: Log;
  /** INFO's `run_id`: how we recognise ourselves behind an address. */
  readonly runId: string;

  /**
   * The connection of `session` becomes a replica: from now on its commands are run but get no replies, it is of class
   * `replica`, does not count as a normal client, is not timed out by `timeout`, and what it is sent comes from
   * `ReplicaPeer.send` alone, behind the replies it was given before. Called twice for one session it gives the same peer.
   */
  becomeReplica(session: Session): ReplicaPeer;
  /** Where the session's connection comes from. */
  addressOf(session: Session): Endpoint;

  /** Parks the client until `answer` is called: WAIT, WAITAOF. Only for sessions whose `denyBlocking` is not set. */
  park(session: Session, events: ParkEvents): ParkedClient;
  /** The offset behind the last write of this session: `Replication.offset` plus what `Dataset.settle` would feed, when it wrote. */
  writeOffsetOf(session: Session): number;

  /**
   * Client commands that write (or may replicate) wait, as with CLIENT PAUSE WRITE; expiry and eviction rest as well, so
   * that the stream stands still. Commands that waited are looked at afresh when the last reason is gone: on a replica
   * they are then answered -READONLY.
   */
  pauseWrites(reason: PauseReason): void;
  resumeWrites(reason: PauseReason): void;
  /**
   * The process was stopped in the middle of a tick: connections that ran a write and have replies that did not leave yet keep
   * them, and later ones behind them, until it is known whether these writes still count. Other connections go on.
   */
  holdReplies(): void;
  /** The writes count: what `holdReplies` kept may leave. */
  releaseReplies(): void;
  /** Somebody else was made primary meanwhile: closes the connections that `holdReplies` holds. */
  dropHeldReplies(): void;

  /**
   * The role changed, or a replica follows another primary. The server sets `engine.expiryMode` ("delete" for a master, "hide"
   * for a slave), refuses or allows writes, and as a new slave unblocks the clients parked in blocking commands with
   * -UNBLOCKED.
   */
  roleChanged(role: Role): void;
  /** The link to our primary came up or went down: whether stale data may be read (`Replication.staleRefusal`) changed. */
  linkChanged(): void;
}

export interface ParkEvents {
  /** The connection is gone; nothing can be answered any more. */
  closed(): void;
  /** CLIENT UNBLOCK: "timeout" wants the usual answer now, "error" was answered by the server already. */
  unblocked(how: "timeout" | "error"): void;
}

export interface ParkedClient {
  /** Writes the reply and lets the client's next commands run. Once. */
  answer(write: (reply: ReplyWriter) => void): void;
}

/** A client connection that became a replica. Replication enforces `client-output-buffer-limit replica` itself. */
export interface ReplicaPeer {
  /** The client's id. */
  readonly id: number;
  readonly address: Endpoint;
  /** Bytes sent that the network has not taken yet. */
  readonly pendingBytes: number;
  /** Unix ms at which bytes last came from it, were it only an empty line: a replica that loads says no more. */
  readonly lastReadAt: number;
  /** Sends bytes[start, end), behind all that was sent before; lent until this returns. Silent when the connection is gone. */
  send(bytes: Uint8Array, start: number, end: number): void;
  setNoDelay(on: boolean): void;
  /** Closes now. `onClose` is not called. */
  close(): void;
  /** Set by replication: `pendingBytes` fell to zero. */
  onDrain: () => void;
  /** Set by replication: the connection is gone, by the network or by CLIENT KILL. Once. */
  onClose: () => void;
}

export type Answer = string | number | null | ReplyError | readonly Answer[];

/** Questions to other servers: members of the roster, Sentinels, a FAILOVER's target. Supplied by `client/`. */
export interface AskPeer {
  /**
   * Sends the commands on one connection (AUTH first when `password` is given) and gathers the replies in order; a reply
   * that is an error stands in the place of its answer. Bulk strings come as latin1 text.
   * Rejects when the server cannot be reached, refuses the AUTH, or does not answer within `timeoutMs`; the error has
   * the `code` of the network's, ECONNREFUSED above all, if it was one.
   */
  ask(endpoint: Endpoint, commands: readonly (readonly string[])[], options: AskOptions): Promise<Answer[]>;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly user?: string;
  readonly password?: string;
}

/** The directives replication reads, by their names in camel case; one object a server, changed in place by CONFIG SET. */
export interface ReplicationSettings {
  /** The port that replicas and Sentinels are told: `port`, or `tls-port` with `tls-replication`. */
  port: number;
  /** "" and 0 for none. */
  replicaAnnounceIp: string;
  replicaAnnouncePort: number;
  replicaPriority: number;
  replicaAnnounced: boolean;
  replicaReadOnly: boolean;
  replicaServeStaleData: boolean;
  /** "" for none. */
  masteruser: string;
  masterauth: string;
  replBacklogSize: number;
  replBacklogTtlSeconds: number;
  replTimeoutSeconds: number;
  replPingReplicaPeriodSeconds: number;
  replDisableTcpNodelay: boolean;
  replDisklessSync: boolean;
  replDisklessSyncDelaySeconds: number;
  replDisklessSyncMaxReplicas: number;
  minReplicasToWrite: number;
  minReplicasMaxLagSeconds: number;
  /** `client-output-buffer-limit replica`; 0 for no limit. */
  replicaOutputLimit: { hardBytes: number; softBytes: number; softSeconds: number };
  shutdownTimeoutSeconds: number;
  /** The local address for outgoing links, "" for any: `bind-source-addr`. */
  bindSourceAddr: string;
  /** The folder for `lost-writes-*.aof` and `nines-group.json`: `dir`. */
  dir: string;

  /** Ours: `replicas host:port ...`, the roster. */
  replicas: readonly Endpoint[];
  /** Ours: `sentinels host:port ...`, asked by a returning primary besides those heard of. */
  sentinels: readonly Endpoint[];
  /** Ours: the group's name there, `sentinels-master-name`; "" for whatever the Sentinels call the one at our address. */
  sentinelsMasterName: string;
  /** Ours: who we are to the Sentinels; "" and "" for strangers. */
  sentinelsUser: string;
  sentinelsPass: string;
  /** Ours: `empty-primary-guard yes`. */
  emptyPrimaryGuard: boolean;
  /** Ours: `lost-writes-file yes`. */
  lostWritesFile: boolean;
  /** Ours: a pause of the process longer than this makes a primary ask who is primary. 0 turns it off. Default 500. */
  returningPrimaryPauseMs: number;
  /** Ours: how long a returning primary holds writes when nobody answers. Default 5000. */
  returningPrimaryTimeoutMs: number;
}
