/** The elements of a list, set or sorted set, copied, since the looking up that follows may change what lies where. */
import { errors } from "../../base/reply-error.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";

/** Which of them are wanted: of a value that is not sorted no others are touched. */
export interface Part {
  /** From the first element on, or if `backwards` from the last. */
  readonly skip: number;
  readonly count: number;
  readonly backwards: boolean;
}

/** @throws errors.wrongType  for a value of another type */
export function sizeOf({ type, root }: StoredValue, store: Store): number {
  if (type === "list") return store.lists.at(root).length;
  if (type === "set") return store.sets.value(0).position(root).size;
  if (type === "zset") return store.sortedSets.value().position(root).size;
  throw errors.wrongType;
}

export function elementsOf({ type, root }: StoredValue, store: Store, part: Part): Uint8Array[] {
  const elements: Uint8Array[] = [];
  if (type === "list") ofList(root, store, part, elements);
  else if (type === "set") ofSet(root, store, part, elements);
  else ofSortedSet(root, store, part, elements);
  return elements;
}

function ofList(root: number, store: Store, { skip, count, backwards }: Part, into: Uint8Array[]): void {
  const list = store.lists.at(root);
  let there = list.seek(backwards ? -1 - skip : skip);
  for (; there && into.length < count; there = backwards ? list.back() : list.forward()) {
    into.push(list.text().copy());
  }
}

/** A set has no order to go backwards in. */
function ofSet(root: number, store: Store, { skip, count }: Part, into: Uint8Array[]): void {
  const cursor = new SetCursor().start(store.sets.value(0).position(root));
  for (let i = 0; into.length < count && cursor.next(); i++) if (i >= skip) into.push(cursor.member.copy());
}

function ofSortedSet(root: number, store: Store, { skip, count, backwards }: Part, into: Uint8Array[]): void {
  const set = store.sortedSets.value().position(root);
  let there = set.at(backwards ? set.size - 1 - skip : skip);
  for (; there && into.length < count; there = backwards ? set.previous() : set.next()) into.push(set.member.copy());
}
