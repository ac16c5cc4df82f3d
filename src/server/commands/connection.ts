/** Who a client is and how it speaks: AUTH, HELLO, SELECT, PING, ECHO, QUIT, RESET. */
import { DEFAULT_USER } from "../../acl/users.ts";
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import { type Call, type CommandRow, family } from "../../commands/call.ts";
import { parseInt32 } from "../../commands/keyspace.ts";
import { type Connection, Guard } from "../connection.ts";
import type { Server } from "../server.ts";

export function connectionCommands(server: Server): CommandRow[] {
  return family("connection", {
    PING: {
      arity: -1,
      flags: ["fast", "sentinel"],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      docs: {
        since: "1.0.0",
        summary: "Answers PONG, or the message given.",
        complexity: "O(1)",
        arguments: [{ name: "message", type: "string", flags: ["optional"] }],
      },
      run: ping,
    },
    ECHO: {
      arity: 2,
      flags: ["loading", "stale", "fast"],
      docs: {
        since: "1.0.0",
        summary: "Answers the message given.",
        complexity: "O(1)",
        arguments: [{ name: "message", type: "string" }],
      },
      run: ({ reply }, args) => reply.bulk(args.next()),
    },
    SELECT: {
      arity: 2,
      flags: ["loading", "stale", "fast"],
      docs: {
        since: "1.0.0",
        summary: "Chooses the database that this connection works on.",
        complexity: "O(1)",
        arguments: [{ name: "index", type: "integer" }],
      },
      run: select,
    },
    AUTH: {
      arity: -2,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "sentinel", "allow_busy"],
      docs: {
        since: "1.0.0",
        summary: "Authenticates the connection.",
        complexity: "O(N) where N is the number of passwords defined for the user",
        arguments: [
          { name: "username", type: "string", since: "6.0.0", flags: ["optional"] },
          { name: "password", type: "string" },
        ],
      },
      run: auth,
    },
    HELLO: {
      arity: -1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "sentinel", "allow_busy"],
      docs: {
        since: "6.0.0",
        summary: "Agrees on the protocol's version, and may authenticate and name the connection at once.",
        complexity: "O(1)",
        arguments: [
          {
            name: "arguments",
            type: "block",
            flags: ["optional"],
            arguments: [
              { name: "protover", type: "integer" },
              {
                name: "auth",
                type: "block",
                token: "AUTH",
                flags: ["optional"],
                arguments: [
                  { name: "username", type: "string" },
                  { name: "password", type: "string" },
                ],
              },
              { name: "clientname", type: "string", token: "SETNAME", flags: ["optional"] },
            ],
          },
        ],
      },
      run: hello,
    },
    QUIT: {
      arity: -1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy", "sentinel"],
      docs: { since: "1.0.0", summary: "Closes the connection.", complexity: "O(1)" },
      run: quit,
    },
    RESET: {
      arity: 1,
      flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy", "sentinel"],
      docs: { since: "6.2.0", summary: "Puts the connection back to how it began.", complexity: "O(1)" },
      run: reset,
    },
  });

  function ping({ reply, session }: Call, args: Args): void {
    if (args.count > 2) throw errors.wrongArgCount("ping");
    const connection = session as Connection;
    if (connection.subscriptions > 0 && session.protocol === 2) {
      reply.array(2);
      reply.bulkText("pong");
      if (args.more) reply.bulk(args.next());
      else reply.bulkText("");
    } else if (args.more) reply.bulk(args.next());
    else reply.pong();
  }

  function select({ reply, session }: Call, args: Args): void {
    const index = parseInt32(args.next());
    if (index < 0 || index >= server.engine.databases.length) throw errors.dbIndexOutOfRange;
    session.dbIndex = index;
    reply.ok();
  }

  function auth({ reply, session }: Call, args: Args): void {
    if (args.count > 3) throw errors.syntax;
    if (args.count === 2 && server.access.users.default.nopass)
      throw new ReplyError(
        "ERR",
        "AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
      );
    const user = args.count === 3 ? args.next().latin1() : DEFAULT_USER;
    authenticate(session as Connection, user, args.next(), args);
    reply.ok();
  }

  /** @throws errors.wrongPass */
  function authenticate(connection: Connection, user: string, password: Slice, args: Args): void {
    if (!server.access.authenticate(connection, user, password, args.at(0).latin1())) throw errors.wrongPass;
  }

  function hello({ reply, session }: Call, args: Args): void {
    const connection = session as Connection;
    let protocol = session.protocol;
    if (args.more) {
      const version = parseInteger(args.next());
      if (Number.isNaN(version)) throw new ReplyError("ERR", "Protocol version is not an integer or out of range");
      if (version !== 2 && version !== 3) throw errors.noProto;
      protocol = version;
    }
    let name: string | null = null;
    while (args.more) {
      if (args.left >= 3 && args.take("AUTH")) {
        const user = args.next().latin1();
        authenticate(connection, user, args.next(), args);
      } else if (args.left >= 2 && args.take("SETNAME")) {
        name = clientName(args.next());
      } else throw new ReplyError("ERR", `Syntax error in HELLO option '${args.next().quotable()}'`);
    }
    if (!connection.authenticated)
      throw new ReplyError(
        "NOAUTH",
        "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
      );
    if (name !== null) session.name = name;
    session.protocol = protocol;
    reply.version = protocol;
    writeHello(reply, connection);
  }

  function writeHello(reply: Call["reply"], connection: Connection): void {
    reply.map(server.sentinelMode ? 6 : 7);
    reply.bulkText("server");
    reply.bulkText("redis");
    reply.bulkText("version");
    reply.bulkText(server.version.redis);
    reply.bulkText("proto");
    reply.integer(connection.protocol);
    reply.bulkText("id");
    reply.integer(connection.id);
    reply.bulkText("mode");
    reply.bulkText(server.sentinelMode ? "sentinel" : server.cluster === null ? "standalone" : "cluster");
    if (!server.sentinelMode) {
      reply.bulkText("role");
      reply.bulkText(server.isReplica ? "replica" : "master");
    }
    reply.bulkText("modules");
    reply.array(0);
  }

  function quit({ reply, session }: Call): void {
    reply.ok();
    (session as Connection).closeSoon();
  }

  function reset({ reply, session }: Call): void {
    const connection = session as Connection;
    if (connection.replica !== null || connection.fromPrimary)
      throw new ReplyError("ERR", "can only reset normal client connections");
    if (connection.transaction.active) connection.discard();
    server.watches.forget(connection.transaction);
    server.pubsub.leave(connection);
    server.monitors.remove(connection);
    server.cluster?.routing.forget(connection);
    connection.guards &= ~(Guard.multi | Guard.subscribed);
    connection.protocol = 2;
    reply.version = 2;
    connection.dbIndex = 0;
    connection.name = "";
    connection.replyMode = "on";
    connection.noEvict = false;
    connection.noTouch = false;
    server.access.welcome(connection);
    reply.simple("RESET");
  }
}

/** @throws  when it holds blanks or what cannot be printed */
export function clientName(name: Slice): string {
  const text = name.latin1();
  if (/[^!-~]/.test(text))
    throw new ReplyError("ERR", "Client names cannot contain spaces, newlines or special characters.");
  return text;
}
