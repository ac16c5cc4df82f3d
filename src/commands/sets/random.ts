/** Members at random: SRANDMEMBER shows them, SPOP takes them out. Every member is as likely as any other. */
import { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { TYPES } from "../../engine/entry.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { Encoding, EntryText, type SetValue } from "../../engine/set/set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt, type OutcomeWord } from "../call.ts";
import { docs, integer, key, optional, since } from "../docs.ts";
import { deleted } from "../keyspace.ts";
import { outcomeDel } from "../outcome-forms.ts";
import { deleteEmpty, readSet } from "./access.ts";
import { replyMembers } from "./members.ts";

// biome-ignore format: a table
export const randomMembers = family("set", {
  SPOP: {
    arity: -2, flags: ["write", "fast"], keys: keyAt(1, "RW", "access", "delete"), tips: ["nondeterministic_output"], run: spop,
    docs: docs("1.0.0", "O(1), or O(N) for N members", "Removes members at random from a set and answers them.",
      key(), since("3.2.0", optional(integer("count")))),
  },
  SRANDMEMBER: {
    arity: -2, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: srandmember,
    docs: docs("1.0.0", "O(1), or O(N) for N members", "Answers members at random from a set.",
      key(), since("2.6.0", optional(integer("count")))),
  },
});

const popped = event("s", "spop");
const SREM = Buffer.from("SREM");
const text = new EntryText();
const cursor = new SetCursor();
const removal: OutcomeWord[] = [SREM, "", ""];

function spop(call: Call, args: Args): void {
  if (args.count > 3) throw errors.syntax;
  if (args.count === 3) {
    popMany(call, args);
    return;
  }
  const name = args.at(1);
  const set = call.engine.sets.open(call.db, name);
  if (set === null) {
    call.reply.nil();
    return;
  }
  const place = set.randomPlace();
  const member = set.memberAt(place, text);
  call.reply.bulk(member);
  removal[1] = name;
  removal[2] = member;
  call.outcome(removal);
  set.deleteAt(place);
  call.changed(name, popped);
  if (set.size === 0) deleteEmpty(call, name);
}

/** While fewer than so many times what is asked for would remain, it is cheaper to pick what remains. */
const PICK_REMAINING = 5;

function popMany(call: Call, args: Args): void {
  const name = args.at(1);
  const count = parseInteger(args.at(2));
  if (!(count >= 0)) throw errors.notPositive;
  const set = call.engine.sets.open(call.db, name);
  if (set === null || count === 0) {
    call.reply.set(0);
    return;
  }
  const { size } = set;
  call.changed(name, popped, Math.min(count, size));
  if (count >= size) {
    popAll(call, name, set);
    return;
  }
  call.reply.set(count);
  const removed = new Removed(call, name);
  if ((size - count) * PICK_REMAINING <= count && !call.engine.sets.areRead) popMost(call, set, size - count, removed);
  else if (set.encoding === Encoding.listpack) popFromListpack(set, count, removed);
  else if (set.encoding === Encoding.table) {
    set.differentMembers(count, (place) => {
      removed.add(set.memberAt(place, text));
      set.deleteAt(place);
    });
  } else for (let i = 0; i < count; i++) popOne(set, removed);
  removed.end();
}

function popAll(call: Call, name: Slice, set: SetValue): void {
  // Redis looks it up again, as SUNION does, and so counts a hit.
  readSet(call, name, set);
  call.reply.set(set.size);
  replyMembers(call, set);
  const lazy = call.engine.policy.lazyfreeLazyServerDel;
  if (lazy) call.db.unlink(name);
  else call.db.delete(name);
  call.notify(name, deleted);
  outcomeDel(call, name, lazy);
}

function popOne(set: SetValue, removed: Removed): void {
  const place = set.randomPlace();
  removed.add(set.memberAt(place, text));
  set.deleteAt(place);
}

/** Places in a listpack are chosen in one pass, and emptied from the end, so that those before stay what they are. */
function popFromListpack(set: SetValue, count: number, removed: Removed): void {
  const places = samplePlaces(set, count);
  for (const place of places) removed.add(set.memberAt(place, text));
  for (let i = places.length - 1; i >= 0; i--) set.deleteAt(places[i]!);
}

/** Picks what remains, puts it into a new set, and answers what is left in the old one. */
function popMost(call: Call, set: SetValue, remaining: number, removed: Removed): void {
  const { sets } = call.engine;
  const rest = sets.create(set.encoding === Encoding.intset ? Encoding.intset : Encoding.listpack, sets.value(1));
  if (set.encoding === Encoding.listpack) {
    const places = samplePlaces(set, remaining);
    for (const place of places) rest.add(set.memberAt(place, text));
    for (let i = places.length - 1; i >= 0; i--) set.deleteAt(places[i]!);
  } else {
    for (let i = 0; i < remaining; i++) {
      const place = set.randomPlace();
      rest.add(set.memberAt(place, text));
      set.deleteAt(place);
    }
  }
  cursor.start(set);
  while (cursor.next()) removed.add(cursor.member);
  sets.exchange(set, rest);
  call.engine.dropContainer(TYPES.indexOf("set"), rest.root, false);
}

/** How many members one SREM names at most. */
const BATCH = 1024;

/** Members on their way out: answered, and told to the replicas as SREM. They are copied, since their memory goes. */
class Removed {
  readonly #call: Call;
  readonly #words: OutcomeWord[];
  #bytes = new Uint8Array(1024);
  #end = 0;

  constructor(call: Call, key: Slice) {
    this.#call = call;
    this.#words = [SREM, key];
  }

  add(member: Slice): void {
    this.#call.reply.bulk(member);
    const end = this.#end + member.length;
    if (end > this.#bytes.length) {
      // What has been copied so far stays where it is.
      this.#bytes = new Uint8Array(Math.max(member.length, this.#bytes.length * 2));
      this.#end = 0;
    }
    member.copyTo(this.#bytes, this.#end);
    this.#words.push(new Slice(this.#bytes, this.#end, this.#end + member.length));
    this.#end += member.length;
    if (this.#words.length === BATCH + 2) this.end();
  }

  end(): void {
    if (this.#words.length === 2) return;
    this.#call.outcome(this.#words);
    this.#words.length = 2;
    this.#end = 0;
  }
}

const countOutOfRange = new ReplyError(
  "ERR",
  "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

function srandmember(call: Call, args: Args): void {
  if (args.count > 3) throw errors.syntax;
  if (args.count === 3) {
    showMany(call, args);
    return;
  }
  const set = readSet(call, args.at(1));
  if (set === null) call.reply.nil();
  else call.reply.bulk(set.memberAt(set.randomPlace(), text));
}

function showMany(call: Call, args: Args): void {
  const { reply } = call;
  const count = parseInteger(args.at(2));
  if (Number.isNaN(count)) throw errors.notInteger;
  if (args.at(2).is("-9223372036854775808")) throw countOutOfRange;
  const set = readSet(call, args.at(1));
  if (set === null || count === 0) {
    reply.array(0);
    return;
  }
  const { size } = set;
  if (count < 0 || count === 1) showRepeating(call, set, Math.abs(count));
  else if (count >= size) {
    reply.array(size);
    replyMembers(call, set);
  } else {
    reply.array(count);
    if (set.encoding === Encoding.table) set.differentMembers(count, (place) => reply.bulk(set.memberAt(place, text)));
    else for (const place of samplePlaces(set, count)) reply.bulk(set.memberAt(place, text));
  }
}

/** `count` times any member, the same one again and again perhaps. */
function showRepeating({ reply, engine }: Call, set: SetValue, count: number): void {
  const { random } = engine.store;
  reply.array(count);
  if (set.encoding === Encoding.table) {
    const members = set.anyMembers(count);
    while (members.next()) for (let i = 0; i < members.count; i++) reply.bulk(set.memberAt(members.refs[i]!, text));
    return;
  }
  // A listpack is walked through once, not once a member.
  const places = set.encoding === Encoding.listpack && count > 1 ? samplePlaces(set, set.size) : null;
  for (let i = 0; i < count; i++) {
    const place = places === null ? set.randomPlace() : places[random() % places.length]!;
    reply.bulk(set.memberAt(place, text));
  }
}

/** So many different places, in the order of a walk; each choice of places is as likely as any other. */
function samplePlaces(set: SetValue, count: number): number[] {
  const places: number[] = [];
  let left = set.size;
  cursor.start(set);
  for (; places.length < count && cursor.next(); left--) {
    if (set.randomBelow(left) < count - places.length) places.push(cursor.place);
  }
  return places;
}
