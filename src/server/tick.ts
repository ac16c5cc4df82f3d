/**
 * The end of a tick. Node runs each turn of its loop as poll (sockets are read, commands run), then check: here, once for
 * all that was read, the outcomes are handed on and every connection that is owed something is written to, in one go.
 */
import type { Clock } from "../io/io.ts";
import type { Connection } from "./connection.ts";

export class Tick {
  #dirty: Connection[] = [];
  #scheduled = false;
  /** Before replies leave: hands the outcomes on, so that nothing is acknowledged that is not under way to the replicas. */
  beforeFlush: () => void = () => {};
  /** Before each connection is written to: the last moment to hold its replies. */
  beforeEach: () => void = () => {};
  /** After all was written that could be. */
  afterFlush: () => void = () => {};
  /** Told how many connections are written to. */
  onFlush: (connections: number) => void = () => {};
  readonly #clock: Clock;
  readonly #end = () => this.end();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The connection has something to send. */
  dirty(connection: Connection): void {
    this.#dirty.push(connection);
    this.schedule();
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTick(this.#end);
  }

  /** Runs at the end of a tick that did something; also called by hand where the tick must not be waited for. */
  end(): void {
    // What becomes dirty by the outcomes still belongs to this tick.
    this.#scheduled = true;
    this.beforeFlush();
    this.#scheduled = false;
    if (this.#dirty.length > 0) this.#flush(this.#dirty);
    this.afterFlush();
  }

  #flush(dirty: readonly Connection[]): void {
    this.#dirty = [];
    this.onFlush(dirty.length);
    // Replicas first: killed between two writes, we have acknowledged nothing that is not on its way to them.
    for (let i = 0; i < dirty.length; i++) if (dirty[i]!.replica !== null) dirty[i]!.flush();
    for (let i = 0; i < dirty.length; i++) {
      const connection = dirty[i]!;
      if (connection.replica !== null) continue;
      this.beforeEach();
      connection.flush();
    }
  }
}
