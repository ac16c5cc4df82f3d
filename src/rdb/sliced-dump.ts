/** The payload of a value as DUMP makes it, made in slices: of a value that stands still meanwhile, since whoever makes it holds writes. */

import { TYPES } from "../engine/entry.ts";
import type { StoredValue } from "../engine/snapshot.ts";
import type { Store } from "../engine/store.ts";
import type { ValueWalk } from "../engine/value-walk.ts";
import { Marks } from "../memory/marks.ts";
import { DEFAULT_VERSION } from "./format.ts";
import { RdbOutput } from "./output.ts";
import { dumpValue } from "./payload.ts";
import { ValueWriters } from "./types.ts";
import type { PartsWriter } from "./value.ts";

export class SlicedDump {
  readonly #chunks: Uint8Array[] = [];
  #output: RdbOutput | null = null;
  #walk: ValueWalk | null = null;

  /** A small value is dumped at once. */
  constructor(store: Store, value: StoredValue) {
    const walk =
      value.root === 0
        ? null
        : (store.containers.of(TYPES.indexOf(value.type)).walk?.(value.root, new Marks()) ?? null);
    const writer = new ValueWriters(store).of(value.type);
    const parts = walk === null ? null : (writer.inParts?.(value, walk.parts, DEFAULT_VERSION) ?? null);
    if (walk === null || parts === null) this.#chunks.push(dumpValue(store, value));
    else this.#begin(writer.form(value, DEFAULT_VERSION), walk, parts);
  }

  #begin(form: number, walk: ValueWalk, parts: PartsWriter): void {
    const output = new RdbOutput((chunk) => this.#chunks.push(chunk), { compress: false, checksum: true });
    output.byte(form);
    parts.head(output);
    walk.visitor = {
      element: (ref) => parts.element!(output, ref),
      node: (bytes, begin, end, count) => parts.node!(output, bytes, begin, end, count),
    };
    this.#output = output;
    this.#walk = walk;
  }

  /** Goes on for about so many elements; false when it is done. */
  step(elements: number): boolean {
    if (this.#walk === null) return false;
    if (this.#walk.step(elements)) return true;
    const output = this.#output!;
    output.byte(DEFAULT_VERSION);
    output.byte(0);
    output.checksum();
    output.flush();
    this.#walk = null;
    return false;
  }

  /** When it is done. */
  get payload(): Uint8Array {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }
}
