/**
 * A list as far as it is read: list-value.ts changes it. While small it is one node ("listpack"), else nodes in a directory
 * ("quicklist").
 *
 *   root: word 0 encoding   1 the node, or the first chunk   2 elements   3 the last chunk
 *
 * One object, positioned anew on each list, with one place in it: `seek`, `forward` and `back` move it, changes lose it.
 */
import type { Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { Element, EntryText, entryBefore, entryLength, readText } from "../../memory/listpack-entry.ts";
import { Directory } from "./directory.ts";
import { ListNode } from "./node.ts";

export const ROOT_BYTES = 16;
/** What word 0 of a root says. */
export const PACKED = 1;
export const QUICK = 2;
/** Words of a root. */
export const NODE = 1;
export const ELEMENTS = 2;

/** Takes elements as they are shown: bytes[start, end), lent. */
export interface ElementSink {
  bulkBytes(bytes: Uint8Array, start: number, end: number): void;
}

export abstract class ListReading {
  root = 0;
  protected readonly arena: Arena;
  protected readonly directory: Directory;
  /** The node of the place. */
  protected readonly node: ListNode;
  /** Where in the node the place is, and the how manieth entry that is. */
  protected place = 0;
  protected within = 0;
  /** The element that was read last. */
  protected readonly lent = new EntryText();
  readonly #sought = new Element();

  constructor(arena: Arena) {
    this.arena = arena;
    this.directory = new Directory(arena);
    this.node = new ListNode(arena);
  }

  position(root: number): this {
    this.root = root;
    this.directory.at(root);
    this.node.list = root;
    return this;
  }

  get length(): number {
    return this.word(ELEMENTS);
  }

  get isPacked(): boolean {
    return this.word(0) === PACKED;
  }

  /** Goes to the element of this index, counted from the end if negative; false if there is none. */
  seek(index: number): boolean {
    const { length } = this;
    if (index < 0) index += length;
    if (!(index >= 0 && index < length)) return false;
    let count = length;
    if (this.isPacked) this.node.open(this.word(NODE));
    else {
      index = this.directory.seek(index);
      this.node.open(this.directory.node);
      count = this.directory.count;
    }
    this.within = index;
    this.place = this.node.seek(index, count);
    return true;
  }

  /** Goes on to the next element; false if there is none. */
  forward(): boolean {
    const node = this.node;
    this.place += entryLength(node.bytes, this.place);
    this.within++;
    if (this.place < node.end) return true;
    if (this.isPacked || !this.directory.next()) return false;
    this.place = node.open(this.directory.node).begin;
    this.within = 0;
    return true;
  }

  /** Goes back to the element before; false if there is none. */
  back(): boolean {
    const node = this.node;
    if (this.place === node.begin) {
      if (this.isPacked || !this.directory.previous()) return false;
      this.place = node.open(this.directory.node).end;
      this.within = this.directory.count;
    }
    this.place = entryBefore(node.bytes, this.place);
    this.within--;
    return true;
  }

  /** The element here, as text; valid until the list changes or another is read. */
  text(): Slice {
    return readText(this.node.bytes, this.place, this.lent);
  }

  /** Shows `count` elements from the one of index `start` on, which are all there. */
  show(start: number, count: number, sink: ElementSink): void {
    if (count === 0) return;
    this.seek(start);
    const node = this.node;
    let at = this.place;
    for (let left = count; ; left--) {
      // Strings of up to 63 bytes are shown without a detour: they are what most lists are made of.
      const { bytes } = node;
      const first = bytes[at]!;
      if (first >= 0x80 && first < 0xc0) {
        const end = at + 1 + (first & 0x3f);
        sink.bulkBytes(bytes, at + 1, end);
        at = end + 1;
      } else {
        const text = readText(bytes, at, this.lent);
        sink.bulkBytes(text.bytes, text.start, text.end);
        at += entryLength(bytes, at);
      }
      if (left === 1) return;
      if (at === node.end) {
        this.directory.next();
        at = node.open(this.directory.node).begin;
      }
    }
  }

  /** What `matches` compares with; borrowed. */
  lookFor(value: Slice): void {
    this.#sought.set(value);
  }

  /** Whether the element here says what is looked for. */
  matches(): boolean {
    return this.#sought.equals(this.node.bytes, this.place);
  }

  /** Goes on from here to the next element that says what is looked for, if it is not here; false if there is none. */
  findForward(): boolean {
    const { node } = this;
    for (;;) {
      const found = node.find(this.#sought, this.place);
      if (found < node.end) {
        for (; this.place < found; this.within++) this.place += entryLength(node.bytes, this.place);
        return true;
      }
      if (this.isPacked || !this.directory.next()) return false;
      this.place = node.open(this.directory.node).begin;
      this.within = 0;
    }
  }

  get nodeCount(): number {
    return this.isPacked ? 1 : this.directory.nodes();
  }

  /** Visits the nodes in order: the entries in bytes[begin, end), `count` of them. */
  nodes(visit: (bytes: Uint8Array, begin: number, end: number, count: number) => void): void {
    const { node, directory } = this;
    if (this.isPacked) {
      if (this.length === 0) return;
      node.open(this.word(NODE));
      visit(node.bytes, node.begin, node.end, this.length);
      return;
    }
    for (let more = directory.first(); more; more = directory.next()) {
      node.open(directory.node);
      visit(node.bytes, node.begin, node.end, directory.count);
    }
  }

  /** Bytes of all its blocks; of that many nodes, and the others guessed from them, if `samples` is not 0. */
  blockBytes(samples: number): number {
    const arena = this.arena;
    const root = arena.sizeOf(this.root);
    if (this.isPacked) return root + arena.sizeOf(this.word(NODE));
    const directory = this.directory;
    const nodes = directory.nodes();
    let looked = 0;
    let bytes = 0;
    for (let more = directory.first(); more && (samples === 0 || looked < samples); more = directory.next()) {
      bytes += arena.sizeOf(directory.node);
      looked++;
    }
    return root + directory.bytes() + Math.round((bytes / Math.max(1, looked)) * nodes);
  }

  protected word(word: number): number {
    return this.arena.i32[this.root >>> 20]![((this.root & 0xfffff) << 2) + word]!;
  }

  protected setWord(word: number, value: number): void {
    this.arena.i32[this.root >>> 20]![((this.root & 0xfffff) << 2) + word] = value;
  }
}
