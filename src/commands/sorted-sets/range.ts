/**
 * Ranges of members as commands name them: by rank, by score, or in the order of bytes. Whatever it is named by, a range of a
 * sorted set is a range of ranks: where it begins and how many members it has takes two searches to tell.
 */
import { Slice } from "../../base/bytes.ts";
import { parseDoubleLoosely } from "../../base/doubles.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";

export type RangeKind = "rank" | "score" | "lex";

const scoreBoundWrong = new ReplyError("ERR", "min or max is not a float");
const lexBoundWrong = new ReplyError("ERR", "min or max not valid string range item");

/** Ends by which a range in the order of bytes is named: the start and the end of all, or a member. */
const Lex = { all: 0, inclusive: 1, exclusive: 2, none: 3 } as const;

/**
 * One range, parsed; there is one object for all commands. `locate` finds it in a sorted set, and leaves there, too, the part
 * that a LIMIT leaves of it.
 */
export class Range {
  /** The rank of its first member, and how many members there are. Zero for none. */
  first = 0;
  count = 0;
  kind: RangeKind = "rank";
  /** Ranks, or scores. */
  #min = 0;
  #max = 0;
  #minIsExclusive = false;
  #maxIsExclusive = false;
  #minMember = new Slice();
  #maxMember = new Slice();
  #minLex: number = Lex.all;
  #maxLex: number = Lex.all;

  parse(kind: RangeKind, min: Slice, max: Slice): this {
    this.kind = kind;
    if (kind === "rank") this.#parseRanks(min, max);
    else if (kind === "score") this.#parseScores(min, max);
    else this.#parseLex(min, max);
    return this;
  }

  #parseRanks(min: Slice, max: Slice): void {
    this.#min = parseInteger(min);
    this.#max = parseInteger(max);
    if (Number.isNaN(this.#min) || Number.isNaN(this.#max)) throw errors.notInteger;
  }

  #parseScores(min: Slice, max: Slice): void {
    this.#minIsExclusive = isOpen(min);
    this.#maxIsExclusive = isOpen(max);
    this.#min = parseBound(min, this.#minIsExclusive);
    this.#max = parseBound(max, this.#maxIsExclusive);
    if (Number.isNaN(this.#min) || Number.isNaN(this.#max)) throw scoreBoundWrong;
  }

  #parseLex(min: Slice, max: Slice): void {
    this.#minLex = lexBound(min, MINUS);
    this.#maxLex = lexBound(max, PLUS);
    this.#minMember.set(min.bytes, min.start + 1, min.end);
    this.#maxMember.set(max.bytes, max.start + 1, max.end);
  }

  /** Where the range is in this sorted set. */
  locate(value: SortedSetValue): this {
    let first: number;
    let end: number;
    if (this.kind === "rank") {
      const { size } = value;
      first = Math.max(this.#min < 0 ? this.#min + size : this.#min, 0);
      end = Math.min((this.#max < 0 ? this.#max + size : this.#max) + 1, size);
    } else if (this.kind === "score") {
      first =
        this.#min === Number.NEGATIVE_INFINITY && !this.#minIsExclusive
          ? 0
          : value.countBelow(this.#min, this.#minIsExclusive);
      end =
        this.#max === Number.POSITIVE_INFINITY && !this.#maxIsExclusive
          ? value.size
          : value.countBelow(this.#max, !this.#maxIsExclusive);
    } else {
      first = lexRank(value, this.#minLex, this.#minMember, Lex.exclusive);
      end = lexRank(value, this.#maxLex, this.#maxMember, Lex.inclusive);
      if (this.#maxLex === Lex.all) end = value.size;
    }
    this.first = first;
    this.count = Math.max(end - first, 0);
    return this;
  }

  /** Leaves of it what is behind `offset` members, counted from the end if `reverse`, and no more than `limit` (if not negative). */
  limit(offset: number, limit: number, reverse: boolean): void {
    if (offset < 0 || offset >= this.count) {
      this.count = 0;
      return;
    }
    const count = limit < 0 ? this.count - offset : Math.min(this.count - offset, limit);
    this.first += reverse ? this.count - offset - count : offset;
    this.count = count;
  }
}

const range = new Range();

/** @returns  the one range that there is: valid until the next is parsed */
export function parseRange(kind: RangeKind, min: Slice, max: Slice): Range {
  return range.parse(kind, min, max);
}

const OPEN = 0x28;
const CLOSED = 0x5b;
const MINUS = 0x2d;
const PLUS = 0x2b;

function isOpen(bound: Slice): boolean {
  return bound.length > 0 && bound.bytes[bound.start] === OPEN;
}

const boundScore = new Slice();

function parseBound(bound: Slice, isExclusive: boolean): number {
  if (!isExclusive) return parseDoubleLoosely(bound);
  return parseDoubleLoosely(boundScore.set(bound.bytes, bound.start + 1, bound.end));
}

/** @param all  the sign that stands for the end of all members on this side; the other one stands for that on the other */
function lexBound(bound: Slice, all: number): number {
  const sign = bound.length === 0 ? 0 : bound.bytes[bound.start]!;
  if (sign === OPEN) return Lex.exclusive;
  if (sign === CLOSED) return Lex.inclusive;
  if (bound.length !== 1 || (sign !== MINUS && sign !== PLUS)) throw lexBoundWrong;
  return sign === all ? Lex.all : Lex.none;
}

/** How many members come before a bound; those that are the bound itself count if it is of the kind `counting`. */
function lexRank(value: SortedSetValue, kind: number, member: Slice, counting: number): number {
  if (kind === Lex.all || kind === Lex.none) return kind === Lex.all || counting === Lex.inclusive ? 0 : value.size;
  return value.countBefore(member, kind === counting);
}
