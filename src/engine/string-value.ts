/**
 * A string in the store, read and changed where it lies. The engine has one such object for reading and one for writing and
 * positions it anew for every key: it is valid until the next call of the engine that writes.
 */
import { Slice } from "../base/bytes.ts";
import { type Entries, HEADER, INT, LONG, RAW, SHORT_VALUE, VOLATILE } from "./entry.ts";
import { isIntegerText } from "./integer-text.ts";
import type { Keyspace } from "./keyspace.ts";

export type StringEncoding = "int" | "embstr" | "raw";

/** The longest string that Redis keeps in one piece with its header. */
const EMBSTR_MAX = 44;

export function stringEncoding(meta: number, length: number): StringEncoding {
  if ((meta & INT) !== 0) return "int";
  return length <= EMBSTR_MAX && (meta & RAW) === 0 ? "embstr" : "raw";
}

export class StringValue extends Slice {
  #keyspace!: Keyspace;
  #entries!: Entries;
  #ref = 0;

  /** For the engine. */
  position(keyspace: Keyspace, ref: number): this {
    this.#keyspace = keyspace;
    this.#entries = keyspace.store.entries;
    this.#at(ref);
    return this;
  }

  #at(ref: number): void {
    const entries = this.#entries;
    const { u8, i32 } = entries.arena;
    const words = i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    this.#ref = ref;
    this.bytes = u8[ref >>> 20]!;
    // Nearly every entry is of this shape, and this is on the way of every GET.
    if ((words[at + 2]! & (VOLATILE | LONG)) === 0) {
      const lengths = words[at + 3]!;
      this.start = (at << 2) + HEADER + (lengths >>> 24);
      this.end = this.start + (lengths & SHORT_VALUE);
    } else {
      this.start = entries.valueAt(ref);
      this.end = this.start + entries.valueLength(ref);
    }
  }

  get encoding(): StringEncoding {
    return stringEncoding(this.#entries.meta(this.#ref), this.end - this.start);
  }

  byteAt(index: number): number {
    return this.bytes[this.start + index]!;
  }

  /** Only within the string's length: `grow` first. */
  setByte(index: number, byte: number): void {
    this.#makeRaw();
    this.bytes[this.start + index] = byte;
  }

  /** Makes the string at least `length` bytes long, with zeros at the end. */
  grow(length: number): void {
    const old = this.end - this.start;
    if (length <= old) this.#makeRaw();
    else {
      this.#resize(length);
      this.bytes.fill(0, this.start + old, this.end);
    }
  }

  /** Makes the string `length` bytes long; what is new is arbitrary. */
  setLength(length: number): void {
    this.#resize(length);
  }

  append(tail: Slice): void {
    // Read before the change: `tail` may be this very string, whose block stays readable until the next call.
    const { bytes, start, end } = tail;
    const old = this.end - this.start;
    this.#resize(old + end - start);
    this.#entries.write(this.#ref, old, bytes, start, end);
  }

  setRange(offset: number, part: Slice): void {
    const { bytes, start, end } = part;
    this.grow(offset + end - start);
    this.#entries.write(this.#ref, offset, bytes, start, end);
  }

  /** Replaces the whole string, as SET does; the expiry stays. */
  replace(value: Slice, isInteger = isIntegerText(value.bytes, value.start, value.end)): void {
    const { bytes, start, end } = value;
    const encoding = isInteger ? INT : 0;
    if (this.#keyspace.replaceInPlace(this.#ref, bytes, start, end, encoding, null)) return;
    const expiry = this.#entries.meta(this.#ref) & VOLATILE;
    this.#at(this.#keyspace.overwrite(this.#ref, bytes, start, end, expiry | encoding));
  }

  #resize(length: number): void {
    this.#at(this.#keyspace.resize(this.#ref, length));
  }

  #makeRaw(): void {
    const meta = this.#entries.meta(this.#ref);
    if ((meta & RAW) === 0 || (meta & INT) !== 0) this.#entries.setMeta(this.#ref, (meta & ~INT) | RAW);
  }
}
