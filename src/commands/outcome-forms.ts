/**
 * The forms in which the changes of this room reach the AOF and the replicas where these are not the client's own words. Words
 * and arrays are made once and used again: an outcome is encoded before `outcome` returns.
 */
import type { Slice } from "../base/bytes.ts";
import type { Call, OutcomeWord } from "./call.ts";

const word = (text: string): Uint8Array => Buffer.from(text, "latin1");

const DEL = word("DEL");
const UNLINK = word("UNLINK");
const SET = word("SET");
const PXAT = word("PXAT");
const PERSIST = word("PERSIST");
const KEEPTTL = word("KEEPTTL");
const PEXPIREAT = word("PEXPIREAT");

const two: OutcomeWord[] = ["", ""];
const three: OutcomeWord[] = ["", "", ""];
const four: OutcomeWord[] = ["", "", "", ""];
const five: OutcomeWord[] = ["", "", "", "", ""];

export function outcomeDel(call: Call, key: Slice, lazy: boolean): void {
  two[0] = lazy ? UNLINK : DEL;
  two[1] = key;
  call.outcome(two);
}

export function outcomePersist(call: Call, key: Slice): void {
  two[0] = PERSIST;
  two[1] = key;
  call.outcome(two);
}

/** PEXPIREAT with the conditions (NX, XX, GT, LT) that the client gave. */
export function outcomeExpireAt(call: Call, key: Slice, atMs: number, conditions?: readonly Slice[]): void {
  three[0] = PEXPIREAT;
  three[1] = key;
  three[2] = atMs;
  call.outcome(conditions === undefined || conditions.length === 0 ? three : [...three, ...conditions]);
}

export function outcomeSet(call: Call, key: Slice, value: Slice): void {
  three[0] = SET;
  three[1] = key;
  three[2] = value;
  call.outcome(three);
}

export function outcomeSetKeepTtl(call: Call, key: Slice, value: Slice): void {
  four[0] = SET;
  four[1] = key;
  four[2] = value;
  four[3] = KEEPTTL;
  call.outcome(four);
}

export function outcomeSetExpiring(call: Call, key: Slice, value: Slice, atMs: number): void {
  five[0] = SET;
  five[1] = key;
  five[2] = value;
  five[3] = PXAT;
  five[4] = atMs;
  call.outcome(five);
}
