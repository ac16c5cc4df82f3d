/**
 * The members of a large sorted set: elements that stand in a table, which finds them by name, and in an index, which keeps
 * them in order. A member is named by the ref of its element.
 */
import { compareBytes, type Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { copyBlock, copyIn } from "../../memory/copy.ts";
import { ElementTable } from "../../memory/element-table.ts";
import { hashBytes } from "../../memory/hash.ts";
import { BACK, FRONT, type Order, type Place } from "../../memory/index-order.ts";
import { OrderedIndex } from "../../memory/ordered-index.ts";
import type { Store } from "../store.ts";
import { INDEX_HEADER, MEMBER, MEMBER_LENGTH, SCORE, TABLE_HEADER } from "./layout.ts";
import { keyHigh, keyLow, readScore, ScoreKey, writeScore } from "./score.ts";

export class TableMembers implements Order {
  readonly arena: Arena;
  readonly table: ElementTable;
  readonly index: OrderedIndex;
  readonly #i32: Int32Array[];
  readonly #u8: Uint8Array[];
  readonly #store: Store;
  readonly #key = new ScoreKey();
  readonly #memberPlace = new MemberPlace(this);

  constructor(store: Store) {
    this.#store = store;
    this.arena = store.arena;
    this.#i32 = store.arena.i32;
    this.#u8 = store.arena.u8;
    this.table = new ElementTable(store.arena, MEMBER);
    this.index = new OrderedIndex(store.arena, this);
  }

  open(root: number): this {
    this.table.position(root, TABLE_HEADER);
    this.index.position(root, INDEX_HEADER);
    return this;
  }

  create(root: number): this {
    this.table.create(root, TABLE_HEADER);
    this.index.position(root, INDEX_HEADER).initialize();
    return this;
  }

  // What an element says of itself

  score(ref: number): number {
    return readScore(this.#i32[ref >>> 20]!, ((ref & 0xfffff) << 2) + SCORE);
  }

  /** Sets the slice to the member's bytes. */
  member(ref: number, into: Slice): Slice {
    const at = ((ref & 0xfffff) << 2) + MEMBER;
    const length = this.#i32[ref >>> 20]![at - MEMBER + MEMBER_LENGTH]!;
    return into.set(this.#u8[ref >>> 20]!, at << 2, (at << 2) + length);
  }

  high(ref: number): number {
    const words = this.#i32[ref >>> 20]!;
    const at = ((ref & 0xfffff) << 2) + SCORE;
    return keyHigh(words[at]!, words[at + 1]!);
  }

  low(ref: number): number {
    const words = this.#i32[ref >>> 20]!;
    const at = ((ref & 0xfffff) << 2) + SCORE;
    return keyLow(words[at]!, words[at + 1]!);
  }

  compare(a: number, b: number): number {
    const other = ((b & 0xfffff) << 2) + MEMBER;
    const end = (other << 2) + this.#i32[b >>> 20]![other - MEMBER + MEMBER_LENGTH]!;
    return this.compareWith(a, this.#u8[b >>> 20]!, other << 2, end);
  }

  /** The member's order among bytes that lie anywhere. */
  compareWith(ref: number, bytes: Uint8Array, start: number, end: number): number {
    const at = ((ref & 0xfffff) << 2) + MEMBER;
    const length = this.#i32[ref >>> 20]![at - MEMBER + MEMBER_LENGTH]!;
    return compareBytes(this.#u8[ref >>> 20]!, at << 2, (at << 2) + length, bytes, start, end);
  }

  // Finding

  hash(member: Slice): number {
    return hashBytes(member.bytes, member.start, member.end, this.#store.k0, this.#store.k1);
  }

  /** The element, or 0. */
  find(member: Slice, hash: number = this.hash(member)): number {
    return this.table.find(member.bytes, member.start, member.end, hash);
  }

  /** How many have a lower score, or if `inclusive` no higher one. */
  countBelow(score: number, inclusive: boolean): number {
    const key = this.#key.of(score);
    return this.index.countBefore(key.high, key.low, inclusive ? BACK : FRONT);
  }

  /** How many come before the member, or if `inclusive` not behind it, all scores being the same. */
  countBefore(member: Slice, inclusive: boolean): number {
    return this.index.countBeforePlace(this.#memberPlace.set(member, inclusive));
  }

  // Changing

  /** Adds a member that is not there to the table, and not to the index yet; returns its element. */
  addUnordered(member: Slice, score: number, hash: number): number {
    const { bytes, start, end } = member;
    const ref = this.arena.alloc(MEMBER * 4 + end - start);
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at + MEMBER_LENGTH] = end - start;
    writeScore(score, words, at + SCORE);
    copyIn(bytes, start, end, this.#u8[ref >>> 20]!, words, (at + MEMBER) << 2);
    this.table.link(ref, hash);
    return ref;
  }

  /** Adds a member that is not there. */
  add(member: Slice, score: number, hash: number = this.hash(member)): void {
    this.index.insert(this.addUnordered(member, score, hash));
  }

  /** Writes the score of an element that is not in the index. */
  setUnordered(ref: number, score: number): void {
    this.table.beforeChange(ref);
    writeScore(score, this.#i32[ref >>> 20]!, ((ref & 0xfffff) << 2) + SCORE);
  }

  setScore(ref: number, score: number): void {
    const key = this.#key.of(score);
    const isMoved = this.index.moveOrRemove(ref, key.high, key.low);
    this.setUnordered(ref, score);
    if (!isMoved) this.index.insert(ref);
  }

  remove(ref: number): void {
    this.index.remove(ref);
    this.#drop(ref);
  }

  /** Removes so many members from a rank on. */
  removeRange(rank: number, count: number): void {
    this.index.removeRange(rank, count, this.#dropAll, this.#fetch);
  }

  readonly #fetch = (refs: Int32Array, at: number, count: number): void => this.table.touchAll(refs, at, count);

  /** Of members that are not in the index any more. */
  readonly #dropAll = (refs: Int32Array, at: number, count: number): void => {
    if (count > 1) this.table.touchAll(refs, at, count);
    for (let i = at; i < at + count; i++) this.#drop(refs[i]!);
  };

  #drop(ref: number): void {
    this.table.unlink(ref);
    this.arena.free(ref);
  }

  /** Takes on copies of all members of another one, having none. */
  copy(from: TableMembers): void {
    this.table.reserve(from.table.buckets);
    this.index.copy(from.index, (ref) => {
      const copy = copyBlock(this.arena, ref);
      this.table.link(copy, this.table.hashOf(copy));
      return copy;
    });
  }
}

/** The place before, or behind, a member. */
class MemberPlace implements Place {
  readonly #members: TableMembers;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #inclusive = false;

  constructor(members: TableMembers) {
    this.#members = members;
  }

  set(member: Slice, inclusive: boolean): this {
    this.#bytes = member.bytes;
    this.#start = member.start;
    this.#end = member.end;
    this.#inclusive = inclusive;
    return this;
  }

  isBefore(ref: number): boolean {
    const order = this.#members.compareWith(ref, this.#bytes, this.#start, this.#end);
    return this.#inclusive ? order <= 0 : order < 0;
  }
}
