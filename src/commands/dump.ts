/** DUMP and RESTORE: values as portable bytes. */
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import { dump as payloadOf, restore as readPayload } from "../rdb/payload.ts";
import type { Args } from "./args.ts";
import { type Call, event, family, keyAt } from "./call.ts";
import { docs, integer, key, optional, since, string, word } from "./docs.ts";
import { created, deleted, isPast, missed } from "./keyspace.ts";
import { outcomeDel } from "./outcome-forms.ts";

const restoring = {
  arity: -4,
  keys: keyAt(1, "OW", "update"),
  acl: ["dangerous"],
  run: restore,
} as const;
const restoreArguments = [
  key(),
  integer("ttl"),
  string("serialized-value"),
  since("3.0.0", optional(word("REPLACE"))),
  since("5.0.0", optional(word("ABSTTL"))),
  since("5.0.0", optional(integer("seconds", "IDLETIME"))),
  since("5.0.0", optional(integer("frequency", "FREQ"))),
];

// biome-ignore format: a table
export const dumping = family("generic", {
  DUMP: {
    arity: 2, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: dump,
    docs: docs("2.6.0", "O(N), N being the size of the value", "Answers a value as bytes that RESTORE understands.", key()),
  },
  RESTORE: {
    ...restoring, flags: ["write", "denyoom"],
    docs: docs("2.6.0", "O(N), N being the size of the value", "Makes a key of what DUMP answered.", ...restoreArguments),
  },
  "RESTORE-ASKING": {
    ...restoring, flags: ["write", "denyoom", "asking"], acl: ["keyspace", "dangerous"],
    docs: { internal: true, ...docs("3.0.0", "O(N), N being the size of the value", "RESTORE for the migration of cluster slots.", ...restoreArguments), group: "server" },
  },
});

const restored = event("g", "restore");
const ABSTTL = Buffer.from("ABSTTL");
const badTtl = new ReplyError("ERR", "Invalid TTL value, must be >= 0");
const badIdle = new ReplyError("ERR", "Invalid IDLETIME value, must be >= 0");
const badFrequency = new ReplyError("ERR", "Invalid FREQ value, must be >= 0 and <= 255");

function dump(call: Call, args: Args): void {
  const payload = payloadOf(call.engine, call.db, args.at(1));
  if (payload !== null) call.reply.bulkBytes(payload);
  else {
    call.notify(args.at(1), missed);
    call.reply.nil();
  }
}

interface RestoreOptions {
  replace: boolean;
  absoluteTtl: boolean;
  /** -1 for not given. */
  idleSeconds: number;
  frequency: number;
}

function restore(call: Call, args: Args): void {
  const { db } = call;
  const name = args.at(1);
  const options = parseOptions(args);
  if (!options.replace && db.has(name)) throw errors.busyKey;
  const ttl = parseTtl(args);
  const { policy, store } = call.engine;
  const value = readPayload(store, args.at(3), {
    maxStringBytes: policy.protoMaxBulkLen,
    skipChecksum: policy.skipChecksumValidation,
    deep: isSanitizing(call),
  });
  if (isSanitizing(call)) call.engine.stats.payloadSanitizations++;
  const expireAt = ttl === 0 || options.absoluteTtl ? ttl : ttl + call.now;
  const replaced = options.replace && db.delete(name);
  call.reply.ok();
  if (expireAt !== 0 && isPast(call, expireAt)) {
    value.discard();
    if (!replaced) return;
    call.changed(name, deleted);
    outcomeDel(call, name, call.engine.policy.lazyfreeLazyServerDel);
    return;
  }
  value.store(db, name, expireAt === 0 ? -1 : expireAt);
  if (options.frequency >= 0 && call.engine.policy.lfu) db.setFrequency(name, options.frequency);
  if (options.idleSeconds >= 0 && !call.engine.policy.lfu) db.setIdle(name, options.idleSeconds);
  call.notify(name, created);
  call.changed(name, restored);
  if (expireAt !== 0 && !options.absoluteTtl) outcomeAbsolute(call, args, expireAt);
}

/** `sanitize-dump-payload`: with "clients", our primary is believed to have looked already, and so are users whose rules say so. */
function isSanitizing({ engine, session }: Call): boolean {
  const { sanitizeDumpPayload } = engine.policy;
  return (
    sanitizeDumpPayload === "yes" ||
    (sanitizeDumpPayload === "clients" && session.account?.sanitize !== false && !session.fromPrimary)
  );
}

/** The client's words with the time as unix time. */
function outcomeAbsolute(call: Call, args: Args, expireAt: number): void {
  const words = args.slots.slice(0, args.count);
  call.outcome([words[0]!, words[1]!, expireAt, ...words.slice(3), ABSTTL]);
}

function parseTtl(args: Args): number {
  const ttl = parseInteger(args.at(2));
  if (Number.isNaN(ttl)) throw errors.notInteger;
  if (ttl < 0) throw badTtl;
  return Math.min(ttl, Number.MAX_SAFE_INTEGER);
}

function parseOptions(args: Args): RestoreOptions {
  const options: RestoreOptions = { replace: false, absoluteTtl: false, idleSeconds: -1, frequency: -1 };
  args.position = 4;
  while (args.more) {
    if (args.take("REPLACE")) options.replace = true;
    else if (args.take("ABSTTL")) options.absoluteTtl = true;
    else if (args.left >= 2 && options.frequency === -1 && args.take("IDLETIME")) {
      options.idleSeconds = args.integer();
      if (options.idleSeconds < 0) throw badIdle;
    } else if (args.left >= 2 && options.idleSeconds === -1 && args.take("FREQ")) {
      options.frequency = args.integer();
      if (options.frequency < 0 || options.frequency > 255) throw badFrequency;
    } else throw errors.syntax;
  }
  return options;
}
