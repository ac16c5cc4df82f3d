/** Walks through the members of a set that does not change meanwhile. Intsets in order, listpacks as added, tables at random. */
import { ElementWalk } from "../../memory/element-walk.ts";
import { EntryText } from "../../memory/listpack.ts";
import { Encoding, type SetValue } from "./set-value.ts";

export class SetCursor {
  /** The member that `next` came to; lent until the next step, or until the set changes. */
  readonly member = new EntryText();
  #set!: SetValue;
  /** Where it is: for `SetValue.deleteAt`, after the walk. */
  place = 0;
  /** Below 0 before the first. Then, in a table: which of the members that the walk has come to is next. */
  #at = 0;
  readonly #walk = new ElementWalk();

  /** Before the first member. */
  start(set: SetValue): this {
    this.#set = set;
    this.place = set.encoding === Encoding.intset ? -1 : 0;
    this.#at = -1;
    return this;
  }

  /** False at the end. */
  next(): boolean {
    const set = this.#set;
    switch (set.encoding) {
      case Encoding.intset:
        if (++this.place >= set.openIntset().size) return false;
        break;
      case Encoding.listpack: {
        const listpack = set.openListpack();
        this.place = this.#at < 0 ? listpack.first() : listpack.next(this.place);
        this.#at = 0;
        if (this.place === 0) return false;
        break;
      }
      default:
        if (!this.#nextInTable(set)) return false;
    }
    set.memberAt(this.place, this.member);
    return true;
  }

  /** Of the member that `next` came to. */
  get hash(): number {
    const set = this.#set;
    return set.encoding === Encoding.table ? set.table.hashOf(this.place) : set.table.hash(this.member);
  }

  #nextInTable({ table }: SetValue): boolean {
    const walk = this.#walk;
    if (this.#at < 0) {
      walk.start(table);
      this.#at = 0;
    }
    if (this.#at === walk.count) {
      if (!walk.next()) return false;
      this.#at = 0;
    }
    this.place = walk.refs[this.#at++]!;
    return true;
  }
}
