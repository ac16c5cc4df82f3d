/** What the commands on sorted sets share: looking one up, keeping a new one, and what becomes of an empty one. */
import type { Slice } from "../../base/bytes.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Call, KeyEvent } from "../call.ts";
import { created, deleted, missed } from "../keyspace.ts";

/** The sorted set at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readSortedSet(call: Call, key: Slice, into?: SortedSetValue): SortedSetValue | null {
  const value = call.engine.sortedSets.read(call.db, key, into);
  if (value === null) call.notify(key, missed);
  return value;
}

/** A new one under a key that is not there, for so many members, the first of that length. */
export function createSortedSet(call: Call, key: Slice, members: number, firstLength: number): SortedSetValue {
  const value = call.engine.sortedSets.createUnder(call.db, key, members, firstLength);
  call.notify(key, created);
  return value;
}

/** The key of a sorted set that has lost its last member goes. */
export function deleteIfEmpty(call: Call, key: Slice, value: SortedSetValue): void {
  if (value.size > 0) return;
  call.db.delete(key);
  call.notify(key, deleted);
}

/** Removes a range of ranks, says so, and deletes the key if that was all: in one go, which is cheaper than one by one. */
export function removeMembers(
  call: Call,
  key: Slice,
  value: SortedSetValue,
  first: number,
  count: number,
  happened: KeyEvent,
): void {
  const isAll = count === value.size;
  if (!isAll) value.removeRange(first, count);
  call.changed(key, happened, count);
  if (!isAll) return;
  call.db.delete(key);
  call.notify(key, deleted);
}

/** Keeps a result under a key, in the place of what was there, and answers how many members it has; `root` is 0 for none. */
export function keepResult(call: Call, key: Slice, root: number, members: number, event: KeyEvent): void {
  if (root === 0) {
    if (call.db.delete(key)) call.changed(key, deleted);
  } else {
    const existed = call.db.has(key);
    call.db.setRoot(key, "zset", root);
    if (!existed) call.notify(key, created);
    call.changed(key, event);
  }
  call.reply.integer(members);
}
