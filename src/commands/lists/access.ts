/** What the commands on lists share: looking one up, taking elements out of it, moving them to another. */
import { Slice } from "../../base/bytes.ts";
import { errors } from "../../base/reply-error.ts";
import type { ListValue } from "../../engine/list/list-value.ts";
import { type Call, event, type KeyEvent } from "../call.ts";
import { created, deleted, missed } from "../keyspace.ts";

const pushedFront = event("l", "lpush");
const pushedBack = event("l", "rpush");
const poppedFront = event("l", "lpop");
const poppedBack = event("l", "rpop");

/** The event of a push at the front or the back. */
export function pushEvent(front: boolean): KeyEvent {
  return front ? pushedFront : pushedBack;
}

/** The list at `key` to be read, or null; a miss is an event. @throws errors.wrongType */
export function readList(call: Call, key: Slice): ListValue | null {
  const list = call.engine.lists.read(call.db, key);
  if (list === null) call.notify(key, missed);
  return list;
}

/** The list at `key` to be changed, or null. @throws errors.wrongType */
export function openList(call: Call, key: Slice, into?: ListValue): ListValue | null {
  return call.engine.lists.open(call.db, key, into);
}

/** A new list under a key that is not there, to be filled at once. */
export function createList(call: Call, key: Slice, into?: ListValue): ListValue {
  const list = call.engine.lists.create(call.db, key, into);
  call.notify(key, created);
  return list;
}

/** Takes the first or last element out and answers it. */
export function popElement(call: Call, key: Slice, list: ListValue, front: boolean): void {
  call.reply.bulk(list.take(front));
  elementsPopped(call, key, list, front, 1);
}

/** Takes up to `count` elements out and answers them as an array, from the end on where they were. Returns how many. */
export function popElements(call: Call, key: Slice, list: ListValue, front: boolean, count: number): number {
  const { length } = list;
  const taken = Math.min(count, length);
  call.reply.array(taken);
  if (front) list.show(0, taken, call.reply);
  else {
    list.seek(-1);
    for (let left = taken; left > 0; left--, list.back()) call.reply.bulk(list.text());
  }
  call.engine.lists.removeRange(list, front ? 0 : length - taken, taken, call.engine.lazyfree);
  elementsPopped(call, key, list, front, taken);
  return taken;
}

function elementsPopped(call: Call, key: Slice, list: ListValue, front: boolean, count: number): void {
  call.changed(key, front ? poppedFront : poppedBack, count);
  finishRemoval(call, key, list);
}

/** After elements were taken out: the key of a list that has none left goes. */
export function finishRemoval(call: Call, key: Slice, list: ListValue): void {
  if (list.length > 0) {
    list.shrink();
    return;
  }
  call.db.delete(key);
  call.notify(key, deleted);
}

/** An element on its way from one list to another. */
let moving = new Uint8Array(256);
const moved = new Slice();
/** Room for larger ones is not kept. */
const KEPT_BYTES = 1 << 20;

/**
 * Moves an element of `source`, which is at `from` and has some, to the list at `to`, and answers it.
 * @throws errors.wrongType  and nothing has changed
 */
export function moveElement(
  call: Call,
  source: ListValue,
  from: Slice,
  to: Slice,
  fromFront: boolean,
  toFront: boolean,
): void {
  const other = call.engine.lists.other;
  const found = openList(call, to, other);
  const value = source.take(fromFront);
  // A copy: the push may want the place where it lies.
  const { length } = value;
  if (moving.length < length || moving.length > KEPT_BYTES) moving = new Uint8Array(Math.max(256, length));
  value.copyTo(moving, 0);
  moved.set(moving, 0, length);
  const isSame = found !== null && found.root === source.root;
  const target = isSame ? source : (found ?? createList(call, to, other));
  target.grow(length, 1);
  target.push(moved, toFront);
  call.changed(to, pushEvent(toFront));
  call.reply.bulk(moved);
  elementsPopped(call, from, source, fromFront, 1);
}

/** `LEFT` (true) or `RIGHT`. @throws errors.syntax */
export function parseEnd(word: Slice): boolean {
  if (word.is("LEFT")) return true;
  if (word.is("RIGHT")) return false;
  throw errors.syntax;
}
