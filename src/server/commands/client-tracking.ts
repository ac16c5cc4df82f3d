/** Client side caching: not built yet, so that nothing is ever tracked, and what asks for it is refused. */
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Flag, RowDeclaration } from "../../commands/call.ts";
import { docs, integer, multiple, oneOf, optional, string, word } from "../../commands/docs.ts";

const FLAGS: readonly Flag[] = ["noscript", "loading", "stale", "sentinel"];

export const TRACKING_ROWS: Record<string, RowDeclaration> = {
  TRACKING: {
    arity: -3,
    flags: FLAGS,
    docs: docs(
      "6.0.0",
      "O(1). Some options may introduce additional complexity.",
      "Chooses whether the server tells this client of changes to the keys it read.",
      oneOf("status", word("ON"), word("OFF")),
      optional(integer("client-id", "REDIRECT")),
      optional({ ...multiple(string("prefix", "PREFIX")), flags: ["multiple", "multiple_token"] }),
      optional(word("BCAST")),
      optional(word("OPTIN")),
      optional(word("OPTOUT")),
      optional(word("NOLOOP")),
    ),
    run({ reply }, args) {
      if (args.take("ON")) throw new ReplyError("ERR", "Client tracking is not supported by this server");
      if (!args.take("OFF")) throw errors.syntax;
      reply.ok();
    },
  },
  TRACKINGINFO: {
    arity: 2,
    flags: FLAGS,
    docs: docs("6.2.0", "O(1)", "Tells what is tracked for this connection."),
    run({ reply }) {
      reply.map(3);
      reply.bulkText("flags");
      reply.set(1);
      reply.bulkText("off");
      reply.bulkText("redirect");
      reply.integer(-1);
      reply.bulkText("prefixes");
      reply.array(0);
    },
  },
  GETREDIR: {
    arity: 2,
    flags: FLAGS,
    docs: docs("6.0.0", "O(1)", "Tells which connection gets this one's invalidation messages."),
    run: ({ reply }) => reply.integer(-1),
  },
  CACHING: {
    arity: 3,
    flags: FLAGS,
    docs: docs(
      "6.0.0",
      "O(1)",
      "Chooses whether the keys of the next command are tracked.",
      oneOf("mode", word("YES"), word("NO")),
    ),
    run() {
      throw new ReplyError(
        "ERR",
        "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
      );
    },
  },
};
