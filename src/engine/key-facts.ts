/**
 * Looking at keys without using them, and at what is not seen of a value: for OBJECT, MEMORY, DEBUG, DUMP, clients that wait. Nothing here
 * counts as a hit or makes a key younger.
 */
import type { Slice } from "../base/bytes.ts";
import type { Engine } from "./engine.ts";
import { AGE_MASK, type Entries, STRING, TYPES, type TypeName } from "./entry.ts";
import { stringEncoding } from "./string-value.ts";

/** What a database is for those who only look. */
export abstract class KeyFacts {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The entry of a key that counts as there, or 0. */
  protected abstract find(key: Slice): number;

  get #entries(): Entries {
    return this.#engine.store.entries;
  }

  typeOf(key: Slice): TypeName | null {
    const ref = this.find(key);
    return ref === 0 ? null : TYPES[this.#entries.type(ref)]!;
  }

  idleSeconds(key: Slice): number | null {
    const ref = this.find(key);
    return ref === 0 ? null : this.#engine.ages.idleSeconds(this.#entries.meta(ref));
  }

  frequency(key: Slice): number | null {
    const ref = this.find(key);
    return ref === 0 ? null : this.#engine.ages.frequency(this.#entries.meta(ref));
  }

  setIdle(key: Slice, seconds: number): boolean {
    const ref = this.find(key);
    if (ref !== 0) this.#entries.setMeta(ref, this.#engine.ages.withIdle(this.#entries.meta(ref), seconds));
    return ref !== 0;
  }

  setFrequency(key: Slice, counter: number): boolean {
    const ref = this.find(key);
    if (ref !== 0) this.#entries.setMeta(ref, this.#engine.ages.withFrequency(this.#entries.meta(ref), counter));
    return ref !== 0;
  }

  encoding(key: Slice): string | null {
    const ref = this.find(key);
    if (ref === 0) return null;
    const type = this.#entries.type(ref);
    if (type === STRING) return stringEncoding(this.#entries.meta(ref), this.#entries.valueLength(ref));
    return this.#engine.store.containers.of(type).encoding(this.#entries.root(ref));
  }

  /** Always 1: values are not shared. */
  refcount(key: Slice): number | null {
    return this.find(key) === 0 ? null : 1;
  }

  /** Bytes of the key and all that hangs on it, its share of the tables included; `samples` is for containers. */
  memoryUsage(key: Slice, samples = 5): number | null {
    const ref = this.find(key);
    if (ref === 0) return null;
    const { arena, containers } = this.#engine.store;
    const type = this.#entries.type(ref);
    const held = type === STRING ? 0 : containers.of(type).bytes(this.#entries.root(ref), samples);
    return arena.sizeOf(ref) + (this.#entries.isVolatile(ref) ? 8 : 4) + held;
  }

  /** The 24 bits of age as they stand: DEBUG OBJECT's lru. */
  age(key: Slice): number | null {
    const ref = this.find(key);
    return ref === 0 ? null : this.#entries.meta(ref) & AGE_MASK;
  }
}
