/**
 * The fields of a small hash: a listpack of pairs (field, value) or, once a field has had an expiry, of triples (field, value,
 * time) as Redis 7.4 has them: ordered by time, 0 for never, those behind all others. A field is named by its offset.
 */
import { Slice } from "../../base/bytes.ts";
import type { Arena } from "../../memory/arena.ts";
import { EntryText, HEADER_BYTES, Listpack } from "../../memory/listpack.ts";
import { entryLength, readText } from "../../memory/listpack-entry.ts";
import type { BulkSink } from "./layout.ts";

const LIST_END = 0xff;

export class PackedFields {
  readonly list: Listpack;
  /** Entries a field: 2 or 3. */
  stride = 2;
  readonly #field = new EntryText();
  readonly #value = new EntryText();

  constructor(arena: Arena) {
    this.list = new Listpack(arena);
  }

  open(ref: number, stride: number): this {
    this.list.open(ref);
    this.stride = stride;
    return this;
  }

  get size(): number {
    const entries = this.list.count;
    return this.stride === 2 ? entries >>> 1 : entries / 3;
  }

  /** The field, or 0. */
  find(field: Slice): number {
    return this.list.find(field, this.list.first(), this.stride - 1);
  }

  first(): number {
    return this.list.first();
  }

  next(at: number): number {
    const { list } = this;
    let next = list.next(list.next(at));
    if (this.stride === 3) next = list.next(next);
    return next;
  }

  at(index: number): number {
    return this.list.seek(index * this.stride);
  }

  field(at: number, into: EntryText): Slice {
    return this.list.text(at, into);
  }

  value(at: number, into: EntryText): Slice {
    return this.list.text(this.list.next(at), into);
  }

  /** Shows all fields, values, or one after the other of a listpack of pairs, in one pass over its bytes: this is HGETALL. */
  show(fields: boolean, values: boolean, to: BulkSink): void {
    const { bytes, base } = this.list;
    let isShown = fields;
    for (let at = base + HEADER_BYTES; bytes[at] !== LIST_END; ) {
      const first = bytes[at]!;
      if (first >= 0x80 && first < 0xc0) {
        // A string of up to 63 bytes, as nearly all are.
        const end = at + 1 + (first & 0x3f);
        if (isShown) to.bulkBytes(bytes, at + 1, end);
        at = end + 1;
      } else {
        if (isShown) {
          const text = readText(bytes, at, this.#field);
          to.bulkBytes(text.bytes, text.start, text.end);
        }
        at += entryLength(bytes, at);
      }
      // Field and value take turns.
      isShown = fields && values ? true : !isShown;
    }
  }

  /** Unix ms; 0 for never. */
  expireAt(at: number): number {
    return this.stride === 2 ? 0 : this.list.integer(this.#timeAt(at));
  }

  /** When the first field expires; 0 for never. */
  get nextExpiry(): number {
    const first = this.list.first();
    return first === 0 ? 0 : this.expireAt(first);
  }

  #timeAt(at: number): number {
    return this.list.next(this.list.next(at));
  }

  /** Adds a field that is not there. */
  add(field: Slice, value: Slice, expireAt: number): void {
    const { list } = this;
    const before = this.stride === 3 && expireAt !== 0 ? this.#firstLater(expireAt) : 0;
    if (before === 0) {
      list.append(field);
      list.append(value);
      if (this.stride === 3) list.append(expireAt);
    } else {
      list.insertBefore(before, field);
      const valueAt = list.insertAfter(before, value);
      list.insertAfter(valueAt, expireAt);
    }
  }

  /** The first field that expires later or never, or 0. */
  #firstLater(expireAt: number): number {
    for (let at = this.first(); at !== 0; at = this.next(at)) {
      const other = this.expireAt(at);
      if (other === 0 || other > expireAt) return at;
    }
    return 0;
  }

  setValue(at: number, value: Slice): void {
    this.list.replace(this.list.next(at), value);
  }

  /** Another time for a field, and the place that goes with it. */
  setExpireAt(at: number, expireAt: number): void {
    const field = new Slice(this.field(at, this.#field).copy());
    const value = new Slice(this.value(at, this.#value).copy());
    this.remove(at);
    this.add(field, value, expireAt);
  }

  /** What came behind it is at `at` then. */
  remove(at: number): void {
    this.list.removeRange(at, this.stride);
  }

  /** Makes triples of pairs. */
  addTimes(): void {
    const { list } = this;
    for (let at = list.first(); at !== 0; ) {
      const time = list.insertAfter(list.next(at), 0);
      at = list.next(time);
    }
    this.stride = 3;
  }
}
