/** Walking through the keys: all at once, or in steps that a cursor joins. */
import type { Slice } from "../base/bytes.ts";
import { matchesAll, matchGlob } from "../base/glob.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Args } from "./args.ts";
import { type Call, family } from "./call.ts";
import { docs, integer, optional, pattern, since, string } from "./docs.ts";

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

const invalidCursor = new ReplyError("ERR", "invalid cursor");
const CURSOR = /^[+-]?\d+$/;
const MAX_CURSOR = 2n ** 64n - 1n;

const DEFAULT_COUNT = 10;
/** How many empty steps one SCAN takes for each key it was asked for. */
const PATIENCE = 10;

function keys(call: Call, args: Args): void {
  const glob = args.at(1);
  const all = matchesAll(glob);
  const found = new KeyList();
  call.db.keys((name) => {
    if (all || matchGlob(glob, name)) found.add(name);
  });
  found.reply(call.reply);
}

interface ScanOptions {
  match: Slice | null;
  type: string | null;
  count: number;
}

function scan(call: Call, args: Args): void {
  const { reply } = call;
  let cursor = parseCursor(args.at(1));
  const { match, type, count } = parseScan(args);
  const found = new KeyList();
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

/** Any number that strtoul takes; we give out 32 bits and want no others back. */
function parseCursor(text: Slice): number {
  const digits = text.latin1();
  if (digits === "") return 0;
  const value = CURSOR.test(digits) ? BigInt(digits.replace("+", "")) : MAX_CURSOR + 1n;
  if (value > MAX_CURSOR || value < -MAX_CURSOR) throw invalidCursor;
  return Number(BigInt.asUintN(32, value));
}

function parseScan(args: Args): ScanOptions {
  const options: ScanOptions = { match: null, type: null, count: DEFAULT_COUNT };
  args.position = 2;
  while (args.more) {
    if (args.take("COUNT")) {
      options.count = args.integer();
      if (options.count < 1) throw errors.syntax;
    } else if (args.take("MATCH")) {
      const glob = args.next();
      options.match = matchesAll(glob) ? null : glob;
    } else if (args.take("TYPE")) options.type = args.next().latin1().toLowerCase();
    else throw errors.syntax;
  }
  return options;
}

/** Names that were visited, copied: a reply says how many there are before it says which. */
class KeyList {
  #bytes = new Uint8Array(1024);
  readonly #ends: number[] = [];
  #end = 0;

  add(name: Slice): void {
    const end = this.#end + name.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = larger;
    }
    name.copyTo(this.#bytes, this.#end);
    this.#end = end;
    this.#ends.push(end);
  }

  reply(reply: ReplyWriter): void {
    reply.array(this.#ends.length);
    let start = 0;
    for (const end of this.#ends) {
      reply.bulkBytes(this.#bytes, start, end);
      start = end;
    }
  }
}
