/**
 * Which hashes of a keyspace have fields that expire, ordered by when the first does. A hash is looked at no later than that; it
 * may be sooner, since a field that was removed meanwhile leaves its hash where it is until somebody looks.
 */
import type { Arena } from "../../memory/arena.ts";
import type { Order } from "../../memory/index-order.ts";
import { OrderedIndex } from "../../memory/ordered-index.ts";
import type { Keyspace } from "../keyspace.ts";
import { ENCODING_WORD, expiryBlockWord, KEY_HASH, NEXT_HIGH, NEXT_LOW, readTime, timeHigh } from "./layout.ts";

const INDEX_BYTES = 16;

export class ExpiringHashes {
  readonly #arena: Arena;
  readonly #index: OrderedIndex;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#index = new OrderedIndex(arena, new ByNext(arena));
  }

  count(keyspace: Keyspace): number {
    return keyspace.expiringHashes === 0 ? 0 : this.#index.position(keyspace.expiringHashes, 0).size;
  }

  /** The hash that is to be looked at first, or 0. */
  first(keyspace: Keyspace): number {
    return keyspace.expiringHashes === 0 ? 0 : this.#index.position(keyspace.expiringHashes, 0).first();
  }

  /** When it is to be looked at, unix ms; 0 for never. */
  next(root: number): number {
    return nextOf(this.#arena.i32, root);
  }

  keyHash(root: number): number {
    const block = expiryBlock(this.#arena.i32, root);
    return this.#arena.i32[block >>> 20]![((block & 0xfffff) << 2) + KEY_HASH]!;
  }

  setKeyHash(root: number, hash: number): void {
    const block = expiryBlock(this.#arena.i32, root);
    this.#arena.i32[block >>> 20]![((block & 0xfffff) << 2) + KEY_HASH] = hash;
  }

  /** Says when to look at a hash; 0 for never. It has an expiry block. */
  set(keyspace: Keyspace, root: number, next: number): void {
    const before = this.next(root);
    if (before === next) return;
    if (keyspace.expiringHashes === 0) this.#createIndex(keyspace);
    const index = this.#index.position(keyspace.expiringHashes, 0);
    if (before !== 0) index.remove(root);
    const block = expiryBlock(this.#arena.i32, root);
    const words = this.#arena.i32[block >>> 20]!;
    const at = (block & 0xfffff) << 2;
    words[at + NEXT_LOW] = next >>> 0;
    words[at + NEXT_HIGH] = timeHigh(next);
    if (next !== 0) index.insert(root);
  }

  #createIndex(keyspace: Keyspace): void {
    keyspace.expiringHashes = this.#arena.alloc(INDEX_BYTES);
    this.#index.position(keyspace.expiringHashes, 0).initialize();
  }
}

/** Frees the index of a keyspace that is given up. */
export function disposeExpiringHashes(arena: Arena, block: number): void {
  const disposal = new OrderedIndex(arena, new ByNext(arena)).position(block, 0).disposal();
  while (disposal.step(Number.MAX_SAFE_INTEGER));
  arena.free(block);
}

function expiryBlock(i32: Int32Array[], root: number): number {
  const words = i32[root >>> 20]!;
  const at = (root & 0xfffff) << 2;
  return words[at + expiryBlockWord(words[at + ENCODING_WORD]!)]!;
}

function nextOf(i32: Int32Array[], root: number): number {
  const block = expiryBlock(i32, root);
  const words = i32[block >>> 20]!;
  const at = (block & 0xfffff) << 2;
  return readTime(words[at + NEXT_LOW]!, words[at + NEXT_HIGH]!);
}

/** Hashes by the time at which they are to be looked at, then in any order that stays. */
class ByNext implements Order {
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  high(root: number): number {
    return timeHigh(nextOf(this.#arena.i32, root));
  }

  low(root: number): number {
    return nextOf(this.#arena.i32, root) | 0;
  }

  compare(a: number, b: number): number {
    return (a >>> 0) - (b >>> 0);
  }
}
