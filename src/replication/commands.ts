/** The commands of replication: rows first, handlers below. They are made for one `Replication`, which they speak to. */
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type Call, type CommandRow, family } from "../commands/call.ts";
import type { Session } from "../commands/session.ts";
import type { Endpoint } from "../io/net.ts";
import { failoverErrors } from "./failover.ts";
import { type Introduction, noIntroduction } from "./primary.ts";
import type { Replication } from "./shell.ts";

const INT_MAX = 2147483647;
const MAX_ADDRESS_BYTES = 255;

const texts = {
  waitOnReplica: new ReplyError(
    "ERR",
    "WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be " +
      "writable (which is not the default) writes to replicas are just local and are not propagated.",
  ),
  waitAofOnReplica: new ReplyError(
    "ERR",
    "WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not " +
      "propagated.",
  ),
  waitAof: new ReplyError("ERR", "WAITAOF cannot be used when numlocal is set but appendonly is disabled."),
  waitAofReplicas: new ReplyError("ERR", "WAITAOF is not supported yet: there is no append only file"),
  timeoutNotInteger: new ReplyError("ERR", "timeout is not an integer or out of range"),
  timeoutNegative: new ReplyError("ERR", "timeout is negative"),
  notBoolean: new ReplyError("ERR", "value is out of range, value must between 0 and 1"),
  invalidPort: new ReplyError("ERR", "Invalid master port"),
  noMasterLink: new ReplyError("NOMASTERLINK", "Can't SYNC while not connected with my master"),
  failingOver: new ReplyError("NOMASTERLINK", "Can't SYNC while failing over"),
  addressTooLong: (length: number) =>
    new ReplyError("ERR", `REPLCONF ip-address provided by replica instance is too long: ${length} bytes`),
  unknownOption: (option: string) => new ReplyError("ERR", `Unrecognized REPLCONF option: ${option}`),
  filter: (filter: string) => new ReplyError("ERR", `Unsupported rdb-filter-only option: ${filter}`),
};

/** What connections said by REPLCONF before they asked for the stream. */
const introductions = new WeakMap<Session, Introduction>();

export function replicationCommands(replication: Replication): CommandRow[] {
  const follow = (call: Call, args: Args) => replicaOf(replication, call, args);
  const hostPort = [
    {
      name: "args",
      type: "oneof",
      arguments: [
        {
          name: "host-port",
          type: "block",
          arguments: [
            { name: "host", type: "string" },
            { name: "port", type: "integer" },
          ],
        },
        {
          name: "no-one",
          type: "block",
          arguments: [
            { name: "no", type: "pure-token", token: "NO" },
            { name: "one", type: "pure-token", token: "ONE" },
          ],
        },
      ],
    },
  ];
  const server = family("server", {
    REPLICAOF: {
      arity: 3,
      flags: ["admin", "noscript", "stale", "no_async_loading"],
      run: follow,
      docs: {
        since: "5.0.0",
        summary: "Makes the server a replica of another one, or turns it into a primary.",
        complexity: "O(1)",
        arguments: hostPort,
      },
    },
    SLAVEOF: {
      arity: 3,
      flags: ["admin", "noscript", "stale", "no_async_loading"],
      run: follow,
      docs: {
        since: "1.0.0",
        summary: "REPLICAOF by its former name.",
        complexity: "O(1)",
        deprecated: { since: "5.0.0", replacedBy: "`REPLICAOF`" },
        arguments: hostPort,
      },
    },
    PSYNC: {
      arity: -3,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      run: (call, args) => sync(replication, call, args),
      docs: {
        since: "2.8.0",
        summary: "A replica asks for the stream, from an offset of a history.",
        arguments: [
          { name: "replicationid", type: "string" },
          { name: "offset", type: "integer" },
        ],
      },
    },
    SYNC: {
      arity: 1,
      flags: ["admin", "noscript", "no_async_loading", "no_multi"],
      run: (call, args) => sync(replication, call, args),
      docs: { since: "1.0.0", summary: "A replica that knows no PSYNC asks for everything." },
    },
    REPLCONF: {
      arity: -1,
      flags: ["admin", "noscript", "loading", "stale", "allow_busy"],
      run: (call, args) => replconf(replication, call, args),
      docs: {
        since: "3.0.0",
        summary: "A replica introduces itself, and acknowledges.",
        complexity: "O(1)",
        internal: true,
      },
    },
    ROLE: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast"],
      acl: ["admin", "dangerous"],
      run: (call) => replication.writeRole(call.reply),
      docs: { since: "2.8.12", summary: "Tells the role in replication, and with whom.", complexity: "O(1)" },
    },
    FAILOVER: {
      arity: -1,
      flags: ["admin", "noscript", "stale"],
      run: (call, args) => failover(replication, call, args),
      docs: {
        since: "6.2.0",
        summary: "Hands over to a replica without losing a write.",
        complexity: "O(1)",
        arguments: [
          {
            name: "target",
            type: "block",
            token: "TO",
            flags: ["optional"],
            arguments: [
              { name: "host", type: "string" },
              { name: "port", type: "integer" },
              { name: "force", type: "pure-token", token: "FORCE", flags: ["optional"] },
            ],
          },
          { name: "abort", type: "pure-token", token: "ABORT", flags: ["optional"] },
          { name: "milliseconds", type: "integer", token: "TIMEOUT", flags: ["optional"] },
        ],
      },
    },
  });
  const tips = ["request_policy:all_shards", "response_policy:agg_min"];
  const generic = family("connection", {
    WAIT: {
      arity: 3,
      flags: ["noscript", "blocking"],
      tips,
      run: (call, args) => wait(replication, call, args),
      docs: {
        since: "3.0.0",
        group: "generic",
        summary: "Waits until replicas acknowledged the writes of this connection.",
        complexity: "O(1)",
        arguments: [
          { name: "numreplicas", type: "integer" },
          { name: "timeout", type: "integer" },
        ],
      },
    },
    WAITAOF: {
      arity: 4,
      flags: ["noscript", "blocking"],
      tips,
      run: (call, args) => waitAof(replication, call, args),
      docs: {
        since: "7.2.0",
        group: "generic",
        summary: "Waits until the writes of this connection are in append only files.",
        complexity: "O(1)",
        arguments: [
          { name: "numlocal", type: "integer" },
          { name: "numreplicas", type: "integer" },
          { name: "timeout", type: "integer" },
        ],
      },
    },
  });
  return [...server, ...generic];
}

function replicaOf(replication: Replication, { session, reply }: Call, args: Args): void {
  const by = replication.describe(session);
  if (args.at(1).is("NO") && args.at(2).is("ONE")) {
    replication.promote(by);
    reply.ok();
    return;
  }
  const port = parseInteger(args.at(2));
  if (Number.isNaN(port) || port < 0 || port > 65535) throw texts.invalidPort;
  const endpoint: Endpoint = { host: args.at(1).utf8(), port };
  if (replication.replicaOf(endpoint, by)) reply.ok();
  else reply.simple("OK Already connected to specified master");
}

function introductionOf(session: Session): Introduction {
  let introduction = introductions.get(session);
  if (introduction === undefined) introductions.set(session, (introduction = noIntroduction()));
  return introduction;
}

function sync(replication: Replication, { session }: Call, args: Args): void {
  const psync = args.count >= 3 ? { replid: args.at(1).latin1(), offset: parseInteger(args.at(2)) } : null;
  // A primary that hands over to us: first we become primary, then its PSYNC is a replica's.
  if (psync !== null && args.count > 3 && args.at(3).is("FAILOVER")) {
    replication.takeOver(psync.replid, replication.describe(session));
  }
  if (replication.failingOver) throw texts.failingOver;
  if (!replication.canFeed) throw texts.noMasterLink;
  if (psync !== null && Number.isNaN(psync.offset)) throw errors.notInteger;
  replication.attach(session, introductionOf(session), psync);
}

function replconf(replication: Replication, { session, reply }: Call, args: Args): void {
  // Each option has its value.
  if (args.count % 2 === 0) throw errors.syntax;
  while (args.more) {
    const option = args.next();
    if (option.is("ACK")) {
      acknowledge(replication, session, args);
      return;
    }
    if (option.is("GETACK")) {
      // From our primary, in its stream: the answer goes back on the link.
      if (session.fromPrimary) replication.ackAsked();
      return;
    }
    if (session.fromPrimary && option.is("CAPA")) {
      replication.onNotice(args.next().latin1());
      continue;
    }
    introduce(introductionOf(session), option.latin1(), args);
  }
  reply.ok();
}

function introduce(introduction: Introduction, option: string, args: Args): void {
  switch (option.toLowerCase()) {
    case "listening-port": {
      const port = args.integer();
      // Redis takes any number; but somebody may be sent there.
      if (port < 0 || port > 65_535) throw errors.notInteger;
      introduction.listeningPort = port;
      return;
    }
    case "ip-address": {
      const address = args.next();
      if (address.length > MAX_ADDRESS_BYTES) throw texts.addressTooLong(address.length);
      introduction.ip = address.utf8();
      return;
    }
    case "capa": {
      // One that we do not know is of a newer replica, which gets along without.
      const capability = args.next();
      if (capability.is("EOF")) introduction.eof = true;
      else if (capability.is("PSYNC2")) introduction.psync2 = true;
      return;
    }
    case "rdb-only": {
      const on = args.integer();
      if (on !== 0 && on !== 1) throw texts.notBoolean;
      introduction.rdbOnly = on === 1;
      return;
    }
    case "rdb-filter-only":
      throw texts.filter(args.next().utf8());
    case "version":
      introduction.version = args.next().utf8();
      return;
    default:
      throw texts.unknownOption(option);
  }
}

/** No reply: the replica does not wait for one. */
function acknowledge(replication: Replication, session: Session, args: Args): void {
  const offset = parseInteger(args.next());
  if (Number.isNaN(offset)) return;
  const aofOffset = args.take("FACK") && args.more ? parseInteger(args.next()) : undefined;
  replication.acknowledge(session, offset, Number.isNaN(aofOffset) ? undefined : aofOffset);
}

function timeoutOf(args: Args): number {
  const timeout = args.integer(texts.timeoutNotInteger);
  if (timeout < 0) throw texts.timeoutNegative;
  return timeout;
}

function wait(replication: Replication, { session, reply }: Call, args: Args): void {
  if (replication.role === "slave") throw texts.waitOnReplica;
  const replicas = args.integer();
  const timeout = timeoutOf(args);
  const offset = replication.writeOffsetOf(session);
  const count = replication.ackedBy(offset);
  if (count >= replicas || session.denyBlocking) reply.integer(count);
  else replication.wait(session, offset, replicas, timeout);
}

function waitAof(replication: Replication, _call: Call, args: Args): void {
  if (replication.role === "slave") throw texts.waitAofOnReplica;
  const local = args.integer();
  if (local < 0 || local > 1) throw errors.outOfRange;
  const replicas = args.integer();
  if (replicas < 0 || replicas > INT_MAX) throw errors.outOfRange;
  timeoutOf(args);
  throw local > 0 ? texts.waitAof : texts.waitAofReplicas;
}

function failover(replication: Replication, { reply }: Call, args: Args): void {
  let target: Endpoint | null = null;
  let timeoutMs = 0;
  let force = false;
  let abort = false;
  while (args.more) {
    if (timeoutMs === 0 && args.left > 1 && args.take("TIMEOUT")) {
      timeoutMs = args.integer();
      if (timeoutMs <= 0) throw failoverErrors.timeout;
    } else if (target === null && args.left > 2 && args.take("TO")) {
      const host = args.next().utf8();
      target = { host, port: args.integer() };
    } else if (args.count === 2 && args.take("ABORT")) {
      abort = true;
    } else if (!force && args.take("FORCE")) {
      force = true;
    } else {
      throw errors.syntax;
    }
  }
  if (abort) replication.abortFailover();
  else replication.failover({ target, force, timeoutMs });
  reply.ok();
}
