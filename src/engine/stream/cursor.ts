/**
 * Walks through the entries of a stream, in either direction, between two IDs. It is a flyweight: `start` sets it on a stream,
 * `next` on an entry, `nextField` gives that entry's fields and values one by one. The stream must not be changed meanwhile,
 * but anything else may be.
 */
import type { Arena } from "../../memory/arena.ts";
import { HEADER_BYTES } from "../../memory/listpack.ts";
import { EntryText, entryBefore, entryLength, readInteger, readText } from "../../memory/listpack-entry.ts";
import { StreamId } from "./id.ts";
import { DELETED, LISTPACK, NEXT, PREVIOUS, SAME_FIELDS } from "./node.ts";
import type { NodeList } from "./node-list.ts";

const INT_64 = 0xf4;
const END = 0xff;

export class EntryCursor {
  /** Of the entry it is on. */
  readonly id = new StreamId();
  /** How many pairs of field and value the entry has. */
  fields = 0;
  /** The node of the entry, and where in its page the entry begins: for whoever deletes it. */
  node = 0;
  entryAt = 0;
  deleted = false;

  readonly #arena: Arena;
  readonly #from = new StreamId();
  readonly #to = new StreamId();
  readonly #master = new StreamId();
  #reverse = false;
  /** Whether deleted entries are passed over. */
  #liveOnly = true;
  #started = false;
  #page = 0;
  #bytes: Uint8Array = NOTHING;
  /** What comes next in the page; going back, the end of the entry before. */
  #at = 0;
  #masterFields = 0;
  #masterFieldsAt = 0;
  /** Where the next field's name is, if it is one of the master's; else 0. */
  #fieldAt = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Before the entries of nodes with IDs from `from` to `to`, both included; from the last one on if `reverse`. */
  start(nodes: NodeList, from: StreamId, to: StreamId, reverse = false, liveOnly = true): this {
    this.#from.copy(from);
    this.#to.copy(to);
    this.#reverse = reverse;
    this.#liveOnly = liveOnly;
    this.#started = false;
    const edge = reverse ? to : from;
    // The node that may hold it is the last one that does not begin behind it.
    let node = nodes.lastUpTo(edge);
    if (node === 0 && !reverse) node = nodes.first;
    this.node = node;
    this.#at = 0;
    if (node !== 0) this.#enter();
    return this;
  }

  /** Before all entries of one node, deleted ones too, or behind them if `reverse`; it goes on into the others. */
  startIn(node: number, reverse: boolean): this {
    this.#from.setMin();
    this.#to.setMax();
    this.#reverse = reverse;
    this.#liveOnly = false;
    this.#started = true;
    this.node = node;
    this.#enter();
    return this;
  }

  /** Moves to the next entry; false if there is none. */
  next(): boolean {
    if (this.node === 0) return false;
    this.#bytes = this.#arena.u8[this.#page]!;
    return this.#reverse ? this.#nextBack() : this.#nextForth();
  }

  /** Of the field that `nextField` came to: lent until its next call. */
  readonly field = new EntryText();
  readonly value = new EntryText();

  /** To the next field with its value, `fields` times at most. */
  nextField(): void {
    const { field, value } = this;
    const bytes = this.#bytes;
    if (this.#fieldAt !== 0) {
      readText(bytes, this.#fieldAt, field);
      this.#fieldAt += entryLength(bytes, this.#fieldAt);
    } else {
      readText(bytes, this.#valueAt, field);
      this.#valueAt += entryLength(bytes, this.#valueAt);
    }
    readText(bytes, this.#valueAt, value);
    this.#valueAt += entryLength(bytes, this.#valueAt);
  }

  #valueAt = 0;

  #nextForth(): boolean {
    for (;;) {
      const bytes = this.#bytes;
      if (bytes[this.#at] === END) {
        if (!this.#enterNext(NEXT)) return false;
        continue;
      }
      this.#readHead(this.#at);
      const same = this.#fieldAt !== 0;
      // To the next entry: over the values, and the count of elements behind them.
      let at = this.#valueAt;
      for (let left = (same ? this.fields : this.fields * 2) + 1; left > 0; left--) at += entryLength(bytes, at);
      this.#at = at;
      if (!this.#started) {
        if (this.id.compare(this.#from) < 0) continue;
        this.#started = true;
      }
      if (this.deleted && this.#liveOnly) continue;
      if (this.id.compare(this.#to) <= 0) return true;
      this.node = 0;
      return false;
    }
  }

  #nextBack(): boolean {
    for (;;) {
      const bytes = this.#bytes;
      let at = entryBefore(bytes, this.#at);
      const elements = readInteger(bytes, at);
      if (elements === 0) {
        // The end of the master entry.
        if (!this.#enterNext(PREVIOUS)) return false;
        continue;
      }
      for (let left = elements; left > 0; left--) at = entryBefore(bytes, at);
      this.#at = at;
      this.#readHead(at);
      if (!this.#started) {
        if (this.id.compare(this.#to) > 0) continue;
        this.#started = true;
      }
      if (this.deleted && this.#liveOnly) continue;
      if (this.id.compare(this.#from) >= 0) return true;
      this.node = 0;
      return false;
    }
  }

  #enterNext(link: number): boolean {
    const next = this.#arena.i32[this.node >>> 20]![((this.node & 0xfffff) << 2) + link]!;
    this.node = next;
    if (next === 0) return false;
    this.#enter();
    return true;
  }

  /** Reads the node's master entry, and stands before its first entry or behind its last. */
  #enter(): void {
    const words = this.#arena.i32[this.node >>> 20]!;
    const word = (this.node & 0xfffff) << 2;
    this.#master.read(words, word);
    const listpack = words[word + LISTPACK]!;
    this.#page = listpack >>> 20;
    const bytes = this.#arena.u8[this.#page]!;
    this.#bytes = bytes;
    const base = (listpack & 0xfffff) << 4;
    let at = base + HEADER_BYTES;
    at += entryLength(bytes, at);
    at += entryLength(bytes, at);
    const fields = readInteger(bytes, at);
    this.#masterFields = fields;
    at += entryLength(bytes, at);
    this.#masterFieldsAt = at;
    if (this.#reverse) {
      this.#at = base + this.#arena.i32[this.#page]![(listpack & 0xfffff) << 2]! - 1;
      return;
    }
    for (let left = fields + 1; left > 0; left--) at += entryLength(bytes, at);
    this.#at = at;
  }

  /** Reads the entry that begins here up to its first field. */
  #readHead(at: number): void {
    const bytes = this.#bytes;
    const { id } = this;
    this.entryAt = at;
    const flags = readInteger(bytes, at);
    at += entryLength(bytes, at);
    id.copy(this.#master);
    this.#addDelta(at, true);
    at += entryLength(bytes, at);
    this.#addDelta(at, false);
    at += entryLength(bytes, at);
    if ((flags & SAME_FIELDS) !== 0) {
      this.fields = this.#masterFields;
      this.#fieldAt = this.#masterFieldsAt;
    } else {
      this.fields = readInteger(bytes, at);
      this.#fieldAt = 0;
      at += entryLength(bytes, at);
    }
    this.#valueAt = at;
    this.deleted = (flags & DELETED) !== 0;
  }

  /** Adds the number at `at` to a half of the ID, in 64 bits. */
  #addDelta(at: number, toMs: boolean): void {
    const bytes = this.#bytes;
    let low: number;
    let high: number;
    if (bytes[at] === INT_64) {
      low = word(bytes, at + 1);
      high = word(bytes, at + 5);
    } else {
      low = readInteger(bytes, at);
      if (low === 0) return;
      high = low >> 31;
    }
    const { id } = this;
    if (toMs) {
      const sum = (id.msLow >>> 0) + (low >>> 0);
      id.msLow = sum | 0;
      id.msHigh = (id.msHigh + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    } else {
      const sum = (id.seqLow >>> 0) + (low >>> 0);
      id.seqLow = sum | 0;
      id.seqHigh = (id.seqHigh + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const NOTHING = new Uint8Array(0);
