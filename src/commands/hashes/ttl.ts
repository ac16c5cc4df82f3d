/** When fields expire (Redis 7.4): HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME. */
import type { Args } from "../args.ts";
import { type Call, family, type Handler, keyAt, type RowDeclaration } from "../call.ts";
import { block, docs, integer, key, multiple, string } from "../docs.ts";
import { fieldTime, parseFields, replyNoFields } from "./expiring.ts";
import { readHash } from "./fields.ts";

const fields = block("fields", "FIELDS", integer("numfields"), multiple(string("field")));

function asking(summary: string, tips: readonly string[], run: Handler): RowDeclaration {
  return {
    arity: -5,
    flags: ["readonly", "fast"],
    keys: keyAt(1, "RO", "access"),
    tips,
    run,
    docs: docs("7.4.0", "O(N), N being the number of fields", summary, key(), fields),
  };
}

const passing = ["nondeterministic_output"];

// biome-ignore format: a table
export const fieldTimes = family("hash", {
  HTTL: asking("Answers in how many seconds fields of a hash expire.", passing, (call, args) => answer(call, args, call.now, 1000)),
  HPTTL: asking("Answers in how many milliseconds fields of a hash expire.", passing, (call, args) => answer(call, args, call.now, 1)),
  HEXPIRETIME: asking("Answers the unix time in seconds at which fields of a hash expire.", [], (call, args) => answer(call, args, 0, 1000)),
  HPEXPIRETIME: asking("Answers the unix time in milliseconds at which fields of a hash expire.", [], (call, args) => answer(call, args, 0, 1)),
});

function answer(call: Call, args: Args, baseMs: number, unitMs: 1 | 1000): void {
  const hash = readHash(call, args.at(1));
  const first = parseFields(args, 2);
  if (hash === null) {
    replyNoFields(call, args.count - first);
    return;
  }
  call.reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const time = fieldTime(call, hash, args.at(i));
    call.reply.integer(time > 0 ? Math.ceil((time - baseMs) / unitMs) : time);
  }
}
