/** Entries added, deleted and trimmed: XADD, XDEL, XTRIM, XLEN, XSETID. */
import { parseInt64 } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { EntryWords } from "../../engine/stream/entry-words.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { block, docs, integer, key, multiple, noted, oneOf, optional, since, string, word } from "../docs.ts";
import { created } from "../keyspace.ts";
import { countChanges, freeLeftovers, readStream, trimmed } from "./access.ts";
import { IdList, IdWord, MIN_ID, parseId, replyId } from "./ids.ts";
import { copyWords, TrimOptions } from "./trimming.ts";

const trim = block(
  "trim",
  null,
  oneOf("strategy", word("MAXLEN"), since("6.2.0", word("MINID"))),
  optional(oneOf("operator", { ...word("="), name: "equal" }, { ...word("~"), name: "approximately" })),
  string("threshold"),
  since("6.2.0", optional(integer("count", "LIMIT"))),
);

// biome-ignore format: a table
export const entryCommands = family("stream", {
  XADD: {
    arity: -5, flags: ["write", "denyoom", "fast"], tips: ["nondeterministic_output"], run: xadd,
    keys: noted(keyAt(1, "RW", "update"), "UPDATE instead of INSERT because of the optional trimming feature"),
    docs: docs("5.0.0", "O(1), and O(N) with trimming, N being the number of entries that go",
      "Adds an entry to a stream, which is created if need be.", key(),
      since("6.2.0", optional(word("NOMKSTREAM"))), optional(trim),
      oneOf("id-selector", { ...word("*"), name: "auto-id" }, string("id")),
      multiple(block("data", null, string("field"), string("value")))),
  },
  XDEL: {
    arity: -3, flags: ["write", "fast"], keys: keyAt(1, "RW", "delete"), run: xdel,
    docs: docs("5.0.0", "O(1) for each entry, whatever the stream's size", "Deletes entries from a stream.",
      key(), multiple({ ...string("ID") })),
  },
  XTRIM: {
    arity: -4, flags: ["write"], keys: keyAt(1, "RW", "delete"), tips: ["nondeterministic_output"], run: xtrim,
    docs: docs("5.0.0", "O(N), N being the number of entries that go, most of them in whole nodes",
      "Deletes entries at the beginning of a stream.", key(), trim),
  },
  XLEN: {
    arity: 2, flags: ["readonly", "fast"], keys: keyAt(1, "RO"), run: xlen,
    docs: docs("5.0.0", "O(1)", "Answers how many entries a stream has.", key()),
  },
  XSETID: {
    arity: -3, flags: ["write", "denyoom", "fast"], keys: keyAt(1, "RW", "update"), run: xsetid,
    docs: docs("5.0.0", "O(1)", "Sets what a stream knows of its past; for replication.", key(), string("last-id"),
      since("7.0.0", optional(integer("entries-added", "ENTRIESADDED"))),
      since("7.0.0", optional(string("max-deleted-id", "MAXDELETEDID")))),
  },
});

const added = event("t", "xadd");
const deletedEntries = event("t", "xdel");
const idSet = event("t", "xsetid");

const err = (text: string) => new ReplyError("ERR", text);
const zeroId = err("The ID specified in XADD must be greater than 0-0");
const exhausted = err("The stream has exhausted the last possible ID, unable to add more items");
const smallId = err("The ID specified in XADD is equal or smaller than the target stream top item");
const tooLarge = err("Elements are too large to be stored");
const addedNegative = err("entries_added must be positive");
const belowGivenDeleted = err("The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
const belowDeleted = err("The ID specified in XSETID is smaller than current max_deleted_entry_id");
const belowTop = err("The ID specified in XSETID is smaller than the target stream top item");
const addedBelowLength = err("The entries_added specified in XSETID is smaller than the target stream length");

/** The most bytes that the elements of an entry may have: a listpack counts in 32 bits. */
const MAX_ENTRY_BYTES = 1 << 30;

const options = new TrimOptions();
const id = new StreamId();
const other = new StreamId();
const idWord = new IdWord();
const entry = new EntryWords();

function xadd(call: Call, args: Args): void {
  const idAt = options.parse(call, args, true);
  const from = idAt + 1;
  const count = args.count - from;
  if (count < 2 || count % 2 === 1) throw errors.wrongArgCount(call.row.name);
  if (options.sequenceGiven && options.id.isMin) throw zeroId;
  const name = args.at(1);
  const { streams } = call.engine;
  let stream = streams.open(call.db, name);
  if (stream === null && options.noMkStream) {
    call.reply.nil();
    return;
  }
  chooseId(call, stream === null ? MIN_ID : stream.lastId(other));
  takeEntry(args, from);
  if (stream === null) {
    stream = streams.create(call.db, name);
    call.notify(name, created);
  }
  stream.append(id, entry);
  entry.clear();
  replyId(call.reply, id);
  call.changed(name, added);
  if (options.trims && trimStream(call, stream) > 0) call.notify(name, trimmed);
  const approximate = options.trims && options.trimming.approximate;
  if (options.sequenceGiven && !approximate) return;
  const words = copyWords(args);
  if (!options.sequenceGiven) words[idAt] = idWord.of(id);
  if (approximate) options.makeExact(words, stream);
  call.outcome(words);
}

/** The new entry's ID into `id`. @throws if it would not be greater than the last one */
function chooseId(call: Call, last: StreamId): void {
  if (last.isMax) throw exhausted;
  if (!options.idGiven) {
    id.setTime(call.now);
    // Time may stand still, or go back: then the last ID's goes on.
    if (id.msHigh >>> 0 < last.msHigh >>> 0 || (id.msHigh === last.msHigh && id.msLow >>> 0 <= last.msLow >>> 0)) {
      id.copy(last).increment();
    }
    return;
  }
  id.copy(options.id);
  if (!options.sequenceGiven && id.sameTime(last)) {
    if (last.seqHigh === -1 && last.seqLow === -1) throw smallId;
    id.copy(last).increment();
  }
  if (id.compare(last) <= 0) throw smallId;
}

/** The words from `from` on into `entry`. */
function takeEntry(args: Args, from: number): void {
  entry.clear();
  for (let i = from; i < args.count; i++) entry.push(args.at(i));
  if (entry.textBytes > MAX_ENTRY_BYTES) throw tooLarge;
}

const ids = new IdList();

function xdel(call: Call, args: Args): void {
  const name = args.at(1);
  const stream = call.engine.streams.open(call.db, name);
  if (stream === null) {
    call.reply.integer(0);
    return;
  }
  const count = args.count - 2;
  for (let i = 0; i < count; i++) parseId(args.at(i + 2), ids.at(i));
  const gone = stream.delete(ids.ids, count);
  call.changed(name, deletedEntries, gone);
  call.reply.integer(gone);
}

function xtrim(call: Call, args: Args): void {
  options.parse(call, args, false);
  const name = args.at(1);
  const stream = call.engine.streams.open(call.db, name);
  if (stream === null) {
    call.reply.integer(0);
    return;
  }
  const gone = trimStream(call, stream);
  call.changed(name, trimmed, gone);
  if (gone > 0 && options.trimming.approximate) {
    const words = copyWords(args);
    options.makeExact(words, stream);
    call.outcome(words);
  }
  call.reply.integer(gone);
}

function trimStream(call: Call, stream: Stream): number {
  const gone = stream.trim(options.trimming);
  freeLeftovers(call, stream);
  return gone;
}

function xlen(call: Call, args: Args): void {
  call.reply.integer(readStream(call, args.at(1))?.length ?? 0);
}

const maxDeleted = new StreamId();

function xsetid(call: Call, args: Args): void {
  const last = parseId(args.at(2), id);
  maxDeleted.setMin();
  let entriesAdded = -1n;
  args.position = 3;
  while (args.more) {
    if (args.left >= 2 && args.take("ENTRIESADDED")) {
      const given = parseInt64(args.next());
      if (given === null) throw errors.notInteger;
      if (given < 0n) throw addedNegative;
      entriesAdded = given;
    } else if (args.left >= 2 && args.take("MAXDELETEDID")) {
      if (last.compare(parseId(args.next(), maxDeleted)) < 0) throw belowGivenDeleted;
    } else throw errors.syntax;
  }
  const name = args.at(1);
  const stream = call.engine.streams.open(call.db, name);
  if (stream === null) throw errors.noSuchKey;
  if (last.compare(stream.maxDeletedId(other)) < 0) throw belowDeleted;
  if (stream.length > 0) {
    if (stream.lastEntryId(other) && last.compare(other) < 0) throw belowTop;
    if (entriesAdded !== -1n && BigInt(stream.length) > entriesAdded) throw addedBelowLength;
  }
  stream.setLastId(last);
  if (entriesAdded !== -1n) stream.entriesAdded = entriesAdded;
  if (!maxDeleted.isMin) stream.setMaxDeletedId(maxDeleted);
  call.reply.ok();
  countChanges(call, 1);
  call.notify(name, idSet);
}
