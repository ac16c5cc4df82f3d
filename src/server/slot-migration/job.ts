/** A migration as CLUSTER MIGRATE STATUS shows it: under way, or done. Valkey's fields, and some of ours. */
import { formatSlots } from "../../cluster/slot-migration/slot-ranges.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";

/** Those that are over are remembered up to this number. */
const KEPT = 64;

export class Job {
  readonly createdAt: number;
  state = "connecting";
  message = "";
  /** Unix ms. */
  updatedAt: number;
  ackedAt = 0;
  keysTotal = 0;
  keysSent = 0;
  bytesSent = 0;
  lagBytes = 0;
  pauseMs = 0;

  constructor(
    readonly name: string,
    readonly operation: "EXPORT" | "IMPORT",
    readonly slots: readonly number[],
    readonly source: string,
    readonly target: string,
    now: number,
  ) {
    this.createdAt = this.updatedAt = now;
  }

  get isOver(): boolean {
    return this.state === "success" || this.state === "failed" || this.state === "cancelled";
  }

  write(reply: ReplyWriter): void {
    const seconds = (ms: number) => Math.floor(ms / 1000);
    const pairs: [string, string | number][] = [
      ["name", this.name],
      ["operation", this.operation],
      ["slot_ranges", formatSlots(this.slots)],
      ["target_node", this.target],
      ["source_node", this.source],
      ["create_time", seconds(this.createdAt)],
      ["last_update_time", seconds(this.updatedAt)],
      ["last_ack_time", seconds(this.ackedAt)],
      ["state", this.state],
      ["message", this.message],
      // Nothing is copied on write: there is no fork.
      ["cow_size", 0],
      ["remaining_repl_size", this.lagBytes],
      ["keys_total", this.keysTotal],
      ["keys_sent", this.keysSent],
      ["bytes_sent", this.bytesSent],
      ["pause_ms", Math.round(this.pauseMs)],
    ];
    reply.map(pairs.length);
    for (const [name, value] of pairs) {
      reply.bulkText(name);
      if (typeof value === "number") reply.integer(value);
      else reply.bulkText(value);
    }
  }
}

/** All that are under way, and the last of those that are over. */
export class Jobs {
  #jobs: Job[] = [];

  add(job: Job): void {
    this.#jobs.push(job);
    for (let over = this.#jobs.filter(({ isOver }) => isOver).length - KEPT; over > 0; over--) {
      this.#jobs.splice(
        this.#jobs.findIndex(({ isOver }) => isOver),
        1,
      );
    }
  }

  /** The newest first. */
  get all(): Job[] {
    return [...this.#jobs].reverse();
  }
}
