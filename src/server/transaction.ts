/** MULTI's queue of one client, and the keys it watches. */
import type { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import { NameMap } from "./measured.ts";

export interface QueuedCommand {
  readonly row: CommandRow;
  readonly args: Args;
}

export class Transaction {
  active = false;
  /** A command could not be queued: EXEC answers EXECABORT. */
  broken = false;
  /** A watched key changed: EXEC answers nil. */
  dirty = false;
  queue: QueuedCommand[] = [];
  /** The FlagBits of all that is queued. */
  bits = 0;
  /** Those that all of them have. */
  commonBits = ~0;
  /** `db:key` (latin1) of each watched key, and whether it had passed its expiry already when it was watched. */
  readonly watched = new NameMap<{ dbIndex: number; key: string; expired: boolean }>();
  bytes = 0;

  begin(): void {
    this.active = true;
  }

  add(row: CommandRow, args: Args, bytes: number): void {
    this.queue.push({ row, args });
    this.bits |= row.bits;
    this.commonBits &= row.bits;
    this.bytes += bytes;
  }

  /** Leaves MULTI; the watched keys are the caller's business (`Watches.forget`). */
  end(): void {
    this.active = false;
    this.broken = false;
    this.dirty = false;
    this.queue = [];
    this.bits = 0;
    this.commonBits = ~0;
    this.bytes = 0;
  }
}
