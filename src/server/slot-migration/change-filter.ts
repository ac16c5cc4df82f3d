/** Picks from the stream of outcomes what changes the keys of some slots: whole commands, and transactions as they are framed. */
import type { Slice } from "../../base/bytes.ts";
import { hashSlot } from "../../base/hash-slot.ts";
import { Args } from "../../commands/args.ts";
import type { CommandRow } from "../../commands/call.ts";
import { findKeys } from "../../commands/key-specs.ts";
import type { CommandTable } from "../../commands/table.ts";
import { RequestReader } from "../../resp/request-reader.ts";

/** Where the changes of a slot go: nowhere, since it is not copied yet; or to one of two queues. */
export type Destination = "none" | "held" | "direct";

export interface ChangeSink {
  destinationOf(slot: number): Destination;
  /** The bytes of a command, lent. */
  add(to: "held" | "direct", command: Uint8Array, start: number, end: number): void;
  /** No transaction is open there. */
  mayCut(to: "held" | "direct"): void;
  /** Everything was deleted at once. */
  flushed(): void;
}

export class ChangeFilter {
  readonly #table: CommandTable;
  readonly #sink: ChangeSink;
  readonly #reader = new RequestReader<Args>(new Args(), () => new Args());
  /** Between MULTI and EXEC, and to which queues the MULTI went already. */
  #inMulti = false;
  readonly #framed = new Set<"held" | "direct">();

  constructor(table: CommandTable, sink: ChangeSink) {
    this.#table = table;
    this.#sink = sink;
  }

  /** bytes[0, length) are whole commands. */
  feed(bytes: Uint8Array, length: number): void {
    const reader = this.#reader;
    reader.lend(bytes, length);
    for (let args = reader.next(); args !== null; args = reader.next()) this.#take(args, reader.raw);
    reader.clear();
  }

  #take(args: Args, raw: Slice): void {
    const name = args.at(0);
    // What we say ourselves of a key that expired goes by the command's own name, whatever clients call it here.
    const found = this.#table.find(name) ?? this.#table.original.get(name.latin1().toLowerCase());
    if (found === undefined) return;
    const row = found.subcommands?.get(args.at(1)?.latin1().toLowerCase()) ?? found;
    if (row.keys.length > 0) this.#ofKeys(row, args, raw);
    else if (row.name === "multi") this.#inMulti = true;
    else if (row.name === "exec") this.#exec();
    else if (row.name === "flushall" || row.name === "flushdb") this.#sink.flushed();
  }

  #ofKeys(row: CommandRow, args: Args, raw: Slice): void {
    const [first] = findKeys(row, args) ?? [];
    if (first === undefined) return;
    // All keys of a command are of one slot, in a cluster.
    const to = this.#sink.destinationOf(hashSlot(args.at(first.index)));
    if (to === "none") return;
    if (this.#inMulti && !this.#framed.has(to)) {
      this.#framed.add(to);
      this.#sink.add(to, MULTI, 0, MULTI.length);
    }
    this.#sink.add(to, raw.bytes, raw.start, raw.end);
    if (!this.#inMulti) this.#sink.mayCut(to);
  }

  #exec(): void {
    this.#inMulti = false;
    for (const to of this.#framed) {
      this.#sink.add(to, EXEC, 0, EXEC.length);
      this.#sink.mayCut(to);
    }
    this.#framed.clear();
  }
}

const MULTI = Buffer.from("*1\r\n$5\r\nMULTI\r\n");
const EXEC = Buffer.from("*1\r\n$4\r\nEXEC\r\n");
