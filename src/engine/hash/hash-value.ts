/**
 * One hash: fields and their values, whichever way they lie. A flyweight, positioned on a root; what it answers (`field`, `value`)
 * is lent until the next call that writes. It knows when fields expire, but not what time it is: what has expired is there
 * until somebody removes it, which is the business of `Hashes`.
 *
 * Most methods work on the *current* field, the one that `find`, `first`, `next`, `random` or a scan came to last.
 */
import type { Slice } from "../../base/bytes.ts";
import { AnyElements, differentElements, visitElements } from "../../memory/element-sample.ts";
import { EntryText, MAX_BYTES } from "../../memory/listpack.ts";
import type { Store } from "../store.ts";
import {
  type BulkSink,
  Encoding,
  EXPIRING,
  EXPIRING_TABLE_HEADER,
  expiryBlockWord,
  INDEX_HEADER,
  LISTPACK,
  PACKED_EXPIRY_BYTES,
  ROOT_BYTES,
  TABLE,
  TABLE_EXPIRY_BYTES,
  TABLE_HEADER,
} from "./layout.ts";
import { PackedFields } from "./packed-fields.ts";
import { TableFields } from "./table-fields.ts";

export class HashValue {
  root = 0;
  /** One of `Encoding`. */
  encoding = 0;
  readonly #store: Store;
  readonly #i32: Int32Array[];
  readonly #packed: PackedFields;
  readonly #table: TableFields;
  readonly #field = new EntryText();
  readonly #value = new EntryText();
  /** The current field: its offset in the listpack, or its ref. */
  #at = 0;
  /** The bucket of the current field, on a walk through a table. */
  #bucket = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#i32 = store.arena.i32;
    this.#packed = new PackedFields(store.arena);
    this.#table = new TableFields(store);
  }

  /** Makes an empty hash and speaks of it. */
  create(): this {
    const list = this.#packed.list.create();
    this.root = this.#createRoot();
    this.#setWord(0, Encoding.packed);
    this.#setWord(LISTPACK, list);
    return this.position(this.root);
  }

  /** Takes over a listpack, of pairs or, with `expiring`, of triples. */
  adopt(list: number, expiring: boolean): this {
    this.root = this.#createRoot();
    this.#setWord(0, Encoding.packed);
    this.#setWord(LISTPACK, list);
    if (expiring) this.#addExpiryBlock(PACKED_EXPIRY_BYTES, Encoding.packedExpiring);
    return this.position(this.root);
  }

  #createRoot(): number {
    return this.#store.arena.alloc(ROOT_BYTES);
  }

  position(root: number): this {
    this.root = root;
    const words = this.#i32[root >>> 20]!;
    const at = (root & 0xfffff) << 2;
    const encoding = words[at]!;
    this.encoding = encoding;
    if (encoding === Encoding.packed) this.#packed.open(words[at + LISTPACK]!, 2);
    else if (encoding === Encoding.table) this.#table.table.position(root, TABLE_HEADER);
    else if (encoding === Encoding.packedExpiring) this.#packed.open(words[at + LISTPACK]!, 3);
    else {
      const block = this.expiryBlock;
      this.#table.table.position(block, EXPIRING_TABLE_HEADER);
      this.#table.index.position(block, INDEX_HEADER);
    }
    return this;
  }

  #word(word: number): number {
    return this.#i32[this.root >>> 20]![((this.root & 0xfffff) << 2) + word]!;
  }

  #setWord(word: number, value: number): void {
    this.#i32[this.root >>> 20]![((this.root & 0xfffff) << 2) + word] = value;
  }

  get isTable(): boolean {
    return (this.encoding & TABLE) !== 0;
  }

  /** Whether fields may expire. */
  get isExpiring(): boolean {
    return (this.encoding & EXPIRING) !== 0;
  }

  /** The block of what belongs to expiry (layout.ts); 0 if no field ever had one. */
  get expiryBlock(): number {
    return this.isExpiring ? this.#word(expiryBlockWord(this.encoding)) : 0;
  }

  get size(): number {
    return this.isTable ? this.#table.table.size : this.#packed.size;
  }

  /** The listpack of a packed hash. */
  get packed(): PackedFields {
    return this.#packed;
  }

  /** The table of one that is none. */
  get table(): TableFields {
    return this.#table;
  }

  // Reading

  /** Makes a field the current one; false if there is none of this name. */
  find(field: Slice): boolean {
    this.#at = this.isTable ? this.#table.find(field) : this.#packed.find(field);
    return this.#at !== 0;
  }

  field(): Slice {
    return this.isTable ? this.#table.field(this.#at, this.#field) : this.#packed.field(this.#at, this.#field);
  }

  value(): Slice {
    return this.isTable ? this.#table.value(this.#at, this.#value) : this.#packed.value(this.#at, this.#value);
  }

  /** When the current field expires, unix ms; 0 for never. */
  expireAt(): number {
    if ((this.encoding & EXPIRING) === 0) return 0;
    return this.isTable ? this.#table.expireAt(this.#at) : this.#packed.expireAt(this.#at);
  }

  /** When the first field expires, unix ms; 0 for never. */
  nextExpiry(): number {
    if ((this.encoding & EXPIRING) === 0) return 0;
    if (!this.isTable) return this.#packed.nextExpiry;
    const first = this.#table.index.first();
    return first === 0 ? 0 : this.#table.expireAt(first);
  }

  /** Goes to the field that expires first; false if none does. */
  soonest(): boolean {
    if ((this.encoding & EXPIRING) === 0) return false;
    if (this.isTable) return (this.#at = this.#table.index.first()) !== 0;
    this.#at = this.#packed.first();
    return this.#at !== 0 && this.#packed.expireAt(this.#at) !== 0;
  }

  /** How many fields had their time before `now`, which is to be asked only of hashes that expire. */
  countExpired(now: number): number {
    let count = 0;
    if (this.isTable) {
      const { index } = this.#table;
      for (let ref = index.first(); ref !== 0 && this.#table.expireAt(ref) < now; ref = index.next()) count++;
      return count;
    }
    const packed = this.#packed;
    for (let at = packed.first(); at !== 0; at = packed.next(at)) {
      const time = packed.expireAt(at);
      if (time === 0 || time >= now) break;
      count++;
    }
    return count;
  }

  // Walking: the hash must not change meanwhile

  /** Goes to the first field; false if there is none. */
  first(): boolean {
    if (!this.isTable) return (this.#at = this.#packed.first()) !== 0;
    this.#bucket = 0;
    this.#at = this.#table.table.chain(0);
    return this.#at !== 0 || this.#nextBucket();
  }

  next(): boolean {
    if (!this.isTable) return (this.#at = this.#packed.next(this.#at)) !== 0;
    this.#at = this.#table.table.next(this.#at);
    return this.#at !== 0 || this.#nextBucket();
  }

  #nextBucket(): boolean {
    const { table } = this.#table;
    const { buckets } = table;
    while (++this.#bucket < buckets) {
      this.#at = table.chain(this.#bucket);
      if (this.#at !== 0) return true;
    }
    return false;
  }

  /** Shows all fields, their values, or one after the other, whether their time has come or not. */
  show(fields: boolean, values: boolean, to: BulkSink): void {
    if (this.isTable) this.#table.show(fields, values, to);
    else this.#packed.show(fields, values, to);
  }

  /** A step of SCAN: `visit` is called with each field the current one. A packed hash is visited whole. */
  scan(cursor: number, visit: () => void): number {
    if (this.isTable) {
      return this.#table.table.scan(cursor, (ref) => {
        this.#at = ref;
        visit();
      });
    }
    for (let more = this.first(); more; more = this.next()) visit();
    return 0;
  }

  /** Goes to any field, each as likely; there must be one. */
  random(): void {
    const { random } = this.#store;
    if (this.isTable) this.#at = this.#table.table.random(random);
    else this.#at = this.#packed.at(random() % this.size);
  }

  /** Of a table: so many fields, each any, by their places. */
  anyFields(count: number, uint32: () => number): AnyElements {
    return new AnyElements(this.#table.table, count, uint32);
  }

  /** Of a table: shows the places of so many different fields, fewer than there are. */
  differentFields(count: number, uint32: () => number, visit: (place: number) => void): void {
    const { table } = this.#table;
    visitElements(table, differentElements(table, count, uint32), visit);
  }

  /** What `goTo` takes to come back to the current field, as long as nothing changes. */
  get place(): number {
    return this.#at;
  }

  goTo(place: number): void {
    this.#at = place;
  }

  // Changing

  /** Gives a field a value; true if it is new. An expiry is dropped unless `keepExpiry`. It may not be the current field then. */
  set(field: Slice, value: Slice, keepExpiry = false): boolean {
    const { policy } = this.#store;
    if (!this.isTable && !this.#fits(field, value)) this.convert();
    const isNew = !this.find(field);
    if (isNew && this.isTable) this.#table.addMissing(field, value, 0);
    else if (isNew) this.#add(field, value, 0);
    else {
      this.setValue(value);
      if (!keepExpiry && this.expireAt() !== 0) this.setExpireAt(0);
    }
    if (!this.isTable && this.#packed.size > policy.hashMaxListpackEntries) this.convert();
    return isNew;
  }

  #fits(field: Slice, value: Slice): boolean {
    const longest = Math.max(field.length, value.length);
    if (longest > this.#store.policy.hashMaxListpackValue) return false;
    // The limits may be set to anything; a listpack has one of its own.
    return this.#packed.list.size + longest * 2 < MAX_BYTES / 2;
  }

  /** For readers of files: a field that is not there. */
  add(field: Slice, value: Slice, expireAt: number): void {
    if (expireAt !== 0) this.makeExpiring();
    this.#add(field, value, expireAt);
  }

  #add(field: Slice, value: Slice, expireAt: number): void {
    if (this.isTable) this.#table.add(field, value, expireAt);
    else {
      this.#packed.add(field, value, expireAt);
      this.#setWord(LISTPACK, this.#packed.list.ref);
    }
  }

  /** Another value for the current field; its expiry stays. */
  setValue(value: Slice): void {
    if (this.isTable) this.#at = this.#table.setValue(this.#at, value);
    else {
      this.#packed.setValue(this.#at, value);
      this.#setWord(LISTPACK, this.#packed.list.ref);
    }
  }

  /** When the current field expires, 0 for never. It is not the current field then. */
  setExpireAt(expireAt: number): void {
    if (this.isTable) this.#table.setExpireAt(this.#at, expireAt);
    else {
      this.#packed.setExpireAt(this.#at, expireAt);
      this.#setWord(LISTPACK, this.#packed.list.ref);
    }
  }

  /** Removes the current field. */
  remove(): void {
    if (this.isTable) this.#table.remove(this.#at);
    else {
      this.#packed.remove(this.#at);
      this.#setWord(LISTPACK, this.#packed.list.ref);
    }
  }

  // Other forms

  /** Makes a table of a listpack. */
  convert(): void {
    const list = this.#packed.list.ref;
    const stride = this.#packed.stride;
    const { encoding, expiryBlock } = this;
    if (encoding === Encoding.packed) {
      this.#table.table.create(this.root, TABLE_HEADER);
      this.encoding = Encoding.table;
    } else {
      const block = this.#growExpiryBlock(expiryBlock);
      this.#table.table.create(block, EXPIRING_TABLE_HEADER);
      this.#table.index.position(block, INDEX_HEADER).initialize();
      this.encoding = Encoding.tableExpiring;
      this.#setWord(expiryBlockWord(this.encoding), block);
    }
    this.#setWord(0, this.encoding);
    const packed = this.#packed.open(list, stride);
    for (let at = packed.first(); at !== 0; at = packed.open(list, stride).next(at)) {
      const time = packed.expireAt(at);
      const field = packed.field(at, this.#field);
      // A listpack from a payload that was not looked through may have a field twice: the first one counts.
      if (this.#table.find(field) === 0) this.#table.addMissing(field, packed.value(at, this.#value), time);
    }
    packed.list.open(list).free();
  }

  /** Lets fields expire. */
  makeExpiring(): void {
    if (this.isExpiring) return;
    if (this.isTable) {
      const { arena } = this.#store;
      const block = arena.alloc(TABLE_EXPIRY_BYTES);
      const words = this.#i32[block >>> 20]!;
      const at = (block & 0xfffff) << 2;
      words.fill(0, at, at + EXPIRING_TABLE_HEADER);
      for (let i = 0; i < 3; i++) words[at + EXPIRING_TABLE_HEADER + i] = this.#word(TABLE_HEADER + i);
      this.encoding = Encoding.tableExpiring;
      this.#setWord(0, this.encoding);
      this.#setWord(expiryBlockWord(this.encoding), block);
      const { table } = this.#table;
      const from = table.address;
      table.position(block, EXPIRING_TABLE_HEADER);
      if (arena.watch.open) arena.watch.tableMoved(from, block, EXPIRING_TABLE_HEADER);
      this.#table.index.position(block, INDEX_HEADER).initialize();
    } else {
      this.#packed.addTimes();
      this.#setWord(LISTPACK, this.#packed.list.ref);
      this.#addExpiryBlock(PACKED_EXPIRY_BYTES, Encoding.packedExpiring);
    }
    this.position(this.root);
  }

  #addExpiryBlock(bytes: number, encoding: number): void {
    const block = this.#store.arena.alloc(bytes);
    const at = (block & 0xfffff) << 2;
    this.#i32[block >>> 20]!.fill(0, at, at + EXPIRING_TABLE_HEADER);
    this.#setWord(0, encoding);
    this.#setWord(expiryBlockWord(encoding), block);
  }

  /** That of a listpack becomes one of a table, headers not yet filled in. */
  #growExpiryBlock(from: number): number {
    const { arena } = this.#store;
    const to = arena.alloc(TABLE_EXPIRY_BYTES);
    const words = this.#i32[to >>> 20]!;
    const at = (to & 0xfffff) << 2;
    const source = this.#i32[from >>> 20]!;
    const sourceAt = (from & 0xfffff) << 2;
    for (let i = 0; i < EXPIRING_TABLE_HEADER; i++) words[at + i] = source[sourceAt + i]!;
    arena.free(from);
    return to;
  }
}
