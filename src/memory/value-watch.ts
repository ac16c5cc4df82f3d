/**
 * Whoever reads values in slices while they change (engine/snapshot.ts) is told here what is about to change in them. A table
 * of elements is named by its address (`ElementTable.address`), a list by its root.
 */
export interface ValueWatch {
  /** Whether any value is being read so: asked at every change, and all that it costs while none is. */
  readonly open: boolean;
  /** An element goes, or becomes another: it is still what it was. */
  beforeElement(table: number, ref: number): void;
  /** An element came. */
  elementAdded(table: number, ref: number): void;
  /** The header of a table lies elsewhere now: at word `word` of the block `root`. */
  tableMoved(from: number, root: number, word: number): void;
  /** A node of a list goes, or holds others: it is still what it was. */
  beforeNode(list: number, node: number): void;
}

export const UNWATCHED: ValueWatch = {
  open: false,
  beforeElement() {},
  elementAdded() {},
  tableMoved() {},
  beforeNode() {},
};
