/** The members of a small sorted set: a listpack of pairs, member and score, in order. A member is named by its offset. */
import { compareBytes, type Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { EntryText, Listpack } from "../../memory/listpack.ts";
import { packedScore, unpackScore } from "./score.ts";

export class PackedMembers {
  readonly list: Listpack;
  readonly #member = new EntryText();
  readonly #score = new EntryText();

  constructor(arena: Arena) {
    this.list = new Listpack(arena);
  }

  open(ref: number): this {
    this.list.open(ref);
    return this;
  }

  get size(): number {
    return this.list.count >>> 1;
  }

  /** The member, or 0. */
  find(member: Slice): number {
    return this.list.find(member, this.list.first(), 1);
  }

  /** The member of this rank, or 0. */
  at(rank: number): number {
    return this.list.seek(rank * 2);
  }

  next(at: number): number {
    const { list } = this;
    return list.next(list.next(at));
  }

  previous(at: number): number {
    const { list } = this;
    const score = list.previous(at);
    return score === 0 ? 0 : list.previous(score);
  }

  /** Valid until the next call. */
  member(at: number): EntryText {
    return this.list.text(at, this.#member);
  }

  score(at: number): number {
    return unpackScore(this.list, this.list.next(at), this.#score);
  }

  rank(at: number): number {
    let rank = 0;
    for (let place = this.list.first(); place !== at; place = this.next(place)) rank++;
    return rank;
  }

  /** How many have a lower score, or if `inclusive` no higher one. */
  countBelow(score: number, inclusive: boolean): number {
    let count = 0;
    for (let at = this.list.first(); at !== 0; at = this.next(at), count++) {
      const other = this.score(at);
      if (inclusive ? other > score : other >= score) break;
    }
    return count;
  }

  /** How many come before the member, or if `inclusive` not behind it, all scores being the same. */
  countBefore(member: Slice, inclusive: boolean): number {
    let count = 0;
    for (let at = this.list.first(); at !== 0; at = this.next(at), count++) {
      const order = this.#compare(at, member);
      if (inclusive ? order > 0 : order >= 0) break;
    }
    return count;
  }

  #compare(at: number, member: Slice): number {
    const other = this.member(at);
    return compareBytes(other.bytes, other.start, other.end, member.bytes, member.start, member.end);
  }

  /** Adds a member that is not there, in its place. */
  add(member: Slice, score: number): void {
    const { list } = this;
    let at = list.first();
    for (; at !== 0; at = this.next(at)) {
      const other = this.score(at);
      if (other > score || (other === score && this.#compare(at, member) > 0)) break;
    }
    if (at === 0) {
      list.append(member);
      list.append(packedScore(score));
    } else {
      list.insertBefore(at, member);
      list.insertAfter(at, packedScore(score));
    }
  }

  /** Gives a member another score; if it keeps its place among the others, only that is written. */
  setScore(at: number, member: Slice, score: number): void {
    const before = this.previous(at);
    const after = this.next(at);
    const stays = (before === 0 || this.score(before) < score) && (after === 0 || this.score(after) > score);
    if (stays) this.list.replace(this.list.next(at), packedScore(score));
    else {
      this.remove(at, 1);
      this.add(member, score);
    }
  }

  /** Adds a member that comes behind all that are there. */
  append(member: Slice, score: number): void {
    this.list.append(member);
    this.list.append(packedScore(score));
  }

  remove(at: number, count: number): void {
    this.list.removeRange(at, count * 2);
  }
}
