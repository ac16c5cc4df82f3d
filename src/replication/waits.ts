/** Clients parked in WAIT until enough replicas have their writes, or their time is up. */
import type { Session } from "../commands/session.ts";
import type { Clock, Timer } from "../io/io.ts";
import type { ParkedClient, ReplicationHost } from "./dataset.ts";

interface Waiter {
  readonly offset: number;
  readonly replicas: number;
  /** Unix ms; Infinity for no limit. */
  readonly deadline: number;
  readonly answer: (count: number) => void;
}

export class Waits {
  readonly #clock: Clock;
  readonly #host: ReplicationHost;
  /** How many replicas acknowledged an offset. */
  readonly #ackedBy: (offset: number) => number;
  readonly #waiting = new Set<Waiter>();

  constructor(clock: Clock, host: ReplicationHost, ackedBy: (offset: number) => number) {
    this.#clock = clock;
    this.#host = host;
    this.#ackedBy = ackedBy;
  }

  /** Parks the client until `replicas` acknowledged `offset`, or `timeoutMs` (0: never) is over. */
  park(session: Session, offset: number, replicas: number, timeoutMs: number): void {
    let timer: Timer | null = null;
    let parked: ParkedClient | null = null;
    const waiter: Waiter = {
      offset,
      replicas,
      deadline: timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#clock.now() + timeoutMs,
      answer: (count) => {
        timer?.cancel();
        parked?.answer((reply) => reply.integer(count));
      },
    };
    const forget = () => {
      timer?.cancel();
      this.#waiting.delete(waiter);
    };
    parked = this.#host.park(session, {
      closed: forget,
      unblocked: (how) => {
        forget();
        if (how === "timeout") waiter.answer(this.#ackedBy(offset));
      },
    });
    this.#waiting.add(waiter);
    if (timeoutMs > 0) timer = this.#clock.after(timeoutMs, () => this.check());
  }

  /** Answers those who need not wait any longer. */
  check(now = this.#clock.now()): void {
    for (const waiter of this.#waiting) {
      const count = this.#ackedBy(waiter.offset);
      if (count < waiter.replicas && now < waiter.deadline) continue;
      this.#waiting.delete(waiter);
      waiter.answer(count);
    }
  }

  /** Nobody acknowledges to us any more: we are a replica ourselves. */
  answerAll(): void {
    this.check(Number.POSITIVE_INFINITY);
  }
}
