/**
 * The type of sorted sets: their roots, and the way from keys to them. What can be done with one is in sorted-set-value.ts,
 * how it lies in memory in layout.ts.
 */
import type { Slice } from "../../base/bytes.ts";
import type { Marks } from "../../memory/marks.ts";
import type { ContainerType } from "../containers.ts";
import type { Database } from "../database.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { LARGE, type ValueWalk } from "../value-walk.ts";
import { ENCODING_NAMES, Encoding, LISTPACK, ROOT_BYTES } from "./layout.ts";
import { PackedMembers } from "./packed-members.ts";
import { SortedSetBuilder } from "./sorted-set-builder.ts";
import { SortedSetFreeing } from "./sorted-set-freeing.ts";
import { SortedSetValue } from "./sorted-set-value.ts";
import { SortedSetWalk } from "./sorted-set-walk.ts";
import { TableMembers } from "./table-members.ts";

const TYPE = "zset";

export class SortedSets implements ContainerType {
  readonly #store: Store;
  readonly #reading: SortedSetValue;
  readonly #writing: SortedSetValue;
  readonly #packed: PackedMembers;
  readonly #table: TableMembers;

  constructor(store: Store) {
    this.#store = store;
    this.#packed = new PackedMembers(store.arena);
    this.#reading = new SortedSetValue(store);
    this.#writing = new SortedSetValue(store);
    this.#table = new TableMembers(store);
    store.containers.register(TYPE, this);
  }

  /** One more flyweight, for whoever reads several at once. */
  value(): SortedSetValue {
    return new SortedSetValue(this.#store);
  }

  builder(): SortedSetBuilder {
    return new SortedSetBuilder(this.#store);
  }

  // Under keys

  /** For reading; null if there is no such key. @throws errors.wrongType */
  read(db: Database, key: Slice, into: SortedSetValue = this.#reading): SortedSetValue | null {
    const root = db.getRoot(key, TYPE);
    return root === 0 ? null : into.position(root);
  }

  /** For changing; null if there is no such key. One that becomes empty must be deleted. @throws errors.wrongType */
  open(db: Database, key: Slice): SortedSetValue | null {
    const root = db.openRoot(key, TYPE);
    return root === 0 ? null : this.#writing.position(root);
  }

  /** As `open`; an empty one if there is none, which must get a member. */
  openOrCreate(db: Database, key: Slice): SortedSetValue {
    return this.open(db, key) ?? this.createUnder(db, key);
  }

  /** An empty one, which must get a member, in the place of what was there. The hints are what is known of what it will hold. */
  createUnder(db: Database, key: Slice, members = 1, memberLength = 0): SortedSetValue {
    const root = this.create(members, memberLength);
    db.setRoot(key, TYPE, root);
    return this.#writing.position(root);
  }

  // Roots

  /** The root of an empty one. */
  create(members = 1, memberLength = 0): number {
    const { arena, policy } = this.#store;
    const root = arena.alloc(ROOT_BYTES);
    if (members > policy.zsetMaxListpackEntries || memberLength > policy.zsetMaxListpackValue) {
      this.#setWord(root, 0, Encoding.table);
      this.#table.create(root);
      return root;
    }
    const listpack = this.#packed.list.create();
    this.#setWord(root, 0, Encoding.packed);
    this.#setWord(root, LISTPACK, listpack);
    return root;
  }

  /** The root of one that is this listpack: members and scores in order, each member once. */
  load(bytes: Uint8Array, start: number): number {
    const root = this.#store.arena.alloc(ROOT_BYTES);
    const listpack = this.#packed.list.load(bytes, start);
    this.#setWord(root, 0, Encoding.packed);
    this.#setWord(root, LISTPACK, listpack);
    return root;
  }

  #word(root: number, word: number): number {
    return this.#store.arena.i32[root >>> 20]![((root & 0xfffff) << 2) + word]!;
  }

  #setWord(root: number, word: number, value: number): void {
    this.#store.arena.i32[root >>> 20]![((root & 0xfffff) << 2) + word] = value;
  }

  #isPacked(root: number): boolean {
    return this.#word(root, 0) === Encoding.packed;
  }

  // ContainerType

  effort(root: number): number {
    return this.#isPacked(root) ? 1 : this.#table.open(root).table.size;
  }

  freeing(root: number): FreeJob {
    const { arena } = this.#store;
    if (!this.#isPacked(root)) return new SortedSetFreeing(new TableMembers(this.#store).open(root), root);
    const listpack = this.#word(root, LISTPACK);
    const job = {
      pending: 1,
      ready: true,
      step() {
        arena.free(listpack);
        arena.free(root);
        job.pending = 0;
        return 1;
      },
    };
    return job;
  }

  /** Frees one that no key holds, at once. */
  free(root: number): void {
    const job = this.freeing(root);
    while (job.pending > 0) job.step(Number.MAX_SAFE_INTEGER);
  }

  walk(root: number, marks: Marks): ValueWalk | null {
    if (this.#isPacked(root) || this.#table.open(root).table.size < LARGE) return null;
    return new SortedSetWalk(new TableMembers(this.#store).open(root), marks);
  }

  clone(root: number): number {
    if (this.#isPacked(root)) {
      const listpack = this.#packed.open(this.#word(root, LISTPACK)).list.clone();
      const copy = this.#store.arena.alloc(ROOT_BYTES);
      this.#setWord(copy, 0, Encoding.packed);
      this.#setWord(copy, LISTPACK, listpack);
      return copy;
    }
    const copy = this.#store.arena.alloc(ROOT_BYTES);
    this.#setWord(copy, 0, Encoding.table);
    this.#table.create(copy).copy(new TableMembers(this.#store).open(root));
    return copy;
  }

  bytes(root: number, samples: number): number {
    const { arena } = this.#store;
    const own = arena.sizeOf(root);
    if (this.#isPacked(root)) return own + arena.sizeOf(this.#word(root, LISTPACK));
    const { table, index } = this.#table.open(root);
    const { size } = table;
    const looked = samples === 0 ? size : Math.min(samples, size);
    let bytes = 0;
    let ref = index.first();
    for (let i = 0; i < looked; i++, ref = index.next()) bytes += arena.sizeOf(ref);
    const elements = looked === 0 ? 0 : Math.round((bytes / looked) * size);
    return own + table.bytes + index.bytes + elements;
  }

  encoding(root: number): string {
    return ENCODING_NAMES[this.#word(root, 0)]!;
  }
}
