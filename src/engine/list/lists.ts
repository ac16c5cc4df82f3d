/**
 * The lists of a store, as keys hold them. `list-value.ts` is one list, `list-reading.ts` what is read of it, `node.ts` and `directory.ts` what it is made of.
 */
import type { Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import type { ContainerType } from "../containers.ts";
import type { Database } from "../database.ts";
import type { FreeJob, Lazyfree } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import type { ValueWalk } from "../value-walk.ts";
import { Directory } from "./directory.ts";
import { NodeLimits } from "./limits.ts";
import { ROOT_BYTES } from "./list-reading.ts";
import { ListValue } from "./list-value.ts";
import { LARGE_NODES, ListWalk } from "./list-walk.ts";

export class Lists implements ContainerType {
  readonly #store: Store;
  readonly #arena: Arena;
  readonly #limits = new NodeLimits();
  readonly #reading: ListValue;
  readonly #writing: ListValue;
  /** For what is done to a list as a whole, while others may be positioned. */
  readonly #whole: ListValue;
  /** For commands on two lists: the second one. */
  readonly other: ListValue;

  constructor(store: Store) {
    this.#store = store;
    this.#arena = store.arena;
    this.#reading = this.another();
    this.#writing = this.another();
    this.#whole = this.another();
    this.other = this.another();
    store.containers.register("list", this);
  }

  /** One more list to have at the same time as another. */
  another(): ListValue {
    return new ListValue(this.#arena, this.#limits);
  }

  /** The list at `key`, for reading. @throws errors.wrongType */
  read(db: Database, key: Slice): ListValue | null {
    const root = db.getRoot(key, "list");
    return root === 0 ? null : this.#reading.position(root);
  }

  /** As `read`, for changing it. Take the key away when the list is empty. */
  open(db: Database, key: Slice, into: ListValue = this.#writing): ListValue | null {
    const root = db.openRoot(key, "list");
    if (root === 0) return null;
    this.#limits.obey(this.#store.policy.listMaxListpackSize);
    return into.position(root);
  }

  /** Makes `key` an empty list, to be filled at once. */
  create(db: Database, key: Slice, into: ListValue = this.#writing): ListValue {
    const root = this.createRoot();
    db.setRoot(key, "list", root);
    return into.position(root);
  }

  /** An empty list that no key holds. */
  createRoot(): number {
    const root = this.#arena.alloc(ROOT_BYTES);
    this.#limits.obey(this.#store.policy.listMaxListpackSize);
    this.#whole.position(root).initialize();
    return root;
  }

  /** The list of a root. */
  at(root: number, into: ListValue = this.#whole): ListValue {
    this.#limits.obey(this.#store.policy.listMaxListpackSize);
    return into.position(root);
  }

  /** How many nodes it has: as long as freeing them takes. */
  effort(root: number): number {
    return this.at(root).isPacked ? 1 : new Directory(this.#arena).at(root).nodes();
  }

  freeing(root: number): FreeJob {
    return new ListFreeing(this.#arena, root, this.at(root).isPacked);
  }

  walk(root: number): ValueWalk | null {
    if (this.at(root).isPacked) return null;
    const nodes = new Directory(this.#arena).at(root).nodes();
    return nodes < LARGE_NODES ? null : new ListWalk(this.#arena, root, nodes);
  }

  /** Takes elements out of a list (`ListValue.removeRange`); if they are very many, most of them are freed bit by bit. */
  removeRange(list: ListValue, start: number, count: number, lazyfree: Lazyfree): void {
    if (count < VERY_MANY) {
      list.removeRange(start, count);
      return;
    }
    const root = this.#arena.alloc(ROOT_BYTES);
    const dropped = this.another().position(root).initializeQuick();
    list.removeRange(start, count, dropped);
    const { root: from } = list;
    if (dropped.length === 0) this.#arena.free(root);
    else lazyfree.add(new ListFreeing(this.#arena, root, false, () => this.#store.snapshots.holds(from)));
  }

  clone(root: number): number {
    const copy = this.#arena.alloc(ROOT_BYTES);
    this.at(root).cloneInto(copy);
    return copy;
  }

  bytes(root: number, samples: number): number {
    return this.at(root).blockBytes(samples);
  }

  encoding(root: number): string {
    return this.at(root).isPacked ? "listpack" : "quicklist";
  }
}

/** So many elements are not freed while everybody waits: some hundred nodes or more. */
const VERY_MANY = 65536;

/** Frees a list node by node, from the first on. */
class ListFreeing implements FreeJob {
  pending: number;
  readonly #isRead: () => boolean;
  readonly #arena: Arena;
  readonly #root: number;
  readonly #directory: Directory;
  readonly #isPacked: boolean;

  /** @param isRead  whether a snapshot still reads the nodes */
  constructor(arena: Arena, root: number, isPacked: boolean, isRead = () => false) {
    this.#arena = arena;
    this.#isRead = isRead;
    this.#root = root;
    this.#directory = new Directory(arena).at(root);
    this.#isPacked = isPacked;
    this.pending = isPacked ? 1 : Math.max(1, this.#directory.nodes());
  }

  get ready(): boolean {
    return !this.#isRead();
  }

  step(count: number): number {
    const before = this.pending;
    if (this.#isPacked) {
      const node = this.#arena.i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + 1]!;
      if (node !== 0) this.#arena.free(node);
      this.pending = 0;
    } else {
      const directory = this.#directory;
      let more = directory.first();
      for (let left = count; more && left > 0; ) {
        const freed = directory.freeRun(Number.POSITIVE_INFINITY, left);
        left -= freed;
        this.pending -= freed;
        more = directory.chunk !== 0;
      }
      if (!more) this.pending = 0;
    }
    if (this.pending === 0) this.#arena.free(this.#root);
    return before - this.pending;
  }
}
