/**
 * Gives back what streams and groups hold, in slices: commands run in between and position the flyweights they share elsewhere,
 * so a job has its own.
 */
import type { Arena } from "../../memory/arena.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { Groups } from "./groups.ts";
import { LISTPACK } from "./node.ts";
import { NodeList } from "./node-list.ts";
import { GROUPS, GROUPS_HEADS, NODES } from "./root.ts";

/** Frees a stream that no key holds any more. */
export class StreamFreeing implements FreeJob {
  pending: number;
  readonly ready = true;
  readonly #pieces: Generator<void>;

  constructor(store: Store, root: number) {
    const nodes = new NodeList(store.arena).position(root, NODES);
    const groups = groupsOf(store, root);
    this.pending = 1 + nodes.count;
    if (groups !== null) for (const group of groups.refs()) this.pending += objectsOf(groups, group);
    this.#pieces = streamPieces(store.arena, root, nodes, groups);
  }

  step(count: number): number {
    for (let freed = 0; freed < count; freed++) {
      if (this.#pieces.next().done) {
        freed += this.pending;
        this.pending = 0;
        return freed;
      }
      // Pieces of indexes are not counted among the objects: there are more steps than objects, and it ends with the last step.
      if (this.pending > 1) this.pending--;
    }
    return count;
  }
}

/** Frees a group that was taken out of its stream. */
export function freeGroup(store: Store, group: number): void {
  for (const _ of groupPieces(store.arena, new Groups(store), group));
}

/** About how many objects a group consists of. */
export function objectsOf(groups: Groups, group: number): number {
  return 1 + groups.pendingOf(group).size + groups.consumerCount(group);
}

/** The groups of a stream, on flyweights of their own; null if it never had any. */
export function groupsOf(store: Store, root: number): Groups | null {
  if (store.arena.i32[root >>> 20]![((root & 0xfffff) << 2) + GROUPS_HEADS] === 0) return null;
  return new Groups(store).position(root, GROUPS);
}

function* streamPieces(arena: Arena, root: number, nodes: NodeList, groups: Groups | null): Generator<void> {
  const index = nodes.index.disposal();
  for (let node = nodes.first; node !== 0; ) {
    const next = nodes.next(node);
    arena.free(arena.i32[node >>> 20]![((node & 0xfffff) << 2) + LISTPACK]!);
    arena.free(node);
    yield;
    node = next;
  }
  while (index.step(1)) yield;
  if (groups !== null) {
    for (const group of groups.refs()) yield* groupPieces(arena, groups, group);
    groups.table.dispose();
  }
  arena.free(root);
}

function* groupPieces(arena: Arena, groups: Groups, group: number): Generator<void> {
  const pending = groups.pendingOf(group);
  const index = pending.index.disposal();
  for (let ref = pending.first(); ref !== 0; ) {
    const next = pending.next();
    arena.free(ref);
    yield;
    ref = next;
  }
  while (index.step(1)) yield;
  for (const consumer of groups.consumers(group)) {
    const own = groups.pendingOfConsumer(consumer).index.disposal();
    while (own.step(1)) yield;
    arena.free(consumer);
    yield;
  }
  groups.consumersTable(group).dispose();
  arena.free(group);
}
