/** How the value types are read: one row a type that can stand in a file. A new type is a new row here and a method of the sink. */
import { Slice } from "../base/bytes.ts";
import { ValueType } from "./format.ts";
import type { RdbInput } from "./input.ts";
import { StringSlot } from "./input.ts";

/** A key and what the file says about it; one object, used again for every key. */
export class KeyHeader {
  db = 0;
  /** Lent, as all slices here: valid until the sink returns. */
  key = new Slice();
  /** Unix time in ms; -1 for none. */
  expireAt = -1;
  /** Seconds since the last access; -1 if the file does not say. */
  idleSeconds = -1;
  /** The LFU counter; -1 if the file does not say. */
  frequency = -1;
  /** The type's number. */
  type = 0;
}

/** Where values go. */
export interface ValueSink {
  string(header: KeyHeader, value: Slice): void;
}

/**
 * Reads values of one type.
 * A call reads one part (a short value whole, a long one by its elements) and either reaches the part's end or is
 * thrown out by `short` before it told the sink anything; then the part is read again from its start.
 * @param part  the parts read so far; counted by the caller
 * @returns  whether that was the last one
 */
export type ValueRow = (input: RdbInput, header: KeyHeader, sink: ValueSink, part: number) => boolean;

const valueSlot = new StringSlot();

export const VALUE_ROWS: Readonly<Record<number, ValueRow>> = {
  [ValueType.string]: (input, header, sink) => {
    sink.string(header, input.string(valueSlot));
    return true;
  },
};
