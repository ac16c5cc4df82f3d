/** Carries out a plan of moves, slot after slot, so that it can be ended between any two. */
import type { Links } from "./links.ts";
import { type MoveOptions, Mover } from "./move.ts";
import type { SlotMove } from "./slot-plan.ts";
import type { Survey } from "./survey.ts";

export interface MoveProgress {
  readonly slots: number;
  readonly ofSlots: number;
  readonly keys: number;
  /** The move that is being made. */
  readonly now: SlotMove | undefined;
}

export interface MoveWatch {
  onProgress(progress: MoveProgress): void;
  /** Asked between two slots: true ends it there. */
  cancelled(): boolean;
}

export interface MoveResult {
  readonly slots: number;
  readonly keys: number;
  /** Why it ended early, and where the cluster was left. */
  readonly failure?: { readonly move: SlotMove; readonly error: Error };
}

export async function moveAll(
  links: Links,
  survey: Survey,
  moves: readonly SlotMove[],
  options: MoveOptions,
  watch: MoveWatch,
): Promise<MoveResult> {
  let slots = 0;
  let keys = 0;
  let now: SlotMove | undefined;
  const tell = () => watch.onProgress({ slots, ofSlots: moves.length, keys, now });
  const mover = new Mover(links, survey, options, (count) => {
    keys += count;
    tell();
  });
  for (const move of moves) {
    if (watch.cancelled()) break;
    now = move;
    try {
      await mover.move(move);
    } catch (error) {
      return { slots, keys, failure: { move, error: error as Error } };
    }
    slots++;
    tell();
  }
  now = undefined;
  tell();
  return { slots, keys };
}
