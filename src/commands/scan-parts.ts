/** What SCAN and its sisters on one key (HSCAN, SSCAN, ZSCAN) share: cursor, options, and names kept until they are counted. */
import type { Slice } from "../base/bytes.ts";
import { matchesAll } from "../base/glob.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Args } from "./args.ts";

const invalidCursor = new ReplyError("ERR", "invalid cursor");
const CURSOR = /^[+-]?\d+$/;
const MAX_CURSOR = 2n ** 64n - 1n;

const DEFAULT_COUNT = 10;
/** How many empty steps one call takes for each element it was asked for. */
export const PATIENCE = 10;

/** Any number that strtoul takes; we give out 32 bits and want no others back. */
export function parseCursor(text: Slice): number {
  const digits = text.latin1();
  if (digits === "") return 0;
  const value = CURSOR.test(digits) ? BigInt(digits.replace("+", "")) : MAX_CURSOR + 1n;
  if (value > MAX_CURSOR || value < -MAX_CURSOR) throw invalidCursor;
  return Number(BigInt.asUintN(32, value));
}

export interface ScanOptions {
  /** Null for all. */
  match: Slice | null;
  count: number;
}

/**
 * COUNT and MATCH, from the word at `position` on.
 * @param take  takes another option, if it is the next word, and says whether it was
 */
export function parseScanOptions(args: Args, position: number, take: () => boolean = () => false): ScanOptions {
  const options: ScanOptions = { match: null, count: DEFAULT_COUNT };
  args.position = position;
  while (args.more) {
    if (args.take("COUNT")) {
      options.count = args.integer();
      if (options.count < 1) throw errors.syntax;
    } else if (args.take("MATCH")) {
      const glob = args.next();
      options.match = matchesAll(glob) ? null : glob;
    } else if (!take()) throw errors.syntax;
  }
  return options;
}

/** Names that were visited, copied: a reply says how many there are before it says which. */
export class Gathering {
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

  get count(): number {
    return this.#ends.length;
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
