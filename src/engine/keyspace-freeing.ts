import type { Arena } from "../memory/arena.ts";
import type { Keyspace } from "./keyspace.ts";
import type { FreeJob } from "./lazyfree.ts";

/** Frees the entries of a keyspace that was flushed away, bucket by bucket, once no snapshot reads it. */
export class KeyspaceFreeing implements FreeJob {
  readonly #keyspace: Keyspace;
  readonly #arena: Arena;
  #bucket = 0;
  #pending: number;

  constructor(keyspace: Keyspace, arena: Arena) {
    this.#keyspace = keyspace;
    this.#arena = arena;
    this.#pending = keyspace.table.size;
  }

  get pending(): number {
    return this.#pending;
  }

  get ready(): boolean {
    return this.#keyspace.pins === 0;
  }

  step(count: number): number {
    const { table } = this.#keyspace;
    let freed = 0;
    for (let visited = 0; visited < count * 10 && freed < count && this.#bucket < table.buckets; visited++) {
      let ref = table.chain(this.#bucket++);
      while (ref !== 0) {
        const next = this.#arena.i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
        this.#arena.free(ref);
        freed++;
        ref = next;
      }
    }
    this.#pending -= freed;
    if (this.#pending === 0) this.#keyspace.dispose();
    return freed;
  }
}
