import type { ContainerType } from "./containers.ts";
import type { FreeJob } from "./lazyfree.ts";
import type { Snapshots } from "./snapshot.ts";

/** Frees a container that no key has any more, once no snapshot reads it. */
export class HeldFreeing implements FreeJob {
  readonly #container: ContainerType;
  readonly #root: number;
  readonly #snapshots: Snapshots;
  /** Made late: what frees a container may take it to pieces from the start. */
  #job: FreeJob | null = null;
  readonly #effort: number;

  constructor(container: ContainerType, root: number, snapshots: Snapshots) {
    this.#container = container;
    this.#root = root;
    this.#snapshots = snapshots;
    this.#effort = Math.max(1, container.effort(root));
  }

  get pending(): number {
    return this.#job === null ? this.#effort : this.#job.pending;
  }

  get ready(): boolean {
    return this.#job !== null || !this.#snapshots.holds(this.#root);
  }

  step(count: number): number {
    this.#job ??= this.#container.freeing(this.#root);
    return this.#job.step(count);
  }
}
