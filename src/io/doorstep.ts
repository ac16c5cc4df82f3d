/** Letting those in who connect. */
interface Closable {
  close(): void;
}

/** So many who have just come are let in before everybody else has a turn. */
export const ENTERING_A_TURN = 8;

/**
 * Where those who have come wait to be let in. The system gives us connections one after the other for as long as there are
 * any, and whoever opens them as fast as we let them in would have us do nothing else.
 */
export class Doorstep {
  readonly #letIn: (handle: unknown) => void;
  readonly #waiting: unknown[] = [];
  #entered = 0;
  #turnPlanned = false;

  constructor(letIn: (handle: unknown) => void) {
    this.#letIn = letIn;
  }

  come(handle: unknown): void {
    if (this.#entered < ENTERING_A_TURN && this.#waiting.length === 0) this.#enter(handle);
    else this.#waiting.push(handle);
  }

  close(): void {
    for (const handle of this.#waiting.splice(0)) (handle as Closable).close();
  }

  #enter(handle: unknown): void {
    this.#entered++;
    if (!this.#turnPlanned) {
      this.#turnPlanned = true;
      setImmediate(() => this.#turn());
    }
    this.#letIn(handle);
  }

  #turn(): void {
    this.#turnPlanned = false;
    this.#entered = 0;
    for (const handle of this.#waiting.splice(0, ENTERING_A_TURN)) this.#enter(handle);
  }
}
