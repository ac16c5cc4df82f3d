/** The forms in which changes of hashes reach the AOF and the replicas where these are not the client's own words. */
import type { Slice } from "../../base/bytes.ts";
import type { Call, OutcomeWord } from "../call.ts";

const word = (text: string): Uint8Array => Buffer.from(text, "latin1");

const HSET = word("HSET");
const HDEL = word("HDEL");
const HPEXPIREAT = word("HPEXPIREAT");
const FIELDS = word("FIELDS");

export function outcomeFieldSet(call: Call, key: Slice, field: Slice, value: Slice): void {
  call.outcome([HSET, key, field, value]);
}

export function outcomeFieldDeleted(call: Call, key: Slice, field: Slice): void {
  call.outcome([HDEL, key, field]);
}

export function outcomeFieldExpireAt(call: Call, key: Slice, field: Slice, atMs: number): void {
  call.outcome([HPEXPIREAT, key, atMs, FIELDS, 1, field]);
}

/** @param condition  NX, XX, GT or LT, as the client gave it */
export function outcomeFieldsExpireAt(
  call: Call,
  key: Slice,
  atMs: number,
  condition: Slice | null,
  fields: readonly Slice[],
): void {
  const words: OutcomeWord[] = [HPEXPIREAT, key, atMs];
  if (condition !== null) words.push(condition);
  words.push(FIELDS, fields.length, ...fields);
  call.outcome(words);
}
