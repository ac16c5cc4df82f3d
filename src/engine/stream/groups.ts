/**
 * Consumer groups: what each has read, who its consumers are, and what was delivered to them and is not acknowledged. All of it
 * lies in blocks that do not move while they live, so groups and consumers are named by their refs:
 *
 *     group     0-2 of the table of groups   3 4 entries read, -1 unknown   5-8 last delivered ID
 *               9-11 index of pending entries   12-14 table of consumers   from 15 the name
 *     consumer  0-2 of the table of consumers  3 4 seen, 5 6 active, unix ms, -1 never   7-9 index of its pending entries
 *               from 10 the name
 */
import { compareBytes, Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { ElementTable } from "../../memory/element-table.ts";
import { hashBytes } from "../../memory/hash.ts";
import type { Store } from "../store.ts";
import { StreamId } from "./id.ts";
import { PENDING_WORDS, PendingEntries, PendingList } from "./pending.ts";
import { increment, readBigInt, readNumber, writeBigInt, writeNumber } from "./words.ts";

const NAME_LENGTH = 2;
const ENTRIES_READ = 3;
const LAST_ID = 5;
const GROUP_PENDING = 9;
const CONSUMERS = 12;
const GROUP_NAME = 15;
const SEEN = 3;
const ACTIVE = 5;
const CONSUMER_PENDING = 7;
const CONSUMER_NAME = 10;

/** Named blocks in a table: the groups of a stream, or the consumers of a group. */
class NamedBlocks {
  readonly table: ElementTable;
  readonly #store: Store;
  readonly #arena: Arena;

  constructor(store: Store, nameWord: number) {
    this.#store = store;
    this.#arena = store.arena;
    this.table = new ElementTable(store.arena, nameWord);
  }

  find(name: Slice): number {
    return this.table.find(name.bytes, name.start, name.end, this.#hash(name));
  }

  #hash(name: Slice): number {
    return hashBytes(name.bytes, name.start, name.end, this.#store.k0, this.#store.k1);
  }

  /** A block of this name, which must be new; the caller fills in the rest before anything else is done with it. */
  add(name: Slice): number {
    const { table } = this;
    const ref = this.#arena.alloc(table.nameWord * 4 + name.length);
    const words = this.#arena.i32[ref >>> 20]!;
    words[((ref & 0xfffff) << 2) + NAME_LENGTH] = name.length;
    name.copyTo(this.#arena.u8[ref >>> 20]!, (((ref & 0xfffff) << 2) + table.nameWord) << 2);
    table.link(ref, this.#hash(name));
    return ref;
  }

  remove(ref: number): void {
    this.table.unlink(ref);
    this.#arena.free(ref);
  }

  name(ref: number, into: Slice): Slice {
    const at = this.table.nameAt(ref);
    return into.set(this.#arena.u8[ref >>> 20]!, at, at + this.table.nameLength(ref));
  }

  /** In the order of their names, as Redis lists them. */
  sorted(): number[] {
    const refs = this.refs();
    const a = new Slice();
    const b = new Slice();
    return refs.sort((left, right) => {
      this.name(left, a);
      this.name(right, b);
      return compareBytes(a.bytes, a.start, a.end, b.bytes, b.start, b.end);
    });
  }

  refs(): number[] {
    const { table } = this;
    const refs: number[] = [];
    for (let bucket = 0; bucket < table.buckets; bucket++)
      for (let ref = table.chain(bucket); ref !== 0; ref = table.next(ref)) refs.push(ref);
    return refs;
  }
}

/** Reads and changes groups and consumers, by ref. */
export class Groups {
  readonly entries: PendingEntries;
  readonly #arena: Arena;
  readonly #i32: Int32Array[];
  readonly #groups: NamedBlocks;
  readonly #consumers: NamedBlocks;
  // Of a group, and of a consumer: a change concerns both.
  readonly #ofGroup: PendingList;
  readonly #ofConsumer: PendingList;

  constructor(store: Store) {
    this.#arena = store.arena;
    this.#i32 = store.arena.i32;
    this.entries = new PendingEntries(store.arena);
    this.#groups = new NamedBlocks(store, GROUP_NAME);
    this.#consumers = new NamedBlocks(store, CONSUMER_NAME);
    this.#ofGroup = new PendingList(store.arena);
    this.#ofConsumer = new PendingList(store.arena);
  }

  /** On the table of groups whose header begins at this word of a stream's root. */
  position(root: number, word: number): this {
    this.#groups.table.position(root, word);
    return this;
  }

  initialize(root: number, word: number): this {
    this.#groups.table.create(root, word);
    return this;
  }

  // Groups

  get size(): number {
    return this.#groups.table.size;
  }

  find(name: Slice): number {
    return this.#groups.find(name);
  }

  /** In the order of their names. */
  sorted(): number[] {
    return this.#groups.sorted();
  }

  refs(): number[] {
    return this.#groups.refs();
  }

  name(group: number, into: Slice): Slice {
    return this.#groups.name(group, into);
  }

  /** A group of this name, which must be new. */
  create(name: Slice, lastId: StreamId, entriesRead: bigint): number {
    const group = this.#groups.add(name);
    this.setEntriesRead(group, entriesRead);
    this.setLastId(group, lastId);
    this.pendingOf(group).index.initialize();
    this.#consumersOf(group).table.create(group, CONSUMERS);
    return group;
  }

  /** Takes the group out of the stream; what it holds is to be freed by `ContentsFreeing`, and then itself. */
  unlink(group: number): void {
    this.#groups.table.unlink(group);
  }

  lastId(group: number, into: StreamId): StreamId {
    return into.read(this.#i32[group >>> 20]!, ((group & 0xfffff) << 2) + LAST_ID);
  }

  setLastId(group: number, id: StreamId): void {
    id.write(this.#i32[group >>> 20]!, ((group & 0xfffff) << 2) + LAST_ID);
  }

  /** How many of the entries ever added were read, in the order of the stream; -1 if that cannot be told. */
  entriesRead(group: number): bigint {
    return readBigInt(this.#i32[group >>> 20]!, ((group & 0xfffff) << 2) + ENTRIES_READ);
  }

  setEntriesRead(group: number, count: bigint): void {
    writeBigInt(this.#i32[group >>> 20]!, ((group & 0xfffff) << 2) + ENTRIES_READ, count);
  }

  knowsEntriesRead(group: number): boolean {
    const words = this.#i32[group >>> 20]!;
    const at = ((group & 0xfffff) << 2) + ENTRIES_READ;
    return (words[at]! & words[at + 1]!) !== -1;
  }

  countRead(group: number): void {
    increment(this.#i32[group >>> 20]!, ((group & 0xfffff) << 2) + ENTRIES_READ);
  }

  // Consumers

  #consumersOf(group: number): NamedBlocks {
    this.#consumers.table.position(group, CONSUMERS);
    return this.#consumers;
  }

  consumerCount(group: number): number {
    return this.#consumersOf(group).table.size;
  }

  findConsumer(group: number, name: Slice): number {
    return this.#consumersOf(group).find(name);
  }

  /** A consumer of this name, which must be new, seen now and never active. */
  createConsumer(group: number, name: Slice, now: number): number {
    const consumer = this.#consumersOf(group).add(name);
    this.setSeen(consumer, now);
    this.setActive(consumer, -1);
    this.pendingOfConsumer(consumer).index.initialize();
    return consumer;
  }

  /** In the order of their names. */
  sortedConsumers(group: number): number[] {
    return this.#consumersOf(group).sorted();
  }

  consumers(group: number): number[] {
    return this.#consumersOf(group).refs();
  }

  consumerName(consumer: number, into: Slice): Slice {
    return this.#consumers.name(consumer, into);
  }

  /** When it was last heard of, unix ms. */
  seen(consumer: number): number {
    return readNumber(this.#i32[consumer >>> 20]!, ((consumer & 0xfffff) << 2) + SEEN);
  }

  setSeen(consumer: number, ms: number): void {
    writeNumber(this.#i32[consumer >>> 20]!, ((consumer & 0xfffff) << 2) + SEEN, ms);
  }

  /** When it last got an entry, unix ms; -1 for never. */
  active(consumer: number): number {
    return readNumber(this.#i32[consumer >>> 20]!, ((consumer & 0xfffff) << 2) + ACTIVE);
  }

  setActive(consumer: number, ms: number): void {
    writeNumber(this.#i32[consumer >>> 20]!, ((consumer & 0xfffff) << 2) + ACTIVE, ms);
  }

  /** Takes the consumer out with what is pending at it, and returns how many entries that were. */
  deleteConsumer(group: number, consumer: number): number {
    const own = this.pendingOfConsumer(consumer);
    const ofGroup = this.pendingOf(group);
    const count = own.size;
    const nodes = own.index.disposal();
    // Where most of the group's goes, what stays makes a new index: that is quicker than to look for each that goes.
    const rebuilt = count * 2 > ofGroup.size;
    if (rebuilt) this.#keepOthers(ofGroup, consumer, ofGroup.size - count);
    for (let ref = own.first(); ref !== 0; ) {
      const next = own.next();
      if (!rebuilt) ofGroup.index.remove(ref);
      this.entries.free(ref);
      ref = next;
    }
    nodes.step(Number.MAX_SAFE_INTEGER);
    this.#consumersOf(group).remove(consumer);
    return count;
  }

  /** Makes the list one of the `count` entries that are not pending at this consumer. */
  #keepOthers(list: PendingList, consumer: number, count: number): void {
    const others = new Int32Array(count);
    let found = 0;
    for (let ref = list.first(); ref !== 0; ref = list.next())
      if (this.entries.consumer(ref) !== consumer) others[found++] = ref;
    list.index.disposal().step(Number.MAX_SAFE_INTEGER);
    list.index.initialize();
    for (const ref of others) list.index.insert(ref);
  }

  // What is pending

  /** All that is pending in the group. One list for all groups: valid until the next call for another. */
  pendingOf(group: number): PendingList {
    return this.#ofGroup.position(group, GROUP_PENDING);
  }

  /** As `pendingOf`, of one consumer. */
  pendingOfConsumer(consumer: number): PendingList {
    return this.#ofConsumer.position(consumer, CONSUMER_PENDING);
  }

  /** The words of all that is pending in the group, in order (`PendingWord`). */
  pendingWords(group: number): Int32Array {
    const list = this.pendingOf(group);
    const words = new Int32Array(list.size * PENDING_WORDS);
    let at = 0;
    for (let ref = list.first(); ref !== 0; ref = list.next(), at += PENDING_WORDS) this.entries.copyTo(ref, words, at);
    return words;
  }

  /** Notes that the entry was delivered to the consumer for the first time, whoever had it before. */
  deliver(group: number, consumer: number, id: StreamId, now: number): number {
    let ref = this.#findUnlessLast(group, id);
    if (ref === 0) ref = this.add(group, id, now);
    else {
      this.entries.setTime(ref, now);
      this.entries.setDeliveries(ref, 1);
    }
    this.assign(ref, consumer);
    return ref;
  }

  /** What is pending of this ID, without a search where it comes behind all others. */
  #findUnlessLast(group: number, id: StreamId): number {
    const list = this.pendingOf(group);
    const last = list.last();
    if (last === 0 || this.entries.id(last, this.#lastPending).compare(id) < 0) return 0;
    return list.find(id);
  }

  readonly #lastPending = new StreamId();

  /** Delivered once, to nobody yet; nothing may be pending of this ID. */
  add(group: number, id: StreamId, timeMs: number): number {
    const ref = this.entries.create(id, timeMs);
    this.pendingOf(group).index.insert(ref);
    return ref;
  }

  /** Gives what is pending to a consumer. */
  assign(ref: number, consumer: number): void {
    const before = this.entries.consumer(ref);
    if (before === consumer) return;
    if (before !== 0) this.pendingOfConsumer(before).index.remove(ref);
    this.entries.setConsumer(ref, consumer);
    this.pendingOfConsumer(consumer).index.insert(ref);
  }

  /** Nothing is pending any more of what this was. */
  settle(group: number, ref: number): void {
    this.pendingOf(group).index.remove(ref);
    const consumer = this.entries.consumer(ref);
    if (consumer !== 0) this.pendingOfConsumer(consumer).index.remove(ref);
    this.entries.free(ref);
  }

  /** Bytes of the group and all that it holds. */
  bytes(group: number): number {
    const arena = this.#arena;
    const pending = this.pendingOf(group);
    const { table } = this.#consumersOf(group);
    let bytes = arena.sizeOf(group) + pending.size * this.entries.bytes + pending.index.bytes + table.bytes;
    for (const consumer of this.consumers(group))
      bytes += arena.sizeOf(consumer) + this.pendingOfConsumer(consumer).index.bytes;
    return bytes;
  }

  /** For freeing: the tables' own blocks, once their elements are gone or going. */
  get table(): ElementTable {
    return this.#groups.table;
  }

  consumersTable(group: number): ElementTable {
    return this.#consumersOf(group).table;
  }
}
