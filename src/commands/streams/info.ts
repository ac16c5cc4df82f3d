/** XINFO: what there is to know of a stream, its groups and their consumers. */
import { Slice } from "../../base/bytes.ts";
import { parseInteger } from "../../base/numbers.ts";
import { errors } from "../../base/reply-error.ts";
import type { Groups } from "../../engine/stream/groups.ts";
import { StreamId } from "../../engine/stream/id.ts";
import type { PendingList } from "../../engine/stream/pending.ts";
import { radixNodes } from "../../engine/stream/radix-nodes.ts";
import { type Stream, UNKNOWN } from "../../engine/stream/stream.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Args } from "../args.ts";
import { type Call, family, keyAt } from "../call.ts";
import { block, docs, integer, key, optional, string } from "../docs.ts";
import { replyHelp } from "../help.ts";
import { readStream, replyEntries, replyEntry } from "./access.ts";
import { noSuchGroupOf } from "./groups.ts";
import { MAX_ID, MIN_ID, replyId } from "./ids.ts";

const about = { flags: ["readonly"], keys: keyAt(2, "RO", "access") } as const;

// biome-ignore format: a table
export const infoCommands = family("stream", {
  XINFO: {
    arity: -2, flags: [],
    docs: docs("5.0.0", "Depends on the subcommand.", "A container for commands that look at streams."),
    subcommands: {
      STREAM: {
        ...about, arity: -3, run: stream,
        docs: docs("5.0.0", "O(1), and O(N) with FULL, N being what is answered", "Answers what there is to know of a stream.", key(),
          optional(block("full-block", "FULL", optional(integer("count", "COUNT"))))),
      },
      GROUPS: { ...about, arity: 3, run: groups, docs: docs("5.0.0", "O(1)", "Answers what there is to know of a stream's groups.", key()) },
      CONSUMERS: {
        ...about, arity: 4, run: consumers, tips: ["nondeterministic_output"],
        docs: docs("5.0.0", "O(1)", "Answers what there is to know of a group's consumers.", key(), string("group")),
      },
      HELP: { arity: 2, flags: ["loading", "stale"], run: help, docs: docs("5.0.0", "O(1)", "Lists the subcommands.") },
    },
  },
});

const DEFAULT_COUNT = 10;

const id = new StreamId();
const name = new Slice();

/** @throws errors.noSuchKey */
function read(call: Call, key: Slice): Stream {
  const found = readStream(call, key);
  if (found === null) throw errors.noSuchKey;
  return found;
}

function stream(call: Call, args: Args): void {
  const { reply } = call;
  const found = read(call, args.at(2));
  const count = args.count === 3 ? -1 : parseFull(args);
  reply.map(count === -1 ? 10 : 9);
  reply.bulkText("length");
  reply.integer(found.length);
  reply.bulkText("radix-tree-keys");
  reply.integer(found.nodes.count);
  reply.bulkText("radix-tree-nodes");
  reply.integer(radixNodes(call.engine.store.arena, found.nodes));
  reply.bulkText("last-generated-id");
  replyId(reply, found.lastId(id));
  reply.bulkText("max-deleted-entry-id");
  replyId(reply, found.maxDeletedId(id));
  reply.bulkText("entries-added");
  reply.integer(found.entriesAdded);
  reply.bulkText("recorded-first-entry-id");
  replyId(reply, found.firstId(id));
  if (count === -1) replyEdges(reply, found);
  else replyAll(reply, found, count);
}

/** How many of everything FULL is to show; 0 for all. */
function parseFull(args: Args): number {
  const { count } = args;
  const isFull = args.at(3).is("FULL") && (count === 4 || (count === 6 && args.at(4).is("COUNT")));
  if (!isFull) throw errors.subcommandSyntax(args.at(1).quotable(), "XINFO");
  if (count === 4) return DEFAULT_COUNT;
  const given = parseInteger(args.at(5));
  if (Number.isNaN(given)) throw errors.notInteger;
  return given < 0 ? DEFAULT_COUNT : given;
}

function replyEdges(reply: ReplyWriter, found: Stream): void {
  reply.bulkText("groups");
  reply.integer(found.groupCount);
  for (const [label, reverse] of EDGES) {
    reply.bulkText(label);
    const cursor = found.range(MIN_ID, MAX_ID, reverse);
    if (cursor.next()) replyEntry(reply, cursor);
    else reply.nil();
  }
}

const EDGES = [
  ["first-entry", false],
  ["last-entry", true],
] as const;

function replyAll(reply: ReplyWriter, found: Stream, count: number): void {
  reply.bulkText("entries");
  replyEntries(reply, found.range(MIN_ID, MAX_ID), count);
  reply.bulkText("groups");
  const refs = found.sortedGroups();
  reply.array(refs.length);
  for (const group of refs) {
    const of = found.groups;
    reply.map(7);
    reply.bulkText("name");
    reply.bulk(of.name(group, name));
    replyProgress(reply, found, group);
    const pending = of.pendingOf(group);
    reply.bulkText("pel-count");
    reply.integer(pending.size);
    reply.bulkText("pending");
    replyPending(reply, of, pending, count, true);
    reply.bulkText("consumers");
    const members = of.sortedConsumers(group);
    reply.array(members.length);
    for (const consumer of members) replyConsumer(reply, of, consumer, count);
  }
}

function replyConsumer(reply: ReplyWriter, of: Groups, consumer: number, count: number): void {
  reply.map(5);
  reply.bulkText("name");
  reply.bulk(of.consumerName(consumer, name));
  reply.bulkText("seen-time");
  reply.integer(of.seen(consumer));
  reply.bulkText("active-time");
  reply.integer(of.active(consumer));
  const pending = of.pendingOfConsumer(consumer);
  reply.bulkText("pel-count");
  reply.integer(pending.size);
  reply.bulkText("pending");
  replyPending(reply, of, pending, count, false);
}

function replyPending(reply: ReplyWriter, of: Groups, list: PendingList, count: number, named: boolean): void {
  const { entries } = of;
  const shown = count === 0 ? list.size : Math.min(count, list.size);
  reply.array(shown);
  let pending = list.first();
  for (let left = shown; left > 0; left--, pending = list.next()) {
    reply.array(named ? 4 : 3);
    replyId(reply, entries.id(pending, id));
    if (named) reply.bulk(of.consumerName(entries.consumer(pending), name));
    reply.integer(entries.time(pending));
    reply.integer(entries.deliveries(pending));
  }
}

/** How far a group is. */
function replyProgress(reply: ReplyWriter, found: Stream, group: number): void {
  const of = found.groups;
  reply.bulkText("last-delivered-id");
  replyId(reply, of.lastId(group, id));
  reply.bulkText("entries-read");
  const entriesRead = of.entriesRead(group);
  if (entriesRead === UNKNOWN) reply.nil();
  else reply.integer(entriesRead);
  reply.bulkText("lag");
  const lag = found.lag(group);
  if (lag === null) reply.nil();
  else reply.integer(lag);
}

function groups(call: Call, args: Args): void {
  const { reply } = call;
  const found = read(call, args.at(2));
  const refs = found.sortedGroups();
  reply.array(refs.length);
  for (const group of refs) {
    reply.map(6);
    reply.bulkText("name");
    reply.bulk(found.groups.name(group, name));
    reply.bulkText("consumers");
    reply.integer(found.groups.consumerCount(group));
    reply.bulkText("pending");
    reply.integer(found.groups.pendingOf(group).size);
    replyProgress(reply, found, group);
  }
}

function consumers(call: Call, args: Args): void {
  const { reply, now } = call;
  const found = read(call, args.at(2));
  const group = found.findGroup(args.at(3));
  if (group === 0) throw noSuchGroupOf(args.at(2), args.at(3));
  const of = found.groups;
  const members = of.sortedConsumers(group);
  reply.array(members.length);
  for (const consumer of members) {
    const active = of.active(consumer);
    reply.map(4);
    reply.bulkText("name");
    reply.bulk(of.consumerName(consumer, name));
    reply.bulkText("pending");
    reply.integer(of.pendingOfConsumer(consumer).size);
    reply.bulkText("idle");
    reply.integer(Math.max(0, now - of.seen(consumer)));
    reply.bulkText("inactive");
    reply.integer(active === -1 ? -1 : now - active);
  }
}

function help(call: Call): void {
  replyHelp(call, "XINFO", [
    ["CONSUMERS <key> <group>", "The consumers of <group>."],
    ["GROUPS <key>", "The groups of a stream."],
    ["STREAM <key> [FULL [COUNT <count>]]", "The stream; FULL shows entries, groups and consumers as well."],
  ]);
}
