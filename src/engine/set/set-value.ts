/**
 * A set in the store, read and changed where it lies: `layout.ts` says how that is, docs/memory.md has the picture.
 *
 * Small sets are an intset if all members are whole numbers, else a listpack, both Redis' own bytes; large ones are a table
 * (member-table.ts). When a set changes over is Redis' rule too (7.2), by `set-max-intset-entries`, `set-max-listpack-entries`
 * and `set-max-listpack-value`.
 *
 * A `SetValue` is a flyweight, positioned on a root. Members have a *place* (index, offset or ref), good until the next change.
 */
import type { Slice } from "../../base/bytes.ts";
import { Int64 } from "../../base/int64.ts";
import { digits } from "../../base/numbers.ts";
import type { Arena } from "../../memory/arena.ts";
import { AnyElements, differentElements, visitElements } from "../../memory/element-sample.ts";
import { Intset } from "../../memory/intset.ts";
import { EntryText, Listpack, MAX_BYTES } from "../../memory/listpack.ts";
import type { Store } from "../store.ts";
import { ENCODING, Encoding, PACKED, TABLE } from "./layout.ts";
import { MemberTable } from "./member-table.ts";

export { EntryText } from "../../memory/listpack.ts";
export { Encoding } from "./layout.ts";

/** A member on its way from one form to the other. */
const scratch = new EntryText();

/** Redis makes no larger intsets, whatever is configured. */
const INTSET_MOST = 1 << 30;

export class SetValue {
  root = 0;
  readonly arena: Arena;
  readonly intset: Intset;
  readonly listpack: Listpack;
  readonly table: MemberTable;
  readonly #store: Store;
  readonly #i32: Int32Array[];
  readonly #integer = new Int64();

  constructor(store: Store) {
    const { arena } = store;
    this.arena = arena;
    this.#store = store;
    this.#i32 = arena.i32;
    this.intset = new Intset(arena);
    this.listpack = new Listpack(arena);
    this.table = new MemberTable(store);
  }

  /** Speaks from now on of the set with this root. */
  position(root: number): this {
    this.root = root;
    if (this.encoding === Encoding.table) this.table.position(root, TABLE);
    return this;
  }

  /** Makes an empty set of the root block. */
  create(root: number, encoding: number): this {
    this.root = root;
    this.#setWord(ENCODING, encoding);
    if (encoding === Encoding.intset) this.#setWord(PACKED, this.intset.create().ref);
    else if (encoding === Encoding.listpack) this.#setWord(PACKED, this.listpack.create());
    else this.table.create(root, TABLE);
    return this;
  }

  #word(word: number): number {
    const { root } = this;
    return this.#i32[root >>> 20]![((root & 0xfffff) << 2) + word]!;
  }

  #setWord(word: number, value: number): void {
    const { root } = this;
    this.#i32[root >>> 20]![((root & 0xfffff) << 2) + word] = value;
  }

  get encoding(): number {
    return this.#word(ENCODING);
  }

  get size(): number {
    switch (this.encoding) {
      case Encoding.intset:
        return this.openIntset().size;
      case Encoding.listpack:
        return this.openListpack().count;
      default:
        return this.table.size;
    }
  }

  /** For those who know that it is one. */
  openIntset(): Intset {
    return this.intset.at(this.#word(PACKED));
  }

  /** For those who know that it is one. */
  openListpack(): Listpack {
    return this.listpack.open(this.#word(PACKED));
  }

  // Members by name. Who knows the `hash` already hands it over: tables need it.

  has(member: Slice, hash?: number): boolean {
    switch (this.encoding) {
      case Encoding.intset:
        return this.#parse(member) && this.openIntset().has(this.#integer);
      case Encoding.listpack:
        return this.openListpack().find(member) !== 0;
      default:
        return this.table.placeOf(member, hash ?? this.table.hash(member)) !== 0;
    }
  }

  #parse(member: Slice): boolean {
    return this.#integer.parse(member.bytes, member.start, member.end);
  }

  /** False if it was a member. */
  add(member: Slice, hash?: number): boolean {
    switch (this.encoding) {
      case Encoding.intset:
        return this.#parse(member) ? this.#addInteger() : this.#addFirstText(member);
      case Encoding.listpack:
        return this.#addToListpack(member);
      default:
        return this.table.add(member, hash ?? this.table.hash(member));
    }
  }

  /** Adds what is no member. */
  addNew(member: Slice, hash?: number): void {
    if (this.encoding === Encoding.table) this.table.addNew(member, hash ?? this.table.hash(member));
    else this.add(member, hash);
  }

  #addInteger(): boolean {
    const intset = this.openIntset();
    if (!intset.add(this.#integer)) return false;
    this.#setWord(PACKED, intset.ref);
    if (intset.size > this.#mostIntegers) this.toTable();
    return true;
  }

  get #mostIntegers(): number {
    return Math.min(this.#store.policy.setMaxIntsetEntries, INTSET_MOST);
  }

  /** A member that is no number joins those of an intset. */
  #addFirstText(member: Slice): boolean {
    const { setMaxListpackEntries, setMaxListpackValue } = this.#store.policy;
    const { size } = this.openIntset();
    const longest = size === 0 ? 0 : Math.max(this.#digitsAt(0), this.#digitsAt(size - 1));
    const fits = size < setMaxListpackEntries && Math.max(member.length, longest) <= setMaxListpackValue;
    if (fits && size * (longest + 2) + member.length < MAX_BYTES) {
      this.#toListpack();
      this.listpack.append(member);
      this.#setWord(PACKED, this.listpack.ref);
      return true;
    }
    this.toTable();
    return this.#addToTable(member);
  }

  /** How many characters the number at `index` takes. */
  #digitsAt(index: number): number {
    const { number } = this.intset.read(index, this.#integer);
    return digits(Math.abs(number)) + (number < 0 ? 1 : 0);
  }

  #addToListpack(member: Slice): boolean {
    const { setMaxListpackEntries, setMaxListpackValue } = this.#store.policy;
    const listpack = this.openListpack();
    if (listpack.find(member) !== 0) return false;
    const fits = listpack.count < setMaxListpackEntries && member.length <= setMaxListpackValue;
    if (fits && listpack.size + member.length < MAX_BYTES) {
      listpack.append(member);
      this.#setWord(PACKED, listpack.ref);
      return true;
    }
    this.toTable();
    return this.#addToTable(member);
  }

  /** False if it was no member. The set may be empty then: that is the caller's business. */
  delete(member: Slice, hash?: number): boolean {
    switch (this.encoding) {
      case Encoding.intset: {
        if (!this.#parse(member) || !this.openIntset().delete(this.#integer)) return false;
        this.#setWord(PACKED, this.intset.ref);
        return true;
      }
      case Encoding.listpack: {
        const at = this.openListpack().find(member);
        if (at !== 0) this.deleteAt(at);
        return at !== 0;
      }
      default: {
        const ref = this.table.placeOf(member, hash ?? this.table.hash(member));
        if (ref !== 0) this.deleteAt(ref);
        return ref !== 0;
      }
    }
  }

  // Members by place

  /** 0 to `limit` - 1. */
  randomBelow(limit: number): number {
    return Math.floor((this.#store.random() / 0x100000000) * limit);
  }

  /** The place of any member, each with the same chance; the set is not empty. */
  randomPlace(): number {
    const { random } = this.#store;
    switch (this.encoding) {
      case Encoding.intset:
        return random() % this.openIntset().size;
      case Encoding.listpack:
        return this.openListpack().seek(random() % this.listpack.count);
      default:
        return this.table.random(random);
    }
  }

  /** Of a table: so many members, each any, by their places. */
  anyMembers(count: number): AnyElements {
    return new AnyElements(this.table, count, this.#store.random);
  }

  /** Of a table: shows the places of so many different members, fewer than there are; each may be deleted as it is shown. */
  differentMembers(count: number, visit: (place: number) => void): void {
    visitElements(this.table, differentElements(this.table, count, this.#store.random), visit);
  }

  /** Lent: valid until the set changes, or `into` is used again. */
  memberAt(place: number, into: EntryText): EntryText {
    switch (this.encoding) {
      case Encoding.intset: {
        const value = this.openIntset().read(place, this.#integer);
        return into.set(into.scratch, 0, value.write(into.scratch, 0));
      }
      case Encoding.listpack:
        return this.openListpack().text(place, into);
      default:
        return this.table.memberAt(place, into);
    }
  }

  /** Of a table: one step of SSCAN. Visits the places of a bucket and returns the next cursor, 0 at the end. */
  scan(cursor: number, visit: (place: number) => void): number {
    return this.table.scan(cursor, visit);
  }

  deleteAt(place: number): void {
    switch (this.encoding) {
      case Encoding.intset:
        this.openIntset().deleteAt(place);
        this.#setWord(PACKED, this.intset.ref);
        return;
      case Encoding.listpack:
        this.openListpack().remove(place);
        this.#setWord(PACKED, this.listpack.ref);
        return;
      default:
        this.table.remove(place);
    }
  }

  // Changing over

  /** A table, if so many members are about to be added that it will have to be one. */
  expect(members: number): void {
    const { setMaxIntsetEntries, setMaxListpackEntries } = this.#store.policy;
    const { encoding } = this;
    if (encoding === Encoding.table) return;
    if (members > (encoding === Encoding.intset ? setMaxIntsetEntries : setMaxListpackEntries)) this.toTable();
  }

  toTable(): void {
    if (this.encoding === Encoding.intset) {
      const intset = this.openIntset();
      this.#beginTable();
      const { size } = intset;
      for (let i = 0; i < size; i++) {
        const value = intset.read(i, this.#integer);
        this.#addToTable(scratch.set(scratch.scratch, 0, value.write(scratch.scratch, 0)));
      }
      intset.free();
    } else {
      const listpack = this.openListpack();
      const { ref } = listpack;
      this.#beginTable();
      for (let at = listpack.first(); at !== 0; at = listpack.open(ref).next(at))
        this.#addToTable(listpack.open(ref).text(at, scratch));
      listpack.open(ref).free();
    }
  }

  /** Takes over these bytes of an intset, in the place of the one without numbers that it is. */
  loadIntset(bytes: Uint8Array, start: number, end: number): this {
    this.openIntset().free();
    this.#setWord(PACKED, this.intset.load(bytes, start, end).ref);
    return this;
  }

  /** Takes over the bytes of the listpack at bytes[start], in the place of the empty one that it is. */
  loadListpack(bytes: Uint8Array, start: number): this {
    this.openListpack().free();
    this.#setWord(PACKED, this.listpack.load(bytes, start));
    return this;
  }

  /** Takes over a copy of the packed members of `from`, which has the same encoding, in the place of none. */
  copyPacked(from: SetValue): void {
    if (this.encoding === Encoding.intset) {
      const { bytes, start, end } = from.openIntset();
      this.loadIntset(bytes, start, end);
    } else {
      this.openListpack().free();
      this.#setWord(PACKED, from.openListpack().clone());
    }
  }

  #addToTable(member: Slice): boolean {
    return this.table.add(member, this.table.hash(member));
  }

  #beginTable(): void {
    this.#setWord(ENCODING, Encoding.table);
    this.table.create(this.root, TABLE);
  }

  /** From an intset. */
  #toListpack(): void {
    const intset = this.openIntset();
    const { listpack } = this;
    listpack.create();
    const { size } = intset;
    for (let i = 0; i < size; i++) {
      const value = intset.read(i, this.#integer);
      listpack.append(scratch.set(scratch.scratch, 0, value.write(scratch.scratch, 0)));
    }
    intset.free();
    this.#setWord(ENCODING, Encoding.listpack);
    this.#setWord(PACKED, listpack.ref);
  }
}
