/**
 * Through a large list, node by node. Which nodes there are is copied when the walk begins; a node that is still ahead and is
 * about to change or to go is copied then.
 */
import type { Arena } from "../../memory/arena.ts";
import { RefPlaces } from "../../memory/ref-places.ts";
import { NOBODY, type PartVisitor, type ValueWalk } from "../value-walk.ts";
import { Directory } from "./directory.ts";
import { ListNode } from "./node.ts";

/** A list of so many nodes (of 8 KiB, usually) is worth a walk. */
export const LARGE_NODES = 32;
/** What handing out a node costs, in elements of a table: some of its bytes an element. */
const BYTES_AN_ELEMENT = 64;

export class ListWalk implements ValueWalk {
  readonly parts: number;
  readonly table = 0;
  visitor: PartVisitor = NOBODY;
  readonly #nodes: Int32Array;
  readonly #counts: Int32Array;
  readonly #places: RefPlaces;
  readonly #copies = new Map<number, Uint8Array>();
  readonly #node: ListNode;
  #at = 0;

  /** @param nodes  how many the list at `root` has */
  constructor(arena: Arena, root: number, nodes: number) {
    this.parts = nodes;
    this.#nodes = new Int32Array(nodes);
    this.#counts = new Int32Array(nodes);
    this.#node = new ListNode(arena);
    const directory = new Directory(arena).at(root);
    let at = 0;
    for (let more = directory.first(); more; more = directory.next(), at++) {
      this.#nodes[at] = directory.node;
      this.#counts[at] = directory.count;
    }
    this.#places = new RefPlaces(this.#nodes);
  }

  step(budget: number): boolean {
    for (; budget > 0 && this.#at < this.parts; this.#at++) {
      const count = this.#counts[this.#at]!;
      const copy = this.#copies.get(this.#at);
      if (copy === undefined) {
        const { bytes, begin, end } = this.#node.open(this.#nodes[this.#at]!);
        budget -= 1 + (end - begin) / BYTES_AN_ELEMENT;
        this.visitor.node(bytes, begin, end, count);
      } else {
        budget -= 1 + copy.length / BYTES_AN_ELEMENT;
        this.visitor.node(copy, 0, copy.length, count);
        this.#copies.delete(this.#at);
      }
    }
    return this.#at < this.parts;
  }

  beforeChange(ref: number): void {
    const place = this.#places.of(ref);
    if (place < this.#at || this.#copies.has(place)) return;
    const { bytes, begin, end } = this.#node.open(ref);
    this.#copies.set(place, new Uint8Array(bytes.subarray(begin, end)));
  }
}
