/**
 * A large value read in slices while it changes, as it was when the walk began. An element that is still ahead and is about to
 * change is handed out first and marked, as are elements that come: what is marked has been handed out, or was not there.
 */
import type { ElementTable } from "../memory/element-table.ts";
import { reverseBits } from "../memory/hash.ts";
import type { Marks } from "../memory/marks.ts";

/** Takes what a walk comes to. */
export interface PartVisitor {
  /** An element of a table. */
  element(ref: number): void;
  /** A node of a list: the entries in bytes[begin, end), `count` of them. */
  node(bytes: Uint8Array, begin: number, end: number, count: number): void;
  /** Behind all parts of a walk that asks for it: does some of what there is to do, about as much as with a hundred elements; false at the end. */
  tail?(): boolean;
}

export interface ValueWalk {
  /** How many parts there are, in all. */
  readonly parts: number;
  /** The table it goes through, by its address; 0 for none (lists). */
  readonly table: number;
  /** To be set before the first step. */
  visitor: PartVisitor;
  /** Hands out about `budget` elements more; false when all have been. */
  step(budget: number): boolean;
  /** An element, or a node, is about to change or to go. */
  beforeChange(ref: number): void;
  tableMoved?(root: number, word: number): void;
}

/** Values of at least so many elements are worth a walk; smaller ones are written at once. */
export const LARGE = 512;

export const NOBODY: PartVisitor = { element() {}, node() {} };

/** Through a table, in the order of the hashes with their bits reversed, whatever the table's size. */
export class TableWalk implements ValueWalk {
  readonly parts: number;
  table: number;
  visitor: PartVisitor = NOBODY;
  readonly #table: ElementTable;
  readonly #marks: Marks;
  #cursor = 0;
  /** Elements whose reversed hash is below this are behind the walk. */
  #position = 0;

  /** @param table  positioned, and this walk's own */
  constructor(table: ElementTable, marks: Marks) {
    this.#table = table;
    this.#marks = marks;
    this.parts = table.size;
    this.table = table.address;
  }

  step(budget: number): boolean {
    const table = this.#table;
    while (budget > 0 && this.#position < END) {
      // An empty bucket is work too, though less.
      budget -= 0.1;
      this.#cursor = table.scan(this.#cursor, (ref) => {
        if (this.#isDone(ref)) return;
        budget--;
        this.visitor.element(ref);
      });
      this.#position = this.#cursor === 0 ? END : reverseBits(this.#cursor);
    }
    return this.#position < END;
  }

  beforeChange(ref: number): void {
    if (this.#isDone(ref)) return;
    this.#marks.add(ref);
    this.visitor.element(ref);
  }

  #isDone(ref: number): boolean {
    return reverseBits(this.#table.hashOf(ref)) < this.#position || this.#marks.has(ref);
  }

  tableMoved(root: number, word: number): void {
    this.table = this.#table.position(root, word).address;
  }
}

/** Past every reversed hash. */
const END = 0x100000000;
