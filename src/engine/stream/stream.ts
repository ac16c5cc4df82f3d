/**
 * A stream: entries in the order of their IDs, in nodes (node.ts), and the groups that read them (groups.ts). The object is a
 * flyweight over a root block (root.ts) and is positioned anew for every key.
 */
import type { Slice } from "../../base/bytes.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { EntryCursor } from "./cursor.ts";
import type { EntryWords } from "./entry-words.ts";
import { groupFreeing, nodesFreeing } from "./freeing.ts";
import { Groups } from "./groups.ts";
import { StreamId } from "./id.ts";
import { MAX_NODE_BYTES, StreamNode } from "./node.ts";
import { NodeList } from "./node-list.ts";
import { ADDED, FIRST_ID, GROUPS, GROUPS_HEADS, LAST_ID, LENGTH, MAX_DELETED, NODES, ROOT_WORDS } from "./root.ts";
import { increment, readBigInt, readNumber, writeBigInt, writeNumber } from "./words.ts";

/** What is not known of how much a group has read. */
export const UNKNOWN = -1n;

/** What is to go from the head of a stream. */
export class Trimming {
  /** Down to so many entries, or up to (and without) an ID. */
  by: "length" | "id" = "length";
  length = 0;
  readonly id = new StreamId();
  /** Only whole nodes. */
  approximate = false;
  /** At most so many entries; 0 for any number. */
  limit = 0;
}

export class Stream {
  root = 0;
  /** What the last call has taken out and not freed: the caller's to do, now or later. */
  leftovers: FreeJob | null = null;
  readonly nodes: NodeList;
  readonly cursor: EntryCursor;
  readonly #store: Store;
  readonly #groups: Groups;
  readonly #node: StreamNode;
  /** For looking up within, while `cursor` is the caller's. */
  readonly #probe: EntryCursor;
  readonly #id = new StreamId();
  readonly #otherId = new StreamId();
  readonly #master = new StreamId();

  constructor(store: Store) {
    this.#store = store;
    this.nodes = new NodeList(store.arena);
    this.cursor = new EntryCursor(store.arena);
    this.#groups = new Groups(store);
    this.#node = new StreamNode(store.arena);
    this.#probe = new EntryCursor(store.arena);
  }

  position(root: number): this {
    this.root = root;
    this.nodes.position(root, NODES);
    this.#groups.position(root, GROUPS);
    return this;
  }

  /** Makes an empty stream and stands on it. */
  create(): this {
    const { arena } = this.#store;
    const root = arena.alloc(ROOT_WORDS * 4);
    const at = (root & 0xfffff) << 2;
    arena.i32[root >>> 20]!.fill(0, at, at + ROOT_WORDS);
    this.position(root);
    this.nodes.initialize();
    return this;
  }

  get #words(): Int32Array {
    return this.#store.arena.i32[this.root >>> 20]!;
  }

  #at(word: number): number {
    return ((this.root & 0xfffff) << 2) + word;
  }

  // What is known of it

  get length(): number {
    return readNumber(this.#words, this.#at(LENGTH));
  }

  set length(length: number) {
    writeNumber(this.#words, this.#at(LENGTH), length);
  }

  /** How many entries were ever added. */
  get entriesAdded(): bigint {
    return readBigInt(this.#words, this.#at(ADDED));
  }

  set entriesAdded(count: bigint) {
    writeBigInt(this.#words, this.#at(ADDED), count);
  }

  /** The last ID that was given; the entry may be gone. */
  lastId(into: StreamId): StreamId {
    return into.read(this.#words, this.#at(LAST_ID));
  }

  setLastId(id: StreamId): void {
    id.write(this.#words, this.#at(LAST_ID));
  }

  /** The ID of the first entry; 0-0 of an empty stream. */
  firstId(into: StreamId): StreamId {
    return into.read(this.#words, this.#at(FIRST_ID));
  }

  setFirstId(id: StreamId): void {
    id.write(this.#words, this.#at(FIRST_ID));
  }

  /** The greatest ID that was deleted by itself; 0-0 for none. */
  maxDeletedId(into: StreamId): StreamId {
    return into.read(this.#words, this.#at(MAX_DELETED));
  }

  setMaxDeletedId(id: StreamId): void {
    id.write(this.#words, this.#at(MAX_DELETED));
  }

  // Entries

  /** The ID of the last entry there is; false if there is none. */
  lastEntryId(into: StreamId): boolean {
    if (!this.#probe.start(this.nodes, MIN, MAX, true).next()) return false;
    into.copy(this.#probe.id);
    return true;
  }

  /** Where the first node's first entry is, be it deleted: in the greatest ID if there is none. */
  firstKeptId(into: StreamId): StreamId {
    return this.#probe.start(this.nodes, MIN, MAX, false, false).next() ? into.copy(this.#probe.id) : into.setMax();
  }

  /** The cursor before the entries from `from` to `to`, both included. */
  range(from: StreamId, to: StreamId, reverse = false): EntryCursor {
    return this.cursor.start(this.nodes, from, to, reverse);
  }

  /** Adds an entry. Its ID must be greater than the last one. */
  append(id: StreamId, words: EntryWords): void {
    const node = this.#node;
    const master = this.#master;
    const { streamNodeMaxBytes } = this.#store.policy;
    const maxBytes = streamNodeMaxBytes === 0 ? MAX_NODE_BYTES : Math.min(streamNodeMaxBytes, MAX_NODE_BYTES);
    const last = this.nodes.last;
    if (last !== 0 && this.#hasRoom(node.at(last), words.textBytes, maxBytes)) {
      this.#beforeChange(last);
      node.id(master);
    } else {
      if (last !== 0) node.fit();
      node.create(id);
      node.begin(words, maxBytes);
      this.nodes.insert(node.ref, id);
      master.copy(id);
    }
    node.append(id, master, words, maxBytes);
    const root = this.#words;
    increment(root, this.#at(LENGTH));
    increment(root, this.#at(ADDED));
    id.write(root, this.#at(LAST_ID));
    if (root[this.#at(LENGTH) + 1] === 1 && root[this.#at(LENGTH)] === 0) id.write(root, this.#at(FIRST_ID));
  }

  /** A snapshot that is reading this stream comes first. */
  #beforeChange(node: number): void {
    const { snapshots } = this.#store;
    if (snapshots.open) snapshots.beforeNode(this.root, node);
  }

  /** Whether Redis would put an entry of so many bytes into this node. */
  #hasRoom(node: StreamNode, textBytes: number, maxBytes: number): boolean {
    if (node.size + textBytes >= maxBytes) return false;
    const { streamNodeMaxEntries } = this.#store.policy;
    return streamNodeMaxEntries === 0 || node.live + node.deleted < streamNodeMaxEntries;
  }

  /** Deletes entries, and returns how many there were. */
  delete(ids: readonly StreamId[], count: number): number {
    const firstId = this.firstId(this.#otherId);
    let deleted = 0;
    let firstGone = false;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      if (!this.#deleteEntry(id)) continue;
      deleted++;
      if (id.equals(firstId)) firstGone = true;
      if (id.compare(this.maxDeletedId(this.#id)) > 0) this.setMaxDeletedId(id);
    }
    if (firstGone || (deleted > 0 && this.length === 0)) this.findFirst();
    return deleted;
  }

  #deleteEntry(id: StreamId): boolean {
    const probe = this.#probe.start(this.nodes, id, id);
    if (!probe.next()) return false;
    const node = this.#node.at(probe.node);
    this.#beforeChange(node.ref);
    if (node.live <= 1) this.#dropNode(node);
    else {
      node.markDeleted(probe.entryAt);
      node.countDeleted(1);
    }
    this.#shorten(1);
    return true;
  }

  #dropNode(node: StreamNode): void {
    this.nodes.remove(node.ref);
    node.free();
  }

  /** What a payload claims may be less than what it holds. */
  #shorten(count: number): void {
    this.length = Math.max(0, this.length - count);
  }

  /** Looks for the first entry and notes its ID. */
  findFirst(): void {
    const found = this.#probe.start(this.nodes, MIN, MAX).next();
    this.setFirstId(found && this.length > 0 ? this.#probe.id : MIN);
  }

  /** Deletes entries at the head; returns how many. Where all of them go their nodes are in `leftovers`. */
  trim(trimming: Trimming): number {
    const { limit } = trimming;
    if (trimming.by === "length" && trimming.length === 0 && limit === 0) return this.#empty();
    let deleted = 0;
    for (let ref = this.nodes.first; ref !== 0; ref = this.nodes.first) {
      if (trimming.by === "length" && this.length <= trimming.length) break;
      const node = this.#node.at(ref);
      const { live } = node;
      if (limit > 0 && deleted + live > limit) break;
      this.#beforeChange(ref);
      if (this.#goesWhole(ref, live, trimming)) {
        this.#dropNode(node);
        this.#shorten(live);
        deleted += live;
        continue;
      }
      if (!trimming.approximate) deleted += this.#trimWithin(node, trimming);
      break;
    }
    if (deleted > 0 || this.length === 0) this.findFirst();
    return deleted;
  }

  /** Lets all entries go at once. */
  #empty(): number {
    const { length, nodes } = this;
    if (this.#store.snapshots.open) {
      for (let node = nodes.first; node !== 0; node = nodes.next(node)) this.#beforeChange(node);
    }
    if (nodes.count > 0) this.leftovers = nodesFreeing(this.#store, nodes);
    this.length = 0;
    this.setFirstId(MIN);
    return length;
  }

  #goesWhole(node: number, live: number, trimming: Trimming): boolean {
    if (trimming.by === "length") return this.length - live >= trimming.length;
    const last = this.#probe.startIn(node, true);
    return !last.next() || last.id.compare(trimming.id) < 0;
  }

  #trimWithin(node: StreamNode, trimming: Trimming): number {
    const entry = this.#probe.startIn(node.ref, false);
    let deleted = 0;
    while (entry.next()) {
      const enough = trimming.by === "length" ? this.length <= trimming.length : entry.id.compare(trimming.id) >= 0;
      if (enough) break;
      if (entry.deleted) continue;
      node.markDeleted(entry.entryAt);
      this.#shorten(1);
      deleted++;
    }
    if (deleted > 0) node.countDeleted(deleted);
    return deleted;
  }

  // Groups

  /** How many groups there are. */
  get groupCount(): number {
    return this.#hasGroups ? this.#groups.size : 0;
  }

  get #hasGroups(): boolean {
    return this.#words[this.#at(GROUPS_HEADS)] !== 0;
  }

  /** What there is to do with groups, by their refs. */
  get groups(): Groups {
    return this.#groups.position(this.root, GROUPS);
  }

  /** The group of this name, or 0. */
  findGroup(name: Slice): number {
    return this.#hasGroups ? this.groups.find(name) : 0;
  }

  /** In the order of their names. */
  sortedGroups(): number[] {
    return this.#hasGroups ? this.groups.sorted() : [];
  }

  /** A group of this name, which must be new. */
  createGroup(name: Slice, lastId: StreamId, entriesRead: bigint): number {
    if (!this.#hasGroups) this.#groups.initialize(this.root, GROUPS);
    return this.groups.create(name, lastId, entriesRead);
  }

  /** Takes a group out; what it held is in `leftovers`. */
  destroyGroup(group: number): void {
    this.groups.unlink(group);
    this.leftovers = groupFreeing(this.#store, group);
  }

  // How far a group has read

  /** Whether an entry from this ID on was deleted by itself, as far as is known. */
  hasGapsFrom(id: StreamId): boolean {
    const deleted = this.maxDeletedId(this.#otherId);
    if (this.length === 0 || deleted.isMin || id.compare(deleted) > 0) return false;
    // What was deleted before the first entry leaves no gap.
    return this.firstId(this.#id).compare(deleted) <= 0;
  }

  /** How many entries had been added up to this ID; UNKNOWN where that cannot be told. */
  addedUpTo(id: StreamId): bigint {
    const added = this.entriesAdded;
    if (added === 0n) return 0n;
    const ofLast = id.compare(this.lastId(this.#otherId));
    if (ofLast === 0 || (ofLast < 0 && this.length === 0)) return added;
    if (ofLast > 0) return UNKNOWN;
    const first = this.firstId(this.#otherId);
    const deleted = this.maxDeletedId(this.#id);
    if (deleted.isMin || deleted.compare(first) < 0) {
      const ofFirst = id.compare(first);
      if (ofFirst < 0) return added - BigInt(this.length);
      if (ofFirst === 0) return added - BigInt(this.length) + 1n;
    }
    return UNKNOWN;
  }

  /** How many entries the group has not read yet, in 64 bits as in C whatever was said of what it has read; null where that cannot be told. */
  lag(group: number): bigint | null {
    const added = this.entriesAdded;
    if (added === 0n) return 0n;
    const { groups } = this;
    const lastId = groups.lastId(group, this.#master);
    let read = groups.entriesRead(group);
    if (read === UNKNOWN || this.hasGapsFrom(lastId)) read = this.addedUpTo(lastId);
    return read === UNKNOWN ? null : BigInt.asIntN(64, added - read);
  }

  /** The group goes on to this entry, which lies behind the last one it was given. */
  advance(group: number, id: StreamId): void {
    const { groups } = this;
    if (groups.knowsEntriesRead(group) && !this.hasGapsFrom(id)) groups.countRead(group);
    else if (this.entriesAdded !== 0n) groups.setEntriesRead(group, this.addedUpTo(id));
    groups.setLastId(group, id);
  }
}

const MIN = new StreamId();
const MAX = new StreamId().setMax();
