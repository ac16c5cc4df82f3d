/** Requests that wait for their answers, in the order in which they were sent, with their deadlines. */
import { ReplyError } from "../base/reply-error.ts";
import type { Clock, Timer } from "../io/io.ts";
import type { Endpoint } from "../io/net.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { ConnectionError, endpointName } from "./connection-error.ts";

/** Deadlines are kept to this; a timer for each request would cost more than the request. */
const TIMER_GRAIN_MS = 2;

/** `error` is a `ReplyError` if the server refused the request, a `ConnectionError` if there was no answer. */
export type Done = (error: ReplyError | ConnectionError | null, reply: Reply) => void;

export interface Pending {
  readonly name: string;
  readonly done: Done;
  readonly timeoutMs: number;
  /** On the monotonic clock, in ms; Infinity for none. */
  readonly deadline: number;
  isSent: boolean;
  /** Answered, or out of time: its answer, when it comes, is dropped. */
  isDone: boolean;
  /** Above 0 for SUBSCRIBE and its kin, which are answered once a channel. */
  confirmations: number;
}

export class PendingRequests {
  readonly #clock: Clock;
  readonly #endpoint: Endpoint;
  /** Sent ones; those before `#head` are answered. */
  #sent: Pending[] = [];
  #head = 0;
  /** Those with a deadline, sent or not. */
  readonly #timed = new Set<Pending>();
  readonly #unsent = new Set<Pending>();
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, endpoint: Endpoint) {
    this.#clock = clock;
    this.#endpoint = endpoint;
  }

  /** Sent and not answered. */
  get size(): number {
    return this.#sent.length - this.#head;
  }

  make(name: string, done: Done, timeoutMs: number): Pending {
    const deadline = timeoutMs > 0 ? this.#nowMs() + timeoutMs : Number.POSITIVE_INFINITY;
    const pending = { name, done, timeoutMs, deadline, isSent: false, isDone: false, confirmations: 0 };
    this.#unsent.add(pending);
    if (timeoutMs > 0) {
      this.#timed.add(pending);
      this.#arm(deadline);
    }
    return pending;
  }

  sent(pending: Pending): void {
    pending.isSent = true;
    this.#unsent.delete(pending);
    this.#sent.push(pending);
  }

  /** Gives `reply` to the request that it answers; false if there is none. */
  answer(reply: Reply): boolean {
    const pending = this.#sent[this.#head];
    if (pending === undefined) return false;
    this.#shift();
    this.#settle(pending, reply);
    return true;
  }

  /** One channel of a SUBSCRIBE was confirmed. */
  confirm(): void {
    const pending = this.#sent[this.#head];
    if (pending === undefined || pending.confirmations === 0) return;
    if (--pending.confirmations > 0) return;
    this.#shift();
    this.#settle(pending, null);
  }

  failAll(error: ConnectionError): void {
    this.#timer?.cancel();
    this.#timer = null;
    const waiting = [...this.#sent.slice(this.#head), ...this.#unsent];
    this.#sent = [];
    this.#head = 0;
    this.#unsent.clear();
    this.#timed.clear();
    for (const pending of waiting) {
      if (pending.isDone) continue;
      pending.isDone = true;
      const { kind, message } = error;
      const cause = error.cause as Error | undefined;
      pending.done(new ConnectionError(kind, message, { maybeExecuted: pending.isSent, cause }), null);
    }
  }

  /** "GET, SET and 3 more", for an error's text. */
  unansweredNames(): string {
    const names = this.#sent.slice(this.#head, this.#head + 2).map((pending) => pending.name);
    const more = this.size - names.length;
    return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(" and ");
  }

  #settle(pending: Pending, reply: Reply): void {
    if (pending.isDone) return;
    pending.isDone = true;
    if (pending.timeoutMs > 0) this.#timed.delete(pending);
    if (reply instanceof ReplyError) pending.done(reply, null);
    else pending.done(null, reply);
  }

  #shift(): void {
    this.#head++;
    if (this.#head < 64 || this.#head * 2 < this.#sent.length) return;
    this.#sent = this.#sent.slice(this.#head);
    this.#head = 0;
  }

  #nowMs(): number {
    return this.#clock.monotonicMicros() / 1000;
  }

  #arm(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    const delay = Math.max(deadline - this.#nowMs(), TIMER_GRAIN_MS);
    this.#timer = this.#clock.after(delay, () => this.#expire());
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#nowMs();
    let next = Number.POSITIVE_INFINITY;
    const late: Pending[] = [];
    for (const pending of this.#timed) {
      if (pending.deadline <= now) late.push(pending);
      else next = Math.min(next, pending.deadline);
    }
    for (const pending of late) {
      this.#timed.delete(pending);
      this.#unsent.delete(pending);
      pending.isDone = true;
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
    for (const pending of late) pending.done(this.#tooLate(pending), null);
  }

  #tooLate({ name, timeoutMs, isSent }: Pending): ConnectionError {
    const what = isSent ? `did not answer ${name}` : `could not be asked ${name}`;
    const message = `${endpointName(this.#endpoint)} ${what} within ${timeoutMs} ms`;
    return new ConnectionError("timeout", message, { maybeExecuted: isSent });
  }
}
