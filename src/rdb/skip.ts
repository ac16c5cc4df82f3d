/** Values that nobody needs (their time has come): stepped over without building them. */
import { ValueType } from "./format.ts";
import type { RdbInput } from "./input.ts";
import type { ValueReader } from "./value.ts";

/** Steps over one string, or over one element of a value of many. */
type Step = (input: RdbInput) => void;

const string: Step = (input) => input.skipString();
const pair: Step = (input) => {
  input.skipString();
  input.skipString();
};
const score: Step = (input) => {
  input.skipString();
  input.skip(8);
};
/** A score of old: a length and that many digits; three lengths are words for what has no digits. */
const oldScore: Step = (input) => {
  input.skipString();
  const length = input.byte();
  if (length < 253) input.skip(length);
};
/** A node of a list, or a field with its time: a number comes first. */
const numbered =
  (step: Step): Step =>
  (input) => {
    input.plainLength();
    step(input);
  };

interface Shape {
  /** Bytes before all else. */
  readonly head?: number;
  /** What stands behind the count of elements, for each of them. */
  readonly element?: Step;
}

/** By the number of the form; without `element` it is a single string. */
const SHAPES: Readonly<Record<number, Shape>> = {
  [ValueType.string]: {},
  [ValueType.list]: { element: string },
  [ValueType.set]: { element: string },
  [ValueType.zset]: { element: oldScore },
  [ValueType.hash]: { element: pair },
  [ValueType.zset2]: { element: score },
  [ValueType.hashZipmap]: {},
  [ValueType.listZiplist]: {},
  [ValueType.setIntset]: {},
  [ValueType.zsetZiplist]: {},
  [ValueType.hashZiplist]: {},
  [ValueType.listQuicklist]: { element: string },
  [ValueType.hashListpack]: {},
  [ValueType.zsetListpack]: {},
  [ValueType.listQuicklist2]: { element: numbered(string) },
  [ValueType.setListpack]: {},
  [ValueType.hashMetadata]: { head: 8, element: numbered(pair) },
  [ValueType.hashListpackEx]: { head: 8 },
};

/** Reads what is to be forgotten. Of a form whose shape is not known here, the type's own reader reads. */
export class SkippingReader implements ValueReader {
  readonly empty = false;
  #left = 0;
  #reader: ValueReader | undefined;

  /** For values of this form; `reader` is the form's own. */
  of(form: number, reader: ValueReader): this {
    this.#reader = SHAPES[form] === undefined ? reader : undefined;
    return this;
  }

  read(input: RdbInput, form: number, part: number): boolean {
    if (this.#reader !== undefined) return this.#reader.read(input, form, part);
    const { head = 0, element } = SHAPES[form]!;
    if (part > 0) {
      element!(input);
      return --this.#left === 0;
    }
    input.skip(head);
    if (element === undefined) input.skipString();
    else this.#left = input.plainLength();
    return element === undefined || this.#left === 0;
  }

  store(): void {
    this.discard();
  }

  discard(): void {
    this.#reader?.discard();
  }
}
