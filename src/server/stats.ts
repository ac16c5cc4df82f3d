/** What INFO stats counts, and CONFIG RESETSTAT resets. */
export class Stats {
  connectionsReceived = 0;
  rejectedConnections = 0;
  /** Of connections that are gone; those alive count for themselves. */
  bytesIn = 0;
  bytesOut = 0;
  /** How often sockets were read from, and written to. */
  reads = 0;
  writes = 0;
  errorReplies = 0;
  /** Replies of errors by their first word: INFO errorstats. */
  readonly errors = new Map<string, number>();
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  unexpectedErrors = 0;
  /** Snapshots that were begun for replicas. */
  syncSnapshots = 0;
  /** Logins that failed, and requests that rules forbade. */
  readonly aclDenied = { auth: 0, command: 0, key: 0, channel: 0 };
  pausedActions = 0;
  peakMemory = 0;
  /** Commands, bytes in and bytes out per second: the mean of the last samples. */
  readonly commandsRate = new Rate();
  readonly inputRate = new Rate();
  readonly outputRate = new Rate();

  countError(code: string): void {
    this.errorReplies++;
    const count = this.errors.get(code);
    // Codes can come from scripts one day: a bound on how many are told apart, as in Redis.
    if (count === undefined && this.errors.size >= MAX_ERROR_CODES) return;
    this.errors.set(code, (count ?? 0) + 1);
  }

  reset(): void {
    this.connectionsReceived = 0;
    this.rejectedConnections = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.reads = 0;
    this.writes = 0;
    this.errorReplies = 0;
    this.errors.clear();
    this.queryBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    this.unexpectedErrors = 0;
    this.aclDenied.auth = this.aclDenied.command = this.aclDenied.key = this.aclDenied.channel = 0;
    this.commandsRate.reset();
    this.inputRate.reset();
    this.outputRate.reset();
  }
}

const MAX_ERROR_CODES = 128;
const SAMPLES = 16;

/** A rate a second over the last samples of a counter that only grows. */
export class Rate {
  readonly #samples = new Float64Array(SAMPLES);
  #next = 0;
  #lastValue = 0;
  #lastMicros = 0;

  sample(value: number, micros: number): void {
    const elapsed = micros - this.#lastMicros;
    if (elapsed > 0 && this.#lastMicros > 0)
      this.#samples[this.#next++ % SAMPLES] = Math.max(0, ((value - this.#lastValue) * 1e6) / elapsed);
    this.#lastValue = value;
    this.#lastMicros = micros;
  }

  get perSecond(): number {
    let sum = 0;
    for (const sample of this.#samples) sum += sample;
    return sum / SAMPLES;
  }

  reset(): void {
    this.#samples.fill(0);
    this.#lastValue = 0;
    this.#lastMicros = 0;
  }
}
