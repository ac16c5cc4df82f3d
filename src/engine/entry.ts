/**
 * How a key and its value lie in one block of the arena; docs/memory.md has the picture. In words of 32 bits:
 *
 *   0 next   1 hash   2 meta   3 lengths   [4 5 expiry, 6 place among the volatile]   [key and value length]   key   value
 *
 * meta: 24 bits of LRU clock or LFU counter, then the flags below, then 4 bits of type. Word 3 holds the key's length in 8 bits
 * and the value's in 24; where one does not fit, LONG is set and they have a word each. A string's bytes lie in the
 * block, an integer as its text; of any other type the block holds the root of its container.
 */
import type { Arena } from "../memory/arena.ts";
import { copyIn } from "../memory/copy.ts";

export const AGE_MASK = 0xffffff;
export const VOLATILE = 1 << 24;
export const LONG = 1 << 25;
/** The string is the text of a 64-bit integer. */
export const INT = 1 << 26;
/** The string was changed in place: OBJECT ENCODING says raw at any length. */
export const RAW = 1 << 27;
export const TYPE_SHIFT = 28;

export type TypeName = "string" | "list" | "set" | "zset" | "hash" | "stream";
export const TYPES: readonly TypeName[] = ["string", "list", "set", "zset", "hash", "stream"];
export const STRING = 0;

/** Bytes before the key of an entry that is neither volatile nor long. */
export const HEADER = 16;
const EXPIRY_BYTES = 12;
const LONG_BYTES = 8;
const SHORT_KEY = 255;
export const SHORT_VALUE = 0xffffff;

/** Reads and writes entries by ref. No method moves one: a change that needs another block is the keyspace's business. */
export class Entries {
  readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** A block for this key and `room` bytes of value, its header and key filled in; the caller links it. */
  create(bytes: Uint8Array, start: number, end: number, meta: number, valueLength: number, room: number): number {
    const keyLength = end - start;
    meta &= ~LONG;
    if (keyLength > SHORT_KEY || room > SHORT_VALUE) meta |= LONG;
    const ref = this.arena.alloc(headerBytes(meta) + keyLength + room);
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    words[at] = 0;
    words[at + 2] = meta;
    if ((meta & LONG) === 0) {
      words[at + 3] = (keyLength << 24) | valueLength;
    } else {
      const lengths = at + ((meta & VOLATILE) === 0 ? 4 : 7);
      words[lengths] = keyLength;
      words[lengths + 1] = valueLength;
    }
    copyIn(bytes, start, end, this.arena.u8[ref >>> 20]!, words, (at << 2) + headerBytes(meta));
    return ref;
  }

  bytes(ref: number): Uint8Array {
    return this.arena.u8[ref >>> 20]!;
  }

  hash(ref: number): number {
    return this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 1]!;
  }

  meta(ref: number): number {
    return this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 2]!;
  }

  setMeta(ref: number, meta: number): void {
    this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 2] = meta;
  }

  type(ref: number): number {
    return this.meta(ref) >>> TYPE_SHIFT;
  }

  isVolatile(ref: number): boolean {
    return (this.meta(ref) & VOLATILE) !== 0;
  }

  keyLength(ref: number): number {
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const meta = words[at + 2]!;
    if ((meta & LONG) === 0) return words[at + 3]! >>> 24;
    return words[at + ((meta & VOLATILE) === 0 ? 4 : 7)]!;
  }

  valueLength(ref: number): number {
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const meta = words[at + 2]!;
    if ((meta & LONG) === 0) return words[at + 3]! & SHORT_VALUE;
    return words[at + ((meta & VOLATILE) === 0 ? 5 : 8)]!;
  }

  /** The caller knows that it fits (see `fits`). */
  setValueLength(ref: number, length: number): void {
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    const meta = words[at + 2]!;
    if ((meta & LONG) === 0) words[at + 3] = (words[at + 3]! & ~SHORT_VALUE) | length;
    else words[at + ((meta & VOLATILE) === 0 ? 5 : 8)] = length;
  }

  /** Where in `bytes(ref)` the key begins. */
  keyAt(ref: number): number {
    return ((ref & 0xfffff) << 4) + headerBytes(this.meta(ref));
  }

  valueAt(ref: number): number {
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    // Nearly every entry is of this shape, and this is on the way of every GET.
    if ((words[at + 2]! & (VOLATILE | LONG)) === 0) return (at << 2) + HEADER + (words[at + 3]! >>> 24);
    return this.keyAt(ref) + this.keyLength(ref);
  }

  /** Puts bytes into the value from its byte `at` on; the caller has made room. */
  write(ref: number, at: number, bytes: Uint8Array, start: number, end: number): void {
    copyIn(bytes, start, end, this.arena.u8[ref >>> 20]!, this.arena.i32[ref >>> 20]!, this.valueAt(ref) + at);
  }

  /** How long the value can become without another block. */
  room(ref: number): number {
    const room = this.arena.sizeOf(ref) - headerBytes(this.meta(ref)) - this.keyLength(ref);
    return (this.meta(ref) & LONG) === 0 && room > SHORT_VALUE ? SHORT_VALUE : room;
  }

  /** Unix time in ms; only of a volatile entry. */
  expireAt(ref: number): number {
    const words = this.arena.i32[ref >>> 20]!;
    const at = (ref & 0xfffff) << 2;
    return words[at + 5]! * 0x100000000 + (words[at + 4]! >>> 0);
  }

  setExpireAt(ref: number, at: number): void {
    const words = this.arena.i32[ref >>> 20]!;
    const word = (ref & 0xfffff) << 2;
    words[word + 4] = at >>> 0;
    words[word + 5] = Math.floor(at / 0x100000000);
  }

  /** Where this entry stands in its keyspace's vector of volatile entries. */
  volatileIndex(ref: number): number {
    return this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 6]!;
  }

  setVolatileIndex(ref: number, index: number): void {
    this.arena.i32[ref >>> 20]![((ref & 0xfffff) << 2) + 6] = index;
  }

  /** The container of an entry that is not a string. */
  root(ref: number): number {
    return this.arena.i32[ref >>> 20]![rootWord(this.valueAt(ref))]!;
  }

  setRoot(ref: number, root: number): void {
    this.arena.i32[ref >>> 20]![rootWord(this.valueAt(ref))] = root;
  }
}

/** What a root takes behind a key, the bytes that align it included. */
export const ROOT_BYTES = 7;

function rootWord(valueAt: number): number {
  return (valueAt + 3) >>> 2;
}

export function headerBytes(meta: number): number {
  return HEADER + ((meta & VOLATILE) === 0 ? 0 : EXPIRY_BYTES) + ((meta & LONG) === 0 ? 0 : LONG_BYTES);
}
