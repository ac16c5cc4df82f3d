/** Freeing a hash: at once if it is packed, in slices if it is a table (first the index of the fields that expire). */
import { ElementTable } from "../../memory/element-table.ts";
import { ElementTableFreeing } from "../../memory/element-table-freeing.ts";
import type { IndexDisposal } from "../../memory/index-disposal.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import type { HashValue } from "./hash-value.ts";
import { EXPIRING_TABLE_HEADER, TABLE_HEADER } from "./layout.ts";

/** `hash` may speak of another when this has returned. */
export function freeHash(store: Store, hash: HashValue): FreeJob {
  return hash.isTable ? new TableHashFreeing(store, hash) : new PackedHashFreeing(store, hash);
}

class PackedHashFreeing implements FreeJob {
  readonly ready = true;
  pending = 1;
  readonly #store: Store;
  readonly #root: number;
  readonly #list: number;
  readonly #expiryBlock: number;

  constructor(store: Store, hash: HashValue) {
    this.#store = store;
    this.#root = hash.root;
    this.#list = hash.packed.list.ref;
    this.#expiryBlock = hash.expiryBlock;
  }

  step(): number {
    if (this.pending === 0) return 0;
    const { arena } = this.#store;
    arena.free(this.#list);
    if (this.#expiryBlock !== 0) arena.free(this.#expiryBlock);
    arena.free(this.#root);
    this.pending = 0;
    return 1;
  }
}

class TableHashFreeing implements FreeJob {
  readonly ready = true;
  readonly #store: Store;
  readonly #root: number;
  readonly #expiryBlock: number;
  readonly #fields: ElementTableFreeing;
  #index: IndexDisposal | null = null;
  #done = false;

  constructor(store: Store, hash: HashValue) {
    this.#store = store;
    this.#root = hash.root;
    this.#expiryBlock = hash.expiryBlock;
    if (hash.isExpiring) this.#index = hash.table.index.disposal();
    const table = new ElementTable(store.arena, hash.table.table.nameWord);
    if (hash.isExpiring) table.position(this.#expiryBlock, EXPIRING_TABLE_HEADER);
    else table.position(this.#root, TABLE_HEADER);
    this.#fields = new ElementTableFreeing(table);
  }

  get pending(): number {
    return this.#done ? 0 : Math.max(1, this.#fields.pending);
  }

  step(count: number): number {
    if (this.#done) return 0;
    if (this.#index !== null) {
      if (this.#index.step(count)) return 0;
      this.#index = null;
    }
    const freed = this.#fields.step(count);
    if (this.#fields.pending > 0) return freed;
    const { arena } = this.#store;
    if (this.#expiryBlock !== 0) arena.free(this.#expiryBlock);
    arena.free(this.#root);
    this.#done = true;
    return freed;
  }
}
