/**
 * Carries out a plan of moves, step after step, so that it can be ended in between: by nines' own way, in which nothing is ever
 * half moved, between nodes that both know it, else by SETSLOT and MIGRATE.
 */
import { type AtomicOutcome, MigrationFailed, moveAtOnce } from "./atomic-move.ts";
import { countKeys } from "./key-places.ts";
import { type Links, NodeError } from "./links.ts";
import { type MoveOptions, Mover } from "./move.ts";
import type { SlotMove } from "./slot-plan.ts";
import type { Member, Survey } from "./survey.ts";

export interface MoveProgress {
  readonly slots: number;
  readonly ofSlots: number;
  readonly keys: number;
}

/** A hand-over at one moment, which the nodes carry out by themselves once it has begun. */
export interface MoveJob {
  readonly slots: readonly number[];
  readonly from: string;
  readonly to: string;
}

export interface MoveWatch {
  onProgress(progress: MoveProgress): void;
  /** These slots are open; none between two steps, and none in our own way. */
  onOpen(moves: readonly SlotMove[]): void;
  /** This is under way at the nodes; undefined: it no longer is. */
  onJob?(job: MoveJob | undefined): void;
  /** Asked again and again: true ends it at the next good moment. */
  cancelled(): boolean;
}

export interface MoveResult {
  readonly slots: number;
  readonly keys: number;
  /** Why it ended early, which slots may be open, and what may still be under way. */
  readonly failure?: { readonly open: readonly SlotMove[]; readonly job: MoveJob | undefined; readonly error: Error };
}

/** So often in one plan slots that could not be handed over for a reason that will pass are tried again. */
const ACCIDENTS = 5;
/** Slots that are open at a time; fewer if they have many keys. */
const SLOTS_AT_ONCE = 16;
const KEYS_AT_ONCE = 500;
/** Slots that change hands at one moment; an end in the midst of that leaves them where they were. */
const SLOTS_PER_JOB = 512;

export async function moveAll(
  links: Links,
  survey: Survey,
  moves: readonly SlotMove[],
  options: MoveOptions,
  watch: MoveWatch,
): Promise<MoveResult> {
  const work = new Work(links, survey, moves, options, watch);
  let accidents = 0;
  while (work.left.length > 0 && !watch.cancelled()) {
    const step = sameEnds(work.left);
    try {
      if (!(await work.atOnce(step.slice(0, SLOTS_PER_JOB)))) await work.byMigrate(step.slice(0, SLOTS_AT_ONCE));
    } catch (error) {
      if (error instanceof MigrationFailed && error.isAccident && ++accidents < ACCIDENTS) continue;
      return { slots: work.slots, keys: work.keys, failure: { open: work.open, job: work.job, error: error as Error } };
    }
  }
  return { slots: work.slots, keys: work.keys };
}

class Work {
  slots = 0;
  keys = 0;
  open: readonly SlotMove[] = [];
  job: MoveJob | undefined;
  readonly #links: Links;
  readonly #survey: Survey;
  readonly #moves: readonly SlotMove[];
  readonly #watch: MoveWatch;
  readonly #mover: Mover;
  readonly #replace: boolean;
  /** Pairs of nodes of which one does not know our own way. */
  readonly #unable = new Set<string>();

  constructor(links: Links, survey: Survey, moves: readonly SlotMove[], options: MoveOptions, watch: MoveWatch) {
    this.#links = links;
    this.#survey = survey;
    this.#moves = moves;
    this.#watch = watch;
    // Which of two values of a key stays is something that only MIGRATE can be told.
    this.#replace = options.replace || options.byMigrate;
    this.#mover = new Mover(links, survey, options, (count) => {
      this.keys += count;
      this.#tell(this.keys);
    });
  }

  get left(): readonly SlotMove[] {
    return this.#moves.slice(this.slots);
  }

  /** False if that cannot be done between these two. */
  async atOnce(step: readonly SlotMove[]): Promise<boolean> {
    const [{ from, to }] = step as [SlotMove];
    const pair = `${from} ${to}`;
    if (this.#replace || this.#unable.has(pair)) return false;
    const slots = step.map((move) => move.slot);
    this.#setJob({ slots, from, to });
    let outcome: AtomicOutcome;
    try {
      outcome = await moveAtOnce(this.#links, this.#member(from), this.#member(to), slots, {
        onKeys: (sent) => this.#tell(this.keys + sent),
        cancelled: () => this.#watch.cancelled(),
      });
    } catch (error) {
      // Of a source that did not answer it is not known.
      if (!(error instanceof NodeError) || error.refused) this.#setJob(undefined);
      throw error;
    }
    this.#setJob(undefined);
    if (outcome.kind === "unable") {
      this.#unable.add(pair);
      return false;
    }
    // Cancelled: by us, and the loop ends; or by somebody else, who does not want it.
    if (outcome.kind === "cancelled" && !this.#watch.cancelled()) throw new Error("the migration was cancelled");
    if (outcome.kind === "moved") this.#done(step, outcome.keys);
    return true;
  }

  async byMigrate(step: readonly SlotMove[]): Promise<void> {
    const [{ from, to }] = step as [SlotMove];
    const counts = await countKeys(
      this.#links,
      this.#member(from),
      step.map((move) => move.slot),
    );
    let sum = 0;
    const few = counts.findIndex((count) => (sum += count) > KEYS_AT_ONCE);
    const now = step.slice(0, few < 0 ? step.length : Math.max(1, few));
    this.#setOpen(now);
    await this.#mover.move(
      now.map((move) => move.slot),
      from,
      to,
    );
    this.#setOpen([]);
    this.#done(now, 0);
  }

  #done(step: readonly SlotMove[], keys: number): void {
    this.slots += step.length;
    this.keys += keys;
    this.#tell(this.keys);
  }

  #setOpen(moves: readonly SlotMove[]): void {
    this.open = moves;
    this.#watch.onOpen(moves);
  }

  #setJob(job: MoveJob | undefined): void {
    this.job = job;
    this.#watch.onJob?.(job);
  }

  #tell(keys: number): void {
    this.#watch.onProgress({ slots: this.slots, ofSlots: this.#moves.length, keys });
  }

  #member(id: string): Member {
    const member = this.#survey.members.find((other) => other.id === id);
    if (member === undefined) throw new Error(`the node ${id} does not answer`);
    return member;
  }
}

/** The first of them that have the same source and target. */
function sameEnds(moves: readonly SlotMove[]): readonly SlotMove[] {
  const [{ from, to }] = moves as [SlotMove];
  const end = moves.findIndex((move) => move.from !== from || move.to !== to);
  return end < 0 ? moves : moves.slice(0, end);
}
