/** A stream in plain JavaScript, to compare ours with. */
import { Slice } from "../../../src/base/bytes.ts";
import { Policy } from "../../../src/engine/policy.ts";
import { Store } from "../../../src/engine/store.ts";
import type { EntryCursor } from "../../../src/engine/stream/cursor.ts";
import { EntryWords } from "../../../src/engine/stream/entry-words.ts";
import { StreamId } from "../../../src/engine/stream/id.ts";
import type { Stream } from "../../../src/engine/stream/stream.ts";
import { mulberry32 } from "../../commands/harness.ts";

export interface ModelEntry {
  readonly id: bigint;
  readonly pairs: readonly string[];
}

export function makeStore(seed: number): Store {
  return new Store(mulberry32(seed), new Policy());
}

/** The ID of 128 bits. */
export function toId(value: bigint): StreamId {
  const word = (shift: bigint) => Number(BigInt.asIntN(32, value >> shift));
  return new StreamId().set(word(96n), word(64n), word(32n), word(0n));
}

export function fromId(id: StreamId): bigint {
  const word = (value: number, shift: bigint) => BigInt(value >>> 0) << shift;
  return word(id.msHigh, 96n) | word(id.msLow, 64n) | word(id.seqHigh, 32n) | word(id.seqLow, 0n);
}

export function append(stream: Stream, id: bigint, pairs: readonly string[]): void {
  const words = new EntryWords();
  for (const text of pairs) words.push(Slice.of(text));
  stream.append(toId(id), words);
}

export function read(cursor: EntryCursor): ModelEntry[] {
  const entries: ModelEntry[] = [];
  while (cursor.next()) {
    const pairs: string[] = [];
    for (let i = 0; i < cursor.fields; i++) {
      cursor.nextField();
      pairs.push(cursor.field.latin1(), cursor.value.latin1());
    }
    entries.push({ id: fromId(cursor.id), pairs });
  }
  return entries;
}
