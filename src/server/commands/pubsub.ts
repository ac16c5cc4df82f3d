/** SUBSCRIBE and its kin, PUBLISH, PUBSUB. */
import { Slice } from "../../base/bytes.ts";
import { matchGlob } from "../../base/glob.ts";
import { ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import {
  type Call,
  type CommandRow,
  type Flag,
  family,
  type KeySpec,
  type RowDeclaration,
} from "../../commands/call.ts";
import { type Connection, Guard } from "../connection.ts";
import type { Server } from "../server.ts";

type Verb = "subscribe" | "psubscribe" | "ssubscribe" | "unsubscribe" | "punsubscribe" | "sunsubscribe";

export function pubsubCommands(server: Server): CommandRow[] {
  const { pubsub } = server;
  const flags: Flag[] = ["pubsub", "noscript", "loading", "stale"];
  const sharded: Flag[] = ["pubsub", "noscript", "loading", "stale"];

  return family("pubsub", {
    SUBSCRIBE: listen("subscribe", "2.0.0", "Listens to channels.", [...flags, "sentinel"]),
    PSUBSCRIBE: listen("psubscribe", "2.0.0", "Listens to all channels that match the patterns.", [
      ...flags,
      "sentinel",
    ]),
    SSUBSCRIBE: listen("ssubscribe", "7.0.0", "Listens to shard channels.", sharded),
    UNSUBSCRIBE: leave("unsubscribe", "2.0.0", "Stops listening to channels, by default to all.", [
      ...flags,
      "sentinel",
    ]),
    PUNSUBSCRIBE: leave("punsubscribe", "2.0.0", "Stops listening to patterns, by default to all.", [
      ...flags,
      "sentinel",
    ]),
    SUNSUBSCRIBE: leave("sunsubscribe", "7.0.0", "Stops listening to shard channels, by default to all.", sharded),
    PUBLISH: {
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate", "sentinel"],
      docs: {
        since: "2.0.0",
        summary: "Sends a message to those who listen to the channel.",
        complexity:
          "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
        arguments: [
          { name: "channel", type: "string" },
          { name: "message", type: "string" },
        ],
      },
      run: publish,
    },
    SPUBLISH: {
      arity: 3,
      flags: ["pubsub", "loading", "stale", "fast", "may_replicate"],
      keys: channelAt(0),
      docs: {
        since: "7.0.0",
        summary: "Sends a message to those who listen to the shard channel.",
        complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        arguments: [
          { name: "shardchannel", type: "string" },
          { name: "message", type: "string" },
        ],
      },
      run: spublish,
    },
    PUBSUB: {
      arity: -2,
      flags: [],
      docs: {
        since: "2.8.0",
        summary: "A container for commands about who listens.",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        CHANNELS: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          docs: {
            since: "2.8.0",
            summary: "The channels somebody listens to.",
            complexity:
              "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
            arguments: [{ name: "pattern", type: "pattern", flags: ["optional"] }],
          },
          run: ({ reply }, args) => listChannels(reply, args, pubsub.channels),
        },
        NUMSUB: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          docs: {
            since: "2.8.0",
            summary: "How many listen to each of the channels given.",
            complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
            arguments: [{ name: "channel", type: "string", flags: ["optional", "multiple"] }],
          },
          run: ({ reply }, args) => countSubscribers(reply, args, pubsub.channels),
        },
        NUMPAT: {
          arity: 2,
          flags: ["pubsub", "loading", "stale"],
          docs: { since: "2.8.0", summary: "How many patterns somebody listens to.", complexity: "O(1)" },
          run: ({ reply }) => reply.integer(pubsub.patterns.size),
        },
        SHARDCHANNELS: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          docs: {
            since: "7.0.0",
            summary: "The shard channels somebody listens to.",
            complexity:
              "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
            arguments: [{ name: "pattern", type: "pattern", flags: ["optional"] }],
          },
          run: ({ reply }, args) => listChannels(reply, args, pubsub.shardChannels),
        },
        SHARDNUMSUB: {
          arity: -2,
          flags: ["pubsub", "loading", "stale"],
          docs: {
            since: "7.0.0",
            summary: "How many listen to each of the shard channels given.",
            complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
            arguments: [{ name: "shardchannel", type: "string", flags: ["optional", "multiple"] }],
          },
          run: ({ reply }, args) => countSubscribers(reply, args, pubsub.shardChannels),
        },
        HELP: {
          arity: 2,
          flags: ["loading", "stale"],
          docs: { since: "6.2.0", summary: "What PUBSUB can do.", complexity: "O(1)" },
          run: help,
        },
      },
    },
  });

  function listen(verb: Verb, since: string, summary: string, rowFlags: Flag[]): RowDeclaration {
    const word = verb === "psubscribe" ? "pattern" : verb === "ssubscribe" ? "shardchannel" : "channel";
    return {
      arity: -2,
      flags: rowFlags,
      keys: verb === "ssubscribe" ? channelAt(-1) : [],
      docs: {
        since,
        summary,
        complexity:
          verb === "psubscribe"
            ? "O(N) where N is the number of patterns to subscribe to."
            : `O(N) where N is the number of ${verb === "ssubscribe" ? "shard channels" : "channels"} to subscribe to.`,
        arguments: [{ name: word, type: word === "pattern" ? "pattern" : "string", flags: ["multiple"] }],
      },
      run({ session }, args) {
        const connection = session as Connection;
        // Who wants one reply a command cannot listen: in MULTI Redis is lenient with the older two.
        if (verb === "ssubscribe" && session.denyBlocking) throw deniesBlocking;
        while (args.more) {
          const name = args.next();
          pubsub[verb](connection, name.latin1());
          confirm(connection, verb, name);
        }
        guard(connection);
      },
    };
  }

  function leave(verb: Verb, since: string, summary: string, rowFlags: Flag[]): RowDeclaration {
    const word = verb === "punsubscribe" ? "pattern" : verb === "sunsubscribe" ? "shardchannel" : "channel";
    return {
      arity: -1,
      flags: rowFlags,
      keys: verb === "sunsubscribe" ? channelAt(-1) : [],
      docs: {
        since,
        summary,
        complexity:
          verb === "punsubscribe"
            ? "O(N) where N is the number of patterns to unsubscribe."
            : `O(N) where N is the number of ${verb === "sunsubscribe" ? "shard channels" : "channels"} to unsubscribe.`,
        arguments: [{ name: word, type: word === "pattern" ? "pattern" : "string", flags: ["optional", "multiple"] }],
      },
      run({ session }, args) {
        const connection = session as Connection;
        if (args.more)
          while (args.more) {
            const name = args.next();
            pubsub[verb](connection, name.latin1());
            confirm(connection, verb, name);
          }
        else leaveAll(connection, verb);
        guard(connection);
      },
    };
  }

  function leaveAll(connection: Connection, verb: Verb): void {
    const names =
      verb === "punsubscribe"
        ? connection.patterns
        : verb === "sunsubscribe"
          ? connection.shardChannels
          : connection.channels;
    if (names.size === 0) {
      confirm(connection, verb, null);
      return;
    }
    for (const name of [...names]) {
      pubsub[verb](connection, name);
      confirm(connection, verb, new Slice(Buffer.from(name, "latin1")));
    }
  }

  function confirm(connection: Connection, verb: Verb, name: Slice | null): void {
    const { reply } = connection;
    reply.push(3);
    reply.bulkText(verb);
    if (name === null) reply.nil();
    else reply.bulk(name);
    reply.integer(
      verb.startsWith("s") && verb !== "subscribe"
        ? connection.shardChannels.size
        : connection.channels.size + connection.patterns.size,
    );
  }

  function guard(connection: Connection): void {
    if (connection.subscriptions > 0) connection.guards |= Guard.subscribed;
    else connection.guards &= ~Guard.subscribed;
  }

  function publish(call: Call, args: Args): void {
    const channel = args.next().latin1();
    const receivers = pubsub.publish(channel, args.next());
    for (const member of server.members) member.published?.(channel, args.at(2));
    propagate(call);
    call.reply.integer(receivers);
  }

  function spublish(call: Call, args: Args): void {
    const channel = args.next().latin1();
    const receivers = pubsub.spublish(channel, args.next());
    for (const member of server.members) member.publishedInShard?.(channel, args.at(2));
    propagate(call);
    call.reply.integer(receivers);
  }

  /** To our replicas, but not in a cluster, whose bus reaches them too. */
  function propagate(call: Call): void {
    if (server.pause.mode === null && server.cluster === null) call.forceOutcome();
  }
}

function listChannels(reply: Call["reply"], args: Args, channels: ReadonlyMap<string, unknown>): void {
  if (args.count > 3) throw wrongUse(args);
  const names = [...channels.keys()].map((name) => new Slice(Buffer.from(name, "latin1")));
  const pattern = args.more ? args.next() : null;
  const shown = pattern === null ? names : names.filter((name) => matchGlob(pattern, name));
  reply.array(shown.length);
  for (const name of shown) reply.bulk(name);
}

function countSubscribers(reply: Call["reply"], args: Args, channels: ReadonlyMap<string, ReadonlySet<unknown>>): void {
  reply.array(args.left * 2);
  while (args.more) {
    const name = args.next();
    reply.bulk(name);
    reply.integer(channels.get(name.latin1())?.size ?? 0);
  }
}

const deniesBlocking = new ReplyError("ERR", "SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

function wrongUse(args: Args): ReplyError {
  return new ReplyError(
    "ERR",
    `unknown subcommand or wrong number of arguments for '${args.at(1).quotable()}'. Try PUBSUB HELP.`,
  );
}

const HELP = [
  "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "CHANNELS [<pattern>]",
  "    The channels somebody listens to, all or those that match.",
  "NUMPAT",
  "    How many patterns somebody listens to.",
  "NUMSUB [<channel> ...]",
  "    How many listen to each channel; patterns do not count.",
  "SHARDCHANNELS [<pattern>]",
  "    The shard channels somebody listens to, all or those that match.",
  "SHARDNUMSUB [<shardchannel> ...]",
  "    How many listen to each shard channel.",
  "HELP",
  "    This text.",
];

function help({ reply }: Call): void {
  reply.array(HELP.length);
  for (const line of HELP) reply.simple(line);
}

/** A shard channel is routed like a key, without being one. */
function channelAt(lastKey: number): KeySpec[] {
  return [{ flags: ["not_key"], begin: { index: 1 }, find: { lastKey, step: 1, limit: 0 } }];
}
