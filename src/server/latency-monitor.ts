/**
 * What LATENCY tells of: events that took at least `latency-monitor-threshold`, one time series an event, one sample a second.
 */

export interface LatencySample {
  /** Unix seconds. */
  readonly at: number;
  milliseconds: number;
}

/** How many samples a series keeps. */
const SERIES_LENGTH = 160;

export class LatencySeries {
  /** Oldest first. */
  readonly samples: LatencySample[] = [];
  /** Of all time, until LATENCY RESET. */
  max = 0;

  get latest(): LatencySample | undefined {
    return this.samples.at(-1);
  }

  add(at: number, milliseconds: number): void {
    this.max = Math.max(this.max, milliseconds);
    const { latest } = this;
    // Several in one second count as one: the worst.
    if (latest?.at === at) latest.milliseconds = Math.max(latest.milliseconds, milliseconds);
    else this.samples.push({ at, milliseconds });
    if (this.samples.length > SERIES_LENGTH) this.samples.shift();
  }
}

export class LatencyMonitor {
  /** latency-monitor-threshold in ms; 0 for off. */
  thresholdMs = 0;
  readonly events = new Map<string, LatencySeries>();
  readonly #clock: { now(): number };

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  /** In microseconds; Infinity while it is off. */
  get thresholdMicros(): number {
    return this.thresholdMs === 0 ? Number.POSITIVE_INFINITY : this.thresholdMs * 1000;
  }

  /** Takes note of an event if it took long enough. */
  add(event: string, micros: number): void {
    if (micros < this.thresholdMicros) return;
    let series = this.events.get(event);
    if (series === undefined) this.events.set(event, (series = new LatencySeries()));
    series.add(Math.floor(this.#clock.now() / 1000), Math.floor(micros / 1000));
  }

  /** Forgets these events, or all; returns how many there were. */
  reset(events: readonly string[] = [...this.events.keys()]): number {
    let count = 0;
    for (const event of events) if (this.events.delete(event)) count++;
    return count;
  }
}
