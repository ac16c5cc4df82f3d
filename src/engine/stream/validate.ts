/** Whether bytes from outside are the listpack of a stream's node. */
import { validateListpack } from "../../memory/listpack.ts";
import { isIntegerEntry, readBigInt, readInteger } from "../../memory/listpack-entry.ts";
import { SAME_FIELDS } from "./node.ts";

/** The greatest number that stands for a flag or a zero in one byte. */
const SMALL = 127;

/**
 * Checks that the listpack is sound and that its elements are a master entry and entries as node.ts tells, so that nobody
 * who walks through it leaves it.
 */
export function isNodeListpack(bytes: Uint8Array, start: number, end: number): boolean {
  const grammar = new NodeGrammar(bytes);
  return validateListpack(bytes, start, end, (at) => grammar.accept(at)) > 0 && grammar.isComplete;
}

/** Takes the elements one by one, as they come. */
class NodeGrammar {
  readonly #bytes: Uint8Array;
  #state:
    | "live"
    | "deleted"
    | "master fields"
    | "master field"
    | "master end"
    | "flags"
    | "ms"
    | "seq"
    | "fields"
    | "texts"
    | "count" = "live";
  /** Entries that are still to come. */
  #entries = 0;
  #masterFields = 0;
  /** Elements of the current group that are still to come, and how many the entry has had. */
  #left = 0;
  #elements = 0;
  #same = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isComplete(): boolean {
    return this.#state === "flags" && this.#entries === 0;
  }

  accept(at: number): boolean {
    const bytes = this.#bytes;
    if (this.#state === "master field" || this.#state === "texts") {
      this.#left--;
      this.#elements++;
      if (this.#left === 0) this.#state = this.#state === "texts" ? "count" : "master end";
      return true;
    }
    if (!isIntegerEntry(bytes, at)) return false;
    const value = readInteger(bytes, at);
    switch (this.#state) {
      case "live":
      case "deleted":
        if (value < 0 || value > Number.MAX_SAFE_INTEGER) return false;
        this.#entries += value;
        this.#state = this.#state === "live" ? "deleted" : "master fields";
        return true;
      case "master fields":
        if (value < 0) return false;
        this.#masterFields = value;
        this.#left = value;
        this.#state = value === 0 ? "master end" : "master field";
        return true;
      case "master end":
        this.#state = "flags";
        return value === 0 && readBigInt(bytes, at) === 0n;
      case "flags":
        // A flag is set where it lies: so it has to lie in the one byte that Redis writes.
        if (bytes[at]! > SMALL || this.#entries-- === 0) return false;
        this.#same = (value & SAME_FIELDS) !== 0;
        this.#elements = 1;
        this.#state = "ms";
        return true;
      case "ms":
        this.#elements++;
        this.#state = "seq";
        return true;
      case "seq":
        this.#elements++;
        if (this.#same) this.#expectTexts(this.#masterFields);
        else this.#state = "fields";
        return true;
      case "fields":
        if (value < 0) return false;
        this.#elements++;
        this.#expectTexts(value * 2);
        return true;
      default:
        this.#state = "flags";
        return value === this.#elements;
    }
  }

  #expectTexts(count: number): void {
    this.#left = count;
    this.#state = count === 0 ? "count" : "texts";
  }
}
