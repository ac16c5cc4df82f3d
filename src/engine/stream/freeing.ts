/**
 * Gives back what streams and groups hold, in slices: commands run in between and position the flyweights they share elsewhere,
 * so a job has its own.
 */
import type { Arena } from "../../memory/arena.ts";
import type { IndexDisposal } from "../../memory/index-disposal.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { Groups } from "./groups.ts";
import { LISTPACK, NEXT } from "./node.ts";
import { NodeList } from "./node-list.ts";
import { GROUPS, GROUPS_HEADS, NODES } from "./root.ts";

/** Work in pieces of about an object each. */
class Freeing implements FreeJob {
  pending: number;
  readonly ready = true;
  readonly #pieces: Generator<void>;

  /** @param pending  how many objects; pieces of indexes come on top */
  constructor(pending: number, pieces: Generator<void>) {
    this.pending = pending;
    this.#pieces = pieces;
  }

  step(count: number): number {
    for (let freed = 0; freed < count; freed++) {
      if (this.#pieces.next().done) {
        freed += this.pending;
        this.pending = 0;
        return freed;
      }
      // It is not done before the last piece is.
      if (this.pending > 1) this.pending--;
    }
    return count;
  }
}

/** Frees a stream that no key holds any more. */
export function streamFreeing(store: Store, root: number): FreeJob {
  const nodes = new NodeList(store.arena).position(root, NODES);
  const groups = groupsOf(store, root);
  let pending = 1 + nodes.count;
  if (groups !== null) for (const group of groups.refs()) pending += objectsOf(groups, group);
  return new Freeing(pending, streamPieces(store.arena, root, nodes, groups));
}

/** Frees a group that was taken out of its stream. */
export function groupFreeing(store: Store, group: number): FreeJob {
  const groups = new Groups(store);
  return new Freeing(objectsOf(groups, group), groupPieces(store.arena, groups, group));
}

/** Frees all nodes of a list, which is empty from now on. */
export function nodesFreeing(store: Store, nodes: NodeList): FreeJob {
  const { count, first } = nodes;
  const index = nodes.index.disposal();
  nodes.initialize();
  return new Freeing(Math.max(1, count), nodePieces(store.arena, first, index));
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

function* nodePieces(arena: Arena, first: number, index: IndexDisposal): Generator<void> {
  for (let node = first; node !== 0; ) {
    const words = arena.i32[node >>> 20]!;
    const at = (node & 0xfffff) << 2;
    const next = words[at + NEXT]!;
    arena.free(words[at + LISTPACK]!);
    arena.free(node);
    yield;
    node = next;
  }
  while (index.step(1)) yield;
}

function* streamPieces(arena: Arena, root: number, nodes: NodeList, groups: Groups | null): Generator<void> {
  yield* nodePieces(arena, nodes.first, nodes.index.disposal());
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
