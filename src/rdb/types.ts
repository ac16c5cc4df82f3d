/** The value types that files and payloads can hold: a row a type. */
import type { TypeName } from "../engine/entry.ts";
import type { Store } from "../engine/store.ts";
import { RdbError } from "./format.ts";
import { hash } from "./types/hash.ts";
import { list } from "./types/list.ts";
import { set } from "./types/set.ts";
import { sortedSet } from "./types/sorted-set.ts";
import { stream } from "./types/stream.ts";
import { string } from "./types/string.ts";
import type { ReadOptions, TypeRow, ValueReader, ValueWriter } from "./value.ts";

export const TYPE_ROWS: readonly TypeRow[] = [string, list, set, hash, stream, sortedSet];

const BY_FORM = new Map<number, TypeRow>();
for (const row of TYPE_ROWS) for (const form of row.forms) BY_FORM.set(form, row);

/** The readers of one load, made as they are needed. */
export class ValueReaders {
  readonly #store: Store;
  readonly #options: ReadOptions;
  readonly #made = new Map<TypeRow, ValueReader>();

  constructor(store: Store, options: ReadOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** Who reads the form of this number, if anybody does. */
  of(form: number): ValueReader | undefined {
    const row = BY_FORM.get(form);
    if (row === undefined) return undefined;
    let reader = this.#made.get(row);
    if (reader === undefined) this.#made.set(row, (reader = row.reader(this.#store, this.#options)));
    return reader;
  }
}

/** The writers of one store. */
export class ValueWriters {
  readonly #store: Store;
  readonly #made = new Map<TypeName, ValueWriter>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws RdbError  if there is no row for it */
  of(type: TypeName): ValueWriter {
    let writer = this.#made.get(type);
    if (writer === undefined) {
      const row = TYPE_ROWS.find((other) => other.type === type);
      if (row === undefined) throw new RdbError("unsupported", `cannot write a value of type ${type}`);
      this.#made.set(type, (writer = row.writer(this.#store)));
    }
    return writer;
  }
}
