/** XRANGE and XREVRANGE. */
import { parseInteger } from "../../base/numbers.ts";
import { errors } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, integer, key, optional, string } from "../docs.ts";
import { readStream, replyEntries } from "./access.ts";
import { parseEnd, parseStart } from "./ids.ts";

const range = { arity: -4, flags: ["readonly"], keys: keyAt(1, "RO", "access") } as const;
const complexity = "O(N), N being the number of entries answered";

// biome-ignore format: a table
export const rangeCommands = family("stream", {
  XRANGE: {
    ...range, run: (call, args) => xrange(call, args, false),
    docs: docs("5.0.0", complexity, "Answers the entries between two IDs.",
      key(), string("start"), string("end"), optional(integer("count", "COUNT"))),
  },
  XREVRANGE: {
    ...range, run: (call, args) => xrange(call, args, true),
    docs: docs("5.0.0", complexity, "Answers the entries between two IDs, the last one first.",
      key(), string("end"), string("start"), optional(integer("count", "COUNT"))),
  },
});

const from = new StreamId();
const to = new StreamId();

function xrange(call: Call, args: Args, reverse: boolean): void {
  parseStart(args.at(reverse ? 3 : 2), from);
  parseEnd(args.at(reverse ? 2 : 3), to);
  const count = parseCount(args);
  const stream = readStream(call, args.at(1));
  if (stream === null) call.reply.array(0);
  else if (count === 0) call.reply.nilArray();
  else replyEntries(call.reply, stream.range(from, to, reverse), Math.max(count, 0));
}

/** -1 for none. */
function parseCount(args: Args): number {
  let count = -1;
  args.position = 4;
  while (args.more) {
    if (args.left < 2 || !args.take("COUNT")) throw errors.syntax;
    count = parseInteger(args.next());
    if (Number.isNaN(count)) throw errors.notInteger;
    count = Math.max(0, count);
  }
  return count;
}
