/** What XADD and XTRIM are told about trimming, and what replicas are told in its place. */
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import { type Stream, Trimming } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import type { Call, OutcomeWord } from "../call.ts";
import { IdWord, isCharacter, parseId, parseNewId } from "./ids.ts";

const err = (text: string) => new ReplyError("ERR", text);
const both = err("syntax error, MAXLEN and MINID options at the same time are not compatible");
const negativeLength = err("The MAXLEN argument must be >= 0.");
const negativeLimit = err("The LIMIT argument must be >= 0.");
const limitOfNothing = err("syntax error, LIMIT cannot be used without specifying a trimming strategy");
const limitOfExact = err("syntax error, LIMIT cannot be used without the special ~ option");
const noStrategy = err("syntax error, XTRIM must be called with a trimming strategy");

const STAR = 0x2a;
const TILDE = 0x7e;
const EQUALS = 0x3d;
const EQUALS_WORD = Buffer.from("=");

/** How many nodes an approximate trimming takes at most, and how many entries where nodes have no limit or a high one. */
const NODES_AT_ONCE = 100;
const DEFAULT_LIMIT = 10_000;
const MAX_LIMIT = 1_000_000;

/** The options of one command, in an object that is used again. */
export class TrimOptions {
  readonly trimming = new Trimming();
  trims = false;
  noMkStream = false;
  /** Whether an ID was given in the place of "*", and whether in full. */
  idGiven = false;
  sequenceGiven = false;
  readonly id = new StreamId();
  /** The word that says how far to trim. */
  #thresholdAt = 0;

  /** @returns where the ID stands (XADD), or behind all words. @throws Redis' errors, in its order */
  parse(call: Call, args: Args, adding: boolean): number {
    const { trimming } = this;
    this.trims = false;
    this.noMkStream = false;
    this.idGiven = false;
    this.sequenceGiven = false;
    trimming.approximate = false;
    trimming.limit = 0;
    let limitGiven = false;
    let at = 2;
    for (; at < args.count; at++) {
      const word = args.at(at);
      const left = args.count - 1 - at;
      if (adding && isCharacter(word, STAR)) break;
      if (left > 0 && (word.is("MAXLEN") || word.is("MINID"))) {
        at = this.#parseStrategy(args, at, word.is("MAXLEN") ? "length" : "id");
      } else if (left > 0 && word.is("LIMIT")) {
        trimming.limit = number(args, ++at);
        if (trimming.limit < 0) throw negativeLimit;
        limitGiven = true;
      } else if (!adding) throw errors.syntax;
      else if (word.is("NOMKSTREAM")) this.noMkStream = true;
      else {
        this.sequenceGiven = parseNewId(word, this.id);
        this.idGiven = true;
        break;
      }
    }
    if (trimming.limit > 0 && !this.trims) throw limitOfNothing;
    if (!adding && !this.trims) throw noStrategy;
    this.#settleLimit(call, limitGiven);
    return at;
  }

  #parseStrategy(args: Args, at: number, by: "length" | "id"): number {
    const { trimming } = this;
    if (this.trims) throw both;
    this.trims = true;
    trimming.by = by;
    trimming.approximate = false;
    const word = args.at(at + 1);
    if (at + 2 < args.count && (isCharacter(word, TILDE) || isCharacter(word, EQUALS))) {
      trimming.approximate = isCharacter(word, TILDE);
      at++;
    }
    at++;
    if (by === "id") parseId(args.at(at), trimming.id);
    else {
      trimming.length = number(args, at);
      if (trimming.length < 0) throw negativeLength;
    }
    this.#thresholdAt = at;
    return at;
  }

  /** Without a limit of its own an approximate trimming does not do everything at once. */
  #settleLimit(call: Call, given: boolean): void {
    const { trimming } = this;
    // Our primary has said how far it went: it is for us to go as far.
    if (call.session.fromPrimary) trimming.limit = 0;
    else if (given) {
      if (!trimming.approximate) throw limitOfExact;
    } else if (trimming.approximate) {
      const nodes = NODES_AT_ONCE * call.engine.policy.streamNodeMaxEntries;
      trimming.limit = nodes <= 0 ? DEFAULT_LIMIT : Math.min(nodes, MAX_LIMIT);
    }
  }

  /** In words of an outcome: an approximate trimming becomes an exact one that goes as far as this one went. */
  makeExact(words: OutcomeWord[], stream: Stream): void {
    words[this.#thresholdAt - 1] = EQUALS_WORD;
    words[this.#thresholdAt] =
      this.trimming.by === "length" ? stream.length : thresholdWord.of(stream.firstKeptId(firstKept));
  }
}

const firstKept = new StreamId();
const thresholdWord = new IdWord();

function number(args: Args, at: number): number {
  const value = parseInteger(args.at(at));
  if (Number.isNaN(value)) throw errors.notInteger;
  return value;
}

const copied: OutcomeWord[] = [];

/** The words of the request, to be changed in part and given to `outcome`. */
export function copyWords(args: Args): OutcomeWord[] {
  if (copied.length !== args.count) copied.length = args.count;
  for (let i = 0; i < args.count; i++) copied[i] = args.at(i);
  return copied;
}
