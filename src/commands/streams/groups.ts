/** XGROUP: consumer groups and their consumers. */
import type { Slice } from "../../base/bytes.ts";
import { parseInt64 } from "../../base/numbers.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import { StreamId } from "../../engine/stream/id.ts";
import { type Stream, UNKNOWN } from "../../engine/stream/stream.ts";
import type { Args } from "../args.ts";
import { type Call, event, family, keyAt } from "../call.ts";
import { docs, integer, key, oneOf, optional, string, word } from "../docs.ts";
import { replyHelp } from "../help.ts";
import { created } from "../keyspace.ts";
import { createConsumer as addConsumer, countChanges, freeLeftovers, quoted } from "./access.ts";
import { isCharacter, parseId, parseIdOrEdge } from "./ids.ts";

const selector = oneOf("id-selector", string("id"), { ...word("$"), name: "new-id" });
const entriesRead = optional(integer("entriesread", "ENTRIESREAD"));

// biome-ignore format: a table
export const groupCommands = family("stream", {
  XGROUP: {
    arity: -2, flags: [],
    docs: docs("5.0.0", "Depends on the subcommand.", "A container for commands on consumer groups."),
    subcommands: {
      CREATE: {
        arity: -5, flags: ["write", "denyoom"], keys: keyAt(2, "RW", "insert"), run: create,
        docs: docs("5.0.0", "O(1)", "Creates a consumer group.", key(), string("group"), selector, optional(word("MKSTREAM")), entriesRead),
      },
      SETID: {
        arity: -5, flags: ["write"], keys: keyAt(2, "RW", "update"), run: setId,
        docs: docs("5.0.0", "O(1)", "Sets the ID that a group was given last.", key(), string("group"), selector, entriesRead),
      },
      DESTROY: {
        arity: 4, flags: ["write"], keys: keyAt(2, "RW", "delete"), run: destroy,
        docs: docs("5.0.0", "O(N), N being what is pending in the group", "Destroys a consumer group.", key(), string("group")),
      },
      CREATECONSUMER: {
        arity: 5, flags: ["write", "denyoom"], keys: keyAt(2, "RW", "insert"), run: createConsumer,
        docs: docs("6.2.0", "O(1)", "Creates a consumer in a group.", key(), string("group"), string("consumer")),
      },
      DELCONSUMER: {
        arity: 5, flags: ["write"], keys: keyAt(2, "RW", "delete"), run: deleteConsumer,
        docs: docs("5.0.0", "O(1), and O(N) where entries are pending at it", "Deletes a consumer from a group.", key(), string("group"), string("consumer")),
      },
      HELP: { arity: 2, flags: ["loading", "stale"], run: help, docs: docs("5.0.0", "O(1)", "Lists the subcommands.") },
    },
  },
});

const groupCreated = event("t", "xgroup-create");
const groupSet = event("t", "xgroup-setid");
const groupDestroyed = event("t", "xgroup-destroy");
const consumerDeleted = event("t", "xgroup-delconsumer");

const noKey = new ReplyError(
  "ERR",
  "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);
const badEntriesRead = new ReplyError("ERR", "value for ENTRIESREAD must be positive or -1");
const busyGroup = new ReplyError("BUSYGROUP", "Consumer Group name already exists");

const DOLLAR = 0x24;
/** XGROUP CREATE with all options, each once. */
const MAX_WORDS = 8;

/** Options of CREATE and SETID. */
interface GroupOptions {
  mkStream: boolean;
  entriesRead: bigint;
}

function parseOptions(call: Call, args: Args, creating: boolean): GroupOptions {
  const options: GroupOptions = { mkStream: false, entriesRead: UNKNOWN };
  args.position = 5;
  while (args.more) {
    if (creating && args.take("MKSTREAM")) options.mkStream = true;
    else if (args.left >= 2 && args.take("ENTRIESREAD")) {
      const value = parseInt64(args.next());
      if (value === null) throw errors.notInteger;
      // A count that went beyond 64 bits is negative, and our primary's own: it says so of its group.
      if (value < 0n && value !== UNKNOWN && !call.session.fromPrimary) throw badEntriesRead;
      options.entriesRead = value;
    } else throw wrongWords(args);
  }
  return options;
}

function wrongWords(args: Args): ReplyError {
  return errors.subcommandSyntax(args.at(1).quotable(), "XGROUP");
}

/** The stream, which has to be there. */
function openStream(call: Call, name: Slice): Stream {
  const stream = call.engine.streams.open(call.db, name);
  if (stream === null) throw noKey;
  return stream;
}

/** The group, which has to be there as well. */
function openGroup(stream: Stream, name: Slice, group: Slice): number {
  const found = stream.findGroup(group);
  if (found === 0) throw noSuchGroupOf(name, group);
  return found;
}

/** As XINFO and XGROUP say it. */
export function noSuchGroupOf(name: Slice, group: Slice): ReplyError {
  return new ReplyError("NOGROUP", `No such consumer group '${quoted(group)}' for key name '${quoted(name)}'`);
}

const id = new StreamId();

function create(call: Call, args: Args): void {
  const options = parseOptions(call, args, true);
  const name = args.at(2);
  const group = args.at(3);
  let stream = call.engine.streams.open(call.db, name);
  if (stream === null && !options.mkStream) throw noKey;
  if (args.count > MAX_WORDS) throw wrongWords(args);
  const word = args.at(4);
  if (!isCharacter(word, DOLLAR)) parseId(word, id);
  else if (stream === null) id.setMin();
  else stream.lastId(id);
  if (stream === null) {
    stream = call.engine.streams.create(call.db, name);
    call.notify(name, created);
    // The key is new to those who WATCH it; a group of a stream is not.
    call.changed(name, null);
  } else if (stream.findGroup(group) !== 0) throw busyGroup;
  else countChanges(call, 1);
  stream.createGroup(group, id, options.entriesRead);
  call.reply.ok();
  call.notify(name, groupCreated);
}

function setId(call: Call, args: Args): void {
  const options = parseOptions(call, args, false);
  const name = args.at(2);
  const stream = openStream(call, name);
  const group = openGroup(stream, name, args.at(3));
  if (args.count !== 5 && args.count !== 7) throw wrongWords(args);
  const word = args.at(4);
  if (isCharacter(word, DOLLAR)) stream.lastId(id);
  else parseIdOrEdge(word, id);
  stream.groups.setLastId(group, id);
  stream.groups.setEntriesRead(group, options.entriesRead);
  call.reply.ok();
  countChanges(call, 1);
  call.notify(name, groupSet);
}

function destroy(call: Call, args: Args): void {
  const name = args.at(2);
  const stream = openStream(call, name);
  const group = stream.findGroup(args.at(3));
  if (group === 0) {
    call.reply.integer(0);
    return;
  }
  stream.destroyGroup(group);
  freeLeftovers(call, stream);
  call.reply.integer(1);
  countChanges(call, 1);
  call.notify(name, groupDestroyed);
  // Those who wait for its entries are to hear that there will be none.
  call.wake(name, groupDestroyed);
}

function createConsumer(call: Call, args: Args): void {
  const name = args.at(2);
  const stream = openStream(call, name);
  const group = openGroup(stream, name, args.at(3));
  const isNew = stream.groups.findConsumer(group, args.at(4)) === 0;
  if (isNew) addConsumer(call, name, stream, group, args.at(4));
  call.reply.integer(isNew ? 1 : 0);
}

function deleteConsumer(call: Call, args: Args): void {
  const name = args.at(2);
  const stream = openStream(call, name);
  const group = openGroup(stream, name, args.at(3));
  const consumer = stream.groups.findConsumer(group, args.at(4));
  if (consumer === 0) {
    call.reply.integer(0);
    return;
  }
  call.reply.integer(stream.groups.deleteConsumer(group, consumer));
  countChanges(call, 1);
  call.notify(name, consumerDeleted);
}

function help(call: Call): void {
  replyHelp(call, "XGROUP", [
    ["CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <count>]", "Create a group that reads on from <id>."],
    ["CREATECONSUMER <key> <group> <consumer>", "Create a consumer in <group>."],
    ["DELCONSUMER <key> <group> <consumer>", "Delete a consumer, and forget what is pending at it."],
    ["DESTROY <key> <group>", "Destroy <group> with its consumers."],
    ["SETID <key> <group> <id|$> [ENTRIESREAD <count>]", "Let <group> read on from <id>."],
  ]);
}
