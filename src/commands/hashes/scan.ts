/** HSCAN. */
import { matchGlob } from "../../base/glob.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { docs, integer, key, optional, pattern, since, word } from "../docs.ts";
import { Gathering, PATIENCE, parseCursor, parseScanOptions } from "../scan-parts.ts";
import { readHash } from "./fields.ts";
import { isHidden } from "./reading.ts";

// biome-ignore format: a table
export const hashScanning = family("hash", {
  HSCAN: {
    arity: -3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: hscan,
    docs: docs("2.8.0", "O(1) a call, O(N) for the whole walk", "Walks through the fields of a hash.", key(), integer("cursor"),
      optional(pattern("pattern", "MATCH")), optional(integer("count", "COUNT")), since("7.4.0", optional(word("NOVALUES")))),
  },
});

function hscan(call: Call, args: Args): void {
  const { reply } = call;
  let cursor = parseCursor(args.at(2));
  const hash = readHash(call, args.at(1));
  if (hash === null) {
    reply.array(2);
    reply.bulkInteger(0);
    reply.array(0);
    return;
  }
  let noValues = false;
  const { match, count } = parseScanOptions(args, 3, () => {
    const isTaken = args.take("NOVALUES");
    noValues ||= isTaken;
    return isTaken;
  });
  const found = new Gathering();
  let seen = 0;
  let steps = count * PATIENCE;
  do {
    cursor = hash.scan(cursor, () => {
      seen++;
      if (hash.isExpiring && isHidden(call, hash)) return;
      if (match !== null && !matchGlob(match, hash.field())) return;
      found.add(hash.field());
      if (!noValues) found.add(hash.value());
    });
  } while (cursor !== 0 && steps-- > 0 && seen < count);
  reply.array(2);
  reply.bulkInteger(cursor);
  found.reply(reply);
}
