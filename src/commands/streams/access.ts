/** What the commands on streams share: looking one up, the events, entries in replies, and the forms of outcomes. */
import { Slice } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply-error.ts";
import type { EntryCursor } from "../../engine/stream/cursor.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import { type Call, event, type KeyEvent, type OutcomeWord } from "../call.ts";
import { missed } from "../keyspace.ts";
import { IdWord, replyId } from "./ids.ts";

export const trimmed: KeyEvent = event("t", "xtrim");
export const consumerCreated: KeyEvent = event("t", "xgroup-createconsumer");

/** The stream at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readStream(call: Call, key: Slice): Stream | null {
  const stream = call.engine.streams.read(call.db, key);
  if (stream === null) call.notify(key, missed);
  return stream;
}

/** Counts a look at `key`, whatever is there. */
export function countLookup(call: Call, key: Slice): void {
  if (call.db.type(key) === null) call.notify(key, missed);
}

/** The stream at `key` to be changed, counted as a read of it. @throws errors.wrongType */
export function openCounted(call: Call, key: Slice): Stream | null {
  return readStream(call, key) === null ? null : call.engine.streams.open(call.db, key);
}

/** Counts changes that are no change of the key to those who WATCH it. */
export function countChanges(call: Call, count: number): void {
  if (count > 0) call.changedMany(count, NO_DATABASES);
}

const NO_DATABASES: readonly number[] = [];

export function noSuchGroup(key: Slice, group: Slice, suffix = ""): ReplyError {
  return new ReplyError("NOGROUP", `No such key '${quoted(key)}' or consumer group '${quoted(group)}'${suffix}`);
}

/** A word of the request in an error: to Redis it ends at its first zero byte. */
export function quoted(word: Slice): string {
  return word.latin1().replace(/\0.*$/s, "");
}

/** The consumer of this name, made now if there is none. */
export function consumerOf(call: Call, key: Slice, stream: Stream, group: number, name: Slice): number {
  const found = stream.groups.findConsumer(group, name);
  return found !== 0 ? found : createConsumer(call, key, stream, group, name);
}

export function createConsumer(call: Call, key: Slice, stream: Stream, group: number, name: Slice): number {
  const consumer = stream.groups.createConsumer(group, name, call.now);
  countChanges(call, 1);
  call.notify(key, consumerCreated);
  return consumer;
}

/** As many objects are freed while the client waits; more of them later, in slices. */
const FREED_AT_ONCE = 1024;

/** Frees what a change has left over. */
export function freeLeftovers(call: Call, stream: Stream): void {
  const job = stream.leftovers;
  if (job === null) return;
  stream.leftovers = null;
  if (job.pending > FREED_AT_ONCE) call.engine.lazyfree.add(job);
  else while (job.pending > 0) job.step(FREED_AT_ONCE);
}

// Entries

/** The entry that the cursor is on: its ID, and fields and values by turns. */
export function replyEntry(reply: ReplyWriter, cursor: EntryCursor): void {
  const { fields, field, value } = cursor;
  reply.array(2);
  replyId(reply, cursor.id);
  reply.array(fields * 2);
  for (let left = fields; left > 0; left--) {
    cursor.nextField();
    reply.bulk(field);
    reply.bulk(value);
  }
}

/** All entries that the cursor comes to, or the first `count`; 0 for all. */
export function replyEntries(reply: ReplyWriter, cursor: EntryCursor, count: number): void {
  const begun = reply.begin();
  let replied = 0;
  while (cursor.next()) {
    replyEntry(reply, cursor);
    if (++replied === count) break;
  }
  reply.endArray(begun, replied);
}

/** The entry of this ID; false, and nothing replied, if there is none. */
export function replyEntryOf(reply: ReplyWriter, stream: Stream, id: StreamId): boolean {
  const cursor = stream.range(id, id);
  if (!cursor.next()) return false;
  replyEntry(reply, cursor);
  return true;
}

// Outcomes. Words and arrays are made once and used again: an outcome is encoded before `outcome` returns.

const word = (text: string): Uint8Array => Buffer.from(text, "latin1");
const name = new Slice();
const lastId = new StreamId();
const lastIdWord = new IdWord();
const claimWords: OutcomeWord[] = [
  word("XCLAIM"),
  "",
  "",
  "",
  word("0"),
  "",
  word("TIME"),
  0,
  word("RETRYCOUNT"),
  0,
  word("FORCE"),
  word("JUSTID"),
  word("LASTID"),
  "",
];

/** What is pending now, in a form that comes to the same at a replica, whatever it knows of it. */
export function outcomeClaim(
  call: Call,
  key: Slice,
  stream: Stream,
  group: number,
  groupName: Slice,
  id: Slice,
  pending: number,
): void {
  const { groups } = stream;
  const deliveries = groups.entries.deliveries(pending);
  claimWords[1] = key;
  claimWords[2] = groupName;
  claimWords[3] = groups.consumerName(groups.entries.consumer(pending), name);
  claimWords[5] = id;
  claimWords[7] = groups.entries.time(pending);
  claimWords[9] = typeof deliveries === "number" ? deliveries : String(deliveries);
  claimWords[13] = lastIdWord.of(groups.lastId(group, lastId));
  call.outcome(claimWords);
}

const setIdWords: OutcomeWord[] = [word("XGROUP"), word("SETID"), "", "", "", word("ENTRIESREAD"), ""];

/** How far a group has read. */
export function outcomeGroupId(call: Call, key: Slice, stream: Stream, group: number, groupName: Slice): void {
  setIdWords[2] = key;
  setIdWords[3] = groupName;
  setIdWords[4] = lastIdWord.of(stream.groups.lastId(group, lastId));
  setIdWords[6] = String(stream.groups.entriesRead(group));
  call.outcome(setIdWords);
}

const createConsumerWords: OutcomeWord[] = [word("XGROUP"), word("CREATECONSUMER"), "", "", ""];

export function outcomeCreateConsumer(call: Call, key: Slice, groupName: Slice, consumerName: Slice): void {
  createConsumerWords[2] = key;
  createConsumerWords[3] = groupName;
  createConsumerWords[4] = consumerName;
  call.outcome(createConsumerWords);
}
