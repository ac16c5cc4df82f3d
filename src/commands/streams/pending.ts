/** What was delivered and is not acknowledged: XPENDING and XACK. */
import { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { block, docs, integer, key, multiple, optional, since, string } from "../docs.ts";
import { countChanges, noSuchGroup, openCounted, readStream } from "./access.ts";
import { IdList, parseEnd, parseId, parseStart, replyId } from "./ids.ts";

// biome-ignore format: a table
export const pendingCommands = family("stream", {
  XACK: {
    arity: -4, flags: ["write", "fast"], keys: keyAt(1, "RW", "update"), run: xack,
    docs: docs("5.0.0", "O(1) for each entry", "Says that entries delivered to a group were dealt with.",
      key(), string("group"), multiple(string("ID"))),
  },
  XPENDING: {
    arity: -3, flags: ["readonly"], keys: keyAt(1, "RO", "access"), tips: ["nondeterministic_output"], run: xpending,
    docs: docs("5.0.0", "O(N), N being the number of entries looked at; without a range the number of consumers",
      "Answers what was delivered to a group and is not acknowledged.", key(), string("group"),
      optional(block("filters", null, since("6.2.0", optional(integer("min-idle-time", "IDLE"))),
        string("start"), string("end"), integer("count"), optional(string("consumer"))))),
  },
});

const ids = new IdList();

function xack(call: Call, args: Args): void {
  const stream = openCounted(call, args.at(1));
  const group = stream === null ? 0 : stream.findGroup(args.at(2));
  if (stream === null || group === 0) {
    call.reply.integer(0);
    return;
  }
  const count = args.count - 3;
  for (let i = 0; i < count; i++) parseId(args.at(i + 3), ids.at(i));
  const { groups } = stream;
  let acknowledged = 0;
  for (let i = 0; i < count; i++) {
    const pending = groups.pendingOf(group).find(ids.at(i));
    if (pending === 0) continue;
    groups.settle(group, pending);
    acknowledged++;
  }
  countChanges(call, acknowledged);
  call.reply.integer(acknowledged);
}

const from = new StreamId();
const to = new StreamId();
const id = new StreamId();
const consumerName = new Slice();

interface Filters {
  minIdleMs: number;
  count: number;
  consumer: Slice | null;
}

function xpending(call: Call, args: Args): void {
  if (args.count !== 3 && (args.count < 6 || args.count > 9)) throw errors.syntax;
  const filters = args.count === 3 ? null : parseFilters(args);
  const stream = readStream(call, args.at(1));
  const group = stream === null ? 0 : stream.findGroup(args.at(2));
  if (stream === null || group === 0) throw noSuchGroup(args.at(1), args.at(2));
  if (filters === null) replySummary(call, stream, group);
  else replyPending(call, stream, group, filters);
}

function parseFilters(args: Args): Filters {
  const filters: Filters = { minIdleMs: 0, count: 0, consumer: null };
  let at = 3;
  if (args.at(at).is("IDLE")) {
    filters.minIdleMs = number(args.at(at + 1));
    if (args.count < 8) throw errors.syntax;
    at += 2;
  }
  filters.count = Math.max(0, number(args.at(at + 2)));
  parseStart(args.at(at), from);
  parseEnd(args.at(at + 1), to);
  if (at + 3 < args.count) filters.consumer = args.at(at + 3);
  return filters;
}

function number(text: Slice): number {
  const value = parseInteger(text);
  if (Number.isNaN(value)) throw errors.notInteger;
  return value;
}

/** How many there are, from which to which, and how many of them each consumer has. */
function replySummary({ reply }: Call, stream: Stream, group: number): void {
  const { groups } = stream;
  const list = groups.pendingOf(group);
  reply.array(4);
  reply.integer(list.size);
  if (list.size === 0) {
    reply.nil();
    reply.nil();
    reply.nilArray();
    return;
  }
  replyId(reply, groups.entries.id(list.first(), id));
  replyId(reply, groups.entries.id(list.last(), id));
  const begun = reply.begin();
  let busy = 0;
  for (const consumer of groups.sortedConsumers(group)) {
    const { size } = groups.pendingOfConsumer(consumer);
    if (size === 0) continue;
    reply.array(2);
    reply.bulk(groups.consumerName(consumer, consumerName));
    reply.bulkInteger(size);
    busy++;
  }
  reply.endArray(begun, busy);
}

function replyPending({ reply, now }: Call, stream: Stream, group: number, filters: Filters): void {
  const { groups } = stream;
  const { entries } = groups;
  let list = groups.pendingOf(group);
  if (filters.consumer !== null) {
    const consumer = groups.findConsumer(group, filters.consumer);
    if (consumer === 0) {
      reply.array(0);
      return;
    }
    list = groups.pendingOfConsumer(consumer);
  }
  const begun = reply.begin();
  let replied = 0;
  for (let pending = list.from(from); pending !== 0 && replied < filters.count; pending = list.next()) {
    if (entries.id(pending, id).compare(to) > 0) break;
    const idleMs = now - entries.time(pending);
    if (filters.minIdleMs !== 0 && idleMs < filters.minIdleMs) continue;
    reply.array(4);
    replyId(reply, id);
    reply.bulk(groups.consumerName(entries.consumer(pending), consumerName));
    reply.integer(Math.max(0, idleMs));
    reply.integer(entries.deliveries(pending));
    replied++;
  }
  reply.endArray(begun, replied);
}
