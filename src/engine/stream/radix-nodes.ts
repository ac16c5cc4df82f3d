/**
 * Redis keeps the nodes of a stream in a radix tree of their IDs, and XINFO tells how many nodes that tree has. There is no
 * such tree here, but its shape follows from the IDs: a leaf for each, a node wherever two of them part, and one for what
 * lies between, if that is a byte or more.
 */
import type { Arena } from "../../memory/arena.ts";
import type { NodeList } from "./node-list.ts";

const ID_BYTES = 16;
/** Of a longer list the beginning has to speak for the rest. */
const LOOKED_AT = 4096;

export function radixNodes(arena: Arena, nodes: NodeList): number {
  const { count } = nodes;
  if (count === 0) return 1;
  const tree = new Tree();
  let before = nodes.first;
  for (let left = Math.min(count, LOOKED_AT) - 1; left > 0; left--) {
    const node = nodes.next(before);
    tree.add(commonBytes(arena, before, node));
    before = node;
  }
  const total = tree.finish();
  return count <= LOOKED_AT ? total : Math.round((total * count) / LOOKED_AT);
}

/** Counts as keys come in their order, each with the number of bytes that it has in common with the one before. */
class Tree {
  #nodes = 1;
  /** Where on the way to the last key others have parted, in bytes, the deepest last. */
  readonly #forks: number[] = [];

  add(common: number): void {
    const forks = this.#forks;
    const below = this.#close(common);
    if (forks.at(-1) !== common) {
      forks.push(common);
      this.#nodes++;
    }
    this.#addBetween(common, below);
    this.#nodes++;
  }

  finish(): number {
    if (this.#close(-1) > 0) this.#nodes++;
    return this.#nodes;
  }

  /** Leaves all forks behind `depth`; returns where the last thing behind it is. */
  #close(depth: number): number {
    let below = ID_BYTES;
    while (this.#forks.length > 0 && this.#forks.at(-1)! > depth) {
      const fork = this.#forks.pop()!;
      this.#addBetween(fork, below);
      below = fork;
    }
    return below;
  }

  #addBetween(fork: number, below: number): void {
    if (below - fork > 1) this.#nodes++;
  }
}

function commonBytes(arena: Arena, a: number, b: number): number {
  const aWords = arena.i32[a >>> 20]!;
  const bWords = arena.i32[b >>> 20]!;
  for (let i = 0; i < ID_BYTES / 4; i++) {
    const difference = aWords[((a & 0xfffff) << 2) + i]! ^ bWords[((b & 0xfffff) << 2) + i]!;
    if (difference !== 0) return i * 4 + (Math.clz32(difference) >>> 3);
  }
  return ID_BYTES;
}
