/** Copies a stream with its groups: COPY. */
import { Slice } from "../../base/bytes.ts";
import type { Store } from "../store.ts";
import { groupsOf } from "./freeing.ts";
import type { Groups } from "./groups.ts";
import { StreamId } from "./id.ts";
import { StreamNode } from "./node.ts";
import { Stream } from "./stream.ts";

/** @returns the root of the copy */
export function cloneStream(store: Store, root: number): number {
  const from = new Stream(store).position(root);
  const to = new Stream(store).create();
  const id = new StreamId();
  copyNodes(store, from, to);
  to.length = from.length;
  to.entriesAdded = from.entriesAdded;
  to.setLastId(from.lastId(id));
  to.setFirstId(from.firstId(id));
  to.setMaxDeletedId(from.maxDeletedId(id));
  const groups = groupsOf(store, root);
  if (groups !== null) for (const group of groups.refs()) copyGroup(groups, group, to);
  return to.root;
}

function copyNodes(store: Store, from: Stream, to: Stream): void {
  const id = new StreamId();
  const source = new StreamNode(store.arena);
  const node = new StreamNode(store.arena);
  for (let ref = from.nodes.first; ref !== 0; ref = from.nodes.next(ref)) {
    source.at(ref).id(id);
    node.create(id);
    // Anew, since the page may have moved.
    const { bytes, base, size } = source.at(ref);
    node.load(bytes, base, base + size);
    to.nodes.insert(node.ref, id);
  }
}

function copyGroup(groups: Groups, group: number, to: Stream): void {
  const name = new Slice();
  const id = new StreamId();
  const copy = to.createGroup(copyOf(groups.name(group, name)), groups.lastId(group, id), groups.entriesRead(group));
  const consumers = new Map<number, number>();
  for (const consumer of groups.consumers(group)) {
    const twin = to.groups.createConsumer(copy, copyOf(groups.consumerName(consumer, name)), groups.seen(consumer));
    to.groups.setActive(twin, groups.active(consumer));
    consumers.set(consumer, twin);
  }
  const pending = groups.pendingOf(group);
  for (let ref = pending.first(); ref !== 0; ref = pending.next()) {
    const twin = to.groups.add(copy, groups.entries.id(ref, id), groups.entries.time(ref));
    to.groups.entries.setDeliveries(twin, groups.entries.deliveries(ref));
    to.groups.assign(twin, consumers.get(groups.entries.consumer(ref))!);
  }
}

/** The page under a name may move while memory is taken. */
function copyOf(name: Slice): Slice {
  return new Slice(name.copy());
}
