/** OBJECT: how a value is kept. That counts as a hit or a miss, but not as a use. */
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "./args.ts";
import { type Call, family, keyAt } from "./call.ts";
import { docs, key } from "./docs.ts";
import { replyHelp } from "./help.ts";

const about = { arity: 3, flags: ["readonly"], keys: keyAt(2, "RO"), tips: ["nondeterministic_output"] } as const;

// biome-ignore format: a table
export const objects = family("generic", {
  OBJECT: {
    arity: -2, flags: [],
    docs: docs("2.2.3", "Depends on the subcommand.", "A container for commands that look at how values are kept."),
    subcommands: {
      ENCODING: { ...about, run: encoding, docs: docs("2.2.3", "O(1)", "Answers in which form a value is kept.", key()) },
      FREQ: { ...about, run: freq, docs: docs("4.0.0", "O(1)", "Answers how often a key is used, on a logarithmic scale.", key()) },
      IDLETIME: { ...about, run: idletime, docs: docs("2.2.3", "O(1)", "Answers how many seconds a key has not been used.", key()) },
      REFCOUNT: { ...about, run: refcount, docs: docs("2.2.3", "O(1)", "Answers how many users a value has: one.", key()) },
      HELP: { arity: 2, flags: ["loading", "stale"], run: help, docs: docs("6.2.0", "O(1)", "Lists the subcommands.") },
    },
  },
});

const whenSwitching =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";
const notLfu = new ReplyError(
  "ERR",
  `An LFU maxmemory policy is not selected, access frequency not tracked. ${whenSwitching}`,
);
const notLru = new ReplyError("ERR", `An LFU maxmemory policy is selected, idle time not tracked. ${whenSwitching}`);

function find({ db }: Call, args: Args): boolean {
  return db.exists(args.at(2));
}

function encoding(call: Call, args: Args): void {
  const name = find(call, args) ? call.db.encoding(args.at(2)) : null;
  if (name === null) call.reply.nil();
  else call.reply.bulkText(name);
}

function freq(call: Call, args: Args): void {
  const frequency = find(call, args) ? call.db.frequency(args.at(2)) : null;
  if (frequency !== null && !call.engine.policy.lfu) throw notLfu;
  replyCount(call, frequency);
}

function idletime(call: Call, args: Args): void {
  const seconds = find(call, args) ? call.db.idleSeconds(args.at(2)) : null;
  if (seconds !== null && call.engine.policy.lfu) throw notLru;
  replyCount(call, seconds);
}

function refcount(call: Call, args: Args): void {
  replyCount(call, find(call, args) ? call.db.refcount(args.at(2)) : null);
}

function replyCount({ reply }: Call, count: number | null): void {
  if (count === null) reply.nil();
  else reply.integer(count);
}

function help(call: Call): void {
  replyHelp(call, "OBJECT", [
    ["ENCODING <key>", "In which form the value of <key> is kept."],
    ["FREQ <key>", "How often <key> is used: the logarithm of recent uses."],
    ["IDLETIME <key>", "How many seconds <key> has not been used."],
    ["REFCOUNT <key>", "How many users the value of <key> has."],
  ]);
}
