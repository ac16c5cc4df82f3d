/**
 * The members of a large set: blocks in a hash table (memory/element-table.ts), named by their refs.
 *
 *   word 0  1   next of its chain, hash
 *        2      length of the member
 *   then        the member
 */
import type { Slice } from "../../base/bytes.ts";
import { copyBlock, copyIn } from "../../memory/copy.ts";
import { ElementTable } from "../../memory/element-table.ts";
import { ElementWalk } from "../../memory/element-walk.ts";
import { hashBytes } from "../../memory/hash.ts";
import type { Store } from "../store.ts";

const MEMBER_WORD = 3;
const HEADER = MEMBER_WORD * 4;

export class MemberTable extends ElementTable {
  readonly #k0: number;
  readonly #k1: number;

  constructor(store: Store) {
    super(store.arena, MEMBER_WORD);
    this.#k0 = store.k0;
    this.#k1 = store.k1;
  }

  /** The same in all tables of a store. */
  hash(member: Slice): number {
    return hashBytes(member.bytes, member.start, member.end, this.#k0, this.#k1);
  }

  /** The place of a member, or 0. */
  placeOf(member: Slice, hash: number): number {
    return this.find(member.bytes, member.start, member.end, hash);
  }

  /** False if it was there. */
  add(member: Slice, hash: number): boolean {
    if (this.placeOf(member, hash) !== 0) return false;
    this.addNew(member, hash);
    return true;
  }

  /** For those who know that it is not there. */
  addNew(member: Slice, hash: number): void {
    const { bytes, start, end } = member;
    const { arena } = this;
    const ref = arena.alloc(HEADER + end - start);
    const words = arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at + 2] = end - start;
    copyIn(bytes, start, end, arena.u8[ref >>> 20]!, words, (at << 2) + HEADER);
    this.link(ref, hash);
  }

  /** Takes on copies of all members of another table, having none. */
  copy(from: MemberTable): void {
    this.reserve(from.buckets);
    const walk = new ElementWalk().start(from);
    while (walk.next()) {
      for (let i = 0; i < walk.count; i++) {
        const ref = copyBlock(this.arena, walk.refs[i]!);
        this.link(ref, this.hashOf(ref));
      }
    }
  }

  remove(ref: number): void {
    this.unlink(ref);
    this.arena.free(ref);
  }

  memberAt<Into extends Slice>(ref: number, into: Into): Into {
    const start = this.nameAt(ref);
    return into.set(this.arena.u8[ref >>> 20]!, start, start + this.nameLength(ref));
  }
}
