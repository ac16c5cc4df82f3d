import { ElementTableFreeing } from "../../memory/element-table-freeing.ts";
import type { IndexDisposal } from "../../memory/index-disposal.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { TableMembers } from "./table-members.ts";

/** Frees a sorted set with a table: its elements, then the nodes of the index, then the root. */
export class SortedSetFreeing implements FreeJob {
  readonly ready = true;
  readonly #members: TableMembers;
  readonly #root: number;
  readonly #elements: ElementTableFreeing;
  readonly #nodes: IndexDisposal;
  #done = false;

  /** @param members  positioned on the root, and this job's own */
  constructor(members: TableMembers, root: number) {
    this.#members = members;
    this.#root = root;
    this.#nodes = members.index.disposal();
    this.#elements = new ElementTableFreeing(members.table);
  }

  get pending(): number {
    return this.#done ? 0 : this.#elements.pending + 1;
  }

  step(count: number): number {
    if (this.#elements.pending > 0) return this.#elements.step(count);
    if (this.#done || this.#nodes.step(count)) return 0;
    this.#members.arena.free(this.#root);
    this.#done = true;
    return 1;
  }
}
