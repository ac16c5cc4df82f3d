/** ZADD and ZINCRBY. */
import { errors, ReplyError } from "../../base/reply-error.ts";
import { Added, Condition } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { block, docs, double, integer, key, multiple, oneOf, optional, since, string, word } from "../docs.ts";
import { createSortedSet } from "./access.ts";

// biome-ignore format: a table
export const sortedSetAdding = family("sorted-set", {
  ZADD: {
    arity: -4, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "update"), run: zadd,
    docs: docs("1.2.0", "O(log(N)) for each member, N being the number of members", "Adds members to a sorted set, or changes their scores.", key(),
      since("3.0.2", optional(oneOf("condition", word("NX"), word("XX")))),
      since("6.2.0", optional(oneOf("comparison", word("GT"), word("LT")))),
      since("3.0.2", optional({ ...word("CH"), name: "change" })), since("3.0.2", optional({ ...word("INCR"), name: "increment" })),
      multiple(block("data", null, double("score"), string("member")))),
  },
  ZINCRBY: {
    arity: 4, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "access", "update"), run: zincrby,
    docs: docs("1.2.0", "O(log(N)), N being the number of members", "Adds to the score of a member.", key(), integer("increment"), string("member")),
  },
});

const added = event("z", "zadd");
const incremented = event("z", "zincr");

const nxWithXx = new ReplyError("ERR", "XX and NX options at the same time are not compatible");
const nxWithOrder = new ReplyError("ERR", "GT, LT, and/or NX options at the same time are not compatible");
const incrOfMany = new ReplyError("ERR", "INCR option supports a single increment-element pair");
const notANumber = new ReplyError("ERR", "resulting score is not a number (NaN)");

const { nx, xx, gt, lt, incr } = Condition;
/** Beside the conditions: changed members count as well as new ones. */
const CHANGED = 32;

/** The scores of a command, all parsed before anything is done. One for all, as handlers do not nest; that of very many is not kept. */
let scores = new Float64Array(64);
const KEPT_SCORES = 4096;

function zadd(call: Call, args: Args): void {
  const options = parseOptions(args);
  const pairs = args.left / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) throw errors.syntax;
  if ((options & nx) !== 0 && (options & xx) !== 0) throw nxWithXx;
  const orders = (options & gt) !== 0 ? ((options & lt) !== 0 ? 2 : 1) : (options & lt) !== 0 ? 1 : 0;
  if (orders > 1 || (orders > 0 && (options & nx) !== 0)) throw nxWithOrder;
  if ((options & incr) !== 0 && pairs > 1) throw incrOfMany;
  store(call, args, args.position, options);
}

function parseOptions(args: Args): number {
  let options = 0;
  args.position = 2;
  // Scores begin with a digit or a sign, so that few words are looked at more than once.
  for (;;) {
    if (args.take("NX")) options |= nx;
    else if (args.take("XX")) options |= xx;
    else if (args.take("CH")) options |= CHANGED;
    else if (args.take("INCR")) options |= incr;
    else if (args.take("GT")) options |= gt;
    else if (args.take("LT")) options |= lt;
    else return options;
  }
}

function zincrby(call: Call, args: Args): void {
  store(call, args, 2, incr);
}

/** Stores the pairs of score and member from word `first` on. */
function store(call: Call, args: Args, first: number, options: number): void {
  const key = args.at(1);
  const pairs = parseScores(args, first);
  const { sortedSets } = call.engine;
  let value = sortedSets.open(call.db, key);
  if (value === null) {
    if ((options & xx) !== 0) {
      replyStored(call, options, 0, 0, false, 0);
      return;
    }
    value = createSortedSet(call, key, pairs, args.at(first + 1).length);
  } else value.expect(pairs);
  let news = 0;
  let updates = 0;
  let isDone = false;
  for (let i = 0; i < pairs; i++) {
    const result = value.add(args.at(first + 1 + i * 2), scores[i]!, options);
    if (result === Added.notANumber) throw notANumber;
    if (result === Added.added) news++;
    else if (result === Added.updated) updates++;
    isDone = result !== Added.skipped;
  }
  call.changed(key, (options & incr) === 0 ? added : incremented, news + updates);
  replyStored(call, options, news, updates, isDone, value.newScore);
}

/** Every other word from `first` on; returns how many. */
function parseScores(args: Args, first: number): number {
  const pairs = (args.count - first) >>> 1;
  if (pairs > scores.length || scores.length > KEPT_SCORES) scores = new Float64Array(Math.max(64, pairs));
  args.position = first;
  for (let i = 0; i < pairs; i++, args.position++) scores[i] = args.double();
  return pairs;
}

function replyStored(call: Call, options: number, news: number, updates: number, isDone: boolean, score: number): void {
  if ((options & incr) === 0) call.reply.integer((options & CHANGED) === 0 ? news : news + updates);
  else if (isDone) call.reply.double(score);
  else call.reply.nil();
}
