/** Letting those in who connect. */
import { performance } from "node:perf_hooks";
import type { WaitingRoom } from "./net.ts";
import type { Endable } from "./node-streams.ts";

/** For so long those who have come are let in before everybody else has a turn. At least one is. */
export const ENTERING_MS = 0.25;
/** Of the places in the queue that are free again, so many may gather. */
const EMPTY_PLACES = 256;

/**
 * Where those who have come wait to be let in. The system gives us connections one after the other for as long as there are
 * any, and whoever opens them as fast as we let them in would have us do nothing else.
 */
export class Doorstep {
  readonly #letIn: (handle: unknown) => void;
  readonly #room: WaitingRoom | undefined;
  readonly #now: () => number;
  #queue: unknown[] = [];
  /** Where in the queue the first is who waits still. */
  #first = 0;
  /** Spent in this turn. */
  #spentMs = 0;
  #turnPlanned = false;

  /** @param now  in ms */
  constructor(letIn: (handle: unknown) => void, room?: WaitingRoom, now = () => performance.now()) {
    this.#letIn = letIn;
    this.#room = room;
    this.#now = now;
  }

  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  come(handle: unknown): void {
    if (this.waiting === 0 && this.#spentMs < ENTERING_MS) this.#enter(handle);
    else if (this.#room !== undefined && this.waiting >= this.#room.places()) {
      this.#room.onTurnedAway();
      (handle as Endable).close();
    } else this.#queue.push(handle);
  }

  close(): void {
    const waiting = this.#queue.slice(this.#first);
    this.#queue = [];
    this.#first = 0;
    for (const handle of waiting) (handle as Endable).close();
  }

  #enter(handle: unknown): void {
    this.#planTurn();
    const startedAt = this.#now();
    this.#letIn(handle);
    this.#spentMs += this.#now() - startedAt;
  }

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnPlanned = false;
    this.#spentMs = 0;
    while (this.waiting > 0 && this.#spentMs < ENTERING_MS) {
      const handle = this.#queue[this.#first];
      this.#queue[this.#first++] = undefined;
      if (this.#first === this.#queue.length || this.#first > EMPTY_PLACES) {
        this.#queue.splice(0, this.#first);
        this.#first = 0;
      }
      this.#enter(handle);
    }
  }
}
