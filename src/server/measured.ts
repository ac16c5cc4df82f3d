/**
 * A set and a map of names that know what their names cost, so that nobody has to walk them to tell. Every connection has some and
 * hardly any uses them: while they are empty they cost nothing.
 */

/** What an entry costs besides its name: here, and where others find its owner by it. */
const ENTRY_BYTES = 160;

export class NameSet {
  bytes = 0;
  #names: Set<string> | null = null;

  get size(): number {
    return this.#names === null ? 0 : this.#names.size;
  }

  has(name: string): boolean {
    return this.#names?.has(name) === true;
  }

  add(name: string): void {
    this.#names ??= new Set();
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.bytes += ENTRY_BYTES + name.length;
  }

  delete(name: string): boolean {
    if (this.#names?.delete(name) !== true) return false;
    this.bytes -= ENTRY_BYTES + name.length;
    if (this.#names.size === 0) this.#names = null;
    return true;
  }

  [Symbol.iterator](): Iterator<string> {
    return (this.#names ?? NO_NAMES)[Symbol.iterator]();
  }
}

export class NameMap<Value> {
  bytes = 0;
  #values: Map<string, Value> | null = null;

  get size(): number {
    return this.#values === null ? 0 : this.#values.size;
  }

  has(name: string): boolean {
    return this.#values?.has(name) === true;
  }

  set(name: string, value: Value): void {
    this.#values ??= new Map();
    if (!this.#values.has(name)) this.bytes += ENTRY_BYTES + 2 * name.length;
    this.#values.set(name, value);
  }

  clear(): void {
    this.bytes = 0;
    this.#values = null;
  }

  keys(): Iterable<string> {
    return this.#values?.keys() ?? NO_NAMES;
  }

  values(): Iterable<Value> {
    return this.#values?.values() ?? [];
  }
}

const NO_NAMES: readonly string[] = [];
