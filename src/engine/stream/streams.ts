/** Streams: what keys have to do with them. `stream.ts` is one stream, `node.ts` and `groups.ts` tell how it lies. */
import type { Slice } from "../../base/bytes.ts";
import type { ContainerType } from "../containers.ts";
import type { Database } from "../database.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import type { ValueWalk } from "../value-walk.ts";
import { cloneStream } from "./clone.ts";
import { groupsOf, objectsOf, streamFreeing } from "./freeing.ts";
import { StreamNode } from "./node.ts";
import { NodeList } from "./node-list.ts";
import { NODES } from "./root.ts";
import { Stream } from "./stream.ts";
import { StreamWalk } from "./stream-walk.ts";

export class Streams implements ContainerType {
  readonly #store: Store;
  readonly #reading: Stream;
  readonly #writing: Stream;

  constructor(store: Store) {
    this.#store = store;
    this.#reading = new Stream(store);
    this.#writing = new Stream(store);
    store.containers.register("stream", this);
  }

  /** For reading: counts a hit or miss. @throws errors.wrongType */
  read(db: Database, key: Slice): Stream | null {
    const root = db.getRoot(key, "stream");
    return root === 0 ? null : this.#reading.position(root);
  }

  /** For changing it. @throws errors.wrongType */
  open(db: Database, key: Slice): Stream | null {
    const root = db.openRoot(key, "stream");
    return root === 0 ? null : this.#writing.position(root);
  }

  /** An empty one under a key that is not there. A stream may stay empty. */
  create(db: Database, key: Slice): Stream {
    const stream = this.#writing.create();
    db.setRoot(key, "stream", stream.root);
    return stream;
  }

  // A container among others

  effort(root: number): number {
    let objects = this.#nodes(root).count;
    const groups = groupsOf(this.#store, root);
    if (groups !== null) for (const group of groups.refs()) objects += objectsOf(groups, group);
    return objects;
  }

  freeing(root: number): FreeJob {
    return streamFreeing(this.#store, root);
  }

  walk(root: number): ValueWalk | null {
    return StreamWalk.of(this.#store.arena, this.#nodes(root));
  }

  clone(root: number): number {
    return cloneStream(this.#store, root);
  }

  bytes(root: number, samples: number): number {
    const { arena } = this.#store;
    const nodes = this.#nodes(root);
    const { count } = nodes;
    const node = new StreamNode(arena);
    const looked = samples === 0 ? count : Math.min(samples, count);
    let bytes = 0;
    for (let i = 0, ref = nodes.first; i < looked; i++, ref = nodes.next(ref)) bytes += node.at(ref).blockBytes;
    if (looked > 0) bytes = Math.round((bytes / looked) * count);
    bytes += arena.sizeOf(root) + nodes.index.bytes;
    const groups = groupsOf(this.#store, root);
    if (groups === null) return bytes;
    bytes += groups.table.bytes;
    for (const group of groups.refs()) bytes += groups.bytes(group);
    return bytes;
  }

  encoding(): string {
    return "stream";
  }

  #nodes(root: number): NodeList {
    return new NodeList(this.#store.arena).position(root, NODES);
  }
}
