/** What the commands on sets share: looking one up, keeping a new one. */
import type { Slice } from "../../base/bytes.ts";
import type { SetValue } from "../../engine/set/set-value.ts";
import { type Call, event } from "../call.ts";
import { created, deleted, missed } from "../keyspace.ts";

export const memberAdded = event("s", "sadd");
export const memberRemoved = event("s", "srem");

/** The set at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readSet(call: Call, key: Slice, into?: SetValue): SetValue | null {
  const set = call.engine.sets.read(call.db, key, into);
  if (set === null) call.notify(key, missed);
  return set;
}

/** A new set under a key that is not there, for `members` members like `first`. */
export function createSet(call: Call, key: Slice, first: Slice, members: number, into: SetValue): SetValue {
  const set = call.engine.sets.createFor(first, members, into);
  call.db.setRoot(key, "set", set.root);
  call.notify(key, created);
  return set;
}

/** The key of a set that has lost its last member goes. */
export function deleteEmpty(call: Call, key: Slice): void {
  call.db.delete(key);
  call.notify(key, deleted);
}
