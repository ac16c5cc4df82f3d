/**
 * Entries that were delivered and not acknowledged yet. Each is one block, which stands in two indexes by its ID: that of its
 * group and that of the consumer it was delivered to.
 *
 *     words 0-3  the entry's ID      4 5  when it was delivered, unix ms      6 7  how often      8  the consumer, or 0
 */
import type { Arena } from "../../memory/arena.ts";
import { OrderedIndex } from "../../memory/ordered-index.ts";
import type { StreamId } from "./id.ts";
import { IdOrder, IdPlace, keyHigh } from "./node-list.ts";
import { increment, readBigInt, readNumber, writeBigInt, writeNumber } from "./words.ts";

/** The words of an entry behind its ID, for who has them copied (`Groups.pendingWords`). */
export const PendingWord = { time: 4, count: 6, consumer: 8 } as const;
export const PENDING_WORDS = 9;
const { time: TIME, count: COUNT, consumer: CONSUMER } = PendingWord;
const PENDING_BYTES = PENDING_WORDS * 4;

/** Reads and changes pending entries, by ref. */
export class PendingEntries {
  readonly #arena: Arena;
  readonly #i32: Int32Array[];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#i32 = arena.i32;
  }

  create(id: StreamId, timeMs: number): number {
    const ref = this.#arena.alloc(PENDING_BYTES);
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    id.write(words, at);
    writeNumber(words, at + TIME, timeMs);
    words[at + COUNT] = 0;
    words[at + COUNT + 1] = 1;
    words[at + CONSUMER] = 0;
    return ref;
  }

  /** Bytes of the block of each. */
  get bytes(): number {
    return this.#arena.blockSize(PENDING_BYTES);
  }

  id(ref: number, into: StreamId): StreamId {
    return into.read(this.#i32[ref >>> 20]!, (ref & 0xfffff) << 2);
  }

  time(ref: number): number {
    return readNumber(this.#i32[ref >>> 20]!, ((ref & 0xfffff) << 2) + TIME);
  }

  setTime(ref: number, timeMs: number): void {
    writeNumber(this.#i32[ref >>> 20]!, ((ref & 0xfffff) << 2) + TIME, timeMs);
  }

  /** A number wherever a double holds it. */
  deliveries(ref: number): number | bigint {
    const words = this.#i32[ref >>> 20]!;
    const at = ((ref & 0xfffff) << 2) + COUNT;
    const value = readNumber(words, at);
    return Number.isSafeInteger(value) ? value : readBigInt(words, at);
  }

  setDeliveries(ref: number, count: number | bigint): void {
    const words = this.#i32[ref >>> 20]!;
    const at = ((ref & 0xfffff) << 2) + COUNT;
    if (typeof count === "number") writeNumber(words, at, count);
    else writeBigInt(words, at, count);
  }

  countDelivery(ref: number): void {
    increment(this.#i32[ref >>> 20]!, ((ref & 0xfffff) << 2) + COUNT);
  }

  consumer(ref: number): number {
    return this.#i32[ref >>> 20]![((ref & 0xfffff) << 2) + CONSUMER]!;
  }

  setConsumer(ref: number, consumer: number): void {
    this.#i32[ref >>> 20]![((ref & 0xfffff) << 2) + CONSUMER] = consumer;
  }

  /** Copies all words of an entry. */
  copyTo(ref: number, to: Int32Array, at: number): void {
    const words = this.#i32[ref >>> 20]!;
    const from = (ref & 0xfffff) << 2;
    for (let i = 0; i < PENDING_WORDS; i++) to[at + i] = words[from + i]!;
  }

  free(ref: number): void {
    this.#arena.free(ref);
  }
}

/** Pending entries in the order of their IDs: those of a group, or of a consumer. A flyweight over an index's header. */
export class PendingList {
  readonly index: OrderedIndex;
  readonly #place: IdPlace;
  readonly #i32: Int32Array[];

  constructor(arena: Arena) {
    this.index = new OrderedIndex(arena, new IdOrder(arena));
    this.#place = new IdPlace(arena);
    this.#i32 = arena.i32;
  }

  position(block: number, word: number): this {
    this.index.position(block, word);
    return this;
  }

  get size(): number {
    return this.index.size;
  }

  /** The entry of this ID, or 0. */
  find(id: StreamId): number {
    const ref = this.from(id);
    if (ref === 0) return 0;
    const words = this.#i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const same =
      words[at + 3] === id.seqLow &&
      words[at + 1] === id.msLow &&
      words[at] === id.msHigh &&
      words[at + 2] === id.seqHigh;
    return same ? ref : 0;
  }

  /** The first entry whose ID is not smaller than this one, or 0; `next` goes on from it. */
  from(id: StreamId): number {
    this.#place.id.copy(id);
    return this.index.seek(keyHigh(id.msHigh), id.msLow, this.#place);
  }

  /** The one behind the last that `from`, `first` or `next` gave, or 0; as long as nothing was changed. */
  next(): number {
    return this.index.next();
  }

  first(): number {
    return this.index.first();
  }

  last(): number {
    return this.index.last();
  }
}
