/**
 * The large values of one snapshot that are being handed out: opened in their turn, or since they were about to change. They are
 * handed out one after the other, each from its beginning to its end; of the others there is only what is about to change.
 */
import type { PartVisitor, ValueWalk } from "./value-walk.ts";

/** Takes the parts of a large value. */
export interface LargeValueSink extends PartVisitor {
  /** All its parts have been handed out. */
  end(): void;
}

interface OpenValue {
  readonly root: number;
  readonly walk: ValueWalk;
  readonly sink: LargeValueSink;
}

export class LargeValues {
  /** The first is the one being handed out. */
  readonly #queue: OpenValue[] = [];
  readonly #byRoot = new Map<number, OpenValue>();
  readonly #byTable = new Map<number, OpenValue>();

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  open(root: number, walk: ValueWalk, sink: LargeValueSink): void {
    const value = { root, walk, sink };
    walk.visitor = sink;
    this.#queue.push(value);
    this.#byRoot.set(root, value);
    if (walk.table !== 0) this.#byTable.set(walk.table, value);
  }

  /** Goes on with the first for about `budget` elements; true when it is done, and is none of them any more. */
  step(budget: number): boolean {
    const { root, walk, sink } = this.#queue[0]!;
    if (walk.step(budget)) return false;
    this.#queue.shift();
    this.#byRoot.delete(root);
    this.#byTable.delete(walk.table);
    sink.end();
    return true;
  }

  /** Whether the value of this root is still needed, though no key may have it any more. */
  has(root: number): boolean {
    return this.#byRoot.has(root);
  }

  /** @returns  the walk through this table, if it is open */
  ofTable(table: number): ValueWalk | undefined {
    return this.#byTable.get(table)?.walk;
  }

  ofRoot(root: number): ValueWalk | undefined {
    return this.#byRoot.get(root)?.walk;
  }

  tableMoved(from: number, root: number, word: number): void {
    const value = this.#byTable.get(from);
    if (value === undefined) return;
    this.#byTable.delete(from);
    value.walk.tableMoved!(root, word);
    this.#byTable.set(value.walk.table, value);
  }

  clear(): void {
    this.#queue.length = 0;
    this.#byRoot.clear();
    this.#byTable.clear();
  }
}
