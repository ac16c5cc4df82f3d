/** What was deleted but not yet freed: keyspaces and containers, freed in slices between commands. */

/** Something to be freed bit by bit. */
export interface FreeJob {
  /** How many objects are still to be freed. */
  readonly pending: number;
  /** False while a snapshot still reads it. */
  readonly ready: boolean;
  /** Frees about `count` objects and returns how many. */
  step(count: number): number;
}

/** How many objects are freed between two looks at the clock. */
const SLICE = 64;

export class Lazyfree {
  /** Objects freed so far, for INFO. */
  freed = 0;
  #jobs: FreeJob[] = [];

  get pending(): number {
    let pending = 0;
    for (const job of this.#jobs) pending += job.pending;
    return pending;
  }

  get idle(): boolean {
    return this.#jobs.length === 0;
  }

  add(job: FreeJob): void {
    this.#jobs.push(job);
  }

  /** All of it is free already. */
  clear(): void {
    this.freed += this.pending;
    this.#jobs = [];
  }

  /** All of it is free already; what waits in `other` is to be freed instead. */
  replace(other: Lazyfree): void {
    this.clear();
    this.#jobs = other.#jobs;
  }

  /** Frees until `until` says that the time is up; true when more could be freed now. */
  step(timeIsUp: () => boolean): boolean {
    let at = 0;
    while (at < this.#jobs.length) {
      const job = this.#jobs[at]!;
      if (job.pending === 0 && job.ready) this.#jobs.splice(at, 1);
      else if (!job.ready) at++;
      else {
        this.freed += job.step(SLICE);
        if (timeIsUp()) return true;
      }
    }
    return false;
  }
}
