/**
 * A list, changed where it lies, with Redis' thresholds for its form; list-reading.ts has what is only looked at.
 */
import type { Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { EMPTY_BYTES } from "../../memory/listpack.ts";
import { Element, entryBefore, entryLength, readText } from "../../memory/listpack-entry.ts";
import { Directory } from "./directory.ts";
import { ENTRY_OVERHEAD, type NodeLimits } from "./limits.ts";
import { ELEMENTS, ListReading, NODE, PACKED, QUICK } from "./list-reading.ts";
import { ListNode } from "./node.ts";

/** A node below this, after elements were taken out of it, is joined with its neighbour. */
const SMALL_NODE = 1024;

export class ListValue extends ListReading {
  readonly #limits: NodeLimits;
  readonly #neighbour: ListNode;
  readonly #element = new Element();

  constructor(arena: Arena, limits: NodeLimits) {
    super(arena);
    this.#limits = limits;
    this.#neighbour = new ListNode(arena);
  }

  override position(root: number): this {
    this.#neighbour.list = root;
    return super.position(root);
  }

  /** Makes the root that of an empty list. */
  initialize(): this {
    this.setWord(0, PACKED);
    this.setWord(NODE, 0);
    this.setWord(ELEMENTS, 0);
    return this;
  }

  /** As `initialize`, of nodes. */
  initializeQuick(): this {
    this.setWord(0, QUICK);
    this.directory.initialize();
    return this;
  }

  // The two ends

  /** Called before elements are added: so many, with so many bytes of text. A list that gets too large by that is one of nodes then. */
  grow(bytes: number, elements: number): void {
    if (!this.isPacked) return;
    const node = this.word(NODE);
    if (node === 0) {
      if (this.#limits.exceeded(EMPTY_BYTES + bytes, elements)) this.#toQuick();
      else this.setWord(NODE, this.node.create(bytes + 2 * elements, false));
    } else if (this.#limits.exceeded(this.node.open(node).listpackBytes + bytes, this.length + elements)) {
      this.#toQuick();
    }
  }

  push(value: Slice, front: boolean): void {
    const element = this.#element.set(value);
    if (this.isPacked) this.#pushPacked(element, front);
    else this.#pushQuick(element, value.end - value.start, front);
  }

  /** As `push`, behind all others, of a whole number of 64 bits. */
  pushInteger(value: number | bigint): void {
    const element = this.#element.set(value);
    if (this.isPacked) this.#pushPacked(element, false);
    else this.#pushQuick(element, element.length, false);
  }

  #pushPacked(element: Element, front: boolean): void {
    const node = this.node;
    const ref = this.word(NODE);
    if (ref === 0) node.create(element.length, front);
    else node.open(ref);
    node.roomBytes = 0;
    if (front) node.pushFront(element);
    else node.pushBack(element);
    this.setWord(NODE, node.ref);
    this.setWord(ELEMENTS, this.length + 1);
  }

  #pushQuick(element: Element, textBytes: number, front: boolean): void {
    const directory = this.directory;
    const node = this.node;
    const isThere = front ? directory.first() : directory.last();
    if (!isThere || !this.#takes(node.open(directory.node), directory.count, textBytes)) {
      if (isThere) this.#seal();
      node.create(Math.max(element.length, (this.#limits.roomBytes >>> 2) - 8), front);
      if (front) directory.unshift(node.ref, 0);
      else directory.push(node.ref, 0);
      // The first page may have moved.
      node.open(directory.node);
    }
    node.roomBytes = this.#limits.roomBytes;
    const before = node.ref;
    if (front) node.pushFront(element);
    else node.pushBack(element);
    if (node.ref !== before) directory.node = node.ref;
    directory.add(1);
  }

  /** Whether Redis would put one more text of so many bytes into this node. */
  #takes(node: ListNode, count: number, textBytes: number): boolean {
    return !this.#limits.exceeded(node.listpackBytes + textBytes + ENTRY_OVERHEAD, count + 1);
  }

  /** The current node will hardly grow any more: gives back what its block has too much. */
  #seal(): void {
    this.node.fit();
    this.directory.node = this.node.ref;
  }

  /**
   * Takes the first or last element out.
   * @returns  what it said: its bytes lie where they lay until the list changes again, or anything else allocates
   */
  take(front: boolean): Slice {
    const node = this.#openEnd(front);
    const text = readText(node.bytes, front ? node.begin : entryBefore(node.bytes, node.end), this.lent);
    if (front) node.dropFront();
    else node.dropBack();
    if (this.isPacked) this.setWord(ELEMENTS, this.length - 1);
    else {
      this.directory.add(-1);
      if (this.directory.count === 0) this.#dropNode();
    }
    return text;
  }

  #openEnd(front: boolean): ListNode {
    if (this.isPacked) return this.node.open(this.word(NODE));
    if (front) this.directory.first();
    else this.directory.last();
    return this.node.open(this.directory.node);
  }

  /** Frees the current node; the one behind it is current then. False if there is none. */
  #dropNode(): boolean {
    this.#freeNode();
    return this.directory.remove();
  }

  // Anywhere

  /** Puts `value` in the place of the element here. */
  replace(value: Slice): void {
    const element = this.#element.set(value);
    const length = entryLength(this.node.bytes, this.place);
    const grown = this.node.listpackBytes + element.length - length;
    if (this.isPacked || this.directory.count === 1 || !this.#limits.exceeded(grown >>> 1, 1)) {
      this.#splice(length, element);
      return;
    }
    // It would make the node far too large: it gets one of its own.
    this.#splice(length, null);
    this.directory.add(-1);
    this.#insertQuick(element, value.end - value.start);
  }

  /** Puts `value` before or behind the element here. `grow` comes first, before the place was sought. */
  insert(value: Slice, behind: boolean): void {
    const element = this.#element.set(value);
    if (behind) {
      this.place += entryLength(this.node.bytes, this.place);
      this.within++;
    }
    if (this.isPacked) {
      this.#splice(0, element);
      this.setWord(ELEMENTS, this.length + 1);
    } else this.#insertQuick(element, value.end - value.start);
  }

  /** Changes the current node at the place: `removed` bytes make way for an element, or for nothing. */
  #splice(removed: number, element: Element | null): void {
    const node = this.node;
    node.roomBytes = 0;
    this.place =
      element === null ? node.remove(this.place, this.place + removed) : node.splice(this.place, removed, element);
    if (this.isPacked) this.setWord(NODE, node.ref);
    else this.directory.node = node.ref;
  }

  /** A new element at the place, which may be the end of the current node. */
  #insertQuick(element: Element, textBytes: number): void {
    const directory = this.directory;
    if (this.#findRoom(textBytes)) {
      this.#splice(0, element);
      directory.add(1);
      return;
    }
    const node = this.node;
    const behind = this.place === node.end;
    node.create(element.length, false);
    node.pushBack(element);
    if (behind) directory.insertAfter(node.ref, 1);
    else directory.insertBefore(node.ref, 1);
  }

  /** Moves the place to a node that takes such a text there; false where a node of its own is needed, before or behind the current one. */
  #findRoom(textBytes: number): boolean {
    const node = this.node;
    if (this.#takes(node, this.directory.count, textBytes)) return true;
    if (this.place === node.begin) {
      if (!this.#moveToPrevious(textBytes)) return false;
      this.place = node.end;
      return true;
    }
    if (this.place === node.end) {
      if (!this.#moveToNext(textBytes)) return false;
      this.place = node.begin;
      return true;
    }
    this.#split();
    this.place = node.end;
    return this.#takes(node, this.directory.count, textBytes);
  }

  /** Goes to the node before if that takes such a text, else stays. */
  #moveToPrevious(textBytes: number): boolean {
    const directory = this.directory;
    if (!directory.previous()) directory.first();
    else if (this.#takes(this.#neighbour.open(directory.node), directory.count, textBytes)) {
      this.node.open(directory.node);
      return true;
    } else directory.next();
    return false;
  }

  #moveToNext(textBytes: number): boolean {
    const directory = this.directory;
    if (!directory.next()) directory.last();
    else if (this.#takes(this.#neighbour.open(directory.node), directory.count, textBytes)) {
      this.node.open(directory.node);
      return true;
    } else directory.previous();
    return false;
  }

  /** What is at the place and behind it in the current node goes to a node of its own behind it. */
  #split(): void {
    const node = this.node;
    const directory = this.directory;
    const moved = directory.count - this.within;
    const right = this.#neighbour.createFrom(node.bytes, this.place, node.end);
    // The first page may have moved.
    node.open(node.ref);
    node.keep(node.begin, this.place);
    directory.add(-moved);
    directory.insertAfter(right, moved);
    this.#mergeNext();
    directory.previous();
    node.open(directory.node);
  }

  /** Makes one node of the current one and the next, if that is not too large. Stays with the first; false if they stay two. */
  #mergeNext(): boolean {
    const directory = this.directory;
    const node = this.node.open(directory.node);
    const { count } = directory;
    if (!directory.next()) {
      directory.last();
      return false;
    }
    const taken = directory.count;
    const next = this.#neighbour.open(directory.node);
    if (this.#limits.exceeded(node.listpackBytes + next.size, count + taken)) {
      directory.previous();
      return false;
    }
    node.roomBytes = 0;
    node.append(next.bytes, next.begin, next.end);
    this.#dropCurrent();
    directory.node = node.ref;
    directory.add(taken);
    return true;
  }

  /** Frees the current node and goes to the one before it, which is there. */
  #dropCurrent(): void {
    const directory = this.directory;
    this.#freeNode();
    if (directory.remove()) directory.previous();
    else directory.last();
  }

  #freeNode(): void {
    const { node } = this.directory;
    const { watch } = this.arena;
    if (watch.open) watch.beforeNode(this.root, node);
    this.arena.free(node);
  }

  /**
   * Takes out elements that say `value`: up to `most`, the first ones, or the last ones if `fromEnd`.
   * @returns  how many
   */
  remove(value: Slice, most: number, fromEnd: boolean): number {
    const element = this.#element.set(value);
    if (this.isPacked) {
      const removed = this.node.open(this.word(NODE)).removeEqual(element, most, fromEnd);
      this.setWord(ELEMENTS, this.length - removed);
      return removed;
    }
    const directory = this.directory;
    let removed = 0;
    let more = fromEnd ? directory.last() : directory.first();
    while (more && removed < most) {
      const found = this.node.open(directory.node).removeEqual(element, most - removed, fromEnd);
      removed += found;
      if (found > 0) directory.add(-found);
      more = found > 0 && directory.count === 0 ? this.#leaveEmpty(fromEnd) : this.#step(fromEnd, found > 0);
    }
    return removed;
  }

  /** Frees the current node, which is empty, and goes on. */
  #leaveEmpty(backwards: boolean): boolean {
    const directory = this.directory;
    const more = this.#dropNode();
    if (!backwards) return more;
    return more ? directory.previous() : directory.last();
  }

  /** Goes on to the next node, or the one before; one that has become small is joined with the one that was visited before it. */
  #step(backwards: boolean, changed: boolean): boolean {
    const directory = this.directory;
    if (changed && this.node.listpackBytes < SMALL_NODE) {
      if (backwards) this.#mergeNext();
      else if (!directory.previous()) directory.first();
      else if (!this.#mergeNext()) directory.next();
    }
    return backwards ? directory.previous() : directory.next();
  }

  /**
   * Takes out `count` elements from the one of index `start` on, which are all there.
   * @param later  an empty list: if they are very many it gets most of them, to be freed bit by bit
   */
  removeRange(start: number, count: number, later: ListValue | null = null): void {
    if (count === 0) return;
    if (this.isPacked) {
      this.#removeWithin(this.node.open(this.word(NODE)), start, count, this.length);
      this.setWord(NODE, this.node.ref);
      this.setWord(ELEMENTS, this.length - count);
      return;
    }
    const directory = this.directory;
    const length = this.length - count;
    let within = directory.seek(start);
    for (let left = count; left > 0; left = this.length - length) {
      if (within === 0 && later !== null && directory.giveChunk(left, later.directory)) continue;
      if (within === 0 && directory.freeRun(left, Number.POSITIVE_INFINITY) > 0) continue;
      const here = directory.count;
      const taken = Math.min(left, here - within);
      this.#removeWithin(this.node.open(directory.node), within, taken, here);
      directory.node = this.node.ref;
      directory.add(-taken);
      directory.next();
      within = 0;
    }
  }

  #removeWithin(node: ListNode, start: number, count: number, of: number): void {
    const begin = node.seek(start, of);
    const end = node.seek(start + count, of);
    node.remove(begin, end);
  }

  /** Adds a node of the entries in bytes[start, end), `count` of them, behind all others. The list becomes one of nodes. */
  appendNode(bytes: Uint8Array, start: number, end: number, count: number): void {
    if (this.isPacked) this.#toQuick();
    this.directory.push(this.#neighbour.createFrom(bytes, start, end), count);
  }

  // Encodings

  /**
   * Called after elements were taken out: a list that has become small is one of a single node again, at half of the limit if it
   * was shrinking, so that it does not go to and fro.
   */
  shrink(shrinking = true): void {
    const limits = this.#limits;
    const node = this.node;
    if (this.isPacked) {
      node.open(this.word(NODE));
      if (node.blockBytes > node.size * 2 + 64) {
        node.fit();
        this.setWord(NODE, node.ref);
      }
      return;
    }
    const directory = this.directory;
    if (!directory.isSingle) return;
    directory.first();
    node.open(directory.node);
    const part = shrinking ? 2 : 1;
    if (node.listpackBytes > limits.bytes / part || directory.count > Math.floor(limits.entries / part)) return;
    const { count } = directory;
    directory.dispose();
    node.fit();
    this.setWord(0, PACKED);
    this.setWord(NODE, node.ref);
    this.setWord(ELEMENTS, count);
  }

  /** Makes a copy at `root`, a block of its own; this object is of the original still. */
  cloneInto(root: number): void {
    const copies = new ListNode(this.arena);
    const words = () => this.arena.i32[root >>> 20]!;
    const at = (root & 0xfffff) << 2;
    words()[at] = this.word(0);
    if (this.isPacked) {
      const node = this.node.open(this.word(NODE));
      const copy = copies.createFrom(node.bytes, node.begin, node.end);
      words()[at + NODE] = copy;
      words()[at + ELEMENTS] = this.length;
      return;
    }
    const directory = new Directory(this.arena).at(root);
    directory.initialize();
    this.nodes((bytes, begin, end, count) => directory.push(copies.createFrom(bytes, begin, end), count));
  }

  #toQuick(): void {
    const node = this.word(NODE);
    const { length } = this;
    this.setWord(0, QUICK);
    this.directory.initialize();
    if (length > 0) this.directory.push(node, length);
    else if (node !== 0) this.arena.free(node);
  }
}
