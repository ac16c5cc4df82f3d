/** What the commands on hashes share: looking up hashes and fields, and their events. */
import type { Slice } from "../../base/bytes.ts";
import type { HashValue } from "../../engine/hash/hash-value.ts";
import { type Call, event } from "../call.ts";
import { block, multiple, string } from "../docs.ts";
import { created, deleted, missed } from "../keyspace.ts";

export const fieldsSet = event("h", "hset");
export const fieldsDeleted = event("h", "hdel");

/** For COMMAND DOCS. */
export const pairs = multiple(block("data", null, string("field"), string("value")));

/** The hash at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readHash(call: Call, key: Slice): HashValue | null {
  const hash = call.engine.hashes.read(call.db, key);
  if (hash === null) call.notify(key, missed);
  return hash;
}

/** The hash at `key` to be changed; a missing one is created, empty, and must be given fields. @throws errors.wrongType */
export function openOrCreate(call: Call, key: Slice): HashValue {
  return call.engine.hashes.open(call.db, key) ?? createHash(call, key);
}

export function createHash(call: Call, key: Slice): HashValue {
  const hash = call.engine.hashes.create(call.db, key);
  call.notify(key, created);
  return hash;
}

/**
 * Makes a field the current one; false if there is none. One whose time has come is removed, and with the last of them
 * the key: the hash's `root` is 0 then, and it has no fields any more.
 */
export function findField(call: Call, key: Slice, hash: HashValue, field: Slice): boolean {
  if (hash.root === 0 || !hash.find(field)) return false;
  return !hash.isExpiring || call.engine.hashes.isThere(call.engine, call.db, key, hash);
}

/** Deletes the key of a hash that has lost its last field; the event comes behind those of the fields. */
export function deleteIfEmpty(call: Call, key: Slice, hash: HashValue): void {
  if (hash.size > 0) {
    call.engine.hashes.settle(call.db, hash);
    return;
  }
  call.db.delete(key);
  call.notify(key, deleted);
}
