/** HRANDFIELD: one field or several, each as likely. */
import { parseInt64 } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { HashValue } from "../../engine/hash/hash-value.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { block, docs, integer, key, optional, word } from "../docs.ts";
import { readHash } from "./fields.ts";

// biome-ignore format: a table
export const randomFields = family("hash", {
  HRANDFIELD: {
    arity: -2, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: hrandfield,
    docs: docs("6.2.0", "O(N), N being the number of fields answered", "Answers random fields of a hash.", key(),
      optional(block("options", null, integer("count"), optional(word("WITHVALUES"))))),
  },
});

const outOfRange = new ReplyError(
  "ERR",
  "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const MAX = 9223372036854775807n;

function hrandfield(call: Call, args: Args): void {
  if (args.count === 2) {
    const hash = readUnexpired(call, args);
    if (hash === null) call.reply.nil();
    else {
      hash.random();
      call.reply.bulk(hash.field());
    }
    return;
  }
  const exact = parseInt64(args.at(2));
  if (exact === null) throw errors.notInteger;
  if (exact < -MAX) throw outOfRange;
  const withValues = args.count === 4 && args.at(3).is("WITHVALUES");
  if (args.count > 3 && !withValues) throw errors.syntax;
  if (withValues && (exact < -MAX / 2n || exact > MAX / 2n)) throw errors.outOfRange;
  const count = Number(exact);
  const hash = readUnexpired(call, args);
  if (hash === null || count === 0) call.reply.array(0);
  else if (count < 0 || count === 1) replyWithRepeats(call, hash, Math.abs(count), withValues);
  else replyDistinct(call, hash, count, withValues);
}

/** The hash, without the fields whose time has come. */
function readUnexpired(call: Call, args: Args): HashValue | null {
  const hash = readHash(call, args.at(1));
  if (hash === null || !hash.isExpiring) return hash;
  return call.engine.hashes.removeExpired(call.engine, call.db, args.at(1), hash) ? hash : null;
}

function replyWithRepeats(call: Call, hash: HashValue, count: number, withValues: boolean): void {
  begin(call, count, withValues);
  const { random } = call.engine.store;
  if (hash.isTable) {
    const fields = hash.anyFields(count, random);
    while (fields.next()) for (let i = 0; i < fields.count; i++) replyPlace(call, hash, fields.refs[i]!, withValues);
    return;
  }
  for (let i = 0; i < count; i++) {
    hash.random();
    replyField(call, hash, withValues);
  }
}

function replyDistinct(call: Call, hash: HashValue, count: number, withValues: boolean): void {
  const { size } = hash;
  const { random } = call.engine.store;
  begin(call, Math.min(count, size), withValues);
  if (count >= size) {
    for (let more = hash.first(); more; more = hash.next()) replyField(call, hash, withValues);
  } else if (hash.isTable) {
    hash.differentFields(count, random, (place) => replyPlace(call, hash, place, withValues));
  } else selectFromList(call, hash, count, withValues);
}

/** One pass: each field is taken with the chance of those still wanted among those still to come. */
function selectFromList(call: Call, hash: HashValue, count: number, withValues: boolean): void {
  const { random } = call.engine.store;
  let wanted = count;
  let left = hash.size;
  for (let more = hash.first(); more && wanted > 0; more = hash.next()) {
    if (random() % left-- >= wanted) continue;
    replyField(call, hash, withValues);
    wanted--;
  }
}

function replyPlace(call: Call, hash: HashValue, place: number, withValues: boolean): void {
  hash.goTo(place);
  replyField(call, hash, withValues);
}

/** RESP3 clients get a pair for each field, RESP2 clients one after the other. */
function begin({ reply }: Call, count: number, withValues: boolean): void {
  reply.array(withValues && reply.version === 2 ? count * 2 : count);
}

function replyField({ reply }: Call, hash: HashValue, withValues: boolean): void {
  if (withValues && reply.version === 3) reply.array(2);
  reply.bulk(hash.field());
  if (withValues) reply.bulk(hash.value());
}
