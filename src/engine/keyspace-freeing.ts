import { STRING } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import type { FreeJob } from "./lazyfree.ts";

/** Frees the entries of a keyspace that was flushed away, bucket by bucket, once no snapshot reads it. */
export class KeyspaceFreeing implements FreeJob {
  readonly #keyspace: Keyspace;
  #bucket = 0;
  /** The entry of the last bucket that is next. */
  #next = 0;
  /** What the last entry held, while it is being freed. */
  #container: FreeJob | null = null;
  #pending: number;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
    this.#pending = keyspace.table.size;
  }

  get pending(): number {
    return this.#pending + (this.#container?.pending ?? 0);
  }

  get ready(): boolean {
    return this.#keyspace.pins === 0;
  }

  step(count: number): number {
    const { table } = this.#keyspace;
    let freed = 0;
    if (this.#container !== null) {
      freed = this.#container.step(count);
      if (this.#container.pending > 0) return freed;
      this.#container = null;
    }
    for (let visited = 0; visited < count * 10 && freed < count; visited++) {
      if (this.#next === 0) {
        if (this.#bucket === table.buckets) break;
        this.#next = table.chain(this.#bucket++);
      } else if (!this.#freeEntry(this.#next)) return freed;
      else freed++;
    }
    if (this.#pending === 0) this.#keyspace.dispose();
    return freed;
  }

  /** Frees the entry; false when it held a container that is to be freed first. */
  #freeEntry(ref: number): boolean {
    const { arena, entries, containers } = this.#keyspace.store;
    this.#next = arena.i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
    const type = entries.type(ref);
    const root = type === STRING ? 0 : entries.root(ref);
    arena.free(ref);
    this.#pending--;
    if (root !== 0) this.#container = containers.of(type).freeing(root);
    return root === 0;
  }
}
