/** Carries out a plan of moves, a few slots after the other, so that it can be ended in between. */
import { countKeys } from "./key-places.ts";
import type { Links } from "./links.ts";
import { type MoveOptions, Mover } from "./move.ts";
import type { SlotMove } from "./slot-plan.ts";
import type { Member, Survey } from "./survey.ts";

export interface MoveProgress {
  readonly slots: number;
  readonly ofSlots: number;
  readonly keys: number;
}

export interface MoveWatch {
  onProgress(progress: MoveProgress): void;
  /** These slots are being moved; none between two steps. */
  onMoving(moves: readonly SlotMove[]): void;
  /** Asked between two steps: true ends it there. */
  cancelled(): boolean;
}

export interface MoveResult {
  readonly slots: number;
  readonly keys: number;
  /** Why it ended early, and which slots may be open. */
  readonly failure?: { readonly moves: readonly SlotMove[]; readonly error: Error };
}

/** Slots that are open at a time; fewer if they have many keys. */
const SLOTS_AT_ONCE = 16;
const KEYS_AT_ONCE = 500;

export async function moveAll(
  links: Links,
  survey: Survey,
  moves: readonly SlotMove[],
  options: MoveOptions,
  watch: MoveWatch,
): Promise<MoveResult> {
  let slots = 0;
  let keys = 0;
  const tell = () => watch.onProgress({ slots, ofSlots: moves.length, keys });
  const mover = new Mover(links, survey, options, (count) => {
    keys += count;
    tell();
  });
  while (slots < moves.length && !watch.cancelled()) {
    let step: readonly SlotMove[] = [moves[slots]!];
    try {
      step = await nextStep(links, survey, moves.slice(slots, slots + SLOTS_AT_ONCE));
      watch.onMoving(step);
      const [{ from, to }] = step as [SlotMove];
      await mover.move(
        step.map((move) => move.slot),
        from,
        to,
      );
    } catch (error) {
      return { slots, keys, failure: { moves: step, error: error as Error } };
    }
    watch.onMoving([]);
    slots += step.length;
    tell();
  }
  return { slots, keys };
}

/** The first of them that have the same two ends, as many as their keys allow. */
async function nextStep(links: Links, survey: Survey, moves: readonly SlotMove[]): Promise<SlotMove[]> {
  const [{ from, to }] = moves as [SlotMove];
  const end = moves.findIndex((move) => move.from !== from || move.to !== to);
  const same = moves.slice(0, end < 0 ? moves.length : end);
  const source = survey.members.find((member) => member.id === from) as Member;
  const slots = same.map((move) => move.slot);
  const counts = await countKeys(links, source, slots);
  let sum = 0;
  const few = counts.findIndex((count) => (sum += count) > KEYS_AT_ONCE);
  return same.slice(0, few < 0 ? same.length : Math.max(1, few));
}
