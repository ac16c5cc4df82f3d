/**
 * MIGRATE: keys go to another server as RESTORE, and are deleted here when it has them. Only its client waits; while keys are
 * under way no command writes, so that what is deleted is what was sent, and a large value can be dumped in slices.
 */
import { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { RedisConnection } from "../../client/connection.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family, type KeySpec } from "../../commands/call.ts";
import { block, docs, integer, key, multiple, oneOf, optional, since, string, word } from "../../commands/docs.ts";
import type { Database } from "../../engine/database.ts";
import type { Keyspace } from "../../engine/keyspace.ts";
import { SlicedDump } from "../../rdb/sliced-dump.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";

const PAUSED = "migrate";
const DEFAULT_TIMEOUT_MS = 1000;
/** A large value is dumped for so long at a time, looking at the clock after so many elements. */
const SLICE_MICROS = 500;
const ELEMENTS_A_LOOK = 128;
/** So much is on its way before answers are waited for. */
const WINDOW_BYTES = 4 * 1024 * 1024;

const texts = {
  keyNotEmpty: new ReplyError(
    "ERR",
    "When using MIGRATE KEYS option, the key argument must be set to the empty string",
  ),
  connecting: new ReplyError("IOERR", "error or timeout connecting to the client"),
  transferring: new ReplyError("IOERR", "error or timeout reading to target instance"),
  refused: (error: ReplyError) => new ReplyError("ERR", `Target instance replied with error: ${error.message}`),
  replaced: new ReplyError(
    "UNBLOCKED",
    "force unblock from blocking operation, instance state changed (master -> replica?)",
  ),
  mustWait: new ReplyError("ERR", "MIGRATE waits for another server, which nothing inside of a transaction may do"),
};

/** What the words of a MIGRATE ask for. */
interface Move {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly timeoutMs: number;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly username: Uint8Array | undefined;
  readonly password: Uint8Array | undefined;
  readonly keys: Slice[];
}

const keys: KeySpec[] = [
  { flags: ["RW", "access", "delete"], begin: { index: 3 }, find: { lastKey: 0, step: 1, limit: 0 } },
  {
    flags: ["RW", "access", "delete", "incomplete"],
    begin: { keyword: "KEYS", startFrom: -2 },
    find: { lastKey: -1, step: 1, limit: 0 },
  },
];

export function migrateCommands(server: Server): CommandRow[] {
  return family("generic", {
    MIGRATE: {
      arity: -6,
      flags: ["write"],
      keys,
      acl: ["dangerous"],
      tips: ["nondeterministic_output"],
      run: (call, args) => migrate(server, call, args),
      docs: docs(
        "2.6.0",
        "O(N) with N the size of the values, here and there",
        "Moves keys to another server.",
        string("host"),
        integer("port"),
        oneOf("key-selector", key(), { name: "empty-string", type: "pure-token", token: "" }),
        integer("destination-db"),
        integer("timeout"),
        since("3.0.0", optional(word("COPY"))),
        since("3.0.0", optional(word("REPLACE"))),
        optional(
          oneOf(
            "authentication",
            since("4.0.7", string("auth", "AUTH")),
            since("6.0.0", block("auth2", "AUTH2", string("username"), string("password"))),
          ),
        ),
        since("3.0.6", optional(multiple({ ...key("keys", 1), token: "KEYS" }))),
      ),
    },
  });
}

function migrate(server: Server, call: Call, args: Args): void {
  const move = readMove(args);
  const there = move.keys
    .filter((name) => call.db.has(name) || call.db.exists(name))
    .map((name) => new Slice(name.copy()));
  if (there.length === 0) {
    call.reply.simple("NOKEY");
    return;
  }
  if (call.session.denyBlocking) throw texts.mustWait;
  const connection = call.session as Connection;
  const { db, row } = call;
  const sending = new Sending(server, move, db, there);
  connection.blocked = {
    kind: "migrate",
    unblockable: false,
    timedOut() {},
    // It goes on without its client, but not without the server.
    cancel: () => {
      if (server.isStopping) sending.abandon();
    },
  };
  // As long as it takes: each step of it is bounded. One a client, since several may be under way.
  const reason = `${PAUSED}-${connection.id}`;
  server.pause.begin(reason, "write", Number.POSITIVE_INFINITY);
  const done = () => {
    server.refreshTime();
    if (!move.copy) sending.deleteAccepted();
    server.pause.end(reason);
    connection.blocked = null;
    const { failure } = sending;
    if (connection.closed) return;
    if (failure === null) connection.answers.ok();
    else {
      server.failed(failure);
      connection.answers.error(failure);
    }
    server.resumeLater(connection);
  };
  sending.run().then(done, (error) => {
    server.bug(error, row);
    sending.failure ??= texts.transferring;
    done();
  });
}

function readMove(args: Args): Move {
  const host = args.next().latin1();
  const port = Number(args.next().latin1());
  const only = args.next();
  // The options are read first, as in Redis.
  args.position = 6;
  let copy = false;
  let replace = false;
  let username: Uint8Array | undefined;
  let password: Uint8Array | undefined;
  let several: Slice[] | null = null;
  while (args.more) {
    if (args.take("COPY")) copy = true;
    else if (args.take("REPLACE")) replace = true;
    else if (args.take("AUTH")) password = args.next().copy();
    else if (args.take("AUTH2")) {
      username = args.next().copy();
      password = args.next().copy();
    } else if (args.take("KEYS")) {
      if (only.length > 0) throw texts.keyNotEmpty;
      several = [];
      while (args.more) several.push(args.next());
    } else throw errors.syntax;
  }
  args.position = 4;
  const database = args.integer();
  const timeoutMs = args.integer();
  return {
    host,
    port: Number.isInteger(port) ? port : 0,
    database,
    timeoutMs: timeoutMs <= 0 ? DEFAULT_TIMEOUT_MS : timeoutMs,
    copy,
    replace,
    username,
    password,
    keys: several ?? [only],
  };
}

/** Keys on their way, one payload after the other: a large one is made in slices, and no more of them than the other side takes. */
class Sending {
  readonly #server: Server;
  readonly #move: Move;
  readonly #db: Database;
  readonly #names: readonly Slice[];
  readonly #keyspace: Keyspace;
  readonly #asReplica: boolean;
  /** What the other side has now. */
  readonly #accepted: Slice[] = [];
  failure: ReplyError | null = null;
  #target: RedisConnection | null = null;
  #abandoned = false;

  constructor(server: Server, move: Move, db: Database, names: readonly Slice[]) {
    this.#server = server;
    this.#move = move;
    this.#db = db;
    this.#names = names;
    this.#keyspace = db.keyspace;
    this.#asReplica = server.isReplica;
  }

  /** The data are those that we began with: writes wait, but a full sync or a failover does not ask. */
  get #areSame(): boolean {
    return this.#db.keyspace === this.#keyspace && this.#server.isReplica === this.#asReplica;
  }

  abandon(): void {
    this.#abandoned = true;
    this.#target?.close();
  }

  /** Not if other data came meanwhile: what is there now under these names is not what was sent. */
  deleteAccepted(): void {
    if (!this.#areSame) {
      this.failure = texts.replaced;
      return;
    }
    for (const name of this.#accepted) {
      if (this.#db.unlink(name)) this.#server.silentChanges.deleted(this.#db.index, name);
    }
  }

  async run(): Promise<void> {
    const target = await this.#connect();
    if (target === null) return;
    this.#target = target;
    if (this.#abandoned) target.close();
    const answers: Promise<void>[] = [];
    let unanswered = 0;
    for (const name of this.#names) {
      const payload = await this.#dump(name);
      if (payload === null) continue;
      unanswered += payload.length;
      answers.push(this.#send(target, name, payload));
      if (unanswered < WINDOW_BYTES) continue;
      await Promise.all(answers);
      unanswered = 0;
      if (target.error !== null) break;
    }
    await Promise.all(answers);
    target.close();
  }

  async #connect(): Promise<RedisConnection | null> {
    const { host, port, database, timeoutMs, username, password } = this.#move;
    try {
      return await RedisConnection.open(
        this.#server.tls.ioFor("cluster"),
        { host, port },
        {
          username,
          password,
          database: Math.max(0, database),
          connectTimeoutMs: timeoutMs,
          timeoutMs,
          maxUnsentBytes: Number.POSITIVE_INFINITY,
        },
      );
    } catch (error) {
      const { cause } = error as Error;
      this.failure = cause instanceof ReplyError ? texts.refused(cause) : texts.connecting;
      return null;
    }
  }

  /** Null for a key that is gone. */
  async #dump(name: Slice): Promise<Uint8Array | null> {
    const { clock, engine } = this.#server;
    if (!this.#areSame) return null;
    const value = this.#db.get(name);
    if (value === null) return null;
    const dump = new SlicedDump(engine.store, value);
    for (let until = clock.monotonicMicros() + SLICE_MICROS; dump.step(ELEMENTS_A_LOOK); ) {
      if (clock.monotonicMicros() < until) continue;
      await new Promise<void>((resolve) => clock.after(0, resolve));
      if (!this.#areSame) return null;
      until = clock.monotonicMicros() + SLICE_MICROS;
    }
    return dump.payload;
  }

  async #send(target: RedisConnection, name: Slice, payload: Uint8Array): Promise<void> {
    const expireAt = this.#db.expireAt(name);
    const ttl = expireAt < 0 ? 0 : Math.max(1, expireAt - this.#server.clock.now());
    const restore = this.#server.cluster === null ? "RESTORE" : "RESTORE-ASKING";
    try {
      await target.call(restore, name, ttl, payload, ...(this.#move.replace ? ["REPLACE"] : []));
      this.#accepted.push(name);
    } catch (error) {
      this.failure ??= error instanceof ReplyError ? texts.refused(error) : texts.transferring;
    }
  }
}
