/**
 * Makes a sorted set of members that come in any order: the results of unions and the like. Where a member may come several
 * times (`combine`) they are only put in order at the end, since until then their scores may change.
 */
import { Slice } from "../../base/bytes.ts";
import { ElementWalk } from "../../memory/element-walk.ts";
import type { Store } from "../store.ts";
import { Encoding, LISTPACK, ROOT_BYTES } from "./layout.ts";
import { PackedMembers } from "./packed-members.ts";
import { TableMembers } from "./table-members.ts";

export class SortedSetBuilder {
  readonly #store: Store;
  readonly #members: TableMembers;
  readonly #packed: PackedMembers;
  readonly #member = new Slice();
  #root = 0;
  #longest = 0;
  #totalLength = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#members = new TableMembers(store);
    this.#packed = new PackedMembers(store.arena);
  }

  get size(): number {
    return this.#root === 0 ? 0 : this.#members.table.size;
  }

  /** The score that a member has by now; NaN if it is not there. */
  scoreOf(member: Slice): number {
    const ref = this.#root === 0 ? 0 : this.#members.find(member);
    return ref === 0 ? Number.NaN : this.#members.score(ref);
  }

  /** About so many members are to come in all: many, or this is not worth calling. */
  expect(members: number): void {
    if (this.#root === 0) this.#begin();
    this.#members.table.reserve(members);
  }

  /** Adds a member that is not there yet. All come by this or all by `combine`. `hash` is that of the member in any table. */
  add(member: Slice, score: number, hash: number = this.#members.hash(member)): void {
    if (this.#root === 0) this.#begin();
    this.#members.index.insert(this.#add(member, score, hash));
  }

  /** Adds a member, or gives one that is there the score that `combine` makes of the old one and the new. */
  combine(member: Slice, score: number, hash: number, combine: (old: number, score: number) => number): void {
    if (this.#root === 0) this.#begin();
    const members = this.#members;
    const ref = members.find(member, hash);
    if (ref === 0) this.#add(member, score, hash);
    else members.setUnordered(ref, combine(members.score(ref), score));
  }

  #begin(): void {
    this.#root = this.#store.arena.alloc(ROOT_BYTES);
    this.#setWord(0, Encoding.table);
    this.#members.create(this.#root);
    this.#longest = 0;
    this.#totalLength = 0;
  }

  #setWord(word: number, value: number): void {
    this.#store.arena.i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + word] = value;
  }

  #add(member: Slice, score: number, hash: number): number {
    const { length } = member;
    if (length > this.#longest) this.#longest = length;
    this.#totalLength += length;
    return this.#members.addUnordered(member, score, hash);
  }

  /** The root of the sorted set, 0 if it has no members; the builder may begin anew. */
  finish(): number {
    const root = this.#root;
    if (root === 0) return 0;
    const { table, index } = this.#members;
    const walk = new ElementWalk().start(table);
    while (index.size < table.size && walk.next()) for (let i = 0; i < walk.count; i++) index.insert(walk.refs[i]!);
    table.settle();
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = this.#store.policy;
    const isSmall = table.size <= zsetMaxListpackEntries && this.#longest <= zsetMaxListpackValue;
    if (isSmall && this.#totalLength < PACKED_MAX) this.#pack();
    this.#root = 0;
    return root;
  }

  #pack(): void {
    const members = this.#members;
    const { list } = this.#packed;
    const { index } = members;
    list.create(this.#totalLength + 12 * index.size);
    for (let ref = index.first(); ref !== 0; ref = index.next())
      this.#packed.append(members.member(ref, this.#member), members.score(ref));
    while (index.size > 0) members.removeRange(0, index.size);
    members.table.dispose();
    this.#setWord(0, Encoding.packed);
    this.#setWord(LISTPACK, list.ref);
  }

  /** Gives up what was added. */
  discard(): void {
    if (this.#root === 0) return;
    this.#store.sortedSets.free(this.#root);
    this.#root = 0;
  }
}

/** Beyond this a listpack might become larger than Redis makes any. */
const PACKED_MAX = 1 << 29;
