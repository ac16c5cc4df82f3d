/**
 * The way of a command: found in the table, held against what the client and the server allow at the moment, queued or
 * run, and its outcome handed to the stream. The usual command passes all gates in one test of bits.
 *
 * Read next: connection.ts (where requests come from), server-call.ts (what handlers see), outcomes.ts.
 */
import { errors, ReplyError } from "../base/reply-error.ts";
import { Redirection } from "../cluster/routing.ts";
import type { Args } from "../commands/args.ts";
import { type CommandRow, FlagBit, type KeyWait } from "../commands/call.ts";
import type { CommandTable } from "../commands/table.ts";
import type { Clock } from "../io/io.ts";
import { type Connection, Guard, keepArgs } from "./connection.ts";
import type { Outcomes } from "./outcomes.ts";
import type { ServerCall } from "./server-call.ts";

/** What the gates ask of the rest of the server, and tell it. */
export interface DispatchHost {
  readonly clock: Clock;
  /** Frees memory if it can; true when there is room for more. */
  makeRoom(): boolean;
  /** Why the client's user may not run the request, or null. */
  deny(connection: Connection, row: CommandRow, args: Args): ReplyError | null;
  /** In a cluster: where the command is to go instead, or why it cannot be. */
  redirection(connection: Connection, row: CommandRow, args: Args): ReplyError | null;
  /** Whether this command is to wait for CLIENT UNPAUSE. */
  isPaused(row: CommandRow, bits: number): boolean;
  /** The error that keeps writes out at the moment (MISCONF, NOREPLICAS), or null. */
  refuseWrite(): ReplyError | null;
  /** A command gated by `enable-debug-command` or its like: the error, or null if it is allowed. */
  refuseProtected(connection: Connection, row: CommandRow): ReplyError | null;
  /** FLUSHALL has been run. */
  flushedAll(): void;
  monitor(connection: Connection, row: CommandRow, args: Args): void;
  slow(connection: Connection, args: Args, row: CommandRow, micros: number): void;
  /** A command took longer than `lateMicros`. */
  late(row: CommandRow, micros: number): void;
  failed(error: ReplyError): void;
  /** A command of our primary could not be run: our data are not the primary's any more. */
  strayed(command: string, error: ReplyError): void;
  /** The connection's command has been added to the stream of outcomes. */
  wrote(connection: Connection): void;
  /** @param row  null for what happened before the command was known */
  bug(error: unknown, row: CommandRow | null): void;
  /** The command waits for keys. `micros` is what it has taken so far; `silent` says that its client wants no reply. */
  park(connection: Connection, row: CommandRow, args: Args, wait: KeyWait, micros: number, silent: boolean): void;
  /** Serves those who wait for keys that have changed. */
  serveWaiting(): void;
}

export class Dispatch {
  /** Guard bits that hold for every client. */
  guards = 0;
  commandsProcessed = 0;
  /** Keys changed that somebody waits for: they are looked at when the command, or the whole of its EXEC, is done. */
  keysChanged = false;
  /** latency-monitor-threshold, in microseconds. */
  lateMicros = Number.POSITIVE_INFINITY;
  readonly #table: CommandTable;
  readonly #call: ServerCall;
  readonly #outcomes: Outcomes;
  readonly #host: DispatchHost;
  /** The request that is run may travel as its bytes came. */
  #asCame = false;
  #depth = 0;
  #slowMicros = 10_000;
  /** The threshold is so low that quick commands may pass it: each is timed. */
  #timeEach = false;

  // Commands whose time is too short to be taken one by one share that of their run: see `#account`.
  #runRow: CommandRow | null = null;
  #runCount = 0;
  #runArgs: Args | null = null;
  #runStart = 0;

  /** Its client wants no reply to the command being run (CLIENT REPLY SKIP). */
  #skipping = false;
  /** A command that waited is run again, and what it took before. */
  #again = false;
  #microsBefore = 0;

  constructor(table: CommandTable, call: ServerCall, outcomes: Outcomes, host: DispatchHost) {
    this.#table = table;
    this.#call = call;
    this.#outcomes = outcomes;
    this.#host = host;
  }

  /** slowlog-log-slower-than, in microseconds; Infinity for off. */
  set slowMicros(micros: number) {
    this.#slowMicros = micros;
    this.#timeEach = micros < 1000;
  }

  beginBatch(): void {
    this.#runStart = this.#host.clock.monotonicMicros();
  }

  endBatch(connection: Connection): void {
    const row = this.#runRow;
    const alone = this.#runCount === 1;
    const micros = this.#endRun();
    // Quick by nature, and slow all the same: a value of many megabytes. What came behind it has taken the place of its words.
    if (row !== null && alone && micros >= this.#slowMicros && connection.reader.rest === 0) {
      if ((row.bits & FlagBit.skip_slowlog) === 0) this.#host.slow(connection, this.#runArgs!, row, micros);
    }
    this.#runArgs = null;
  }

  /** Runs one request of a client; its reply is taken back if the client wants none (CLIENT REPLY). */
  run(connection: Connection, args: Args): void {
    if (connection.replyMode === "on") {
      this.#run(connection, args);
      return;
    }
    const mark = connection.reply.mark;
    if (connection.replyMode === "skip") {
      // Set before: the command may be CLIENT REPLY, and choose anew.
      connection.replyMode = "on";
      this.#skipping = true;
      this.#run(connection, args);
      this.#skipping = false;
      connection.reply.rewind(mark);
    } else {
      this.#run(connection, args);
      if (connection.replyMode === "off") connection.reply.rewind(mark);
    }
  }

  /** Runs a request, or queues, postpones or refuses it. */
  #run(connection: Connection, args: Args): void {
    let row: CommandRow | null = null;
    try {
      row = this.#find(connection, args);
      if (row === null || !this.#admit(connection, row, args)) return;
    } catch (error) {
      // Nothing has been done yet: what a client's words have found is this request's end, not the server's.
      this.reject(connection, row, this.#unexpected(error, row));
      return;
    }
    this.#asCame = connection.reader.rawIsCanonical;
    this.execute(connection, row, args);
  }

  /** Whether the request is to be run now. If not it has been refused, queued or postponed. */
  #admit(connection: Connection, row: CommandRow, args: Args): boolean {
    connection.lastCommand = row;
    const guards = this.guards | connection.guards;
    if (guards === 0 && (row.bits & FlagBit.protected) === 0) return true;
    // Nothing in the way but the user's rules: the usual case of an application with a user of its own.
    const justAsk = guards === Guard.acl && (row.bits & FlagBit.protected) === 0;
    const verdict = justAsk ? this.#host.deny(connection, row, args) : this.#pass(connection, row, args, guards);
    if (verdict === "postpone") {
      connection.postpone();
      return false;
    }
    if (verdict !== null) {
      this.reject(connection, row, verdict);
      return false;
    }
    if (!connection.transaction.active || LEAVES_MULTI.has(row.name)) return true;
    connection.transaction.add(row, keepArgs(args), connection.reader.raw.length);
    connection.answers.queued();
    return false;
  }

  /** Runs a command whose gates are behind it: a request, or one of EXEC's. */
  execute(connection: Connection, row: CommandRow, args: Args): void {
    const call = this.#call;
    this.commandsProcessed++;
    const quick = row.quick && !this.#timeEach;
    if (row !== this.#runRow || !quick) this.#endRun();
    const start = this.#runStart;
    const reply = connection.answers;
    const asCame = this.#asCame;
    this.#asCame = false;
    const outer = this.#depth++ > 0 ? call.save() : null;
    call.begin(connection, row);
    const mark = reply.mark;
    args.position = row.isSubcommand ? 2 : 1;
    // What one command comes to is one thing to the replicas, however many words it takes.
    const framed = this.#outcomes.active && outer === null;
    if (framed) this.#outcomes.begin(false);
    try {
      row.run(call, args);
    } catch (error) {
      reply.rewind(mark);
      this.#failed(connection, row, error);
    }
    // What was changed before an error counts as well, or our replicas would not be our copies any more.
    if (call.dirty > 0 || call.forced) this.#publishOutcome(connection, args, asCame);
    if (framed) this.#outcomes.end();
    call.totalDirty += call.dirty;
    if (call.flushed) this.#host.flushedAll();
    if (outer !== null) call.restore(outer);
    this.#depth--;
    if (quick) {
      this.#runRow = row;
      this.#runArgs = args;
      this.#runCount++;
    } else {
      // Quick ones that EXEC ran get theirs first; its own is that of all.
      this.#endRun();
      const wait = call.wait;
      if (wait === null) this.#accountOne(connection, row, args, start);
      else this.#park(connection, row, args, start, wait);
    }
    // Behind the command, as in Redis: SELECT is shown with the database it chose, EXEC after what it ran.
    if (
      (this.guards & Guard.monitors) !== 0 &&
      (row.bits & (FlagBit.skip_monitor | FlagBit.admin)) === 0 &&
      !this.#again
    )
      this.#host.monitor(connection, row, args);
    if (this.keysChanged && this.#depth === 0) this.#host.serveWaiting();
  }

  /**
   * Runs a command that waited once more: through the gates, since the server may have changed, but unseen by MONITOR.
   * @returns  false if it must wait for another reason now (CLIENT PAUSE)
   */
  again(connection: Connection, row: CommandRow, args: Args, microsBefore: number, silent: boolean): boolean {
    const mark = connection.reply.mark;
    const guards = this.guards | connection.guards;
    const verdict = guards === 0 ? null : this.#pass(connection, row, args, guards);
    if (verdict === "postpone") return false;
    this.#skipping = silent;
    if (verdict !== null) this.reject(connection, row, verdict);
    else {
      this.#again = true;
      this.#microsBefore = microsBefore;
      this.execute(connection, row, args);
      this.#again = false;
      this.#microsBefore = 0;
    }
    this.#skipping = false;
    if (silent) connection.reply.rewind(mark);
    return true;
  }

  /** Counts a command that waited and was answered without being run again: its time was up, or somebody unblocked it. */
  endWait(connection: Connection, row: CommandRow, args: Args, micros: number, failed: boolean): void {
    this.commandsProcessed++;
    if (failed) row.stats.failed++;
    this.#account(connection, row, args, micros);
  }

  /** It waits: counted once it has been answered, as in Redis. */
  #park(connection: Connection, row: CommandRow, args: Args, start: number, wait: KeyWait): void {
    const now = this.#host.clock.monotonicMicros();
    this.#runStart = now;
    this.#call.wait = null;
    this.commandsProcessed--;
    this.#host.park(connection, row, args, wait, now - start + this.#microsBefore, this.#skipping);
  }

  /** Refuses a command before it was run. */
  reject(connection: Connection, row: CommandRow | null, error: ReplyError): void {
    if (row) row.stats.rejected++;
    const { transaction, answers: reply } = connection;
    if (transaction.active) transaction.broken = true;
    if (row?.name === "exec" && error instanceof Redirection) {
      // The client is to see where it has to go, and begin anew there.
      connection.discard();
      this.answerError(connection, row.name, error);
      return;
    }
    if (row?.name === "exec") {
      // Without the code of what is not known or has too few words: there Redis repeats its text alone.
      const text = error.message.replace(/^ERR /, "");
      const aborted = new ReplyError("EXECABORT", `Transaction discarded because of: ${text}`);
      this.#host.failed(aborted);
      connection.discard();
      reply.error(aborted);
      return;
    }
    this.answerError(connection, row?.name ?? null, error);
  }

  #find(connection: Connection, args: Args): CommandRow | null {
    const name = args.slots[0]!;
    const row = this.#table.find(name);
    if (row === undefined) {
      this.#rejectUnknown(connection, args);
      return null;
    }
    const found = row.subcommands !== undefined && args.count > 1 ? this.#findSubcommand(row, args) : row;
    if (found === null) {
      // No command at all, so nobody's rejected call.
      this.reject(connection, null, errors.unknownSubcommand(args.at(1).quotable(MOST_SHOWN), args.at(0).quotable()));
      return null;
    }
    const { arity } = found;
    if (arity > 0 ? args.count !== arity : args.count < -arity) {
      this.reject(connection, found, errors.wrongArgCount(found.name));
      return null;
    }
    return found;
  }

  #findSubcommand(row: CommandRow, args: Args): CommandRow | null {
    const word = args.at(1);
    return word.length > MOST_SHOWN ? null : (row.subcommands!.get(word.latin1().toLowerCase()) ?? null);
  }

  #rejectUnknown(connection: Connection, args: Args): void {
    const name = args.at(0).quotable(MOST_SHOWN);
    const lower = name.toLowerCase();
    if (lower === "post" || lower === "host:") {
      connection.crossProtocol();
      return;
    }
    let rest = "";
    for (let i = 1; i < args.count && rest.length < MOST_SHOWN; i++)
      rest += `'${args.at(i).quotable(MOST_SHOWN - rest.length)}' `;
    this.reject(
      connection,
      null,
      new ReplyError("ERR", `unknown command '${name}', with args beginning with: ${rest}`),
    );
  }

  /** The gates, in Redis' order. Null lets the command pass. */
  #pass(connection: Connection, row: CommandRow, args: Args, guards: number): ReplyError | "postpone" | null {
    const host = this.#host;
    const { transaction } = connection;
    const execBits = row.name === "exec" ? transaction.bits : 0;
    const bits = row.bits | (execBits & (FlagBit.write | FlagBit.denyoom | FlagBit.may_replicate));
    // EXEC goes where all that was queued may go: the server may have changed since.
    const allowed = row.name === "exec" ? row.bits & transaction.commonBits : row.bits;
    if ((bits & FlagBit.protected) !== 0) {
      const refused = host.refuseProtected(connection, row);
      if (refused) return refused;
    }
    if ((guards & Guard.auth) !== 0 && (bits & FlagBit.no_auth) === 0) return errors.noAuth;
    if (connection.fromPrimary) {
      // What the primary wrote is written here too, room or no room.
      if ((guards & Guard.maxmemory) !== 0) host.makeRoom();
      return null;
    }
    if ((guards & Guard.multi) !== 0 && (bits & FlagBit.no_multi) !== 0)
      return new ReplyError("ERR", "Command not allowed inside a transaction");
    if ((guards & Guard.acl) !== 0) {
      const denied = host.deny(connection, row, args);
      if (denied !== null) return denied;
    }
    if ((guards & Guard.cluster) !== 0) {
      const elsewhere = host.redirection(connection, row, args);
      if (elsewhere !== null) return elsewhere;
    }
    if ((guards & Guard.maxmemory) !== 0 && !host.makeRoom() && (bits & FlagBit.denyoom) !== 0)
      return errors.outOfMemory;
    const writes = (bits & FlagBit.write) !== 0;
    // PING too tells of a failed snapshot: whoever watches us is to know.
    const wantsDisk = (guards & Guard.misconf) !== 0 && row.name === "ping";
    if (wantsDisk || (writes && (guards & (Guard.misconf | Guard.minReplicas)) !== 0)) {
      const refused = host.refuseWrite();
      if (refused) return refused;
    }
    if (writes && (guards & Guard.readonly) !== 0) return errors.readOnly;
    if ((guards & Guard.subscribed) !== 0 && connection.protocol === 2 && !WHILE_SUBSCRIBED.has(row.name))
      return notWhileSubscribed(row.name);
    if ((guards & Guard.stale) !== 0 && (allowed & FlagBit.stale) === 0) return errors.masterDown;
    if ((guards & Guard.loading) !== 0 && (allowed & FlagBit.loading) === 0) return errors.loading;
    if ((guards & Guard.replica) !== 0 && row.keys.length > 0)
      return new ReplyError("ERR", "Replica can't interact with the keyspace");
    if ((guards & Guard.paused) !== 0 && host.isPaused(row, bits)) return "postpone";
    return null;
  }

  #publishOutcome(connection: Connection, args: Args, asCame: boolean): void {
    const call = this.#call;
    connection.wroteUnsent = true;
    if (!this.#outcomes.active) return;
    if (!call.spoke)
      if (asCame) this.#outcomes.raw(call.db.index, connection.reader.raw);
      else this.#outcomes.words(call.db.index, args.slots, args.count);
    this.#host.wrote(connection);
  }

  #failed(connection: Connection, row: CommandRow, error: unknown): void {
    row.stats.failed++;
    if (error instanceof ReplyError) {
      this.answerError(connection, row.name, error);
      return;
    }
    connection.answers.error(this.#unexpected(error, row));
  }

  /** Our own bug: the client is told, the log has the trace, and the server goes on. Or a word that is longer than texts can be. */
  #unexpected(error: unknown, row: CommandRow | null): ReplyError {
    if ((error as { code?: string }).code === "ERR_STRING_TOO_LONG") return tooLong;
    this.#host.bug(error, row);
    return internalError;
  }

  /** @param command  null for one that we do not know, which the error's text names */
  answerError(connection: Connection, command: string | null, error: ReplyError): void {
    this.#host.failed(error);
    if (connection.fromPrimary) this.#host.strayed(command ?? "<unknown>", error);
    connection.answers.error(error);
  }

  /** Gives the commands since `#runStart`, all of one row, their time; returns it. */
  #endRun(): number {
    const row = this.#runRow;
    if (row === null) return 0;
    const now = this.#host.clock.monotonicMicros();
    const micros = now - this.#runStart;
    if (micros >= this.lateMicros) this.#host.late(row, micros / this.#runCount);
    const { stats } = row;
    stats.calls += this.#runCount;
    stats.micros += micros;
    stats.histogram[bucket(micros / this.#runCount)]! += this.#runCount;
    this.#runStart = now;
    this.#runRow = null;
    this.#runCount = 0;
    return micros;
  }

  #accountOne(connection: Connection, row: CommandRow, args: Args, start: number): void {
    const now = this.#host.clock.monotonicMicros();
    this.#runStart = now;
    this.#account(connection, row, args, now - start + this.#microsBefore);
  }

  #account(connection: Connection, row: CommandRow, args: Args, micros: number): void {
    row.stats.calls++;
    row.stats.micros += micros;
    row.stats.histogram[bucket(micros)]!++;
    if (micros >= this.lateMicros) this.#host.late(row, micros);
    if (micros >= this.#slowMicros && (row.bits & FlagBit.skip_slowlog) === 0)
      this.#host.slow(connection, args, row, micros);
  }
}

const tooLong = new ReplyError("ERR", "a word of the request is longer than half a gigabyte less 24 bytes");
const internalError = new ReplyError("ERR", "internal error, see the server's log");

/** Powers of two of microseconds. */
function bucket(micros: number): number {
  return micros < 1 ? 0 : Math.min(31, 32 - Math.clz32(micros | 0));
}

/** How much of a word, and of all words, the errors about a command that is not known repeat. */
const MOST_SHOWN = 128;

const LEAVES_MULTI = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);
const WHILE_SUBSCRIBED = new Set([
  "ping",
  "subscribe",
  "ssubscribe",
  "unsubscribe",
  "sunsubscribe",
  "psubscribe",
  "punsubscribe",
  "quit",
  "reset",
]);

function notWhileSubscribed(name: string): ReplyError {
  return new ReplyError(
    "ERR",
    `Can't execute '${name.replace("|", " ")}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}
