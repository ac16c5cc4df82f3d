/** GEOADD: a ZADD whose scores are cells. It travels as that ZADD, as in Redis: the cells need not be reckoned twice. */
import { errors } from "../../base/reply-error.ts";
import { Added, Condition } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, type OutcomeWord } from "../call.ts";
import { created } from "../keyspace.ts";
import { type Place, scoreDigits, scoreOf } from "./cells.ts";
import { takePlace } from "./words.ts";

const added = event("z", "zadd");
const ZADD = Buffer.from("ZADD");
const place: Place = { longitude: 0, latitude: 0 };

interface Options {
  conditions: number;
  countChanged: boolean;
}

export function geoadd(call: Call, args: Args): void {
  const name = args.next();
  const options = takeOptions(args);
  const first = args.position;
  if (args.left % 3 !== 0 || options.conditions === (Condition.nx | Condition.xx)) throw errors.syntax;
  const scores: number[] = [];
  const words: OutcomeWord[] = [ZADD, ...args.slots.slice(1, first)];
  while (args.more) {
    takePlace(args, place);
    scores.push(scoreOf(place));
    words.push(scoreDigits(place), args.next());
  }
  if (scores.length === 0) throw errors.syntax;

  const { db, engine, reply } = call;
  let set = engine.sortedSets.open(db, name);
  if (set === null) {
    if ((options.conditions & Condition.xx) !== 0) {
      reply.integer(0);
      return;
    }
    set = engine.sortedSets.createUnder(db, name, scores.length, args.at(first + 2).length);
    call.notify(name, created);
  }
  let fresh = 0;
  let updated = 0;
  for (let i = 0; i < scores.length; i++) {
    const result = set.add(args.at(first + 3 * i + 2), scores[i]!, options.conditions);
    if (result === Added.added) fresh++;
    else if (result === Added.updated) updated++;
  }
  reply.integer(options.countChanged ? fresh + updated : fresh);
  if (fresh + updated === 0) return;
  call.changed(name, added, fresh + updated);
  call.outcome(words);
}

function takeOptions(args: Args): Options {
  const options: Options = { conditions: 0, countChanged: false };
  while (args.more) {
    if (args.take("NX")) options.conditions |= Condition.nx;
    else if (args.take("XX")) options.conditions |= Condition.xx;
    else if (args.take("CH")) options.countChanged = true;
    else break;
  }
  return options;
}
