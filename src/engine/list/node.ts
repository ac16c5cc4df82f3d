/**
 * A node of a list: the entries of a listpack somewhere in a block, with room before and behind them, so that both ends grow
 * and shrink without moving the others.
 *
 *   word 0 where the entries begin   1 where they end (bytes from the block's first)   room   entries   room
 *
 * One object, positioned anew on each node. Places are indexes of `bytes`: they hold until the node changes.
 */
import type { Arena } from "../../memory/arena.ts";
import { EMPTY_BYTES } from "../../memory/listpack.ts";
import { type Element, entryBefore, entryLength } from "../../memory/listpack-entry.ts";

const HEADER = 8;
/** Blocks up to this size are made to measure. */
const SNUG = 128;

export class ListNode {
  /** May be another after every change: whoever owns the node stores it again. */
  ref = 0;
  bytes: Uint8Array = new Uint8Array(0);
  /** Where its first entry is. */
  begin = 0;
  /** Where its last entry ends. */
  end = 0;
  /** A block that must grow is made up to this large ahead of need; 0 for a little room only. */
  roomBytes = 0;
  /** The root of its list, by which those are told who read the list in slices. */
  list = 0;
  readonly #arena: Arena;
  #base = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** A node without entries, for about `bytes` of them. */
  create(bytes: number, atFront: boolean): number {
    this.ref = this.#arena.alloc(HEADER + bytes);
    this.#locate();
    const place = atFront ? this.#base + this.#arena.sizeOf(this.ref) : this.#base + HEADER;
    this.#setBounds(place, place);
    return this.ref;
  }

  /** A node of the entries in bytes[start, end), in a block to measure. */
  createFrom(bytes: Uint8Array, start: number, end: number): number {
    this.create(Math.max(1, end - start), false);
    copyAcross(bytes, start, end, this.bytes, this.begin);
    this.#setBounds(this.begin, this.begin + end - start);
    return this.ref;
  }

  open(ref: number): this {
    this.ref = ref;
    this.#locate();
    const words = this.#arena.i32[ref >>> 20]!;
    const word = (ref & 0xfffff) << 2;
    this.begin = this.#base + words[word]!;
    this.end = this.#base + words[word + 1]!;
    return this;
  }

  /** Bytes of its entries. */
  get size(): number {
    return this.end - this.begin;
  }

  /** Bytes it would be as a listpack. */
  get listpackBytes(): number {
    return this.end - this.begin + EMPTY_BYTES;
  }

  get blockBytes(): number {
    return this.#arena.sizeOf(this.ref);
  }

  /** Where the entry at `index` is, which must be there; `count` is how many there are. */
  seek(index: number, count: number): number {
    const { bytes } = this;
    if (index <= count >>> 1) {
      let at = this.begin;
      for (; index > 0; index--) at += entryLength(bytes, at);
      return at;
    }
    let at = this.end;
    for (; index < count; index++) at = entryBefore(bytes, at);
    return at;
  }

  /** Where the first entry from `at` on is that says what `element` does; the end if none is. */
  find(element: Element, at: number): number {
    const { bytes, end } = this;
    while (at < end && !element.equals(bytes, at)) at += entryLength(bytes, at);
    return at;
  }

  /** Called before its entries change, or the node goes. */
  beforeChange(): void {
    const { watch } = this.#arena;
    if (watch.open) watch.beforeNode(this.list, this.ref);
  }

  pushFront(element: Element): void {
    this.beforeChange();
    const at = this.begin - element.length;
    if (at < this.#base + HEADER) {
      this.splice(this.begin, 0, element);
      return;
    }
    element.write(this.bytes, at);
    this.#setBounds(at, this.end);
  }

  pushBack(element: Element): void {
    this.beforeChange();
    const at = this.end;
    if (at + element.length > this.#base + this.blockBytes) {
      this.splice(at, 0, element);
      return;
    }
    element.write(this.bytes, at);
    this.#setBounds(this.begin, at + element.length);
  }

  dropFront(): void {
    this.beforeChange();
    this.#setBounds(this.begin + entryLength(this.bytes, this.begin), this.end);
  }

  dropBack(): void {
    this.beforeChange();
    this.#setBounds(this.begin, entryBefore(this.bytes, this.end));
  }

  /** Puts `element` where the `removed` bytes at `at` are (0 to insert); returns where it is. */
  splice(at: number, removed: number, element: Element): number {
    this.beforeChange();
    const place = this.#makeGap(at, removed, element.length);
    element.write(this.bytes, place);
    return place;
  }

  /** Takes out the bytes [at, end); returns where what came behind them is. */
  remove(at: number, end: number): number {
    this.beforeChange();
    return this.#makeGap(at, end - at, 0);
  }

  /**
   * Takes out up to `most` entries that say `element`, the last ones if `fromEnd`.
   * @returns  how many
   */
  removeEqual(element: Element, most: number, fromEnd: boolean): number {
    return fromEnd ? this.#removeLast(element, most) : this.#removeFirst(element, most);
  }

  /** What stays moves down in runs, each once. */
  #removeFirst(element: Element, most: number): number {
    const { bytes, begin, end } = this;
    let removed = 0;
    let to = begin;
    let run = begin;
    for (let at = begin; at < end && removed < most; ) {
      const next = at + entryLength(bytes, at);
      if (element.equals(bytes, at)) {
        if (removed++ > 0) bytes.copyWithin(to, run, at);
        else this.beforeChange();
        to += at - run;
        run = next;
      }
      at = next;
    }
    if (removed === 0) return 0;
    bytes.copyWithin(to, run, end);
    this.#setBounds(begin, to + end - run);
    return removed;
  }

  #removeLast(element: Element, most: number): number {
    const { bytes, begin, end } = this;
    let removed = 0;
    let to = end;
    let run = end;
    for (let after = end; after > begin && removed < most; ) {
      const at = entryBefore(bytes, after);
      if (element.equals(bytes, at)) {
        to -= run - after;
        if (removed++ > 0) bytes.copyWithin(to, after, run);
        else this.beforeChange();
        run = at;
      }
      after = at;
    }
    if (removed === 0) return 0;
    to -= run - begin;
    bytes.copyWithin(to, begin, run);
    this.#setBounds(to, end);
    return removed;
  }

  /** Adds the entries in bytes[start, end), which must not be of this node. */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.beforeChange();
    const place = this.#makeGap(this.end, 0, end - start);
    copyAcross(bytes, start, end, this.bytes, place);
  }

  /** Moves to a block to measure, if its own is larger. */
  fit(): void {
    if (this.#arena.blockSize(HEADER + this.size) < this.blockBytes) {
      this.beforeChange();
      this.#move(HEADER + this.size, this.begin, this.begin, this.begin, 0, false);
    }
  }

  /** Takes out all entries but those in [begin, end). */
  keep(begin: number, end: number): void {
    this.beforeChange();
    this.#setBounds(begin, end);
  }

  /** Makes `added` bytes of place for `removed` ones; returns where, and has bounds that count them. */
  #makeGap(at: number, removed: number, added: number): number {
    const more = added - removed;
    const { bytes, begin, end } = this;
    const before = at - begin;
    const behind = end - at - removed;
    // The shorter side moves, where it has the room.
    if (before <= behind && more <= begin - this.#base - HEADER) {
      if (before > 0 && more !== 0) bytes.copyWithin(begin - more, begin, at);
      this.#setBounds(begin - more, end);
      return at - more;
    }
    if (more <= this.#base + this.blockBytes - end) {
      if (behind > 0 && more !== 0) bytes.copyWithin(at + added, at + removed, end);
      this.#setBounds(begin, end + more);
      return at;
    }
    const needed = HEADER + this.size + more;
    return this.#move(needed, begin, at, at + removed, added, before < behind);
  }

  /**
   * Arranges the entries anew, in a block that holds `needed` bytes: this one if it does and is not asked to be smaller. Most of
   * the room goes to the end where entries are being added.
   */
  #move(needed: number, begin: number, at: number, from: number, added: number, roomInFront: boolean): number {
    const old = this.ref;
    const { end } = this;
    const stays = added > 0 && needed <= this.blockBytes;
    if (!stays) this.ref = this.#arena.alloc(added === 0 ? needed : this.#roomFor(needed));
    const source = this.#arena.u8[old >>> 20]!;
    this.#locate();
    const room = this.blockBytes - needed;
    const front = room === 0 || added === 0 ? 0 : roomInFront ? room - (room >>> 3) : room >>> 3;
    const newBegin = this.#base + HEADER + front;
    const place = newBegin + at - begin;
    const to = this.bytes;
    if (stays && newBegin > begin) {
      to.copyWithin(place + added, from, end);
      to.copyWithin(newBegin, begin, at);
    } else if (stays) {
      to.copyWithin(newBegin, begin, at);
      to.copyWithin(place + added, from, end);
    } else {
      copyAcross(source, begin, at, to, newBegin);
      copyAcross(source, from, end, to, place + added);
      this.#arena.free(old);
    }
    this.#setBounds(newBegin, place + added + end - from);
    return place;
  }

  #roomFor(needed: number): number {
    const limit = this.roomBytes;
    if (needed < limit) return Math.min(limit, Math.max(needed * 2, limit >>> 2));
    return needed <= SNUG ? needed : needed + (needed >>> 3);
  }

  #locate(): void {
    this.bytes = this.#arena.u8[this.ref >>> 20]!;
    this.#base = (this.ref & 0xfffff) << 4;
  }

  #setBounds(begin: number, end: number): void {
    const words = this.#arena.i32[this.ref >>> 20]!;
    const word = (this.ref & 0xfffff) << 2;
    this.begin = begin;
    this.end = end;
    words[word] = begin - this.#base;
    words[word + 1] = end - this.#base;
  }
}

function copyAcross(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start < 48) while (start < end) to[at++] = from[start++]!;
  else to.set(new Uint8Array(from.buffer, from.byteOffset + start, end - start), at);
}
