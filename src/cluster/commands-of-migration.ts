/**
 * CLUSTER MIGRATE, Valkey's names for the same (MIGRATESLOTS, GETSLOTMIGRATIONS, CANCELSLOTMIGRATIONS), and IMPORT, by which the two
 * nodes speak to each other. Who carries them out is handed in.
 */
import { SLOTS } from "../base/hash-slot.ts";
import { parseInteger } from "../base/numbers.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import type { Call, Flag, Handler, RowDeclaration } from "../commands/call.ts";
import { block, docs, integer, internal, multiple, oneOf, optional, string, word } from "../commands/docs.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import { parseSlots } from "./slot-migration/slot-ranges.ts";

/** One target, and what it is to get. */
export interface MigrationOrder {
  readonly slots: readonly number[];
  readonly target: string;
}

export interface MigrationCommands {
  /** Begins with the first; the others follow. The client is answered when the first target has agreed. */
  begin(call: Call, orders: readonly MigrationOrder[], answer: "name" | "ok"): void;
  /** Null for all; returns how many could be. */
  cancel(name: string | null): number;
  show(reply: ReplyWriter, name: string | null): void;
  /** What another node says of a migration to us. */
  serve(call: Call, args: Args): void;
}

const invalid = new ReplyError("ERR", "Invalid slots: ranges such as 0-99 are wanted, none of them twice");
const FLAGS: readonly Flag[] = ["admin", "stale", "no_async_loading"];
const VARIES = ["nondeterministic_output"];

export function migrationRows(
  handler: (run: (migrations: MigrationCommands, call: Call, args: Args) => void) => Handler,
): Record<string, RowDeclaration> {
  const nodeId = string("node-id");
  const range = block("range", null, integer("start-slot"), integer("end-slot"));
  return {
    CANCELSLOTMIGRATIONS: {
      arity: 2,
      flags: FLAGS,
      run: handler((migrations, { reply }) => {
        migrations.cancel(null);
        reply.ok();
      }),
      docs: docs(
        "9.0.0",
        "O(N) with N the number of migrations",
        "Cancels the migrations of slots from and to this node.",
      ),
    },
    GETSLOTMIGRATIONS: {
      arity: 2,
      flags: FLAGS,
      tips: VARIES,
      run: handler((migrations, { reply }) => migrations.show(reply, null)),
      docs: docs("9.0.0", "O(N) with N the number of migrations", "Tells how migrations of slots are doing, or ended."),
    },
    IMPORT: {
      arity: -4,
      flags: FLAGS,
      tips: VARIES,
      run: handler((migrations, call, args) => migrations.serve(call, args)),
      docs: internal(docs("7.2.0", "O(N) with N the bytes", "What the source of a migration says to its target.")),
    },
    MIGRATE: {
      arity: -3,
      flags: FLAGS,
      tips: VARIES,
      run: handler(migrate),
      docs: docs(
        "7.2.0",
        "O(N) with N the number of slots; keys are moved in the background",
        "Moves slots to another node, all of them at one moment, while clients go on.",
        oneOf(
          "action",
          block("begin", "SLOTS", multiple(string("range")), string("node-id", "TO")),
          block("status", "STATUS", optional(string("name"))),
          block("cancel", "CANCEL", oneOf("which", string("name"), word("ALL"))),
        ),
      ),
    },
    MIGRATESLOTS: {
      arity: -6,
      flags: FLAGS,
      run: handler((migrations, call, args) => migrations.begin(call, readGroups(args), "ok")),
      docs: docs(
        "9.0.0",
        "O(N) with N the number of slots; keys are moved in the background",
        "CLUSTER MIGRATE SLOTS by Valkey's name.",
        multiple(block("migration-group", null, word("SLOTSRANGE"), multiple(range), word("NODE"), nodeId)),
      ),
    },
  };
}

function migrate(migrations: MigrationCommands, call: Call, args: Args): void {
  if (args.take("SLOTS")) {
    const words: string[] = [];
    while (args.more && !args.at(args.position).is("TO")) words.push(args.next().latin1());
    if (!args.take("TO") || args.left !== 1) throw errors.syntax;
    const slots = parseSlots(words);
    if (slots === null) throw invalid;
    migrations.begin(call, [{ slots, target: args.next().latin1() }], "name");
  } else if (args.take("STATUS")) {
    const name = args.more ? args.next().latin1() : null;
    args.end();
    migrations.show(call.reply, name);
  } else if (args.take("CANCEL")) {
    const name = args.next();
    args.end();
    call.reply.integer(migrations.cancel(name.is("ALL") ? null : name.latin1()));
  } else throw errors.syntax;
}

/** SLOTSRANGE a b [a b ...] NODE id, once or several times. */
function readGroups(args: Args): MigrationOrder[] {
  const orders: MigrationOrder[] = [];
  while (args.more) {
    if (!args.take("SLOTSRANGE")) throw errors.syntax;
    const slots = new Set<number>();
    while (!args.take("NODE")) {
      const first = parseInteger(args.next());
      const last = parseInteger(args.next());
      if (!(first >= 0 && last < SLOTS && first <= last)) throw invalid;
      for (let slot = first; slot <= last; slot++) {
        if (slots.has(slot)) throw invalid;
        slots.add(slot);
      }
    }
    if (slots.size === 0) throw errors.syntax;
    orders.push({ slots: [...slots].sort((a, b) => a - b), target: args.next().latin1() });
  }
  return orders;
}
