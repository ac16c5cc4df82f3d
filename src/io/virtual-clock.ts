/** A clock that stands still until it is turned: for tests and for the simulation. */
import type { Clock, Timer } from "./io.ts";

interface Entry {
  at: number;
  /** Among equals the one set first goes first. */
  serial: number;
  periodMs: number;
  action: () => void;
  cancelled: boolean;
}

export class VirtualClock implements Clock {
  #now: number;
  readonly #start: number;
  #serial = 0;
  /** A binary heap, earliest first. */
  readonly #heap: Entry[] = [];
  readonly #endOfTick: (action: () => void) => void;

  /**
   * @param now  Unix ms at the start
   * @param endOfTick  how to wait for the end of the tick: by default a timer that is due at once
   */
  constructor(now = 1_700_000_000_000, endOfTick?: (action: () => void) => void) {
    this.#now = now;
    this.#start = now;
    this.#endOfTick = endOfTick ?? ((action) => this.after(0, action));
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonicMicros(): number {
    return (this.#now - this.#start) * 1000;
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#add({ at: this.#now + Math.max(0, delayMs), serial: 0, periodMs: -1, action, cancelled: false });
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#add({ at: this.#now + periodMs, serial: 0, periodMs, action, cancelled: false });
  }

  endOfTick(action: () => void): void {
    this.#endOfTick(action);
  }

  /** When the next timer is due, in Unix ms; Infinity if there is none. */
  get nextAt(): number {
    while (this.#heap.length > 0 && this.#heap[0]!.cancelled) this.#pop();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the earliest timer, moving time to it; false if there is none up to `limit`. */
  runNext(limit = Number.POSITIVE_INFINITY): boolean {
    if (this.nextAt > limit) return false;
    const entry = this.#pop();
    this.#now = Math.max(this.#now, entry.at);
    if (entry.periodMs >= 0) {
      entry.at = this.#now + Math.max(entry.periodMs, 0.001);
      this.#push(entry);
    }
    entry.action();
    return true;
  }

  /** Turns the clock forward, running what becomes due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.runNext(until));
    this.#now = Math.max(this.#now, until);
  }

  #add(entry: Entry): Timer {
    this.#push(entry);
    return {
      cancel() {
        entry.cancelled = true;
      },
    };
  }

  #push(entry: Entry): void {
    entry.serial = ++this.#serial;
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
      if (!earlier(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function earlier(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.serial < b.serial);
}
