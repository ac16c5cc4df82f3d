/** Freeing the nodes of an ordered index (ordered-index.ts) in slices. */
import { type IndexNodes, NEXT, REFS } from "./index-nodes.ts";

/** Frees the nodes of an index level by level. */
export class IndexDisposal {
  readonly #nodes: IndexNodes;
  #node: number;
  /** The leftmost nodes of the levels below, the lowest first. */
  readonly #levels: number[] = [];

  constructor(nodes: IndexNodes, root: number, height: number) {
    this.#nodes = nodes;
    let node = root;
    for (let level = height; level > 0; level--) {
      this.#levels.push(node);
      node = nodes.get(node, REFS);
    }
    this.#node = node;
  }

  /** Frees at most `count` nodes; false when none is left. */
  step(count: number): boolean {
    for (; count > 0 && this.#node !== 0; count--) {
      const node = this.#node;
      this.#node = this.#nodes.get(node, NEXT);
      if (this.#node === 0) this.#node = this.#levels.pop() ?? 0;
      this.#nodes.arena.free(node);
    }
    return this.#node !== 0;
  }
}
