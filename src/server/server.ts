/**
 * A server: the wiring of all rooms around one data set. A request's way is
 * connection.ts (bytes to requests) -> dispatch.ts (gates, handler) -> outcomes.ts (what the replicas run) -> tick.ts (the
 * end of the tick: outcomes leave, then replies). `start` makes one that listens; `stop` ends it.
 */
import { Slice } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import type { ReplyError } from "../base/reply-error.ts";
import { VERSION as NINES_VERSION } from "../base/version.ts";
import { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import type { CommandTable } from "../commands/table.ts";
import type { Config } from "../config/config.ts";
import type { FileExtras } from "../config/file.ts";
import { Engine } from "../engine/engine.ts";
import { Policy } from "../engine/policy.ts";
import { type Io, randomId } from "../io/io.ts";
import type { Socket } from "../io/net.ts";
import { noProcess, type ProcessFacts } from "../io/process-facts.ts";
import type { Processes } from "../io/processes.ts";
import type { Replication } from "../replication/shell.ts";
import { ChunkPool } from "../resp/chunk-pool.ts";
import type { ProtocolError } from "../resp/request-reader.ts";
import type { SentinelShell } from "../sentinel/shell.ts";
import { Access } from "./access.ts";
import { Blocking } from "./blocking.ts";
import { ClientEviction } from "./client-eviction.ts";
import { Clients } from "./clients.ts";
import type { ClusterMember } from "./cluster-member.ts";
import { Connection, type ConnectionOwner, Guard } from "./connection.ts";
import { Cron } from "./cron.ts";
import { Dispatch } from "./dispatch.ts";
import { Gates } from "./gates.ts";
import { KeyspaceEvents } from "./keyspace-events.ts";
import { LatencyMonitor } from "./latency-monitor.ts";
import { Listeners } from "./listeners.ts";
import { isChatty } from "./log.ts";
import type { Member } from "./member.ts";
import { Monitors } from "./monitors.ts";
import { Outcomes } from "./outcomes.ts";
import { Pause } from "./pause.ts";
import { PubSub } from "./pubsub.ts";
import { RareLog } from "./rare-log.ts";
import { ServerCall } from "./server-call.ts";
import { obeyPolicy } from "./settings.ts";
import { Shutdown } from "./shutdown.ts";
import { SilentChanges } from "./silent-changes.ts";
import { SlowLog } from "./slowlog.ts";
import { Stats } from "./stats.ts";
import { Tick } from "./tick.ts";
import { ServerTls } from "./tls.ts";
import { Watches } from "./watches.ts";

export interface ServerOptions {
  readonly io: Io;
  /** Runs a Sentinel's scripts. */
  readonly processes: Processes;
  readonly config: Config;
  readonly log: Log;
  readonly mode?: "server" | "sentinel";
  /** Absolute; "" for none. */
  readonly configFile?: string;
  /** What the configuration says beyond its directives: users, renamed commands, a Sentinel's lines. */
  readonly extras?: FileExtras;
  readonly pid: number;
  /** What INFO says of the process; none by default. */
  readonly facts?: ProcessFacts;
  /** `port 0`, or `tls-port 0`, means any free port, as embedded servers want, and not none. */
  readonly ephemeralPort?: "tcp" | "tls";
  /** Ends the process, or whatever stands for it. */
  readonly exit: (code: number) => void;
}

/** Why a server cannot start, in words for the log. */
export class StartError extends Error {}

/** The level of Redis that we match, and our own. */
export const VERSION = { redis: "7.2.4", nines: NINES_VERSION };

/** How many clients that are closed for a limit are logged a minute, for each limit. */
const WARNINGS = 10;

export class Server implements ConnectionOwner {
  readonly io: Io;
  readonly clock: Io["clock"];
  readonly config: Config;
  readonly log: Log;
  readonly options: ServerOptions;
  /** What strangers can cause goes here instead. */
  readonly rareLog: RareLog;
  readonly version = VERSION;
  readonly runId: string;
  readonly startedAt: number;
  readonly engine: Engine;
  readonly chunks = new ChunkPool();
  readonly args = new Args();
  readonly stats = new Stats();
  readonly clients = new Clients();
  readonly eviction = new ClientEviction(this);
  readonly pubsub = new PubSub();
  readonly events = new KeyspaceEvents(this.pubsub);
  readonly watches = new Watches();
  readonly blocking: Blocking;
  readonly outcomes = new Outcomes();
  readonly pause = new Pause();
  readonly slowlog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly facts: ProcessFacts;
  readonly shutdown: Shutdown;
  readonly monitors: Monitors;
  readonly tick: Tick;
  readonly call: ServerCall;
  readonly silentChanges: SilentChanges;
  readonly listeners: Listeners;
  readonly tls: ServerTls;
  readonly members: Member[] = [];
  /** Of a server that holds data. */
  replication: Replication | null = null;
  /** Of a node of a cluster. */
  cluster: ClusterMember | null = null;
  /** Of a Sentinel. */
  sentinel: SentinelShell | null = null;
  table!: CommandTable;
  dispatch!: Dispatch;
  /** Users, and what they may do. */
  access!: Access;
  /** Where the stream of outcomes stands, counting what waits in `outcomes`; set by replication's wiring. */
  streamOffset: () => number = () => 0;
  /** DEBUG SET-ACTIVE-EXPIRE */
  activeExpire = true;
  /** DEBUG PAUSE-CRON */
  cronPaused = false;
  /** The data set is being loaded. */
  loading = false;
  /** `stop` was called. */
  isStopping = false;
  #batchDepth = 0;
  readonly #cron = new Cron(this);
  #stopping: Promise<void> | null = null;
  readonly #key = new Slice();

  constructor(options: ServerOptions) {
    const { io, config, log } = options;
    this.options = options;
    this.io = io;
    this.clock = io.clock;
    this.config = config;
    this.log = log;
    this.rareLog = new RareLog(log, () => this.engine.now);
    this.runId = randomId(io.random);
    this.startedAt = io.clock.now();
    const policy = new Policy();
    policy.clusterEnabled = config.values["cluster-enabled"];
    this.engine = new Engine({
      databases: config.values.databases,
      policy,
      clock: io.clock,
      random: io.random,
    });
    this.engine.now = this.startedAt;
    this.tick = new Tick(io.clock);
    this.tick.beforeFlush = () => this.#settle();
    this.tick.beforeEach = () => this.replication?.beforeAnswers();
    this.tick.onFlush = (connections) => {
      this.stats.writes += connections;
    };
    this.tick.afterFlush = () => this.eviction.endOfTick();
    this.blocking = new Blocking(this);
    this.call = new ServerCall(this);
    this.slowlog = new SlowLog(io.clock);
    this.latency = new LatencyMonitor(io.clock);
    this.facts = options.facts ?? noProcess;
    this.shutdown = new Shutdown(this);
    this.monitors = new Monitors(this);
    this.listeners = new Listeners(this);
    this.tls = new ServerTls({
      io,
      values: config.values,
      log,
      rareLog: this.rareLog,
      hasRoom: (handshaking) => this.clients.count + handshaking < config.values.maxclients,
      onRejected: () => {
        this.stats.rejectedConnections++;
      },
    });
    this.pause.onChange = () => this.#pauseChanged();
    this.silentChanges = new SilentChanges(this);
  }

  /** Completes the wiring: the commands there are. */
  equip(table: CommandTable): void {
    this.table = table;
    this.access = new Access(this, table);
    this.dispatch = new Dispatch(table, this.call, this.outcomes, new Gates(this));
    this.refreshGuards();
  }

  get isReplica(): boolean {
    return this.members.some((member) => member.isReplica?.() ?? false);
  }

  get now(): number {
    return this.engine.now;
  }

  get sentinelMode(): boolean {
    return this.options.mode === "sentinel";
  }

  // --- the way of a request -------------------------------------------------------------------------------------------

  accept(socket: Socket): void {
    this.stats.connectionsReceived++;
    const connection = new Connection(this, socket, this.clients.takeId(), this.clock.now());
    const refused = this.listeners.refuses(connection);
    if (refused !== null) {
      this.stats.rejectedConnections++;
      connection.reply.error(refused);
      connection.flush();
      socket.end();
      return;
    }
    this.access.welcome(connection);
    connection.reader.limits.maxBulkBytes = this.config.values["proto-max-bulk-len"];
    socket.setNoDelay(true);
    socket.setKeepAlive(this.config.values["tcp-keepalive"] * 1000);
    this.clients.add(connection);
    this.eviction.weigh(connection);
  }

  beginBatch(connection: Connection): void {
    if (this.#batchDepth++ > 0) return;
    this.stats.reads++;
    this.awake();
    connection.lastActiveAt = this.engine.now;
    this.dispatch.beginBatch();
  }

  endBatch(connection: Connection): void {
    if (--this.#batchDepth > 0) return;
    this.dispatch.endBatch(connection);
    // A command may ask for nothing but the end of the tick: WAIT has the replicas asked then.
    this.tick.schedule();
  }

  run(connection: Connection, args: Args): void {
    this.dispatch.run(connection, args);
  }

  dirty(connection: Connection): void {
    this.tick.dirty(connection);
  }

  closed(connection: Connection, reason: string): void {
    // The text is a quarter of what a connection that comes and goes leaves to the collector of garbage.
    if (isChatty(this.config.values.loglevel))
      this.log.verbose(`Client closed connection id=${connection.id} addr=${connection.address}: ${reason}`);
    this.stats.bytesIn += connection.bytesIn;
    this.stats.bytesOut += connection.bytesOut;
    this.clients.remove(connection);
    this.eviction.forget(connection);
    this.pubsub.leave(connection);
    this.watches.forget(connection.transaction);
    this.monitors.remove(connection);
    connection.blocked?.cancel(null);
    connection.replica?.onClose();
    for (const member of this.members) member.connectionClosed?.(connection);
  }

  unwatch(connection: Connection): void {
    this.watches.forget(connection.transaction);
  }

  later(action: () => void): void {
    this.clock.endOfTick(action);
  }

  weigh(connection: Connection): void {
    this.eviction.weigh(connection);
  }

  checkOutput(connection: Connection): void {
    if (!this.clients.overLimit(connection, this.engine.now)) return;
    this.stats.outputBufferLimitDisconnections++;
    this.rareLog.warning(
      "output buffer limits",
      WARNINGS,
      `Client id=${connection.id} addr=${connection.address} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    connection.close("output buffer limit");
  }

  queryBufferLimit(): number {
    return this.config.values["client-query-buffer-limit"];
  }

  inputTooLong(connection: Connection): void {
    this.stats.queryBufferLimitDisconnections++;
    this.rareLog.warning(
      "query buffer limits",
      WARNINGS,
      `Closing client that reached max query buffer length: id=${connection.id} addr=${connection.address}`,
    );
    connection.close("query buffer limit");
  }

  protocolError(connection: Connection, error: ProtocolError): void {
    this.log.verbose(`Protocol error (${error.message}) from client id=${connection.id} addr=${connection.address}`);
    this.failed(error);
    connection.reply.error(error);
    connection.closeSoon();
  }

  crossProtocol(connection: Connection): void {
    this.rareLog.warning(
      "cross protocol scripting",
      1,
      `Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. Connection from ${connection.address} aborted.`,
    );
    connection.close("cross protocol scripting");
  }

  // --- what commands come to ------------------------------------------------------------------------------------------

  /** A command was answered with this. */
  failed(error: ReplyError): void {
    this.stats.countError(error.code);
  }

  /** @param row  null for what happened before the command was known */
  bug(error: unknown, row: CommandRow | null): void {
    this.stats.unexpectedErrors++;
    const where = `command '${row?.name ?? "<unknown>"}'`;
    this.rareLog.warning(
      `bugs in ${where}`,
      WARNINGS,
      `Bug in ${where}: ${error instanceof Error ? error.stack : error}`,
    );
  }

  /** To be called when anything changes that a gate looks at. */
  refreshGuards(): void {
    if (!this.dispatch) return;
    let guards = 0;
    if (this.config.values.maxmemory > 0) guards |= Guard.maxmemory;
    if (this.pause.mode !== null) guards |= Guard.paused;
    if (this.loading) guards |= Guard.loading;
    if (this.monitors.any) guards |= Guard.monitors;
    for (const member of this.members) guards |= member.guards?.() ?? 0;
    this.dispatch.guards = guards;
    this.engine.expiryMode = this.expiryMode;
  }

  /** On a replica the primary leads expiry; while writes wait keys that expire are hidden, so that the stream stands still. */
  get expiryMode(): Engine["expiryMode"] {
    return this.isReplica || this.pause.mode !== null ? "hide" : "delete";
  }

  // --- time -----------------------------------------------------------------------------------------------------------

  refreshTime(): void {
    this.engine.now = this.clock.now();
  }

  /** Before anything is done: what time is it, and has it been long since we last looked? */
  awake(): void {
    this.refreshTime();
    for (const member of this.members) member.beforeBatch?.();
  }

  /** Hands on what has gathered in the stream of outcomes, so that data and offset name the same point. */
  settle(): void {
    this.outcomes.flush();
  }

  #settle(): void {
    // What expired between the commands; what they changed was looked at behind each of them.
    if (this.dispatch?.keysChanged) this.blocking.serveLater();
    this.outcomes.flush();
    for (const member of this.members) member.endOfTick?.();
  }

  #pauseChanged(): void {
    this.refreshGuards();
    if (this.pause.mode === "all") return;
    for (const connection of this.clients.byId.values()) if (connection.paused) this.resumeLater(connection);
    this.blocking.pauseEnded();
  }

  /** Goes on with a client's requests at the end of the tick: never from within another client's command. */
  resumeLater(connection: Connection): void {
    this.clock.endOfTick(() => {
      connection.paused = false;
      connection.resume();
    });
  }

  beforeReplacement(): void {
    for (const member of this.members) member.beforeReplacement?.();
  }

  /** Those who watch keys of these databases, all of which change at once, and those who wait for them. */
  touchDatabases(databases: "all" | readonly number[], others: readonly Engine[] = []): void {
    if (this.blocking.any) this.blocking.databasesChanged(databases);
    if (this.watches.none) return;
    this.watches.touchDatabases(databases, (dbIndex, key) => {
      const bytes = Buffer.from(key, "latin1");
      const slice = this.#key.set(bytes, 0, bytes.length);
      return [this.engine, ...others].some((engine) => engine.databases[dbIndex]!.has(slice));
    });
  }

  // --- life -----------------------------------------------------------------------------------------------------------

  /** @throws  when a port is busy, a member cannot start */
  async start(): Promise<void> {
    this.access.load();
    this.applySettings();
    this.log.notice("Server initialized");
    const needsTls = this.tls.isWanted || this.options.ephemeralPort === "tls";
    if (needsTls && !this.tls.configure()) throw new StartError("Failed to configure TLS. Check logs for more info.");
    await this.listeners.open();
    for (const member of this.members) await member.start?.();
    for (const kind of this.listeners.kinds) this.log.notice(`Ready to accept connections ${kind}`);
    this.#cron.start();
  }

  /** Settings that are kept elsewhere than in the configuration, where the hot path reads them. */
  applySettings(): void {
    const { values } = this.config;
    const { engine } = this;
    this.events.configure(values["notify-keyspace-events"]);
    this.slowlog.maxLength = values["slowlog-max-len"];
    this.latency.thresholdMs = values["latency-monitor-threshold"];
    this.dispatch.lateMicros = this.latency.thresholdMicros;
    this.dispatch.slowMicros =
      values["slowlog-log-slower-than"] < 0 ? Number.POSITIVE_INFINITY : values["slowlog-log-slower-than"];
    for (const connection of this.clients.byId.values())
      connection.reader.limits.maxBulkBytes = values["proto-max-bulk-len"];
    obeyPolicy(engine.policy, values);
    for (const limit of values["client-output-buffer-limit"]) this.clients.limits[limit.class] = limit;
    this.eviction.configure(values["maxmemory-clients"], values.maxmemory);
    this.refreshGuards();
  }

  /** Ends all that the server does: no client is answered any more. Idempotent. */
  stop(): Promise<void> {
    this.isStopping = true;
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#cron.stop();
    const closing = this.listeners.close();
    this.tick.end();
    for (const connection of [...this.clients.byId.values()]) connection.close("server stops");
    for (const member of [...this.members].reverse()) await member.stop?.();
    await closing;
  }
}
