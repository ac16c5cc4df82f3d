/** LCS: the longest common subsequence of two strings, by the table of the lengths for all their beginnings. */
import { Slice } from "../base/bytes.ts";
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, family } from "./call.ts";
import { docs, integer, key, optional, word } from "./docs.ts";
import { missed } from "./keyspace.ts";

// biome-ignore format: a table
export const lcsCommands = family("string", {
  LCS: {
    arity: -3, flags: ["readonly"], run: lcs,
    keys: [{ flags: ["RO", "access"], begin: { index: 1 }, find: { lastKey: 1, step: 1, limit: 0 } }],
    docs: docs("7.0.0", "O(N*M), N and M being the lengths of the strings", "Finds the longest subsequence that two strings share.",
      key("key1"), key("key2"), optional(word("LEN")), optional(word("IDX")),
      optional(integer("min-match-len", "MINMATCHLEN")), optional(word("WITHMATCHLEN"))),
  },
});

const notStrings = new ReplyError("ERR", "The specified keys must contain string values");
const lengthAndIndexes = new ReplyError("ERR", "If you want both the length and indexes, please just use IDX.");
const tableTooLarge = new ReplyError("ERR", "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");

interface LcsOptions {
  length: boolean;
  indexes: boolean;
  minMatchLength: number;
  withMatchLength: boolean;
}

function lcs(call: Call, args: Args): void {
  const { reply } = call;
  const a = read(call, args.at(1));
  const b = read(call, args.at(2));
  if (a === null || b === null) throw notStrings;
  const options = parse(args);
  if ((a.length + 1) * (b.length + 1) * 4 > call.engine.policy.protoMaxBulkLen) throw tableTooLarge;
  const lengths = table(a, b);
  const length = lengths[lengths.length - 1]!;
  if (options.indexes) {
    const matches = walkBack(a, b, lengths).filter(([, , matched]) => matched >= options.minMatchLength);
    reply.map(2);
    reply.bulkText("matches");
    reply.array(matches.length);
    for (const match of matches) replyMatch(call, match, options.withMatchLength);
    reply.bulkText("len");
    reply.integer(length);
  } else if (options.length) reply.integer(length);
  else reply.bulkBytes(subsequence(a, walkBack(a, b, lengths), length));
}

/** A missing key is the empty string; null is for what is no string. */
function read(call: Call, name: Slice): Slice | null {
  const value = call.db.get(name);
  if (value === null) {
    call.notify(name, missed);
    return new Slice();
  }
  const { bytes, start, end } = value.string;
  return value.type === "string" ? new Slice(bytes, start, end) : null;
}

function parse(args: Args): LcsOptions {
  const options: LcsOptions = { length: false, indexes: false, minMatchLength: 0, withMatchLength: false };
  args.position = 3;
  while (args.more) {
    if (args.take("IDX")) options.indexes = true;
    else if (args.take("LEN")) options.length = true;
    else if (args.take("WITHMATCHLEN")) options.withMatchLength = true;
    else if (args.take("MINMATCHLEN")) {
      options.minMatchLength = parseInteger(args.next());
      if (Number.isNaN(options.minMatchLength)) throw errors.notInteger;
    } else throw errors.syntax;
  }
  if (options.indexes && options.length) throw lengthAndIndexes;
  return options;
}

/** At row i, column j: how much the first i bytes of `a` share with the first j of `b`. */
function table(a: Slice, b: Slice): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    const byte = a.bytes[a.start + i - 1]!;
    const row = i * width;
    const above = row - width;
    for (let j = 1; j < width; j++) {
      if (b.bytes[b.start + j - 1] === byte) lengths[row + j] = lengths[above + j - 1]! + 1;
      else lengths[row + j] = Math.max(lengths[above + j]!, lengths[row + j - 1]!);
    }
  }
  return lengths;
}

/** A stretch that both strings have: where it begins in either, and how long it is. */
type Match = readonly [inA: number, inB: number, length: number];

/**
 * The stretches of the subsequence, the last first. Where two ways are equally good it goes back in `b`, as Redis does, so
 * that both name the same ones.
 */
function walkBack(a: Slice, b: Slice, lengths: Uint32Array): Match[] {
  const width = b.length + 1;
  const matches: Match[] = [];
  let matched = 0;
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a.bytes[a.start + i - 1] === b.bytes[b.start + j - 1]) {
      i--;
      j--;
      matched++;
      continue;
    }
    if (matched > 0) matches.push([i, j, matched]);
    matched = 0;
    if (lengths[(i - 1) * width + j]! > lengths[i * width + j - 1]!) i--;
    else j--;
  }
  if (matched > 0) matches.push([i, j, matched]);
  return matches;
}

function subsequence(a: Slice, matches: readonly Match[], length: number): Uint8Array {
  const result = new Uint8Array(length);
  let end = length;
  for (const [inA, , matched] of matches) {
    end -= matched;
    new Slice(a.bytes, a.start + inA, a.start + inA + matched).copyTo(result, end);
  }
  return result;
}

function replyMatch({ reply }: Call, [inA, inB, length]: Match, withLength: boolean): void {
  reply.array(withLength ? 3 : 2);
  for (const start of [inA, inB]) {
    reply.array(2);
    reply.integer(start);
    reply.integer(start + length - 1);
  }
  if (withLength) reply.integer(length);
}
