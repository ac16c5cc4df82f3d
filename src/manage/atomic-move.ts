/**
 * Moves slots by nines' own CLUSTER MIGRATE SLOTS, where both ends know it: the source sends what the slots hold, then what
 * changes, and hands all of them over at one moment. Nothing is open meanwhile, and what is given up has changed nothing.
 */
import { namedFields } from "../client/replies.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { sleepOn } from "./clock.ts";
import { type Links, NodeError } from "./links.ts";
import { rangesOf } from "./slots.ts";
import type { Member } from "./survey.ts";

export interface AtomicWatch {
  onKeys(sent: number): void;
  cancelled(): boolean;
}

/** `unable`: one of the ends does not know how; nothing was done. */
export type AtomicOutcome =
  | { readonly kind: "moved"; readonly keys: number }
  | { readonly kind: "cancelled" | "unable" };

const POLL_MS = 50;

/** The nodes gave it up, and have nothing to show for it. */
export class MigrationFailed extends Error {
  override readonly name = "MigrationFailed";

  /** Whether it was an accident of the moment: somebody took an epoch meanwhile, or a node stood still at the wrong time. */
  get isAccident(): boolean {
    return /there is an epoch above|too late/.test(this.message);
  }
}

/** @throws NodeError, MigrationFailed, Error  the slots are then where they were, unless the source could not be reached: it may go on without us */
export async function moveAtOnce(
  links: Links,
  source: Member,
  target: Member,
  slots: readonly number[],
  watch: AtomicWatch,
): Promise<AtomicOutcome> {
  const ranges = rangesOf(slots).map(([first, last]) => `${first}-${last}`);
  let job: string;
  try {
    job = await links.text(source, "CLUSTER", "MIGRATE", "SLOTS", ...ranges, "TO", target.id);
  } catch (error) {
    if (error instanceof NodeError && isUnable(error)) return { kind: "unable" };
    throw error;
  }
  let cancelling = false;
  for (;;) {
    const status = await statusOf(links, source, job);
    const keys = Number(status.get("keys_sent") ?? 0);
    watch.onKeys(keys);
    const state = String(status.get("state"));
    if (state === "success") return { kind: "moved", keys };
    if (state === "cancelled") return { kind: "cancelled" };
    if (state === "failed") throw new MigrationFailed(`the migration failed: ${status.get("message")}`);
    if (watch.cancelled() && !cancelling) {
      cancelling = true;
      await links.ask(source, "CLUSTER", "MIGRATE", "CANCEL", job);
    }
    await sleepOn(links.io.clock, POLL_MS);
  }
}

function isUnable(error: NodeError): boolean {
  return error.refused && (error.code === "NOATOMIC" || /unknown subcommand/i.test(error.message));
}

async function statusOf(links: Links, node: Member, job: string): Promise<Map<string, Reply>> {
  const [status] = (await links.ask(node, "CLUSTER", "MIGRATE", "STATUS", job)) as Reply[];
  if (status === undefined) throw new Error("the source no longer knows of the migration");
  return namedFields(status);
}
