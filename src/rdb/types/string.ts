/** Strings: one form for all of them; how the bytes of a string stand in a file is the input's and the output's business. */
import { Slice } from "../../base/bytes.ts";
import type { Database } from "../../engine/database.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import { ValueType } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import type { RdbOutput } from "../output.ts";
import type { TypeRow, ValueReader, ValueWriter } from "../value.ts";

export const string: TypeRow = {
  type: "string",
  forms: [ValueType.string],
  reader: () => new StringReader(),
  writer: () => WRITER,
};

class StringReader implements ValueReader {
  readonly empty = false;
  readonly #slot = new StringSlot();
  /** Lies in the input: the caller stores it before that moves on. */
  #value = new Slice();

  read(input: RdbInput): boolean {
    this.#value = input.string(this.#slot);
    return true;
  }

  store(db: Database, key: Slice, expireAt = -1): void {
    db.setString(key, this.#value, false, expireAt);
  }

  discard(): void {}
}

const WRITER: ValueWriter = {
  form: () => ValueType.string,
  write: (output: RdbOutput, value: StoredValue) => output.string(value.string),
};
