/** CLIENT KILL, in both its forms: an address, or filters of which all must match. */
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../../commands/args.ts";
import type { ArgumentDocs, Call } from "../../commands/call.ts";
import { block, integer, multiple, oneOf, optional, since, string, word } from "../../commands/docs.ts";
import { clientType, clientTypeNamed } from "../client-list.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";

const TYPES = [word("NORMAL"), word("MASTER"), word("SLAVE"), word("REPLICA"), word("PUBSUB")];

export const KILL_ARGUMENTS: ArgumentDocs = oneOf(
  "filter",
  string("ip:port"),
  multiple(
    oneOf(
      "new-format",
      since("2.8.12", optional(integer("client-id", "ID"))),
      since("2.8.12", optional({ ...oneOf("client-type", ...TYPES), token: "TYPE" })),
      optional(string("username", "USER")),
      optional(string("addr", "ADDR")),
      since("6.2.0", optional(string("laddr", "LADDR"))),
      optional(block("skipme", "SKIPME", oneOf("skipme", word("YES"), word("NO")))),
      since("7.4.0", optional(integer("maxage", "MAXAGE"))),
    ),
  ),
);

interface Filters {
  skipMe: boolean;
  /** TYPE master: the link to our primary, which is no connection of a client here. */
  master: boolean;
  readonly tests: ((connection: Connection) => boolean)[];
}

export function kill(server: Server, { reply, session }: Call, args: Args): void {
  const oldForm = args.count === 3;
  const filters = oldForm ? onlyAddress(args.next().latin1()) : readFilters(server, args);
  const killed = [...server.clients.byId.values()].filter(
    (connection) =>
      !connection.closed &&
      !(filters.skipMe && connection === session) &&
      filters.tests.every((matches) => matches(connection)),
  );
  const link = filters.master && (server.replication?.cutLink() ?? false);
  if (!oldForm) reply.integer(killed.length + (link ? 1 : 0));
  else if (killed.length > 0) reply.ok();
  else throw err("No such client");
  for (const connection of killed)
    if (connection === session) connection.closeSoon();
    else connection.close("killed by CLIENT KILL");
}

function onlyAddress(address: string): Filters {
  return { skipMe: false, master: false, tests: [(connection) => connection.address === address] };
}

function readFilters(server: Server, args: Args): Filters {
  const filters: Filters = { skipMe: true, master: false, tests: [] };
  while (args.more) {
    const option = args.next();
    if (!args.more) throw errors.syntax;
    if (option.is("SKIPME")) {
      if (args.take("YES")) filters.skipMe = true;
      else if (args.take("NO")) filters.skipMe = false;
      else throw errors.syntax;
      continue;
    }
    const read = FILTERS[option.latin1().toLowerCase()];
    if (read === undefined) throw errors.syntax;
    filters.tests.push(read(args, server));
    if (option.is("TYPE")) filters.master = clientTypeNamed(args.at(args.position - 1).utf8()) === "master";
  }
  return filters;
}

const FILTERS: Readonly<Record<string, (args: Args, server: Server) => (connection: Connection) => boolean>> = {
  id(args) {
    const id = args.integer(err("client-id should be greater than 0"));
    if (id < 1) throw err("client-id should be greater than 0");
    return (connection) => connection.id === id;
  },
  type(args) {
    const name = args.next().utf8();
    const type = clientTypeNamed(name);
    if (type === null) throw err(`Unknown client type '${name}'`);
    return (connection) => clientType(connection) === type;
  },
  addr(args) {
    const address = args.next().latin1();
    return (connection) => connection.address === address;
  },
  laddr(args) {
    const address = args.next().latin1();
    return (connection) => connection.localAddress === address;
  },
  user(args, server) {
    const name = args.next().latin1();
    const user = server.access.users.get(name);
    if (user === undefined) throw err(`No such user '${name}'`);
    return (connection) => connection.account === user;
  },
  maxage(args, server) {
    const seconds = args.integer(err("maxage is not an integer or out of range"));
    if (seconds < 1) throw err("maxage should be greater than 0");
    return (connection) => Math.floor((server.now - connection.createdAt) / 1000) >= seconds;
  },
};

function err(text: string): ReplyError {
  return new ReplyError("ERR", text);
}
