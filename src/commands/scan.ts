/** Walking through the keys: all at once, or in steps that a cursor joins. */
import { matchesAll, matchGlob } from "../base/glob.ts";
import type { Args } from "./args.ts";
import { type Call, family } from "./call.ts";
import { docs, integer, optional, pattern, since, string } from "./docs.ts";
import { Gathering, PATIENCE, parseCursor, parseScanOptions } from "./scan-parts.ts";

// biome-ignore format: a table
export const scanning = family("generic", {
  KEYS: {
    arity: 2, flags: ["readonly"], acl: ["dangerous"], run: keys,
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    docs: docs("1.0.0", "O(N), N being the number of keys in the database", "Answers all keys that match a pattern.", pattern("pattern")),
  },
  SCAN: {
    arity: -2, flags: ["readonly"], tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"], run: scan,
    docs: docs("2.8.0", "O(1) a call, O(N) for the whole walk", "Walks through the keys of the database.", integer("cursor"),
      optional(pattern("pattern", "MATCH")), optional(integer("count", "COUNT")), since("6.0.0", optional(string("type", "TYPE")))),
  },
});

function keys(call: Call, args: Args): void {
  const glob = args.at(1);
  const all = matchesAll(glob);
  const found = new Gathering();
  call.db.keys((name) => {
    if (all || matchGlob(glob, name)) found.add(name);
  });
  found.reply(call.reply);
}

function scan(call: Call, args: Args): void {
  const { reply } = call;
  let cursor = parseCursor(args.at(1));
  let type: string | null = null;
  const { match, count } = parseScanOptions(args, 2, () => {
    if (!args.take("TYPE")) return false;
    type = args.next().latin1().toLowerCase();
    return true;
  });
  const found = new Gathering();
  let seen = 0;
  let steps = count * PATIENCE;
  do {
    cursor = call.db.scan(cursor, (name, nameType) => {
      seen++;
      if ((type === null || type === nameType) && (match === null || matchGlob(match, name))) found.add(name);
    });
  } while (cursor !== 0 && steps-- > 0 && seen < count);
  reply.array(2);
  reply.bulkInteger(cursor);
  found.reply(reply);
}
