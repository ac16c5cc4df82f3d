/** Clients that wait in WAIT until enough replicas have their writes. Pure bookkeeping; who answers them is outside. */

export interface Waiter {
  readonly offset: number;
  readonly replicas: number;
  /** Unix ms; Infinity for no limit. */
  readonly deadline: number;
  /** Tells how many replicas have it, and lets the client go on. */
  readonly answer: (count: number) => void;
}

export class Waiters {
  readonly #waiting = new Set<Waiter>();

  get size(): number {
    return this.#waiting.size;
  }

  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  /** Answers those who need not wait any longer. */
  check(ackedBy: (offset: number) => number, now: number): void {
    for (const waiter of this.#waiting) {
      const count = ackedBy(waiter.offset);
      if (count < waiter.replicas && now < waiter.deadline) continue;
      this.#waiting.delete(waiter);
      waiter.answer(count);
    }
  }

  /** We are a replica now: nobody acknowledges to us any more. */
  answerAll(ackedBy: (offset: number) => number): void {
    this.check(ackedBy, Number.POSITIVE_INFINITY);
  }
}
