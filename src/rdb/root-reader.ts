/** What the readers of all containers have in common: the value being read hangs on a root that no key holds yet. */
import type { Slice } from "../base/bytes.ts";
import type { Database } from "../engine/database.ts";
import { TYPES, type TypeName } from "../engine/entry.ts";
import type { Store } from "../engine/store.ts";
import type { RdbInput } from "./input.ts";
import type { ValueReader } from "./value.ts";

export abstract class RootReader implements ValueReader {
  /** The value so far; 0 for none. A value without elements is none. */
  protected root = 0;
  protected readonly values: Store;
  readonly #type: TypeName;

  constructor(type: TypeName, values: Store) {
    this.#type = type;
    this.values = values;
  }

  abstract read(input: RdbInput, form: number, part: number): boolean;

  get empty(): boolean {
    return this.root === 0;
  }

  store(db: Database, key: Slice, expireAt = -1): void {
    db.setRoot(key, this.#type, this.root, expireAt);
    this.root = 0;
  }

  discard(): void {
    if (this.root === 0) return;
    const job = this.values.containers.of(TYPES.indexOf(this.#type)).freeing(this.root);
    while (job.pending > 0) job.step(Number.MAX_SAFE_INTEGER);
    this.root = 0;
  }
}
