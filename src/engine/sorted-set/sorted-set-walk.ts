/**
 * Through a large sorted set in order, from the last member to the first, as Redis writes them: whoever reads that adds each
 * where the others end. An element may be given a score that puts it back ahead of the walk, so every change marks it.
 */
import { Slice } from "../../base/bytes.ts";
import type { Place } from "../../memory/index-order.ts";
import type { Marks } from "../../memory/marks.ts";
import { NOBODY, type PartVisitor, type ValueWalk } from "../value-walk.ts";
import type { TableMembers } from "./table-members.ts";

export class SortedSetWalk implements ValueWalk, Place {
  readonly parts: number;
  readonly table: number;
  visitor: PartVisitor = NOBODY;
  readonly #members: TableMembers;
  readonly #marks: Marks;
  /** Where it is: the key and a copy of the member that it came to last. Everything before that is ahead. */
  #high = 0;
  #low = 0;
  #member: Uint8Array = new Uint8Array(0);
  #place: "before" | "within" | "done" = "before";
  readonly #slice = new Slice();

  /** @param members  positioned, and this walk's own */
  constructor(members: TableMembers, marks: Marks) {
    this.#members = members;
    this.#marks = marks;
    this.parts = members.table.size;
    this.table = members.table.address;
  }

  step(budget: number): boolean {
    if (this.#place === "done") return false;
    const { index } = this.#members;
    let ref = this.#place === "before" ? index.last() : index.seekLastBefore(this.#high, this.#low, this);
    let last = 0;
    for (; ref !== 0 && budget > 0; budget--) {
      if (!this.#marks.has(ref)) this.visitor.element(ref);
      last = ref;
      ref = index.previous();
    }
    if (ref === 0) this.#place = "done";
    else if (last !== 0) this.#stopAt(last);
    return ref !== 0;
  }

  #stopAt(ref: number): void {
    this.#place = "within";
    this.#high = this.#members.high(ref);
    this.#low = this.#members.low(ref);
    this.#member = this.#members.member(ref, this.#slice).copy();
  }

  /** Among those of the same key: whether it is still ahead. */
  isBefore(ref: number): boolean {
    return this.#members.compareWith(ref, this.#member, 0, this.#member.length) < 0;
  }

  beforeChange(ref: number): void {
    if (this.#marks.has(ref)) return;
    if (this.#isAhead(ref)) this.visitor.element(ref);
    this.#marks.add(ref);
  }

  #isAhead(ref: number): boolean {
    if (this.#place !== "within") return this.#place === "before";
    const high = this.#members.high(ref);
    if (high !== this.#high) return high < this.#high;
    const low = this.#members.low(ref);
    return low === this.#low ? this.isBefore(ref) : low >>> 0 < this.#low >>> 0;
  }
}
