/** XREAD and XREADGROUP: what came since, in several streams, with or without waiting for it. */
import type { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import { type Call, family, type KeySpec } from "../call.ts";
import { block, docs, integer, key, multiple, optional, string, word } from "../docs.ts";
import { parseTimeoutMs } from "../timeouts.ts";
import {
  countChanges,
  createConsumer,
  noSuchGroup,
  openCounted,
  outcomeClaim,
  outcomeCreateConsumer,
  outcomeGroupId,
  readStream,
  replyEntry,
  replyEntryOf,
} from "./access.ts";
import { IdList, IdWord, isCharacter, MAX_ID, parseId, replyId } from "./ids.ts";

const streams = block("streams", "STREAMS", multiple(key()), multiple(string("ID")));
const count = optional(integer("count", "COUNT"));
const milliseconds = optional(integer("milliseconds", "BLOCK"));

// biome-ignore format: a table
export const readCommands = family("stream", {
  XREAD: {
    arity: -4, flags: ["readonly", "blocking", "movablekeys"], keys: keysBehindStreams(1), run: (call, args) => xread(call, args, false),
    docs: docs("5.0.0", "O(N) for each stream, N being the number of its entries that are answered",
      "Answers the entries of streams behind given IDs, and can wait for some.", count, milliseconds, streams),
  },
  XREADGROUP: {
    arity: -7, flags: ["write", "blocking", "movablekeys"], keys: keysBehindStreams(4), run: (call, args) => xread(call, args, true),
    docs: docs("5.0.0", "O(N) for each stream, N being the number of its entries that are answered",
      "Answers entries that no other consumer of a group was given, and can wait for some.",
      block("group-block", "GROUP", string("group"), string("consumer")), count, milliseconds,
      optional(word("NOACK")), streams),
  },
});

function keysBehindStreams(startFrom: number): KeySpec[] {
  const begin = { keyword: "STREAMS", startFrom };
  return [{ flags: ["RO", "access"], begin, find: { lastKey: -1, step: 1, limit: 2 } }];
}

const err = (text: string) => new ReplyError("ERR", text);
const groupOfRead = err("The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
const noackOfRead = err("The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
const noGroup = err("Missing GROUP option for XREADGROUP");
const dollarOfGroup = err(
  "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const newOfRead = err(
  "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const unbalanced = {
  xread: err("Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified."),
  xreadgroup: err("Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."),
};

const DOLLAR = 0x24;
const GREATER = 0x3e;

/** The words of one command, understood; one object, used again. */
class ReadRequest {
  /** 0 for no limit. */
  count = 0;
  /** -1 for not waiting. */
  timeoutMs = -1;
  noack = false;
  group: Slice | null = null;
  consumer: Slice | null = null;
  /** Where the keys begin, and how many streams there are. */
  keysAt = 0;
  streams = 0;

  parse(call: Call, args: Args, ofGroup: boolean): void {
    this.count = 0;
    this.timeoutMs = -1;
    this.noack = false;
    this.group = null;
    this.consumer = null;
    this.streams = 0;
    args.position = 1;
    while (this.streams === 0) {
      if (!args.more) throw errors.syntax;
      const left = args.left - 1;
      if (left > 0 && args.take("BLOCK")) this.timeoutMs = parseTimeoutMs(call, args.next());
      else if (left > 0 && args.take("COUNT")) {
        const limit = parseInteger(args.next());
        if (Number.isNaN(limit)) throw errors.notInteger;
        this.count = Math.max(0, limit);
      } else if (left > 0 && args.take("STREAMS")) {
        if (args.left % 2 !== 0) throw ofGroup ? unbalanced.xreadgroup : unbalanced.xread;
        this.keysAt = args.position;
        this.streams = args.left / 2;
      } else if (left > 1 && args.take("GROUP")) {
        if (!ofGroup) throw groupOfRead;
        this.group = args.next();
        this.consumer = args.next();
      } else if (args.take("NOACK")) {
        if (!ofGroup) throw noackOfRead;
        this.noack = true;
      } else throw errors.syntax;
    }
    if (ofGroup && this.group === null) throw noGroup;
  }
}

const request = new ReadRequest();
/** Behind which each stream is read; the greatest stands for ">". */
const ids = new IdList();
const start = new StreamId();
const last = new StreamId();

function xread(call: Call, args: Args, ofGroup: boolean): void {
  // What a group's reading changes travels in other words, and only what is delivered does.
  if (ofGroup) call.noOutcome();
  request.parse(call, args, ofGroup);
  const { keysAt } = request;
  for (let i = 0; i < request.streams; i++)
    resolve(call, args.at(keysAt + i), args.at(keysAt + request.streams + i), i);
  const mark = call.reply.mark;
  const begun = call.reply.begin();
  let served = 0;
  for (let i = 0; i < request.streams; i++) {
    const name = args.at(keysAt + i);
    if (ofGroup ? serveGroup(call, name, ids.at(i)) : serve(call, name, ids.at(i))) served++;
  }
  if (served > 0) {
    if (call.reply.version === 3) call.reply.endMap(begun, served);
    else call.reply.endArray(begun, served);
    return;
  }
  call.reply.rewind(mark);
  if (request.timeoutMs === -1 || call.session.denyBlocking) call.reply.nilArray();
  else wait(call, args, ofGroup);
}

/** What is behind the ID that was given for a stream, into `ids`. */
function resolve(call: Call, name: Slice, word: Slice, index: number): void {
  const stream = readStream(call, name);
  const { group } = request;
  if (group !== null && (stream === null || stream.findGroup(group) === 0)) {
    throw noSuchGroup(name, group, " in XREADGROUP with GROUP option");
  }
  const id = ids.at(index);
  if (isCharacter(word, DOLLAR)) {
    if (group !== null) throw dollarOfGroup;
    if (stream === null) id.setMin();
    else stream.lastId(id);
  } else if (isCharacter(word, GREATER)) {
    if (group === null) throw newOfRead;
    id.setMax();
  } else parseId(word, id);
}

function replyName(call: Call, name: Slice): void {
  if (call.reply.version === 2) call.reply.array(2);
  call.reply.bulk(name);
}

/** Answers what is in the stream behind an ID; false if nothing is. */
function serve(call: Call, name: Slice, behind: StreamId): boolean {
  const stream = readStream(call, name);
  if (stream === null || !hasEntriesBehind(stream, behind)) return false;
  start.copy(behind).increment();
  const { reply } = call;
  replyName(call, name);
  const cursor = stream.range(start, MAX_ID);
  const begun = reply.begin();
  let replied = 0;
  while (cursor.next()) {
    replyEntry(reply, cursor);
    if (++replied === request.count) break;
  }
  reply.endArray(begun, replied);
  return true;
}

function hasEntriesBehind(stream: Stream, id: StreamId): boolean {
  return stream.length > 0 && stream.lastEntryId(last) && last.compare(id) > 0;
}

/** Answers what is new to the group, or what is pending at the consumer; false if the former is nothing. */
function serveGroup(call: Call, name: Slice, behind: StreamId): boolean {
  const stream = openCounted(call, name);
  if (stream === null) return false;
  const groupName = request.group!;
  const group = stream.findGroup(groupName);
  const { groups } = stream;
  const isHistory = !behind.isMax;
  let isServed = isHistory;
  if (!isHistory) {
    groups.lastId(group, start);
    if (hasEntriesBehind(stream, start)) {
      behind.copy(start);
      isServed = true;
    }
  }
  let consumer = groups.findConsumer(group, request.consumer!);
  if (consumer === 0) {
    consumer = createConsumer(call, name, stream, group, request.consumer!);
    if (request.noack) outcomeCreateConsumer(call, name, groupName, request.consumer!);
  }
  groups.setSeen(consumer, call.now);
  if (!isServed) return false;
  start.copy(behind).increment();
  replyName(call, name);
  if (isHistory) replyHistory(call, stream, consumer);
  else deliver(call, name, stream, group, consumer);
  countChanges(call, 1);
  return true;
}

const deliveredWord = new IdWord();

/** Answers entries from `start` on, notes that the group has read them and, unless NOACK, that the consumer has them. */
function deliver(call: Call, name: Slice, stream: Stream, group: number, consumer: number): void {
  const { reply } = call;
  const { groups } = stream;
  const groupName = request.group!;
  const cursor = stream.range(start, MAX_ID);
  let advanced = false;
  let replied = 0;
  const begun = reply.begin();
  while (cursor.next()) {
    const { id } = cursor;
    if (id.compare(groups.lastId(group, last)) > 0) {
      stream.advance(group, id);
      advanced = true;
    }
    replyEntry(reply, cursor);
    if (!request.noack) {
      const pending = groups.deliver(group, consumer, id, call.now);
      groups.setActive(consumer, call.now);
      outcomeClaim(call, name, stream, group, groupName, deliveredWord.of(id), pending);
    }
    if (++replied === request.count) break;
  }
  if (request.noack && advanced) outcomeGroupId(call, name, stream, group, groupName);
  reply.endArray(begun, replied);
}

/** Answers what is pending at the consumer from `start` on: delivered once more. What was deleted has no fields. */
function replyHistory(call: Call, stream: Stream, consumer: number): void {
  const { reply } = call;
  const { groups } = stream;
  const { entries } = groups;
  const list = groups.pendingOfConsumer(consumer);
  const begun = reply.begin();
  let replied = 0;
  for (let pending = list.from(start); pending !== 0; pending = list.next()) {
    entries.id(pending, last);
    if (replyEntryOf(reply, stream, last)) {
      entries.setTime(pending, call.now);
      entries.countDelivery(pending);
    } else {
      reply.array(2);
      replyId(reply, last);
      reply.nilArray();
    }
    if (++replied === request.count) break;
  }
  reply.endArray(begun, replied);
}

function wait(call: Call, args: Args, ofGroup: boolean): void {
  const { keysAt, streams, timeoutMs } = request;
  const keys: Slice[] = [];
  for (let i = 0; i < streams; i++) {
    keys.push(args.at(keysAt + i));
    // "$" means now, not when the command is run again.
    const word = args.at(keysAt + streams + i);
    if (isCharacter(word, DOLLAR)) {
      const text = Buffer.from(ids.at(i).toString(), "latin1");
      word.set(text, 0, text.length);
    }
  }
  call.block({ keys, type: "stream", timeoutMs, onMissing: ofGroup });
}
