/** Copies an ordered index (ordered-index.ts), node by node as they stand. */
import { COUNT, COUNTS, FIRSTS, HIGHS, type IndexNodes, LOWS, REFS } from "./index-nodes.ts";

/** @param copyOf  a copy of an element, of the same key; it is asked for each once, in order, and may allocate */
export class IndexCopy {
  readonly #nodes: IndexNodes;
  readonly #copyOf: (ref: number) => number;
  /** By level: the node that was copied last. */
  readonly #last: number[] = [];

  constructor(nodes: IndexNodes, copyOf: (ref: number) => number) {
    this.#nodes = nodes;
    this.#copyOf = copyOf;
  }

  /** A copy of a node and of all below it, behind those of its level that were copied before. */
  copy(from: number, level: number): number {
    const nodes = this.#nodes;
    const count = nodes.get(from, COUNT);
    const to = nodes.create(level, this.#last[level] ?? 0);
    this.#last[level] = to;
    nodes.set(to, COUNT, count);
    nodes.copyColumn(from, to, HIGHS, count);
    nodes.copyColumn(from, to, LOWS, count);
    if (level === 0) {
      nodes.touch(from);
      for (let i = 0; i < count; i++) nodes.set(to, REFS + i, this.#copyOf(nodes.get(from, REFS + i)));
      return to;
    }
    nodes.copyColumn(from, to, COUNTS, count);
    for (let i = 0; i < count; i++) {
      const child = this.copy(nodes.get(from, REFS + i), level - 1);
      nodes.set(to, REFS + i, child);
      nodes.set(to, FIRSTS + i, nodes.firstOf(child, level - 1));
    }
    return to;
  }
}
