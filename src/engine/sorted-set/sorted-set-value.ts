/**
 * A sorted set in the store, read and changed where it lies. It is a flyweight, positioned on the root of a value, and has one
 * cursor: `at`, `find`, `next` and `previous` set it on a member, which `member` and `score` then tell. The cursor and the slices
 * are valid until the next change; everything but the cursor stays so while other values change.
 */
import { Slice } from "../../base/bytes.ts";
import { MAX_BYTES } from "../../memory/listpack.ts";
import type { Policy } from "../policy.ts";
import type { Store } from "../store.ts";
import { ENCODING_NAMES, Encoding, LISTPACK } from "./layout.ts";
import { PackedMembers } from "./packed-members.ts";
import { TableMembers } from "./table-members.ts";

/** When a score is written: bits. */
export const Condition = {
  none: 0,
  /** Only new members. */
  nx: 1,
  /** Only members that are there. */
  xx: 2,
  /** Members that are there only get a higher score, or a lower one. */
  gt: 4,
  lt: 8,
  /** The score is added to the one that is there. */
  incr: 16,
} as const;

/** What became of it. */
export const Added = { added: 0, updated: 1, same: 2, skipped: 3, notANumber: 4 } as const;

export type AddedResult = (typeof Added)[keyof typeof Added];

export class SortedSetValue {
  root = 0;
  /** The score of the member last added to, as it is now. */
  newScore = 0;
  readonly #arenaWords: Int32Array[];
  readonly #policy: Policy;
  readonly #packed: PackedMembers;
  readonly #table: TableMembers;
  #isPacked = true;
  /** The cursor: an offset in the listpack, or an element. */
  #at = 0;
  readonly #member = new Slice();

  constructor(store: Store) {
    this.#arenaWords = store.arena.i32;
    this.#policy = store.policy;
    this.#packed = new PackedMembers(store.arena);
    this.#table = new TableMembers(store);
  }

  position(root: number): this {
    this.root = root;
    this.#isPacked = this.#word(0) === Encoding.packed;
    if (this.#isPacked) this.#packed.open(this.#word(LISTPACK));
    else this.#table.open(root);
    return this;
  }

  #word(word: number): number {
    return this.#arenaWords[this.root >>> 20]![((this.root & 0xfffff) << 2) + word]!;
  }

  #setWord(word: number, value: number): void {
    this.#arenaWords[this.root >>> 20]![((this.root & 0xfffff) << 2) + word] = value;
  }

  /** The listpack, looked up again: whatever was allocated since may have moved its page. */
  get #list(): PackedMembers {
    return this.#packed.open(this.#packed.list.ref);
  }

  /** The listpack's bytes, if that is what it is. */
  get listpack(): PackedMembers["list"] | null {
    return this.#isPacked ? this.#list.list : null;
  }

  get size(): number {
    return this.#isPacked ? this.#list.size : this.#table.table.size;
  }

  /** The table that finds members, of one that is not packed. */
  get table(): TableMembers["table"] {
    return this.#table.table;
  }

  get encoding(): string {
    return ENCODING_NAMES[this.#isPacked ? Encoding.packed : Encoding.table]!;
  }

  // Finding

  /** The member's score; NaN if it is not there. Who knows its hash in tables hands it over. */
  scoreOf(member: Slice, hash?: number): number {
    if (this.#isPacked) {
      const at = this.#list.find(member);
      return at === 0 ? Number.NaN : this.#packed.score(at);
    }
    const ref = this.#table.find(member, hash);
    return ref === 0 ? Number.NaN : this.#table.score(ref);
  }

  has(member: Slice): boolean {
    return (this.#isPacked ? this.#list.find(member) : this.#table.find(member)) !== 0;
  }

  /** How many come before the member, and the cursor on it; -1 if it is not there. */
  rank(member: Slice): number {
    this.#at = this.#isPacked ? this.#list.find(member) : this.#table.find(member);
    if (this.#at === 0) return -1;
    return this.#isPacked ? this.#packed.rank(this.#at) : this.#table.index.rank(this.#at);
  }

  /** How many members have a lower score, or if `inclusive` no higher one. */
  countBelow(score: number, inclusive: boolean): number {
    return this.#isPacked ? this.#list.countBelow(score, inclusive) : this.#table.countBelow(score, inclusive);
  }

  /** How many come before the member in the order of bytes, or if `inclusive` not behind it. For members of one score. */
  countBefore(member: Slice, inclusive: boolean): number {
    return this.#isPacked ? this.#list.countBefore(member, inclusive) : this.#table.countBefore(member, inclusive);
  }

  // The cursor

  /** Sets the cursor on the member of a rank; false if there is none. */
  at(rank: number): boolean {
    if (this.#isPacked) this.#at = rank < 0 ? 0 : this.#list.at(rank);
    else this.#at = rank < 0 || rank >= this.#table.index.size ? 0 : this.#table.index.at(rank);
    return this.#at !== 0;
  }

  next(): boolean {
    this.#at = this.#isPacked ? this.#list.next(this.#at) : this.#table.index.next();
    return this.#at !== 0;
  }

  previous(): boolean {
    this.#at = this.#isPacked ? this.#list.previous(this.#at) : this.#table.index.previous();
    return this.#at !== 0;
  }

  get member(): Slice {
    return this.#isPacked ? this.#list.member(this.#at) : this.#table.member(this.#at, this.#member);
  }

  /** The member's hash in any table of the store. */
  get hash(): number {
    return this.#isPacked ? this.#table.hash(this.member) : this.#table.table.hashOf(this.#at);
  }

  get score(): number {
    return this.#isPacked ? this.#list.score(this.#at) : this.#table.score(this.#at);
  }

  /** One step of ZSCAN: a packed set is visited as a whole. Returns the next cursor, 0 at the end. */
  scan(cursor: number, visit: (member: Slice, score: number) => void): number {
    if (!this.#isPacked)
      return this.#table.table.scan(cursor, (ref) =>
        visit(this.#table.member(ref, this.#member), this.#table.score(ref)),
      );
    for (let there = this.at(0); there; there = this.next()) visit(this.member, this.score);
    return 0;
  }

  // Changing

  /**
   * Adds a member, or gives it another score.
   * @param conditions  bits of `Condition`
   */
  add(member: Slice, score: number, conditions = 0): AddedResult {
    if (!this.#isPacked) return this.#addToTable(member, score, conditions);
    const at = this.#list.find(member);
    if (at === 0) return this.#addToPacked(member, score, conditions);
    const result = this.#decide(this.#packed.score(at), score, conditions);
    if (result !== Added.updated) return result;
    this.#packed.setScore(at, member, this.newScore);
    this.#setWord(LISTPACK, this.#packed.list.ref);
    return Added.updated;
  }

  #addToPacked(member: Slice, score: number, conditions: number): AddedResult {
    if ((conditions & Condition.xx) !== 0) return Added.skipped;
    this.newScore = score;
    if (!this.#fits(member)) {
      this.toTable();
      this.#table.add(member, score);
      return Added.added;
    }
    this.#packed.add(member, score);
    this.#setWord(LISTPACK, this.#packed.list.ref);
    return Added.added;
  }

  #fits(member: Slice): boolean {
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = this.#policy;
    if (this.#packed.size >= zsetMaxListpackEntries || member.length > zsetMaxListpackValue) return false;
    return this.#packed.list.size + member.length < MAX_BYTES;
  }

  #addToTable(member: Slice, score: number, conditions: number): AddedResult {
    const table = this.#table;
    const hash = table.hash(member);
    const ref = table.find(member, hash);
    if (ref === 0) {
      if ((conditions & Condition.xx) !== 0) return Added.skipped;
      this.newScore = score;
      table.add(member, score, hash);
      return Added.added;
    }
    const result = this.#decide(table.score(ref), score, conditions);
    if (result === Added.updated) table.setScore(ref, this.newScore);
    return result;
  }

  /** What is to become of a member that is there: sets `newScore`. */
  #decide(old: number, given: number, conditions: number): AddedResult {
    if ((conditions & Condition.nx) !== 0) return Added.skipped;
    const score = (conditions & Condition.incr) === 0 ? given : old + given;
    if (Number.isNaN(score)) return Added.notANumber;
    if ((conditions & Condition.gt) !== 0 && score <= old) return Added.skipped;
    if ((conditions & Condition.lt) !== 0 && score >= old) return Added.skipped;
    this.newScore = score;
    return score === old ? Added.same : Added.updated;
  }

  /** Takes on the encoding for many members if so many are about to be added, as Redis does whatever they are. */
  expect(members: number): void {
    if (this.#isPacked && members > this.#policy.zsetMaxListpackEntries) this.toTable();
  }

  /** False if it was not there. */
  remove(member: Slice): boolean {
    if (this.#isPacked) {
      const at = this.#list.find(member);
      if (at === 0) return false;
      this.#removePacked(at, 1);
      return true;
    }
    const ref = this.#table.find(member);
    if (ref === 0) return false;
    this.#table.remove(ref);
    return true;
  }

  /** Removes so many members, which must be there, from a rank on. */
  removeRange(rank: number, count: number): void {
    if (count === 0) return;
    if (this.#isPacked) this.#removePacked(this.#list.at(rank), count);
    else this.#table.removeRange(rank, count);
  }

  #removePacked(at: number, count: number): void {
    this.#packed.remove(at, count);
    this.#setWord(LISTPACK, this.#packed.list.ref);
  }

  /** Takes on the encoding for many members, or long ones; there is no way back. The root stays where it is. */
  toTable(): void {
    const packed = this.#list;
    this.#setWord(0, Encoding.table);
    this.#isPacked = false;
    this.#table.create(this.root);
    // Each addition may move the page on which the listpack lies, and with it the listpack's bytes.
    for (let at = packed.list.first(); at !== 0; at = this.#list.next(at)) {
      const member = packed.member(at);
      const hash = this.#table.hash(member);
      // A payload that nobody looked through may have a member twice.
      if (this.#table.find(member, hash) === 0) this.#table.add(member, packed.score(at), hash);
    }
    this.#list.list.free();
  }
}
