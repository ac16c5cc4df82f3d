/**
 * Clients that wait for keys: BLPOP and its kin, XREAD BLOCK. A command that finds nothing says so (`Call.block`); its words
 * are kept and no further request of its client is read. Behind every command, or the whole of an EXEC, the keys that
 * changed meanwhile are looked at in the order of their changes, and of each those who wait for it in the order of their
 * coming: where the key holds what one waits for, his command is run again, from its beginning and through the gates. What that
 * changes may serve others (BLMOVE), until nothing is left to look at.
 *
 * So nobody has to know who could be served by what: a key that came and went within a transaction is missing when it is
 * looked at, and a command that finds nothing once more waits on, behind those who came meanwhile.
 */
import { Slice } from "../base/bytes.ts";
import { type ReplyError, replyErrorFromLine } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import type { CommandRow, EventClass, KeyWait } from "../commands/call.ts";
import type { TypeName } from "../engine/entry.ts";
import type { Timer } from "../io/io.ts";
import { type Blocked, type Connection, keepArgs } from "./connection.ts";
import { keyName } from "./key-name.ts";
import type { Server } from "./server.ts";

/** A key that somebody waits for. It stays with the number of its database, whatever SWAPDB puts there. */
interface WaitedKey {
  readonly name: string;
  readonly dbIndex: number;
  readonly key: Slice;
  /** In the order in which they are served. */
  readonly waiters: Set<Waiter>;
  /** How many of them are to know when it goes. */
  onMissing: number;
  /** It stands in the list of those to be looked at. */
  changed: boolean;
}

/** A client's command that waits. */
class Waiter implements Blocked {
  readonly kind = "keys";
  readonly connection: Connection;
  readonly row: CommandRow;
  readonly args: Args;
  /** Whether its client wants no reply. */
  readonly silent: boolean;
  /** Unix ms; Infinity for none. */
  readonly deadline: number;
  readonly #owner: Blocking;
  type: TypeName = "string";
  onMissing = false;
  keys: WaitedKey[] = [];
  micros = 0;
  timer: Timer | null = null;
  /** It could be served, but commands are paused (CLIENT PAUSE). */
  postponed = false;

  constructor(owner: Blocking, connection: Connection, row: CommandRow, args: Args, silent: boolean, deadline: number) {
    this.#owner = owner;
    this.connection = connection;
    this.row = row;
    this.args = args;
    this.silent = silent;
    this.deadline = deadline;
  }

  get unblockable(): boolean {
    return !this.postponed;
  }

  timedOut(): void {
    this.#owner.answer(this, null);
  }

  cancel(error: string | null): void {
    if (error === null) this.#owner.forget(this);
    else this.#owner.answer(this, replyErrorFromLine(error));
  }
}

/** In whose events the changes of a type are told that may serve somebody. */
const CLASS: Partial<Record<TypeName, EventClass>> = {
  string: "$",
  list: "l",
  set: "s",
  zset: "z",
  hash: "h",
  stream: "t",
};

export class Blocking {
  /** Whether anybody waits for a key: asked at every change. */
  any = false;
  /** Those who do not wait for as long as it takes: INFO's clients_in_timeout_table. */
  withTimeout = 0;
  readonly #server: Server;
  readonly #byName = new Map<string, WaitedKey>();
  #changed: WaitedKey[] = [];
  /** How many wait for a key of each class. */
  readonly #byClass = new Map<EventClass, number>();
  #onMissing = 0;
  readonly #postponed = new Set<Waiter>();
  #serving = false;
  /** Whose command is being run again. */
  #running: Waiter | null = null;

  constructor(server: Server) {
    this.#server = server;
  }

  /** INFO's total_blocking_keys. */
  get keys(): number {
    return this.#byName.size;
  }

  /** INFO's total_blocking_keys_on_nokey. */
  get keysOnMissing(): number {
    let count = 0;
    for (const waited of this.#byName.values()) if (waited.onMissing > 0) count++;
    return count;
  }

  /** Those who wait, each once. */
  waiters(): Iterable<Waiter> {
    const all = new Set<Waiter>();
    if (this.any) for (const { waiters } of this.#byName.values()) for (const waiter of waiters) all.add(waiter);
    return all;
  }

  // --- waiting --------------------------------------------------------------------------------------------------------

  /**
   * The command of `row` and `args` waits.
   * @param micros  what running it has taken so far
   * @param silent  its client wants no reply
   */
  park(connection: Connection, row: CommandRow, args: Args, wait: KeyWait, micros: number, silent: boolean): void {
    let waiter = this.#running;
    if (waiter === null) {
      const deadline = wait.timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#server.now + wait.timeoutMs;
      waiter = new Waiter(this, connection, row, keepArgs(args), silent || connection.replyMode === "off", deadline);
      if (wait.timeoutMs > 0) this.withTimeout++;
    }
    waiter.micros = micros;
    waiter.type = wait.type;
    waiter.onMissing = wait.onMissing ?? false;
    connection.blocked = waiter;
    for (const key of wait.keys) this.#enqueue(waiter, connection.dbIndex, key);
    this.#count(waiter, 1);
    if (waiter.timer === null && waiter.deadline < Number.POSITIVE_INFINITY) this.#arm(waiter);
  }

  #enqueue(waiter: Waiter, dbIndex: number, key: Slice): void {
    const name = keyName(dbIndex, key);
    let waited = this.#byName.get(name);
    if (waited === undefined) {
      const bytes = key.copy();
      const copy = new Slice(bytes, 0, bytes.length);
      waited = { name, dbIndex, key: copy, waiters: new Set(), onMissing: 0, changed: false };
      this.#byName.set(name, waited);
    } else if (waited.waiters.has(waiter)) return;
    waited.waiters.add(waiter);
    if (waiter.onMissing) waited.onMissing++;
    waiter.keys.push(waited);
  }

  /** Takes it out of every queue that it stands in. */
  #dequeue(waiter: Waiter): void {
    if (waiter.keys.length === 0) return;
    for (const waited of waiter.keys) {
      waited.waiters.delete(waiter);
      if (waiter.onMissing) waited.onMissing--;
      if (waited.waiters.size === 0) this.#byName.delete(waited.name);
    }
    waiter.keys = [];
    this.#count(waiter, -1);
  }

  #count(waiter: Waiter, by: 1 | -1): void {
    const eventClass = CLASS[waiter.type]!;
    this.#byClass.set(eventClass, (this.#byClass.get(eventClass) ?? 0) + by);
    if (waiter.onMissing) this.#onMissing += by;
    this.any = this.#byName.size > 0;
  }

  // --- keys that change -----------------------------------------------------------------------------------------------

  /** The key changed, which an event of `eventClass` tells: it is looked at when the command is done. */
  changed(dbIndex: number, key: Slice, eventClass: EventClass): void {
    // A list cannot come of what is told as an event of strings; a stream can go by it.
    if (eventClass !== "g" && this.#onMissing === 0 && !this.#byClass.get(eventClass)) return;
    const waited = this.#byName.get(keyName(dbIndex, key));
    if (waited !== undefined) this.#lookAt(waited);
  }

  /** All keys of these databases may have changed (SWAPDB, FLUSHALL, a full synchronisation). */
  databasesChanged(databases: "all" | readonly number[]): void {
    for (const waited of this.#byName.values())
      if (databases === "all" || databases.includes(waited.dbIndex)) this.#lookAt(waited);
  }

  #lookAt(waited: WaitedKey): void {
    if (waited.changed) return;
    waited.changed = true;
    this.#changed.push(waited);
    this.#server.dispatch.keysChanged = true;
  }

  // --- serving --------------------------------------------------------------------------------------------------------

  /** Serves whom the keys that changed can serve. */
  serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { dispatch, engine } = this.#server;
    // Behind a command of our primary time does not count; for those who wait here it does.
    const mode = engine.expiryMode;
    engine.expiryMode = this.#server.expiryMode;
    try {
      for (let i = 0; i < this.#changed.length; i++) {
        const waited = this.#changed[i]!;
        // It may change again by what is done for it now, and is looked at again then.
        waited.changed = false;
        this.#serveKey(waited);
      }
    } finally {
      engine.expiryMode = mode;
      this.#changed = [];
      dispatch.keysChanged = false;
      this.#serving = false;
    }
  }

  /** As `serve`, at a time when no command is being run. */
  serveLater(): void {
    this.#server.dispatch.beginBatch();
    this.serve();
  }

  #serveKey({ dbIndex, key, waiters, onMissing }: WaitedKey): void {
    const db = this.#server.engine.databases[dbIndex]!;
    // Those who wait again stand behind all others: each is asked once.
    let left = waiters.size;
    for (const waiter of waiters) {
      if (left-- === 0) return;
      const type = db.typeOf(key);
      if (type === null && onMissing === 0) return;
      if (type === waiter.type || waiter.onMissing) this.#runAgain(waiter);
    }
  }

  #runAgain(waiter: Waiter): void {
    const { connection } = waiter;
    this.#dequeue(waiter);
    connection.blocked = null;
    this.#running = waiter;
    const ran = this.#server.dispatch.again(connection, waiter.row, waiter.args, waiter.micros, waiter.silent);
    this.#running = null;
    if (!ran) {
      waiter.postponed = true;
      this.#postponed.add(waiter);
      connection.blocked = waiter;
    } else if (connection.blocked === null) this.#done(waiter);
  }

  /** Commands are not paused any more: those who could have been served meanwhile try again, at the end of the tick. */
  pauseEnded(): void {
    if (this.#postponed.size === 0) return;
    const server = this.#server;
    server.clock.endOfTick(() => {
      server.awake();
      server.dispatch.beginBatch();
      for (const waiter of [...this.#postponed]) {
        if (!this.#postponed.delete(waiter)) continue;
        waiter.postponed = false;
        this.#runAgain(waiter);
      }
      server.tick.schedule();
    });
  }

  // --- the end of waiting ---------------------------------------------------------------------------------------------

  #arm(waiter: Waiter): void {
    const { clock } = this.#server;
    waiter.timer = clock.after(Math.max(1, waiter.deadline - clock.now()), () => {
      if (clock.now() < waiter.deadline) this.#arm(waiter);
      else {
        waiter.timer = null;
        if (waiter.unblockable) this.answer(waiter, null);
      }
    });
  }

  /** Answers what a timeout answers, or an error, without running the command again. */
  answer(waiter: Waiter, error: ReplyError | null): void {
    const { connection, row, args } = waiter;
    const { dispatch } = this.#server;
    this.#dequeue(waiter);
    if (!waiter.silent) {
      if (error === null) connection.answers.nilArray();
      else connection.answers.error(error);
    }
    if (error !== null) this.#server.failed(error);
    dispatch.endWait(connection, row, args, waiter.micros, error !== null);
    connection.blocked = null;
    this.#done(waiter);
  }

  /** The client is gone. */
  forget(waiter: Waiter): void {
    this.#dequeue(waiter);
    this.#postponed.delete(waiter);
    waiter.connection.blocked = null;
    this.#release(waiter);
  }

  #done(waiter: Waiter): void {
    const { connection } = waiter;
    this.#release(waiter);
    connection.lastActiveAt = this.#server.now;
    if (connection.reader.pendingBytes > 0) this.#server.resumeLater(connection);
  }

  #release(waiter: Waiter): void {
    waiter.timer?.cancel();
    waiter.timer = null;
    if (waiter.deadline < Number.POSITIVE_INFINITY) this.withTimeout--;
  }
}
