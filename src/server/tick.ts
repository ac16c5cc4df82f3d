/**
 * The end of a tick. Node runs each turn of its loop as poll (sockets are read, commands run), then check: here, once for
 * all that was read, the outcomes are handed on and every connection that is owed something is written to, in one go.
 */
import type { Clock } from "../io/io.ts";
import type { Connection } from "./connection.ts";

export class Tick {
  /** Two lists in turn, which keep their room: what becomes dirty while one is written to stands in the other. */
  #dirty: (Connection | null)[] = [];
  #spare: (Connection | null)[] | null = [];
  #count = 0;
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
    this.#dirty[this.#count++] = connection;
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
    if (this.#count > 0) this.#flush();
    this.afterFlush();
  }

  #flush(): void {
    const dirty = this.#dirty;
    const count = this.#count;
    this.#dirty = this.#spare ?? [];
    this.#spare = null;
    this.#count = 0;
    this.onFlush(count);
    // Replicas first: killed between two writes, we have acknowledged nothing that is not on its way to them.
    for (let i = 0; i < count; i++) if (dirty[i]!.replica !== null) dirty[i]!.flush();
    for (let i = 0; i < count; i++) {
      const connection = dirty[i]!;
      dirty[i] = null;
      if (connection.replica !== null) continue;
      this.beforeEach();
      connection.flush();
    }
    this.#spare = dirty;
  }
}
