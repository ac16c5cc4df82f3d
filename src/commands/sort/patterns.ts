/** The patterns of BY and GET: `weight_*` is a string's key, `object_*->field` a field of a hash, `#` the element itself. */
import { Slice } from "../../base/bytes.ts";
import type { Call } from "../call.ts";
import { findField } from "../hashes/fields.ts";
import { missed } from "../keyspace.ts";
import { starOf } from "./options.ts";

const HASH = 0x23;
const DASH = 0x2d;
const ARROW = 0x3e;

export class Pattern {
  readonly #isElement: boolean;
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #field: Slice | null;
  readonly #names: boolean;

  constructor(pattern: Slice) {
    const { bytes, start, end } = pattern;
    const star = starOf(pattern);
    this.#isElement = pattern.length === 1 && bytes[start] === HASH;
    this.#names = star >= 0;
    const arrow = this.#names ? arrowBehind(pattern, star) : -1;
    this.#before = bytes.subarray(start, Math.max(start, star));
    this.#after = bytes.subarray(star + 1, arrow < 0 ? end : arrow);
    this.#field = arrow < 0 ? null : new Slice(bytes, arrow + 2, end);
  }

  /** What it names for an element, copied; null if there is no such thing, or it is of another type. */
  of(call: Call, element: Uint8Array): Uint8Array | null {
    if (this.#isElement) return element;
    if (!this.#names) return null;
    const key = new Slice(Buffer.concat([this.#before, element, this.#after]));
    const value = call.db.get(key);
    if (value === null) {
      call.notify(key, missed);
      return null;
    }
    if (this.#field === null) return value.type === "string" ? value.string.copy() : null;
    if (value.type !== "hash") return null;
    const hash = call.engine.hashes.at(value.root);
    return findField(call, key, hash, this.#field) ? hash.value().copy() : null;
  }
}

/** Where "->" stands with a field behind it, or -1. Only the first counts. */
function arrowBehind({ bytes, end }: Slice, star: number): number {
  for (let at = star + 1; at + 1 < end; at++) {
    if (bytes[at] === DASH && bytes[at + 1] === ARROW) return at + 2 < end ? at : -1;
  }
  return -1;
}
