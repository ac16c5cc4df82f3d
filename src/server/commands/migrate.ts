/**
 * MIGRATE: keys go to another server as RESTORE, and are deleted here when it has them. Only its client waits; while keys are
 * under way no command writes, so that what is deleted is what was sent.
 */
import { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { RedisConnection } from "../../client/connection.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family, type KeySpec } from "../../commands/call.ts";
import { block, docs, integer, key, multiple, oneOf, optional, since, string, word } from "../../commands/docs.ts";
import { dump } from "../../rdb/payload.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";

const PAUSED = "migrate";
const DEFAULT_TIMEOUT_MS = 1000;

const texts = {
  keyNotEmpty: new ReplyError(
    "ERR",
    "When using MIGRATE KEYS option, the key argument must be set to the empty string",
  ),
  connecting: new ReplyError("IOERR", "error or timeout connecting to the client"),
  transferring: new ReplyError("IOERR", "error or timeout reading to target instance"),
  refused: (error: ReplyError) => new ReplyError("ERR", `Target instance replied with error: ${error.message}`),
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
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly keys: Slice[];
}

/** A key as it is sent. */
interface Parcel {
  readonly key: Slice;
  readonly payload: Uint8Array;
  /** In ms; 0 for none. */
  readonly ttl: number;
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
  const parcels = pack(call, move.keys);
  if (parcels.length === 0) {
    call.reply.simple("NOKEY");
    return;
  }
  if (call.session.denyBlocking) throw texts.mustWait;
  const connection = call.session as Connection;
  const dbIndex = call.db.index;
  connection.blocked = { kind: "migrate", unblockable: false, timedOut() {}, cancel() {} };
  server.pause.begin(PAUSED, "write", server.clock.now() + move.timeoutMs * 2);
  send(server, move, parcels).then(({ accepted, failure }) => {
    server.refreshTime();
    for (const { key: name } of accepted) {
      if (!move.copy && server.engine.databases[dbIndex]!.unlink(name)) server.deleted(dbIndex, name);
    }
    server.pause.end(PAUSED);
    connection.blocked = null;
    if (failure === null) connection.answers.ok();
    else {
      server.failed(failure);
      connection.answers.error(failure);
    }
    server.resumeLater(connection);
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
  let username: string | undefined;
  let password: string | undefined;
  let several: Slice[] | null = null;
  while (args.more) {
    if (args.take("COPY")) copy = true;
    else if (args.take("REPLACE")) replace = true;
    else if (args.take("AUTH")) password = args.next().utf8();
    else if (args.take("AUTH2")) {
      username = args.next().utf8();
      password = args.next().utf8();
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

/** Those of the keys that are there. */
function pack(call: Call, names: readonly Slice[]): Parcel[] {
  const parcels: Parcel[] = [];
  for (const name of names) {
    const payload = dump(call.engine, call.db, name);
    if (payload === null) continue;
    const expireAt = call.db.expireAt(name);
    const ttl = expireAt < 0 ? 0 : Math.max(1, expireAt - call.now);
    parcels.push({ key: new Slice(name.copy()), payload, ttl });
  }
  return parcels;
}

interface Outcome {
  /** What the other side has now. */
  readonly accepted: readonly Parcel[];
  readonly failure: ReplyError | null;
}

async function send(server: Server, move: Move, parcels: readonly Parcel[]): Promise<Outcome> {
  const { host, port, database, timeoutMs, username, password } = move;
  let target: RedisConnection;
  try {
    target = await RedisConnection.open(
      server.tls.ioFor("cluster"),
      { host, port },
      { username, password, database: Math.max(0, database), connectTimeoutMs: timeoutMs, timeoutMs },
    );
  } catch (error) {
    const { cause } = error as Error;
    return { accepted: [], failure: cause instanceof ReplyError ? texts.refused(cause) : texts.connecting };
  }
  const restore = server.cluster === null ? "RESTORE" : "RESTORE-ASKING";
  const accepted: Parcel[] = [];
  let failure: ReplyError | null = null;
  const sent = parcels.map(async (parcel) => {
    const words = [restore, parcel.key, parcel.ttl, parcel.payload, ...(move.replace ? ["REPLACE"] : [])];
    try {
      await target.call(...words);
      accepted.push(parcel);
    } catch (error) {
      failure ??= error instanceof ReplyError ? texts.refused(error) : texts.transferring;
    }
  });
  await Promise.all(sent);
  target.close();
  return { accepted, failure };
}
