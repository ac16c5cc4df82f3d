/**
 * What the source of a migration may say of changes: commands that write to keys of the slots that move, and MULTI and EXEC around
 * them. Its connection is a client's like any other, and to be heard as our primary would be heard it would need no right but the one
 * to begin a migration: so nothing that it says reaches other keys, settings or the server itself.
 */
import type { Slice } from "../../base/bytes.ts";
import { hashSlot } from "../../base/hash-slot.ts";
import { Args } from "../../commands/args.ts";
import type { CommandRow } from "../../commands/call.ts";
import { findKeys } from "../../commands/key-specs.ts";
import type { CommandTable } from "../../commands/table.ts";
import { RequestReader } from "../../resp/request-reader.ts";

export class ChangeCheck {
  readonly #table: CommandTable;
  readonly #slots: ReadonlySet<number>;
  readonly #reader = new RequestReader<Args>(new Args(), () => new Args());

  constructor(table: CommandTable, slots: ReadonlySet<number>) {
    this.#table = table;
    this.#slots = slots;
  }

  /**
   * Looks at all commands before the first of them is carried out.
   * @throws  ProtocolError; and for a command that is none of those, or came in part only
   */
  check(bytes: Uint8Array): void {
    const reader = this.#reader;
    reader.lend(bytes, bytes.length);
    try {
      for (let args = reader.next(); args !== null; args = reader.next()) this.#look(args);
      if (reader.position !== bytes.length) throw new Error("a command came in part only");
    } finally {
      reader.clear();
    }
  }

  #look(args: Args): void {
    const name = args.at(0);
    const found = this.#table.find(name);
    if (found === undefined) throw refusal(name, "is not known here");
    const row = found.subcommands?.get(args.count > 1 ? args.at(1).latin1().toLowerCase() : "") ?? found;
    if (row.name === "multi" || row.name === "exec") return;
    if (!this.#writes(row)) throw refusal(name, "is no change of a key");
    const keys = findKeys(row, args) ?? [];
    if (keys.length === 0) throw refusal(name, "names no key");
    for (const { index } of keys)
      if (!this.#slots.has(hashSlot(args.at(index)))) throw refusal(name, "is about a key of another slot");
  }

  /** MIGRATE writes, but to servers of its sender's choice; it travels as what it did here. */
  #writes({ name, flags }: CommandRow): boolean {
    return name !== "migrate" && (flags.includes("write") || flags.includes("may_replicate"));
  }
}

function refusal(name: Slice, why: string): Error {
  return new Error(`the command '${name.utf8().slice(0, 128)}' ${why}`);
}
